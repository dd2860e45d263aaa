"""What repeats as rotations do becomes layers, as the programs that teams come from write it; the rest is on top."""

from datetime import date, time, timedelta

import pytest

from bot.domain.calendar import WEEK
from bot.domain.rotation import Unit
from bot.domain.week_hours import DailyPeriod
from tests.config.ical.calendars import calendar, event, imported, layers, overrides

BERLIN = ";TZID=Europe/Berlin:"


def weekly(name: str, day: int, *more: str, every: int = 3, rule: str = "") -> str:
    """Return a week from a day of November on at 9:00 that comes again every so many weeks."""
    start, end = f"{BERLIN}202611{day:02}T090000", f"{BERLIN}202611{day + 7:02}T090000"
    return event(start, end, f"RRULE:FREQ=WEEKLY;INTERVAL={every}{rule}", *more, summary=name)


THREE = (weekly("Ana", 2), weekly("Bo", 9), weekly("Chen", 16))


def test_events_that_take_turns_are_one_rotation() -> None:
    made = imported(calendar(*THREE))
    assert layers(made) == [("2026-11-02T09:00", ["ana", "bo", "chen"])]
    assert overrides(made) == []
    (layer,) = made.definition.layers
    assert (layer.rotation.unit, layer.rotation.every, layer.rotation.timezone) == (Unit.WEEK, 1, None)
    assert made.instants >= 52
    assert "rotation: {every: 1w, handover: mon 09:00}" in made.text


def test_what_began_long_ago_is_taken_from_now_on_with_whoever_has_the_turn() -> None:
    old = calendar(*(one.replace("202611", "201511") for one in THREE))
    assert layers(imported(old)) == [("2026-10-26T09:00", ["ana", "bo", "chen"])]


def test_who_stands_in_for_a_turn_is_an_override() -> None:
    moved = event(
        f"{BERLIN}20261130T090000",
        f"{BERLIN}20261207T090000",
        f"RECURRENCE-ID{BERLIN}20261130T090000",
        summary="Dee",
        uid=f"Bo{BERLIN}20261109T090000",
    )
    made = imported(calendar(*THREE, moved))
    assert layers(made) == [("2026-11-02T09:00", ["ana", "bo", "chen"])]
    assert overrides(made) == ["11-30T09:00 12-07T09:00 dee"]


@pytest.mark.parametrize(
    "taken_out",
    [
        ("EXDATE;TZID=Europe/Berlin:20261130T090000",),
        ("END:VEVENT\r\nBEGIN:VEVENT", f"UID:Bo{BERLIN}20261109T090000", "STATUS:CANCELLED",
         f"RECURRENCE-ID{BERLIN}20261130T090000", f"DTSTART{BERLIN}20261130T090000", f"DTEND{BERLIN}20261207T090000"),
    ],
    ids=["EXDATE", "cancelled"],
)  # fmt: skip
def test_a_turn_that_was_taken_out_parts_the_rotation(taken_out: tuple[str, ...]) -> None:
    made = imported(calendar(THREE[0], weekly("Bo", 9, *taken_out), THREE[2]))
    assert layers(made) == [
        ("2026-11-02T09:00", ["ana", "bo", "chen"]),
        ("2026-12-07T09:00", ["chen", "ana", "bo"]),
    ]
    assert f"{made.definition.layers[0].end:%m-%dT%H:%M}" == "11-30T09:00"
    assert overrides(made) == []


def test_a_rotation_that_ends_has_an_end() -> None:
    made = imported(
        calendar(*(weekly(name, day, rule=";COUNT=2") for name, day in (("Ana", 2), ("Bo", 9), ("Chen", 16))))
    )
    (layer,) = made.definition.layers
    assert f"{layer.end:%Y-%m-%dT%H:%M}" == "2026-12-14T09:00"
    assert overrides(made) == []
    until = weekly("Ana", 2, rule=";UNTIL=20270101T000000Z", every=1)
    assert f"{imported(calendar(until)).definition.layers[0].end:%Y-%m-%dT%H:%M}" == "2027-01-04T09:00"


def test_a_rotation_that_ends_after_what_is_looked_at_is_taken_in_no_further() -> None:
    until = weekly("Ana", 2, rule=";UNTIL=20301231T000000Z", every=1)
    assert f"{imported(calendar(until), days=30).definition.layers[0].end:%Y-%m-%dT%H:%M}" == "2026-12-02T00:00"


def test_turns_of_two_weeks() -> None:
    two = [
        event(
            f"{BERLIN}202611{day:02}T090000", f"{BERLIN}20261{end}T090000", "RRULE:FREQ=WEEKLY;INTERVAL=4", summary=name
        )
        for name, day, end in (("Ana", 2, "116"), ("Bo", 16, "130"))
    ]
    (layer,) = imported(calendar(*two)).definition.layers
    assert (layer.rotation.unit, layer.rotation.every) == (Unit.WEEK, 2)


