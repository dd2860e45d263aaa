"""Time filters: when a rule holds, by the clock on the wall of one time zone.

Days of the week, periods of the day, and what a calendar says of the day. A period that passes midnight belongs to the
day on which it begins: `fri 22:00-06:00` ends on Saturday morning.

The clock on the wall decides, also when it is changed. Where it skips an hour, a period that would begin within it
begins at the first instant after; one that lies within it is left out. Where it repeats an hour, both times belong.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.calendar import DayKind, Weekday, weekday

DAY: Final = timedelta(days=1)
FARTHEST: Final = 400 * DAY
"""How far `next_change` looks: more than a year of holidays."""

DayKinds = Callable[[str, date], DayKind]
"""What the calendar of that name says of a day."""


@dataclass(frozen=True, slots=True)
class Period:
    """From one time of the day up to, not including, another; one that is not later is of the next day."""

    begin: time
    end: time

    @property
    def passes_midnight(self) -> bool:
        """Whether it ends on the next day; a period up to 00:00 ends there."""
        return self.end <= self.begin

    def has_begun(self, wall: time) -> bool:
        """Whether it is on at this time of the day on which it begins."""
        return self.begin <= wall and (self.passes_midnight or wall < self.end)

    def goes_on(self, wall: time) -> bool:
        """Whether it is still on at this time of the day after the one on which it began."""
        return self.passes_midnight and wall < self.end


@dataclass(frozen=True, slots=True)
class TimeFilter:
    """When something holds. What is empty does not restrict: no weekdays are all days, no periods the whole day.

    `calendar`: the name of the calendar whose days of the kind `days` count.
    """

    timezone: str = "UTC"
    weekdays: tuple[Weekday, ...] = ()
    periods: tuple[Period, ...] = ()
    calendar: str = ""
    days: DayKind = DayKind.WORK


ALWAYS: Final = TimeFilter()


def matches(when: TimeFilter, at: datetime, kinds: DayKinds) -> bool:
    """Whether the instant is within the when."""
    local = at.astimezone(ZoneInfo(when.timezone))
    wall, today = local.time(), local.date()
    if not when.periods:
        return _counts(when, today, kinds)
    if any(period.has_begun(wall) for period in when.periods) and _counts(when, today, kinds):
        return True
    return any(period.goes_on(wall) for period in when.periods) and _counts(when, today - DAY, kinds)


def next_change(when: TimeFilter, at: datetime, kinds: DayKinds) -> datetime | None:
    """Return the first instant after `at`, in UTC, at which `matches` changes; None: it does not within `FARTHEST`."""
    if not (when.weekdays or when.periods or when.calendar):
        return None
    now = matches(when, at, kinds)
    instants = (instant for instant in _instants(when, at) if instant > at)
    return next((instant for instant in instants if matches(when, instant, kinds) is not now), None)


def _counts(when: TimeFilter, day: date, kinds: DayKinds) -> bool:
    if when.weekdays and weekday(day) not in when.weekdays:
        return False
    return not when.calendar or kinds(when.calendar, day) is when.days


def _instants(when: TimeFilter, at: datetime) -> Iterator[datetime]:
    """Yield, in order, every instant from `at` on at which `matches` could change, and some others."""
    zone = ZoneInfo(when.timezone)
    walls = {time()} | {wall for period in when.periods for wall in (period.begin, period.end)}
    start = at.astimezone(UTC).replace(microsecond=0)
    for days in range(FARTHEST // DAY):
        begin, end = start + days * DAY, start + (days + 1) * DAY
        today = begin.astimezone(zone).date()
        # These 24 hours lie on two or three days of the zone; a skipped midnight is read into the day before.
        on_the_wall = (datetime.combine(today + near * DAY, wall, zone) for near in range(-1, 3) for wall in walls)
        both = {one.replace(fold=fold).astimezone(UTC) for one in on_the_wall for fold in (0, 1)}
        yield from sorted({instant for instant in both if begin <= instant < end}.union(_transitions(zone, begin)))


def _transitions(zone: ZoneInfo, begin: datetime) -> Iterator[datetime]:
    """Yield the instants, in the 24 hours from `begin` on, at which the zone's clocks are changed."""
    halves = (begin, begin + DAY / 2, begin + DAY)
    for before, after in pairwise(halves):
        if before.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            yield _changed(zone, before, after)


def _changed(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first second after `before` that has the offset of `after`."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        before, after = (before, middle) if middle.astimezone(zone).utcoffset() == offset else (middle, after)
    return after
