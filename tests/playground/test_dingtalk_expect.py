"""The language of tests for DingTalk, and the corners of its server that only a mistake reaches."""

import asyncio
import json

import pytest

from bot.playground.dingtalk import DingTalkServer
from tests.playground.dingtalk_app import FORM, App

SOON = 0.01


async def test_what_never_comes_is_told_with_what_was_there(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    with pytest.raises(AssertionError, match=r"no message with 'disk full' .* there was:\n\(nothing\)"):
        await dingtalk.expect_card("disk full", chat="ops-alerts", within=SOON)
    await dingtalk_app.create()
    card = await dingtalk.expect_card("disk full", chat="ops-alerts", within=SOON)
    for wish in (card.shows("closed"), card.hides("disk"), card.offers("Close")):
        with pytest.raises(AssertionError, match=r"(?s)the card never .* it shows:\ndisk full.*buttons: \['Ack"):
            await wish
    with pytest.raises(AssertionError, match="'Acknowledge' was not answered: no Stream connection takes it"):
        await card.click("Acknowledge", by="ana")
    with pytest.raises(AssertionError, match=r"Bo saw no toast with 'yours', but \[\]"):
        await dingtalk.expect_toast("bo", "yours", within=SOON)
    with pytest.raises(LookupError, match="no user 'zoe'; there are ana, bo"):
        await card.click("Acknowledge", by="zoe")
    with pytest.raises(LookupError, match="no chat 'none'; there are ops-alerts"):
        await dingtalk.expect_card("x", chat="none")
    assert not await dingtalk.wait_for_log(lambda: False, within=SOON)


async def test_a_wish_is_fulfilled_by_what_comes_later(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    wish = asyncio.create_task(dingtalk.expect_card("disk full", chat="ops-alerts"))
    await asyncio.sleep(0)
    await dingtalk_app.create()
    card = await wish
    gone = asyncio.create_task(card.hides("nobody"))
    await asyncio.sleep(0)
    await dingtalk_app.update("inc-1", {"status": "Bo has it"})
    await gone


async def test_a_link_in_markdown_that_sends_a_text_can_be_pressed(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    text = "[Who?](dtmd://dingtalkclient/sendMessage?content=who) [graph](https://example.com)"
    await dingtalk_app.send("ops-alerts", "sampleMarkdown", title="t", text=text)
    card = await dingtalk.expect_card("who?", chat="ops-alerts")
    assert (card.buttons, card.blocks, card.colour, card.edits) == (["Who?"], [], "", 0)
    await dingtalk.click("ana", card.chat, card.id, "Who?")
    assert dingtalk.workspace.messages(card.chat)[-1].content == {"text": "@Oncard who"}
    single = {"singleTitle": "Open", "singleURL": "https://example.com"}
    await dingtalk_app.send("ops-alerts", "sampleActionCard", title="t", text="single", **single)
    assert (await dingtalk.expect_card("single", chat="ops-alerts")).buttons == ["Open"]


async def test_a_call_without_what_it_needs_says_what(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    send, mine = "POST v1.0/robot/groupMessages/send", {"robotCode": dingtalk.client_id}
    refused = await dingtalk_app.call(send, **mine)
    assert refused["message"] == "openConversationId is mandatory for this action"
    group = {"openConversationId": dingtalk.workspace.chat("ops-alerts").id, "msgKey": "sampleText"}
    refused = await dingtalk_app.call(send, **mine, **group, msgParam="{")
    assert refused["message"] == "msgParam is no JSON"
    assert (await dingtalk_app.create("x" * 101))["code"] == "param.invalid"
    app = {"clientId": dingtalk.client_id, "clientSecret": dingtalk.client_secret}
    assert await dingtalk_app.code("POST v1.0/gateway/connections/open", **app) == "param.invalid"
    token = dingtalk_app.http.headers["x-acs-dingtalk-access-token"]
    unknown = await dingtalk_app.call(f"POST topapi/v2/user/get?access_token={token}", userid="none")
    assert unknown["errcode"] == 60121
    assert (await dingtalk_app.call("POST robot/none"))["errcode"] == 404
    dingtalk.tokens.revoke()
    assert await dingtalk_app.code(send) == "InvalidAuthentication"


async def test_a_space_without_its_model_is_not_delivered_to(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    ana = dingtalk.workspace.user("ana").id
    bare = await dingtalk_app.create("inc-1", imGroupOpenDeliverModel={})
    direct = await dingtalk_app.create("inc-2", openSpaceId=f"dtv1.card//IM_ROBOT.{ana}", imRobotOpenDeliverModel={})
    told = json.dumps([bare, direct])
    assert "robotCode.auth" in told
    assert "imRobotOpenDeliverModel.spaceType" in told
    assert dingtalk.workspace.messages(dingtalk.workspace.direct(ana).id) == []


async def test_an_address_that_does_not_answer_is_told(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    hold = dingtalk.faults.hang("robot/send")
    dingtalk.interactivity.ack_seconds = 0.05
    dingtalk.deliver_by_http(f"{dingtalk.api_base_url}robot/send")
    assert "no answer within 0.05 s" in (await dingtalk.type("ana", None, "help")).why
    hold.release()
    dingtalk.deliver_by_http("http://127.0.0.1:1/")
    assert "ClientConnectorError" in (await dingtalk.type("ana", None, "help")).why
    await dingtalk.pull_plug()
    assert "unplugged" in (await dingtalk.type("ana", None, "help")).why


async def test_a_webhook_wants_a_title_and_takes_markdown(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    url = dingtalk.robot_url(dingtalk.add_robot("ops-alerts", "alerts"))
    mobile = {"atMobiles": [dingtalk.workspace.user("bo").mobile]}
    for title, number in (("", 400602), ("t", 0)):
        body = {"msgtype": "markdown", "markdown": {"title": title, "text": "disk full"}, "at": mobile}
        assert (await dingtalk_app.http.post(url, json=body)).json()["errcode"] == number
    assert (await dingtalk.expect_card("disk full", chat="ops-alerts")).text.startswith("@Bo")


async def test_what_is_no_acknowledgement_is_not_heard(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    dingtalk.interactivity.ack_seconds = 0.05
    socket = await dingtalk_app.connect()
    typed = asyncio.create_task(dingtalk.type("ana", None, "help"))
    await socket.next()
    for frame in ("no json", "[]", json.dumps({"code": 200, "headers": {"messageId": "none"}, "data": 7})):
        await socket.websocket.send_str(frame)
    assert "no acknowledgement" in (await typed).why
    await socket.websocket.send_bytes(b"binary")
    assert await socket.closed()


async def test_one_form_of_several_is_named(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    ana = dingtalk.workspace.user("ana").id
    await dingtalk_app.create(privateData={ana: {"cardParamMap": {"form": FORM}}})
    card = await dingtalk.expect_private("ana", "to whom")
    with pytest.raises(LookupError, match="ana sees no form 'snooze'"):
        await card.submit({}, by="ana", form="snooze")
    dingtalk.workspace.recall(card.message)
    with pytest.raises(LookupError, match="no message"):
        await dingtalk.submit("ana", card.chat, card.id, {})
