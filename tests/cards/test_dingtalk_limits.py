"""Any card, note and form is one that DingTalk takes, with nothing active in it that somebody else wrote."""

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.event import Image, Link, Severity
from bot.playground.dingtalk import templates
from bot.playground.dingtalk.limits import check_values as check_by_server
from cards.card import Button, Card, Confirm, Fact, Listing, Message, Note, Person, Strong, Tone
from cards.dingtalk import PUBLIC, packed, plain, render, summary
from cards.dingtalk_form import CLOSED, PRIVATE, render_form, said_in
from cards.dingtalk_robot import is_pressed, robot, robot_plain, said_by, webhook
from cards.dingtalk_text import escaped, fit, mentions
from cards.form import Choice, Field, Form
from tests.cards.dingtalk_limits import check_card, check_form, check_markdown, check_robot
from tests.cards.strategies import cards, forms, notes, too_long_everywhere

TEMPLATE = json.loads(files("manifest").joinpath("dingtalk_card.json").read_text(encoding="utf-8"))


@settings(deadline=None, max_examples=30)
@given(st.one_of(cards, notes))
def test_any_message_is_within_dingtalks_limits_and_inert(message: Message) -> None:
    for values in (render(message), plain(message)):
        check_card(values)
        check_by_server(dict(values))
        assert templates.draw(templates.parse("t.schema", TEMPLATE), values)
    assert summary(message).strip()
    check_robot(*robot(message))
    check_robot(*robot_plain(message))
    check_webhook(webhook(message, "0001"))


@settings(deadline=None, max_examples=30)
@given(forms)
def test_any_form_is_within_dingtalks_limits(form: Form) -> None:
    values = render_form(form)
    check_form(values)
    check_by_server(dict(values))
    check_robot(*robot(form))
    check_robot(*robot_plain(form))
    check_webhook(webhook(form))


def test_a_card_that_is_too_long_everywhere_is_within_the_limits() -> None:
    whole = too_long_everywhere()
    card = replace(whole, labels=whole.labels[:10], facts=whole.facts[:10], history=whole.history[:6])
    check_card(render(card))
    check_robot(*robot(card))


def test_a_note_and_a_form_that_are_too_long_everywhere_are_within_the_limits() -> None:
    long = '&🔥"' * 700
    note = Note((long, Strong(long)), buttons=(Button(long, "ack 42 v7"),) * 20, rows=((long,), (long, "x")) * 15)
    check_card(render(note))
    check_robot(*robot(note))
    fields = tuple(Field(name, long, tuple(Choice(long, f"{one}") for one in range(90)), hint=long) for name in "abc")
    form = Form(long, "close 42 v7", (long,), fields, long, long)
    check_form(render_form(form))
    check_robot(*robot(form))


def test_the_template_has_the_variables_that_are_filled_in() -> None:
    by_name = {variable["name"]: variable["private"] for variable in TEMPLATE["variables"]}
    assert {name for name, private in by_name.items() if not private} == set(PUBLIC) == set(render(a_card()))
    assert {name for name, private in by_name.items() if private} == set(PRIVATE) == set(CLOSED)
    assert set(render_form(a_form())) == set(PRIVATE)
    used = {
        block[part].removeprefix("!") for block in TEMPLATE["layout"] for part in block if part not in ("kind", "id")
    }
    assert used == set(by_name)


def check_webhook(body: dict[str, Any]) -> None:
    """Fail unless a session takes it."""
    json.dumps(body, ensure_ascii=False).encode()
    content = body[body["msgtype"]]
    assert content["title"].strip()
    for paragraph in content["text"].split("\n"):
        check_markdown(paragraph.removeprefix("@0001 "))
    assert all(button["title"].strip() and button["actionURL"] for button in content.get("btns", []))


def a_card(**changes: Any) -> Card:
    card = Card(42, Severity.CRITICAL, "Critical", Tone.CRITICAL, "disk full", "Critical: disk full (#42)", ())
    return replace(card, **changes)


def a_form(**changes: Any) -> Form:
    form = Form("Escalate #42", "escalate 42 v7", (), (Field("text", "Why"),), "Escalate", "Cancel")
    return replace(form, **changes)


# ---- cards -----------------------------------------------------------------------------------------------------------


