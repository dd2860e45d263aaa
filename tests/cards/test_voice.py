"""What a call says is heard once and understood, and each key does one thing."""

import pytest

from cards import board, build, voice
from cards.card import Button, Note
from cards.voice import Keys
from tests.cards import stories
from tests.cards.storms import CRITICAL, storm

CARD = build.card(stories.Story().scene())
SECRET = Keys(code="47")


@pytest.mark.parametrize(
    ("keys", "pressed", "expected"),
    [
        (Keys(), "1", "ack"),
        (Keys(), "2", "escalate"),
        (Keys(), "0", "again"),
        (Keys(), "7", ""),
        (Keys.of({"acknowledge_key": "5", "escalate_key": "6"}), "5", "ack"),
        (Keys.of({"acknowledge_key": "5", "escalate_key": "6"}), "1", ""),
        (SECRET, "47", "ack"),
        (SECRET, "22", "escalate"),
        (SECRET, "00", "again"),
        (SECRET, "1", ""),
    ],
)
def test_each_key_does_one_thing(keys: Keys, pressed: str, expected: str) -> None:
    assert keys.means(pressed) == expected


def test_a_call_says_the_incident_and_then_the_keys() -> None:
    said = voice.opening(CARD, "en", Keys())
    assert said.lines[0] == "This is Oncard."
    assert said.lines[1] == f"{CARD.severity_word} incident number {CARD.number}: {CARD.title}."
    assert said.lines[2:] == (
        "To acknowledge, press 1.",
        "To call the next level, press 2.",
        "To hear this again, press 0.",
    )
    assert (said.digits, said.again) == (1, 1)


def test_a_code_is_said_digit_by_digit_and_as_many_keys_are_waited_for() -> None:
    said = voice.opening(CARD, "en", SECRET)
    assert said.lines[2] == "To acknowledge, press 4 7."
    assert said.digits == 2


def test_where_no_key_can_be_taken_the_chat_is_named() -> None:
    said = voice.opening(CARD, "en", None)
    assert (said.lines[-1], said.digits) == ("Please acknowledge it in the chat.", 0)


def test_a_note_that_asks_whether_it_has_come_waits_for_one_key() -> None:
    asks = Note(("a test",), buttons=(Button("It has come", "pager code 004711"),), code="004711")
    said = voice.opening(asks, "en", Keys.of({"acknowledge_key": "5"}))
    assert (said.lines[1:], said.digits) == (("a test", "To show that you hear this, press 5."), 1)
    assert voice.opening(asks, "en", None).digits == 0


def test_what_is_about_no_incident_is_said_and_waits_for_nothing() -> None:
    note = voice.opening(Note(("the disk is full",), rows=(("since noon",),), repeat=True), "en", Keys())
    assert note.lines[1:] == ("the disk is full", "since noon", "You may have had this call before.")
    many = voice.opening(board.card(storm((CRITICAL, 60))), "en", Keys())
    assert many.lines[1].startswith("Storm: 60 open incidents in Payments")
    assert (note.digits, many.digits) == (0, 0)


def test_a_code_that_asks_whether_it_has_come_is_confirmed_by_one_key() -> None:
    asked = Note(("Your code is: 4, 7.",), buttons=(Button("It has come", "me verified"),), code="47")
    assert voice.opening(asked, "en", Keys()).lines[-1] == "To show that you hear this, press 1."
    assert voice.opening(asked, "en", None).digits == 0


def test_what_follows_says_why_and_ends_or_asks() -> None:
    opening = voice.opening(CARD, "en", Keys())
    assert voice.once_more(opening, voice.WRONG_KEY).lines == ("That key does nothing.", *opening.lines)
    assert voice.ask_pin(4, "en").lines == ("Enter your PIN.",)
    again = voice.ask_pin(4, "en", again=True)
    assert (again.lines, again.digits) == (("That PIN is wrong.", "Enter your PIN."), 4)
    assert voice.last_words(voice.TOO_MANY_PINS, "en").lines[-1] == "Goodbye."
    assert voice.last_words(("It is yours",), "en").lines == ("It is yours", "Goodbye.")
