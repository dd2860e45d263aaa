"""Any message is a push that fits, and its first words say how bad it is and what it is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.event import Link, Severity
from cards.card import Button, Card, Confirm, Fact, Listing, Message, Moment, Note, Tone
from cards.push import Action, Limits, Loudness, Push, render
from tests.cards.strategies import cards, notes, too_long_everywhere

ASK = Confirm("Close #42?", "It stays closed.", "Close", "Cancel")
ROOMY = Limits(title=250, body=1024)


def a_card(tone: Tone = Tone.CRITICAL, **more: object) -> Card:
    given = {
        "number": 42,
        "severity": Severity.CRITICAL,
        "severity_word": "Critical",
        "tone": tone,
        "title": "Host high CPU load",
        "summary": "",
        "status": ("Triggered · paging Ana until ", Moment(datetime(2026, 11, 21, 3, 17, tzinfo=UTC))),
    }
    return Card(**(given | more))  # type: ignore[arg-type]


def shown(push: Push) -> tuple[str, str]:
    return push.title, push.body


@settings(deadline=None, max_examples=50)
@given(st.one_of(cards, notes), st.integers(8, 60), st.integers(3, 300), st.integers(0, 3), st.booleans())
def test_any_message_fits_any_limits(message: Message, title: int, body: int, actions: int, in_bytes: bool) -> None:
    push = render(message, limits=Limits(title, body, actions, in_bytes=in_bytes), urgent=in_bytes)
    size = (lambda text: len(text.encode())) if in_bytes else len
    assert 0 < size(push.title) <= title
    assert 0 < size(push.body) <= body
    assert "\n" not in push.title
    assert len(push.actions) <= actions
    assert all(0 < len(one.token.encode()) <= 64 and one.label for one in push.actions)


def test_what_is_too_long_everywhere_is_cut_and_says_so() -> None:
    push = render(too_long_everywhere(), limits=Limits(100, 1000, in_bytes=True))
    assert push.title.endswith("…")
    assert push.body.endswith("…")
    assert push.url == "https://example.com/" + "a" * 480 or push.url == ""


def test_a_lock_screen_shows_how_bad_it_is_and_what() -> None:
    push = render(a_card(), limits=ROOMY)
    assert push.title[:40] == "🔴 Critical · Host high CPU load"
    assert push.body == "#42 · Triggered · paging Ana until 03:17 UTC"
    assert push.tags == ("critical",)


def test_the_body_tells_the_most_wanted_first() -> None:
    card = a_card(
        number=None,
        status=("12 open",),
        description="CPU load\nis high",
        facts=(Fact("Channel", ("shop",)),),
        labels=(("host", "web-3"), ("", "\u200b")),
        listings=(Listing("Oldest", (("#41 disk full",), ("#40 disk full",))),),
    )
    assert render(card, limits=ROOMY).body.split("\n") == [
        *("12 open", "CPU load", "is high", "Channel: shop", "host: web-3", "#41 disk full", "#40 disk full")
    ]


def test_a_note_is_said_by_oncard() -> None:
    note = Note(("Ana acknowledged ",), rows=(("#42",), ("#43",)))
    assert shown(render(note, limits=ROOMY, locale="zh")) == ("Oncard", "Ana acknowledged\n#42\n#43")
    assert shown(render(Note(("\u200b",)), limits=ROOMY)) == ("Oncard", "…")


def test_a_note_about_an_incident_begins_with_it() -> None:
    note = Note(("Critical: disk full (#42) · Still not acknowledged",), rows=(("since 03:07",),))
    assert shown(render(note, limits=ROOMY)) == ("Critical: disk full (#42)", "Still not acknowledged\nsince 03:07")
    assert shown(render(Note((" · odd",)), limits=ROOMY)) == ("Oncard", "· odd")


def test_a_card_without_words_still_has_a_colour() -> None:
    assert render(a_card(title=" ", severity_word=""), limits=ROOMY).title == "🔴 …"


@pytest.mark.parametrize(
    ("message", "urgent", "loudness"),
    [
        (a_card(), True, Loudness.ALARM),
        (a_card(Tone.DONE), True, Loudness.ALARM),
        (a_card(), False, Loudness.NORMAL),
        (a_card(Tone.TAKEN), False, Loudness.QUIET),
        (Note(("x",)), True, Loudness.ALARM),
        (Note(("x",)), False, Loudness.QUIET),
    ],
)
def test_only_what_is_to_wake_somebody_alarms(message: Message, urgent: bool, loudness: Loudness) -> None:
    assert render(message, limits=ROOMY, urgent=urgent).loudness is loudness


def test_a_tap_says_the_whole_sentence_or_there_is_none() -> None:
    buttons = (
        Button("Acknowledge", "ack 42 v7"),
        Button("Close", "close 42 v7", confirm=ASK),
        Button("Long", "x" * 65),
        Button("Odd", "ack\n42"),
        Button("Empty", ""),
        Button("Snooze…", "snooze? 42 v7"),
        Button("\u200b", "ack 42"),
        Button("Show", "show 42"),
        Button("Help", "help"),
    )
    assert render(a_card(buttons=buttons), limits=ROOMY).actions == (
        Action("Acknowledge", "ack 42 v7"),
        Action("Close", "close 42 v7", confirm=True),
        Action("Show", "show 42"),
    )


def test_only_an_address_that_a_phone_can_open_is_given() -> None:
    bad = ("javascript:alert(1)", "https://", "https://[", "https://a.example/ b", "https://ä.example", "x" * 600)
    links = tuple(Link("see", href) for href in bad)
    assert render(a_card(links=links), limits=ROOMY).url == ""
    assert render(a_card(links=(*links, Link("", "https://a.example/b"))), limits=ROOMY).url == "https://a.example/b"


def test_a_character_that_is_joined_is_not_left_hanging() -> None:
    assert Limits(title=8, body=3).fit("ab👩‍👩‍👧", 5) == "ab👩…"
