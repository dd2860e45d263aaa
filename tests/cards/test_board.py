"""What a board says beside its message."""

from bot.domain.board import Pages
from bot.domain.incident import Entry
from cards import board, plain
from tests.cards.storms import CRITICAL, incident, storm


def test_a_call_names_what_has_come() -> None:
    said = plain.spoken(board.call(storm((CRITICAL, 60), pages=Pages(40, incident(60)))).text)
    assert said.startswith("Storm: 40 more incidents in Payments, the newest: ")


def test_a_call_for_something_else_names_nothing_new() -> None:
    said = plain.spoken(board.call(storm((CRITICAL, 60), pages=Pages(notes={Entry.EXHAUSTED: 3}))).text)
    assert said.startswith("Storm in Payments: 60 of 60 open ones not acknowledged")


def test_whoever_takes_what_is_closed_already_is_told_so() -> None:
    said = plain.spoken(board.took(board.Taken(count=0, before=0, since=0, others=())).text)
    assert said == "All of them are closed already; nothing changed."
