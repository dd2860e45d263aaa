"""What people do in DingTalk: buttons, forms, messages to the bot; by Stream or by signed HTTP; and webhooks."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.playground.dingtalk import DingTalkServer
from bot.playground.listener import Listener
from bot.playground.wire import as_object
from tests.playground.dingtalk_app import FORM, App, Socket
from tests.playground.manual_clock import ManualClock

Posted = list[tuple[dict[str, str], dict[str, Any]]]


@pytest.fixture
async def socket(dingtalk_app: App) -> Socket:
    return await dingtalk_app.connect()


async def answered(socket: Socket, doing: Awaitable[Any], response: object = None) -> dict[str, Any]:
    """Do what a person does, acknowledge what the app hears of it, and return its data."""
    done = asyncio.ensure_future(doing)
    frame = await socket.next()
    await socket.ack(frame, {"response": response or {}})
    await done
    data: dict[str, Any] = frame["data"]
    return data


async def test_a_form_sends_what_was_filled_in(dingtalk: DingTalkServer, dingtalk_app: App, socket: Socket) -> None:
    ana = dingtalk.workspace.user("ana").id
    await dingtalk_app.create(privateData={ana: {"cardParamMap": {"form": FORM, "params": '{"v": "7"}'}}})
    card = await dingtalk.expect_private("ana", "to whom")
    values: dict[str, str | bool] = {"To whom": "Chen", "why": "it is \U0001f525", "Do not page": True}
    heard = await answered(socket, card.submit(values, by="ana"))
    form = {
        "token": "reassign 42 v7",
        "to": {"index": 1, "value": "chen"},
        "why": "it is \U0001f525",
        "quiet": True,
        "by": "Ana",
    }
    assert heard["content"] == heard["value"]
    assert json.loads(heard["content"]) == {
        "cardPrivateData": {"actionIds": ["reassign"], "params": {"v": "7", "form": form}}
    }


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "Say to whom"),
        ({"To whom": "Zoe"}, "no option 'Zoe'; there are"),
        ({"Colour": "red"}, "no field 'Colour'; there are"),
        ({"by": "Bo"}, "the field 'by' cannot be changed"),
    ],
)
async def test_a_form_that_the_client_would_not_send_is_not_sent(
    dingtalk: DingTalkServer, dingtalk_app: App, values: dict[str, str], why: str
) -> None:
    ana = dingtalk.workspace.user("ana").id
    await dingtalk_app.create(privateData={ana: {"cardParamMap": {"form": FORM}}})
    card = await dingtalk.expect_private("ana", "to whom")
    with pytest.raises(LookupError, match=why):
        await card.submit(values, by="ana")
    with pytest.raises(LookupError, match="bo sees no form"):
        await card.submit({}, by="bo")


async def test_a_click_in_a_direct_chat_arrives_from_there(
    dingtalk: DingTalkServer, dingtalk_app: App, socket: Socket
) -> None:
    ana = dingtalk.workspace.user("ana").id
    await dingtalk_app.create(openSpaceId=f"dtv1.card//IM_ROBOT.{ana}")
    card = await dingtalk.expect_dm("ana", "disk full")
    heard = await answered(socket, card.click("Acknowledge", by="ana"))
    assert (heard["type"], heard["spaceType"], heard["spaceId"]) == ("actionCallback", "IM_ROBOT", ana)
    assert (heard["userId"], heard["userIdType"], heard["corpId"]) == (ana, 1, dingtalk.workspace.corp_id)


async def test_a_link_that_sends_a_text_is_typed_as_the_person(
    dingtalk: DingTalkServer, dingtalk_app: App, socket: Socket
) -> None:
    await dingtalk_app.create()
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    heard = await answered(socket, card.click("Who", by="bo"))
    assert (heard["text"], heard["senderNick"]) == ({"content": " who is on "}, "Bo")
    said = dingtalk.workspace.messages(card.chat)[-1]
    assert (said.author, said.content) == (dingtalk.workspace.user("bo").id, {"text": "@Oncard who is on"})
    with pytest.raises(LookupError, match="no button 'Explode' on the message; there are: 'Acknowledge'"):
        await card.click("Explode", by="bo")
    with pytest.raises(LookupError, match="no message none"):
        await dingtalk.click("bo", "ops-alerts", "none", "Acknowledge")


async def test_in_a_group_the_bot_hears_only_what_mentions_it(dingtalk: DingTalkServer, socket: Socket) -> None:
    assert (await dingtalk.type("ana", "ops-alerts", "who is on?")).via == "nothing"
    assert (await dingtalk.type("ana", "elsewhere", "@Oncard who")).via == "nothing", "the bot is not in this group"
    dingtalk.interactivity.names_in_text = True
    heard = await answered(socket, dingtalk.type("ana", "ops-alerts", "@Oncard reassign 42 @Bo"))
    assert heard["text"] == {"content": " reassign 42 @Bo "}
    assert heard["isInAtList"] is True


async def test_an_outsider_has_no_staff_id(dingtalk: DingTalkServer, socket: Socket) -> None:
    dingtalk.workspace.add_user("eve", outsider=True)
    heard = await answered(socket, dingtalk.type("eve", "ops-alerts", "@Oncard help @Eve"))
    assert "senderStaffId" not in heard
    assert [set(user) for user in heard["atUsers"]] == [{"dingtalkId"}, {"dingtalkId"}]


async def test_a_reply_names_what_it_replies_to(dingtalk: DingTalkServer, dingtalk_app: App, socket: Socket) -> None:
    created = as_object((await dingtalk_app.create())["result"])
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    heard = await answered(socket, dingtalk.type("ana", "ops-alerts", "@Oncard ack", reply_to=card.id))
    assert heard["text"]["isReplyMsg"] is True
    assert heard["text"]["repliedMsg"]["msgType"] == "interactiveCard"
    assert heard["originalProcessQueryKey"] == created["deliverResults"][0]["carrierId"]  # type: ignore[index]
    dingtalk.faults.clear()
    await dingtalk_app.send("ops-alerts", "sampleText", content="plain")
    plain = await dingtalk.expect_card("plain", chat="ops-alerts")
    heard = await answered(socket, dingtalk.type("ana", "ops-alerts", "@Oncard why", reply_to=plain.id))
    assert heard["text"]["repliedMsg"]["content"] == {"text": "plain"}


async def test_without_calls_left_a_message_comes_empty(dingtalk: DingTalkServer, socket: Socket) -> None:
    dingtalk.pace.per_month = 0
    assert await answered(socket, dingtalk.type("ana", None, "help")) == {"errCode": "20001"}


async def test_an_update_during_a_callback_is_noticed(
    dingtalk: DingTalkServer, dingtalk_app: App, socket: Socket
) -> None:
    await dingtalk_app.create()
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    click = asyncio.create_task(card.click("Acknowledge", by="ana"))
    frame = await socket.next()
    await dingtalk_app.update("inc-1", {"status": "early"})
    assert dingtalk.interactivity.updates_during_callback == ["inc-1"]
    await socket.ack(frame, {"response": {}})
    await click
    await dingtalk_app.update("inc-1", {"status": "in time"})
    assert len(dingtalk.interactivity.updates_during_callback) == 1


# By HTTP


@pytest.fixture
async def posts() -> Posted:
    return []


@pytest.fixture
async def url(posts: Posted) -> AsyncIterator[str]:
    """Give an address that takes callbacks and answers with an update."""

    async def take(request: Request) -> Response:
        posts.append((dict(request.headers), await request.json()))
        return JSONResponse({"cardData": {"cardParamMap": {"status": "Ana has it"}}})

    async def fail(_request: Request) -> Response:
        return Response("no", 500)

    listener = Listener(Starlette(routes=[Route("/in", take, methods=["POST"]), Route("/bad", fail, methods=["POST"])]))
    await listener.start()
    yield f"http://127.0.0.1:{listener.port}"
    await listener.close()


def signed(secret: str, text: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


async def test_a_cards_http_callback_is_signed_and_its_answer_updates_the_card(
    dingtalk: DingTalkServer, dingtalk_app: App, posts: Posted, url: str
) -> None:
    register = "POST v1.0/card/callbacks/register"
    route = {"callbackRouteKey": "oncard", "callbackUrl": f"{url}/in", "apiSecret": "cards-secret"}
    assert (await dingtalk_app.call(register, **route))["success"] is True
    assert await dingtalk_app.code(register, **route) == "param.callbackRouteKeyExist"
    assert (await dingtalk_app.call(register, **route, forceUpdate=True))["success"] is True
    await dingtalk_app.create(callbackType="HTTP", callbackRouteKey="oncard")
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    assert (await card.click("Acknowledge", by="ana")).via == "http"
    await card.shows("Ana has it")
    [(headers, body)] = posts
    assert headers["x-ddpaas-signature"] == signed("cards-secret", headers["x-ddpaas-signature-timestamp"])
    assert body["outTrackId"] == "inc-1"
    await dingtalk_app.create("inc-2", callbackType="HTTP", callbackRouteKey="none")
    lost = await dingtalk.expect_card("disk full", chat="ops-alerts")
    assert "no callback is registered" in (await dingtalk.click("ana", lost.chat, lost.id, "ack")).why


async def test_the_robots_messages_by_http_are_signed(dingtalk: DingTalkServer, posts: Posted, url: str) -> None:
    dingtalk.deliver_by_http(f"{url}/in")
    assert (await dingtalk.type("ana", None, "help")).acked
    [(headers, body)] = posts
    secret = dingtalk.client_secret
    assert headers["sign"] == signed(secret, f"{headers['timestamp']}\n{secret}")
    assert body["text"] == {"content": "help"}
    dingtalk.deliver_by_http(f"{url}/bad")
    assert (await dingtalk.type("ana", None, "help")).why == "HTTP 500"


# Webhooks


@pytest.fixture
def say(dingtalk_app: App) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Give a function that posts to a webhook without the app's token, and returns the answer."""

    async def say(url: str, **body: object) -> dict[str, Any]:
        answer = await dingtalk_app.http.post(url, json=body, headers={"x-acs-dingtalk-access-token": ""})
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    return say


