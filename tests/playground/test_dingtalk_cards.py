"""DingTalk's cards: created once, updated as the options say, drawn from template and values, private to one person."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.flatten import plain, words
from bot.playground.dingtalk.templates import MARKDOWN_BUTTONS_TEMPLATE, draw, parse
from bot.playground.wire import JsonObject, as_object, as_objects
from tests.playground.dingtalk_app import FORM, TEMPLATE, VALUES, App, as_space

CREATE = "POST v1.0/card/instances/createAndDeliver"


async def test_a_card_is_seen_as_its_template_and_values_have_it(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    created = as_object((await dingtalk_app.create())["result"])
    [delivered] = as_objects(created["deliverResults"])
    assert (created["outTrackId"], delivered["success"], delivered["spaceType"]) == ("inc-1", True, "IM_GROUP")
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    assert card.colour == "red"
    assert card.buttons == ["Acknowledge", "Runbook", "Who"]
    assert card.text.splitlines()[:4] == ["disk full", "nobody has it", "db-1 is at 97 %", "Service db"]
    await dingtalk_app.update("inc-1", {"open": "false", "status": "closed", "colour": "unknown"})
    await card.shows("closed")
    await card.offers()
    assert (card.colour, card.edits) == ("blue", 1)


async def test_an_update_without_the_option_overwrites_every_value(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    await dingtalk_app.create()
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    await dingtalk_app.update("inc-1", {"status": "closed"}, by_key=False)
    await card.shows("closed")
    assert card.text == "closed"


async def test_the_same_out_track_id_creates_nothing_again(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    await dingtalk_app.create()
    assert (await dingtalk_app.create())["code"] == "param.cardAlreadyExist"
    assert len(dingtalk.workspace.messages(dingtalk.workspace.chat("ops-alerts").id)) == 1
    assert (await dingtalk_app.update("none", {"status": "x"}))["code"] == "param.cardNotExist"


async def test_one_card_in_several_places_is_one_card(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    workspace = dingtalk.workspace
    ana, group = workspace.user("ana").id, workspace.chat("ops-alerts").id
    spaces = f"{as_space('IM_GROUP', group)};IM_ROBOT.{ana}"
    await dingtalk_app.create(openSpaceId=spaces)
    here, there = await dingtalk.expect_card("disk full", chat="ops-alerts"), await dingtalk.expect_dm("ana", "disk")
    await dingtalk_app.update("inc-1", {"status": "bo has it"})
    await here.shows("bo has it")
    await there.shows("bo has it")


async def test_each_space_has_its_own_result(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    workspace = dingtalk.workspace
    workspace.disband("ops-alerts")
    wanted = {
        as_space("IM_GROUP", workspace.chat("elsewhere").id): "invalidParameter.robotCode.notExsit",
        as_space("IM_GROUP", workspace.chat("ops-alerts").id): "group.disbanded",
        as_space("IM_GROUP", "cid-none"): "invalid.openConversationId",
        as_space("IM_ROBOT", "nobody"): "param.userIdNotExist",
        as_space("IM_ROBOT", workspace.user("bo").id): "",
    }
    created = as_object((await dingtalk_app.create(openSpaceId=";".join(wanted)))["result"])
    results = as_objects(created["deliverResults"])
    assert [(result["success"], result["errorMsg"]) for result in results] == [
        (not trouble, trouble) for trouble in wanted.values()
    ]


async def test_a_template_must_be_known_and_published(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    draft = dingtalk.workspace.add_template(TEMPLATE, published=False)
    assert (await dingtalk_app.create(cardTemplateId="none.schema"))["code"] == "param.templateNotExist"
    assert (await dingtalk_app.create(cardTemplateId=draft))["code"] == "param.templateUnpublished"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"title": 7}, "values are strings, this is int"),
        ({"title": True}, "values are strings, this is bool"),
        ({"title": "é" * 513}, "1026 bytes, a value has at most 1024"),
        ({"k" * 101: "x"}, "a key has at most 100 bytes"),
    ],
)
async def test_values_keep_the_limits(dingtalk_app: App, values: JsonObject, why: str) -> None:
    refused = await dingtalk_app.create(cardData={"cardParamMap": values})
    assert refused["code"] == "param.invalid"
    assert why in str(refused["message"])
    await dingtalk_app.create()
    late = await dingtalk_app.call("PUT v1.0/card/instances", outTrackId="inc-1", cardData={"cardParamMap": values})
    assert why in str(late["message"])


@pytest.mark.parametrize(
    "space", ["IM_GROUP.x", "dtv1.card//IM_TOP.x", "dtv1.card//IM_GROUP.", "dtv1.card//" + "x" * 990]
)
async def test_a_malformed_space_is_refused(dingtalk_app: App, space: str) -> None:
    assert (await dingtalk_app.create(openSpaceId=space))["code"] == "param.invalid"


async def test_private_values_are_for_one_person(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    await dingtalk_app.create()
    ana = dingtalk.workspace.user("ana").id
    private = {ana: {"cardParamMap": {"form": FORM}}}
    await dingtalk_app.call("PUT v1.0/card/instances", outTrackId="inc-1", privateData=private)
    card = await dingtalk.expect_private("ana", "to whom")
    assert [form["id"] for form in card.forms] == ["reassign"]
    assert "token" not in card.text
    assert card.seen_by("bo").forms == []
    with pytest.raises(AssertionError, match="nothing of their own"):
        await dingtalk.expect_private("bo", "to whom", within=0)


async def test_recipients_alone_see_a_message(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    ana = dingtalk.workspace.user("ana").id
    model = {"robotCode": dingtalk.client_id, "recipients": [ana], "atUserIds": {ana: "Ana"}}
    await dingtalk_app.create(imGroupOpenDeliverModel=model)
    card = await dingtalk.expect_private("ana", "@Ana")
    assert dingtalk.workspace.messages(card.chat, reader=dingtalk.workspace.user("bo").id) == []
    with pytest.raises(LookupError, match="bo does not see"):
        await card.click("Acknowledge", by="bo")


async def test_the_sdks_public_templates_need_no_builder(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    buttons = json.dumps({"msgButtons": [{"text": "Open", "url": "https://example.com", "color": "blue"}]})
    values = {"title": "t", "markdown": "# disk full", "tips": "", "sys_full_json_obj": buttons}
    await dingtalk_app.create(cardTemplateId=MARKDOWN_BUTTONS_TEMPLATE, cardData={"cardParamMap": values})
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    assert card.buttons == ["Open"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"variables": [], "layout": []}, "layout: a template needs"),
        ({"variables": [{"name": "a", "type": "text"}], "layout": [{}]}, r"variables\[0\]: needs a name"),
        ({"layout": [{"kind": "table"}]}, r"layout\[0\].kind: 'table' is none of header"),
        ({"layout": [{"kind": "divider", "text": "a"}]}, r"layout\[0\].text: a divider has no such part"),
        ({"layout": [{"kind": "markdown", "text": "a"}]}, r"layout\[0\].text: 'a' is not one of the variables"),
        ({"layout": [{"kind": "divider", "when": "!a"}]}, r"layout\[0\].when: 'a' is not one"),
    ],
)
def test_a_wrong_template_is_refused_by_name(content: JsonObject, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse("t", content)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from([*VALUES, "form", "toast", "params", "sys_full_json_obj"]), st.text()))
def test_any_values_can_be_drawn(values: dict[str, str]) -> None:
    words(draw(parse("t", TEMPLATE), values))


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold** and *slanted*", "bold and slanted"),
        ("## Title\n> said\n- one", "Title\nsaid\none"),
        ("[the graph](https://example.com/a_b)", "the graph"),
        ("<font color=common_red1_color>red</font><br>", "red"),
        (r"\*not bold\* \[x\] disk_full_now 2 * 3", "*not bold* [x] disk_full_now 2 * 3"),
    ],
)
def test_markdown_reads_as_its_words(markdown: str, shown: str) -> None:
    assert plain(markdown) == shown
