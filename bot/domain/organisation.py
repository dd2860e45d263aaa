"""The organisation as configured: one immutable picture, from which every decision of one transaction is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

from bot.domain.escalation import Rule
from bot.domain.incident import ChannelId
from bot.domain.people import AccountId, ChatLink, People, Target, TargetKind, TeamId, WorkspaceId

IntegrationId = NewType("IntegrationId", int)


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
    """One connected chat app, without its secrets."""

    id: WorkspaceId
    name: str
    platform: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Organisation:
    """Everything that is configured. `revision` changes whenever any of it does."""

    revision: int
    people: People
    channels: Mapping[ChannelId, Channel] = field(default_factory=dict)
    integrations: Mapping[IntegrationId, Integration] = field(default_factory=dict)
    workspaces: Mapping[WorkspaceId, Workspace] = field(default_factory=dict)
    links: tuple[ChatLink, ...] = ()

    def rule(self, channel: ChannelId, name: str | None) -> Rule | None:
        """Return the channel's rule of that name as it is configured now; None when it is gone, or no name is given."""
        rules = self.channels[channel].rules if channel in self.channels else ()
        return next((rule for rule in rules if rule.name == name), None)

    def first_rule(self, channel: ChannelId) -> Rule | None:
        """Return the rule that a new incident of the channel follows: the first that matches."""
        return next(iter(self.channels[channel].rules), None)

    def account_of(self, workspace: WorkspaceId, user: str) -> AccountId | None:
        """Return who a chat user is; None: nobody is linked to that identity."""
        found = (link.account for link in self.links if (link.workspace, link.user) == (workspace, user))
        return next(found, None)

    def users_in(self, workspace: WorkspaceId) -> Mapping[AccountId, str]:
        """Return the chat user of each account that is linked in the workspace."""
        return {link.account: link.user for link in self.links if link.workspace == workspace}

    def told_about(self, channel: ChannelId) -> tuple[AccountId, ...]:
        """Return who must know when nobody else does: the channel's team and the admins, each once."""
        known = self.channels.get(channel)
        team = known.team if known is not None else None
        members = self.people.resolve([Target(TargetKind.TEAM, team)] if team is not None else [])
        return tuple(dict.fromkeys(members + self.people.admins()))
