"""Any card, note and form is a message that Telegram takes, with nothing active in it that somebody else wrote."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.event import Link, Severity
from bot.playground.telegram.keyboards import read_keyboard
from bot.playground.telegram.markup import ENTITIES, parse_html, units, with_found
from cards.card import Button, Card, Message, Moment, Note, Person, Strong, Style, Text, Tone
from cards.telegram import alert, plain, render, shortened, toast
from cards.telegram_text import CAPTION_LIMIT, caption
from tests.cards.strategies import cards, notes, too_long_everywhere
from tests.cards.telegram_limits import check_html, check_message, size

MUST_NOTICE = tuple(Person(f"Person {number}", str(1000 + number), notify=True) for number in range(30))


def taken(message: dict[str, Any]) -> str:
    """Fail unless the local server takes the message as it is meant; return what is read."""
    check_message(message)
    text = with_found(parse_html(message["text"]))
    kinds = [entity.kind for entity in text.entities]
    assert set(kinds) <= {"bold", "code", "blockquote", "text_link", "text_mention", "url", "email"}
    assert len(kinds) <= ENTITIES
    assert 1 <= units(text.words) <= 4096
    read_keyboard(message.get("reply_markup"))
    return text.words


@settings(deadline=None, max_examples=50)
@given(st.one_of(cards, notes))
def test_any_message_is_within_telegrams_limits_and_inert(message: Message) -> None:
    taken(render(message))
    check_message(plain(message))
    assert size(toast(message)) <= 200
    assert 1 <= size(alert(message, "Press Start")) <= 200


def test_a_card_that_is_too_long_everywhere_is_within_the_limits() -> None:
    card = too_long_everywhere()
    words = taken(render(card))
    assert "…" in words
    check_message(plain(card))
    assert toast(card) == ""
    assert alert(card, "Press Start").endswith("… · Press Start")
    assert size(alert(card, "x" * 900)) <= 200


def a_card(*, title: str = "disk full", status: Text = ("open",), links: tuple[Link, ...] = (), **more: Any) -> Card:
    return Card(
        number=42,
        severity=Severity.CRITICAL,
        severity_word="Critical",
        tone=Tone.CRITICAL,
        title=title,
        summary="Critical: disk full (#42)",
        status=status,
        links=links,
        **more,
    )


def test_the_first_line_says_how_bad_and_what() -> None:
    assert render(a_card())["text"].split("\n")[0] == "🔴 <b>Critical · #42 disk full</b>"  # type: ignore[attr-defined]


def test_everybody_who_must_notice_is_mentioned_even_on_a_card_that_is_full_of_marks() -> None:
    full = tuple((f"k{number}", "/x @y " * 9) for number in range(50))
    card = a_card(mentions=MUST_NOTICE, labels=full, description="@all /stop " * 300, history=(("@here",),) * 9)
    taken(render(card))
    found = with_found(parse_html(str(render(card)["text"]))).entities
    assert [entity.argument for entity in found if entity.kind == "text_mention"] == [p.user for p in MUST_NOTICE]


@pytest.mark.parametrize("user", ["U123", "", "0", "1&x", "12345678901234567890", None])
def test_who_has_no_usable_id_is_named(user: str | None) -> None:
    said = str(render(Note((Person("Ana", user, notify=True), " is told")))["text"])
    assert said == "Ana is told"


def test_a_mention_of_somebody_without_a_name_still_calls_them() -> None:
    said = str(render(Note((Person("\u200b", "7", notify=True),)))["text"])
    assert said == '<a href="tg://user?id=7">…</a>'


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("disk /data full", "disk <code>/data</code> full"),
        ("see /var/log/syslog", "see /var/log/syslog"),
        ("/ban@groupbot now", "<code>/ban@groupbot</code> now"),
        ("ask @admins", "ask <code>@admins</code>"),
        ("ops@example.com", "ops@example.com"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("@a @b @c @d /e", "<code>@a</code> <code>@b</code> <code>@c</code> ＠d ∕e"),
        ("at https://example.com/x", "at https://example.com/x"),
        ("@channel/0", "<code>@channel/0</code>"),
        ("@bo/stop@ana_bot/x", "<code>@bo/stop@ana_bot/x</code>"),
    ],
)
def test_what_a_tap_would_do_is_inert(said: str, shown: str) -> None:
    assert render(Note((said,)))["text"] == shown
    assert render(Note((Strong("@all /stop"),)))["text"] == "<b>＠all ∕stop</b>"


def test_a_time_is_said_with_its_zone() -> None:
    at = Moment(datetime(2026, 11, 21, 3, 17, tzinfo=UTC), "Asia/Shanghai")
    assert render(Note(("until ", at)))["text"] == "until 11:17 CST"


def test_links_that_a_chat_should_not_open_are_words() -> None:
    links = (Link("Go", "javascript:alert(1)"), Link("", 'https://example.com/?a=1&b="2'), Link("Far", "x" * 9000))
    said = str(render(a_card(links=links))["text"])
    href = "https://example.com/?a=1&amp;b=%222"
    assert said.endswith(f'Go · <a href="{href}">https://example.com/?a=1&amp;b=&quot;2</a> · Far')


def test_a_text_of_others_cannot_pass_for_a_line_of_ours() -> None:
    said = str(render(a_card(description="x\n✅ [Closed] by Ana"))["text"])
    assert "<blockquote>x\n✅ [Closed] by Ana</blockquote>" in said
    folded = str(render(a_card(description="x\n" * 9))["text"])
    assert "<blockquote expandable>x\n" in folded


def test_buttons_stand_beside_each_other_as_far_as_they_fit() -> None:
    named = ("Acknowledge", "Close…", "Escalate…", "Snooze…", "A rather long label for a button", "Show")
    buttons = tuple(Button(name, f"token {name}") for name in named)
    rows = render(a_card(buttons=buttons))["reply_markup"]["inline_keyboard"]  # type: ignore[index]
    assert [[one["text"] for one in row] for row in rows] == [
        ["Acknowledge", "Close…", "Escalate…"],
        ["Snooze…"],
        ["A rather long label for a button"],
        ["Show"],
    ]


def test_buttons_have_colours_and_whole_tokens_or_are_left_out() -> None:
    buttons = (
        Button("Acknowledge", "ack 42 v7", Style.PRIMARY),
        Button("Close", "close 42 v7", Style.DANGER),
        Button("Plain", "show 42"),
        Button("Long", "认领" * 11),
        Button("Odd", "ack\n42"),
        Button("\u200b", "ack 42"),
        Button("None", ""),
    )
    (row,) = render(Note(("?",), buttons=buttons))["reply_markup"]["inline_keyboard"]  # type: ignore[index]
    assert row == [
        {"text": "Acknowledge", "callback_data": "ack 42 v7", "style": "primary"},
        {"text": "Close", "callback_data": "close 42 v7", "style": "danger"},
        {"text": "Plain", "callback_data": "show 42"},
    ]


def test_a_note_has_room_over_the_chat_only_when_all_of_it_has() -> None:
    assert toast(Note(("Already ", Strong("closed")))) == "Already closed"
    assert toast(Note(("x" * 201,))) == ""
    assert toast(Note(("Which?",), buttons=(Button("#1", "show 1"),))) == ""
    assert toast(Note(("Open:",), rows=(("#1",),))) == ""
    assert toast(Note(("#42 is yours",), buttons=(Button("Undo", "undo 42"),), done=True)) == "#42 is yours"


def test_rows_that_do_not_fit_are_left_out_whole() -> None:
    rows = tuple((f"row {number} " + "x" * 280,) for number in range(30))
    words = taken(render(Note(("Open:",), rows=rows)))
    assert words.count("row ") <= 20
    assert all(len(line) > 280 for line in words.split("\n")[1:-1])


def test_the_last_resort_says_what_and_where() -> None:
    card = a_card(links=(Link("x", "file:///etc"), Link("Graph", "https://example.com/g")), status=("Nobody has it",))
    assert plain(card)["text"] == "Critical: disk full (#42) · Nobody has it https://example.com/g"
    assert plain(Note(()))["text"] == "…"
    assert render(Note((Strong(""), "Done")))["text"] == "Done"


def test_what_is_too_long_is_cut_between_characters() -> None:
    assert shortened("🔥🔥🔥", 5) == "🔥🔥…"
    assert shortened("", 5) == "…"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<b>x",
        "<b>x</i>",
        "<i>x</i>",
        "a & b",
        "@all",
        "do /stop",
        "<code>x<b>y</b></code>",
        '<a href="javascript:x">y</a>',
        "a\u202eb",
        "x" * 4097,
        "<b>x</b>" * 101,
    ],
)
def test_the_check_itself_sees_what_is_active_or_broken(text: str) -> None:
    with pytest.raises(AssertionError):
        check_html(text)


@pytest.mark.parametrize(
    "markup",
    [
        {"inline_keyboard": []},
        {"inline_keyboard": [[]]},
        {"inline_keyboard": [[{"text": "x", "callback_data": "é" * 33}]]},
        {"inline_keyboard": [[{"text": " ", "callback_data": "x"}]]},
        {"inline_keyboard": [[{"text": "x", "callback_data": "x", "style": "red"}]]},
        {"force_reply": True, "input_field_placeholder": "x" * 65},
    ],
)
def test_the_check_itself_sees_what_no_keyboard_holds(markup: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_message({"text": "x", "link_preview_options": {"is_disabled": True}, "reply_markup": markup})


def test_a_plain_line_calls_nobody_and_commands_nothing() -> None:
    said = str(plain(Note(("ask @bo, /ban@others or https://example.com/a",)))["text"])
    assert said == "ask ＠bo, ∕ban＠others or https://example.com/a"


@pytest.mark.parametrize("text", ["Bo 336 h, Chen 336 h.", "é" * 1024, "é" * 1025, "🔴" * 600, ""])
def test_what_stands_under_a_picture_is_within_the_limit_and_whole_where_it_fits(text: str) -> None:
    shown = caption(text)
    assert size(shown) <= CAPTION_LIMIT
    assert (shown == text) is (size(text) <= CAPTION_LIMIT)
    assert shown.removesuffix("…") == text[: len(shown.removesuffix("…"))]


def test_nobody_is_named_by_what_stands_under_a_picture() -> None:
    assert "@all" not in caption("Bo @all /start")
