"""DingTalk's Stream: tickets, frames, acknowledgements, pings; and the unmodified SDK on the other end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import dingtalk_stream  # type: ignore[import-untyped]  # it has no types
import pytest

from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.interactivity import FAILED
from bot.playground.dingtalk.stream import CLOSE_TICKET_SPENT, MOST_DELIVERIES
from tests.playground.dingtalk_app import CARD_TOPIC, ROBOT_TOPIC, App, Socket
from tests.playground.manual_clock import ManualClock

TAKEN = {
    "cardUpdateOptions": {"updateCardDataByKey": True, "updatePrivateDataByKey": True},
    "cardData": {"cardParamMap": {"status": "Ana has it"}},
    "userPrivateData": {"cardParamMap": {"toast": "It is yours now."}},
}


@pytest.fixture
async def socket(dingtalk_app: App) -> Socket:
    return await dingtalk_app.connect()


class Clicks(dingtalk_stream.CallbackHandler):  # type: ignore[misc]  # the SDK has no types
    """Acknowledges on the card in its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[dingtalk_stream.CardCallbackMessage] = []

    async def process(self, message: dingtalk_stream.CallbackMessage) -> tuple[int, object]:
        self.heard.append(dingtalk_stream.CardCallbackMessage.from_dict(message.data))
        return dingtalk_stream.AckMessage.STATUS_OK, TAKEN


class Words(dingtalk_stream.ChatbotHandler):  # type: ignore[misc]  # the SDK has no types
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[dingtalk_stream.ChatbotMessage] = []

    async def process(self, message: dingtalk_stream.CallbackMessage) -> tuple[int, str]:
        self.heard.append(dingtalk_stream.ChatbotMessage.from_dict(message.data))
        return dingtalk_stream.AckMessage.STATUS_OK, "OK"


@pytest.fixture
async def sdk(dingtalk: DingTalkServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Clicks, Words]]:
    """Give the handlers of a connected client of the real SDK."""
    gateway = f"{dingtalk.api_base_url}v1.0/gateway/connections/open"
    monkeypatch.setattr(dingtalk_stream.DingTalkStreamClient, "OPEN_CONNECTION_API", gateway)
    # It asks the system for the way to 8.8.8.8 only to tell its own address.
    monkeypatch.setattr(dingtalk_stream.DingTalkStreamClient, "get_host_ip", lambda _: "127.0.0.1")
    credential = dingtalk_stream.Credential(dingtalk.client_id, dingtalk.client_secret)
    client = dingtalk_stream.DingTalkStreamClient(credential)
    clicks, words = Clicks(), Words()
    client.register_callback_handler(CARD_TOPIC, clicks)
    client.register_callback_handler(ROBOT_TOPIC, words)
    running = asyncio.create_task(client.start())
    await dingtalk.stream.wait_connected()
    yield clicks, words
    await client.stop()
    await running


async def test_the_sdk_hears_a_click_and_its_answer_updates_the_card(
    dingtalk: DingTalkServer, dingtalk_app: App, sdk: tuple[Clicks, Words]
) -> None:
    await dingtalk_app.create()
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    answer = await card.click("Acknowledge", by="ana")
    assert (answer.via, answer.body) == ("stream", TAKEN)
    await card.shows("Ana has it")
    await dingtalk.expect_toast("ana", "it is yours")
    [click] = sdk[0].heard
    assert (click.card_instance_id, click.user_id) == ("inc-1", dingtalk.workspace.user("ana").id)
    assert click.content == {"cardPrivateData": {"actionIds": ["ack"], "params": {"token": "ack 42 v7"}}}
    assert click.extension == {}


async def test_the_sdk_hears_a_message_and_acknowledges_pings(
    dingtalk: DingTalkServer, sdk: tuple[Clicks, Words]
) -> None:
    answer = await dingtalk.type("ana", "ops-alerts", "@Oncard reassign 42 @Bo")
    assert answer.acked
    [message] = sdk[1].heard
    bo = dingtalk.workspace.user("bo")
    assert message.text.content == " reassign 42 "
    assert (message.conversation_type, message.conversation_title) == ("2", "ops-alerts")
    assert [user.staff_id for user in message.at_users] == [None, bo.id]
    assert message.sender_staff_id == dingtalk.workspace.user("ana").id
    assert await dingtalk.stream.ping() == [True]


