"""The long connection: whatever befalls it, it is noticed, said, and given up without holding anything else."""

import asyncio
import contextlib
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Self

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from adapters.feishu.config import FeishuConfig
from adapters.feishu.connection import NAME, Connection
from adapters.feishu.errors import FeishuFailed
from bot.adapter import FailureKind, To
from bot.playground.feishu import FeishuServer
from bot.playground.listener import LOOPBACK
from cards.card import Note
from tests.adapters.feishu.conftest import Make
from tests.adapters.feishu.desk import WITHIN, Desk, a_card, failed, listening

pytestmark = pytest.mark.usefixtures("lark")
ENDPOINT = "ws.endpoint"


def threads() -> list[threading.Thread]:
    """Return the threads of connections that are alive."""
    return [thread for thread in threading.enumerate() if thread.name == NAME]


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    """See that every thread ends, or at the latest when what it hangs in lets go of it."""
    before = set(threads())
    yield
    async with asyncio.timeout(WITHIN):
        for thread in set(threads()) - before:
            await asyncio.to_thread(thread.join)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a thread can be made to hang in until the end of the test."""
    gate = threading.Event()
    yield gate
    gate.set()


def newest(feishu: FeishuServer) -> None:
    """Let the newest connection be told, while the old one is still counted."""
    feishu.connections.choose = lambda connections: connections[-1]


async def nobody(payload: bytes, answered: asyncio.Event) -> None:
    """Take no event."""


async def is_heard(feishu: FeishuServer, desk: Desk) -> bool:
    """Whether what somebody writes now reaches the core."""
    before = len(desk.heard)
    await feishu.type("ana", None, "list")
    await desk.until(lambda: len(desk.heard) > before)
    return True


async def test_what_is_written_arrives_and_the_thread_ends_with_the_run(make: Make, feishu: FeishuServer) -> None:
    desk = Desk()
    async with listening(make(), desk):
        assert await is_heard(feishu, desk)
        assert len(threads()) == 1
    await feishu.connections.wait_disconnected()


async def test_two_workspaces_are_listened_to_in_one_process(make: Make, feishu: FeishuServer) -> None:
    async with FeishuServer() as lark:
        lark.workspace.add_user("ana")
        desks = Desk(), Desk()
        other = make(app_id=lark.app_id, app_secret=lark.app_secret, api_base_url=lark.api_base_url)
        async with listening(make(), desks[0]), listening(other, desks[1]):
            assert await is_heard(feishu, desks[0])
            assert await is_heard(lark, desks[1])


async def test_signs_of_life_are_passed_on(make: Make) -> None:
    desk = Desk()
    async with listening(make(silence=3), desk):
        await desk.until(lambda: desk.ups >= 3)
    assert desk.downs == []


async def test_a_closed_connection_is_said_and_replaced(make: Make, feishu: FeishuServer) -> None:
    desk = Desk()
    async with listening(make(), desk):
        await feishu.connections.drop()
        await desk.until(lambda: bool(desk.downs))
        assert desk.downs == ["the connection was closed"]
        await feishu.connections.wait_connected()
        assert await is_heard(feishu, desk)


async def test_connections_that_do_not_last_end_the_run(make: Make, feishu: FeishuServer) -> None:
    desk = Desk()
    async with listening(make(), desk) as run:
        for downs in (1, 2):
            await feishu.connections.drop()
            await desk.until(lambda downs=downs: len(desk.downs) >= downs)  # type: ignore[misc]  # no lambda's default
            await feishu.connections.wait_connected()
        await feishu.connections.drop()
        assert "no connection lasts" in (await failed(run)).detail


async def test_a_server_that_sends_no_pong_is_noticed(make: Make, feishu: FeishuServer) -> None:
    feishu.connections.client_config.ping_interval = 0.1
    desk = Desk()
    async with listening(make(silence=1.5), desk):
        feishu.connections.silent = True
        await desk.until(lambda: bool(desk.downs))
        assert desk.downs[0] == "no pong on the connection"
        feishu.connections.silent = False
        await desk.until(lambda: desk.ups > 0)
        await feishu.connections.wait_connected()


async def test_a_link_on_which_nothing_passes_any_more_is_noticed(make: Make, feishu: FeishuServer) -> None:
    async with Wire(feishu.port) as wire:
        feishu.connections.address = wire.address
        desk = Desk()
        async with listening(make(silence=1.5), desk):
            assert await is_heard(feishu, desk)
            wire.thawed.clear()
            await desk.until(lambda: bool(desk.downs))
            assert "no sign of life" in desk.downs[0]
            feishu.connections.address = f"127.0.0.1:{feishu.port}"
            ups = desk.ups
            await desk.until(lambda: desk.ups > ups)
        wire.thawed.set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_thread_that_dies_is_noticed(make: Make, feishu: FeishuServer) -> None:
    desk = Desk()
    async with listening(make(), desk):
        [thread] = threads()
        # Out of a callback, a loop lets only this and the keyboard's interrupt through.
        thread.loop.call_soon_threadsafe(sys.exit)  # type: ignore[attr-defined]
        await desk.until(lambda: bool(desk.downs))
        assert desk.downs == ["long connection: its thread has died"]
        ups = desk.ups
        await desk.until(lambda: desk.ups > ups)
        newest(feishu)
        assert await is_heard(feishu, desk)


async def test_a_thread_that_hangs_is_noticed_and_left_to_itself(
    make: Make, feishu: FeishuServer, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.feishu.connection.CLOSE_WITHIN", 0.1)
    desk = Desk()
    with capture_logs() as logs:
        async with listening(make(silence=1.5), desk):
            [thread] = threads()
            thread.loop.call_soon_threadsafe(gate.wait)  # type: ignore[attr-defined]
            await desk.until(lambda: len(desk.downs) == 1)
            assert "no sign of life" in desk.downs[0]
            ups = desk.ups
            await desk.until(lambda: desk.ups > ups)
            newest(feishu)
            assert await is_heard(feishu, desk)
    assert [log["event"] for log in logs if log["event"] == "connection_abandoned"]


async def test_a_discovery_that_hangs_ends_the_run_and_holds_up_nothing(make: Make, feishu: FeishuServer) -> None:
    hold = feishu.faults.hang(ENDPOINT)
    desk = Desk()
    async with asyncio.timeout(15):
        failure = await failed(asyncio.create_task(make(timeout=1).run(desk)))
    hold.release()
    assert failure.kind is FailureKind.UNREACHABLE
    assert desk.ups == 0
    assert desk.downs


async def test_an_address_that_comes_byte_by_byte_does_not_keep_its_thread() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.transport.abort()
        left.set()

    left = asyncio.Event()
    async with await asyncio.start_server(trickle, LOOPBACK, 0) as server:
        address = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}/"
        config = FeishuConfig(app_id="cli_1", app_secret=SecretStr("a-secret"), api_base_url=address, timeout=0.5)
        connection = Connection(config, nobody)
        with pytest.raises(FeishuFailed, match="not open within"):
            await connection.open()
        await connection.close()
        async with asyncio.timeout(WITHIN):
            for thread in threads():
                await asyncio.to_thread(thread.join)
            await left.wait()


async def test_a_handshake_that_hangs_ends_the_run(make: Make, feishu: FeishuServer) -> None:
    hold = feishu.faults.hang("ws.connect")
    async with asyncio.timeout(15):
        failure = await failed(asyncio.create_task(make(timeout=1).run(Desk())))
    hold.release()
    assert failure.kind is FailureKind.UNREACHABLE


@pytest.mark.parametrize(
    ("status", "auth_code", "kind"),
    [
        (403, 0, FailureKind.UNAUTHORIZED),
        (514, 1000040350, FailureKind.UNREACHABLE),
        (514, 1, FailureKind.UNREACHABLE),
        (514, 0, FailureKind.UNREACHABLE),
        (500, 0, FailureKind.UNREACHABLE),
    ],
)
async def test_a_refused_handshake_ends_the_run(
    make: Make, feishu: FeishuServer, status: int, auth_code: int, kind: FailureKind
) -> None:
    feishu.connections.refuse_handshake(status, "forbidden", auth_code=auth_code)
    desk = Desk()
    failure = await failed(asyncio.create_task(make().run(desk)))
    assert failure.kind is kind
    assert desk.downs == [failure.detail]


async def test_a_refusal_when_it_connects_again_is_said_and_not_the_end_of_hearing(
    make: Make, feishu: FeishuServer
) -> None:
    desk, adapter = Desk(), make()
    async with listening(adapter, desk) as run:
        feishu.connections.refuse_handshake(403, "forbidden")
        await feishu.connections.drop()
        assert "forbidden" in (await failed(run)).detail
    again = Desk()
    async with listening(adapter, again):
        assert await is_heard(feishu, again)


@pytest.mark.parametrize("code", [1, 1000040343, 99991400])
async def test_a_refused_discovery_ends_the_run(make: Make, feishu: FeishuServer, code: int) -> None:
    feishu.faults.refuse(ENDPOINT, code)
    assert (await failed(asyncio.create_task(make().run(Desk())))).kind is FailureKind.UNREACHABLE


async def test_a_secret_that_was_changed_ends_the_run(make: Make, feishu: FeishuServer) -> None:
    adapter = make()
    await adapter.check()
    feishu.workspace.app.secret = "another-secret"
    failure = await failed(asyncio.create_task(adapter.run(Desk())))
    assert (failure.kind, "1000040345" in failure.detail) == (FailureKind.UNAUTHORIZED, True)


async def test_a_gateways_page_at_the_discovery_ends_the_run(make: Make, feishu: FeishuServer) -> None:
    feishu.faults.status(ENDPOINT, 502)
    assert (await failed(asyncio.create_task(make().run(Desk())))).kind is FailureKind.UNREACHABLE
    feishu.faults.garble(ENDPOINT)
    assert (await failed(asyncio.create_task(make().run(Desk())))).kind is FailureKind.UNREACHABLE


async def test_one_connection_too_many_is_said(make: Make, feishu: FeishuServer) -> None:
    feishu.connections.most_connections = 1
    async with listening(make(), Desk()):
        failure = await failed(asyncio.create_task(make().run(Desk())))
    assert (failure.kind, "exceeded" in failure.detail) == (FailureKind.UNREACHABLE, True)


async def test_an_event_in_parts_is_put_together(make: Make, feishu: FeishuServer) -> None:
    feishu.connections.part_bytes = 100
    desk = Desk()
    async with listening(make(), desk):
        assert await is_heard(feishu, desk)


async def test_events_that_nobody_wants_are_acknowledged(make: Make, feishu: FeishuServer, ops: str) -> None:
    desk = Desk()
    async with listening(make(), desk):
        for number, kind in enumerate(["im.chat.disbanded_v1", "some.new.event_v9", "card.action.trigger"]):
            event = {"schema": "2.0", "header": {"event_type": kind, "event_id": f"e{number}"}, "event": {}}
            ack = await feishu.connections.deliver(f"m{number}", dict(event))
            assert ack is not None
            assert ack.code == 200
        text = {"schema": "2.0", "header": {"event_type": "card.action.trigger"}, "event": {"action": {"value": "x"}}}
        ack = await feishu.connections.deliver("m9", dict(text))
        assert ack is not None
        assert ack.code == 200
    assert desk.heard == []


async def test_a_message_that_is_told_again_is_done_once(make: Make, feishu: FeishuServer) -> None:
    desk = Desk()
    async with listening(make(), desk):
        assert await is_heard(feishu, desk)
        [told] = [entry.request for entry in feishu.log if entry.method == "ws event"]
        assert isinstance(told, dict)
        for number in range(3):
            again = {**told, "header": {**told["header"], "event_id": f"again{number}"}}
            ack = await feishu.connections.deliver(f"again{number}", again)
            assert ack is not None
            assert ack.code == 200
        assert await is_heard(feishu, desk)
    assert len(desk.heard) == 2


async def test_a_slow_core_stops_neither_other_clicks_nor_pings(make: Make, feishu: FeishuServer, ops: str) -> None:
    adapter, desk = make(silence=4), Desk(Note(("#42 is yours",)))
    adapter._events.toast_within = 1.5  # noqa: SLF001
    feishu.connections.client_config.ping_interval = 0.2
    desk.gate.clear()
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await feishu.expect_card("disk full", chat="ops")
        before, ups = feishu.connections.pings, desk.ups
        # One after the other they would take twelve seconds.
        async with asyncio.timeout(9):
            await asyncio.gather(*(card.click("Acknowledge", by=by) for by in ("ana", "bo") * 4))
        # The core is still at it.
        await desk.until(lambda: desk.ups > ups and feishu.connections.pings > before)
        assert desk.downs == []
        desk.gate.set()
        await feishu.expect_private("bo", "#42 is yours")


async def test_closing_never_waits_for_the_sdk(
    make: Make, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.feishu.connection.CLOSE_WITHIN", 0.1)
    adapter = make()
    async with asyncio.timeout(15):
        async with listening(adapter, Desk()):
            [thread] = threads()
            thread.loop.call_soon_threadsafe(gate.wait)  # type: ignore[attr-defined]
        await adapter.close()


async def test_the_plug_is_pulled_and_put_back(make: Make, feishu: FeishuServer) -> None:
    adapter, desk = make(), Desk()
    async with listening(adapter, desk) as run:
        await feishu.pull_plug()
        assert (await failed(run)).kind is FailureKind.UNREACHABLE
    await feishu.put_back()
    again = Desk()
    async with listening(adapter, again):
        assert await is_heard(feishu, again)


async def test_everything_goes_through_the_proxy(make: Make, feishu: FeishuServer, ops: str) -> None:
    async with Wire(feishu.port, is_proxy=True) as proxy:
        adapter, desk = make(proxy=f"http://{proxy.address}"), Desk()
        async with listening(adapter, desk):
            await adapter.send(To(ops), a_card())
            assert await is_heard(feishu, desk)
    asked = [line.split(b" ")[1].decode() for line in proxy.asked]
    assert any(address.startswith(f"{feishu.api_base_url}open-apis/") for address in asked)
    assert f"{feishu.api_base_url}callback/ws/endpoint" in asked
    assert f"127.0.0.1:{feishu.port}" in asked


class Wire:
    """A wire to a port that can be frozen: then no byte passes any more. As a proxy it notes what it is asked for."""

    def __init__(self, port: int, *, is_proxy: bool = False) -> None:
        self._port = port
        self._is_proxy = is_proxy
        self.asked: list[bytes] = []
        self.thawed = asyncio.Event()
        self.thawed.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def address(self) -> str:
        sockets = self._server.sockets if self._server else ()
        return f"127.0.0.1:{sockets[0].getsockname()[1]}"

    async def _serve(self, near: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        far, far_out = await asyncio.open_connection("127.0.0.1", self._port)
        if self._is_proxy:
            self.asked.append(await near.readline())
            if self.asked[-1].startswith(b"CONNECT"):
                await near.readuntil(b"\r\n\r\n")
                out.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                # What follows on the same connection keeps the whole address, which is as good.
                far_out.write(self.asked[-1])
        for reader, writer in ((near, far_out), (far, out)):
            self._tasks.add(asyncio.create_task(self._pass(reader, writer)))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self.thawed.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
