"""Socket Mode, with the real SDK on the other end: clicks, acknowledgements, replaced and lost sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack import SlackServer
from bot.playground.slack.socket_mode import MOST_SOCKETS
from bot.playground.wire import JsonObject, as_object, as_objects

BUTTON = {
    "type": "button",
    "text": {"type": "plain_text", "text": "Acknowledge"},
    "action_id": "ack",
    "value": "42",
    "style": "primary",
}
MENU = {
    "type": "static_select",
    "action_id": "snooze",
    "placeholder": {"type": "plain_text", "text": "Snooze"},
    "options": [{"text": {"type": "plain_text", "text": "1 hour"}, "value": "1h"}],
}
CARD: list[JsonObject] = [
    {
        "color": "#d92d20",
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": "*disk full* &lt;97 %&gt;"}},
            {"type": "actions", "block_id": "card", "elements": [BUTTON, MENU]},
        ],
    }
]


def acknowledged_by(user: str) -> list[JsonObject]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": f"acknowledged by <@{user}>"}}]


@pytest.fixture
async def app(slack: SlackServer, web_client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """Give a connected app that acknowledges on its card."""
    app = AsyncApp(client=web_client)

    @app.action("ack")
    async def acknowledge(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, client: AsyncWebClient) -> None:
        await ack()
        user, channel, ts = body["user"]["id"], body["container"]["channel_id"], body["container"]["message_ts"]
        await client.chat_update(
            channel=channel, ts=ts, text="acknowledged", blocks=acknowledged_by(user), attachments=[]
        )
        await respond(text="It is yours now.", replace_original=False)

    @app.action("snooze")
    async def snooze(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        await respond(text=f"Snoozed for {body['actions'][0]['selected_option']['value']}.", replace_original=False)

    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.sockets.wait_connected()
    yield app
    await handler.close_async()  # type: ignore[no-untyped-call]


async def test_a_click_goes_round(slack: SlackServer, app: AsyncApp) -> None:
    await app.client.chat_postMessage(channel="ops-alerts", text="disk full", attachments=CARD)
    card = await slack.expect_card("disk full <97 %>", chat="ops-alerts")
    assert (card.colour, card.buttons) == ("#d92d20", ["Acknowledge", "Snooze"])
    answer = await card.click("Acknowledge", by="ana")
    assert (answer.via, answer.body) == ("socket", {})
    await card.shows("acknowledged by", "Ana")
    await card.offers()
    assert card.edits == 1
    assert (await slack.expect_ephemeral("ana", "it is yours")).channel == card.channel


async def test_a_choice_from_a_menu_goes_round(slack: SlackServer, app: AsyncApp) -> None:
    await app.client.chat_postMessage(channel="ops-alerts", text="disk full", attachments=CARD)
    card = await slack.expect_card("disk full", chat="ops-alerts")
    await card.choose("Snooze", "1 hour", by="bo")
    await slack.expect_ephemeral("bo", "snoozed for 1h")


async def test_the_payload_of_a_click_says_who_where_and_what(slack: SlackServer, app: AsyncApp) -> None:
    posted = await app.client.chat_postMessage(channel="ops-alerts", text="disk full", attachments=CARD)
    await slack.click("ana", "ops-alerts", posted["ts"], "ack")
    [sent] = [entry for entry in slack.log.calls("socket interactive") if entry.direction == "out"]
    payload = as_object(as_object(sent.request)["payload"])
    assert payload["type"] == "block_actions"
    assert as_object(payload["user"])["id"] == slack.workspace.user("ana").id
    assert payload["container"] == {
        "type": "message_attachment",
        "message_ts": posted["ts"],
        "attachment_id": 1,
        "channel_id": posted["channel"],
        "is_ephemeral": False,
        "is_app_unfurl": False,
    }
    [action] = as_objects(payload["actions"])
    assert (action["action_id"], action["block_id"], action["value"]) == ("ack", "card", "42")
    assert as_object(payload["message"])["ts"] == posted["ts"]
    assert str(payload["response_url"]).startswith("http://127.0.0.1:")


async def test_a_click_in_a_direct_message_arrives_from_there(slack: SlackServer, app: AsyncApp) -> None:
    ana = slack.workspace.user("ana")
    await app.client.chat_postMessage(channel=ana.id, text="disk full", attachments=CARD)
    card = await slack.expect_dm("ana", "disk full")
    await card.click("ack", by="ana")
    await card.shows("acknowledged")


async def test_an_unanswered_click_is_told_to_the_person(slack: SlackServer, app: AsyncApp) -> None:
    slack.interactivity.ack_seconds = 0.05
    stuck = {**BUTTON, "action_id": "nobody handles this"}
    blocks = [{"type": "actions", "elements": [stuck]}]
    posted = await app.client.chat_postMessage(channel="ops-alerts", text="t", blocks=blocks)
    answer = await slack.click("ana", "ops-alerts", posted["ts"], "Acknowledge")
    assert not answer.acked
    assert "no acknowledgement within" in answer.why


async def test_a_click_that_is_not_possible_says_what_is(slack: SlackServer, app: AsyncApp) -> None:
    posted = await app.client.chat_postMessage(channel="ops-alerts", text="disk full", attachments=CARD)
    with pytest.raises(LookupError, match="Acknowledge"):
        await slack.click("ana", "ops-alerts", posted["ts"], "Explode")
    with pytest.raises(LookupError, match="no message"):
        await slack.click("ana", "ops-alerts", "1.000000", "Acknowledge")
    with pytest.raises(LookupError, match="there are oncard, ana"):
        await slack.click("zoe", "ops-alerts", posted["ts"], "Acknowledge")


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_the_app_replaces_its_socket_when_told(slack: SlackServer, app: AsyncApp, reason: Any) -> None:
    opened = len(slack.log.calls("apps.connections.open"))
    await slack.disconnect_sockets(reason)
    await slack.wait_for_log(lambda: len(slack.log.calls("socket hello")) > opened)
    await slack.sockets.wait_connected()
    await app.client.chat_postMessage(channel="ops-alerts", text="disk full", attachments=CARD)
    card = await slack.expect_card("disk full", chat="ops-alerts")
    await card.click("Acknowledge", by="ana")
    await card.shows("Ana")


async def open_socket(slack: SlackServer, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    headers = {"Authorization": f"Bearer {slack.app_token}"}
    async with session.post(f"{slack.api_base_url}apps.connections.open", headers=headers) as answer:
        url = (await answer.json())["url"]
    return await session.ws_connect(url)


async def post_card(slack: SlackServer, client: AsyncWebClient) -> str:
    posted = await client.chat_postMessage(channel="ops-alerts", text="disk full", attachments=CARD)
    return str(posted["ts"])


async def test_a_socket_address_works_once(slack: SlackServer, web_client: AsyncWebClient) -> None:
    url = (await web_client.apps_connections_open(app_token=slack.app_token))["url"]
    async with aiohttp.ClientSession() as session:
        first = await session.ws_connect(url)
        assert json.loads(await first.receive_str())["type"] == "hello"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
        await first.close()


async def test_each_envelope_goes_to_one_of_the_sockets(slack: SlackServer, web_client: AsyncWebClient) -> None:
    ts = await post_card(slack, web_client)
    async with aiohttp.ClientSession() as session:
        sockets = [await open_socket(slack, session) for _ in range(2)]
        heard = [json.loads(await socket.receive_str()) for socket in sockets]
        assert [hello["num_connections"] for hello in heard] == [1, 2]
        clicks = [asyncio.ensure_future(slack.click("ana", "ops-alerts", ts, "ack")) for _ in range(2)]
        for socket in sockets:
            envelope = json.loads(await socket.receive_str())
            assert (envelope["type"], envelope["accepts_response_payload"]) == ("interactive", False)
            await socket.send_str(json.dumps({"envelope_id": envelope["envelope_id"]}))
        assert [(await click).acked for click in clicks] == [True, True]
        for socket in sockets:
            await socket.close()


async def test_what_a_closing_socket_had_not_acknowledged_is_lost(
    slack: SlackServer, web_client: AsyncWebClient
) -> None:
    ts = await post_card(slack, web_client)
    async with aiohttp.ClientSession() as session:
        socket = await open_socket(slack, session)
        await socket.receive_str()
        click = asyncio.ensure_future(slack.click("ana", "ops-alerts", ts, "ack"))
        await socket.receive_str()
        await socket.close()
        assert "closed" in (await click).why


async def test_an_eleventh_socket_is_sent_away(slack: SlackServer) -> None:
    async with aiohttp.ClientSession() as session:
        sockets = [await open_socket(slack, session) for _ in range(MOST_SOCKETS)]
        for socket in sockets:
            assert json.loads(await socket.receive_str())["type"] == "hello"
        late = await open_socket(slack, session)
        assert json.loads(await late.receive_str()) == {"type": "disconnect", "reason": "too_many_websockets"}
        for socket in [*sockets, late]:
            await socket.close()


async def test_without_a_socket_and_an_address_nobody_hears_a_click(
    slack: SlackServer, web_client: AsyncWebClient
) -> None:
    answer = await slack.click("ana", "ops-alerts", await post_card(slack, web_client), "ack")
    assert (answer.acked, answer.via) == (False, "nothing")
