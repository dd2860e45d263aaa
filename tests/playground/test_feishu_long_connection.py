"""The long connection: who gets an event, what an acknowledgement says, and everything that can go wrong with it."""

import asyncio
import json

import pytest
import websockets
from websockets.exceptions import InvalidStatus

from bot.playground.feishu import FeishuServer
from bot.playground.feishu.frame import CONTROL, DATA, Frame, decode, encode
from bot.playground.feishu.long_connection import ClientConfig
from bot.playground.wire import JsonObject, as_object, as_text
from tests.playground.feishu_app import FeishuApp, Handler, ack, button, card
from tests.playground.manual_clock import ManualClock

ACK = button("Acknowledge", name="ack")


async def connect(url: str) -> websockets.ClientConnection:
    return await websockets.connect(url, proxy=None)


async def test_the_discovery_gives_an_address_and_how_to_behave(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    feishu.connections.client_config = ClientConfig(-1, 1, 0, 2)
    data = as_object((await feishu_app.endpoint())["data"])
    assert data["ClientConfig"] == {
        "ReconnectCount": -1,
        "ReconnectInterval": 1,
        "ReconnectNonce": 0,
        "PingInterval": 2,
    }
    assert as_text(data["URL"]).startswith(f"ws://127.0.0.1:{feishu.port}/ws/v2?")
    wrong = {"AppID": feishu.app_id, "AppSecret": "wrong"}
    assert (await feishu_app.http.post("callback/ws/endpoint", json=wrong)).json()["code"] == 1000040345


async def test_a_ping_is_answered_with_the_settings(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    async with websockets.connect(await feishu_app.address(), proxy=None) as socket:
        await socket.send(encode(Frame(CONTROL, {"type": "ping"}, service=7)))
        pong = decode(bytes(await socket.recv(decode=False)))
        assert (pong.method, pong.headers, pong.service) == (CONTROL, {"type": "pong"}, 7)
        assert json.loads(pong.payload)["PingInterval"] == 120
        await socket.send(b"\xff")
        await socket.send(encode(Frame(DATA, {"message_id": "none"}, b"{")))
        assert await feishu.wait_for_log(lambda: [e.method for e in feishu.log][-2:] == ["ws garbage", "ws ack"])
    await feishu.connections.wait_disconnected()


async def test_a_click_is_told_and_its_answer_shown(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    message = await feishu_app.sent(card(ACK))
    seen = await feishu.expect_card("disk full", chat="ops-alerts")
    answer: JsonObject = {"toast": {"type": "success", "content": "It is yours"}}
    async with feishu_app.connected(lambda _: answer):
        assert (await seen.click("Acknowledge", by="ana")).body == answer
    [payload] = feishu_app.heard
    event = as_object(payload["event"])
    assert as_object(payload["header"])["event_type"] == "card.action.trigger"
    assert as_object(event["operator"])["open_id"] == feishu.user("ana").id
    assert event["context"] == {"open_message_id": message, "open_chat_id": feishu.chat("ops-alerts").id}
    action = as_object(event["action"])
    assert (action["tag"], action["name"], action["value"]) == ("button", "ack", {"does": "Acknowledge"})
    assert (await feishu.expect_private("ana", "it is yours")).text == "It is yours"
    with pytest.raises(AssertionError, match="no message with 'yours' only for bo"):
        await feishu.expect_private("bo", "yours", within=0)


async def test_a_large_event_comes_in_parts(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    feishu.connections.part_bytes = 100
    async with feishu_app.connected():
        await feishu.type("ana", None, "é" * 300)
        await feishu.delivery.settled()
    message = as_object(as_object(feishu_app.heard[0]["event"])["message"])
    assert json.loads(as_text(message["content"])) == {"text": "é" * 300}


async def test_each_event_goes_to_one_connection(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    chosen: list[int] = []
    feishu.connections.choose = lambda open_ones: open_ones[chosen.pop()]
    heard: list[str] = []

    def hear(name: str) -> Handler:
        def handler(_: JsonObject) -> JsonObject:
            heard.append(name)
            return {}

        return handler

    async with feishu_app.connected(hear("first")), feishu_app.connected(hear("second")):
        for number in (1, 0, 1):
            chosen.append(number)
            await feishu.type("ana", None, "hello")
            await feishu.delivery.settled()
    assert heard == ["second", "first", "second"]


@pytest.mark.parametrize(
    "trouble", ["silent app", "500", "no object", "no base64", "no JSON", "no code", "silence", "nobody"]
)
async def test_a_click_in_vain_shows_an_error(feishu: FeishuServer, feishu_app: FeishuApp, trouble: str) -> None:
    message = await feishu_app.sent(card(ACK))
    codes = dict.fromkeys(("500", "no JSON", "no code"), 200671) | dict.fromkeys(("no object", "no base64"), 200672)
    codes |= {"silent app": 200341, "silence": 200341, "nobody": 200340}
    feishu.connections.silent = trouble == "silence"
    socket = await connect(await feishu_app.address())
    await feishu.connections.wait_connected()
    if codes[trouble] == 200341:
        feishu.delivery.ack_seconds = 0.05
    elif trouble == "nobody":
        await socket.close()
        await feishu.connections.wait_disconnected()
    clicking = asyncio.create_task(feishu.click("ana", message, "ack"))
    if codes[trouble] in (200671, 200672):
        frame = decode(bytes(await socket.recv(decode=False)))
        bodies = {"no base64": b'{"code": 200, "data": "?"}', "no JSON": b"{", "no code": b"{}"}
        answer = bodies.get(trouble)
        whole = ack(frame, [], 500 if trouble == "500" else 200)
        await socket.send(encode(Frame(DATA, frame.headers, answer)) if answer else whole)
    answered = await clicking
    assert (answered.code, answered.acked) == (codes[trouble], False)
    assert str(codes[trouble]) in (await feishu.expect_private("ana", "went wrong")).text
    await socket.close()


async def test_a_test_is_told_of_a_click_in_vain(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    await feishu_app.sent(card(ACK))
    with pytest.raises(AssertionError, match="'ack' was not answered: 200340 no long connection is open"):
        await (await feishu.expect_card("disk full", chat="ops-alerts")).click("ack", by="bo")


async def test_an_event_is_told_again_until_it_is_taken(
    feishu: FeishuServer, feishu_app: FeishuApp, clock: ManualClock
) -> None:
    feishu.delivery.ack_seconds = 1.5
    await feishu.type("ana", None, "hello")
    tries = 0

    def handler(_: JsonObject) -> object:
        nonlocal tries
        tries += 1
        return {} if tries >= 2 else None

    async with feishu_app.connected(handler):
        for pause in (15, 300):
            heard = len(feishu_app.heard)
            while len(feishu_app.heard) == heard:
                clock.advance(pause)
                await asyncio.sleep(0.01)
        await feishu.delivery.settled()
    assert len({json.dumps(payload) for payload in feishu_app.heard}) == 1
    assert tries >= 2


async def test_what_is_typed_meanwhile_comes_after_the_plug_is_back(
    feishu: FeishuServer, feishu_app: FeishuApp, clock: ManualClock
) -> None:
    async with feishu_app.connected() as socket:
        await feishu.pull_plug()
        await socket.wait_closed()
        assert not feishu.plugged
        await feishu.type("ana", None, "hello")
    message = await feishu.expect_dm("ana", "hello")
    assert message.buttons == []
    await feishu.put_back()
    async with feishu_app.connected():
        while not feishu_app.heard:
            clock.advance(15)
            await asyncio.sleep(0.01)
        await feishu.delivery.settled()


async def test_a_click_is_lost_with_its_connection(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    message = await feishu_app.sent(card(ACK))
    async with feishu_app.connected(lambda _: None) as socket:
        clicking = asyncio.create_task(feishu.click("ana", message, "ack"))
        await feishu.wait_for_log(lambda: bool(feishu.log.calls("ws event")))
        await feishu.connections.drop(1001)
        answer = await clicking
        await socket.wait_closed()
        assert socket.close_code == 1001
    assert (answer.code, "closed" in answer.why) == (200341, True)


@pytest.mark.parametrize("how", ["spent", "limit", "scripted"])
async def test_a_handshake_is_refused_with_headers(feishu: FeishuServer, feishu_app: FeishuApp, how: str) -> None:
    url = await feishu_app.address()
    expected = {"handshake-status": "403", "handshake-msg": "ticket is invalid"}
    if how == "spent":
        await (await connect(url)).close()
    elif how == "limit":
        feishu.connections.most_connections = 0
        expected = {"handshake-status": "514", "handshake-autherrcode": "1000040350"}
    else:
        feishu.connections.refuse_handshake(514, "no", auth_code=1)
        expected = {"handshake-status": "514", "handshake-msg": "no", "handshake-autherrcode": "1"}
    with pytest.raises(InvalidStatus) as refused:
        await connect(url)
    assert expected.items() <= dict(refused.value.response.headers).items()


async def test_a_silent_server_answers_nothing_and_stays_open(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    feishu.connections.silent = True
    async with websockets.connect(await feishu_app.address(), proxy=None) as socket:
        await socket.send(encode(Frame(CONTROL, {"type": "ping"})))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.05)
    await feishu.connections.wait_disconnected()
    assert feishu.connections.pings == 1


async def test_the_way_to_a_connection_can_hang(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    hold = feishu.faults.hang("ws.endpoint")
    asking = asyncio.create_task(feishu_app.address())
    await hold.reached.wait()
    assert not asking.done()
    hold.release()
    hold = feishu.faults.hang("ws.connect")
    connecting = asyncio.create_task(connect(await asking))
    await hold.reached.wait()
    assert not connecting.done()
    hold.release()
    await (await connecting).close()
    feishu.faults.refuse("ws.endpoint", 1000040350)
    assert (await feishu_app.endpoint())["code"] == 1000040350
