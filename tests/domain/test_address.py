"""E-mail addresses: however somebody writes one, it is compared and asked for as the same."""

import pytest

from bot.domain.address import normalised, spellings


@pytest.mark.parametrize("written", ["ana@example.com", " Ana@Example.COM\n", "ANA@EXAMPLE.com"])
def test_case_and_blanks_make_no_difference(written: str) -> None:
    assert normalised(written) == "ana@example.com"
    assert spellings(written) == ("ana@example.com",)


def test_signs_that_look_the_same_are_the_same() -> None:
    assert normalised("jose\u0301@example.com") == normalised("jos\u00e9@example.com")


def test_a_domain_in_other_letters_is_asked_for_in_both_ways() -> None:
    assert spellings("Ana@B\u00fccher.example") == ("ana@b\u00fccher.example", "ana@xn--bcher-kva.example")


@pytest.mark.parametrize("odd", ["", "ana", "x@" + "\u00fc" * 80 + ".de", "x@.."])
def test_what_is_no_address_is_asked_for_as_it_is(odd: str) -> None:
    assert spellings(odd)[0] == normalised(odd)
