"""Cards are refused as strictly as Feishu does."""

import pytest

from bot.playground.feishu import FeishuServer
from bot.playground.feishu.cards import check_card
from bot.playground.feishu.refusal import Refusal
from bot.playground.feishu.tenant import Tenant
from bot.playground.feishu.words import visible_text
from bot.playground.wire import JsonObject, as_object
from tests.playground.feishu_app import FeishuApp, button, card, form, menu, old_card, plain
from tests.playground.manual_clock import ManualClock

ANA = f"ou_{1:032x}"


def markdown(content: str, **more: object) -> JsonObject:
    return {"tag": "markdown", "content": content, **more}


def columns(*elements: JsonObject) -> JsonObject:
    return {"tag": "column_set", "columns": [{"tag": "column", "width": "auto", "elements": list(elements)}]}


def nested(depth: int) -> JsonObject:
    return columns(nested(depth - 1)) if depth else markdown("deep")


def changed(**members: object) -> JsonObject:
    return card(markdown("x")) | members


INPUT: JsonObject = {"tag": "input", "name": "note"}

GOOD = {
    "markdown": card(markdown(f"<at id={ANA}></at><at ids={ANA},all></at> <at email=bo@example.com></at>")),
    "elements": card(
        {"tag": "hr"},
        {"tag": "img", "img_key": "img_1", "alt": plain("graph")},
        {"tag": "div", "text": {"tag": "lark_md", "content": "x"}},
        {"tag": "overflow", "options": [{"text": plain("More"), "value": "m"}]},
        columns(button("Close", type="danger", confirm={"title": plain("Close?"), "text": plain("Sure?")})),
    ),
    "form": card(form(menu("for", "2", "8", required=True), INPUT, {"tag": "select_person", "name": "to"})),
    "two forms": card(form(menu("for", "2"), name="one"), form(menu("for", "2"), name="two")),
    "i18n": card({"tag": "div", "text": {"tag": "plain_text", "i18n_content": {"en_us": "hello"}}}),
    "header": changed(
        header={
            "title": plain("x"),
            "subtitle": plain("y"),
            "template": "orange",
            "text_tag_list": [{"tag": "text_tag", "text": plain("P1"), "color": "red"}],
        }
    ),
    "as many as may be": card(*[markdown("x")] * 200),
    "as deep as may be": card(nested(5)),
    "old": old_card(
        {"tag": "action", "actions": [button("OK", value={"a": 1})]}, {"tag": "note", "elements": [plain("n")]}
    ),
    "old, in columns": old_card(
        {"tag": "div", "fields": [{"is_short": True, "text": {"tag": "lark_md", "content": "**a**"}}]},
        {"tag": "div", "text": plain("x"), "extra": button("OK")},
        columns(plain("in a column")),
    ),
    "old, of a language": {"i18n_elements": {"en_us": [markdown("x")]}},
    "old with what is unknown": old_card({"tag": "markdown", "content": "x", "surprise": 1}) | {"surprise": 1},
}

