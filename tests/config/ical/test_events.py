"""Events of every kind are understood as calendar programs show them: zones, whole days, people, cancelled ones."""

import pytest
from icalendar import Event

from bot.cli.schedule_import import bounded
from bot.config.ical.people import Finder
from tests.config.ical.calendars import calendar, event, imported, layers, overrides

BERLIN = ";TZID=Europe/Berlin:"
VTIMEZONE = """\
BEGIN:VTIMEZONE
TZID:Our Zone (Berlin)
BEGIN:DAYLIGHT
DTSTART:19810329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE""".replace("\n", "\r\n")


def test_whole_days_begin_at_midnight_in_the_zone() -> None:
    days = event(";VALUE=DATE:20261105", ";VALUE=DATE:20261107")
    assert overrides(imported(calendar(days))) == ["11-05T00:00 11-07T00:00 ana"]
    one = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261105\r\nSUMMARY:Ana\r\nEND:VEVENT"
    assert overrides(imported(calendar(one))) == ["11-05T00:00 11-06T00:00 ana"]
    week = event(";VALUE=DATE:20261102", ";VALUE=DATE:20261109", "RRULE:FREQ=WEEKLY;INTERVAL=2")
    assert "rotation: {every: 2w, handover: mon 00:00, length: 7d}" in imported(calendar(week)).text


def test_times_without_a_zone_are_local_to_the_calendar_or_to_the_zone_that_is_said() -> None:
    floating = event("20261105T090000", "20261105T170000")
    assert overrides(imported(calendar(floating))) == ["11-05T09:00 11-05T17:00 ana"]
    assert "timezone: Asia/Tokyo" in imported(calendar(floating, head="X-A:B"), zone="Asia/Tokyo").text
    assert overrides(imported(calendar(floating, head="X-A:B"), zone="Asia/Tokyo")) == ["11-05T09:00 11-05T17:00 ana"]


def test_the_zone_is_that_of_the_first_event_where_the_calendar_names_none() -> None:
    tokyo = event(";TZID=Asia/Tokyo:20261105T090000", ";TZID=Asia/Tokyo:20261105T170000")
    assert imported(calendar(tokyo, head="X-A:B")).definition.timezone == "Asia/Tokyo"
    assert imported(calendar(event("20261105T090000Z", "20261105T170000Z"), head="X-A:B")).definition.timezone == "UTC"


@pytest.mark.parametrize(
    "zone", ["W. Europe Standard Time", "/freeassociation.sourceforge.net/Europe/Berlin", "Our Zone (Berlin)"]
)
def test_zones_may_have_odd_names(zone: str) -> None:
    # The clocks are set back on October 25: from then on 9:00 is an hour later.
    said = event(f";TZID={zone}:20261019T090000", f";TZID={zone}:20261026T090000", "RRULE:FREQ=WEEKLY;COUNT=3")
    made = imported(calendar(VTIMEZONE, said), start="2026-10-01", days=60)
    instants = sorted(
        {one.start.isoformat() for one in made.definition.overrides}
        | {f"{one.start:%m-%dT%H:%M}" for one in made.definition.layers}
    )
    assert instants in (["10-19T09:00"], ["2026-10-19T07:00:00+00:00"])


@pytest.mark.parametrize(
    ("zone", "said"),
    [("W. Europe Standard Time", ""), ("/example.com/Europe/Berlin", ""), ("A Zone of Ours", "Europe/Berlin")],
)
def test_turns_in_a_zone_that_the_file_defines_are_a_rotation_if_it_is_one_that_is_known(zone: str, said: str) -> None:
    defined = VTIMEZONE.replace("Our Zone (Berlin)", zone)
    ana, bo = (
        event(
            f";TZID={zone}:202610{day:02}T090000",
            f";TZID={zone}:202610{day + 7:02}T090000",
            "RRULE:FREQ=WEEKLY;INTERVAL=2",
            f"EXDATE;TZID={zone}:20261116T090000",
            summary=name,
        )
        for name, day in (("Ana", 5), ("Bo", 12))
    )
    made = imported(calendar(defined, ana, bo, head="X-A:B"), start="2026-10-01", zone=said)
    assert made.definition.timezone == "Europe/Berlin"
    assert layers(made)[0] == ("2026-10-05T09:00", ["ana", "bo"])
    assert overrides(made) == []


def test_a_zone_that_only_bears_a_known_name_stays_what_the_file_says() -> None:
    # As Paris', but without summer time from this year on.
    defined = VTIMEZONE.replace("Our Zone (Berlin)", "Romance Standard Time").replace(
        "BYMONTH=3;", "BYMONTH=3;UNTIL=20260101T000000Z;"
    )
    said = event(
        ";TZID=Romance Standard Time:20260601T090000",
        ";TZID=Romance Standard Time:20260602T090000",
        "RRULE:FREQ=DAILY",
    )
    made = imported(calendar(defined, said, head="X-A:B"), start="2026-06-01", days=3)
    assert overrides(made) == ["06-01T10:00 06-04T00:00 ana"]


def test_a_cancelled_event_puts_nobody_on_call() -> None:
    gone = event("20261105T090000", "20261105T170000", "STATUS:CANCELLED", summary="Bo")
    again = event(
        f"{BERLIN}20261102T090000", f"{BERLIN}20261103T090000", "RRULE:FREQ=DAILY", "STATUS:CANCELLED", summary="Bo"
    )
    kept = event("20261106T090000", "20261106T170000")
    assert overrides(imported(calendar(gone, again, kept))) == ["11-06T09:00 11-06T17:00 ana"]