def test_a_long_description_goes_over_several_variables_and_says_where_it_is_cut() -> None:
    values = render(a_card(description="x" * 2500))
    assert "".join(values[f"body{number}"] for number in (1, 2, 3)) == "x" * 2500
    assert values["body4"] == ""
    values = render(a_card(description="x" * 9000))
    assert values["body4"].endswith("x…")
    beside = render(a_card(description="x" * 2500, listings=(Listing("Open", (("#1",),)),)))
    assert beside["body1"].endswith("x…")
    assert beside["body2"] == ""
    assert beside["list1"] == "**Open**  \n＃1"


def test_lines_that_fit_stay_together() -> None:
    assert packed(["a", "b"], ("one", "two")) == {"one": "a  \nb"}
    assert packed(["a" * 996, "b"], ("one", "two")) == {"one": "a" * 996, "two": "b"}


def test_fields_that_do_not_fit_are_told_to_be_missing() -> None:
    labels = tuple((f"label{number}", "v" * 200) for number in range(9))
    fields = json.loads(render(a_card(labels=labels))["labels"])
    assert fields[-1] == {"k": "", "v": "…"}
    few = json.loads(render(a_card(labels=labels[:1], more_labels="and 8 more"))["labels"])
    assert few == [{"k": "label0", "v": "v" * 200}, {"k": "", "v": "and 8 more"}]
    assert json.loads(render(a_card(facts=(Fact("Service", ()),)))["facts"]) == [{"k": "Service", "v": "…"}]
    assert render(a_card(labels=(("empty", " "),)))["labels"] == ""


def test_buttons_go_over_two_variables_and_none_is_cut() -> None:
    confirm = Confirm("Sure?", "x" * 190, "Yes", "No")
    buttons = tuple(Button(f"B{number}", f"ack {number} v1", confirm=confirm) for number in range(9))
    values = render(a_card(buttons=(Button("long", "x" * 2000), *buttons)))
    told = [*json.loads(values["buttons1"]), *json.loads(values["buttons2"])]
    assert 2 <= len(told) < 9
    assert [button["params"]["token"] for button in told] == [f"ack {number} v1" for number in range(len(told))]
    assert told[0]["confirm"] == {"title": "Sure?", "text": "x" * 190, "yes": "Yes", "no": "No"}


def test_an_address_is_a_link_if_a_chat_should_open_it() -> None:
    links = (Link("Runbook", "https://a.example/x y(z)"), Link("Files", "file:///etc"), Link("", "https://b.example/"))
    values = render(a_card(links=links, images=(Image("https://c.example/g.png", "CPU"),)))
    assert values["links"] == (
        "[Runbook](https://a.example/x%20y%28z%29) · Files · [https://b.example/](https://b.example/) · "
        "[🖼 CPU](https://c.example/g.png)"
    )
    assert render(a_card(links=(Link("\u200b", "https://a.example"),)))["links"] == ""
    many = render(a_card(links=links[:1] * 40))
    assert many["links"].endswith(")")
    assert plain(a_card(links=links, status=("Open",)))["status"].endswith("https://a.example/x%20y%28z%29")


def test_those_are_notified_who_can_be() -> None:
    ana, bo = Person("Ana", "0001", notify=True), Person("Bo", "0002")
    nobody = Person("all", "@all", notify=True)
    assert mentions(a_card(status=(ana, " and ", bo), mentions=(nobody, ana))) == {"0001": "Ana"}
    assert mentions(Note(("It burns",), (ana, Person("\u200b", "0003", notify=True)))) == {
        "0001": "Ana",
        "0003": "0003",
    }
    assert "@" not in str(render(a_card(status=(ana,))))


def test_a_board_has_no_number() -> None:
    assert render(a_card(number=None))["title"] == "disk full"
    assert plain(a_card(number=None, status=("All taken",)))["status"] == "Critical: disk full · All taken"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("disk_usage_percent of ana@example.com", "disk_usage_percent of ana@example.com"),
        ("**fire** @all <font color=red>", "∗∗fire∗∗ ＠all ＜font color=red＞"),
        ("![x](https://a.example)", "！［x］(https://a.example)"),
        ("dtmd://dingtalkclient/sendMessage?content=close", "dtmd\u200a://dingtalkclient/sendMessage?content=close"),
        ("&#91;x&#93; &lt;font&gt; R&D; a & b", "＆#91;x＆#93; ＆lt;font＆gt; R＆D; a & b"),
    ],
)
def test_foreign_marks_become_look_alikes(text: str, shown: str) -> None:
    assert escaped(text) == shown


