"""The organisation as configured: one immutable picture, from which every decision of one transaction is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final, NewType

from bot.domain.calendar import Calendar, DayKind, NationalDays, look_up, nobodys
from bot.domain.facts import Facts
from bot.domain.fallback import DEADLINE
from bot.domain.filters import matches, of_facts
from bot.domain.frozen import replace
from bot.domain.incident import ChannelId
from bot.domain.people import (
    LINES,
    AccountId,
    ChatLink,
    Coming,
    Method,
    People,
    Target,
    TargetKind,
    TeamId,
    WorkspaceId,
)
from bot.domain.rule import Rule
from bot.domain.schedule import LOOKAHEAD, OnDuty, Schedule, ScheduleId, on_call, roles, walk
from bot.domain.time_filter import matches as in_time

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
    `calendars` by their names; `national`: what countries say of their days.
    """

    revision: int
    people: People
    channels: Mapping[ChannelId, Channel] = field(default_factory=dict)
    integrations: Mapping[IntegrationId, Integration] = field(default_factory=dict)
    workspaces: Mapping[WorkspaceId, Workspace] = field(default_factory=dict)
    links: tuple[ChatLink, ...] = ()
    providers: tuple[Provider, ...] = ()
    deadline: timedelta = DEADLINE
    schedules: Mapping[ScheduleId, Schedule] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    national: NationalDays = nobodys

    def at(self, now: datetime) -> "Organisation":
        """Return the organisation at an instant: then it is known who is on duty."""
        if not self.schedules:
            return self
        duty, coming = partial(self._on_duty, now), self._comes_on_duty
        return replace(self, people=replace(self.people, on_duty=duty, comes_on_duty=coming))

    def _comes_on_duty(self, schedule: int, role: str, now: datetime) -> Coming | None:
        """Return who comes on duty next and when, within the days that are looked ahead."""
        found = self.schedules.get(ScheduleId(schedule))
        if found is None or not found.active:
            return None
        ahead = [
            walk(found, one, now, now + LOOKAHEAD, self.schedules.get) for one in roles(found) if role in ("", one)
        ]
        # Only as far as the first of each: a year of short turns is long.
        first = [next((shift for shift in turns if shift.accounts), None) for turns in ahead]
        soonest = min((one for one in first if one is not None), key=lambda one: one.start, default=None)
        return Coming(soonest.start, soonest.accounts) if soonest is not None else None

    def _on_duty(self, now: datetime, schedule: int, role: str) -> tuple[AccountId, ...]:
        return tuple(dict.fromkeys(one.account for one in self.duty(ScheduleId(schedule), role, now)))

    def duty(self, schedule: ScheduleId, role: str, at: datetime) -> tuple[OnDuty, ...]:
        """Return who a schedule has on duty in a role (empty: in any) at an instant, and until when."""
        found = self.schedules.get(schedule)
        posts = on_call(found, at, self.schedules.get) if found is not None else ()
        return tuple(one for one in posts if role in ("", one.role))

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

    def first_rule(self, channel: ChannelId, facts: Facts, now: datetime) -> Rule | None:
        """Return the rule that a new incident of the channel follows: the first that matches."""
        return self.first_of(self.rules_at(channel, now), channel, facts)

    def first_of(self, rules: Sequence[Rule], channel: ChannelId, facts: Facts) -> Rule | None:
        """Return the first of a channel's rules, which hold at some instant, whose filter matches."""
        if rules and not rules[0].filter.groups:
            return rules[0]  # As mostly: for one that is for everything, nothing need be known of the alert.
        subject = of_facts(facts, self.channel(channel).name)
        return next((rule for rule in rules if matches(rule.filter, subject)), None)

    def rules_at(self, channel: ChannelId, now: datetime) -> tuple[Rule, ...]:
        """Return the rules of the channel that hold at an instant, whatever each is for."""
        rules = self.channel(channel).rules
        return tuple(rule for rule in rules if rule.enabled and in_time(rule.when, now, self.day_kind))

    def rule_at(self, channel: ChannelId, now: datetime) -> Rule | None:
        """Return the first rule of the channel that holds at an instant, whatever it is for."""
        return next(iter(self.rules_at(channel, now)), None)

    def day_kind(self, calendar: str, day: date) -> DayKind:
        """Return what a calendar says of a day; one that is gone has every weekday worked."""
        return look_up(self.calendars.get(calendar) or Calendar(calendar), day, self.national).kind

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