BAD = {
    "an unknown part": (card({"tag": "note", "elements": []}), 200861),
    "a part of 1.0": (card({"tag": "action", "actions": []}), 200861),
    "an unknown attribute of the card": (changed(i18n_elements={}), 200861),
    "an unknown attribute of the config": (card(markdown("x"), wide_screen_mode=True), 200861),
    "a card that is not shared": (card(markdown("x"), update_multi=False), 200861),
    "an unknown attribute of a part": (card(button("x", value={"a": 1})), 200861),
    "an unknown attribute of a text": (card({"tag": "div", "text": plain("x") | {"emoji": True}}), 200861),
    "an unknown behaviour": (card(button("x", behaviors=[{"type": "explode"}])), 200861),
    "a column set without columns": (card({"tag": "column_set", "columns": [markdown("x")]}), 200861),
    "a form in a column": (card(columns(form(INPUT))), 200861),
    "a form in a form": (card(form(form(INPUT, name="inner"))), 200861),
    "an unknown header colour": (changed(header={"title": plain("x"), "template": "pink"}), 11246),
    "too many header tags": (
        changed(header={"title": plain("x"), "text_tag_list": [{"tag": "text_tag", "text": plain("x")}] * 4}),
        11246,
    ),
    "a header tag that is none": (changed(header={"title": plain("x"), "text_tag_list": [plain("x")]}), 200861),
    "no body": (changed(body=None), 200621),
    "a body whose elements are none": (changed(body={"elements": "x"}), 200621),
    "a header tag of an unknown colour": (
        changed(header={"title": plain("x"), "text_tag_list": [{"tag": "text_tag", "text": plain("x"), "color": "x"}]}),
        11246,
    ),
    "a header that is no object": (changed(header="x"), 200621),
    "a title that is no text": (changed(header={"title": "x"}), 11246),
    "a text without content": (card({"tag": "div", "text": {"tag": "plain_text"}}), 11246),
    "a markdown without content": (card({"tag": "markdown"}), 11246),
    "a button of an unknown type": (card(button("x", type="huge")), 11246),
    "an address that is none": (card(button("x", behaviors=[{"type": "open_url", "default_url": "x"}])), 11246),
    "a callback that carries a list": (card(button("x", behaviors=[{"type": "callback", "value": [1]}])), 11246),
    "an image key that is none": (card({"tag": "img", "img_key": "x", "alt": plain("x")}), 200570),
    "an input that takes too much": (card(form({**INPUT, "max_length": 1001})), 11246),
    "an option twice": (card(form(menu("for", "2", "2"))), 11246),
    "an element_id twice": (card(markdown("x", element_id="a"), markdown("x", element_id="a")), 11246),
    "an element_id that is none": (card(markdown("x", element_id="1a")), 11246),
    "a confirmation without words": (card(button("x", confirm={"title": plain("x")})), 11246),
    "a field without a name": (card(form({"tag": "input"})), 200530),
    "a field with the name of another": (card(form(INPUT, INPUT)), 200530),
    "a field with the name of its form": (card(form(INPUT, name="note")), 200530),
    "a form without a name": (card(form(INPUT, name="")), 200530),
    "a form that cannot be sent": (card({"tag": "form", "name": "f", "elements": [INPUT]}), 200530),
    "a submit button outside of a form": (card(button("x", form_action_type="submit")), 200530),
    "one element too many": (card(*[markdown("x")] * 201), 11310),
    "one level too deep": (card(nested(6)), 11246),
    "a mention of nobody": (card(markdown("<at id=ou_none></at>")), 100290),
    "a mention of nobody among others": (card(markdown(f"<at ids={ANA},ou_none></at>")), 100290),
    "a mention of nobody in a button": (
        card(button("x") | {"text": {"tag": "lark_md", "content": '<at id="x">'}}),
        100290,
    ),
    "an old card without elements": ({"header": {"title": plain("x")}}, 11246),
    "an old card of an unknown part": (old_card({"tag": "form2"}), 11246),
    "an old card of an unknown schema": (old_card() | {"schema": "3.0"}, 200621),
    "an old card with a title that is none": (old_card() | {"header": {}}, 11246),
    "an old card whose button carries a text": (old_card(button("x", value="x")), 11246),
    "an old card with a mention of nobody": (
        old_card({"tag": "div", "text": {"tag": "lark_md", "content": "<at id=ou_none></at>"}}),
        100290,
    ),
}


@pytest.fixture
def tenant() -> Tenant:
    tenant = Tenant(ManualClock())
    for name in ("ana", "bo"):
        tenant.add_user(name)
    return tenant


@pytest.mark.parametrize("name", GOOD)
def test_a_good_card_is_taken(tenant: Tenant, name: str) -> None:
    tenant.images["img_1"] = b"graph"
    assert check_card(tenant, GOOD[name]) is GOOD[name]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_card_is_refused(tenant: Tenant, name: str) -> None:
    content, sub_code = BAD[name]
    with pytest.raises(Refusal, match=f"^230099 Failed to create card content, ext=ErrCode: {sub_code}; ErrMsg: "):
        check_card(tenant, content)


async def test_a_bad_card_is_not_sent(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    code, msg = await feishu_app.refused(card({"tag": "note"}))
    assert (code, "ErrCode: 200861" in msg) == (230099, True)
    assert feishu.workspace.messages(feishu.chat("ops-alerts").id) == []


def test_everything_on_a_card_is_read(tenant: Tenant) -> None:
    cards = {name: tenant.new_message("oc_1", tenant.app.id, "interactive", as_object(GOOD[name])) for name in GOOD}
    assert visible_text(tenant, cards["header"]) == "x\ny\nP1\nx"
    assert visible_text(tenant, cards["old, in columns"]) == "disk full\na\nx\nOK\nin a column"
    assert visible_text(tenant, cards["i18n"]) == "disk full\nhello"


READ = [
    ("**bold** and *slanted* ~~gone~~", "bold and slanted gone"),
    ("`code` [the graph](https://example.com/g)", "code the graph"),
    ("# Head\n> said", "Head\nsaid"),
    ("<font color='red'>P1</font> <text_tag color='blue'>new</text_tag>", "P1 new"),
    (f"<at id={ANA}></at>, <at ids={ANA},all></at>", "@Ana, @Ana @Everyone"),
    ("&#42;&#42;no&#42;&#42; &lt;at id=all&gt; 2*3*4 a_b_c", "**no** <at id=all> 2*3*4 a_b_c"),
    (r"\*no\* C:\dir", r"*no* C:\dir"),
]


@pytest.mark.parametrize(("wire", "shown"), READ)
def test_markdown_is_read_as_people_see_it(tenant: Tenant, wire: str, shown: str) -> None:
    message = tenant.new_message("oc_1", tenant.app.id, "interactive", card(markdown(wire)))
    assert visible_text(tenant, message) == f"disk full\n{shown}"
