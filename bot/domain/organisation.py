"""The organisation as configured: one immutable picture, from which every decision of one transaction is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, NewType

from bot.domain.escalation import Rule
from bot.domain.fallback import DEADLINE
from bot.domain.incident import ChannelId
from bot.domain.people import LINES, AccountId, ChatLink, Method, People, Target, TargetKind, TeamId, WorkspaceId

IntegrationId = NewType("IntegrationId", int)

# Where Oncard's own troubles go: to the channel of this name or, while there is none, to one without any rule.
OWN_NAME: Final = "oncard"
UNCONFIGURED: Final = ChannelId(0)


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a team handles the incidents of one business: its escalation rules."""

    id: ChannelId
    name: str
    team: TeamId | None = None
    rules: tuple[Rule, ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class Integration:
    """An entry point for alerts: which source speaks there, and to which channel its alerts go.

    `fields` and `values` are the field mapping and the value mapping of the standard source.
    """

    id: IntegrationId
    name: str
    source: str
    channel: ChannelId
    fields: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    active: bool = True


@dataclass(frozen=True, slots=True)
class Workspace:
    """One connected chat app, without its secrets. `locale`, `timezone`: in which its chats are written to."""

    id: WorkspaceId
    name: str
    platform: str
    active: bool = True
    locale: str = "en"
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Provider:
    """A service that carries messages by one method, without its settings.

    `countries`: the beginnings of the numbers that it serves, such as `+49`; none: all. `links`: for a push, the e-mail
    addresses of those who have a device there.
    """

    name: str
    kind: str
    method: Method
    countries: tuple[str, ...] = ()
    links: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reader:
    """In which language and time zone something will be read."""

    locale: str = "en"
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Organisation:
    """Everything that is configured. `revision` changes whenever any of it does.

    `deadline`: within it a way of a page must be accepted, or the next is tried beside it.
    """

    revision: int
    people: People
    channels: Mapping[ChannelId, Channel] = field(default_factory=dict)
    integrations: Mapping[IntegrationId, Integration] = field(default_factory=dict)
    workspaces: Mapping[WorkspaceId, Workspace] = field(default_factory=dict)
    links: tuple[ChatLink, ...] = ()
    providers: tuple[Provider, ...] = ()
    deadline: timedelta = DEADLINE

    def via(self, line: WorkspaceId) -> str:
        """Return the name of a workspace or, of what stands in the place of one, the method; empty: it is unknown."""
        known = self.workspaces.get(line)
        if known is not None:
            return known.name
        return next((str(method) for method, number in LINES.items() if number == line), "")

    @property
    def own_channel(self) -> ChannelId:
        """Return the channel of Oncard's own troubles; for one without rules, the admins are told."""
        own = (one.id for one in self.channels.values() if one.active and one.name == OWN_NAME)
        return next(own, UNCONFIGURED)

    def channel(self, number: ChannelId) -> Channel:
        """Return a channel as it is configured; one that nobody configured is Oncard's own, without a rule."""
        return self.channels.get(number) or Channel(number, OWN_NAME)

    def rule(self, channel: ChannelId, name: str | None) -> Rule | None:
        """Return the channel's rule of that name as it is configured now; None when it is gone, or no name is given."""
        return next((rule for rule in self.channel(channel).rules if rule.name == name), None)

    def first_rule(self, channel: ChannelId) -> Rule | None:
        """Return the rule that a new incident of the channel follows: the first that matches."""
        return next(iter(self.channel(channel).rules), None)

    def account_of(self, workspace: WorkspaceId, user: str) -> AccountId | None:
        """Return who a chat user is; None: nobody is linked to that identity."""
        found = (link.account for link in self.links if (link.workspace, link.user) == (workspace, user))
        return next(found, None)

    def users_in(self, workspace: WorkspaceId) -> Mapping[AccountId, str]:
        """Return the chat user of each account that is linked in the workspace."""
        return {link.account: link.user for link in self.links if link.workspace == workspace}

    def reader(self, workspace: WorkspaceId, account: AccountId | None = None) -> Reader:
        """Return who reads in a chat of the workspace or, with `account`, in a direct message to that person."""
        person = self.people.accounts.get(account) if account is not None else None
        if person is not None:
            return Reader(person.locale, person.timezone)
        chats = self.workspaces.get(workspace)
        return Reader(chats.locale, chats.timezone) if chats is not None else Reader()

    def told_about(self, channel: ChannelId) -> tuple[AccountId, ...]:
        """Return who must know when nobody else does: the channel's team and the admins, each once."""
        team = self.channel(channel).team
        members = self.people.resolve([Target(TargetKind.TEAM, team)] if team is not None else [])
        return tuple(dict.fromkeys(members + self.people.admins()))
