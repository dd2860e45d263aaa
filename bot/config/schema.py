"""The configuration file as models: which keys there are, what each holds, and what is not there yet.

The values themselves are read in `values`. References are checked here too, against the names that the file gives, so
that one reading finds all faults. The keys of a workspace depend on its platform and are read in `workspaces`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, SecretStr, ValidationInfo, model_validator

from bot.config import values
from bot.config.context import Context
from bot.config.fault import SAID, did_you_mean, one_of, quoted, refuse
from bot.config.names import Names
from bot.config.values import Between, Email, Locale, Name, Phone, Text, Timezone, WorkspaceName
from bot.domain.definition import ChatDefinition, Kind, TargetDefinition
from bot.domain.escalation import LONGEST_REPEAT, LONGEST_WAIT, MOST_REPEATS, SHORTEST_REPEAT, Unless
from bot.domain.people import Method, Role, TargetKind

SHORTEST_KEY: Final = 16
NOT_YET: Final = "is not in this version of Oncard yet"
_LATER_METHODS: Final = frozenset({"sms", "voice", "email", "push"})
_LATER_TARGETS: Final = frozenset({"schedule"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What the models are read against. `keys`: the integration keys seen so far, and whose each is."""

    names: Names
    context: Context
    keys: dict[str, str] = field(default_factory=dict, repr=False)


def _reading(info: ValidationInfo) -> Reading:
    if not isinstance(info.context, Reading):
        raise TypeError("the models are read with a Reading as their context")
    return info.context


def _account(value: object, info: ValidationInfo) -> str:
    return _known_account(values.plain_text(value), info)


def _known_account(value: str, info: ValidationInfo) -> str:
    email = values.email(value)
    known = _reading(info).names.accounts
    if email not in known:
        refuse(f"there is no account {quoted(email)}", did_you_mean(email, known, "add it under `accounts`"))
    return email


def _team(value: object, info: ValidationInfo) -> str:
    return _known_team(values.plain_text(value), info)


def _known_team(value: str, info: ValidationInfo) -> str:
    known = _reading(info).names.teams
    if value not in known:
        refuse(f"there is no team in {SAID}", did_you_mean(value, known, "add it under `teams`"))
    return value
