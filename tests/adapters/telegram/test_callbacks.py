"""Requests that Telegram makes to us: only with our secret, each done once, and the address kept in order."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.webhook import HEADER
from bot.adapter import Answer, Callback, DeliveryFailed, FailureKind, To
from bot.playground.telegram.server import TelegramServer
from bot.playground.wire import as_object
from tests.adapters.telegram.conftest import Logs, Make
from tests.adapters.telegram.desk import LOOPBACK, WITHIN, Desk, a_card, listening

SECRET = "a-long-and-random-secret"
UPDATE = {
    "update_id": 1,
    "message": {
        "message_id": 2,
        "chat": {"id": 7, "type": "private"},
        "from": {"id": 7, "is_bot": False, "first_name": "Ana"},
        "text": "list",
    },
}


@asynccontextmanager
async def hosting(make: Make, **changes: object) -> AsyncIterator[TelegramAdapter]:
    """Make an adapter that can be called at a real address, as `bot.web` would pass the requests on."""
    held: list[TelegramAdapter] = []

    async def take(request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await held[0].callback(Callback(request.match_info["path"], await request.read(), headers))
        return web.Response(status=answer.status, body=answer.body)

    app = web.Application()
    app.router.add_post("/im/telegram/acme/{path:.*}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        url = f"http://{LOOPBACK}:{runner.addresses[0][1]}/im/telegram/acme"
        held.append(make(webhook_secret=SECRET, webhook_url=url, **changes))
        yield held[0]
    finally:
        await runner.cleanup()


@pytest.fixture
def called(make: Make) -> TelegramAdapter:
    return make(webhook_secret=SECRET, webhook_url="https://oncard.example.com/im/telegram/acme/")


def request_of(telegram: TelegramServer, body: bytes, secret: str = SECRET) -> Callback:
    """Return a request as Telegram makes it at the address that is registered."""
    return Callback(telegram.webhook.url.rpartition("/")[2], body, {HEADER: secret})


async def test_clicks_come_by_a_webhook_and_are_answered(make: Make, telegram: TelegramServer, ops: str) -> None:
    desk = Desk()
    async with hosting(make) as adapter, listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await telegram.expect_card("disk full", chat="ops")
        assert (await card.click("Acknowledge", by="ana")).acked
        await telegram.type("ana", None, "list")
        await desk.until(lambda: len(desk.heard) == 2)
    assert [one.text for one in desk.heard] == ["ack 42 v3", "list"]
    assert telegram.log.calls("getUpdates") == []
    assert adapter.rejected == 0


async def test_the_address_is_registered_once(called: TelegramAdapter, telegram: TelegramServer, make: Make) -> None:
    for adapter in (called, make(webhook_secret=SECRET, webhook_url="https://oncard.example.com/im/telegram/acme")):
        async with listening(adapter, Desk()):
            pass
    (call,) = telegram.log.calls("setWebhook")
    asked = as_object(call.request)
    assert json.loads(str(asked["allowed_updates"])) == ["message", "callback_query", "my_chat_member"]
    assert str(asked["url"]).startswith("https://oncard.example.com/im/telegram/acme/")
    assert SECRET not in str(asked["url"])
    other = make(webhook_secret="another-secret", webhook_url="https://oncard.example.com/im/telegram/acme")
    async with listening(other, Desk()):
        pass
    assert len(telegram.log.calls("setWebhook")) == 2


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], f"{SECRET}x", "é", SECRET.upper()])
async def test_a_forged_request_is_refused_before_it_is_read_and_counted(
    called: TelegramAdapter, telegram: TelegramServer, logs: Logs, secret: str
) -> None:
    desk = Desk()
    async with listening(called, desk):
        for _ in range(20):
            answer = await called.callback(request_of(telegram, b"no json at all", secret))
            assert (answer.status, answer.body) == (401, b"")
    assert called.rejected == 20
    assert len([one for one in logs if one["event"] == "callback_rejected"]) == 5
    assert desk.heard == []


async def test_our_secret_at_another_address_is_refused(called: TelegramAdapter, telegram: TelegramServer) -> None:
    body = json.dumps(UPDATE).encode()
    async with listening(called, Desk()):
        for path in ("", "updates", telegram.webhook.url.rpartition("/")[2][:-1]):
            assert (await called.callback(Callback(path, body, {HEADER: SECRET}))).status == 401
        assert (await called.callback(Callback("x", body))).status == 401


async def test_a_repeated_update_is_taken_and_not_done_again(called: TelegramAdapter, telegram: TelegramServer) -> None:
    desk = Desk()
    async with listening(called, desk):
        for turn in range(3):
            answer = await called.callback(request_of(telegram, json.dumps(UPDATE).encode()))
            assert answer == Answer(200, repeated=turn > 0)
        await desk.until(lambda: len(desk.heard) == 1)
        await asyncio.sleep(0)
    assert len(desk.heard) == 1


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"nonsense", b"\xff", b"{}", b'{"update_id": 1, "message": 1}', b"[" * 9999]
)
async def test_what_cannot_be_read_is_not_asked_for_again(
    called: TelegramAdapter, telegram: TelegramServer, logs: Logs, body: bytes
) -> None:
    async with listening(called, Desk()):
        assert await called.callback(request_of(telegram, body)) == Answer(200)
    assert "update_unreadable" in str(logs)


async def test_before_it_runs_telegram_has_to_come_again(called: TelegramAdapter, telegram: TelegramServer) -> None:
    async with listening(called, Desk()):
        request = request_of(telegram, json.dumps(UPDATE).encode())
    fresh = called.__class__(called._config, called._clock)  # noqa: SLF001 - the same workspace in another process
    for _ in range(2):
        assert await fresh.callback(request) == Answer(503)
    desk = Desk()
    async with listening(fresh, desk):
        for repeated in (False, True):
            assert await fresh.callback(request) == Answer(200, repeated=repeated)
        await desk.until(lambda: bool(desk.heard))
    await fresh.close()
    assert len(desk.heard) == 1


async def test_who_polls_is_not_called(adapter: TelegramAdapter) -> None:
    assert (await adapter.callback(Callback("x", b"{}", {HEADER: ""}))).status == 404


async def test_a_webhook_that_another_program_takes_is_noticed(make: Make, telegram: TelegramServer) -> None:
    adapter = make(webhook_secret=SECRET, webhook_url="https://oncard.example.com/im/telegram/acme")
    adapter.look_every = 0.02
    desk = Desk()
    async with listening(adapter, desk) as run:
        await desk.until(lambda: desk.ups > 1)
        telegram.webhook.set("https://example.com/other", "", 1, fresh=False)
        async with asyncio.timeout(WITHIN):
            with pytest.raises(DeliveryFailed) as caught:
                await run
    assert caught.value.kind is FailureKind.REFUSED
    assert "another program" in desk.downs[-1]
    again = Desk()
    async with listening(adapter, again):
        assert telegram.webhook.url.startswith("https://oncard.example.com/")


async def test_that_telegram_cannot_reach_us_is_noticed(make: Make, telegram: TelegramServer) -> None:
    adapter = make(webhook_secret=SECRET, webhook_url=f"http://{LOOPBACK}:1/im/telegram/acme")
    adapter.look_every = 0.02
    desk = Desk()
    async with listening(adapter, desk) as run:
        await telegram.type("ana", None, "list")
        await desk.until(lambda: bool(desk.downs))
        assert desk.downs == ["Telegram cannot reach us: Connection refused"]
        await desk.until(lambda: desk.ups > 1)
        assert not run.done()


async def test_an_outage_ends_the_watch(make: Make, telegram: TelegramServer) -> None:
    adapter = make(webhook_secret=SECRET, webhook_url="https://oncard.example.com/im/telegram/acme")
    adapter.look_every = 0.02
    desk = Desk()
    async with listening(adapter, desk) as run:
        await telegram.pull_plug()
        async with asyncio.timeout(WITHIN):
            with pytest.raises(DeliveryFailed):
                await run
    assert "getWebhookInfo" in desk.downs[-1]
