"""The calendars and the schedules of the file as models.

A local time without an offset is in the schedule's zone or, of a layer with a zone of its own, in that. A date alone is
at the hand-over time of that day. A hand-over that is not written is as the layer starts.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainValidator, ValidationInfo, field_validator, model_validator

from bot.config import holidays, turns, values
from bot.config.fault import SAID, one_of, refusal
from bot.config.part import Flag, Member, Part, known_account, known_schedule
from bot.config.turns import HandoverWords, When
from bot.config.values import Name, Timezone
from bot.domain.calendar import WEEK, WORKDAYS, DayKind, Region, Weekday
from bot.domain.people import TargetKind
from bot.domain.rotation import PRIMARY, Unit
from bot.domain.schedule import NOTICE
from bot.domain.schedule_definition import (
    CalendarDefinition,
    FallbackDefinition,
    LayerDefinition,
    OverrideDefinition,
    RotationDefinition,
    ScheduleDefinition,
)
from bot.domain.week_hours import Period

MOST_TURNS: Final = 200
LONGEST_NOTICE: Final = timedelta(days=2)


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _each_once(members: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(members))


def _country(text: str) -> str:
    code = text.upper()
    if not holidays.is_known(Region(code)):
        raise refusal(f"{SAID} is no country", "write its ISO 3166 code of two letters, such as `CN` or `DE`")
    return code


def _some_hours(value: object) -> object:
    if value == []:
        raise refusal("there are no hours here", "write some, such as `22:00-06:00`, or remove the line")
    return _listed(value)


def _fallback(value: object, info: ValidationInfo) -> FallbackDefinition:
    accounts: list[str] = []
    schedules: list[str] = []
    for one in value if isinstance(value, list) else [value]:
        kind, colon, name = values.plain_text(one).partition(":")
        if kind == TargetKind.ACCOUNT and colon:
            accounts.append(known_account(values.email(name), info))
        elif kind == TargetKind.SCHEDULE and colon:
            schedules.append(known_schedule(name, info))
        else:
            raise refusal(
                "this is no fallback", "write `account:dee@example.com` or `schedule:other`, or a list of them"
            )
    if len(schedules) > 1 or not (schedules or accounts):
        raise refusal(f"this names {len(schedules)} schedules", "name one at most, or accounts, or both")
    return FallbackDefinition(tuple(dict.fromkeys(accounts)), schedules[0] if schedules else None)


Turn = Annotated[tuple[Member, ...], BeforeValidator(_listed), Field(max_length=50)]
Turns = Annotated[tuple[Turn, ...], BeforeValidator(_listed), Field(max_length=MOST_TURNS)]
Every = Annotated[tuple[Unit, int], PlainValidator(values.of(turns.read_every))]
HandoverTime = Annotated[HandoverWords, PlainValidator(values.of(turns.read_handover))]
Length = Annotated[int, PlainValidator(values.of(turns.read_length))]
Hours = Annotated[
    tuple[Annotated[Period, PlainValidator(values.of(turns.read_hours))], ...],
    BeforeValidator(_some_hours),
    Field(max_length=50),
]
Weekdays = Annotated[tuple[Weekday, ...], PlainValidator(turns.read_weekdays)]
RoleName = Annotated[str, PlainValidator(values.of(turns.schedule_name))]
Local = Annotated[When, PlainValidator(values.of(turns.read_when))]
At = Annotated[When, PlainValidator(values.of(turns.read_instant))]
Day = Annotated[date, PlainValidator(values.of(turns.read_day))]
KindOfDay = Annotated[DayKind, PlainValidator(turns.read_kind)]
Fallback = Annotated[FallbackDefinition, PlainValidator(_fallback)]
Notice = Annotated[timedelta, PlainValidator(values.of(values.Between(timedelta(0), LONGEST_NOTICE).read))]


class CalendarPart(Part):
    """A calendar."""

    name: Name
    country: Annotated[str, PlainValidator(values.of(_country))] = ""
    subdivision: Annotated[str, PlainValidator(values.of(values.text))] = ""
    workdays: Weekdays = WORKDAYS
    exceptions: Annotated[Mapping[Day, KindOfDay], Field(max_length=2000)] = {}

    @field_validator("subdivision")
    @classmethod
    def _known_part(cls, subdivision: str, info: ValidationInfo) -> str:
        country = info.data.get("country")
        if country is None:
            # The country is the fault.
            return subdivision
        if not country:
            raise refusal(f"{SAID} is a part of no country", "name the `country` too")
        if not holidays.is_known(Region(country, subdivision)):
            parts = holidays.countries()[country]
            mend = f"write {one_of(parts)}" if parts else "remove the line: this country has no parts here"
            raise refusal(f"{SAID} is no part of {country}", mend)
        return subdivision

    @property
    def definition(self) -> CalendarDefinition:
        """Return what it means."""
        return CalendarDefinition(self.name, self.country, self.subdivision, self.workdays, self.exceptions)


class RotationPart(Part):
    """How long a turn is and when it is handed over; `length`: so long from each hand-over somebody is on duty."""

    every: Every
    handover: HandoverTime | None = None
    length: Length | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        unit, _ = self.every
        said = self.handover
        if said is not None and said.weekday is not None and unit is not Unit.WEEK:
            raise refusal("a hand-over on a weekday belongs to turns of weeks", "write `09:00`, or `every: 1w`")
        if said is not None and said.day is not None and unit is not Unit.MONTH:
            raise refusal("a hand-over on a day of the month belongs to turns of months", "write `every: 1mo`")
        return self


class TurnsPart(Part):
    """What a layer and a rotating override have in common: who takes turns, and in which hours."""

    members: Turns
    timezone: Timezone | None = None
    hours: Hours = ()
    weekdays: Weekdays = WEEK
    role: RoleName = PRIMARY
    continuous: Flag = False
    fair: Flag = False

    def zone(self, timezone: str) -> ZoneInfo:
        """Return the zone that its local times are in, within a schedule of this one."""
        return ZoneInfo(self.timezone or timezone)

    def turns(self, rotation: RotationPart, start: datetime) -> RotationDefinition:
        """Return the rotation, which starts at this local time."""
        unit, every = rotation.every
        return RotationDefinition(
            members=tuple(_each_once(turn) for turn in self.members),
            unit=unit,
            every=every,
            handover=turns.handover(unit, rotation.handover, start),
            timezone=self.timezone,
            hours=self.hours,
            weekdays=self.weekdays,
            continuous=self.continuous,
            fair=self.fair,
            length=rotation.length,
        )


class LayerPart(TurnsPart):
    """A layer of a schedule."""

    name: Name
    rotation: RotationPart
    start: Local
    end: Local | None = None

    def definition(self, timezone: str) -> LayerDefinition:
        """Return what it means in a schedule of this zone."""
        zone = self.zone(timezone)
        at = self.rotation.handover.at if self.rotation.handover else time()
        start = self.start.wall(zone, at)
        end = self.end.wall(zone, at) if self.end else None
        return LayerDefinition(self.name, self.turns(self.rotation, start), start, end, self.role)


class OverridePart(TurnsPart):
    """A temporary change. Without a rotation all its members are on duty together, for all of the time."""

    start: At
    end: At
    rotation: RotationPart | None = None
    replaces: Member | None = None
    why: Annotated[str, PlainValidator(values.of(values.name))] = ""

    @model_validator(mode="after")
    def _rotates_or_not(self) -> Self:
        if self.rotation is None:
            useless = {"timezone", "hours", "weekdays", "continuous", "fair"} & self.model_fields_set
            if useless:
                what = f"{one_of(sorted(useless))} belongs to a rotation, and this change has none"
                raise refusal(what, "give it a `rotation`, or remove the line")
            if any(len(turn) != 1 for turn in self.members):
                raise refusal("members in brackets take turns, and this change has no `rotation`", "list them singly")
        return self

    def definition(self, timezone: str) -> OverrideDefinition:
        """Return what it means in a schedule of this zone."""
        start, end = self.start.at(ZoneInfo(timezone)), self.end.at(ZoneInfo(timezone))
        rotation = self.turns(self.rotation, When(start).wall(self.zone(timezone))) if self.rotation else None
        together = () if rotation else _each_once(tuple(one for turn in self.members for one in turn))
        return OverrideDefinition(start, end, together, rotation, self.role, self.replaces, self.why)


class SchedulePart(Part):
    """A schedule."""

    name: Annotated[str, PlainValidator(values.of(turns.schedule_name))]
    timezone: Timezone = "UTC"
    handover_notice: Notice = NOTICE
    fallback: Fallback | None = None
    layers: Annotated[tuple[LayerPart, ...], Field(max_length=50)] = ()
    overrides: Annotated[tuple[OverridePart, ...], Field(max_length=1000)] = ()

    @property
    def definition(self) -> ScheduleDefinition:
        """Return what it means."""
        return ScheduleDefinition(
            name=self.name,
            timezone=self.timezone,
            layers=tuple(layer.definition(self.timezone) for layer in self.layers),
            overrides=tuple(change.definition(self.timezone) for change in self.overrides),
            fallback=self.fallback,
            notice=self.handover_notice,
        )
