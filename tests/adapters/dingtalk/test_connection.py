"""The Stream connection, by the unmodified SDK: each way in which it can fail is noticed, told and mended."""

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.dingtalk import adapter as adapter_module
from adapters.dingtalk import connection, sdk
from adapters.dingtalk.adapter import DingTalkAdapter
from adapters.dingtalk.errors import DingTalkFailed
from bot.adapter import FailureKind, To
from bot.playground.dingtalk import DingTalkServer
from tests.adapters.dingtalk.conftest import Make
from tests.adapters.dingtalk.desk import WITHIN, Desk, a_card, failed, listening

GATEWAY = "gateway/connections/open"


def tickets(dingtalk: DingTalkServer) -> int:
    return sum(entry.method == GATEWAY for entry in dingtalk.log)


@contextmanager
def never_brief(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let each connection count as one that lasted."""
    with monkeypatch.context() as patch:
        patch.setattr(adapter_module, "BRIEF_SECONDS", 0.0)
        yield


async def hears(dingtalk: DingTalkServer, desk: Desk) -> None:
    """Fail unless what is written now is heard."""
    count = len(desk.heard)
    await dingtalk.stream.wait_connected()
    answer = await dingtalk.type("ana", None, "list")
    assert answer.acked, answer.why
    await desk.until(lambda: len(desk.heard) > count)


async def test_what_is_told_is_acknowledged_on_the_socket_it_came_by(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer
) -> None:
    desk = Desk()
    async with listening(adapter, desk):
        await hears(dingtalk, desk)
        assert await dingtalk.stream.ping() == [True]
        assert dingtalk.stream.open == 1
    await dingtalk.stream.wait_open(0)


async def test_a_connection_whose_end_is_announced_is_replaced_before_it_goes(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    held = dingtalk.faults.hang("connect")
    held.release()
    async with listening(adapter, desk):
        with never_brief(monkeypatch):
            slow = dingtalk.faults.hang("connect")
            await dingtalk.stream.announce()
            await slow.reached.wait()
            # The successor is on its way, and the old one still stands.
            assert (dingtalk.stream.open, dingtalk.stream.connected) == (1, 0)
            slow.release()
            await dingtalk.stream.wait_connected()
            await dingtalk.stream.wait_open(1)
            await desk.until(lambda: desk.ups > 1)
        await hears(dingtalk, desk)
        assert desk.downs == []
    assert tickets(dingtalk) == 2


async def test_a_connection_that_is_dropped_is_told_and_replaced(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    async with listening(adapter, desk):
        with never_brief(monkeypatch):
            dingtalk.stream.drop()
            await desk.until(lambda: bool(desk.downs))
            await dingtalk.stream.wait_connected()
            await desk.until(lambda: desk.ups > 1)
        await hears(dingtalk, desk)
    assert "closed" in desk.downs[0]


async def test_a_connection_that_stands_and_tells_nothing_is_replaced(
    make: Make, dingtalk: DingTalkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter, desk = make(silence=0.5), Desk()
    async with listening(adapter, desk):
        with never_brief(monkeypatch):
            # The socket's own pings are still answered.
            dingtalk.stream.silence()
            await desk.until(lambda: bool(desk.downs))
            await dingtalk.stream.wait_connected(2)
            await desk.until(lambda: desk.ups > 1)
            await hears(dingtalk, desk)
    assert desk.downs[0] == "no frame on the connection"


async def test_a_connection_that_hears_pings_stays(make: Make, dingtalk: DingTalkServer) -> None:
    adapter, desk = make(silence=1.5), Desk()
    dingtalk.stream.ping_seconds = 0.05
    loop = asyncio.get_running_loop()
    async with listening(adapter, desk):
        longer = loop.time() + 2
        await desk.until(lambda: desk.ups > 8 and loop.time() > longer)
    assert desk.downs == []
    assert tickets(dingtalk) == 1


async def test_connections_that_do_not_last_end_the_run(adapter: DingTalkAdapter, dingtalk: DingTalkServer) -> None:
    desk = Desk()
    async with listening(adapter, desk) as run:
        for number in range(2, 5):
            dingtalk.stream.drop()
            if number < 4:
                await desk.until(lambda: desk.ups >= number)  # noqa: B023 - awaited at once
        failure = await failed(run)
    assert isinstance(failure, DingTalkFailed)
    assert failure.kind is FailureKind.UNREACHABLE
    assert "no connection lasts" in desk.downs[-1]
    await dingtalk.stream.wait_open(0)


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (lambda server: server.faults.refuse(GATEWAY, "authFailed"), FailureKind.UNAUTHORIZED),
        (lambda server: server.faults.status(GATEWAY, 502), FailureKind.UNREACHABLE),
        (lambda server: server.faults.garble(GATEWAY), FailureKind.UNREACHABLE),
        (lambda server: server.faults.cut(GATEWAY, applied=False), FailureKind.UNREACHABLE),
        (lambda server: server.faults.hang(GATEWAY), FailureKind.UNREACHABLE),
        (lambda server: server.faults.hang("connect"), FailureKind.UNREACHABLE),
        (lambda server: server.faults.cut("connect", applied=False), FailureKind.UNREACHABLE),
        (lambda server: server.faults.refuse("connect", "x"), FailureKind.UNREACHABLE),
    ],
    ids=["secret", "gateway", "garbled", "cut", "hung", "socket-hung", "socket-cut", "socket-refused"],
)
async def test_a_connection_that_cannot_be_opened_is_told_in_time(
    make: Make,
    dingtalk: DingTalkServer,
    trouble: Callable[[DingTalkServer], Any],
    kind: FailureKind,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sdk, "CLOSE_WITHIN", 0.1)
    adapter, desk = make(timeout=1), Desk()
    trouble(dingtalk)
    run = asyncio.create_task(adapter.run(desk))
    failure = await failed(run)
    assert isinstance(failure, DingTalkFailed)
    assert failure.kind is kind
    assert desk.downs == [failure.detail]
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "dingtalk-stream"]


async def test_without_the_sdk_the_admin_is_told_what_to_install(
    make: Make, ops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dingtalk_stream", None)
    adapter, desk = make(), Desk()
    failure = await failed(asyncio.create_task(adapter.run(desk)))
    assert isinstance(failure, DingTalkFailed)
    assert "install Oncard with the extra “dingtalk”" in desk.downs[0]
    # What goes out needs none.
    await adapter.send(To(ops), a_card())


async def test_a_hung_gateway_leaves_everything_else_alone(
    make: Make, adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    desk = Desk()
    held = dingtalk.faults.hang(GATEWAY)
    run = asyncio.create_task(make().run(desk))
    await held.reached.wait()
    async with asyncio.timeout(15):
        await adapter.send(To(ops), a_card())
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    assert run.cancelled()


async def test_dingtalk_that_goes_away_and_comes_back_is_heard_again(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer
) -> None:
    desk = Desk()
    async with listening(adapter, desk) as run:
        await dingtalk.pull_plug()
        failure = await failed(run)
    assert failure.kind is FailureKind.UNREACHABLE
    await dingtalk.put_back()
    desk = Desk()
    async with listening(adapter, desk):
        await hears(dingtalk, desk)


async def test_what_is_no_frame_costs_nothing(adapter: DingTalkAdapter, dingtalk: DingTalkServer) -> None:
    desk = Desk()
    async with listening(adapter, desk):
        [open_one] = dingtalk.stream._connections  # noqa: SLF001 - to send what a server would not
        for frame in (
            "{",
            "[]",
            "1",
            '{"type": "CALLBACK"}',
            '{"type": "SYSTEM", "headers": {"time": "x"}}',
            '{"type": "X"}',
        ):
            await open_one.websocket.send_text(frame)
        await hears(dingtalk, desk)
    assert tickets(dingtalk) == 1


async def test_clicks_are_answered_however_many_wait_for_the_core(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    desk = Desk()
    desk.gate.clear()
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        # The SDK stops reading when a hundred handlers are at work.
        async with asyncio.timeout(WITHIN):
            answers = await asyncio.gather(*(card.click("Acknowledge", by="ana") for _ in range(150)))
        assert all(answer.acked for answer in answers)
        desk.gate.set()


async def test_two_organisations_are_heard_side_by_side(make: Make, dingtalk: DingTalkServer) -> None:
    desk, other_desk = Desk(), Desk()
    async with DingTalkServer() as other:
        other.workspace.add_user("ana")
        there = make(client_id=other.client_id, client_secret=other.client_secret, api_base_url=other.api_base_url)
        async with listening(make(), desk), listening(there, other_desk):
            await hears(dingtalk, desk)
            await hears(other, other_desk)
    assert (len(desk.heard), len(other_desk.heard)) == (1, 1)


async def test_the_sdks_environment_and_loggers_change_nothing(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DINGTALK_OPENAPI_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    desk = Desk()
    async with listening(adapter, desk):
        await hears(dingtalk, desk)
    for name in ("dingtalk_stream.handler", "adapters.dingtalk.sdk"):
        assert logging.getLogger(name).handlers == []


async def test_a_connection_that_does_not_end_is_left_to_itself(
    adapter: DingTalkAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CLOSE_WITHIN", 0.05)
    goes_on = asyncio.Event()

    async def hang() -> None:
        while not goes_on.is_set():
            try:
                await goes_on.wait()
            except asyncio.CancelledError:
                continue

    one = connection.Connection(adapter._config, (), lambda *_: {})  # noqa: SLF001
    await one.close()
    one._running = asyncio.create_task(hang())  # noqa: SLF001 - an SDK that hangs
    await asyncio.sleep(0)
    with capture_logs() as logs:
        async with asyncio.timeout(15):
            await one.close()
    assert [log["event"] for log in logs] == ["connection_abandoned"]
    goes_on.set()
    await one._running  # noqa: SLF001


async def test_closing_gives_answers_under_way_a_moment(
    make: Make, dingtalk: DingTalkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.dingtalk.events.CLOSE_WITHIN", 0.05)
    adapter, desk = make(), Desk()
    desk.gate.clear()
    async with listening(adapter, desk):
        await dingtalk.type("ana", None, "list")
        await desk.until(lambda: bool(desk.heard))
    async with asyncio.timeout(15):
        await adapter.close()
    assert desk.cancelled == 1
