"""Any card and any note is a message that Slack takes, with nothing active in it that somebody else wrote."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.event import Severity
from bot.playground.slack.validate import read_draft
from cards.card import Card, Fact, Message, Moment, Tone
from cards.slack import plain, render
from tests.cards.slack_limits import check_message, check_mrkdwn
from tests.cards.strategies import cards, notes, too_long_everywhere


@settings(deadline=None)
@given(st.one_of(cards, notes))
def test_any_message_is_within_slacks_limits_and_inert(message: Message) -> None:
    for said in (render(message), plain(message)):
        check_message(said)
        read_draft({"channel": "C1", **said})


def test_a_card_that_is_too_long_everywhere_is_within_the_limits() -> None:
    card = too_long_everywhere()
    check_message(render(card))
    check_message(plain(card))


@pytest.mark.parametrize(
    "text",
    [
        "<!channel>",
        "<@U123>suffix>",
        "a *b* _c_",
        "> quote",
        "&gt; quote",
        "`x`",
        "@here",
        "R&D",
        "a\u202eb",
        "<ftp://x>",
    ],
)
def test_the_check_itself_sees_what_is_active(text: str) -> None:
    with pytest.raises(AssertionError):
        check_mrkdwn(text)


@pytest.mark.parametrize(
    "message",
    [
        {"text": "", "attachments": []},
        {"text": "x", "blocks": [], "attachments": [{"color": "#FFFFFF", "blocks": []}]},
        {
            "text": "x",
            "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151, "emoji": False}}],
        },
    ],
)
def test_the_check_itself_sees_what_is_too_long_or_empty(message: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_message({"attachments": [], **message})


def test_a_fact_that_says_from_when_to_when_is_whole() -> None:
    start = Moment(datetime(2026, 11, 23, 2, tzinfo=UTC), "America/Argentina/Buenos_Aires", day=True)
    end = Moment(datetime(2026, 11, 30, 2, tzinfo=UTC), "America/Argentina/Buenos_Aires", day=True)
    card = Card(None, Severity.INFO, "Info", Tone.INFO, "A", "A", (), facts=(Fact("Shift", (start, " to ", end)),))
    assert json.dumps(render(card)).count("<!date^") == 2