async def test_a_ticket_opens_one_connection_and_not_for_ever(
    dingtalk: DingTalkServer, dingtalk_app: App, clock: ManualClock
) -> None:
    socket = await dingtalk_app.connect()
    [opened] = dingtalk.log.calls("gateway/connections/open")
    assert isinstance(opened.response, dict)
    url = f"{opened.response['endpoint']}?ticket={opened.response['ticket']}"
    late = f"{opened.response['endpoint']}?ticket={dingtalk.stream.issue_ticket([])}"
    clock.advance(100)
    for address in (url, late, str(opened.response["endpoint"])):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await dingtalk_app.sockets.ws_connect(address)
    assert CLOSE_TICKET_SPENT
    await socket.websocket.close()


async def test_a_frame_has_the_shape_of_dingtalks(dingtalk: DingTalkServer, socket: Socket) -> None:
    typed = asyncio.create_task(dingtalk.type("ana", None, "help"))
    frame = await socket.next()
    assert (frame["specVersion"], frame["type"]) == ("1.0", "CALLBACK")
    headers = frame["headers"]
    assert set(headers) == {"appId", "connectionId", "contentType", "messageId", "time", "topic"}
    assert (headers["topic"], headers["time"]) == (ROBOT_TOPIC, "1772366400000")
    assert frame["data"]["conversationType"] == "1"
    assert frame["data"]["text"] == {"content": "help"}
    await socket.ack(frame, {"response": "OK"})
    assert (await typed).acked


async def test_a_bad_acknowledgement_changes_nothing_and_the_person_sees_it_failed(
    dingtalk: DingTalkServer, dingtalk_app: App, socket: Socket
) -> None:
    await dingtalk_app.create()
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    for code, data, why in (
        (500, {"response": TAKEN}, "acknowledged with code 500"),
        (404, None, "acknowledged with code 404"),
        (200, {"response": {"cardData": {"cardParamMap": {"status": 7}}}}, "values are strings"),
    ):
        click = asyncio.create_task(dingtalk.click("ana", card.chat, card.id, "Acknowledge"))
        await socket.ack(await socket.next(), data, code=code)
        assert why in (await click).why
    assert card.edits == 0
    assert [toast.text for toast in dingtalk.workspace.toasts] == [FAILED] * 3


async def test_an_empty_acknowledgement_changes_nothing(
    dingtalk: DingTalkServer, dingtalk_app: App, socket: Socket
) -> None:
    await dingtalk_app.create()
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    click = asyncio.create_task(card.click("Acknowledge", by="ana"))
    await socket.ack(await socket.next(), {"response": {}})
    assert (await click).body == {}
    assert (card.edits, dingtalk.workspace.toasts) == (0, [])


async def test_a_late_acknowledgement_is_too_late(dingtalk: DingTalkServer, dingtalk_app: App, socket: Socket) -> None:
    dingtalk.interactivity.ack_seconds = 0.05
    await dingtalk_app.create()
    card = await dingtalk.expect_card("disk full", chat="ops-alerts")
    answer = await dingtalk.click("ana", card.chat, card.id, "Acknowledge")
    assert "no acknowledgement within 0.05 s" in answer.why
    await dingtalk.expect_toast("ana", "went wrong")
    await socket.ack(await socket.next(), {"response": TAKEN})
    await dingtalk.wait_for_log(lambda: bool(dingtalk.log.calls("stream ack")))
    assert card.edits == 0


async def test_each_message_goes_to_one_connection_and_only_its_own_acknowledgement_counts(
    dingtalk: DingTalkServer, dingtalk_app: App, socket: Socket
) -> None:
    other = await dingtalk_app.connect()
    dingtalk.interactivity.ack_seconds = 1.5
    typed = [asyncio.create_task(dingtalk.type("ana", None, words)) for words in ("one", "two")]
    frames = [await socket.next(), await other.next()]
    assert {frame["data"]["text"]["content"] for frame in frames} == {"one", "two"}
    await socket.ack(frames[0])
    await socket.ack(frames[1])
    assert sorted([(await one).acked for one in typed]) == [False, True]


async def test_a_message_that_a_closing_connection_had_not_acknowledged_is_lost(
    dingtalk: DingTalkServer, socket: Socket
) -> None:
    typed = asyncio.create_task(dingtalk.type("ana", None, "help"))
    await socket.next()
    await socket.websocket.close()
    assert "closed before the acknowledgement" in (await typed).why
    assert (await dingtalk.type("ana", None, "again")).why == "no Stream connection takes it"


