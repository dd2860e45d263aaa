"""Any card and any note is a message that Slack takes, with nothing active in it that somebody else wrote."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.event import Image, Link, Severity
from bot.playground.slack.validate import read_draft
from cards.card import Button, Card, Confirm, Fact, Listing, Message, Moment, Note, Person, Strong, Style, Tone
from cards.slack import plain, render
from tests.cards.slack_limits import check_message, check_mrkdwn

NASTY = [
    *(
        "<!channel>",
        "<@U123>",
        "<#C123>",
        "@channel",
        "@here",
        "*bold*",
        "_low_",
        "~gone~",
        "`code`",
        "```",
        "\n> quote",
    ),
    *(
        "&amp;",
        "&",
        "<b>",
        "<https://a.example|b>",
        "\u202eabc",
        "\u200b",
        "\u2066",
        "\x00",
        "\ud800",
        "\t",
        "\r\n",
        "|",
    ),
    *("שלום", "سلام", "👩‍👩‍👧", "🔥" * 200, "x" * 1300, "&" * 700, "*" * 300, " ", "\u200d", "disk_usage_percent"),
]
words = st.lists(
    st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=()), max_size=9)), max_size=3
).map("".join)
moments = st.builds(
    Moment,
    st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
    st.sampled_from(["UTC", "Asia/Shanghai", "Nowhere/Land", "", "../etc", "\x00"]),
    day=st.booleans(),
)
persons = st.builds(Person, words, st.one_of(st.none(), st.just("U123"), words), notify=st.booleans())
rich = st.lists(st.one_of(words, st.builds(Strong, words), persons, moments), max_size=4).map(
    lambda parts: tuple(piece for part in parts for piece in (part, " "))
)
confirms = st.builds(Confirm, words, words, words, words)
tokens = st.one_of(words, st.sampled_from(["ack 42 v7", "ack:1 2", "ack 1", "x" * 2001]))
printable = tokens.map(lambda token: token.encode("utf-16", "replace").decode("utf-16"))
buttons = st.lists(
    st.builds(Button, words, printable, st.sampled_from(Style), st.one_of(st.none(), confirms)), max_size=12
).map(tuple)
addresses = st.one_of(words, words.map("https://example.com/{}".format), st.just("javascript:alert(1)"))
cards = st.builds(
    Card,
    number=st.none() | st.integers(0, 10**9),
    severity=st.sampled_from(Severity),
    severity_word=words,
    tone=st.sampled_from(Tone),
    title=words,
    summary=words,
    status=rich,
    facts=st.lists(st.builds(Fact, words, rich), max_size=12).map(tuple),
    listings=st.lists(st.builds(Listing, words, st.lists(rich, max_size=8).map(tuple)), max_size=4).map(tuple),
    description=words,
    labels=st.lists(st.tuples(words, words), max_size=50).map(tuple),
    more_labels=words,
    images=st.lists(st.builds(Image, addresses, words, addresses), max_size=4).map(tuple),
    links=st.lists(st.builds(Link, words, addresses), max_size=10).map(tuple),
    history=st.lists(rich, max_size=8).map(tuple),
    mentions=st.lists(persons, max_size=40).map(tuple),
    buttons=buttons,
)
notes = st.builds(Note, rich, st.lists(persons, max_size=40).map(tuple), buttons, aloud=st.booleans())


@settings(deadline=None)
@given(st.one_of(cards, notes))
def test_any_message_is_within_slacks_limits_and_inert(message: Message) -> None:
    for said in (render(message), plain(message)):
        check_message(said)
        read_draft({"channel": "C1", **said})


def test_a_card_that_is_too_long_everywhere_is_within_the_limits() -> None:
    long = "&🔥" * 5000
    person = Person(long, "U123", notify=True)
    confirm = Confirm(long, long, long, long)
    card = Card(
        number=42,
        severity=Severity.CRITICAL,
        severity_word=long,
        tone=Tone.CRITICAL,
        title=long,
        summary=long,
        status=(long, Strong(long), person, long),
        facts=(Fact(long, (long,)),) * 20,
        listings=(Listing(long, ((long, Strong(long)),) * 20),) * 5,
        description=long,
        labels=((long, long),) * 50,
        more_labels=long,
        images=(Image("https://example.com/graph.png", long),) * 20,
        links=(Link(long, "https://example.com/" + "a" * 500),) * 10,
        history=((long,),) * 20,
        mentions=(person,) * 50,
        buttons=(Button(long, "ack 42 v7", Style.PRIMARY, confirm),) * 20,
    )
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
