"""Calendars: which days are worked, and why.

In this order: an exception that somebody wrote down; what the country says of the day, a holiday or a day worked in
exchange for one; the days of the week that are worked.

The days of a country come from outside, as a function: the domain holds no list of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final


class Weekday(StrEnum):
    """A day of the week, as people write it."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEK: Final = tuple(Weekday)
WORKDAYS: Final = WEEK[:5]


class DayKind(StrEnum):
    """What a day is for."""

    WORK = "work"
    REST = "rest"


class Because(StrEnum):
    """What decided about a day."""

    EXCEPTION = "exception"
    NATIONAL = "national"
    WEEKDAY = "weekday"


@dataclass(frozen=True, slots=True)
class NationalDay:
    """What a country says of a day: that it is a holiday or is worked in exchange for one, and what it is called."""

    kind: DayKind
    name: str


@dataclass(frozen=True, slots=True)
class Region:
    """A country by its ISO 3166 code, such as `CN`, and a part of it, such as `BY` of `DE`; empty: all of it."""

    country: str
    subdivision: str = ""


NationalDays = Callable[[Region, date], NationalDay | None]
"""What a region says of a day; None: nothing. The same answer each time."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked. `region`: whose holidays count; None: nobody's. `workdays`: in the order of the week."""

    name: str
    region: Region | None = None
    workdays: tuple[Weekday, ...] = WORKDAYS
    exceptions: Mapping[date, DayKind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Day:
    """What a day is for, and why; `name`: of the holiday, where a country decided."""

    kind: DayKind
    because: Because
    name: str = ""


def weekday(day: date) -> Weekday:
    """Return the day of the week."""
    return WEEK[day.weekday()]


def look_up(calendar: Calendar, day: date, national: NationalDays) -> Day:
    """Return what the day is for, and why."""
    exception = calendar.exceptions.get(day)
    if exception is not None:
        return Day(exception, Because.EXCEPTION)
    said = national(calendar.region, day) if calendar.region else None
    if said is not None:
        return Day(said.kind, Because.NATIONAL, said.name)
    return Day(DayKind.WORK if weekday(day) in calendar.workdays else DayKind.REST, Because.WEEKDAY)


def nobodys(_region: Region, _day: date) -> None:
    """Say nothing of any day: for calendars without a region."""
