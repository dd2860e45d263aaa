"""Any card, note and form is one that Feishu takes, with nothing active in it that somebody else wrote."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.domain.event import Severity
from bot.playground.feishu.cards import check_card as check_by_server
from bot.playground.feishu.tenant import Tenant
from cards.card import Button, Card, Fact, Message, Moment, Note, Person, Strong, Tone
from cards.feishu import plain, render, toast
from cards.feishu_form import render_form
from cards.feishu_robot import render_old
from cards.form import Choice, Field, Form
from tests.cards.feishu_limits import check_card, check_markdown, check_old_card
from tests.cards.stories import NIGHT
from tests.cards.strategies import cards, forms, notes, too_long_everywhere

TENANT = Tenant(SystemClock())
ANA = TENANT.add_user("ana").id


@settings(deadline=None, max_examples=30)
@given(st.one_of(cards, notes))
def test_any_message_is_within_feishus_limits_and_inert(message: Message) -> None:
    for card in (render(message), plain(message), render(message, mentions=False)):
        check_card(card)
        check_by_server(TENANT, card)
    for robot in (True, False):
        old = render_old(message, robot=robot)
        check_old_card(old)
        check_by_server(TENANT, old)


@settings(deadline=None, max_examples=30)
@given(forms)
def test_any_form_is_within_feishus_limits(form: Form) -> None:
    card = render_form(form)
    check_card(card)
    check_by_server(TENANT, card)


@settings(deadline=None, max_examples=20)
@given(st.text())
def test_a_toast_says_something(text: str) -> None:
    assert toast(text).strip()


def test_a_card_that_is_too_long_everywhere_is_within_the_limits() -> None:
    card = too_long_everywhere()
    check_card(render(card))
    check_card(plain(card))
    check_old_card(render_old(card))
    note = Note(card.status, card.mentions, card.buttons, rows=card.history * 3)
    check_card(render(note))
    check_old_card(render_old(note))


def test_a_form_that_is_too_long_everywhere_is_within_the_limits() -> None:
    long = '&🔥"' * 2000
    choices = tuple(Choice(long, f"{number}") for number in range(500))
    fields = tuple(Field(name, long, choices, hint=long) for name in "abc")
    card = render_form(Form(long, "close 42 v7", (long,), fields, long, long))
    check_card(card)
    menus = [element for element in card_of(card) if element["tag"] == "select_static"]
    assert all(len(menu["options"]) >= 10 for menu in menus)


def card_of(card: Any) -> list[Any]:
    return list(card["body"]["elements"][-1]["elements"])


def a_card(**changes: Any) -> Card:
    card = Card(42, Severity.CRITICAL, "Critical", Tone.CRITICAL, "disk full", "Critical: disk full (#42)", ())
    return replace(card, **changes)


def test_a_person_with_an_id_of_feishu_is_mentioned_and_anybody_else_is_named() -> None:
    ana = Person("Ana", ANA, notify=True)
    others = (Person("Bo", "U123", notify=True), Person("all", "all", notify=True), Person("Dee", ANA))
    said = str(render(a_card(status=(ana, " ", *others), mentions=(ana, *others))))
    assert said.count(f"<at id={ANA}></at>") == 1
    assert "Bo" in said
    assert "Dee" in said
    assert "id=all" not in said
    assert "<at" not in str(render(a_card(status=(ana,)), mentions=False))
    assert "Ana" in str(render(a_card(status=(ana,)), mentions=False))


def test_those_who_must_notice_and_are_not_in_the_status_stand_before_it() -> None:
    card = render(a_card(status=("Nobody has it",), mentions=(Person("Ana", ANA, notify=True),)))
    assert f"<at id={ANA}></at> Nobody has it" in str(card)


def test_times_are_the_readers_own_in_2_0_and_the_cards_in_1_0() -> None:
    card = a_card(status=(Strong("Acknowledged"), " at ", Moment(NIGHT, "UTC", day=True)))
    at = int(NIGHT.timestamp() * 1000)
    assert f"<local_datetime millisecond='{at}' format_type='date_num'></local_datetime> " in str(render(card))
    assert "&#58;" in str(render_old(card))
    assert "local_datetime" not in str(render_old(card))


def test_the_head_says_number_severity_and_how_far_it_is() -> None:
    head: Any = render(a_card(tone=Tone.TAKEN, status=(Strong("Acknowledged"), " by Ana")))["header"]
    assert head["title"]["content"] == "#42 disk full"
    assert head["template"] == "violet"
    assert [tag["text"]["content"] for tag in head["text_tag_list"]] == ["Critical", "Acknowledged"]
    long: Any = render(a_card(status=(Strong("x" * 61),)))["header"]
    assert [tag["text"]["content"] for tag in long["text_tag_list"]] == ["Critical"]


def test_a_button_brings_its_sentence_back_in_an_object() -> None:
    card: Any = render(a_card(buttons=(Button("Close", "close? 42 v7"), Button(" ", "x"), Button("y", ""))))
    [column] = card["body"]["elements"][-1]["columns"]
    assert column["elements"][0]["behaviors"] == [{"type": "callback", "value": {"t": "close? 42 v7"}}]


def test_the_last_resort_and_a_toast_are_one_plain_line() -> None:
    note = Note(("Already ", Strong("closed")))
    shown: Any = plain(note)
    assert shown["body"]["elements"][0]["text"]["content"] == "Already closed"
    assert toast("Already\nclosed") == "Already closed"
    assert toast(" ")


def test_a_robots_card_has_no_buttons_since_nobody_would_hear_them() -> None:
    card = a_card(status=("Nobody has it",), buttons=(Button("Close", "close 42"),))
    assert "button" in str(render_old(card))
    assert "button" not in str(render_old(card, robot=True))


def test_people_are_picked_by_feishus_own_picker_only_where_each_is_known_by_id() -> None:
    known = tuple(Choice(name, f"<@ou_{name}>") for name in ("ana", "bo"))
    fields = (
        Field("who", "To", known, people=True),
        Field("team", "Or", (*known, Choice("Team", "payments")), people=True),
        Field("text", "Why", lines=True, required=True),
    )
    card = render_form(Form("Reassign #42", "reassign 42 v7", (), fields, "Reassign", "Cancel"))
    form = card_of(card)
    assert [element["tag"] for element in form] == [
        *("div", "select_person", "div", "select_static", "div", "input", "button")
    ]
    assert form[1]["options"] == [{"value": "ou_ana"}, {"value": "ou_bo"}]
    twice = Field("team", "To", (Choice("Payments", "payments"), Choice("Again", "payments"), Choice("Nobody", "")))
    [_, menu, _] = card_of(render_form(Form("Reassign #42", "reassign 42 v7", (), (twice,), "Reassign", "Cancel")))
    assert [option["value"] for option in menu["options"]] == ["payments"], "no value twice, and none is empty"
    assert form[-1]["behaviors"][0]["value"] == {
        "t": "reassign 42 v7",
        "fields": ["who", "team", "text"],
        "people": ["who"],
    }


@pytest.mark.parametrize(
    "text",
    ["<at id=all></at>", "a *b*", "# x", "> x", "`x`", "[a](b)", "https://a.example", "**a*b**", "a\u202eb", "~~x~~"],
)
def test_the_check_itself_sees_what_is_active(text: str) -> None:
    with pytest.raises(AssertionError):
        check_markdown(text)


@pytest.mark.parametrize(
    "element",
    [
        {"tag": "markdown", "content": ""},
        {"tag": "markdown", "content": "x", "unknown": 1},
        {"tag": "div", "text": {"tag": "plain_text", "content": "x" * 30_000}},
        {"tag": "div", "text": {"tag": "lark_md", "content": "x"}},
    ],
)
def test_the_check_itself_sees_what_is_too_long_empty_or_unknown(element: dict[str, Any]) -> None:
    card = render(a_card())
    with pytest.raises(AssertionError):
        check_card({**card, "body": {"elements": [element]}})


def test_a_fact_that_says_from_when_to_when_is_whole() -> None:
    start, end = (Moment(datetime(2026, 11, day, 2, tzinfo=UTC), "Asia/Shanghai", day=True) for day in (23, 30))
    card = Card(None, Severity.INFO, "Info", Tone.INFO, "A", "A", (), facts=(Fact("Shift", (start, " to ", end)),))
    assert json.dumps(render(card)).count("<local_datetime") == 4
