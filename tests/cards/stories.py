"""Incidents as the law makes them, for cards to be built from: three levels, four people, one night."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.escalation import Chat, Level, Repeat, Unless
from bot.domain.event import Severity
from bot.domain.facts import Facts, Tally
from bot.domain.incident import (
    Acknowledge,
    Actor,
    ChannelId,
    Entry,
    Happened,
    Happening,
    Incident,
    IncidentId,
    Record,
    Refused,
    Rules,
    Step,
    Tick,
)
from bot.domain.law import start, step
from bot.domain.people import Account, AccountId, People, Role, Target, TargetKind, WorkspaceId
from cards.build import Scene

NIGHT: Final = datetime(2026, 11, 21, 3, 7, tzinfo=UTC)
ANA, BO, CHEN, DEE = (AccountId(number) for number in (1, 2, 3, 4))
NAMES: Final[Mapping[AccountId, str]] = {ANA: "Ana", BO: "Bo", CHEN: "Chen", DEE: "Dee"}
USERS: Final[Mapping[AccountId, str]] = {ANA: "U0ANA", BO: "U0BO", CHEN: "U0CHEN"}
BY_ANA, BY_BO = Actor(ANA, "Acme Slack"), Actor(BO, "cli")
FACTS: Final = Facts(
    Severity.CRITICAL,
    "Host high CPU load",
    "CPU load on web-3 has been above 95 % for 10 minutes.",
    {
        "alertname": "Host high CPU load",
        "severity": "critical",
        "job": "node",
        "instance": "web-3:9100",
        "service": "shop",
    },
    tally=Tally(critical=1, total=1),
)


def account(number: AccountId) -> Target:
    """Return a level's target: one person."""
    return Target(TargetKind.ACCOUNT, number)


LEVELS: Final = (
    Level((account(ANA), account(BO)), repeat=Repeat(timedelta(minutes=2), 3), escalate_after=timedelta(minutes=10)),
    Level((account(CHEN),), escalate_after=timedelta(minutes=10), unless=Unless.CLOSED),
    Level((account(ANA), account(DEE)), escalate_after=timedelta(minutes=10)),
)
PEOPLE: Final = People(
    {number: Account(number, name, f"{name.lower()}@example.com", role=Role.ADMIN) for number, name in NAMES.items()},
    reachable=frozenset(NAMES),
)


@dataclass
class Story:
    """One incident, told event by event; `now` is where the story has come to."""

    facts: Facts = FACTS
    levels: tuple[Level, ...] = LEVELS
    now: datetime = NIGHT
    timeline: list[Happened] = field(default_factory=list)

    def __post_init__(self) -> None:
        opened = Incident(IncidentId(42), ChannelId(7), self.facts, opened_at=self.now, rule="day and night")
        self.incident = opened
        self._take(start(opened, self.rules, self.now))

    @property
    def rules(self) -> Rules:
        """What the law asks besides the incident."""
        return Rules(self.levels, PEOPLE)

    def then(self, happening: Happening, *, after: float = 1) -> "Story":
        """Let `after` minutes pass, then something happen that the law allows."""
        self.now += timedelta(minutes=after)
        made = step(self.incident, happening, self.rules, self.now)
        assert isinstance(made, Step), made
        self._take(made)
        return self

    def tick(self) -> "Story":
        """Let time pass until the incident is due."""
        assert self.incident.due is not None
        return self.then(Tick(), after=(self.incident.due - self.now) / timedelta(minutes=1))

    def exhaust(self) -> "Story":
        """Let time pass until nobody is left to be told."""
        while self.incident.due is not None:
            self.tick()
        return self

    def refused(self, happening: Happening, *, after: float = 1) -> Refused:
        """Let `after` minutes pass, then try what the law refuses."""
        self.now += timedelta(minutes=after)
        made = step(self.incident, happening, self.rules, self.now)
        assert isinstance(made, Refused), made
        return made

    def say(self, record: Record) -> "Story":
        """Put an entry on the timeline that is not the law's own."""
        self.timeline.append(Happened(self.now, record))
        return self

    def scene(self, **changes: object) -> Scene:
        """Return the scene in a chat where all but Dee are linked, and nobody must notice the message."""
        scene = Scene(
            self.incident,
            channel="Payments",
            levels=len(self.levels),
            names=NAMES,
            users=USERS,
            timeline=tuple(self.timeline),
        )
        return replace(scene, **changes)  # type: ignore[arg-type]  # Each test names fields that a scene has.

    def _take(self, made: Step) -> None:
        self.incident = made.incident
        self.timeline += [Happened(self.now, effect) for effect in made.effects if isinstance(effect, Record)]


def not_delivered(to: str) -> Record:
    """Return the entry that says that a message was refused for good."""
    return Record(Entry.NOT_DELIVERED, said={"to": to, "via": "Acme Slack", "why": "channel_not_found"})


CHAT_ONLY: Final = (Level(chats=(Chat(WorkspaceId(1), "C0OPS"),)),)


def acknowledged() -> Story:
    """Return the story in which Ana takes it after five minutes."""
    return Story().then(Acknowledge(BY_ANA), after=5)
