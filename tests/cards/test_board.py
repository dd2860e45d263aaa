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


def test_whoever_takes_all_reads_what_is_theirs_what_was_anothers_and_what_came_since() -> None:
    said = plain.spoken(board.took(board.Taken(count=3, before=2, since=1, others=("Bo",))).text)
    assert said == (
        "3 incidents are yours. Nobody else is paged for them. 2 were acknowledged before, by Bo. "
        "1 came after the board that you saw and is not yours: look again."
    )
    one = plain.spoken(board.took(board.Taken(count=1, before=0, since=0, others=())).text)
    assert one == "1 incident is yours. Nobody else is paged for it."
    none = board.took(board.Taken(count=0, before=0, since=2, others=()))
    assert plain.spoken(none.text).endswith("2 came after the board that you saw and are not yours: look again.")
    nothing = plain.spoken(board.took(board.Taken(count=0, before=2, since=0, others=("Bo",))).text)
    assert nothing == "All of them are acknowledged already, by Bo; nothing changed."


def test_a_board_that_nobody_knows_is_named() -> None:
    assert plain.spoken(board.unknown(7).text).startswith("There is no board 7;")
