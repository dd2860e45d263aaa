"""Chat apps with four people and a few chats, and ways to call them as an app does."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.playground.dingtalk import DingTalkServer
from bot.playground.feishu import FeishuServer
from bot.playground.slack import SlackServer
from bot.playground.telegram import TelegramServer
from bot.playground.wire import JsonObject
from tests.playground.dingtalk_app import TEMPLATE, App
from tests.playground.feishu_app import FeishuApp
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


@pytest.fixture
async def dingtalk(clock: ManualClock) -> AsyncIterator[DingTalkServer]:
    """Give a running DingTalk; its limits are on."""
    async with DingTalkServer(clock) as server:
        for name in ("ana", "bo", "chen", "dee"):
            server.workspace.add_user(name)
        server.workspace.add_chat("ops-alerts")
        server.workspace.add_chat("elsewhere", bot_member=False)
        server.workspace.add_template(TEMPLATE)
        yield server


@pytest.fixture
async def dingtalk_app(dingtalk: DingTalkServer) -> AsyncIterator[App]:
    """Give the organisation's app with a token, by plain HTTP."""
    async with App(dingtalk) as app:
        yield app


@pytest.fixture
async def telegram(clock: ManualClock) -> AsyncIterator[TelegramServer]:
    """Give a running Telegram; its limits are on. Ana and Bo have pressed Start, Chen and Dee have not."""
    async with TelegramServer(clock) as server:
        for name in ("ana", "bo"):
            server.workspace.add_user(name, started=True)
        server.workspace.add_user("chen")
        server.workspace.add_user("dee", username="")
        server.workspace.add_chat("ops-alerts")
        server.workspace.add_chat("old-group", kind="group")
        server.workspace.add_chat("forum", forum=True)
        yield server


@pytest.fixture
async def bot(telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    """Give the real SDK's client of that Telegram."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # Without it, the SDK warns at each 429.
    usual, polling = (
        HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2)
    )  # Certificates take 0.3 s to read.
    address = f"{telegram.api_base_url}/bot"
    async with Bot(telegram.bot_token, base_url=address, request=usual, get_updates_request=polling) as bot:
        yield bot


@pytest.fixture
async def feishu(clock: ManualClock) -> AsyncIterator[FeishuServer]:
    """Give a running Feishu; its rate limits are on."""
    async with FeishuServer(clock) as server:
        for name in ("ana", "bo", "chen", "dee"):
            server.workspace.add_user(name)
        server.workspace.add_chat("ops-alerts")
        server.workspace.add_chat("elsewhere", bot_member=False)
        server.workspace.add_chat("secops", members=["ana"], threads=False)
        yield server


@pytest.fixture
async def feishu_app(feishu: FeishuServer) -> AsyncIterator[FeishuApp]:
    """Give the app of that Feishu, with a token."""
    async with FeishuApp(feishu) as app:
        yield app
