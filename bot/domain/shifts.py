"""What follows from the shifts of a schedule: gaps, hand-overs, how fairly they fall, and changes between people."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final

from bot.domain.calendar import Weekday
from bot.domain.people import AccountId
from bot.domain.rotation import MIDNIGHT, Group, Layer
from bot.domain.schedule import LOOKAHEAD, Find, Override, Schedule, Shift, nowhere, roles, shifts, timeline, walk
from bot.domain.week_hours import DailyPeriod, WeeklyPeriod, table_of, time_within

NIGHT: Final = DailyPeriod(time(22), time(6))
WEEKEND: Final = WeeklyPeriod(Weekday.SAT, MIDNIGHT, Weekday.MON, MIDNIGHT)


@dataclass(frozen=True, slots=True)
class Change:
    """A hand-over of one role: at this instant others are on duty than before. Nobody: a gap begins, or ends."""

    at: datetime
    role: str
    outgoing: Group
    incoming: Group


@dataclass(frozen=True, slots=True)
class Load:
    """How long somebody is on duty in any role, and how much of that is at night and at the weekend.

    Nights are from 22:00 to 6:00 and weekends from Saturday to Sunday, in the schedule's zone; an hour may be both.
    """

    total: timedelta = timedelta(0)
    night: timedelta = timedelta(0)
    weekend: timedelta = timedelta(0)

    def __add__(self, other: "Load") -> "Load":
        return Load(self.total + other.total, self.night + other.night, self.weekend + other.weekend)


def gaps(schedule: Schedule, start: datetime, end: datetime, find: Find = nowhere) -> tuple[Shift, ...]:
    """Return when a role has nobody between two instants, not even by the fallback, by their start."""
    return tuple(shift for shift in timeline(schedule, start, end, find) if not shift.posts)


def balance(schedule: Schedule, start: datetime, end: datetime, find: Find = nowhere) -> dict[AccountId, Load]:
    """Return how the time between two instants falls on people. A rotation's member who has none of it has no load."""
    zone, night, weekend = schedule.zone, table_of([NIGHT]), table_of([WEEKEND])
    loads = {account: Load() for layer in schedule.layers for group in layer.members for account in group}
    for shift in shifts(schedule, start, end, find):
        load = Load(
            shift.end - shift.start,
            time_within(night, zone, shift.start, shift.end),
            time_within(weekend, zone, shift.start, shift.end),
        )
        for account in shift.accounts:
            loads[account] = loads.get(account, Load()) + load
    return loads


def next_handover(schedule: Schedule, at: datetime, find: Find = nowhere) -> tuple[Change, ...]:
    """Return what changes at the next instant after `at` at which anybody comes or goes; nothing within `LOOKAHEAD`."""
    if not schedule.active:
        return ()
    found = [change for role in roles(schedule) for change in _next(schedule, role, at, find)]
    first = min((change.at for change in found), default=None)
    return tuple(change for change in found if change.at == first)


def cover(shift: Shift, of: AccountId, by: AccountId, why: str = "") -> Override:
    """Return the override by which somebody takes over another's part in a shift.

    Raises ValueError when they have no part in it, or when both are the same.
    """
    if of not in shift.accounts:
        raise ValueError("of: is not on duty in that shift: name somebody who is")
    if by == of:
        raise ValueError("by: is the person to be covered: name somebody else")
    return Override(shift.start, shift.end, (by,), role=shift.role, replaces=of, why=why)


def swap(shift: Shift, of: AccountId, other: Shift, by: AccountId, why: str = "") -> tuple[Override, Override]:
    """Return the overrides by which `of` gives their part in a shift to `by`, and takes theirs in the other for it.

    Raises ValueError when one has no part in their shift, when both are the same, or when the shifts are of one role
    and overlap.
    """
    if shift.role == other.role and shift.start < other.end and other.start < shift.end:
        raise ValueError("other: overlaps the shift: take one at another time, or of another role")
    if by not in other.accounts:
        raise ValueError("by: is not on duty in the other shift: name somebody who is")
    return cover(shift, of, by, why), cover(other, by, of, why)


def without(schedule: Schedule, gone: Collection[AccountId]) -> Schedule:
    """Return the schedule as it is when some have left: their turns stay and are nobody's, so that no other moves."""
    fallback = schedule.fallback
    return replace(
        schedule,
        layers=tuple(_layer_without(layer, gone) for layer in schedule.layers),
        overrides=tuple(
            replace(
                change,
                accounts=_group_without(change.accounts, gone),
                rotation=_layer_without(change.rotation, gone) if change.rotation else None,
            )
            for change in schedule.overrides
        ),
        fallback=replace(fallback, accounts=_group_without(fallback.accounts, gone)) if fallback else None,
    )


def _next(schedule: Schedule, role: str, at: datetime, find: Find) -> Iterator[Change]:
    outgoing: Group | None = None
    for shift in walk(schedule, role, at, at + LOOKAHEAD, find):
        if outgoing is not None and set(shift.accounts) != set(outgoing):
            yield Change(shift.start, role, outgoing, shift.accounts)
            return
        outgoing = shift.accounts


def _layer_without(layer: Layer, gone: Collection[AccountId]) -> Layer:
    return replace(layer, members=tuple(_group_without(group, gone) for group in layer.members))


def _group_without(group: Group, gone: Collection[AccountId]) -> Group:
    return tuple(account for account in group if account not in gone)
