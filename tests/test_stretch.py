"""A stretch of time to come is read as people write it, in their zone and across changes of its clocks."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.commands.stretch import find

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
"""A Saturday, 04:00 in Berlin."""


def read(text: str, now: datetime = NOW) -> tuple[str, str] | None:
    found = find(text, now, "Europe/Berlin")
    if found is None or found.span is None:
        return None
    since, until = (f"{at.astimezone(BERLIN):%m-%d %H:%M}" for at in (found.span.since, found.span.until))
    return since, until


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("22:00-06:00", "11-20 22:00", "11-21 06:00"),
        ("from 9 to 17", "11-21 09:00", "11-21 17:00"),
        ("1:30 – 2:30", "11-22 01:30", "11-22 02:30"),
        ("9pm-3am", "11-21 21:00", "11-22 03:00"),
        ("22:00-24:00", "11-21 22:00", "11-22 00:00"),
        ("tomorrow 9:00 to friday 18:00", "11-22 09:00", "11-27 18:00"),
        ("tomorrow at 9am for 8 hours", "11-22 09:00", "11-22 17:00"),
        ("friday 22:00-06:00", "11-20 22:00", "11-21 06:00"),
        ("Saturday 22:00-06:00", "11-21 22:00", "11-22 06:00"),
        ("monday 18 to tuesday 9", "11-23 18:00", "11-24 09:00"),
        ("monday 9:00 to monday 8:00", "11-23 09:00", "11-30 08:00"),
        ("fri to mon", "11-20 00:00", "11-24 00:00"),
        ("on Thursday", "11-26 00:00", "11-27 00:00"),
        ("tomorrow", "11-22 00:00", "11-23 00:00"),
        ("2026-12-24 to 2026-12-26", "12-24 00:00", "12-27 00:00"),
        ("2026-12-24T09:00 - 2026-12-26 18:00", "12-24 09:00", "12-26 18:00"),
        ("2026-01-05", "01-05 00:00", "01-06 00:00"),
        ("for 4h", "11-21 04:00", "11-21 08:00"),
        ("1h 30m", "11-21 04:00", "11-21 05:30"),
        ("until 18:00", "11-21 04:00", "11-21 18:00"),
        ("until monday", "11-21 04:00", "11-24 00:00"),
        ("明天9:00到周五18:00", "11-22 09:00", "11-27 18:00"),
        ("今晚22点到明天6点", "11-21 22:00", "11-22 06:00"),
        ("下周三", "11-25 00:00", "11-26 00:00"),
        ("替ana明天22:00-06:00", "11-22 22:00", "11-23 06:00"),
        ("4小时", "11-21 04:00", "11-21 08:00"),
    ],
)
def test_what_is_written_is_what_is_meant(text: str, since: str, until: str) -> None:
    assert read(text) == (since, until)
    assert read(f"bo2@example.com {text}, because of 2 reasons") == (since, until)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bo@example.com",
        "sat@example.com",
        "mon-1@example.com",
        "3",
        "25:00-26:00",
        "13pm-14pm",
        "tonight",
        "0h",
        "9999-99-99",
        "tomorrow to today",
        "2026-12-24 to 2026-12-23",
    ],
)
def test_what_is_no_stretch_of_time_is_none(text: str) -> None:
    assert read(text) is None


def test_hours_are_wall_clock_hours_and_durations_are_not() -> None:
    eve = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    found = find("22:00-06:00", eve, "Europe/Berlin")
    assert found is not None
    assert found.span is not None
    assert (found.span.until - found.span.since).total_seconds() == 7 * 3600
    assert read("22:00 for 8h", eve) == ("03-28 22:00", "03-29 07:00")


def test_an_hour_that_the_clocks_leave_out_is_none() -> None:
    before = datetime(2027, 3, 27, 12, 0, tzinfo=UTC)
    found = find("tomorrow 2:00-3:00", before, "Europe/Berlin")
    assert found is not None
    assert found.span is None, "and not the whole day"
    assert read("tomorrow 22:00-06:00", before) == ("03-28 22:00", "03-29 06:00")
    assert read("tomorrow 2:30-3:30", before) == ("03-28 03:00", "03-28 03:30")
