"""Codes: whatever somebody types between their signs, a code is the same."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.linking import ALPHABET, LENGTH, plain, written


@given(st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH), st.sampled_from(["", " ", "-", " - ", "\u2013", "\n"]))
def test_a_code_is_read_as_it_was_written(code: str, between: str) -> None:
    assert plain(written(code)) == code
    assert plain(between.join(code.lower())) == code


def test_a_code_is_shown_in_two_groups_and_typed_as_one_likes() -> None:
    assert written("ABCDEFGH") == "ABCD-EFGH"
    assert plain("abcd efgh") == plain("ABCD\u2013EFGH\n") == "ABCDEFGH"


def test_no_two_signs_of_a_code_look_alike() -> None:
    assert set(ALPHABET).isdisjoint("01IO")
    assert len(set(ALPHABET)) == 32
