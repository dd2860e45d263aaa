"""The standard cards and notes as Telegram gets them, reviewed as a person reads them at three in the morning."""

import json

import pytest

from cards import board, build
from cards.card import Message
from cards.telegram import plain, render
from tests.cards.telegram_limits import check_message
from tests.cards.test_slack_golden import BOARDS, CARDS, NOTES
from tests.support.golden import Golden


@pytest.mark.parametrize("name", CARDS)
def test_card(name: str, golden: Golden) -> None:
    _compare(f"golden/telegram/card-{name}.txt", build.card(CARDS[name]()), golden)


@pytest.mark.parametrize("name", BOARDS)
def test_board(name: str, golden: Golden) -> None:
    _compare(f"golden/telegram/board-{name}.txt", board.card(BOARDS[name]()), golden)


@pytest.mark.parametrize("name", NOTES)
def test_note(name: str, golden: Golden) -> None:
    _compare(f"golden/telegram/note-{name}.txt", NOTES[name](), golden)


def test_last_resorts(golden: Golden) -> None:
    told = {name: plain(build.card(scene()))["text"] for name, scene in CARDS.items()}
    told |= {name: plain(board.card(scene()))["text"] for name, scene in BOARDS.items()}
    told |= {f"note {name}": plain(note())["text"] for name, note in NOTES.items()}
    golden("golden/telegram/last-resorts.json", json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _compare(path: str, message: Message, golden: Golden) -> None:
    """Compare the text as it is, so that it can be read, and below it the keyboard, a row on each line."""
    said = render(message)
    check_message(said)
    markup = said.get("reply_markup")
    rows = markup["inline_keyboard"] if isinstance(markup, dict) else []
    golden(path, "\n".join([str(said["text"]), *(json.dumps(row, ensure_ascii=False) for row in rows), ""]))
