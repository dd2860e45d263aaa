"""People: accounts, teams, and by which methods each can be reached.

`People` is one immutable picture of them. Names of those who left are kept, so that old incidents still say who
acted; nobody who left is ever told anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

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


class TargetKind(StrEnum):
    """What a level or a reassignment can name."""

    ACCOUNT = "account"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the organisation."""

    id: AccountId
    name: str
    email: str
    phone: str = ""
    role: Role = Role.MEMBER
    locale: str = "en"
    timezone: str = "UTC"
    active: bool = True

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
    """Whom a level names: an account or a team, by its id."""

    kind: TargetKind
    id: int


@dataclass(frozen=True, slots=True)
class ChatLink:
    """A person's identity in one workspace."""

    workspace: WorkspaceId
    user: str
    account: AccountId


@dataclass(frozen=True, slots=True)
class People:
    """Everybody, and who can be reached by at least one method."""

    accounts: Mapping[AccountId, Account] = field(default_factory=dict)
    teams: Mapping[TeamId, Team] = field(default_factory=dict)
    reachable: frozenset[AccountId] = frozenset()

    def resolve(self, targets: Iterable[Target]) -> tuple[AccountId, ...]:
        """Return the active accounts behind `targets`, each once, in the order in which they are named."""
        named = {account: None for target in targets for account in self._members(target)}
        known = self.accounts
        return tuple(account for account in named if account in known and known[account].active)

    def can_be_told(self, accounts: Iterable[AccountId]) -> bool:
        """Whether at least one of them has a method by which a message can be tried."""
        return any(account in self.reachable for account in accounts)

    def admins(self) -> tuple[AccountId, ...]:
        """Return the active owners and admins."""
        return tuple(account.id for account in self.accounts.values() if account.active and account.is_admin)

    def _members(self, target: Target) -> tuple[AccountId, ...]:
        if target.kind is TargetKind.ACCOUNT:
            return (AccountId(target.id),)
        team = self.teams.get(TeamId(target.id))
        return team.members if team else ()
