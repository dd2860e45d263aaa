"""What is said about linking: a way on for whoever is nobody yet, and what stands in the way."""

from datetime import timedelta

from bot.domain.people import Account, AccountId
from cards import linking
from cards.card import Note
from cards.linking import Taken
from cards.plain import spoken

TEN = timedelta(minutes=10)
ANA = Account(AccountId(1), "Ana", "ana@example.com")


def said(note: Note) -> str:
    return "\n".join(spoken(text) for text in (note.text, *note.rows))


def test_who_is_nobody_yet_is_offered_a_code() -> None:
    note = linking.unlinked("eve")
    assert said(note).startswith("Your chat account eve is not linked to an Oncard account, so nothing changed.")
    assert [(button.label, button.token) for button in note.buttons] == [("Link me", "link")]


def test_a_code_says_where_it_is_typed() -> None:
    words = said(linking.code_of_chat("ABCD-EFGH", TEN))
    assert "ABCD-EFGH" in words
    assert "10 min" in words
    assert "link ABCD-EFGH" in words
    assert "oncard link ABCD-EFGH --account you@example.com" in words
    assert "“link ABCD-EFGH”" in said(linking.code_of_account("ABCD-EFGH", TEN))


def test_a_link_is_asked_for_before_it_is_made() -> None:
    note = linking.may_it("mallory", "acme", "link ABCDEFGH yes")
    assert said(note).startswith("Link mallory in acme to you?")
    assert [button.token for button in note.buttons] == ["link ABCDEFGH yes"]


def test_what_was_linked_is_named() -> None:
    assert said(linking.linked(ANA)) == "This chat account is Ana (ana@example.com) for Oncard now."
    assert said(linking.linked_other("ana.b", "acme", ANA)) == "ana.b in acme is Ana (ana@example.com) for Oncard now."
    assert "ana@example.com" in said(linking.linked_already(ANA))


def test_what_stands_in_the_way_says_how_it_is_mended() -> None:
    assert "Type “unlink” there first" in said(linking.taken(Taken("U1", "acme", ANA.email, is_configured=False)))
    assert "configuration file" in said(linking.taken(Taken("U1", "acme", ANA.email, is_configured=True)))
    assert "configuration file" in said(linking.unlink_in_file("acme"))
    assert "Type “link”" in said(linking.unlinked_now())
    assert "nobody" in said(linking.nothing_to_unlink())


def test_why_a_code_is_not_taken_is_nobodys_business() -> None:
    assert (
        said(linking.wrong_code()) == "This code is wrong, used or expired; nothing changed. Type “link” for a new one."
    )
    assert "own code" in said(linking.own_code())
