"""Hours of the week: periods of days and weeks, in wall-clock time, and when they are.

All of them come again each week, so any number of them is one table of the week, in which they neither overlap nor
touch. When they begin and end is written time: see `wall_clock` for what that means when the clocks change.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.calendar import WEEK, Weekday
from bot.domain.wall_clock import instant, latest, local

MONDAY: Final = datetime(2001, 1, 1)  # noqa: DTZ001 - a local time: weeks are counted from it
ONE_DAY: Final = timedelta(days=1)
ONE_WEEK: Final = timedelta(weeks=1)
BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
END: Final = datetime.max.replace(tzinfo=UTC)
EVERY_DAY: Final = frozenset(WEEK)

Span = tuple[timedelta, timedelta]
"""From when to when, since Monday at midnight by the wall clock; a span that runs past Sunday ends after a week."""

Table = tuple[Span, ...]
"""The spans of a week in their order; none of them overlap or touch."""


@dataclass(frozen=True, slots=True)
class DailyPeriod:
    """From one time of the day to another; to an earlier one: past midnight; to the same: a whole day."""

    begin: time
    end: time


@dataclass(frozen=True, slots=True)
class WeeklyPeriod:
    """From a time of one weekday to a time of another.

    To an earlier one: past the end of the week; to the same: all of the week.
    """

    first: Weekday
    begin: time
    last: Weekday
    end: time


Period = DailyPeriod | WeeklyPeriod


def number(day: Weekday) -> int:
    """Return a weekday's number, from 0 for Monday."""
    return WEEK.index(day)


def since_midnight(clock: time) -> timedelta:
    """Return how far a time is into its day, by the wall clock."""
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)


def table_of(periods: Iterable[Period], weekdays: frozenset[Weekday] = EVERY_DAY) -> Table | None:
    """Return the periods that begin on one of the weekdays as one table; None: they cover all of the week."""
    cut: list[Span] = []
    for begin, length in _spans(periods, weekdays):
        cut.append((begin, min(begin + length, ONE_WEEK)))
        if begin + length > ONE_WEEK:
            cut.append((timedelta(0), begin + length - ONE_WEEK))
    merged: list[Span] = []
    for begin, end in sorted(cut):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    if merged == [(timedelta(0), ONE_WEEK)]:
        return None
    if len(merged) > 1 and merged[0][0] == timedelta(0) and merged[-1][1] == ONE_WEEK:
        # Sunday's last goes on as Monday's first.
        merged = [*merged[1:-1], (merged[-1][0], ONE_WEEK + merged[0][1])]
    return tuple(merged)


def windows(table: Table | None, zone: ZoneInfo, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield from when to when the hours of a table are, in order and without end, from the last that had begun."""
    if table is None:
        yield BEGINNING, END
    if not table:
        return

    def written(window: int) -> datetime:
        weeks, place = divmod(window, len(table))
        return MONDAY + weeks * ONE_WEEK + table[place][0]

    weeks, rest = divmod(local(at, zone) - MONDAY, ONE_WEEK)
    guess = weeks * len(table) + bisect_right([begin for begin, _ in table], rest) - 1
    window = latest(at, zone, written, guess)
    while True:
        begin, end = table[window % len(table)]
        begins = written(window)
        yield instant(begins, zone), instant(begins + (end - begin), zone)
        window += 1


def time_within(table: Table | None, zone: ZoneInfo, start: datetime, end: datetime) -> timedelta:
    """Return how much of the time between two instants lies in the hours of a table."""
    total = timedelta(0)
    for begins, ends in windows(table, zone, start):
        if begins >= end:
            break
        total += max(min(ends, end) - max(begins, start), timedelta(0))
    return total


def _spans(periods: Iterable[Period], weekdays: frozenset[Weekday]) -> Iterator[tuple[timedelta, timedelta]]:
    """Yield when each period begins in the week, and how long it is by the wall clock."""
    for period in periods:
        begin, end = since_midnight(period.begin), since_midnight(period.end)
        if isinstance(period, DailyPeriod):
            length = (end - begin) % ONE_DAY or ONE_DAY
            yield from ((number(day) * ONE_DAY + begin, length) for day in weekdays)
        elif period.first in weekdays:
            begin += number(period.first) * ONE_DAY
            yield begin, (number(period.last) * ONE_DAY + end - begin) % ONE_WEEK or ONE_WEEK
