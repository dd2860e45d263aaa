"""Rotations: a layer of a schedule, whose turn it is in it, and the pieces of time in which its people are on duty.

Turns are numbered from 0, the one in which the layer starts. Turn n begins at the n-th hand-over after that, which is
found by arithmetic and not by counting: a layer that is ten years old costs no more than a new one. All of it is
wall-clock time in the layer's zone; `wall_clock` has the rules for when the clocks change. A turn that lies wholly in a
skipped hour takes no time, and the order goes on as if it had.

A layer may be limited to hours and to weekdays. A period of hours belongs to the weekday on which it begins. Without
periods, a weekday is the calendar day, from midnight to midnight.

A continuous rotation counts active days alone: after Friday's person comes Monday's, whoever the days between would
have brought. Its days run from one hand-over time to the next, so that Friday's shift lasts until Saturday's hand-over
time, and it is not cut at midnight. Weeks and months are counted as ever.

Fair rotation: in each round everybody still has one turn. Turns fall on the same hours of the week again after some
number of them (7 for days, 14 for halves of days): the cycle. When it and the number of members have a common divisor
above 1, a plain rotation gives the same hours to the same people for ever. A fair one moves the order on by one member
whenever both rounds and cycles are complete: after `members x cycle` turns everybody has had each hour of the cycle
equally often. Who comes next depends on the layer and the number of the turn alone.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from math import gcd, lcm
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.calendar import Weekday
from bot.domain.people import AccountId
from bot.domain.wall_clock import instant, latest, local
from bot.domain.week_hours import (
    END,
    EVERY_DAY,
    MONDAY,
    ONE_DAY,
    DailyPeriod,
    Period,
    Table,
    number,
    since_midnight,
    table_of,
    windows,
)

PRIMARY: Final = "primary"
BACKUP: Final = "backup"
MIDNIGHT: Final = time(0)
HOUR: Final = timedelta(hours=1)

Group = tuple[AccountId, ...]
"""Accounts that are on duty together."""


class Unit(StrEnum):
    """What the turns of a rotation are counted in."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


MOST: Final = {Unit.HOUR: 720, Unit.DAY: 30, Unit.WEEK: 30, Unit.MONTH: 30}
"""The longest turn in each unit; a turn of a custom length is one of so many hours."""


@dataclass(frozen=True, slots=True)
class Handover:
    """When turns change: at which time of the day; for weeks on which weekday; for months on which day of the month.

    In a month that is shorter it is the last day. Turns of hours are counted from that time.
    """

    time: time = MIDNIGHT
    weekday: Weekday = Weekday.MON
    day: int = 1


