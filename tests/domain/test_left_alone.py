"""Left alone, each level notifies once per turn of its loop, in order, on time; then the incident is exhausted once."""

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.escalation import Level
from bot.domain.incident import PUNCTUAL, Announce, Entry, Idle, Notify
from tests.domain.cast import ANA, BO, CHEN, DEE, NIGHT, SRE, Handling, person, team
from tests.domain.rules import levels

NO_TIME = timedelta()
PRESENT = {person(ANA), person(BO), person(CHEN), person(DEE), team(SRE)}
Told = tuple[timedelta, int, int]


def reaches(level: Level) -> bool:
    """Whether the level names somebody who is there, or a chat."""
    return bool(level.chats) or not PRESENT.isdisjoint(level.targets)


def expected(rule: list[Level]) -> tuple[list[Told], timedelta]:
    """Return each (instant, level, turn) of a rule, and when it is exhausted, reckoned without taking a step."""
    reaching = [number for number, level in enumerate(rule) if reaches(level)]
    told: list[Told] = []
    entered = NO_TIME
    for number in reaching:
        level, follows = rule[number], number != reaching[-1]
        every, times = (level.repeat.every, level.repeat.times) if level.repeat else (NO_TIME, 0)
        stays = level.escalate_after
        if times and number == len(rule) - 1:
            stays = max(stays, every * (times + 1))
        turns = [
            turn for turn in range(1, times + 1) if turn * every < stays or (turn * every == stays and not follows)
        ]
        told += [(entered + turn * every, number, turn) for turn in (0, *turns)]
        entered += stays
    return told, entered


@dataclass
class Watched:
    """An incident that nobody acts on, and what it told whom and when."""

    night: Handling
    told: list[Told] = field(default_factory=list)
    exhausted: list[timedelta] = field(default_factory=list)

    def look(self) -> "Watched":
        """Note what has just been decided."""
        for effect in self.night.effects:
            if isinstance(effect, Notify):
                self.told.append((self.night.now - NIGHT, effect.level, effect.turn))
            elif isinstance(effect, Announce):
                assert effect.entry is Entry.EXHAUSTED
                self.exhausted.append(self.night.now - NIGHT)
        return self

    def tick(self, lateness: timedelta = NO_TIME) -> "Watched":
        """Let somebody look, so long after the incident was due."""
        due = self.night.incident.due
        assert due is not None
        wait = max(due + lateness, self.night.now) - self.night.now
        self.night.late(wait / timedelta(minutes=1))
        return self.look()

    @property
    def is_over(self) -> bool:
        return self.night.incident.due is None


@given(levels().filter(bool))
def test_each_level_is_told_at_its_instants_and_the_incident_is_exhausted_once(rule: list[Level]) -> None:
    watched = Watched(Handling(tuple(rule))).look()
    while not watched.is_over:
        watched.tick()

    told, exhausted = expected(rule)
    assert watched.told == told
    assert watched.exhausted == [exhausted]
    assert watched.night.incident.idle is Idle.EXHAUSTED


@given(levels().filter(lambda rule: any(map(reaches, rule))), st.data())
def test_however_late_the_ticks_are_each_level_has_its_time_and_none_is_told_out_of_turn(
    rule: list[Level], data: st.DataObject
) -> None:
    watched = Watched(Handling(tuple(rule))).look()
    while not watched.is_over:
        watched.tick(data.draw(st.sampled_from([0, 1, 29, 31, 600, 7200]).map(lambda s: timedelta(seconds=s))))

    entries = [(at, level) for at, level, turn in watched.told if turn == 0]
    assert [level for _, level in entries] == [number for number, level in enumerate(rule) if reaches(level)]
    leaves = [at for at, _ in entries[1:]] + watched.exhausted
    for (entered, level), left in zip(entries, leaves, strict=True):
        assert left - entered >= rule[level].escalate_after - PUNCTUAL
    assert len(watched.exhausted) == 1
    for (_, level, turn), (_, next_level, next_turn) in pairwise(watched.told):
        assert (next_level, next_turn) == (level, turn + 1) or (next_level > level and next_turn == 0)


@given(levels(), st.integers(1, 10_000))
def test_before_it_is_due_nothing_happens(rule: list[Level], early: int) -> None:
    night = Handling(tuple(rule))
    before = night.incident

    night.now -= timedelta(seconds=early)
    assert night.late(0).incident == before
    assert night.effects == ()
