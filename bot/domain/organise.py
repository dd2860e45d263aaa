"""Makes of definitions the one picture that decisions are made from: names there are ids here."""

from collections.abc import Iterable

from bot.domain import reach
from bot.domain.definition import (
    BODIES,
    NOTHING_SAID,
    AccountDefinition,
    Body,
    ChannelDefinition,
    Contact,
    IntegrationDefinition,
    Kept,
    Kind,
    LevelDefinition,
    ProviderDefinition,
    RuleDefinition,
    Said,
    TargetDefinition,
    TeamDefinition,
    WorkspaceDefinition,
    name_of,
)
from bot.domain.escalation import Chat, Level, Repeat
from bot.domain.frozen import replace
from bot.domain.incident import ChannelId
from bot.domain.organisation import Channel, Integration, IntegrationId, Organisation, Provider, Workspace
from bot.domain.people import LINES, Account, AccountId, ContactKind, People, Target, Team, TeamId, WorkspaceId
from bot.domain.rule import Rule
from bot.domain.schedule import Override, Schedule, ScheduleId
from bot.domain.schedule_definition import CalendarDefinition, ScheduleDefinition, ScheduleMaker, make_calendar


def organise(revision: int, kept: Iterable[Kept], said: Said = NOTHING_SAID) -> Organisation:
    """Return the picture that the definitions give. A name that nothing active bears is left out where it is used.

    What was proven counts only as long as it is what is configured: a new number is not verified.
    """
    everything = tuple(kept)
    ids = _Ids(everything)
    workspaces = {
        WorkspaceId(one.id): _workspace(one.id, one.body, is_active=one.active)
        for one in everything
        if isinstance(one.body, WorkspaceDefinition)
    }
    accounts = {
        AccountId(one.id): _account(one, one.body, said)
        for one in everything
        if isinstance(one.body, AccountDefinition)
    }
    people = People(
        accounts=accounts,
        teams={
            TeamId(one.id): _team(one.id, one.body, ids)
            for one in everything
            if isinstance(one.body, TeamDefinition) and one.active
        },
    )
    changes = _changes(said, gone=frozenset(one.id for one in accounts.values() if not one.active))
    made = Organisation(
        revision=revision,
        people=people,
        channels={
            ChannelId(one.id): _channel(one, one.body, ids)
            for one in everything
            if isinstance(one.body, ChannelDefinition)
        },
        integrations={
            integration.id: integration
            for one in everything
            if isinstance(one.body, IntegrationDefinition) and (integration := _integration(one, one.body, ids))
        },
        workspaces=workspaces,
        links=tuple(link for link in said.links if link.account in accounts and accounts[link.account].active),
        providers=_providers(one.body for one in everything if one.active),
        schedules={
            ScheduleId(one.id): _changed(
                ids.schedules.make(ScheduleId(one.id), one.body, active=one.active), changes.get(ScheduleId(one.id), ())
            )
            for one in everything
            if isinstance(one.body, ScheduleDefinition)
        },
        calendars={
            one.body.name: make_calendar(one.body)
            for one in everything
            if isinstance(one.body, CalendarDefinition) and one.active
        },
    )
    return replace(made, people=replace(people, reachable=_reachable(made)))


def _reachable(organisation: Organisation) -> frozenset[AccountId]:
    """Return who can be tried at all: everybody where there is a chat app, else who can be reached by a line."""
    by_chat = any(workspace.active for workspace in organisation.workspaces.values())
    active = [account for account in organisation.people.accounts.values() if account.active]
    return frozenset(account.id for account in active if by_chat or reach.lines_to(account, organisation))


class _Ids:
    """The ids of what is active, by kind and name."""

    def __init__(self, kept: tuple[Kept, ...]) -> None:
        self._by_name = {(type(one.body), name_of(one.body)): one.id for one in kept if one.active}

    def find(self, kind: Kind, name: str) -> int | None:
        return self._by_name.get((BODIES[kind], name))

    @property
    def schedules(self) -> ScheduleMaker:
        """Return what makes schedules of definitions."""
        return ScheduleMaker(self._account, self._schedule)

    def _account(self, email: str) -> AccountId | None:
        number = self.find(Kind.ACCOUNT, email)
        return AccountId(number) if number is not None else None

    def _schedule(self, name: str) -> ScheduleId | None:
        number = self.find(Kind.SCHEDULE, name)
        return ScheduleId(number) if number is not None else None