def test_a_turn_that_nobody_has_is_nobodys() -> None:
    made = imported(calendar(THREE[0], THREE[2]))
    assert layers(made) == [("2026-11-02T09:00", ["ana", "", "chen"])]
    assert "- []" in made.text


def test_those_who_have_the_same_turn_have_it_together() -> None:
    assert layers(imported(calendar(*THREE, weekly("Dee", 9)))) == [("2026-11-02T09:00", ["ana", "bo+dee", "chen"])]


def test_days_and_nights_are_two_rotations() -> None:
    days = [
        event(
            f"{BERLIN}2026110{day}T080000", f"{BERLIN}2026110{day}T200000", "RRULE:FREQ=DAILY;INTERVAL=2", summary=name
        )
        for name, day in (("Ana", 2), ("Bo", 3))
    ]
    nights = [event(f"{BERLIN}20261102T200000", f"{BERLIN}20261103T080000", "RRULE:FREQ=DAILY", summary="Chen")]
    made = imported(calendar(*days, *nights))
    assert layers(made) == [("2026-11-02T08:00", ["ana", "bo"]), ("2026-11-02T20:00", ["chen"])]
    assert [layer.rotation.length for layer in made.definition.layers] == [12, 12]
    assert overrides(made) == []


def test_several_days_of_the_week_are_hours_of_a_layer() -> None:
    weekdays = event(
        f"{BERLIN}20261104T090000", f"{BERLIN}20261104T173000", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", summary="Ana"
    )
    made = imported(calendar(weekdays))
    (layer,) = made.definition.layers
    assert layer.rotation.hours == (DailyPeriod(time(9), time(17, 30)),)
    assert layer.rotation.weekdays == WEEK[:5]
    assert f"{layer.start:%m-%dT%H:%M}" == "11-04T09:00"
    assert overrides(made) == []


def test_a_day_of_several_that_was_taken_out_leaves_the_rest_of_its_week_on_top() -> None:
    weekdays = event(
        f"{BERLIN}20261102T090000",
        f"{BERLIN}20261102T170000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        f"EXDATE{BERLIN}20261111T090000",
    )
    made = imported(calendar(weekdays))
    assert [start for start, _ in layers(made)] == ["2026-11-02T09:00", "2026-11-16T09:00"]
    assert overrides(made) == ["11-12T09:00 11-12T17:00 ana", "11-13T09:00 11-13T17:00 ana"]


def test_a_rotation_in_another_zone_keeps_it() -> None:
    here = weekly("Ana", 2, every=1)
    there = here.replace("Europe/Berlin", "America/New_York")
    made = imported(calendar(there))
    assert made.definition.timezone == "Europe/Berlin"
    assert made.definition.layers[0].rotation.timezone == "America/New_York"
    assert imported(calendar(there), zone="America/New_York").definition.layers[0].rotation.timezone is None


def test_two_who_are_on_call_at_once_by_rotations_of_different_kinds_are_both_on_call() -> None:
    daily = event(f"{BERLIN}20261102T120000", f"{BERLIN}20261102T130000", "RRULE:FREQ=DAILY;COUNT=3", summary="Dee")
    made = imported(calendar(weekly("Ana", 2, every=1), daily))
    assert len(made.definition.layers) == 2
    assert overrides(made) == [f"11-0{day}T12:00 11-0{day}T13:00 ana+dee" for day in (2, 3, 4)]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYDAY=1MO",
        "FREQ=WEEKLY;INTERVAL=40",
        "FREQ=HOURLY;INTERVAL=240",
        "FREQ=DAILY;BYDAY=MO,WE",
        "FREQ=YEARLY",
        "FREQ=WEEKLY;BYDAY=TU",
    ],
)
def test_what_no_rotation_says_is_said_by_overrides(rule: str) -> None:
    made = imported(calendar(event(f"{BERLIN}20261102T090000", f"{BERLIN}20261109T090000", f"RRULE:{rule}")))
    assert len(layers(made)) + len(overrides(made)) >= 1
    if rule != "FREQ=WEEKLY;BYDAY=TU":
        assert layers(made) == []


def test_shifts_longer_than_their_pace_overlap_and_are_told_as_one() -> None:
    long = event(f"{BERLIN}20261102T090000", f"{BERLIN}20261112T090000", "RRULE:FREQ=WEEKLY;COUNT=3")
    assert overrides(imported(calendar(long))) == ["11-02T09:00 11-26T09:00 ana"]


def test_a_layer_that_would_fall_into_too_many_parts_is_none() -> None:
    days = (date(2026, 11, 2) + timedelta(days=number) for number in range(1, 100, 2))
    gone = [f"EXDATE{BERLIN}{day:%Y%m%d}T090000" for day in days]
    daily = event(f"{BERLIN}20261102T090000", f"{BERLIN}20261103T090000", "RRULE:FREQ=DAILY", *gone)
    made = imported(calendar(daily), days=120)
    assert layers(made) == []
    assert len(overrides(made)) == 51
