"""Whether somebody is on call: gaps of the schedules that are used, those that are not, and loops of fallbacks.

A gap is where nobody is on duty in the role that a level names or, where it names none, in any role; not even by the
fallback. A level that says what to do when nobody is on call has no gap, and one whose rule does not hold then has none
either: a rule for working hours needs no schedule for the night, but for as long as its alerts climb.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.definition import Kind
from bot.domain.escalation import WhenNobody
from bot.domain.lint.finding import Code, Finding, Proof, Spell, Where
from bot.domain.lint.hours import spells
from bot.domain.lint.rules import Followed
from bot.domain.organisation import Organisation
from bot.domain.people import TargetKind
from bot.domain.rotation import Layer
from bot.domain.schedule import Find, Schedule, ScheduleId, roles, walk
from bot.domain.time_filter import ALWAYS, TimeFilter
from bot.domain.wall_clock import instant
from bot.domain.week_hours import EVERY_DAY

AHEAD: Final = timedelta(days=90)
"""How far ahead schedules are looked at."""
MOST_PIECES: Final = 20_000
"""So many shifts of one role are looked at, at most: more than one each seven minutes."""
GAPS_SHOWN: Final = 3

_Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class _Use:
    """A level that counts on a schedule, at the times of its rule. `after`: so long after an alert it is its turn."""

    where: Where
    when: TimeFilter
    after: timedelta


def judge(organisation: Organisation, followed: Sequence[Followed], now: datetime) -> Iterator[Finding]:
    """Yield the gaps, the schedules without use and the loops."""
    looking = _Looking(organisation, now)
    for (number, role), uses in _uses(followed).items():
        schedule = organisation.schedules.get(number)
        if schedule is not None and schedule.active:
            yield from looking.gap(schedule, role, uses)
    yield from _unused(organisation)
    yield from _loops(organisation)


def gaps(schedule: Schedule, role: str, start: datetime, end: datetime, find: Find) -> list[_Span]:
    """Return when nobody is on duty in the role (empty: in any) between two instants."""
    found = [(start, end)]
    for one in roles(schedule) if not role else (role,):
        if any(_is_endless(layer, schedule, start) for layer in schedule.layers if layer.role == one):
            return []
        found = _both(found, _gaps_of(schedule, one, start, end, find))
    return found


class _Looking:
    """Looks at the times of each rule once: many have the same."""

    def __init__(self, organisation: Organisation, now: datetime) -> None:
        self._organisation = organisation
        self._now = now
        self._spells: dict[TimeFilter, tuple[_Span, ...]] = {}

    def gap(self, schedule: Schedule, role: str, uses: Sequence[_Use]) -> Iterator[Finding]:
        """Yield that somebody counts on a schedule when it has nobody."""
        everything = gaps(schedule, role, self._now, self._now + AHEAD, self._organisation.schedules.get)
        counting = [use for use in uses if use.when == ALWAYS][:1] or uses
        hit = {use.where: _met(everything, self._held(use.when), use.after) for use in counting} if everything else {}
        found = sorted({gap for met in hit.values() for gap in met})
        if not found:
            return
        used = next(where for where, met in hit.items() if found[0] in met)
        shown = tuple(Spell(start, end, schedule.timezone) for start, end in found[:GAPS_SHOWN])
        proof: dict[str, Proof] = {"role": role, "gaps": shown, "more": len(found) - len(shown), "used": used}
        yield Finding(Code.COVERAGE_GAP, Where(Kind.SCHEDULE, schedule.name), proof)

    def _held(self, when: TimeFilter) -> tuple[_Span, ...]:
        if when not in self._spells:
            until = self._now + AHEAD
            self._spells[when] = spells(when, self._now, until, self._organisation.day_kind)
        return self._spells[when]


def _met(everything: Iterable[_Span], held: Sequence[_Span], after: timedelta) -> set[_Span]:
    """Return the gaps into which a level falls whose rule holds at these times."""
    ends = [end + after for _, end in held]
    found = set()
    for start, end in everything:
        place = bisect_right(ends, start)
        if place < len(held) and held[place][0] < end:
            found.add((start, end))
    return found


def _uses(followed: Iterable[Followed]) -> Mapping[tuple[ScheduleId, str], list[_Use]]:
    """Return the schedules and roles whose gaps matter, with the levels that count on them: one of those alike."""
    found: dict[tuple[ScheduleId, str], dict[tuple[TimeFilter, timedelta], _Use]] = {}
    for one in followed:
        after = one.rule.delay
        for number, level in enumerate(one.rule.levels, start=1):
            use = _Use(one.where(number), one.rule.when, after)
            after += level.escalate_after
            for target in level.targets if level.when_nobody is WhenNobody.PASS else ():
                if target.kind is TargetKind.SCHEDULE:
                    uses = found.setdefault((ScheduleId(target.id), target.role), {})
                    uses.setdefault((use.when, use.after), use)
    return {schedule: list(uses.values()) for schedule, uses in found.items()}


def _is_endless(layer: Layer, schedule: Schedule, now: datetime) -> bool:
    """Whether somebody is on duty by the layer at each instant from now on, whoever it is."""
    is_whole = not layer.hours and layer.weekdays == EVERY_DAY and layer.length is None and layer.end is None
    if not is_whole or not layer.members or not all(layer.members):
        return False
    return instant(layer.start, ZoneInfo(layer.timezone or schedule.timezone)) <= now


def _gaps_of(schedule: Schedule, role: str, start: datetime, end: datetime, find: Find) -> list[_Span]:
    looked_at = islice(walk(schedule, role, start, end, find), MOST_PIECES)
    return [(shift.start, shift.end) for shift in looked_at if not shift.posts]


def _both(one: Sequence[_Span], other: Sequence[_Span]) -> list[_Span]:
    """Return what is in both; the spans of each are in order and do not overlap."""
    found: list[_Span] = []
    first = second = 0
    while first < len(one) and second < len(other):
        start, end = max(one[first][0], other[second][0]), min(one[first][1], other[second][1])
        if start < end:
            found.append((start, end))
        if one[first][1] < other[second][1]:
            first += 1
        else:
            second += 1
    return found


def _unused(organisation: Organisation) -> Iterator[Finding]:
    used = {
        ScheduleId(target.id)
        for channel in organisation.channels.values()
        if channel.active
        for rule in channel.rules
        for level in rule.levels
        for target in level.targets
        if target.kind is TargetKind.SCHEDULE
    }
    used |= {
        one.fallback.schedule
        for one in organisation.schedules.values()
        if one.active and one.fallback and one.fallback.schedule is not None
    }
    for number, schedule in organisation.schedules.items():
        if schedule.active and number not in used:
            yield Finding(Code.UNUSED_SCHEDULE, Where(Kind.SCHEDULE, schedule.name))


def _loops(organisation: Organisation) -> Iterator[Finding]:
    """Yield each loop once, from the schedule in it that comes first by name."""
    for schedule in organisation.schedules.values():
        way = [schedule]
        while (after := _fallback(way[-1], organisation)) is not None and after not in way:
            way.append(after)
        if after is schedule and schedule.active and min(way, key=lambda one: one.name) is schedule:
            names = tuple(one.name for one in [*way, schedule])
            yield Finding(Code.SCHEDULE_LOOP, Where(Kind.SCHEDULE, schedule.name), {"path": names})


def _fallback(schedule: Schedule, organisation: Organisation) -> Schedule | None:
    number = schedule.fallback.schedule if schedule.fallback else None
    return organisation.schedules.get(number) if number is not None else None
