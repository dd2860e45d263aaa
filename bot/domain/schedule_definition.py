"""Schedules and calendars as admins configured them: people by their e-mail addresses, all else by name.

`ScheduleMaker` makes of them what decisions are made from. Who is gone leaves their turns empty, so that nobody else's
turn moves.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import WEEK, WORKDAYS, Calendar, DayKind, Region, Weekday
from bot.domain.people import AccountId
from bot.domain.rotation import MIDNIGHT, PRIMARY, Group, Handover, Layer, Unit
from bot.domain.schedule import NOTICE, Fallback, Override, Schedule, ScheduleId
from bot.domain.wall_clock import local
from bot.domain.week_hours import Period


@dataclass(frozen=True, slots=True)
class HandoverDefinition:
    """When turns change, as in `Handover`; `at`: the time of the day."""

    at: time = MIDNIGHT
    weekday: Weekday = Weekday.MON
    day: int = 1


@dataclass(frozen=True, slots=True)
class RotationDefinition:
    """Whose turn it is, and in which hours. `members`: turn by turn, those who have it together.

    `weekdays`: in the order of the week. Of the hand-over only what the unit knows is said, else it is the default. All
    else is as in `Layer`.
    """

    members: tuple[tuple[str, ...], ...]
    unit: Unit = Unit.WEEK
    every: int = 1
    handover: HandoverDefinition = field(default_factory=HandoverDefinition)
    timezone: str | None = None
    hours: tuple[Period, ...] = ()
    weekdays: tuple[Weekday, ...] = WEEK
    continuous: bool = False
    fair: bool = False
    length: int | None = None


@dataclass(frozen=True, slots=True)
class LayerDefinition:
    """A rotation of a schedule. `start`, `end`: local times in its zone, without a zone."""

    name: str
    rotation: RotationDefinition
    start: datetime
    end: datetime | None = None
    role: str = PRIMARY


@dataclass(frozen=True, slots=True)
class OverrideDefinition:
    """A temporary change between two instants: members who are on duty together, or a rotation of their own."""

    start: datetime
    end: datetime
    members: tuple[str, ...] = ()
    rotation: RotationDefinition | None = None
    role: str = PRIMARY
    replaces: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class FallbackDefinition:
    """Who is on duty where nobody else is: whoever another schedule says and, if that is nobody, these accounts."""

    accounts: tuple[str, ...] = ()
    schedule: str | None = None


@dataclass(frozen=True, slots=True)
class ScheduleDefinition:
    """A schedule: its layers, the later on top of the earlier, and the changes on top of all. Else as `Schedule`."""

    name: str
    timezone: str = "UTC"
    layers: tuple[LayerDefinition, ...] = ()
    overrides: tuple[OverrideDefinition, ...] = ()
    fallback: FallbackDefinition | None = None
    notice: timedelta = NOTICE


@dataclass(frozen=True, slots=True)
class CalendarDefinition:
    """A calendar: whose holidays count (an empty country: nobody's), which weekdays are worked, and exceptions."""

    name: str
    country: str = ""
    subdivision: str = ""
    workdays: tuple[Weekday, ...] = WORKDAYS
    exceptions: Mapping[date, DayKind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScheduleMaker:
    """Makes schedules. `account`, `schedule`: find the active ones by their names; None: there is none."""

    account: Callable[[str], AccountId | None]
    schedule: Callable[[str], ScheduleId | None]

    def make(self, number: ScheduleId, body: ScheduleDefinition, *, active: bool) -> Schedule:
        """Return the schedule under that number."""
        return Schedule(
            id=number,
            name=body.name,
            timezone=body.timezone,
            layers=tuple(self._layer(one.rotation, one.name, one.start, one.end, one.role) for one in body.layers),
            overrides=tuple(
                change for one in body.overrides if (change := self._override(one, body.timezone)) is not None
            ),
            fallback=self._fallback(body.fallback) if body.fallback else None,
            active=active,
            notice=body.notice,
        )

    def _layer(self, body: RotationDefinition, name: str, start: datetime, end: datetime | None, role: str) -> Layer:
        return Layer(
            name=name,
            members=tuple(self._group(turn) for turn in body.members),
            start=start,
            unit=body.unit,
            every=body.every,
            handover=Handover(body.handover.at, body.handover.weekday, body.handover.day),
            timezone=body.timezone,
            role=role,
            end=end,
            hours=body.hours,
            weekdays=frozenset(body.weekdays),
            continuous=body.continuous,
            fair=body.fair,
            length=body.length,
        )

    def _override(self, body: OverrideDefinition, timezone: str) -> Override | None:
        """Return the change; None: it stands in for somebody who is gone."""
        replaced = self.account(body.replaces) if body.replaces else None
        if body.replaces and replaced is None:
            return None
        rotation = None
        if body.rotation is not None:
            start = local(body.start, ZoneInfo(body.rotation.timezone or timezone))
            rotation = self._layer(body.rotation, body.why, start, None, body.role)
        return Override(
            start=body.start,
            end=body.end,
            accounts=self._group(body.members),
            rotation=rotation,
            role=body.role,
            replaces=replaced,
            why=body.why,
        )

    def _fallback(self, body: FallbackDefinition) -> Fallback:
        other = self.schedule(body.schedule) if body.schedule else None
        return Fallback(self._group(body.accounts), other)

    def _group(self, emails: Iterable[str]) -> Group:
        found = (self.account(email) for email in emails)
        return tuple(number for number in found if number is not None)


def make_calendar(body: CalendarDefinition) -> Calendar:
    """Return the calendar."""
    region = Region(body.country, body.subdivision) if body.country else None
    return Calendar(body.name, region, body.workdays, body.exceptions)