@pytest.mark.parametrize(("said", "shown"), [("# disk", "＃ disk"), ("1. disk", "1․ disk"), ("- disk", "‐ disk")])
def test_a_plain_line_is_no_heading_and_no_list(said: str, shown: str) -> None:
    values = plain(Note((said,)))
    check_markdown(values["status"])
    assert values["status"] == shown


def test_a_plain_line_sends_nothing_when_it_is_touched() -> None:
    told = Note(("dtmd://dingtalkclient/sendMessage?content=close",))
    assert "dtmd:" not in str(robot_plain(told))


def test_the_start_of_a_line_is_no_heading_list_or_rule() -> None:
    values = render(a_card(description="# big\n- one\n1. first\n   indented\n====\n42"))
    assert values["body1"] == "＃ big  \n‐ one  \n1․ first  \n\u00a0\u00a0\u00a0indented  \n＝＝＝＝  \n42"


def test_a_mark_that_was_between_letters_is_not_left_at_the_cut() -> None:
    assert fit("ab_cd", 6) == "ab…"
    assert fit("abc", 3) == "…"
    assert fit("abc", 2) == "…"


@pytest.mark.parametrize(
    "text",
    [
        "<font color=red>",
        "a *b*",
        "# x",
        "> x",
        "`x`",
        "[a](ftp://b)",
        "![a](b)",
        "@all",
        "a\u202eb",
        "1. x",
        "- x",
        "~x~",
    ],
)
def test_the_check_itself_sees_what_is_active(text: str) -> None:
    with pytest.raises(AssertionError):
        check_markdown(text)


@pytest.mark.parametrize(
    "change", [{"status": "x" * 1025}, {"colour": "pink"}, {"facts": '[{"k":"","v":""}]'}, {"status": ""}]
)
def test_the_check_itself_sees_what_is_too_long_empty_or_unknown(change: dict[str, str]) -> None:
    with pytest.raises(AssertionError):
        check_card({**render(a_card()), **change})


# ---- the robot's messages --------------------------------------------------------------------------------------------


def test_a_button_of_the_robot_sends_the_sentence_without_the_version() -> None:
    key, param = robot(a_card(buttons=(Button("Close & go", "close 42 v7 all done"),)))
    assert key == "sampleActionCard"
    assert param["singleTitle"] == "Close & go"
    assert param["singleURL"] == "dtmd://dingtalkclient/sendMessage?content=close%2042%20all%20done"


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("ack 42 v7", "ack 42"),
        ("ack 42,43 v7", "ack 42,43"),
        ("snooze 42 v7 4h", "snooze 42 4h"),
        ("undo 42 v8", "undo 42 v8"),
        ("escalate 42 v7", "escalate 42 v7"),
        ("escalate 42 v7 level 2", "escalate 42 v7 level 2"),
        ("ackboard 9001 v5012", "ackboard 9001 v5012"),
        ("comment 42 see v7", "comment 42 see v7"),
        ("close? 42 v7", "close? 42 v7"),
        ("list mine", "list mine"),
    ],
)
def test_the_version_is_left_out_of_what_is_typed_unless_it_decides_what_is_done(token: str, said: str) -> None:
    assert said_by(token) == said
    assert is_pressed(said) == (" v" in said and not said.startswith("comment"))


def test_five_buttons_are_on_the_card_and_the_others_in_its_text() -> None:
    key, param = robot(a_card(buttons=tuple(Button(f"B{number}", f"ack {number}") for number in range(7))))
    assert key == "sampleActionCard5"
    assert param["actionTitle5"] == "B4"
    assert "[B6](dtmd://dingtalkclient/sendMessage?content=ack%206)" in str(param["text"])


def test_a_message_without_buttons_is_markdown() -> None:
    key, param = robot(Note(("It is ", Strong("done")), (Person("Ana", "0001", notify=True),)))
    assert key == "sampleMarkdown"
    assert param["text"] == "It is **done**\n\nAna"