def test_events_that_overlap_put_all_their_people_on_call() -> None:
    made = imported(
        calendar(event("20261105T090000", "20261105T170000"), event("20261105T120000", "20261105T200000", summary="Bo"))
    )
    assert overrides(made) == [
        "11-05T09:00 11-05T12:00 ana",
        "11-05T12:00 11-05T17:00 ana+bo",
        "11-05T17:00 11-05T20:00 bo",
    ]


def test_an_event_that_was_moved_is_where_it_was_moved_to() -> None:
    rule = event(f"{BERLIN}20261102T090000", f"{BERLIN}20261102T170000", "RRULE:FREQ=DAILY;COUNT=2", uid="u")
    moved = event(
        f"{BERLIN}20261110T100000", f"{BERLIN}20261110T110000", f"RECURRENCE-ID{BERLIN}20261103T090000", uid="u"
    )
    made = imported(calendar(rule, moved))
    assert overrides(made)[-1] == "11-10T10:00 11-10T11:00 ana"
    later = moved.replace("RECURRENCE-ID;", "RECURRENCE-ID;RANGE=THISANDFUTURE;")
    assert imported(calendar(rule, later)).instants


def test_dates_that_are_added_to_a_rule_count() -> None:
    rule = event(f"{BERLIN}20261102T090000", f"{BERLIN}20261102T170000", f"RDATE{BERLIN}20261120T090000")
    assert overrides(imported(calendar(rule))) == ["11-02T09:00 11-02T17:00 ana", "11-20T09:00 11-20T17:00 ana"]


@pytest.mark.parametrize(("month", "day"), [(3, 28), (10, 24)])
@pytest.mark.parametrize("hour", ["00", "01", "02", "03"])
def test_hand_overs_in_the_night_in_which_the_clocks_change(month: int, day: int, hour: str) -> None:
    # At 2:30 in March there is no such time: by the standard it is 3:30, by our rules 3:00. The proof says it fits.
    turns = [
        event(
            f"{BERLIN}2027{month:02}{day + place:02}T{hour}3000",
            f"{BERLIN}2027{month:02}{day + place + 1:02}T{hour}3000",
            "RRULE:FREQ=DAILY;INTERVAL=2",
            summary=name,
        )
        for place, name in enumerate(("Ana", "Bo"))
    ]
    made = imported(calendar(*turns), start=f"2027-{month:02}-01", days=60)
    assert layers(made)[0][1] == ["ana", "bo"]


@pytest.mark.parametrize(
    ("summary", "more", "who"),
    [
        ("x", ["ATTENDEE;CN=Ana:mailto:ANA@Example.com"], "ana"),
        ("x", ["ATTENDEE:MAILTO:ana@example.com", "ATTENDEE:mailto:bo@example.com"], "ana+bo"),
        ("x", ["ATTENDEE:mailto:ana@example.com", "ATTENDEE;PARTSTAT=DECLINED:mailto:bo@example.com"], "ana"),
        ("x", ["ATTENDEE:mailto:ana@example.com", "ATTENDEE;CUTYPE=ROOM:mailto:r1@example.com"], "ana"),
        ("x", ["ATTENDEE:mailto:ana@example.com", "ATTENDEE;ROLE=NON-PARTICIPANT:mailto:bo@example.com"], "ana"),
        ("x", ["ATTENDEE;CN=Bo:invalid:nomail"], "bo"),
        ("x", ["ATTENDEE;CN=Ana Ito:mailto:ito@old.example.com"], "dee"),
        ("x", ["ATTENDEE:mailto:old@example.com"], "chen"),
        ("On call: bo@example.com, ana@example.com", [], "ana+bo"),
        ("[L1] ana", [], "ana"),
        ("On Call - Ana Ito - Payments", [], "dee"),
        ("Ana, Bo\\, and CHEN", [], "ana+bo+chen"),
        ("Bonita has Ana's shift", [], "ana"),
    ],
)
def test_people_are_found_by_invitation_address_or_name(summary: str, more: list[str], who: str) -> None:
    said = {"Ana Ito": "dee@example.com", "old@example.com": "chen@example.com"}
    made = imported(calendar(event("20261105T090000", "20261105T170000", *more, summary=summary)), said=said)
    assert overrides(made) == [f"11-05T09:00 11-05T17:00 {who}"]


def test_titles_are_read_quickly_however_many_accounts_there_are() -> None:
    names = {f"first{n} last{n}": [f"{n}@example.com"] for n in range(2000)}
    finder = Finder({}, names, {})
    events = [Event.new(summary=f"First{n} Last{n} is on call") for n in range(300)]
    with bounded(3):
        assert [finder.people(one) for one in events] == [{f"{n}@example.com"} for n in range(300)]


def test_the_role_is_what_is_said() -> None:
    made = imported(calendar(event("20261105T090000", "20261105T170000")), role="backup")
    assert "role: backup" in made.text
    both = event("20261105T090000", "20261105T170000", "X-ONCARD-ROLE:second line", "X-ONCARD-NAME:Bo", uid="b")
    made = imported(calendar(event("20261105T090000", "20261105T170000"), both))
    assert {(one.role, one.members) for one in made.definition.overrides} == {
        ("primary", ("ana@example.com",)),
        ("second line", ("bo@example.com",)),
    }


def test_a_file_may_begin_with_a_mark_of_its_encoding_and_end_its_lines_as_it_likes() -> None:
    text = calendar(event("20261105T090000", "20261105T170000"))
    assert overrides(imported(b"\xef\xbb\xbf" + text.replace(b"\r\n", b"\n"))) == ["11-05T09:00 11-05T17:00 ana"]
