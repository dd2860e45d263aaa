"""Calendars: an exception, then the country, then the day of the week."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar import (
    WEEK,
    Because,
    Calendar,
    Day,
    DayKind,
    NationalDay,
    Region,
    Weekday,
    look_up,
    nobodys,
    weekday,
)
from storage.codec import Codec

HERE = Region("XX", "Y")
SAID = {
    date(2026, 5, 1): NationalDay(DayKind.REST, "Labour Day"),
    date(2026, 5, 9): NationalDay(DayKind.WORK, "worked in exchange"),
}


def national(region: Region, day: date) -> NationalDay | None:
    """Say what is said of the day here, and nothing of days elsewhere."""
    return SAID.get(day) if region == HERE else None


@pytest.mark.parametrize(
    ("day", "what"),
    [
        (date(2026, 4, 30), Day(DayKind.WORK, Because.WEEKDAY)),
        (date(2026, 5, 1), Day(DayKind.REST, Because.NATIONAL, "Labour Day")),
        (date(2026, 5, 2), Day(DayKind.REST, Because.WEEKDAY)),
        (date(2026, 5, 9), Day(DayKind.WORK, Because.NATIONAL, "worked in exchange")),
    ],
)
def test_a_country_decides_before_the_day_of_the_week(day: date, what: Day) -> None:
    assert look_up(Calendar("office", HERE), day, national) == what


@pytest.mark.parametrize("day", [date(2026, 4, 30), date(2026, 5, 1), date(2026, 5, 9)])
@pytest.mark.parametrize("kind", DayKind)
def test_an_exception_decides_before_all(day: date, kind: DayKind) -> None:
    calendar = Calendar("office", HERE, exceptions={day: kind})
    assert look_up(calendar, day, national) == Day(kind, Because.EXCEPTION)
    assert look_up(calendar, day + timedelta(days=7), national).because is Because.WEEKDAY


def test_a_calendar_of_nobody_knows_no_holidays() -> None:
    assert look_up(Calendar("office"), date(2026, 5, 1), national) == Day(DayKind.WORK, Because.WEEKDAY)
    assert look_up(Calendar("office", HERE), date(2026, 5, 1), nobodys).kind is DayKind.WORK
    assert look_up(Calendar("office", Region("XX")), date(2026, 5, 1), national).kind is DayKind.WORK


@given(st.lists(st.sampled_from(Weekday), unique=True), st.dates())
def test_the_workdays_are_those_that_are_named(workdays: list[Weekday], day: date) -> None:
    found = look_up(Calendar("office", workdays=tuple(workdays)), day, national)
    assert (found.kind is DayKind.WORK) is (weekday(day) in workdays)
    assert weekday(day) == day.strftime("%a").lower()
    assert WEEK.index(weekday(day)) == day.weekday()


def test_a_calendar_is_stored_and_read_again() -> None:
    codec = Codec(Calendar)
    calendar = Calendar("office", HERE, (Weekday.SUN, Weekday.MON), {date(2026, 12, 24): DayKind.REST})
    assert codec.read(codec.write(calendar)) == calendar
    assert codec.read('{"name": "office"}') == Calendar("office")
