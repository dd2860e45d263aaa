"""Trouble that DingTalk's server gives on demand: each looks to the caller as it does in the wild."""

import asyncio

import aiohttp
import httpx
import pytest

from bot.playground.dingtalk import DingTalkServer
from tests.playground.dingtalk_app import App

CREATE = "card/instances/createAndDeliver"


def cards(dingtalk: DingTalkServer) -> int:
    return len(dingtalk.workspace.cards)


async def test_a_refusal_has_the_code_of_the_api_it_befalls(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    dingtalk.faults.refuse(CREATE, "system.busy")
    assert (await dingtalk_app.create())["code"] == "system.busy"
    assert (await dingtalk_app.create())["success"] is True
    dingtalk.faults.refuse("topapi/v2/user/getbymobile", "40103")
    assert (await dingtalk_app.call("POST topapi/v2/user/getbymobile"))["errcode"] == 40103


async def test_a_fault_may_be_for_one_chat_or_person_alone(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    dingtalk.faults.refuse(CREATE, "system.busy", chat="ana", times=9)
    dingtalk.faults.refuse("*", "system.error", chat="ops-alerts")
    ana = f"dtv1.card//IM_ROBOT.{dingtalk.workspace.user('ana').id}"
    assert (await dingtalk_app.create("to-ana", openSpaceId=ana))["code"] == "system.busy"
    assert (await dingtalk_app.create("to-all"))["code"] == "system.error"
    assert (await dingtalk_app.create("to-all"))["success"] is True


async def test_a_gateway_answers_html_garbage_or_too_many(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    faults, ask = dingtalk.faults, "POST v1.0/card/instances/createAndDeliver"
    faults.status(CREATE, 502)
    answer = await dingtalk_app.ask(ask)
    assert (answer.status_code, "html" in answer.headers["content-type"]) == (502, True)
    faults.garble(CREATE)
    answer = await dingtalk_app.ask(ask)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    faults.rate_limit(CREATE, 3)
    answer = await dingtalk_app.ask(ask)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert answer.json()["code"] == "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"


@pytest.mark.parametrize("applied", [False, True])
async def test_a_cut_says_nothing_before_or_after_the_effect(
    dingtalk: DingTalkServer, dingtalk_app: App, *, applied: bool
) -> None:
    dingtalk.faults.cut(CREATE, applied=applied)
    with pytest.raises(httpx.HTTPError):
        await dingtalk_app.create()
    assert cards(dingtalk) == applied


@pytest.mark.parametrize("applied", [False, True])
async def test_a_call_hangs_until_it_is_released(dingtalk: DingTalkServer, dingtalk_app: App, *, applied: bool) -> None:
    hold = dingtalk.faults.hang(CREATE, applied=applied)
    call = asyncio.create_task(dingtalk_app.create())
    await hold.reached.wait()
    assert cards(dingtalk) == applied
    hold.release()
    assert (await call)["success"] is True


async def test_what_hangs_is_let_go_when_the_script_is_cleared(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    hold = dingtalk.faults.hang(CREATE)
    call = asyncio.create_task(dingtalk_app.create())
    await hold.reached.wait()
    dingtalk.faults.clear()
    assert (await call)["success"] is True


async def test_a_pulled_plug_drops_everything_and_a_put_back_one_remembers(
    dingtalk: DingTalkServer, dingtalk_app: App
) -> None:
    socket = await dingtalk_app.connect()
    await dingtalk_app.create()
    await dingtalk.pull_plug()
    assert await socket.closed()
    with pytest.raises(httpx.ConnectError):
        await dingtalk_app.create("inc-2")
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    assert "unplugged" in (await dingtalk.click("ana", card.chat, card.id, "Acknowledge")).why
    await dingtalk.put_back()
    assert (await dingtalk_app.create("inc-2"))["success"] is True


async def test_a_silent_connection_stays_open_and_hears_nothing(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    dingtalk.interactivity.ack_seconds = 0.05
    socket = await dingtalk_app.connect()
    dingtalk.stream.silence()
    assert not (await dingtalk.type("ana", None, "lost")).acked
    assert dingtalk.stream.connected == 1
    fresh = await dingtalk_app.connect()
    await socket.websocket.close()
    await dingtalk.stream.wait_open(1)
    typed = asyncio.create_task(dingtalk.type("ana", None, "heard"))
    frame = await fresh.next()
    assert frame["data"]["text"]["content"] == "heard"
    await fresh.ack(frame)
    await typed


async def test_a_half_dead_connection_sends_and_does_not_hear(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    dingtalk.interactivity.ack_seconds = 0.05
    socket = await dingtalk_app.connect()
    dingtalk.stream.deafen()
    typed = asyncio.create_task(dingtalk.type("ana", None, "help"))
    await socket.ack(await socket.next())
    assert "no acknowledgement" in (await typed).why


async def test_a_connection_is_dropped_without_a_farewell(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    socket = await dingtalk_app.connect()
    dingtalk.stream.drop()
    assert await socket.closed()
    await dingtalk.stream.wait_open(0)


async def test_the_gateway_and_the_handshake_hang_or_refuse(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    gateway = dingtalk.faults.hang("gateway/connections/open")
    shake = dingtalk.faults.hang("connect")
    opening = asyncio.create_task(dingtalk_app.connect())
    await gateway.reached.wait()
    gateway.release()
    await shake.reached.wait()
    assert dingtalk.stream.open == 0
    shake.release()
    await (await opening).websocket.close()
    await dingtalk.stream.wait_open(0)
    dingtalk.faults.refuse("connect", "busy")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await dingtalk_app.connect()
    dingtalk.faults.cut("connect", applied=False, times=9)  # the client tries again by itself
    with pytest.raises(aiohttp.ClientError):
        await dingtalk_app.connect()
