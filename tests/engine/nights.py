"""Nights by chance: an organisation, what fails in it, and an alert; and what the engine does of it on the fakes."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import product

from bot import commands
from bot.adapter import Capabilities, DeliveryFailed, FailureKind
from bot.commands import NotUnderstood, Speaker, Unclear
from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    ChatDefinition,
    Contact,
    Definition,
    IntegrationDefinition,
    Kind,
    LevelDefinition,
    ProviderDefinition,
    RuleDefinition,
    Secret,
    TargetDefinition,
    TeamDefinition,
    WorkspaceDefinition,
)
from bot.domain.delivery import Kind as Sent
from bot.domain.delivery import Place, State
from bot.domain.escalation import WhenNobody
from bot.domain.event import Severity
from bot.domain.filters import Condition, Filter
from bot.domain.frozen import replace
from bot.domain.incident import Actor
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, ContactKind, Method, Preference, Role, TargetKind, WorkspaceId
from bot.domain.rehearsal import Failing
from bot.domain.rotation import Unit
from bot.domain.schedule_definition import LayerDefinition, RotationDefinition, ScheduleDefinition
from bot.domain.simulate import Act, Simulation
from bot.domain.verification import How
from bot.domain.week_hours import DailyPeriod
from bot.engine.act import Desk
from bot.engine.heard import Heard
from storage import contacts, definitions, front, incidents
from storage.database import Connection, Database
from tests.engine.stage import Platform, Stage, trouble
from tests.support.clocks import START, ManualClock

PEOPLE = ("ana", "bo", "chen", "dee")
APPS = ("acme", "beta")
BY_LINE = (Method.SMS, Method.VOICE, Method.EMAIL)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
LONGEST = timedelta(hours=1)

RECOVERS = "recover"
SAID = (*("ack 1", "unack 1") * 2, "close 1", "escalate 1", "escalate 1 2", "snooze 1 2m", "reopen 1", RECOVERS)

Told = tuple[int, str, str, bool]
"""The second, who (a name, or a chat), by which method or workspace, and whether it was taken."""


class Brisk(Platform):
    """A platform that may be written to as fast as anybody likes: only then are the seconds those of the rules."""

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, chat_rate=1000.0)


@dataclass(frozen=True)
class Night:
    """What is configured, what is said, who acts and what fails; `unverified`: people none of whose contacts count.

    `acts`: who says what when after the alert; nobody: the monitoring says that it is over.
    """

    definitions: tuple[Definition, ...]
    start: datetime
    severity: Severity
    unverified: frozenset[str]
    dark: frozenset[str]
    refusing: frozenset[str]
    refused: frozenset[tuple[str, str]]
    chats_refused: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    acts: tuple[tuple[timedelta, str, str], ...] = ()


def a_night(seed: int) -> Night:
    """Return the night of that seed."""
    chance = random.Random(seed)  # noqa: S311 - A seed that is drawn again must give the same night.
    ways = (*APPS, *(str(method) for method in BY_LINE))
    share = chance.choice((0.0, 0.2, 0.5, 0.9))
    dark = {one for one in ways if chance.random() < chance.choice((0.0, 0.3))}
    # Where nothing answers at all the trouble is one's own, and the moment of the next try decides.
    dark -= {chance.choice(ways)}
    acts = random.Random(seed + 10_000)  # noqa: S311 - As above; the rest of the night is the same without them.
    return Night(
        definitions=tuple(_definitions(chance)),
        start=START + timedelta(seconds=chance.randrange(7200)),
        severity=chance.choice((Severity.CRITICAL, Severity.CRITICAL, Severity.WARNING, Severity.INFO)),
        unverified=frozenset(name for name in PEOPLE if chance.random() < 0.2),
        dark=frozenset(dark),
        refusing=frozenset(one for one in ways if chance.random() < share / 3) - dark,
        refused=frozenset(one for one in product(PEOPLE, ways) if chance.random() < share and one[1] not in dark),
        chats_refused=frozenset(
            one for one in product(APPS, ("C1", "C2")) if chance.random() < share and one[0] not in dark
        ),
        acts=tuple(sorted(_an_act(acts) for _ in range(acts.choice((0, 1, 2, 4, 6))))),
    )


def _an_act(chance: random.Random) -> tuple[timedelta, str, str]:
    # At no instant at which anything is due by itself.
    after = timedelta(seconds=chance.randrange(20 * 60), milliseconds=chance.randrange(100, 900))
    whom = ("schedule:rota", "team:sre", *(f"{name}@example.com" for name in PEOPLE))
    said = chance.choice((*SAID, f"reassign 1 {chance.choice(whom)}", f"add 1 {chance.choice(whom)}"))
    return after, "" if said == RECOVERS else chance.choice(PEOPLE), said


def _definitions(chance: random.Random) -> list[Definition]:
    levels = tuple(_level(chance) for _ in range(chance.randint(0, 4)))
    rules = [RuleDefinition("all", levels, delay=chance.choice((0, 0, 45)) * SECOND)] if levels else []
    info = Filter(((Condition("severity", ("Info",)),),))
    rules.insert(0, RuleDefinition("info only", (_level(chance),), filter=info, enabled=chance.random() < 0.7))
    links = [{f"{name}@example.com": name for name in PEOPLE if chance.random() < 0.8} for _ in APPS]
    hours = (DailyPeriod(time(4), time(23)),) if chance.random() < 0.5 else ()
    turns = tuple((f"{name}@example.com",) for name in chance.sample(PEOPLE, 3))
    rotation = RotationDefinition(turns, Unit.HOUR, hours=hours)
    layers = (LayerDefinition("first", rotation, datetime(2026, 11, 20, 0, 20)),)  # noqa: DTZ001 - In the schedule's zone.
    return [
        *(Definition(Kind.ACCOUNT, _account(number, name, chance)) for number, name in enumerate(PEOPLE)),
        Definition(Kind.TEAM, TeamDefinition("sre", ("bo@example.com", "chen@example.com"))),
        Definition(Kind.SCHEDULE, ScheduleDefinition("rota", layers=layers)),
        *(
            Definition(Kind.WORKSPACE, WorkspaceDefinition(name, "chatty", {}, some))
            for name, some in zip(APPS, links, strict=True)
        ),
        *(Definition(Kind.PROVIDER, ProviderDefinition("main", method, "any")) for method in BY_LINE),
        Definition(Kind.CHANNEL, ChannelDefinition("payments", chance.choice(("sre", "sre", None)), tuple(rules))),
        Definition(Kind.INTEGRATION, IntegrationDefinition("any", "standard", "payments"), {"key": Secret("k" * 20)}),
    ]


def _account(number: int, name: str, chance: random.Random) -> AccountDefinition:
    role = Role.OWNER if name == "dee" else Role.MEMBER
    methods = chance.sample((Method.IM, *BY_LINE), chance.randint(1, 4))
    wanted = tuple(Preference(one, chance.choice((None, 0 * SECOND, 30 * SECOND, 2 * MINUTE))) for one in methods)
    preferences = {Severity.CRITICAL: wanted} if chance.random() < 0.5 else {}
    return AccountDefinition(
        f"{name}@example.com", name.title(), f"+4917112345{number}0", role, preferences=preferences
    )


def _level(chance: random.Random) -> LevelDefinition:
    targets = [TargetDefinition(TargetKind.ACCOUNT, f"{name}@example.com") for name in PEOPLE]
    targets += [TargetDefinition(TargetKind.TEAM, "sre"), TargetDefinition(TargetKind.SCHEDULE, "rota")]
    chats = [ChatDefinition(app, chat) for app, chat in product(APPS, ("C1", "C2"))]
    repeats = chance.choice((0, 0, 1, 3))
    return LevelDefinition(
        tuple(chance.sample(targets, chance.choice((0, 1, 1, 2)))),
        tuple(chance.sample(chats, chance.choice((0, 0, 1, 2)))),
        tuple(chance.sample((Method.IM, *BY_LINE), 2)) if chance.random() < 0.2 else (),
        repeat_every=chance.choice((30, 60, 100)) * SECOND if repeats else None,
        repeat_times=repeats,
        escalate_after=chance.choice((40, 120, 300)) * SECOND,
        when_nobody=chance.choice(tuple(WhenNobody)),
    )


class Theatre:
    """The engine on the fakes, for one night."""

    def __init__(self, database: Database, night: Night) -> None:
        self.night = night
        self.clock = ManualClock(night.start - MINUTE)
        self.stage = Stage(database, self.clock)
        self.desk = Desk(database, self.stage.picture, self.stage.wakeups, self.clock, str)
        self.ways: dict[str, Platform] = {str(method): Brisk() for method in BY_LINE}

    async def prepare(self) -> Organisation:
        """Configure everything, and let what is dark have been dark for a while."""
        await self._configure(self._before())
        no = DeliveryFailed(FailureKind.UNREACHABLE, "nobody answers")
        for name in self.night.dark:
            self.ways[name].refusal = no
        if self.night.dark:
            await self._fire("before")
            for _ in range(10):
                await self._settle()
                self.clock.advance(1)
            await self._fire("before", Severity.OK)
        await self._settle()
        organisation = await self._configure(self.night.definitions)
        for name in self.night.refusing:
            self.ways[name].refusal = DeliveryFailed(FailureKind.REFUSED, "no")
        for who, way in self.night.refused:
            number = next(one.phone for one in organisation.people.accounts.values() if one.name == who.title())
            self.ways[way].refused |= {who, f"{who}@example.com", number}
        for app, chat in self.night.chats_refused:
            self.ways[app].refused.add(chat)
        self.clock.set(self.night.start)
        return organisation

    async def live(self) -> tuple[list[Told], datetime]:
        """Let the alert come and everything that follows; return who was told, and when the alert came."""
        began = self.clock.now()
        await self._fire("disk", self.night.severity)
        await self._settle()
        acts = [(began + after, who, said) for after, who, said in self.night.acts]
        while (at := await self._next(acts[0][0] if acts else None)) is not None and at <= began + LONGEST:
            self.clock.set(max(at, self.clock.now()))
            if acts and acts[0][0] <= self.clock.now():
                await self._act(*acts.pop(0)[1:])
            await self._settle()
        return await self._told(began), began

    async def _act(self, who: str, said: str) -> None:
        if said == RECOVERS:
            await self._fire("disk", Severity.OK)
            return
        organisation = await self.stage.database.read(self.stage.picture.current)
        account = next(one.id for one in organisation.people.accounts.values() if one.name.lower() == who)
        sentence = said.replace(" 1", " 2", 1) if self.night.dark else said
        await self.desk.hear(Heard(sentence, Actor(account, "cli"), Place(WorkspaceId(0), account=account)))

    def acts(self, organisation: Organisation, began: datetime) -> list[Act]:
        """Return who acts, as a simulation is told."""
        found: list[Act] = []
        for after, who, said in self.night.acts:
            if said == RECOVERS:
                found.append(Act(after, None))
                continue
            account = next(one.id for one in organisation.people.accounts.values() if one.name.lower() == who)
            schedules = tuple(organisation.schedules.values())
            speaker = Speaker(Actor(account, "cli"), organisation.people, began + after, "UTC", {}, schedules)
            command = commands.parse(said)
            asked = commands.action(command, speaker) if isinstance(command, commands.Command) else None
            assert asked is not None
            assert not isinstance(asked, NotUnderstood | Unclear)
            found.append(Act(after, asked))
        return found

    def failing(self, organisation: Organisation) -> Failing:
        """Return what fails, as a simulation is told."""
        numbers = {one.name: one.id for one in organisation.workspaces.values() if one.active}
        numbers |= {str(method): line for method, line in LINES.items()}
        people = {one.name.lower(): one.id for one in organisation.people.accounts.values()}
        night = self.night
        return Failing(
            dark=frozenset(numbers[one] for one in night.dark),
            refusing=frozenset(numbers[one] for one in night.refusing),
            refused=frozenset(Place(numbers[way], account=people[who]) for who, way in night.refused)
            | frozenset(Place(numbers[app], chat=chat) for app, chat in night.chats_refused),
        )

    def _before(self) -> list[Definition]:
        """Return an organisation whose only level tries all that is dark."""
        chats = tuple(ChatDefinition(app, "C9") for app in APPS if app in self.night.dark)
        methods = tuple(method for method in BY_LINE if str(method) in self.night.dark)
        dee = (TargetDefinition(TargetKind.ACCOUNT, "dee@example.com"),) if methods else ()
        level = LevelDefinition(dee, chats, methods or (Method.SMS,))
        rules = (RuleDefinition("before", (level,)),)
        return [
            replace(one, body=ChannelDefinition("payments", None, rules)) if one.kind is Kind.CHANNEL else one
            for one in self.night.definitions
        ]

    async def _configure(self, wanted: Sequence[Definition]) -> Organisation:
        is_before = wanted is not self.night.definitions

        async def work(connection: Connection) -> Organisation:
            await definitions.replace_all(connection, wanted, self.stage.vault)
            organisation = await definitions.organisation(connection)
            for account in organisation.people.accounts.values():
                if is_before and (account.name.lower() not in self.night.unverified or account.name == "Dee"):
                    for kind, value in ((ContactKind.PHONE, account.phone), (ContactKind.EMAIL, account.email)):
                        await contacts.prove(connection, Contact(account.id, kind, value), How.ADMIN, self.clock.now())
            return await definitions.organisation(connection)

        organisation = await self.stage.database.transact(work)
        for workspace in organisation.workspaces.values():
            self.ways.setdefault(workspace.name, Brisk())
            self.stage.adapters[workspace.id] = self.ways[workspace.name]
        self.stage.adapters.update({LINES[method]: self.ways[str(method)] for method in BY_LINE})
        return organisation

    async def _fire(self, key: str, severity: Severity = Severity.CRITICAL) -> None:
        await self.stage.ingest.take(self.stage.report(await self.stage.channel(), trouble(key, severity)))

    async def _settle(self) -> None:
        await self.stage.timers.tick()
        await self.stage.outbox.drain()

    async def _next(self, acts_at: datetime | None) -> datetime | None:
        now = self.clock.now()

        async def work(connection: Connection) -> list[datetime | None]:
            return [(await incidents.what_is_up(connection))[0], (await front.what_waits(connection, now))[1]]

        instants = [*await self.stage.database.read(work), *self.stage.outbox.held_until(), acts_at]
        return min((at for at in instants if at is not None and at > now), default=None)

    async def _told(self, began: datetime) -> list[Told]:
        organisation = await self.stage.database.read(self.stage.picture.current)
        found: list[Told] = []
        for one in await self.stage.ledger(2 if self.night.dark else 1):
            if one.delivery.kind not in (Sent.CARD, Sent.REMINDER, Sent.PAGE, Sent.NOTE):
                continue
            if one.settled_at is not None and one.state in (State.DELIVERED, State.FAILED):
                who, via = _named(one.delivery.place, organisation)
                found.append((_seconds(one.settled_at - began), who, via, one.state is State.DELIVERED))
        return sorted(found)


def simulated(found: Simulation, began: datetime, organisation: Organisation) -> list[Told]:
    """Return whom a simulation tells, in the same words, in the same span of time."""
    told: list[Told] = []
    for one in found.ledger.tellings:
        at = one.sent.settled_at
        if at is not None and one.sent.state in (State.DELIVERED, State.FAILED) and at <= began + LONGEST:
            who, via = _named(one.delivery.place, organisation)
            told.append((_seconds(at - began), who, via, one.sent.state is State.DELIVERED))
    return sorted(told)


def difference(
    found: Simulation, told: Sequence[Told], began: datetime, organisation: Organisation
) -> tuple[list[Told | tuple[object, ...]], ...]:
    """Return what only the simulation says and what only the engine did; nothing: they agree.

    From where the simulation says that its times are rough, the seconds do not count.
    """
    rough = _seconds(found.rough_from - began) if found.rough_from is not None else None

    def counted(some: Sequence[Told]) -> Counter[Told | tuple[object, ...]]:
        return Counter(one if rough is None or one[0] < rough else one[1:] for one in some)

    mine, theirs = counted(simulated(found, began, organisation)), counted(told)
    return () if mine == theirs else (list((mine - theirs).elements()), list((theirs - mine).elements()))


def _named(place: Place, organisation: Organisation) -> tuple[str, str]:
    via = organisation.via(WorkspaceId(place.workspace))
    who = organisation.people.accounts[place.account].name if place.account is not None else place.chat or ""
    return who, via


def _seconds(time: timedelta) -> int:
    return int(time.total_seconds())
