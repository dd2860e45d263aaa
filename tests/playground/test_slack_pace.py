"""How fast an app may call: per channel, per method, and how it is told."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from bot.playground.slack import SlackServer
from tests.playground.manual_clock import ManualClock

Post = Callable[[str], Awaitable[httpx.Response]]


@pytest.fixture
def post(slack: SlackServer, http: httpx.AsyncClient) -> Post:
    async def post(channel: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {slack.bot_token}"}
        return await http.post("chat.postMessage", json={"channel": channel, "text": "t"}, headers=headers)

    return post


async def test_a_channel_takes_a_short_burst_then_one_message_a_second(
    slack: SlackServer, clock: ManualClock, post: Post
) -> None:
    assert [(await post("ops-alerts")).status_code for _ in range(5)] == [200] * 5
    refused = await post("ops-alerts")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "1"
    assert refused.json() == {"ok": False, "error": "ratelimited"}
    assert (await post("elsewhere")).status_code == 200
    clock.advance(1)
    assert (await post("ops-alerts")).status_code == 200
    assert (await post("ops-alerts")).status_code == 429
    channel = slack.workspace.channel("ops-alerts").id
    assert len(slack.workspace.messages(channel)) == 6


async def test_a_method_has_its_tier(slack: SlackServer, clock: ManualClock, http: httpx.AsyncClient) -> None:
    async def list_users() -> httpx.Response:
        return await http.get("users.list", headers={"Authorization": f"Bearer {slack.bot_token}"})

    assert {(await list_users()).status_code for _ in range(20)} == {200}
    refused = await list_users()
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
    clock.advance(3)
    assert (await list_users()).status_code == 200


async def test_without_limits_nothing_waits(slack: SlackServer, post: Post) -> None:
    slack.pace.enabled = False
    assert {(await post("ops-alerts")).status_code for _ in range(30)} == {200}
