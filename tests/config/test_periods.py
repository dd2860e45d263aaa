"""Times of the day and days of the week, as people write them."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.periods import read_period, read_weekdays, write_period, write_weekdays
from bot.domain.calendar import WEEK, Weekday
from bot.domain.time_filter import Period

to_the_minute = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("09:00-18:00", Period(time(9), time(18))),
        ("22:30 - 06:15", Period(time(22, 30), time(6, 15))),
        ("18:00-24:00", Period(time(18), time())),
        ("18:00-00:00", Period(time(18), time())),
        ("00:00-24:00", Period(time(), time())),
    ],
)
def test_a_period_is_written(text: str, period: Period) -> None:
    assert read_period(text) == period


@pytest.mark.parametrize(
    "text", ["", "9:00-18:00", "09:00", "24:00-06:00", "09:60-10:00", "09:00-25:00", "٠٩:00-10:00"]
)
def test_what_is_no_period(text: str) -> None:
    assert read_period(text) is None


@given(to_the_minute, to_the_minute)
def test_a_period_is_read_as_it_is_written(begin: time, end: time) -> None:
    assert read_period(write_period(Period(begin, end))) == Period(begin, end)


@pytest.mark.parametrize(
    ("texts", "days", "again"),
    [
        (["mon-fri"], WEEK[:5], ["mon-fri"]),
        (["Sat", "sun"], WEEK[5:], ["sat", "sun"]),
        (["fri-mon"], (WEEK[0], *WEEK[4:]), ["mon", "fri-sun"]),
        (["wed", "mon - wed"], WEEK[:3], ["mon-wed"]),
        (["mon-sun"], WEEK, ["mon-sun"]),
        ([], (), []),
    ],
)
def test_weekdays_are_written(texts: list[str], days: tuple[Weekday, ...], again: list[str]) -> None:
    assert read_weekdays(texts) == days
    assert write_weekdays(days) == again


@pytest.mark.parametrize("text", ["", "monday", "mon-", "mon-xyz", "mon-tue-wed", "1"])
def test_what_are_no_weekdays(text: str) -> None:
    assert read_weekdays(["mon", text]) is None


@given(st.lists(st.sampled_from(WEEK), unique=True))
def test_weekdays_are_read_as_they_are_written(days: list[Weekday]) -> None:
    found = read_weekdays(write_weekdays(days))
    assert found is not None
    assert set(found) == set(days)
