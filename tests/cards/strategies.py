"""Any card, any note and any form, with everything in them that somebody could write to do harm."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.domain.event import Image, Link, Severity
from cards.card import Button, Card, Confirm, Fact, Listing, Moment, Note, Person, Strong, Style, Tone
from cards.form import Choice, Field, Form

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
notes = st.builds(
    Note,
    rich,
    st.lists(persons, max_size=40).map(tuple),
    buttons,
    aloud=st.booleans(),
    rows=st.lists(rich, max_size=30).map(tuple),
)

choices = st.lists(st.builds(Choice, words, printable.filter(bool)), max_size=120).map(tuple)
fields = st.lists(
    st.builds(
        Field,
        st.sampled_from(["text", "level", "who"]),
        words,
        choices,
        people=st.booleans(),
        hint=words,
        lines=st.booleans(),
        required=st.booleans(),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda field: field.name,
).map(tuple)
forms = st.builds(Form, words, st.sampled_from(["close 42 v7", "snooze 7"]), rich, fields, words, words)


def too_long_everywhere() -> Card:
    """Return a card each of whose parts is far beyond any limit."""
    long, longer = "&🔥" * 2500, "&🔥" * 6000
    person = Person(long, "U123", notify=True)
    confirm = Confirm(long, long, long, long)
    return Card(
        number=42,
        severity=Severity.CRITICAL,
        severity_word=long,
        tone=Tone.CRITICAL,
        title=long,
        summary=long,
        status=(long, Strong(long), person, long),
        facts=(Fact(long, (long,)),) * 20,
        listings=(Listing(long, ((long, Strong(long)),) * 20),) * 5,
        description=longer,
        labels=((long, long),) * 50,
        more_labels=long,
        images=(Image("https://example.com/graph.png", long),) * 20,
        links=(Link(long, "https://example.com/" + "a" * 500),) * 10,
        history=((long,),) * 20,
        mentions=(person,) * 50,
        buttons=(Button(long, "ack 42 v7", Style.PRIMARY, confirm),) * 20,
    )
