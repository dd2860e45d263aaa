"""The standard cards and notes as mails, reviewed as a person reads them at three in the morning."""

import pytest

from cards import board, build
from cards.card import Message
from cards.email import Mail, brief, render
from tests.cards.email_limits import check_mail
from tests.cards.test_slack_golden import BOARDS, CARDS, NOTES
from tests.support.golden import Golden

WHOLE = ("triggered-direct", "closed", "hostile", "right-to-left")


def addresses(message: Message) -> dict[str, str]:
    """Return an address for each button."""
    return {
        one.token: f"https://oncall.example.com/links/{place}" for place, one in enumerate(message.buttons, start=1)
    }


@pytest.mark.parametrize("name", CARDS)
def test_card(name: str, golden: Golden) -> None:
    card = build.card(CARDS[name]())
    _compare(f"golden/email/card-{name}.txt", render(card, "en", addresses(card)), golden)


@pytest.mark.parametrize("name", BOARDS)
def test_board(name: str, golden: Golden) -> None:
    _compare(f"golden/email/board-{name}.txt", render(board.card(BOARDS[name]())), golden)


@pytest.mark.parametrize("name", NOTES)
def test_note(name: str, golden: Golden) -> None:
    note = NOTES[name]()
    _compare(f"golden/email/note-{name}.txt", render(note, "en", addresses(note)), golden)


@pytest.mark.parametrize("name", WHOLE)
def test_html(name: str, golden: Golden) -> None:
    card = build.card(CARDS[name]())
    # A tag on each line, so that a change can be read.
    golden(f"golden/email/card-{name}.html", render(card, "en", addresses(card)).html.replace("><", ">\n<"))


def test_last_resorts(golden: Golden) -> None:
    shown = []
    for name, scene in CARDS.items():
        card = build.card(scene())
        mail = brief(card, "en", addresses(card))
        check_mail(mail)
        shown.append(f"==== {name}\n{mail.text}")
    golden("golden/email/last-resorts.txt", "\n".join(shown))


def _compare(path: str, mail: Mail, golden: Golden) -> None:
    check_mail(mail)
    headers = [f"{name}: {value}" for name, value in mail.headers.items()]
    golden(path, "\n".join([f"Subject: {mail.subject}", f"Thread: {mail.thread}", *headers, "", mail.text]))