def text(words: str) -> dict[str, object]:
    return {"msgtype": "text", "text": {"content": words}}


async def test_a_session_webhook_answers_in_its_chat_until_it_expires(
    dingtalk: DingTalkServer,
    socket: Socket,
    clock: ManualClock,
    say: Callable[..., Awaitable[dict[str, Any]]],
) -> None:
    heard = await answered(socket, dingtalk.type("ana", None, "help"))
    assert heard["sessionWebhookExpiredTime"] > heard["createAt"]
    at = {"at": {"atUserIds": [dingtalk.workspace.user("ana").id]}}
    assert (await say(heard["sessionWebhook"], **text("here is help"), **at))["errcode"] == 0
    assert (await dingtalk.expect_dm("ana", "here is help")).text.startswith("@Ana")
    assert dingtalk.pace.used == 0
    clock.advance(5401)
    assert (await say(heard["sessionWebhook"], **text("too late")))["errcode"] == 300001


async def test_a_custom_robot_wants_its_signature(
    dingtalk: DingTalkServer, clock: ManualClock, say: Callable[..., Awaitable[dict[str, Any]]]
) -> None:
    robot = dingtalk.add_robot("ops-alerts", "alerts", secret="SECshared")
    url, now = dingtalk.robot_url(robot), int(clock.now().timestamp() * 1000)
    assert (await say(url, **text("disk full")))["errcode"] == 310000
    assert (await say(url + robot.signed(now), **text("disk full")))["errcode"] == 0
    assert (await say(url + robot.signed(now - 3_700_000), **text("old")))["errcode"] == 310000
    seen = await dingtalk.expect_card("disk full", chat="ops-alerts")
    assert seen.message.robot == "alerts"