async def test_an_event_is_repeated_until_it_is_acknowledged(
    dingtalk: DingTalkServer, socket: Socket, clock: ManualClock
) -> None:
    gone = asyncio.create_task(dingtalk.disband("ops-alerts", by="ana"))
    first = await socket.next()
    assert (first["type"], first["headers"]["eventType"]) == ("EVENT", "chat_disband")
    assert first["data"]["operator"] == dingtalk.workspace.user("ana").id
    await socket.ack(first, {"status": "LATER"})
    second = await next_after(dingtalk, clock, socket)
    assert second["headers"]["eventId"] == first["headers"]["eventId"]
    assert second["headers"]["messageId"] != first["headers"]["messageId"]
    await socket.ack(second, {"status": "SUCCESS"})
    assert await gone


async def next_after(dingtalk: DingTalkServer, clock: ManualClock, socket: Socket) -> dict[str, Any]:
    """Return the next frame, which comes when an event is due again."""
    heard = asyncio.create_task(socket.next())
    while not heard.done():
        await asyncio.sleep(0.005)
        clock.advance(dingtalk.stream.redeliver_seconds)
    return heard.result()


async def test_an_event_waits_for_an_app_that_is_away(
    dingtalk: DingTalkServer, dingtalk_app: App, clock: ManualClock
) -> None:
    assert not await dingtalk.disband("elsewhere", by="ana"), "nobody ever subscribed to events"
    socket = await dingtalk_app.connect()
    await socket.websocket.close()
    await dingtalk.stream.wait_open(0)
    gone = asyncio.create_task(dingtalk.disband("ops-alerts", by="ana"))
    back = await dingtalk_app.connect()
    await back.ack(await next_after(dingtalk, clock, back), {"status": "SUCCESS"})
    assert await gone


async def test_an_event_that_nobody_acknowledges_is_given_up(
    dingtalk: DingTalkServer, socket: Socket, clock: ManualClock
) -> None:
    gone = asyncio.create_task(dingtalk.disband("ops-alerts", by="ana"))
    await socket.ack(await socket.next(), code=500)
    for _ in range(MOST_DELIVERIES - 1):
        await socket.ack(await next_after(dingtalk, clock, socket), code=500)
    assert not await gone


async def test_after_an_announced_disconnect_nothing_comes_and_the_connection_is_dropped_later(
    dingtalk: DingTalkServer, socket: Socket, clock: ManualClock
) -> None:
    await dingtalk.stream.announce()
    frame = await socket.next()
    assert (frame["headers"]["topic"], "timeout" in frame["data"]["reason"]) == ("disconnect", True)
    assert (dingtalk.stream.connected, dingtalk.stream.open) == (0, 1)
    assert (await dingtalk.type("ana", None, "help")).via == "nothing"
    clock.advance(11)
    assert await socket.closed()


async def test_a_new_connection_takes_over_before_the_old_one_is_dropped(
    dingtalk: DingTalkServer, dingtalk_app: App, socket: Socket
) -> None:
    await dingtalk.stream.announce()
    fresh = await dingtalk_app.connect()
    typed = asyncio.create_task(dingtalk.type("ana", None, "help"))
    await fresh.ack(await fresh.next())
    assert (await typed).acked
    assert (await socket.next())["headers"]["topic"] == "disconnect"


async def test_the_server_pings_and_judges_the_echo(dingtalk: DingTalkServer, dingtalk_app: App) -> None:
    dingtalk.stream.ping_seconds = 0.01
    socket = await dingtalk_app.connect()
    first, second = await socket.next(), await_ack(socket)
    assert first["headers"]["topic"] == "ping"
    await socket.ack(first, first["data"])
    assert (await second)["data"]["opaque"] != first["data"]["opaque"]
    dingtalk.stream.ping_seconds = 1000
    dingtalk.stream.echo_seconds = 0.02
    dingtalk.stream.deafen()
    assert await dingtalk.stream.ping() == [False]


def await_ack(socket: Socket) -> "asyncio.Task[dict[str, Any]]":
    async def following() -> dict[str, Any]:
        await asyncio.sleep(0)
        return await socket.next()

    return asyncio.ensure_future(following())
