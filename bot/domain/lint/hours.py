"""What is certain about the times of rules: that they never come, that some lie within others, or leave a hole.

What is offered and what is asked is laid out on one week by the wall clock, so it is certain in one zone only; filters
of different zones are never said to cover each other, but for one without any limit, which covers everything.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.calendar import WEEK, Weekday
from bot.domain.frozen import replace
from bot.domain.time_filter import DAY, DayKinds, TimeFilter, matches, next_change
from bot.domain.week_hours import ONE_WEEK, since_midnight

YEAR: Final = 366
# Without a calendar one week is as the other.
LOOKED_AT: Final = timedelta(days=8)
LOOKED_AT_BY_CALENDAR: Final = timedelta(days=90)

_Span = tuple[timedelta, timedelta]
_Spell = tuple[datetime, datetime]


def never_comes(when: TimeFilter, now: datetime, kinds: DayKinds) -> bool:
    """Whether no day of the coming year is one of the filter's."""
    whole_days, zone = replace(when, periods=()), ZoneInfo(when.timezone)
    today = now.astimezone(zone).date()
    noons = (datetime.combine(today + days * DAY, time(12), zone) for days in range(YEAR))
    return not any(matches(whole_days, noon, kinds) for noon in noons)


def cover(wide: Sequence[TimeFilter], narrow: TimeFilter) -> bool:
    """Whether at each instant of `narrow` surely one of the others holds too; False: not surely."""
    if any(_is_always(one) or one == narrow for one in wide):
        return True
    alike = [one for one in wide if one.timezone == narrow.timezone and _is_as_wide(one, narrow)]
    return bool(alike) and all(_is_covered(day, alike, narrow) for day in narrow.weekdays or WEEK)


def first_hole(whens: Sequence[TimeFilter], now: datetime, kinds: DayKinds) -> datetime | None:
    """Return the first instant from now on at which none of them holds; None: none is found in the days looked at."""
    if any(_is_always(when) for when in whens):
        return None
    at = now.astimezone(UTC)
    end = at + (LOOKED_AT_BY_CALENDAR if any(when.calendar for when in whens) else LOOKED_AT)
    while at < end:
        holding = [when for when in whens if matches(when, at, kinds)]
        if not holding:
            return at
        changes = [next_change(when, at, kinds) for when in holding]
        known = [change for change in changes if change is not None]
        if len(known) < len(changes):
            return None
        at = max(known)
    return None


def spells(when: TimeFilter, start: datetime, end: datetime, kinds: DayKinds) -> tuple[_Spell, ...]:
    """Return from when to when it holds, of the time between two instants."""
    found: list[_Spell] = []
    at = start
    while at < end:
        change = next_change(when, at, kinds)
        until = min(change, end) if change is not None else end
        if matches(when, at, kinds):
            found.append((at, until))
        at = until
    return tuple(found)


def _is_always(when: TimeFilter) -> bool:
    return not (when.weekdays or when.periods or when.calendar)


def _is_as_wide(wide: TimeFilter, narrow: TimeFilter) -> bool:
    """Whether the calendar of the one leaves out no day that the other has."""
    return not wide.calendar or (wide.calendar, wide.days) == (narrow.calendar, narrow.days)


def _is_covered(day: Weekday, wide: Iterable[TimeFilter], narrow: TimeFilter) -> bool:
    """Whether what begins on that day of the week is covered."""
    offered = _merged(span for one in wide for span in _offered(one, day))
    return all(
        any(begin <= asked_begin and asked_end <= end for begin, end in offered)
        for asked_begin, asked_end in _spans(narrow, day)
    )


def _offered(wide: TimeFilter, day: Weekday) -> Iterator[_Span]:
    """Yield when a filter holds around a day: of one with a calendar only what begins on that day, which it has too."""
    for other in [day] if wide.calendar else list(WEEK):
        if not wide.weekdays or other in wide.weekdays:
            for begin, end in _spans(wide, other):
                yield from ((begin + shift, end + shift) for shift in ([timedelta(0)] if wide.calendar else _SHIFTS))


_SHIFTS: Final = (-ONE_WEEK, timedelta(0), ONE_WEEK)


def _spans(when: TimeFilter, day: Weekday) -> list[_Span]:
    """Return from when to when it holds that begins on the day, since Monday at midnight."""
    midnight = WEEK.index(day) * DAY
    if not when.periods:
        return [(midnight, midnight + DAY)]
    return [
        (
            midnight + since_midnight(period.begin),
            midnight + since_midnight(period.end) + (DAY if period.passes_midnight else timedelta(0)),
        )
        for period in when.periods
    ]


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