async def test_a_custom_robot_wants_its_keyword_and_may_be_gone(
    dingtalk: DingTalkServer, say: Callable[..., Awaitable[dict[str, Any]]]
) -> None:
    robot = dingtalk.add_robot("ops-alerts", "alerts", keywords=("[oncard]",))
    url = dingtalk.robot_url(robot)
    assert (await say(url, **text("disk full")))["errcode"] == 310000
    for uuid in ("one", "one", "two"):
        assert (await say(url, msgUuid=uuid, **text("[oncard] disk full")))["errcode"] == 0
    assert len(dingtalk.workspace.messages(robot.chat)) == 2
    assert (await say(url, msgtype="sticker", text="[oncard]"))["errcode"] == 400602
    assert (await say(url[:-1], **text("x")))["errcode"] == 400101
    robot.gone = "400102"
    assert (await say(url, **text("[oncard]")))["errcode"] == 400102


async def test_a_custom_robot_that_says_too_much_is_blocked_for_ten_minutes(
    dingtalk: DingTalkServer, clock: ManualClock, say: Callable[..., Awaitable[dict[str, Any]]]
) -> None:
    url = dingtalk.robot_url(dingtalk.add_robot("ops-alerts", "alerts"))
    answers = [(await say(url, **text("x")))["errcode"] for _ in range(21)]
    assert answers == [0] * 20 + [410100]
    clock.advance(599)
    assert (await say(url, **text("x")))["errcode"] == 410100
    clock.advance(2)
    card = {"title": "t", "text": "disk full", "btns": [{"title": "Open", "actionURL": "https://example.com"}]}
    assert (await say(url, msgtype="actionCard", actionCard=card, at={"isAtAll": True}))["errcode"] == 0
    assert (await dingtalk.expect_card("@all", chat="ops-alerts")).buttons == ["Open"]
