"""A feed as text: every calendar program can read it, and it holds no more of people than their names."""

from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from bot.domain.feed import Duty
from bot.domain.schedule import ScheduleId
from cards.feed import Head, own
from cards.feed_text import render
from cards.plain import spoken
from tests.domain.cast import ANA, BO, NAMES, NIGHT

HOUR = timedelta(hours=1)
HEAD = Head("payments", "Europe/Berlin", NIGHT, "oncall.example.com")
SHIFT = Duty(ScheduleId(1), "payments", "primary", NIGHT, NIGHT + HOUR, ANA)
GAP = Duty(ScheduleId(1), "payments", "backup", NIGHT, NIGHT + HOUR, None)


def read(head: Head, *duties: Duty, **names: str) -> Any:
    """Return the feed as the library reads it."""
    return Calendar.from_ical(render(head, duties, lambda account: names.get(f"n{account}", NAMES[account])))


def test_a_shift_is_an_event_that_names_who_is_on_call() -> None:
    calendar = read(HEAD, SHIFT)
    (event,) = calendar.walk("VEVENT")
    assert str(event["SUMMARY"]) == "On call: Ana (primary)"
    assert (event["DTSTART"].dt, event["DTEND"].dt, event["DTSTAMP"].dt) == (NIGHT, NIGHT + HOUR, NIGHT)
    assert str(event["UID"]).endswith("@oncall.example.com")
    assert (str(event["X-ONCARD-NAME"]), str(event["X-ONCARD-ROLE"])) == ("Ana", "primary")
    assert str(event["TRANSP"]) == "TRANSPARENT"


def test_it_says_what_it_is_called_and_how_often_to_ask() -> None:
    calendar = read(HEAD)
    assert str(calendar["X-WR-CALNAME"]) == str(calendar["NAME"]) == "On call: payments"
    assert calendar["REFRESH-INTERVAL"].dt == HOUR
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in render(HEAD, [], str)
    assert (str(calendar["X-WR-TIMEZONE"]), str(calendar["METHOD"])) == ("Europe/Berlin", "PUBLISH")


def test_a_gap_is_marked() -> None:
    (event,) = read(HEAD, GAP).walk("VEVENT")
    assert "NOBODY on call (backup)" in event["SUMMARY"]
    assert str(event["X-ONCARD-GAP"]) == "TRUE"
    assert "X-ONCARD-NAME" not in event


def test_somebodys_own_shifts_are_named_by_their_schedules_in_their_language() -> None:
    (event,) = read(Head("Ana", "Asia/Shanghai", NIGHT, locale="zh", is_own=True), SHIFT).walk("VEVENT")
    assert str(event["SUMMARY"]) == "值班：payments（主值班）"


def test_a_shift_keeps_its_uid_and_no_two_have_the_same() -> None:
    others = (
        Duty(ScheduleId(2), "payments", "primary", NIGHT, NIGHT + HOUR, ANA),
        Duty(ScheduleId(1), "payments", "backup", NIGHT, NIGHT + HOUR, ANA),
        Duty(ScheduleId(1), "payments", "primary", NIGHT + HOUR, NIGHT + HOUR, ANA),
        Duty(ScheduleId(1), "payments", "primary", NIGHT, NIGHT + HOUR, BO),
        Duty(ScheduleId(1), "payments", "primary", NIGHT, NIGHT + HOUR, None),
    )
    uids = [str(event["UID"]) for event in read(HEAD, SHIFT, *others).walk("VEVENT")]
    assert len(set(uids)) == 6
    longer = Duty(ScheduleId(1), "renamed", "primary", NIGHT, NIGHT + 2 * HOUR, ANA)
    assert [str(event["UID"]) for event in read(HEAD, longer).walk("VEVENT")] == uids[:1]


@pytest.mark.parametrize("name", ['Ana; DROP, \\ "x"\r\nEND:VEVENT', "安娜" * 60, "a" * 300, "\u202eevil"])
def test_any_name_is_told_as_it_is_on_folded_lines(name: str) -> None:
    text = render(HEAD, [SHIFT], lambda _: name)
    assert max(len(line) for line in text.split(b"\r\n")) <= 75
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    shown = " ".join(name.replace("\u202e", "").split())
    assert str(event["SUMMARY"]) == f"On call: {shown} (primary)"


def test_where_somebody_finds_their_own_is_said_or_what_is_missing() -> None:
    note = own("https://oncall.example.com/schedules/x.ics", "ana@example.com", "en")
    assert spoken(note.text).endswith("to subscribe to: https://oncall.example.com/schedules/x.ics")
    assert "--account ana@example.com --rotate" in spoken(note.rows[0])
    assert "ONCARD_PUBLIC_URL" in spoken(own("", "ana@example.com", "en").text)
