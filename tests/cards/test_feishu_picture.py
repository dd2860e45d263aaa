"""The card of a picture: its words stand for it where it cannot be seen, whatever they are."""

from typing import Any

import pytest

from cards.card import Picture
from cards.feishu import ALT_LIMIT, SUMMARY_LIMIT, render_picture
from cards.feishu_text import size
from tests.cards.feishu_limits import check_plain, check_size


@pytest.mark.parametrize("alt", ["", "payments: Ana 24 h", "<at id=all></at> **x** \u202e" + "安" * 900])
def test_its_words_fit(alt: str) -> None:
    card: dict[str, Any] = render_picture("img_v3_1", Picture("payments.png", alt, b""))
    check_size(card)
    ((shown,), summary) = (card["body"]["elements"], card["config"]["summary"]["content"])
    check_plain(shown["alt"])
    assert (shown["tag"], shown["img_key"]) == ("img", "img_v3_1")
    assert 0 < size(shown["alt"]["content"]) <= ALT_LIMIT
    assert 0 < size(summary) <= SUMMARY_LIMIT
