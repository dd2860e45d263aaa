"""Durations are read and written as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("90s", 90), ("5m", 300), ("2h", 7200), ("1d", 86400), ("0005m", 300)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert duration.read(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "1.5h", "5M", "5m\n", "1h30m", "٥m", "1" * 9 + "d"])
def test_nothing_else_is_a_duration(text: str) -> None:
    assert duration.read(text) is None


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (90, "90s"), (120, "2m"), (7200, "2h"), (172800, "2d")])
def test_a_duration_is_written_in_its_largest_unit(seconds: int, text: str) -> None:
    assert duration.write(timedelta(seconds=seconds)) == text


@given(st.integers(0, 10**7))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert duration.read(duration.write(timedelta(seconds=seconds))) == timedelta(seconds=seconds)
