"""Feeds: the shifts of one schedule, or those of one person, as calendar programs are to show them.

What a feed holds changes with what is configured and at the beginning of a month, and not between: it reaches from the
first day of a month at least 30 days back to the first day of one at least 365 days ahead. Shifts are whole, also those
that began before it, so that they keep their names in it; only the last are cut where it ends.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.people import AccountId
from bot.domain.schedule import Find, Schedule, ScheduleId, Shift, timeline, walk

BACK: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=365)
MOST_DUTIES: Final = 10_000
"""So many are shown at most: the first."""
_LOOKED_BACK: Final = (timedelta(days=8), timedelta(days=64), timedelta(days=512))


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed stands for: a schedule, a person's shifts in it or, without a schedule, in all of them."""

    schedule: ScheduleId | None = None
    account: AccountId | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """One person's part in a shift; without an account, a gap."""

    schedule: ScheduleId
    name: str
    role: str
    start: datetime
    end: datetime
    account: AccountId | None


def span(now: datetime) -> tuple[datetime, datetime]:
    """Return from when to when a feed reaches: from the beginning of a month to that of another, in UTC."""
    first = _month(now - BACK)
    last = _month(now + AHEAD)
    return first, _month(last + timedelta(days=31))


def duties(feed: Feed, schedules: Mapping[ScheduleId, Schedule], now: datetime) -> tuple[Duty, ...]:
    """Return what a feed shows, by its start: everybody's part in each shift. A gap is in no feed of a person."""
    found = [
        duty
        for schedule in _shown(feed, schedules)
        for duty in _duties(schedule, span(now), schedules.get)
        if feed.account in (None, duty.account)
    ]
    return tuple(sorted(found, key=lambda one: one.start)[:MOST_DUTIES])


def _month(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _shown(feed: Feed, schedules: Mapping[ScheduleId, Schedule]) -> list[Schedule]:
    shown = [one for one in schedules.values() if feed.schedule in (None, one.id)]
    return sorted(shown, key=lambda one: one.id)


def _duties(schedule: Schedule, within: tuple[datetime, datetime], find: Find) -> Iterator[Duty]:
    start, end = within
    for shift in timeline(schedule, start, end, find):
        whole = replace(shift, start=_began(schedule, shift, find)) if shift.start == start else shift
        for account in dict.fromkeys(shift.accounts) or [None]:
            yield Duty(schedule.id, schedule.name, shift.role, whole.start, whole.end, account)


def _began(schedule: Schedule, shift: Shift, find: Find) -> datetime:
    """Return when a shift began that is cut at its start; where that is too long ago, it stays cut."""
    for back in _LOOKED_BACK:
        earlier = shift.start - back
        *_, same = walk(schedule, shift.role, earlier, shift.start + timedelta.resolution, find)
        if same.start > earlier:
            return same.start
    return shift.start
