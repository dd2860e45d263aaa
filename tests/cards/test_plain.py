"""Foreign text is made harmless without losing what a person reads in it."""

from datetime import UTC, datetime, timedelta

import pytest

from cards.card import Moment, Person, Strong
from cards.plain import clock, fold, isolated, line, lines, spoken
from cards.words import duration

AT = datetime(2026, 11, 21, 3, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("disk  full\n\ton web-3 ", "disk full on web-3"),
        ("a\u202eb\u202c\u200bc\ufeff", "abc"),
        ("a\x00b\x1bc\ud800d", "abcd"),
        ("a\u2028b\x1cc", "a b c"),
        ("👩\u200d💻 فارسی\u200cها", "👩\u200d💻 فارسی\u200cها"),
        (" \u200d\u200b ", ""),
        ("\u200d", ""),
    ],
)
def test_a_line_has_one_line_and_nothing_hidden(text: str, expected: str) -> None:
    assert line(text) == expected


def test_folding_keeps_the_blank_between_two_parts() -> None:
    assert fold("  by\n") == " by "
    assert fold("\u200d \u200d") == " "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Traceback:\r\n\tfile\x0b  line 3  \n", "Traceback:\n    file\n  line 3"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("  indented\u00a0text\u200b", "  indented text"),
        ("\n \u200d\n", ""),
    ],
)
def test_lines_keep_their_indentation_and_lose_what_is_hidden(text: str, expected: str) -> None:
    assert lines(text) == expected


def test_right_to_left_text_does_not_reorder_its_neighbours() -> None:
    assert isolated("עומס") == "\u2068עומס\u2069"
    assert isolated("load") == "load"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [("UTC", "03:17 UTC"), ("Europe/Berlin", "04:17 CET"), ("Nowhere/Land", "03:17 UTC"), ("../etc", "03:17 UTC")],
)
def test_a_moment_is_told_in_its_zone_or_in_utc(zone: str, expected: str) -> None:
    assert clock(Moment(AT, zone)) == expected


def test_rich_text_is_spoken_in_one_line() -> None:
    text = (Strong("Taken"), " by\n", Person("Ana", "U0ANA", notify=True), " at ", Moment(AT, day=True))
    assert spoken(text) == "Taken by Ana at 2026-11-21 03:17 UTC"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-5, "0 s"), (4, "4 s"), (120, "2 min"), (3900, "1 h 5 min"), (7200, "2 h"), (86400, "24 h"), (266400, "3 d 2 h")],
)
def test_durations_are_short(seconds: int, expected: str) -> None:
    assert duration("en", timedelta(seconds=seconds)) == expected
