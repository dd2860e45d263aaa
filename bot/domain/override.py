"""Temporary changes that people make at any time, on top of a schedule's layers and of what the file changes.

1. A change holds from when it is made: what has been on duty before stays as it was. The same when it is removed.
2. It lies on top of those that were made before it.
3. It lasts a year at most, and begins within one.
4. Whoever is stood in for is on duty in that time, or the change would change nothing and nobody would notice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from bot.domain.incident import Deed
from bot.domain.people import AccountId
from bot.domain.schedule import Find, Origin, Override, Schedule, ScheduleId, Shift, nowhere, roles, walk

OverrideId = NewType("OverrideId", int)
TradeId = NewType("TradeId", int)

LONGEST: Final = timedelta(days=366)
FURTHEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class MadeOverride:
    """A change as somebody made it. `trade`: the swap or cover that it came from. `removed`: who took it away, if ever.

    What it changes begins no sooner than it was made.
    """

    id: OverrideId
    schedule: ScheduleId
    change: Override
    made: Deed
    trade: TradeId | None = None
    removed: Deed | None = None

    @property
    def held(self) -> Override | None:
        """Return the change as long as it held, or holds; None: it was removed before it began."""
        if self.removed is None or self.removed.at >= self.change.end:
            return self.change
        return replace(self.change, end=self.removed.at) if self.removed.at > self.change.start else None


class Fault(StrEnum):
    """Why a change cannot be made."""

    BACKWARDS = "backwards"
    TOO_LONG = "too_long"
    OVER = "over"
    TOO_FAR = "too_far"
    NO_ROLE = "no_role"
    THEMSELVES = "themselves"
    NOT_ON_DUTY = "not_on_duty"


def fault_of(change: Override, schedule: Schedule, now: datetime, find: Find = nowhere) -> Fault | None:
    """Return why a change cannot be made now; None: it can."""
    if change.end <= change.start:
        return Fault.BACKWARDS
    if change.end <= now:
        return Fault.OVER
    if change.end - change.start > LONGEST:
        return Fault.TOO_LONG
    if change.start > now + FURTHEST:
        return Fault.TOO_FAR
    if change.role not in roles(schedule):
        return Fault.NO_ROLE
    if change.replaces is None:
        return None
    if change.replaces in change.accounts:
        return Fault.THEMSELVES
    held = (holds(shift, change.replaces) for shift in before(change, schedule, now, find))
    return None if any(held) else Fault.NOT_ON_DUTY


def before(change: Override, schedule: Schedule, now: datetime, find: Find = nowhere) -> tuple[Shift, ...]:
    """Return who is on duty, as things stand, in the time and the role that a change is for; gaps are of nobody."""
    return tuple(walk(schedule, change.role, max(change.start, now), change.end, find))


def holds(shift: Shift, account: AccountId) -> bool:
    """Whether somebody has a part in a shift that others can take over: one by a fallback is not theirs to give."""
    return any(one.account == account and one.source.origin is not Origin.FALLBACK for one in shift.posts)


def role_of(
    account: AccountId, span: tuple[datetime, datetime], schedule: Schedule, find: Find = nowhere
) -> str | None:
    """Return the first role in which somebody is on duty between two instants; None: in none."""
    found = (
        role for role in roles(schedule) if any(holds(shift, account) for shift in walk(schedule, role, *span, find))
    )
    return next(found, None)


def overlapping(change: Override, made: Iterable[MadeOverride]) -> tuple[MadeOverride, ...]:
    """Return those of these changes that are for some of the same time in the same role."""
    return tuple(
        one
        for one in made
        if one.change.role == change.role and one.change.start < change.end and change.start < one.change.end
    )


def from_now(change: Override, now: datetime) -> Override:
    """Return the change as it holds when it is made now."""
    return replace(change, start=max(change.start, now))
