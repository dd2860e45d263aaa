"""People: accounts, teams, and by which methods each can be reached.

`People` is one immutable picture of them. Names of those who left are kept, so that old incidents still say who
acted; nobody who left is ever told anything.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from bot.domain.event import Severity

AccountId = NewType("AccountId", int)
TeamId = NewType("TeamId", int)
WorkspaceId = NewType("WorkspaceId", int)


class Role(StrEnum):
    """What an account may do."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


class Method(StrEnum):
    """How one person is reached."""

    IM = "im"
    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"
    PUSH = "push"


LINES: Final[Mapping[Method, WorkspaceId]] = {
    Method.SMS: WorkspaceId(-1),
    Method.VOICE: WorkspaceId(-2),
    Method.EMAIL: WorkspaceId(-3),
    Method.PUSH: WorkspaceId(-4),
}
"""What stands in the place of a workspace for each method beside the chat apps: a line to people, by providers."""

LONGEST_DELAY: Final = timedelta(minutes=120)


class ContactKind(StrEnum):
    """What a person can prove to be theirs."""

    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Preference:
    """One way by which somebody wants to be told.

    `after`: so long after the page began it is used too if nobody has acted; None: only if the ways before it fail.
    """

    method: Method
    after: timedelta | None = None


Preferences = Mapping[Severity, tuple[Preference, ...]]
"""How somebody wants to be told, by severity; for one that is missing the default applies."""

DEFAULT: Final[Preferences] = {
    Severity.CRITICAL: (
        Preference(Method.IM),
        Preference(Method.PUSH, timedelta(0)),
        Preference(Method.SMS, timedelta(minutes=2)),
        Preference(Method.VOICE, timedelta(minutes=5)),
    ),
    Severity.WARNING: (Preference(Method.IM), Preference(Method.PUSH, timedelta(0))),
    Severity.INFO: (Preference(Method.IM),),
}
"""How somebody is told who has not said how."""


class TargetKind(StrEnum):
    """What a level or a reassignment can name."""

    ACCOUNT = "account"
    TEAM = "team"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the organisation. `verified`: which of `phone` and `email` have been proven to be theirs."""

    id: AccountId
    name: str
    email: str
    phone: str = ""
    role: Role = Role.MEMBER
    locale: str = "en"
    timezone: str = "UTC"
    active: bool = True
    preferences: Preferences = field(default_factory=dict)
    verified: frozenset[ContactKind] = frozenset()

    def wants(self, severity: Severity) -> tuple[Preference, ...]:
        """Return how this person wants to be told of what is so bad."""
        return self.preferences.get(severity) or DEFAULT.get(severity, DEFAULT[Severity.INFO])

    @property
    def is_admin(self) -> bool:
        """Whether this person runs Oncard, and is told when it cannot do its work."""
        return self.role in (Role.OWNER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Team:
    """A set of accounts."""

    id: TeamId
    name: str
    members: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a level names: an account, a team or whoever a schedule has on duty, by its id.

    `role`: of a schedule only those in this role; empty: in any.
    """

    kind: TargetKind
    id: int
    role: str = ""


@dataclass(frozen=True, slots=True)
class ChatLink:
    """A person's identity in one workspace."""

    workspace: WorkspaceId
    user: str
    account: AccountId


@dataclass(frozen=True, slots=True)
class Coming:
    """Who comes on duty next by a schedule, and when."""

    at: datetime
    accounts: tuple[AccountId, ...]


def _at_no_instant(schedule: int, role: str) -> tuple[AccountId, ...]:
    raise LookupError(f"who is on duty by schedule {schedule} {role} is known at an instant only")


def _never(schedule: int, role: str, at: datetime) -> None:
    del schedule, role, at


@dataclass(frozen=True, slots=True)
class People:
    """Everybody, and who can be reached by at least one method.

    `on_duty`: whom a schedule has on duty in a role (empty: in any), at the instant that the picture is of
    (`Organisation.at`). `comes_on_duty`: who comes on duty next after an instant, and when; None: nobody does.
    """

    accounts: Mapping[AccountId, Account] = field(default_factory=dict)
    teams: Mapping[TeamId, Team] = field(default_factory=dict)
    reachable: frozenset[AccountId] = frozenset()
    on_duty: Callable[[int, str], tuple[AccountId, ...]] = _at_no_instant
    comes_on_duty: Callable[[int, str, datetime], Coming | None] = _never

    def resolve(self, targets: Iterable[Target]) -> tuple[AccountId, ...]:
        """Return the active accounts behind `targets`, each once, in the order in which they are named."""
        named = {account: None for target in targets for account in self._members(target)}
        known = self.accounts
        return tuple(account for account in named if account in known and known[account].active)

    def next_duty(self, targets: Iterable[Target], now: datetime) -> Coming | None:
        """Return who comes on duty next by the schedules among `targets`; None: nobody does that is known."""
        named = [target for target in targets if target.kind is TargetKind.SCHEDULE]
        found = (self.comes_on_duty(target.id, target.role, now) for target in named)
        later = (one for one in found if one is not None and one.at > now)
        return min(later, key=lambda one: one.at, default=None)

    def can_be_told(self, accounts: Iterable[AccountId]) -> bool:
        """Whether at least one of them has a method by which a message can be tried."""
        return any(account in self.reachable for account in accounts)

    def admins(self) -> tuple[AccountId, ...]:
        """Return the active owners and admins."""
        return tuple(account.id for account in self.accounts.values() if account.active and account.is_admin)

    def _members(self, target: Target) -> tuple[AccountId, ...]:
        if target.kind is TargetKind.ACCOUNT:
            return (AccountId(target.id),)
        if target.kind is TargetKind.SCHEDULE:
            return self.on_duty(target.id, target.role)
        team = self.teams.get(TeamId(target.id))
        return team.members if team else ()