def _workspace(number: int, body: WorkspaceDefinition, *, is_active: bool) -> Workspace:
    return Workspace(WorkspaceId(number), body.name, body.platform, is_active, body.locale, body.timezone)


def _account(one: Kept, body: AccountDefinition, said: Said) -> Account:
    number = AccountId(one.id)
    now = {ContactKind.PHONE: body.phone, ContactKind.EMAIL: body.email}
    return Account(
        id=number,
        name=body.name,
        email=body.email,
        phone=body.phone,
        role=body.role,
        locale=body.locale,
        timezone=body.timezone,
        active=one.active,
        preferences={**body.preferences, **said.preferences.get(number, {})},
        verified=frozenset(kind for kind, value in now.items() if Contact(number, kind, value) in said.contacts),
    )


def _changes(said: Said, *, gone: frozenset[AccountId]) -> dict[ScheduleId, list[Override]]:
    """Return what people changed of each schedule for a time, but for what they gave to who has left since."""
    found: dict[ScheduleId, list[Override]] = {}
    for one in said.overrides:
        held = one.held
        if held is not None and gone.isdisjoint(held.accounts):
            found.setdefault(one.schedule, []).append(held)
    return found


def _changed(schedule: Schedule, changes: Iterable[Override]) -> Schedule:
    return replace(schedule, overrides=(*schedule.overrides, *changes))


def _providers(bodies: Iterable[Body]) -> tuple[Provider, ...]:
    """Return the providers method by method, those of each in the order in which they are tried."""
    methods = list(LINES)
    found = [body for body in bodies if isinstance(body, ProviderDefinition)]
    return tuple(
        Provider(one.name, one.kind, one.method, one.countries, frozenset(one.links))
        for one in sorted(found, key=lambda one: (methods.index(one.method), one.order, one.name))
    )


def _team(number: int, body: TeamDefinition, ids: _Ids) -> Team:
    found = (ids.find(Kind.ACCOUNT, email) for email in body.members)
    return Team(TeamId(number), body.name, tuple(AccountId(member) for member in found if member is not None))


def _channel(one: Kept, body: ChannelDefinition, ids: _Ids) -> Channel:
    team = ids.find(Kind.TEAM, body.team) if body.team else None
    rules = tuple(_rule(rule, ids) for rule in body.escalation)
    return Channel(ChannelId(one.id), body.name, TeamId(team) if team is not None else None, rules, one.active)


def _rule(rule: RuleDefinition, ids: _Ids) -> Rule:
    levels = tuple(_level(level, ids) for level in rule.levels)
    return Rule(rule.name, levels, rule.filter, rule.when, rule.delay, rule.enabled)


def _level(level: LevelDefinition, ids: _Ids) -> Level:
    targets = (_target(target, ids) for target in level.targets)
    chats = ((ids.find(Kind.WORKSPACE, chat.workspace), chat.chat) for chat in level.chats)
    return Level(
        targets=tuple(target for target in targets if target is not None),
        chats=tuple(Chat(WorkspaceId(workspace), chat) for workspace, chat in chats if workspace is not None),
        methods=level.methods,
        repeat=Repeat(level.repeat_every, level.repeat_times) if level.repeat_every else None,
        escalate_after=level.escalate_after,
        unless=level.unless,
        when_nobody=level.when_nobody,
    )


def _target(target: TargetDefinition, ids: _Ids) -> Target | None:
    # A target is of the kind of object that has the same word.
    number = ids.find(Kind(target.kind), target.name)
    return Target(target.kind, number, target.role) if number is not None else None


def _integration(one: Kept, body: IntegrationDefinition, ids: _Ids) -> Integration | None:
    channel = ids.find(Kind.CHANNEL, body.channel)
    if channel is None:
        return None
    return Integration(
        IntegrationId(one.id), body.name, body.source, ChannelId(channel), body.fields, body.values, one.active
    )
