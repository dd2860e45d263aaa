"""Trouble on demand: scripted answers, hanging and cut calls, and the pulled plug."""

import asyncio

import aiohttp
import httpx
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack import SlackServer
from tests.playground.conftest import Call


def posted(slack: SlackServer, chat: str = "ops-alerts") -> int:
    return len(slack.workspace.messages(slack.workspace.channel(chat).id))


async def test_the_next_calls_are_refused_then_all_is_well(slack: SlackServer, call: Call) -> None:
    slack.faults.refuse("chat.postMessage", "internal_error", times=2)
    answers = [await call("chat.postMessage", channel="ops-alerts", text="t") for _ in range(3)]
    assert [answer.get("error", "ok") for answer in answers] == ["internal_error", "internal_error", "ok"]
    assert posted(slack) == 1


async def test_a_fault_can_be_for_one_chat_or_person_only(slack: SlackServer, call: Call) -> None:
    slack.faults.refuse("chat.postMessage", "message_limit_exceeded", chat="ops-alerts")
    slack.faults.refuse("chat.postMessage", "restricted_action", chat="ana")
    ana = slack.workspace.user("ana").id
    assert (await call("chat.postMessage", channel="elsewhere", text="t"))["ok"] is True
    assert (await call("chat.postMessage", channel=ana, text="t"))["error"] == "restricted_action"
    channel = slack.workspace.channel("ops-alerts").id
    assert (await call("chat.postMessage", channel=channel, text="t"))["error"] == "message_limit_exceeded"
    assert (await call("chat.postMessage", channel=channel, text="t"))["ok"] is True


async def test_gateways_and_limits_answer_in_their_own_way(slack: SlackServer, web_client: AsyncWebClient) -> None:
    slack.faults.status("auth.test", 503)
    with pytest.raises(SlackApiError) as broken:
        await web_client.auth_test()
    assert broken.value.response.status_code == 503
    slack.faults.rate_limit("auth.test", 30)
    with pytest.raises(SlackApiError) as early:
        await web_client.auth_test()
    assert (early.value.response.status_code, early.value.response.headers["Retry-After"]) == (429, "30")
    slack.faults.garble("auth.test")
    with pytest.raises(SlackApiError, match=r"auth\.test"):
        await web_client.auth_test()
    await web_client.auth_test()


async def test_a_call_hangs_until_it_is_released(slack: SlackServer, call: Call) -> None:
    hold = slack.faults.hang("chat.postMessage")
    calling = asyncio.ensure_future(call("chat.postMessage", channel="ops-alerts", text="t"))
    await asyncio.wait_for(hold.reached.wait(), 15)
    assert not calling.done()
    assert posted(slack) == 0
    hold.release()
    assert (await calling)["ok"] is True
    assert posted(slack) == 1


async def test_a_call_that_gives_up_waiting_has_no_effect(slack: SlackServer, http: httpx.AsyncClient) -> None:
    hold = slack.faults.hang("auth.test")
    with pytest.raises(httpx.ReadTimeout):
        await http.post("auth.test", timeout=0.05)
    await asyncio.wait_for(hold.reached.wait(), 15)
    assert await slack.wait_for_log(lambda: any(entry.status is None for entry in slack.log.calls("auth.test")))


@pytest.mark.parametrize(("applied", "messages"), [(True, 1), (False, 0)])
async def test_a_cut_call_may_or_may_not_have_been_applied(
    slack: SlackServer, web_client: AsyncWebClient, applied: bool, messages: int
) -> None:
    slack.faults.cut("chat.postMessage", applied=applied)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await web_client.chat_postMessage(channel="ops-alerts", text="t")
    assert posted(slack) == messages
    assert slack.log.calls("chat.postMessage")[0].response == "connection cut"


async def test_pulled_and_put_back_it_is_the_same_slack_on_the_same_port(
    slack: SlackServer, web_client: AsyncWebClient
) -> None:
    await web_client.chat_postMessage(channel="ops-alerts", text="before")
    port = slack.port
    await slack.pull_plug()
    assert not slack.plugged
    with pytest.raises(aiohttp.ClientConnectorError):
        await web_client.auth_test()
    await slack.put_back()
    assert (slack.plugged, slack.port) == (True, port)
    await web_client.chat_postMessage(channel="ops-alerts", text="after")
    assert posted(slack) == 2


async def test_nothing_a_person_does_gets_through_while_it_is_unplugged(
    slack: SlackServer, web_client: AsyncWebClient
) -> None:
    button = {"type": "button", "action_id": "ack", "text": {"type": "plain_text", "text": "Acknowledge"}}
    card = await web_client.chat_postMessage(
        channel="ops-alerts", text="t", blocks=[{"type": "actions", "elements": [button]}]
    )
    slack.deliver_by_http("http://127.0.0.1:9/im")
    await slack.pull_plug()
    answer = await slack.click("ana", "ops-alerts", card["ts"], "ack")
    assert (answer.acked, answer.via, answer.why) == (False, "nothing", "Slack is unplugged")


async def test_pulling_the_plug_drops_what_is_under_way(slack: SlackServer, web_client: AsyncWebClient) -> None:
    hold = slack.faults.hang("chat.postMessage")
    calling = asyncio.ensure_future(web_client.chat_postMessage(channel="ops-alerts", text="t"))
    await asyncio.wait_for(hold.reached.wait(), 15)
    await slack.pull_plug()
    with pytest.raises(aiohttp.ClientError):
        await calling
    assert posted(slack) == 0


async def test_a_socket_is_dropped_with_the_plug_and_can_be_opened_again(
    slack: SlackServer, web_client: AsyncWebClient
) -> None:
    handler = AsyncSocketModeHandler(AsyncApp(client=web_client), slack.app_token, ping_interval=0.02)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.sockets.wait_connected()
    await slack.pull_plug()
    assert slack.sockets.connected == 0
    await slack.put_back()
    handler.client.wss_uri = None  # A spent address is not asked for anew by the SDK itself.
    await asyncio.wait_for(slack.sockets.wait_connected(), 15)
    await handler.close_async()  # type: ignore[no-untyped-call]
