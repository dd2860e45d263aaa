"""Definitions: what admins configured, object by object, as they wrote it: by name.

A configuration file becomes definitions, the database keeps definitions, and `bot.domain.organise` makes of them the
one picture that decisions are made from. References are names here and ids there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.domain.escalation import Unless, WhenNobody
from bot.domain.filters import EVERYTHING, Filter
from bot.domain.override import MadeOverride
from bot.domain.people import (
    AccountId,
    ChatLink,
    ContactKind,
    Method,
    Preferences,
    Role,
    TargetKind,
)
from bot.domain.schedule_definition import CalendarDefinition, ScheduleDefinition
from bot.domain.time_filter import ALWAYS, TimeFilter


class Kind(StrEnum):
    """The kinds of objects; names are unique within one."""

    ACCOUNT = "account"
    TEAM = "team"
    CALENDAR = "calendar"
    SCHEDULE = "schedule"
    WORKSPACE = "workspace"
    PROVIDER = "provider"
    CHANNEL = "channel"
    INTEGRATION = "integration"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that does not print."""

    value: str

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class AccountDefinition:
    """A person; the e-mail address is the name by which others refer to them."""

    email: str
    name: str
    phone: str = ""
    role: Role = Role.MEMBER
    locale: str = "en"
    timezone: str = "UTC"
    preferences: Preferences = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TeamDefinition:
    """A team and the e-mail addresses of its members."""

    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkspaceDefinition:
    """A connected chat app: its settings by the platform's own names, and who is whom there (e-mail to user id).

    `locale`, `timezone`: in which its chats are written to; direct messages are in the reader's.
    """

    name: str
    platform: str
    settings: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    locale: str = "en"
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class ProviderDefinition:
    """One account at a service that carries messages by one method, the `order`th to be tried for it, from 0.

    `settings` by the kind's own names; `countries`: the beginnings of the numbers that it serves, none: all; `links`:
    what it knows the device of each person by (by e-mail address), for pushes. It is kept among the secrets, under
    `link_key`, and stands here only for who sends.
    """

    name: str
    method: Method
    kind: str
    order: int = 0
    countries: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


def link_key(email: str) -> str:
    """Return the name of the secret that a person's device is known by."""
    return f"links.{email}"


@dataclass(frozen=True, slots=True)
class TargetDefinition:
    """Whom a level names. `role`: of a schedule only those in this role; empty: in any."""

    kind: TargetKind
    name: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class ChatDefinition:
    """A chat of a workspace, by the platform's own id."""

    workspace: str
    chat: str


@dataclass(frozen=True, slots=True)
class LevelDefinition:
    """One step of an escalation rule."""

    targets: tuple[TargetDefinition, ...] = ()
    chats: tuple[ChatDefinition, ...] = ()
    methods: tuple[Method, ...] = ()
    repeat_every: timedelta | None = None
    repeat_times: int = 0
    escalate_after: timedelta = timedelta(minutes=5)
    unless: Unless = Unless.ACKNOWLEDGED
    when_nobody: WhenNobody = WhenNobody.PASS


@dataclass(frozen=True, slots=True)
class RuleDefinition:
    """An escalation rule; what it is for and when it holds is as in `Rule`."""

    name: str
    levels: tuple[LevelDefinition, ...]
    filter: Filter = EVERYTHING
    when: TimeFilter = ALWAYS
    delay: timedelta = timedelta(0)
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class ChannelDefinition:
    """A channel, its team and its escalation rules in their order."""

    name: str
    team: str | None = None
    escalation: tuple[RuleDefinition, ...] = ()


@dataclass(frozen=True, slots=True)
class IntegrationDefinition:
    """An entry point of a channel. `fields` and `values` map foreign JSON to the standard source."""

    name: str
    source: str
    channel: str
    fields: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


Body = (
    AccountDefinition
    | TeamDefinition
    | CalendarDefinition
    | ScheduleDefinition
    | WorkspaceDefinition
    | ProviderDefinition
    | ChannelDefinition
    | IntegrationDefinition
)
BODIES: Final[Mapping[Kind, type[Body]]] = {
    Kind.ACCOUNT: AccountDefinition,
    Kind.TEAM: TeamDefinition,
    Kind.CALENDAR: CalendarDefinition,
    Kind.SCHEDULE: ScheduleDefinition,
    Kind.WORKSPACE: WorkspaceDefinition,
    Kind.PROVIDER: ProviderDefinition,
    Kind.CHANNEL: ChannelDefinition,
    Kind.INTEGRATION: IntegrationDefinition,
}


@dataclass(frozen=True, slots=True)
class Definition:
    """One configured object. `secrets` by the names that the file gives them; they are kept apart and never shown."""

    kind: Kind
    body: Body
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the name that others refer to it by."""
        return name_of(self.body)


def name_of(body: Body) -> str:
    """Return the name by which others refer to the object: an account's e-mail address, `sms/main`, else its name."""
    match body:
        case AccountDefinition():
            return body.email
        case ProviderDefinition():
            return f"{body.method}/{body.name}"
    return body.name


@dataclass(frozen=True, slots=True)
class Kept:
    """A definition under the database's id for it. What was removed stays, not active, for old incidents' sake."""

    id: int
    body: Body
    active: bool = True


@dataclass(frozen=True, slots=True)
class Contact:
    """A number or an address of somebody that was proven to be theirs."""

    account: AccountId
    kind: ContactKind
    value: str


@dataclass(frozen=True, slots=True)
class Said:
    """What people said beside what is configured: who they are in chats, what is theirs, how they want to be told.

    What is in `preferences` goes before what is configured, severity by severity. `overrides`: what they changed of
    schedules for a time, later ones on top of earlier ones and of all that is configured.
    """

    links: tuple[ChatLink, ...] = ()
    contacts: frozenset[Contact] = frozenset()
    preferences: Mapping[AccountId, Preferences] = field(default_factory=dict)
    overrides: tuple[MadeOverride, ...] = ()


NOTHING_SAID: Final = Said()
