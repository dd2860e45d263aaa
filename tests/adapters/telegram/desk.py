"""What stands on both sides of the adapter in its tests: a core that listens, and servers that misbehave."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from aiohttp import web

from adapters.telegram.adapter import TelegramAdapter
from bot.adapter import Interaction, Reply
from bot.domain.event import Severity
from cards.card import Button, Card, Person, Tone

LOOPBACK = "127.0.0.1"
WITHIN = 15.0


class Desk:
    """The core's side: it keeps what it is told, and answers with `note`, once `gate` is open."""

    def __init__(self, note: Reply | None = None) -> None:
        self.note = note
        self.heard: list[Interaction] = []
        self.ups = 0
        self.downs: list[str] = []
        self.cancelled = 0
        self.fault: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self._changed = asyncio.Event()

    async def handle(self, interaction: Interaction) -> Reply | None:
        self.heard.append(interaction)
        self._changed.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.fault is not None:
            raise self.fault
        return self.note

    def connected(self) -> None:
        self.ups += 1
        self._changed.set()

    def disconnected(self, why: str) -> None:
        self.downs.append(why)
        self._changed.set()

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Wait until something the core was told makes `predicate` hold."""
        async with asyncio.timeout(WITHIN):
            while not predicate():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def listening(adapter: TelegramAdapter, desk: Desk) -> AsyncIterator[asyncio.Task[None]]:
    """Run the adapter until the end of the block; it is connected when the block begins."""
    task = asyncio.create_task(adapter.run(desk))
    try:
        # Whoever runs and fails tells that it is down.
        await desk.until(lambda: desk.ups > 0 or bool(desk.downs))
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Still:
    """A clock that stands, until it is set."""

    def __init__(self, at: datetime = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        return await event.wait()


def a_card(
    buttons: tuple[Button, ...] = (Button("Acknowledge", "ack 42 v3"), Button("Close", "close 42 v3")),
    title: str = "disk full",
    mentions: tuple[Person, ...] = (),
) -> Card:
    return Card(
        number=42,
        severity=Severity.CRITICAL,
        severity_word="Critical",
        tone=Tone.CRITICAL,
        title=title,
        summary=f"Critical: {title} (#42)",
        status=("Nobody has it yet",),
        buttons=buttons,
        mentions=mentions,
    )


@asynccontextmanager
async def answering(
    answer: Callable[[web.Request], web.StreamResponse | Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """Serve one answer to every request; give the base address."""

    async def handle(request: web.Request) -> web.StreamResponse:
        answered = answer(request)
        return answered if isinstance(answered, web.StreamResponse) else await answered

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


class Proxy:
    """A plain HTTP proxy that writes down what it is asked for, and can be frozen: then no byte passes any more."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.thawed = asyncio.Event()
        self.thawed.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
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
        return f"http://{LOOPBACK}:{sockets[0].getsockname()[1]}"

    async def _serve(self, near: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        head = await near.readuntil(b"\r\n\r\n")
        verb, address, rest = head.split(b" ", 2)
        asked = urlsplit(address.decode())
        self.asked.append(f"{verb.decode()} {asked.path.rpartition('/')[2]}")
        far, far_out = await asyncio.open_connection(asked.hostname, asked.port)
        far_out.write(b" ".join([verb, urlunsplit(("", "", *asked[2:])).encode(), rest]))
        for reader, writer in ((near, far_out), (far, out)):
            self._tasks.add(asyncio.create_task(self._pass(reader, writer)))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            try:
                while data := await reader.read(65536):
                    await self.thawed.wait()
                    writer.write(data)
                    await writer.drain()
            finally:
                writer.close()
