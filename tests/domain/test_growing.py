"""Words of the next version are kept as they were written."""

import pytest

from bot.domain.delivery import Kind
from bot.domain.incident import Entry


def test_a_word_that_is_known_is_itself() -> None:
    assert Entry("closed") is Entry.CLOSED


def test_a_word_that_is_not_known_keeps_its_spelling_and_is_none_of_the_others() -> None:
    assert str(Entry("merged_into")) == "merged_into"
    assert Entry("merged_into") not in list(Entry)
    assert Kind("digest").name == "DIGEST"


def test_what_is_no_word_is_refused() -> None:
    with pytest.raises(ValueError, match="7 is not a valid Entry"):
        Entry(7)  # type: ignore[arg-type]  # what is stored may be anything
