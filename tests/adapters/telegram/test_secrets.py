"""No token, no secret and no password in an error, a log or on the terminal, whatever goes wrong."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import pytest
from aiohttp import web

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.secrets import quiet_loggers, without_secrets
from adapters.telegram.webhook import HEADER
from bot.adapter import Callback, DeliveryFailed, MessageRef, To
from bot.playground.telegram.server import TelegramServer
from tests.adapters.telegram.conftest import Make
from tests.adapters.telegram.desk import Desk, a_card, answering, listening

SECRET = "a-very-secret-secret"


@dataclass
class Said:
    """Everything that can be read of what went wrong."""

    caplog: pytest.LogCaptureFixture
    capfd: pytest.CaptureFixture[str]
    errors: list[str] = field(default_factory=list)

    async def of(self, doing: Awaitable[object]) -> None:
        async with asyncio.timeout(15):
            with pytest.raises(DeliveryFailed) as caught:
                await doing
        self.errors += [repr(caught.value), caught.value.detail, *traceback.format_exception(caught.value)]

    def hides(self, *secrets: str) -> None:
        printed = self.capfd.readouterr()
        # The servers of the test log their own side, where such secrets are at home.
        ours = [record for record in self.caplog.records if not record.name.startswith(("uvicorn", "aiohttp"))]
        logged = [f"{record.getMessage()} {record.exc_info} {record.exc_text}" for record in ours]
        everything = "\n".join([printed.out, printed.err, *logged, *self.errors])
        assert everything.strip()
        for secret in secrets:
            assert secret not in everything


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Said:
    caplog.set_level(logging.DEBUG)
    return Said(caplog, capfd)


Trouble = Callable[[TelegramServer, str], object]


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(lambda telegram, method: telegram.faults.refuse(method, 401, "Unauthorized"), id="refused"),
        pytest.param(lambda telegram, method: telegram.faults.refuse(method, 400, "Bad Request: x"), id="bad"),
        pytest.param(lambda telegram, method: telegram.faults.status(method, 404), id="gateway"),
        pytest.param(lambda telegram, method: telegram.faults.garble(method), id="garbled"),
        pytest.param(lambda telegram, method: telegram.faults.rate_limit(method, 9), id="too fast"),
        pytest.param(lambda telegram, method: telegram.faults.cut(method, applied=False), id="cut"),
        pytest.param(lambda telegram, method: telegram.faults.hang(method), id="hanging"),
    ],
)
async def test_no_failed_call_tells_a_token(make: Make, telegram: TelegramServer, said: Said, trouble: Trouble) -> None:
    adapter = make(timeout=0.2)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "getMe": adapter.check,
        "getUpdates": lambda: adapter.run(Desk()),
        "sendMessage": lambda: adapter.send(To("-1"), a_card()),
        "editMessageText": lambda: adapter.edit(MessageRef("-1", "1"), a_card()),
    }
    for method, call in calls.items():
        trouble(telegram, method)
        await said.of(call())
    said.hides(telegram.bot_token, telegram.bot_token.partition(":")[2])


async def test_no_outage_tells_a_token(adapter: TelegramAdapter, telegram: TelegramServer, said: Said) -> None:
    async with listening(adapter, Desk()) as run:
        await telegram.pull_plug()
        await said.of(run)
    await said.of(adapter.send(To("-1"), a_card()))
    said.hides(telegram.bot_token)


async def test_no_ordinary_day_tells_a_token(
    adapter: TelegramAdapter, telegram: TelegramServer, ops: str, said: Said
) -> None:
    desk = Desk()
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await telegram.expect_card("disk full", chat="ops")
        await card.click("Acknowledge", by="ana")
    said.errors.append("nothing")
    said.hides(telegram.bot_token)


async def test_no_proxys_password_is_told(make: Make, telegram: TelegramServer, said: Said) -> None:
    async with answering(lambda _: web.Response(status=407)) as base:
        proxy = base.removesuffix("/").replace("//", "//user:very-secret@")
        await said.of(make(proxy=proxy).check())
        await said.of(make(proxy=proxy, api_base_url="https://telegram.example.com/").check())
    said.hides("very-secret", telegram.bot_token)


async def test_no_forged_request_and_no_secret_is_told(make: Make, telegram: TelegramServer, said: Said) -> None:
    adapter = make(webhook_secret=SECRET, webhook_url="https://oncard.example.com/im/telegram/acme")
    async with listening(adapter, Desk()):
        for _ in range(100):
            request = Callback("x", b"a private body", {HEADER: "a-forged-secret"})
            assert (await adapter.callback(request)).status == 401
    said.errors.append("nothing")
    said.hides(SECRET, "private body", "a-forged-secret", telegram.webhook.url)
    assert len(said.caplog.records) < 100


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"token 123456789:{'A' * 35}.", "token [redacted]."),
        (f"/bot123456789:{'A' * 35}/getMe", "/[redacted]/getMe"),
        (f"https://api.telegram.org/bot123456789:{'A' * 35}/getMe", "https://api.telegram.org"),
        ("http://me:pass@proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("at 09:15:00 in -1001234567890", "at 09:15:00 in -1001234567890"),
    ],
)
def test_what_is_said_is_cleaned(text: str, clean: str) -> None:
    assert without_secrets(text) == clean


def test_the_libraries_log_only_from_warnings_up_and_cleaned(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    quiet_loggers()
    address = httpx.URL(f"https://api.telegram.org/bot123456789:{'A' * 35}/getMe")
    for name in (
        "httpx",
        "httpcore.connection",
        "telegram.Bot",
        "telegram.request.BaseRequest",
        "telegram.ext.Updater",
    ):
        logging.getLogger(name).info("HTTP Request: %s", address)
    logging.getLogger("telegram.Bot").warning("at %s", address)
    logging.getLogger("telegram.request.BaseRequest").error('Can not load invalid JSON data: "%s"', "private")
    assert [record.getMessage() for record in caplog.records] == ["at https://api.telegram.org"]
