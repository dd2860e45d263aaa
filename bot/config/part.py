"""What every part of the file is built on: what it is read against, and references to what the file names."""

from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, ValidationInfo

from bot.config import turns, values
from bot.config.context import Context
from bot.config.fault import SAID, did_you_mean, refusal
from bot.config.names import Names
from bot.config.values import Email, Name

NOT_YET: Final = "is not in this version of Oncard yet"
LEAVE_OUT: Final = "leave it out"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the models are read against. `keys`: the integration keys seen so far, and whose each is."""

    names: Names
    context: Context
    keys: dict[str, str] = field(default_factory=dict, repr=False)


def reading(info: ValidationInfo) -> Reading:
    """Return what the models are read against."""
    if not isinstance(info.context, Reading):
        raise TypeError("the models are read with a Reading as their context")
    return info.context


def known_account(email: str, info: ValidationInfo) -> str:
    """Return the address of an account of the file."""
    known = reading(info).names.accounts
    if email not in known:
        raise refusal(f"{SAID} names no account", did_you_mean(email, known, "add the account under `accounts`"))
    return email


def known_team(name: str, info: ValidationInfo) -> str:
    """Return the name of a team of the file."""
    known = reading(info).names.teams
    if name not in known:
        raise refusal(f"{SAID} names no team", did_you_mean(name, known, "add the team under `teams`"))
    return name


def known_schedule(name: str, info: ValidationInfo) -> str:
    """Return the name of a schedule of the file."""
    known = reading(info).names.schedules
    if name not in known:
        raise refusal(f"{SAID} names no schedule", did_you_mean(name, known, "add the schedule under `schedules`"))
    return name


def known_calendar(name: str, info: ValidationInfo) -> str:
    """Return the name of a calendar of the file."""
    known = reading(info).names.calendars
    if name not in known:
        mend = did_you_mean(name, known, "add the calendar under `calendars`")
        raise refusal(f"`{name}` names no calendar", mend)
    return name


Member = Annotated[Email, AfterValidator(known_account)]
TeamName = Annotated[Name, AfterValidator(known_team)]
Flag = Annotated[bool, PlainValidator(values.of(turns.read_flag))]


class Part(BaseModel):
    """A mapping of the file. `not_yet`: keys that are agreed upon and will come with a later version."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    not_yet: ClassVar[frozenset[str]] = frozenset()
