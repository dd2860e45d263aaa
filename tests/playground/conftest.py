"""A Slack with four people and a few channels, and ways to call it as an app does."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack import SlackServer
from bot.playground.wire import JsonObject
from tests.playground.manual_clock import ManualClock

Call = Callable[..., Awaitable[JsonObject]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[SlackServer]:
    """Give a running Slack; its rate limits are on."""
    async with SlackServer(clock) as server:
        for name in ("ana", "bo", "chen", "dee"):
            server.workspace.add_user(name)
        server.workspace.add_channel("ops-alerts")
        server.workspace.add_channel("elsewhere", bot_member=False)
        server.workspace.add_channel("secops", private=True, members=["ana"])
        server.workspace.add_channel("hidden", private=True, bot_member=False)
        yield server


@pytest.fixture
async def http(slack: SlackServer) -> AsyncIterator[httpx.AsyncClient]:
    """Give a plain HTTP client of the Web API, without a token."""
    async with httpx.AsyncClient(base_url=slack.api_base_url) as client:
        yield client


@pytest.fixture
def call(slack: SlackServer, http: httpx.AsyncClient) -> Call:
    """Give a function that calls a method with the bot's token and a JSON body, and returns the answer's body."""

    async def call(method: str, **arguments: object) -> JsonObject:
        answer = await http.post(
            method,
            content=json.dumps(arguments),
            headers={"Authorization": f"Bearer {slack.bot_token}", "Content-Type": "application/json; charset=utf-8"},
        )
        body: JsonObject = answer.json()
        return body

    return call


@pytest.fixture
def web_client(slack: SlackServer) -> AsyncWebClient:
    """Give the real SDK's client."""
    return AsyncWebClient(slack.bot_token, base_url=slack.api_base_url, retry_handlers=[])
