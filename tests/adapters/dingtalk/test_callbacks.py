"""DingTalk calls us: what is forged, old or repeated is refused before it is parsed; the rest is answered in time."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from adapters.dingtalk.adapter import DingTalkAdapter
from bot.adapter import Answer, Callback, To
from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.interactivity import signature
from bot.playground.listener import LOOPBACK, Listener
from cards.card import Note
from tests.adapters.dingtalk.conftest import Make
from tests.adapters.dingtalk.desk import Desk, Still, a_card, a_form, clicked, failed, listening, posted, written

SECRET = "an-api-secret"
CARDS = "https://oncard.example.com/im/dingtalk/a/cards"


@pytest.fixture
def clock() -> Still:
    return Still()


@pytest.fixture
def still(make: Make, clock: Still) -> DingTalkAdapter:
    """An adapter that DingTalk calls, at an instant that does not pass."""
    return make(clock=clock, mode="http", api_secret=SECRET, callback_url=CARDS)


async def test_a_click_and_a_message_are_heard(
    called: DingTalkAdapter, dingtalk: DingTalkServer, ana: str, ops: str
) -> None:
    desk = Desk(Note(("It is done",)))
    now = dingtalk.clock.now()
    async with listening(called, desk):
        answer = await called.callback(posted("cards", SECRET, clicked(ana, spaceId=ops), now))
        assert (answer.status, json.loads(answer.body)) == (200, {})
        await dingtalk.expect_dm("ana", "It is done")
        answer = await called.callback(posted("robot", dingtalk.client_secret, written(ana, "list"), now))
        assert answer.status == 200
        await desk.until(lambda: len(desk.heard) == 2)
    assert [one.text for one in desk.heard] == ["ack 42 v3", "list"]


@pytest.mark.parametrize("path", ["cards", "robot"])
@pytest.mark.parametrize("sign", ["", "x", "é", signature("another-secret", "1")])
async def test_what_is_forged_is_refused_before_it_is_parsed_and_counted(
    still: DingTalkAdapter, clock: Still, path: str, sign: str
) -> None:
    desk = Desk()
    async with listening(still, desk):
        with capture_logs() as logs:
            for _ in range(5):
                answer = await still.callback(posted(path, SECRET, b"[" * 100_000, clock.at, sign=sign))
                assert (answer.status, answer.body) == (401, b"")
    assert still.rejected == 5
    assert [log["so_far"] for log in logs if log["event"] == "callback_rejected"] == [1, 2, 4]
    assert not desk.heard


@pytest.mark.parametrize("timestamp", ["", "x", "-1", "1e9", "٣", "9" * 17])
async def test_a_timestamp_that_is_none_is_forged(still: DingTalkAdapter, timestamp: str) -> None:
    headers = {"x-ddpaas-signature-timestamp": timestamp, "x-ddpaas-signature": signature(SECRET, timestamp)}
    assert (await still.callback(Callback("cards", b"{}", headers))).status == 401


@pytest.mark.parametrize(("path", "window"), [("cards", timedelta(minutes=5)), ("robot", timedelta(hours=1))])
async def test_what_is_old_is_refused(
    still: DingTalkAdapter, dingtalk: DingTalkServer, clock: Still, path: str, window: timedelta
) -> None:
    secret = SECRET if path == "cards" else dingtalk.client_secret
    async with listening(still, Desk()):
        for off in (window, -window):
            assert (await still.callback(posted(path, secret, {}, clock.at + off))).status == 200
            more = off + off / 300
            assert (await still.callback(posted(path, secret, {}, clock.at + more))).status == 401


async def test_what_is_repeated_is_answered_and_not_done_again(still: DingTalkAdapter, clock: Still, ana: str) -> None:
    desk = Desk()
    body = clicked(ana)
    request = posted("cards", SECRET, body, clock.at)
    async with listening(still, desk):
        for turn in range(3):
            answer = await still.callback(request)
            assert (answer.status, answer.body, answer.repeated) == (200, b"{}", turn > 0)
            clock.at += timedelta(minutes=2)
        verifier = still._verifiers["cards"]  # noqa: SLF001 - what it remembers
        assert len(verifier._seen) == 1  # noqa: SLF001
        clock.at += timedelta(minutes=12)
        assert await still.callback(request) == Answer(401)
        assert not (await still.callback(posted("cards", SECRET, body, clock.at))).repeated
        assert len(verifier._seen) == 1  # noqa: SLF001
        await desk.until(lambda: len(desk.heard) == 2)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
async def test_what_is_signed_but_no_object_is_refused(still: DingTalkAdapter, clock: Still, body: bytes) -> None:
    async with listening(still, Desk()):
        assert (await still.callback(posted("cards", SECRET, body, clock.at))).status == 400


async def test_nobody_is_called_where_nobody_listens(
    still: DingTalkAdapter, adapter: DingTalkAdapter, clock: Still, ana: str
) -> None:
    request = posted("cards", SECRET, clicked(ana), clock.at)
    assert (await adapter.callback(request)).status == 404
    assert (await still.callback(posted("elsewhere", SECRET, {}, clock.at))).status == 404
    for _ in range(2):
        assert (await still.callback(request)).status == 503
    desk = Desk()
    async with listening(still, desk):
        for repeated in (False, True):
            answer = await still.callback(request)
            assert (answer.status, answer.repeated) == (200, repeated)
        await desk.until(lambda: bool(desk.heard))
    assert len(desk.heard) == 1


async def test_without_a_template_only_messages_are_taken(make: Make, clock: Still) -> None:
    adapter = make(clock=clock, card_template_id=None, mode="http")
    assert (await adapter.callback(posted("cards", SECRET, {}, clock.at))).status == 404
    assert (await adapter.callback(posted("robot", "x", {}, clock.at))).status == 401


async def test_an_address_that_cannot_be_registered_is_told(called: DingTalkAdapter, dingtalk: DingTalkServer) -> None:
    dingtalk.faults.refuse("card/callbacks/register", "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    desk = Desk()
    async with listening(called, desk) as run:
        assert "AccessTokenPermissionDenied" in str(await failed(run))
    assert "AccessTokenPermissionDenied" in desk.downs[0]


@asynccontextmanager
async def reachable(adapters: list[DingTalkAdapter]) -> AsyncIterator[str]:
    """Give the address at which the adapter can be called."""

    async def take(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await adapters[0].callback(Callback(request.path_params["path"], await request.body(), headers))
        return Response(answer.body, answer.status, media_type=answer.content_type)

    listener = Listener(Starlette(routes=[Route("/{path}", take, methods=["POST"])]), 0)
    await listener.start()
    try:
        yield f"http://{LOOPBACK}:{listener.port}"
    finally:
        await listener.close()


async def test_dingtalk_calls_where_the_adapter_registered(make: Make, dingtalk: DingTalkServer, ops: str) -> None:
    adapters: list[DingTalkAdapter] = []
    desk = Desk(a_form())
    async with reachable(adapters) as address:
        adapters.append(make(mode="http", api_secret=SECRET, callback_url=f"{address}/cards"))
        dingtalk.deliver_by_http(f"{address}/robot")
        assert adapters[0].capabilities.called
        async with listening(adapters[0], desk):
            await adapters[0].send(To(ops), a_card())
            card = await dingtalk.expect_card("disk full", chat="ops")
            await card.click("Close…", by="ana")
            form = await dingtalk.expect_private("ana", "Whom to page?")
            desk.reply = None
            await form.submit({"text": "now"}, by="ana")
            assert form.forms == []
            await dingtalk.type("ana", None, "list")
            await desk.until(lambda: len(desk.heard) == 3)
    said: list[Any] = [one.text for one in desk.heard]
    assert sorted(said) == ["close? 42 v3", "escalate 42 v3 now", "list"]
