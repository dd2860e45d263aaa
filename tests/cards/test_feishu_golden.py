"""The standard cards, notes and a form as Feishu gets them, reviewed as a person reads them at three in the morning."""

import json
from dataclasses import replace

import pytest

from cards import board, build
from cards.card import Message, Text
from cards.feishu import plain, render
from cards.feishu_form import render_form
from cards.feishu_robot import render_old
from cards.form import Choice, Field, Form
from tests.cards.feishu_limits import check_card, check_old_card
from tests.cards.test_slack_golden import BOARDS, CARDS, NOTES
from tests.support.golden import Golden

FIELDS = (
    Field("level", "Level", (Choice("Level 2: Chen", "2"), Choice("Level 3: Dee", "3"))),
    Field("who", "Person", (Choice("Ana", "<@ou_ana>"), Choice("Bo", "<@ou_bo>")), people=True),
    Field("text", "What fixed it", hint="Disk replaced", lines=True, required=True),
)
TEXT: Text = ("With nothing chosen, the next level is paged.",)
FORM = Form("Escalate #42", "escalate 42 v7", TEXT, FIELDS, "Escalate", "Cancel")


def card(name: str) -> Message:
    """Return a card of an incident whose people have ids of Feishu."""
    scene = CARDS[name]()
    return build.card(replace(scene, users={one: f"ou_{user.lower()}" for one, user in scene.users.items()}))


def board_of(name: str) -> Message:
    """Return a board whose people have ids of Feishu."""
    scene = BOARDS[name]()
    return board.card(replace(scene, users={one: f"ou_{user.lower()}" for one, user in scene.users.items()}))


@pytest.mark.parametrize("name", CARDS)
def test_card(name: str, golden: Golden) -> None:
    _compare(f"golden/feishu/card-{name}.json", card(name), golden)


@pytest.mark.parametrize("name", BOARDS)
def test_board(name: str, golden: Golden) -> None:
    _compare(f"golden/feishu/board-{name}.json", board_of(name), golden)


@pytest.mark.parametrize("name", NOTES)
def test_note(name: str, golden: Golden) -> None:
    _compare(f"golden/feishu/note-{name}.json", NOTES[name](), golden)


def test_form(golden: Golden) -> None:
    said = render_form(FORM)
    check_card(said)
    golden("golden/feishu/form.json", json.dumps(said, indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("name", ["triggered-in-chat", "closed", "hostile"])
def test_card_of_the_older_kind(name: str, golden: Golden) -> None:
    said = render_old(card(name))
    check_old_card(said)
    golden(f"golden/feishu/old-{name}.json", json.dumps(said, indent=2, ensure_ascii=False) + "\n")


def test_last_resorts(golden: Golden) -> None:
    told = {name: plain(card(name))["body"] for name in CARDS}
    golden("golden/feishu/last-resorts.json", json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _compare(path: str, message: Message, golden: Golden) -> None:
    said = render(message)
    check_card(said)
    golden(path, json.dumps(said, indent=2, ensure_ascii=False) + "\n")
