"""Updates posted to the bot: with the secret, in order per chat, and repeated by the rule of the server's source."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, RetryAfter

from bot.playground.listener import Listener
from bot.playground.telegram import TelegramServer
from tests.playground.manual_clock import ManualClock


class App:
    """Takes updates; the next answers are scripted, then all is well."""

    def __init__(self) -> None:
        self.got: list[Update] = []
        self.secrets: list[str | None] = []
        self.script: list[Response] = []
        self._listener = Listener(Starlette(routes=[Route("/telegram", self._take, methods=["POST"])]))

    async def start(self) -> str:
        await self._listener.start()
        return f"http://127.0.0.1:{self._listener.port}/telegram"

    async def vanish(self) -> None:
        await self._listener.pull()

    async def stop(self) -> None:
        await self._listener.close()

    async def _take(self, request: Request) -> Response:
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        self.got.append(Update.de_json(await request.json()))
        return self.script.pop(0) if self.script else Response()

    @property
    def texts(self) -> list[str]:
        return [str(update.message.text) for update in self.got if update.message]


@pytest.fixture
async def app() -> AsyncIterator[App]:
    app = App()
    yield app
    await app.stop()


def posts(telegram: TelegramServer, number: int) -> bool:
    return len(telegram.log.calls("webhook")) >= number


async def test_updates_are_posted_with_the_secret_in_order(telegram: TelegramServer, bot: Bot, app: App) -> None:
    await telegram.type("ana", None, "before")
    await bot.set_webhook(await app.start(), secret_token="s3cret_-", allowed_updates=["message"])
    for number in range(3):
        await telegram.type("ana", None, str(number))
    assert await telegram.wait_for_log(lambda: posts(telegram, 4))
    assert (app.texts, set(app.secrets)) == (["before", "0", "1", "2"], {"s3cret_-"})
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count, info.max_connections) == (telegram.webhook.url, 0, 40)
    assert info.last_error_message is None
    with pytest.raises(Conflict):
        await bot.get_updates()
    assert await bot.delete_webhook()
    await telegram.type("ana", None, "polled")
    assert len(await bot.get_updates()) == 1


async def test_a_failed_update_is_repeated_at_once_then_ever_later_and_blocks_its_chat_only(
    telegram: TelegramServer, bot: Bot, app: App, clock: ManualClock
) -> None:
    app.script = [Response(status_code=500) for _ in range(4)]
    await bot.set_webhook(await app.start())
    await telegram.type("ana", None, "a1")
    assert await telegram.wait_for_log(lambda: posts(telegram, 2))
    await telegram.type("ana", None, "a2")
    for seconds, total in ((2, 3), (4, 4), (8, 6)):
        clock.advance(seconds - 0.5)
        await asyncio.sleep(0.01)
        assert len(app.got) == total - (2 if total == 6 else 1)
        clock.advance(0.5)
        assert await telegram.wait_for_log(lambda total=total: posts(telegram, total))  # type: ignore[misc]
    assert app.texts == ["a1"] * 5 + ["a2"]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
    app.script = [Response(status_code=503), Response(status_code=503)]
    await telegram.type("ana", None, "a3")
    assert await telegram.wait_for_log(lambda: posts(telegram, 8))
    await telegram.type("bo", None, "b1")
    assert await telegram.wait_for_log(lambda: posts(telegram, 9))
    assert app.texts[-1] == "b1"


async def test_retry_after_is_obeyed(telegram: TelegramServer, bot: Bot, app: App, clock: ManualClock) -> None:
    app.script = [Response(status_code=429, headers={"Retry-After": "100"})]
    await bot.set_webhook(await app.start())
    await telegram.type("ana", None, "x")
    assert await telegram.wait_for_log(lambda: posts(telegram, 1))
    clock.advance(99)
    await asyncio.sleep(0.01)
    assert len(app.got) == 1
    clock.advance(1)
    assert await telegram.wait_for_log(lambda: posts(telegram, 2))
    assert len(app.got) == 2


async def test_a_webhook_that_is_gone_for_a_day_is_closed(
    telegram: TelegramServer, bot: Bot, app: App, clock: ManualClock
) -> None:
    app.script = [Response(status_code=410, headers={"Retry-After": "3600"}) for _ in range(40)]
    await bot.set_webhook(await app.start())
    await telegram.type("ana", None, "x")
    for number in range(1, 40):
        assert await telegram.wait_for_log(lambda number=number: posts(telegram, number))  # type: ignore[misc]
        await asyncio.sleep(0)
        if not telegram.webhook.url:
            break
        clock.advance(3600)
    assert number == 25
    assert (await bot.get_webhook_info()).url == ""


async def test_nothing_is_posted_while_telegram_is_unplugged(telegram: TelegramServer, bot: Bot, app: App) -> None:
    await bot.set_webhook(await app.start())
    await telegram.pull_plug()
    await telegram.type("ana", None, "x")
    await asyncio.sleep(0.02)
    assert app.got == []
    await telegram.put_back()
    assert await telegram.wait_for_log(lambda: posts(telegram, 1))


async def test_a_bad_webhook_is_refused(telegram: TelegramServer, bot: Bot, clock: ManualClock) -> None:
    telegram.webhook.local = False
    for url, secret, why in (
        ("http://oncard.example.com/x", "", "bad webhook: an https url must be provided"),
        ("https://oncard.example.com:9000/x", "", "only on ports 80, 88, 443 or 8443"),
        ("https:///x", "", "url host is empty"),
        ("https://[x", "", "failed to parse url"),
        ("https://oncard.example.com/x", "no spaces", "secret token contains unallowed characters"),
        ("https://oncard.example.com/x", "x" * 257, "secret token is too long"),
    ):
        with pytest.raises(BadRequest, match=f"(?i){why}"):
            await bot.set_webhook(url, secret_token=secret)
        clock.advance(1)
    telegram.webhook.local = True
    await bot.set_webhook("http://127.0.0.1:9/x")
    with pytest.raises(RetryAfter):
        await bot.set_webhook("http://127.0.0.1:9/x")


async def test_an_app_that_does_not_answer_is_an_error(telegram: TelegramServer, bot: Bot, app: App) -> None:
    url = await app.start()
    await app.vanish()
    await bot.set_webhook(url)
    await telegram.type("ana", None, "x")
    assert await telegram.wait_for_log(lambda: posts(telegram, 2))
    assert (await bot.get_webhook_info()).last_error_message == "Connection refused"
    path = f"/bot{telegram.bot_token}/DELETEWEBHOOK?drop_pending_updates=1"
    async with aiohttp.ClientSession(telegram.api_base_url) as http, http.get(path) as answer:
        assert await answer.json() == {"ok": True, "result": True}
    assert telegram.updates.waiting() == []