def test_a_session_tells_one_person_in_a_group() -> None:
    body = webhook(Note(("Bo was first",)), "0001")
    assert body == {
        "msgtype": "markdown",
        "markdown": {"title": "Bo was first", "text": "@0001 Bo was first"},
        "at": {"atUserIds": ["0001"]},
    }


def test_a_session_has_the_buttons_of_a_card() -> None:
    body: Any = webhook(a_card(buttons=(Button("Close", "close 42"),)))
    check_webhook(body)
    assert (body["msgtype"], "at" in body) == ("actionCard", False)
    assert [button["title"] for button in body["actionCard"]["btns"]] == ["Close"]


def test_links_that_do_not_fit_are_left_out() -> None:
    _, param = robot(a_card(buttons=tuple(Button("x", f"comment 42 {'y' * 900}") for _ in range(8))))
    assert sum(name.startswith("actionURL") for name in param) == 2


# ---- forms -----------------------------------------------------------------------------------------------------------


def test_a_form_says_its_sentence_in_the_order_of_its_fields() -> None:
    fields = (
        Field("level", "Level", (Choice("Second", "level 2"),)),
        Field("text", "Why", lines=True, hint="The deploy"),
    )
    values = render_form(a_form(fields=fields))
    asked = json.loads(values["form_fields"])["fields"]
    assert [field["type"] for field in asked] == ["SELECT", "TEXTAREA"]
    assert asked[1]["placeholder"] == "The deploy"
    params = json.loads(values["form_params"])
    filled = {"text": "it burns", "level": {"index": 0, "value": "level 2"}}
    assert said_in({**params, "form": filled}) == "escalate 42 v7 level 2 it burns"
    assert said_in({**params, "form": {}}) == "escalate 42 v7"
    assert said_in({**params, "fields": [["text"], "text"], "form": filled}) == "escalate 42 v7 it burns"


@pytest.mark.parametrize(
    "params", [{}, {"token": "x"}, {"token": 1, "fields": [], "form": {}}, {"token": "x", "fields": []}]
)
def test_what_is_no_form_of_ours_says_nothing(params: dict[str, Any]) -> None:
    assert said_in(params) == ""


def test_a_form_that_does_not_fit_goes_without_its_hints() -> None:
    fields = tuple(Field(name, '"' * 80, hint='"' * 120) for name in ("one", "two", "three"))
    values = render_form(a_form(fields=fields))
    check_form(values)
    assert "placeholder" not in values["form_fields"]


def test_choices_that_do_not_all_fit_are_written_instead() -> None:
    people = tuple(Choice(f"Person {number}", f"@{number}") for number in range(60))
    levels = (Choice("Level 2", "level 2"),)
    fields = (Field("who", "To", people, people=True), Field("level", "Level", levels))
    asked = json.loads(render_form(a_form(fields=fields))["form_fields"])["fields"]
    assert [field["type"] for field in asked] == ["TEXT", "SELECT"]
    assert asked[0]["placeholder"].startswith("Person 0, Person 1")
    some = Field("who", "To", tuple(Choice(f"Person {number}", f"@{number}") for number in range(30)))
    asked = json.loads(render_form(a_form(fields=(some, Field("level", "Level", levels))))["form_fields"])["fields"]
    assert [field["type"] for field in asked] == ["TEXT", "SELECT"]


def test_without_a_card_each_choice_is_a_link_and_a_text_is_written_after_its_sentence() -> None:
    fields = (Field("level", "Level", (Choice("Second", "level 2"),)), Field("text", "Why", hint="The deploy"))
    key, param = robot(a_form(fields=fields))
    assert key == "sampleActionCard2"
    assert unquote(str(param["actionURL1"])).endswith("content=escalate 42 v7 level 2")
    assert (param["actionTitle2"], unquote(str(param["actionURL2"]))[-14:]) == ("Escalate", "escalate 42 v7")
    assert "**Why**: escalate 42 v7 The deploy" in str(param["text"])
    assert "**Level**" in str(param["text"])
    key, param = robot(a_form(fields=(Field("text", "Comment", required=True),), token="comment 42 v7"))
    assert key == "sampleMarkdown"
    assert "**Comment**: comment 42 …" in str(param["text"])
