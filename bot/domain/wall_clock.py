"""Wall-clock time: which instant a written local time is, across every change of a zone's clocks.

Whatever people write in a schedule is wall-clock time in an IANA zone. These are the rules:

- A time that does not exist, because the clocks jump over it, is the first instant after the jump.
- A time that comes twice, because the clocks are set back, is its first occurrence.
- What lasts from one written time to another lasts until that time comes: a day is a wall-clock day of 23, 24 or 25
  hours, an hour that is skipped lasts no time at all, and an hour that is repeated lasts two.

So a later written time is never an earlier instant, and neighbours neither overlap nor leave anything out.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_SECOND: Final = timedelta(seconds=1)


@lru_cache(maxsize=16384)
def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a local time (without a zone) by the rules above."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first <= second:
        return first
    # The clocks jump over it, between the two readings: look for the second at which they do.
    before, after = second.replace(microsecond=0), first
    while after - before > _SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if local(middle, zone) > wall:
            after = middle
        else:
            before = middle
    return after


def local(at: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clocks of the zone show at an instant, without the zone."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def latest(at: datetime, zone: ZoneInfo, written: Callable[[int], datetime], guess: int) -> int:
    """Return the number of the last of a series of local times that has come at an instant.

    `written` gives each by its number, in order. `guess`: what the clock's reading alone says. It is wrong only by what
    lies within a change of the clocks.
    """
    number = guess
    while instant(written(number + 1), zone) <= at:
        number += 1
    while instant(written(number), zone) > at:
        number -= 1
    return number
