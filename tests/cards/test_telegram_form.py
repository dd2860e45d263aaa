"""Any form is messages that Telegram takes, and each of its buttons holds a whole sentence."""

from typing import Any

import pytest
from hypothesis import given, settings

from bot import commands
from bot.commands import Command
from cards.card import Person
from cards.form import Choice, Field, Form
from cards.telegram_form import CANCEL, Turn, completes, is_form, prompt, read_turn, render_form, written
from tests.cards import strategies
from tests.cards.telegram_limits import check_message
from tests.cards.test_telegram_limits import taken

LEVELS = Field("level", "Level", (Choice("Level 2: Chen", "level 2"), Choice("Level 1: Ana", "level 1")))
PEOPLE = Field("who", "Person", tuple(Choice(f"Person {number}", f"@{number}") for number in range(1, 20)), people=True)
REASON = Field("text", "What fixed it", hint="Disk replaced", lines=True)
OWN = Field("own", "Or another time", hint="90m")
ESCALATE = Form("Escalate #42", "escalate 42 v7", ("How it stands",), (LEVELS, PEOPLE), "Escalate", "Cancel")
CLOSE = Form("Close #42", "close 42 v7", ("How it stands",), (REASON,), "Close", "Cancel")
COMMENT = Form("Comment on #42", "comment 42 v7", (), (Field("text", "Comment", required=True),), "Comment", "Cancel")


def rows(message: dict[str, Any]) -> list[list[tuple[str, str]]]:
    keyboard = message["reply_markup"]["inline_keyboard"]
    return [[(button["text"], button["callback_data"]) for button in row] for row in keyboard]


@settings(deadline=None, max_examples=50)
@given(strategies.forms)
def test_any_form_is_a_message_that_telegram_takes(form: Form) -> None:
    for field in form.fields:
        for page in (0, 1, 99):
            turn = Turn(field.name, page, "x? 1")
            message = render_form(form, turn)
            taken(message)
            assert is_form(message["reply_markup"]["inline_keyboard"])  # type: ignore[index]
        asked = prompt(form, field, "en", (Person("Ana", "7", notify=True), ": "))
        check_message(asked)


def test_the_choices_of_one_field_are_sentences_and_the_other_fields_are_a_click_away() -> None:
    message = render_form(ESCALATE)
    assert rows(message) == [
        [("Level 2: Chen", "escalate 42 v7 level 2")],
        [("Level 1: Ana", "escalate 42 v7 level 1")],
        [("Person", "~who.0 escalate? 42 v7")],
        [("Cancel", CANCEL)],
    ]
    assert taken(message) == "Escalate #42\nHow it stands\nLevel"


def test_what_is_chosen_is_a_sentence_of_the_grammar() -> None:
    for row in rows(render_form(ESCALATE))[:2]:
        command = commands.parse(row[0][1], is_token=True)
        assert isinstance(command, Command)
        assert (command.verb, command.numbers, command.seen) == ("escalate", (42,), 7)


def test_many_choices_have_pages() -> None:
    first = rows(render_form(ESCALATE, Turn("who", 0, "escalate? 42 v7")))
    assert [row[0][0] for row in first[:8]] == [f"Person {number}" for number in range(1, 9)]
    assert first[8] == [("2/3 ›", "~who.1 escalate? 42 v7")]
    assert first[9] == [("Level", "~level.0 escalate? 42 v7")]
    second = rows(render_form(ESCALATE, Turn("who", 1, "escalate? 42 v7")))
    assert second[8] == [("‹ 1/3", "~who.0 escalate? 42 v7"), ("3/3 ›", "~who.2 escalate? 42 v7")]
    last = rows(render_form(ESCALATE, Turn("who", 7, "escalate? 42 v7")))
    assert [row[0][0] for row in last[:3]] == ["Person 17", "Person 18", "Person 19"]
    assert last[3] == [("‹ 2/3", "~who.1 escalate? 42 v7")]


def test_what_is_written_is_asked_for_and_may_be_left_out() -> None:
    assert rows(render_form(CLOSE)) == [
        [("✏️ What fixed it", "~text.0 close? 42 v7")],
        [("Close", "close 42 v7")],
        [("Cancel", CANCEL)],
    ]
    assert written(CLOSE) is None
    assert written(CLOSE, Turn("text", 0, "close? 42 v7")) is REASON
    asked = prompt(CLOSE, REASON, "en")
    assert taken(asked) == "✏️ close 42 v7\nWhat fixed it · Reply to this message."
    markup = {"force_reply": True, "selective": True, "input_field_placeholder": "Disk replaced"}
    assert asked["reply_markup"] == markup
    assert completes(taken(asked)) == "close 42 v7"


def test_what_must_be_written_is_asked_for_at_once() -> None:
    field = written(COMMENT)
    assert field is COMMENT.fields[0]
    assert [row[0][0] for row in rows(render_form(COMMENT))] == ["✏️ Comment", "Cancel"]
    assert "input_field_placeholder" not in prompt(COMMENT, field, "zh")["reply_markup"]  # type: ignore[operator]


def test_choices_and_another_time_stand_together() -> None:
    times = Field("time", "For how long", (Choice("15 min", "15m"), Choice("", "1h"), Choice("Long", "x" * 64)))
    form = Form("Snooze #42", "snooze 42 v7", (), (times, OWN), "Snooze", "Cancel")
    assert [row[0] for row in rows(render_form(form))] == [
        ("15 min", "snooze 42 v7 15m"),
        ("1h", "snooze 42 v7 1h"),
        ("✏️ Or another time", "~own.0 snooze? 42 v7"),
        ("Cancel", CANCEL),
    ]
    assert written(form, Turn("time", 0, "snooze? 42 v7")) is None
    assert written(form, Turn("nothing", 0, "snooze? 42 v7")) is None


def test_a_field_of_choices_of_which_none_fits_is_written() -> None:
    alone = Field("who", "Person", (Choice("Ana", "x" * 64),), people=True, required=True)
    form = Form("Reassign", "reassign 42 v7", (), (alone,), "Reassign", "Cancel")
    assert written(form) is alone


def test_what_has_no_room_in_a_button_has_none() -> None:
    form = Form("Long", "close 42 " + "x" * 60, (), (REASON,), "Close", "Cancel")
    assert rows(render_form(form)) == [[("Cancel", CANCEL)]]


@pytest.mark.parametrize(
    ("data", "turn"),
    [
        ("~who.12 escalate? 42 v7", Turn("who", 12, "escalate? 42 v7")),
        ("~who.1 escalate 42 v7", None),
        ("~who. escalate? 42", None),
        ("ack 42 v7", None),
        ("~", None),
        ("", None),
    ],
)
def test_turning_over_is_told_from_a_sentence(data: str, turn: Turn | None) -> None:
    assert read_turn(data) == turn


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("✏️ close 42 v7\nWhat fixed it · Reply", "close 42 v7"),
        ("✏️ comment 42", "comment 42"),
        ("✏️ close 42 v7 and more\n", ""),
        ("🔴 Critical · #42 ✏️ close 42 v7", ""),
        ("close 42 v7", ""),
    ],
)
def test_only_a_question_of_ours_is_completed(text: str, token: str) -> None:
    assert completes(text) == token


@pytest.mark.parametrize("keyboard", [[], [[{"text": "x", "callback_data": "ack 42"}]], [["x"], [{"text": "y"}]]])
def test_another_keyboard_is_no_forms(keyboard: list[list[object]]) -> None:
    assert not is_form(keyboard)