@dataclass(frozen=True, slots=True)
class Layer:
    """A rotation and when it is on duty. Local times are without a zone; `timezone` None: the schedule's.

    `start`, `end`: local times; `end` None: for good. The first turn is the one in which `start` lies: it is whole only
    when that is a hand-over. `hours` none: all day. `length`: so many hours from each hand-over are on duty; None:
    until the next. A group that is empty takes its turn and hides nobody below it.
    """

    name: str
    members: tuple[Group, ...]
    start: datetime
    unit: Unit = Unit.WEEK
    every: int = 1
    handover: Handover = Handover()
    timezone: str | None = None
    role: str = PRIMARY
    end: datetime | None = None
    hours: tuple[Period, ...] = ()
    weekdays: frozenset[Weekday] = EVERY_DAY
    continuous: bool = False
    fair: bool = False
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Some time in which somebody is on duty without a break, as one source alone would have it."""

    start: datetime
    end: datetime
    accounts: Group
    turn: int = 0


def member(layer: Layer, turn: int) -> Group:
    """Return who has the turn of that number, counted from 0."""
    size = len(layer.members)
    if not size:
        return ()
    cycle = _cycle(layer)
    moved = turn // lcm(size, cycle) if layer.fair and gcd(size, cycle) > 1 else 0
    return layer.members[(turn + moved) % size]


def pieces(layer: Layer, timezone: str, start: datetime, end: datetime) -> Iterator[Piece]:
    """Yield when somebody of a layer is on duty between two instants, in order; the first may have begun before.

    `timezone`: the schedule's. What each piece begins and ends with is not cut at `start` and `end`.
    """
    if not any(layer.members) or not layer.weekdays:
        return
    plan = _plan(layer, layer.timezone or timezone)
    start = max(start, plan.start)
    end = min(end, plan.end)
    if start >= end:
        return
    open_hours = windows(plan.table, plan.zone, start)
    turn = max(plan.turn_at(start), 0)
    opens, closes = next(open_hours, (END, END))
    begins, follows = plan.begins(turn), plan.begins(turn + 1)
    while max(begins, opens) < end:
        first, last = max(begins, opens), min(plan.ends(turn, follows), closes, plan.end)
        group = member(layer, turn)
        if group and first < last and last > start:
            yield Piece(first, last, group, turn)
        if follows <= closes:
            turn, begins, follows = turn + 1, follows, plan.begins(turn + 2)
        else:
            opens, closes = next(open_hours)


def _cycle(layer: Layer) -> int:
    """Return after how many turns they fall on the same hours of the week again; 1: weeks do, and months never do."""
    days = len(layer.weekdays) if layer.continuous else 7
    if layer.unit is Unit.DAY:
        return days // gcd(days, layer.every)
    return 24 * days // gcd(24 * days, layer.every) if layer.unit is Unit.HOUR else 1


@dataclass(frozen=True, slots=True)
class _Plan:
    """A layer made ready for arithmetic.

    `active`: the numbers of the weekdays that turns are counted in. `origin`: where the turns are counted from: a
    number of months, or of active days. `skipped`: how many hours of its day had gone when the first turn of hours
    began. `into_day`: when in a day hand-overs are.
    """

    layer: Layer
    zone: ZoneInfo
    start: datetime
    end: datetime
    table: Table | None
    active: tuple[int, ...]
    origin: int
    skipped: int
    into_day: timedelta

    def written(self, turn: int) -> datetime:
        """Return the local time of the hand-over with which a turn begins."""
        layer = self.layer
        if layer.unit is Unit.MONTH:
            return _monthly(self.origin + turn * layer.every, layer.handover.day) + self.into_day
        if layer.unit is Unit.HOUR:
            days, hours = divmod(self.skipped + turn * layer.every, 24)
            return _day(self.origin + days, self.active) + self.into_day + hours * HOUR
        days = turn * layer.every * (7 if layer.unit is Unit.WEEK else 1)
        return _day(self.origin + days, self.active) + self.into_day

    def begins(self, turn: int) -> datetime:
        """Return when a turn begins; the first begins with the layer."""
        return instant(self.written(turn), self.zone) if turn else self.start

    def ends(self, turn: int, follows: datetime) -> datetime:
        """Return when the duty of a turn is over. `follows`: when the next turn begins."""
        if self.layer.length is None:
            return follows
        return min(follows, instant(self.written(turn) + self.layer.length * HOUR, self.zone))

    def turn_at(self, at: datetime) -> int:
        """Return the number of the turn at an instant."""
        return latest(at, self.zone, self.written, self._guess(local(at, self.zone)))

    def _guess(self, wall: datetime) -> int:
        layer = self.layer
        counted = wall - self.into_day
        if layer.unit is Unit.MONTH:
            return (counted.year * 12 + counted.month - 1 - self.origin) // layer.every
        rank = _rank(counted, self.active)
        if layer.unit is Unit.HOUR:
            day_begins = _day(rank, self.active)
            hours = min(counted - day_begins, ONE_DAY - HOUR) // HOUR
            return ((rank - self.origin) * 24 + hours - self.skipped) // layer.every
        return (rank - self.origin) // (layer.every * (7 if layer.unit is Unit.WEEK else 1))


@lru_cache(maxsize=4096)
def _plan(layer: Layer, timezone: str) -> _Plan:
    zone = ZoneInfo(timezone)
    handover = layer.handover
    into_day = since_midnight(handover.time)
    counted = layer.start - into_day
    is_continuous = layer.continuous and layer.unit in (Unit.HOUR, Unit.DAY)
    active = tuple(sorted(number(day) for day in (layer.weekdays if is_continuous else EVERY_DAY)))
    skipped = 0
    if layer.unit is Unit.MONTH:
        months = layer.start.year * 12 + layer.start.month - 1
        has_come = _monthly(months, handover.day) + into_day <= layer.start
        origin = months if has_come else months - 1
    elif layer.unit is Unit.WEEK:
        origin = _rank(counted, active)
        origin -= (origin - number(handover.weekday)) % 7
    else:
        origin = _rank(counted, active)
        if _day(origin, active).date() != counted.date():
            origin += 1
        elif layer.unit is Unit.HOUR:
            skipped = (counted - _day(origin, active)) // (layer.every * HOUR) * layer.every
    end = instant(layer.end, zone) if layer.end is not None else END
    return _Plan(layer, zone, instant(layer.start, zone), end, _table(layer), active, origin, skipped, into_day)


def _table(layer: Layer) -> Table | None:
    """Return the hours of the week in which a layer is on duty; None: all."""
    if layer.hours:
        return table_of(layer.hours, layer.weekdays)
    begin = layer.handover.time if layer.continuous else MIDNIGHT
    return table_of([DailyPeriod(begin, begin)], layer.weekdays)


def _rank(wall: datetime, active: tuple[int, ...]) -> int:
    """Return the number of the last active day that has begun, counted from a Monday."""
    weeks, weekday = divmod((wall - MONDAY).days, 7)
    return weeks * len(active) + sum(day <= weekday for day in active) - 1


def _day(rank: int, active: tuple[int, ...]) -> datetime:
    """Return the midnight with which the active day of that number begins."""
    weeks, place = divmod(rank, len(active))
    return MONDAY + timedelta(days=7 * weeks + active[place])


def _monthly(months: int, day: int) -> datetime:
    """Return the midnight of that day in a month, counted from the year 0; the last day of a shorter month."""
    year, month = divmod(months, 12)
    return datetime(year, month + 1, min(day, monthrange(year, month + 1)[1]))  # noqa: DTZ001 - a local time
