"""What is not taken in is refused with the event and the mend, and no file keeps us busy for ever."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.config.ical.imported import prove
from bot.config.ical.people import Finder
from bot.config.ical.read import LARGEST_FILE, MOST_EVENTS, Frame, parse, read
from bot.config.ical.refused import NotImported
from bot.domain.wall_clock import instant
from tests.config.ical.calendars import EMAILS, NAMES, calendar, event, imported, refusal

START, END = "20261105T090000", "20261105T170000"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("RRULE:FREQ=SECONDLY", "it repeats SECONDLY"),
        ("RRULE:FREQ=MINUTELY;INTERVAL=5", "it repeats MINUTELY"),
        ("RRULE:FREQ=NOPE", "its RRULE cannot be read"),
        ("RRULE:INTERVAL=2", "it repeats by no rule"),
        ("RRULE:FREQ=DAILY;INTERVAL=0", "its INTERVAL is 0; write 1 to 1000"),
        ("RRULE:FREQ=DAILY;INTERVAL=99999", "its INTERVAL is 99999"),
        ("RRULE:FREQ=DAILY;BYSECOND=1,2,3", "its rule has BYSECOND, which is not taken in with DAILY"),
        ("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "its rule has BYMONTH, which is not taken in with DAILY"),
        ("RRULE:FREQ=DAILY;COUNT=3;UNTIL=20270101T000000Z", "its rule has both COUNT and UNTIL"),
        ("RRULE:FREQ=DAILY\r\nRRULE:FREQ=WEEKLY", "it has 2 rules of repetition"),
        ("RRULE;VALUE=TEXT:FREQ=DAILY", "its RRULE"),
        ("EXRULE:FREQ=DAILY", "it has an EXRULE"),
        ("DTEND:20261106T090000", "it has DTEND more than once"),
        ("ATTENDEE:mailto:eve@example.com", "`eve@example.com` is the address of no account; add the account and"),
        ("SUMMARY:x", "it names nobody who is known; invite them to it, or say whom its title means with --person"),
        ("X-ONCARD-NAME:Eve", "`Eve` is the name of no account"),
        ("DTSTAMP:x\r\nRDATE:never", "its RDATE cannot be read"),
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_taken_in_is_named(more: str, why: str) -> None:
    summary = "Nobody" if more.startswith("SUMMARY") else "Ana"
    text = calendar(event(START, END, *(() if more.startswith("SUMMARY") else (more,)), summary=summary))
    said = refusal(text)
    assert said.startswith(f"the event `{summary}` of 2026-11-05 09:00: ")
    assert why in said


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        ("20261105T090000", "20261105T080000", "it ends before it begins"),
        ("20261105T090000", "20251105T080000", "it is too far away, or ends before it begins"),
        ("20261105T090000", "20261105T090000", "it does not say when it ends"),
        ("16010101T090000", "16010101T100000", "it is too far away"),
        ("20261105T090000", "99991231T100000", "it is too far away"),
        (";VALUE=DATE:20261105", "20261105T100000", "it begins on a day and ends at a time"),
        (";TZID=Nowhere/Land:20261105T090000", ";TZID=Nowhere/Land:20261105T100000", "`Nowhere/Land` is no time zone"),
        ("20261199T090000", "20261105T100000", "its DTSTART cannot be read"),
    ],
)
def test_an_event_that_is_at_no_time_is_named(start: str, end: str, why: str) -> None:
    said = refusal(calendar(event(start, end)))
    assert said.startswith("the event `Ana`")
    assert why in said


def test_an_event_without_a_start_or_with_an_endless_one_is_named() -> None:
    bare = "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Ana\r\nEND:VEVENT"
    assert "it does not say when it begins" in refusal(calendar(bare))
    assert refusal(calendar(bare.replace("SUMMARY:Ana\r\n", ""))).startswith("the event without a title: ")
    long = bare.replace("END:", f"DTSTART:{START}\r\nDURATION:P9999999D\r\nEND:")
    assert "it lasts too long" in refusal(calendar(long))
    year = event("20261105T090000", "20281105T090000", "RRULE:FREQ=DAILY")
    assert "it lasts for more than a year and repeats" in refusal(calendar(year))


def test_two_accounts_of_one_name_have_to_be_told_apart() -> None:
    finder = Finder(EMAILS, {"ana": ["ana@example.com", "bo@example.com"]}, {})
    with pytest.raises(NotImported, match=r'are called `ana`; say which with --person "ana=ana@example.com"'):
        read(parse(calendar(event(START, END))), frame(), finder)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"x" * (LARGEST_FILE + 1), "the file is larger than 5 MiB; export less of it"),
        (b"BEGIN:VEVENT\n" * 3 + b"END:VEVENT\n" * 3, "the file"),
        (b"hello", "it has no events (VEVENT)"),
        (b"\xff\xfe\x00BEGIN:VEVENT", "it has no events"),
        (calendar(event(START, END)) + b"\xff", "the file is not text in UTF-8"),
        (calendar(event(START, END)) * 2, "the file is no calendar that can be read"),
        (b"BEGIN:VEVENT\nEND:VEVENT\n" * (MOST_EVENTS + 1), f"it has {MOST_EVENTS + 1} events, and {MOST_EVENTS} can"),
        (b"BEGIN:X\n" * 9, "stand within each other too deep"),
        (event(START, END).encode(), "the file holds no BEGIN:VCALENDAR"),
        (calendar(event(START, END), head="X-WR-TIMEZONE:Berlin"), "its X-WR-TIMEZONE `Berlin` is no time zone"),
        (calendar(event("20201105T090000", "20201105T100000")), "nobody is on call in that time"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_schedule_is_refused_with_the_mend(data: bytes, why: str) -> None:
    assert why in refusal(data)


def test_what_repeats_too_often_from_too_long_ago_is_refused_at_once() -> None:
    hourly = event("19700105T090000", "19700105T100000", "RRULE:FREQ=HOURLY")
    many = [hourly.replace("UID:", f"UID:{number}") for number in range(30)]
    assert "it repeats too often, or from too long ago" in refusal(calendar(*many))
    never = event("20261105T090000", "20261105T100000", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    assert "it repeats too often" in refusal(calendar(*(never.replace("UID:", f"UID:{n}") for n in range(9))))


def test_more_turns_than_are_taken_in_are_refused() -> None:
    quarter = event("20261105T090000", "20261125T090000", "RRULE:FREQ=HOURLY")
    many = [quarter.replace("UID:", f"UID:{number}") for number in range(3)]
    assert "there are more than 20000 turns in that time" in refusal(calendar(*many))


def test_more_changes_than_a_schedule_has_are_refused() -> None:
    hourly = event("20261105T090000", "20261105T093000", "RRULE:FREQ=HOURLY")
    assert "and a schedule has at most 1000; say fewer --days" in refusal(calendar(hourly))


def frame() -> Frame:
    """Return November in Berlin."""
    zone = ZoneInfo("Europe/Berlin")
    return Frame(zone, instant(datetime(2026, 11, 1), zone), instant(datetime(2026, 12, 1), zone))  # noqa: DTZ001 - local times


def test_a_schedule_that_says_something_else_is_refused_with_the_first_difference() -> None:
    data = calendar(event(START, END), event("20261106T090000", "20261106T170000", summary="Bo"))
    made = imported(data, start="2026-11-01", days=30)
    found = read(parse(data), frame(), Finder(EMAILS, NAMES, {}))
    assert prove(made.text, found, frame()) == made.instants
    later = made.text.replace("2026-11-06T09:00", "2026-11-06T09:01")
    with pytest.raises(
        NotImported, match=r"at 2026-11-06T08:00Z bo@example.com is on call by the file as primary, and nobody by the"
    ):
        prove(later, found, frame())
    longer = made.text.replace("2026-11-05T17:00", "2026-11-05T17:01")
    with pytest.raises(NotImported, match="at 2026-11-05T16:00Z nobody is on call by the file as primary, and ana@"):
        prove(longer, found, frame())
    with pytest.raises(NotImported, match="none that can be read: "):
        prove(made.text.replace("members", "membres"), found, frame())


def test_times_with_seconds_are_refused_by_the_proof() -> None:
    assert "times there must be whole minutes" in refusal(calendar(event("20261105T090030", END)))
