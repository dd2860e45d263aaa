"""The people of the domain's tests, and one incident that they handle, minute by minute."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.escalation import Chat, Level, Repeat, Unless
from bot.domain.event import Severity
from bot.domain.facts import Facts, Tally
from bot.domain.incident import (
    Action,
    Actor,
    Announce,
    ChannelId,
    Effect,
    Entry,
    Happening,
    Incident,
    IncidentId,
    Notify,
    Record,
    Refused,
    Rules,
    Step,
    Tick,
)
from bot.domain.law import start, step
from bot.domain.people import Account, AccountId, People, Role, Target, TargetKind, Team, TeamId, WorkspaceId

NIGHT: Final = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
ANA, BO, CHEN, DEE = (AccountId(number) for number in (1, 2, 3, 4))
NAMES: Final = {ANA: "Ana", BO: "Bo", CHEN: "Chen", DEE: "Dee"}
BY_ANA, BY_BO, BY_CHEN = (Actor(account, "Acme") for account in (ANA, BO, CHEN))
SRE, NOBODY = TeamId(1), TeamId(2)
OPS: Final = Chat(WorkspaceId(1), "C1")
FACTS: Final = Facts(Severity.CRITICAL, "Disk full", tally=Tally(critical=1, total=1))
RECOVERED: Final = replace(FACTS, tally=Tally(total=1))
TEAMS: Final = {SRE: Team(SRE, "SRE", (BO, CHEN)), NOBODY: Team(NOBODY, "Nobody", ())}


def people(gone: Collection[AccountId] = (), reachable: Iterable[AccountId] | None = None) -> People:
    """Return Ana, Bo, Chen and Dee, less who is `gone`; all of them can be reached, unless it is said who."""
    accounts = {
        number: Account(
            number,
            name,
            f"{name.lower()}@example.com",
            role=Role.OWNER if number == DEE else Role.MEMBER,
            active=number not in gone,
        )
        for number, name in NAMES.items()
    }
    can_be = frozenset(reachable) if reachable is not None else frozenset(accounts) - frozenset(gone)
    return People(accounts, TEAMS, can_be)


def person(number: AccountId) -> Target:
    """Return a level's target: one person."""
    return Target(TargetKind.ACCOUNT, number)


def team(number: TeamId) -> Target:
    """Return a level's target: a team."""
    return Target(TargetKind.TEAM, number)


def level(*who: AccountId, after: float = 5, loop: tuple[float, int] | None = None, closed: bool = False) -> Level:
    """Return a level of people, left `after` so many minutes; `loop`: every so many minutes, so often more."""
    return Level(
        tuple(person(one) for one in who),
        repeat=Repeat(loop[0] * MINUTE, loop[1]) if loop else None,
        escalate_after=after * MINUTE,
        unless=Unless.CLOSED if closed else Unless.ACKNOWLEDGED,
    )


def minute(instant: datetime) -> float:
    """Return the instant in minutes since the incident was opened."""
    return (instant - NIGHT) / MINUTE


@dataclass
class Handling:
    """An incident under a rule; `now` is how far the night has come."""

    levels: tuple[Level, ...]
    people: People = field(default_factory=people)
    now: datetime = NIGHT
    effects: tuple[Effect, ...] = ()
    pages: list[tuple[float, str]] = field(default_factory=list)
    told_all: list[tuple[float, Entry]] = field(default_factory=list)
    timeline: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        opened = Incident(IncidentId(42), ChannelId(7), FACTS, opened_at=self.now, rule="day and night")
        self.incident = opened
        self._take(start(opened, self.rules, self.now))

    @property
    def rules(self) -> Rules:
        """What the law asks besides the incident."""
        return Rules(self.levels, self.people)

    @property
    def due(self) -> float | None:
        """When somebody must look, in minutes."""
        return None if self.incident.due is None else minute(self.incident.due)

    @property
    def entries(self) -> list[Entry]:
        """What the timeline says, in order."""
        return [record.entry for record in self.timeline]

    def when(self, happening: Happening) -> "Handling":
        """Let something happen that the law allows."""
        made = step(self.incident, happening, self.rules, self.now)
        assert isinstance(made, Step), made
        self._take(made)
        return self

    def refuses(self, action: Action) -> Refused:
        """Return how the law refuses the action; the incident stays as it is."""
        made = step(self.incident, action, self.rules, self.now)
        assert isinstance(made, Refused), made
        return made

    def after(self, minutes: float) -> "Handling":
        """Let time pass, with somebody who looks exactly when the incident is due."""
        until = self.now + minutes * MINUTE
        while self.incident.due is not None and self.incident.due <= until:
            self.now = max(self.incident.due, self.now)
            self.when(Tick())
        self.now = until
        return self

    def late(self, minutes: float) -> "Handling":
        """Let time pass with nobody looking, and then a tick."""
        self.now += minutes * MINUTE
        return self.when(Tick())

    def _take(self, made: Step) -> None:
        self.incident, self.effects = made.incident, made.effects
        for effect in made.effects:
            if isinstance(effect, Notify):
                names = [NAMES[account] for account in effect.accounts] + [f"#{chat.chat}" for chat in effect.chats]
                self.pages.append((minute(self.now), " ".join(names)))
            elif isinstance(effect, Announce):
                self.told_all.append((minute(self.now), effect.entry))
            elif isinstance(effect, Record):
                self.timeline.append(effect)
