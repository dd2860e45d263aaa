"""Sends at a fixed rate, whether answers come or not: a server that falls behind is not spared.

Each request has its instant, and what it is late is part of its time, since users would feel it too.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.clock import SystemClock

CONNECTIONS = 32
# Seconds: a timer of the event loop is up to a millisecond late, which no server is to blame for.
OVERSLEEPS = 0.002


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted: a path, and a JSON body."""

    path: str
    body: bytes


Requests = Callable[[int], Request]
"""Makes the request of a number."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: its number, when it was to go and when its answer was there (Unix time); status 0: no answer."""

    number: int
    at: float
    answered: float
    status: int

    @property
    def is_taken(self) -> bool:
        """Whether it was answered with success."""
        return 200 <= self.status < 300

    @property
    def milliseconds(self) -> float:
        """How long the sender had to wait."""
        return (self.answered - self.at) * 1000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests a second, for so many seconds."""

    per_second: float
    seconds: float

    @property
    def count(self) -> int:
        """How many requests that are."""
        return round(self.per_second * self.seconds)


async def send(address: str, rate: Rate, request: Requests) -> list[Sent]:
    """Post the requests from number 0 on, each at its instant, and return what became of each once all are answered."""
    queue: asyncio.Queue[tuple[int, float] | None] = asyncio.Queue()
    sent: list[Sent] = []
    clock = SystemClock()
    workers = [asyncio.create_task(_work(address, queue, request, sent)) for _ in range(CONNECTIONS)]
    start = time.time()
    for number in range(rate.count):
        at = start + number / rate.per_second
        if (early := at - time.time() - OVERSLEEPS) > 0:
            await clock.sleep(early)
        while time.time() < at:
            await clock.sleep(0)
        queue.put_nowait((number, at))
    for _ in workers:
        queue.put_nowait(None)
    await asyncio.gather(*workers)
    return sorted(sent, key=lambda one: one.number)


async def _work(
    address: str,
    queue: asyncio.Queue[tuple[int, float] | None],
    request: Requests,
    sent: list[Sent],
) -> None:
    """Send what is in the queue over one connection, made again when it broke."""
    connection = _Connection(address)
    try:
        while (item := await queue.get()) is not None:
            number, at = item
            try:
                status = await connection.post(request(number))
            except (OSError, asyncio.IncompleteReadError):
                status = 0
                await connection.close()
            sent.append(Sent(number, at, time.time(), status))
    finally:
        await connection.close()


class _Connection:
    """One connection that is kept open: as little as possible of the machine is spent on the sender's side."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, request: Request) -> int:
        """Return the status of the answer. Raises OSError, IncompleteReadError."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        head = (
            f"POST {request.path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(request.body)}\r\n\r\n"
        )
        writer.write(head.encode() + request.body)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, _, length = answer.partition(b"content-length:")
        if length:
            await reader.readexactly(int(length.split(b"\r\n")[0]))
        return int(answer.split(b" ", 2)[1])

    async def close(self) -> None:
        """Close it, if it is open."""
        if self._streams is not None:
            self._streams[1].close()
            with contextlib.suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None
