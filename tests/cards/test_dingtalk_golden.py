"""The standard cards and notes as DingTalk gets them, reviewed as a person reads them at three in the morning."""

import json

import pytest

from cards import board, build
from cards.card import Button, Message, Note
from cards.dingtalk import plain, render
from cards.dingtalk_form import render_form
from cards.dingtalk_robot import is_sayable, robot, robot_plain
from cards.form import Choice, Field, Form
from tests.cards.dingtalk_limits import check_card, check_form, check_robot
from tests.cards.test_slack_golden import BOARDS, CARDS, NOTES
from tests.support.golden import Golden

FIELDS = (
    Field("level", "Level", (Choice("Level 2: Chen", "level 2"), Choice("Level 3: Dee", "level 3"))),
    Field("who", "Person", (Choice("Ana", "@1"), Choice("Bo", "@2")), people=True),
    Field("text", "What fixed it", hint="Disk replaced", lines=True, required=True),
)
FORM = Form(
    "Escalate #42", "escalate 42 v7", ("With nothing chosen, the next level is paged.",), FIELDS, "Escalate", "Cancel"
)


@pytest.mark.parametrize("name", CARDS)
def test_card(name: str, golden: Golden) -> None:
    _compare(f"golden/dingtalk/card-{name}.json", build.card(CARDS[name]()), golden)


@pytest.mark.parametrize("name", BOARDS)
def test_board(name: str, golden: Golden) -> None:
    _compare(f"golden/dingtalk/board-{name}.json", board.card(BOARDS[name]()), golden)


@pytest.mark.parametrize("name", NOTES)
def test_note(name: str, golden: Golden) -> None:
    _compare(f"golden/dingtalk/note-{name}.json", NOTES[name](), golden)


def test_form(golden: Golden) -> None:
    values, (key, param) = render_form(FORM), robot(FORM)
    check_form(values)
    check_robot(key, param)
    shown = {"card": values, "robot": {"msgKey": key, "msgParam": param}}
    golden("golden/dingtalk/form.json", json.dumps(shown, indent=2, ensure_ascii=False) + "\n")


def test_last_resorts(golden: Golden) -> None:
    messages: dict[str, Message] = {name: build.card(scene()) for name, scene in CARDS.items()}
    messages |= {name: board.card(scene()) for name, scene in BOARDS.items()}
    messages |= {f"note {name}": note() for name, note in NOTES.items()}
    told = {name: [plain(message)["status"], robot_plain(message)[1]["content"]] for name, message in messages.items()}
    golden("golden/dingtalk/last-resorts.json", json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _compare(path: str, message: Message, golden: Golden) -> None:
    values, (key, param) = render(message), robot(message)
    check_card(values)
    check_robot(key, param)
    shown = {
        "card": {name: value for name, value in values.items() if value},
        "robot": {"msgKey": key, "msgParam": param},
    }
    golden(path, json.dumps(shown, indent=2, ensure_ascii=False) + "\n")


def test_what_only_a_button_can_confirm_cannot_be_typed() -> None:
    assert is_sayable(Note(("Shown",), buttons=(Button("Acknowledge", "ack 1 v2"),)))
    assert not is_sayable(Note(("Sure?",), buttons=(Button("It is me", "link ana@example.com yes7"),)))
