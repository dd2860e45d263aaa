"""One Stream connection that knows when it is over, and by what.

The gateway gives an address and a ticket that opens it once; the SDK's client opens it and speaks its frames (`sdk`).
A connection only listens; whoever runs it opens the next one. It is over when its socket closes or answers no ping,
when the other side announces that it will close it, and when no frame comes for `silence` seconds: a Stream connection
can stand and tell nothing, and the server sends pings of its own.
Guess: that such a ping comes more often than every 90 seconds; where it does not, connections are replaced for nothing,
the new one before the old one goes.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from adapters.dingtalk import sdk
from adapters.dingtalk.config import DingTalkConfig
from adapters.dingtalk.errors import DingTalkFailed
from bot.adapter import FailureKind

# Seconds for which the announced end waits for a successor; DingTalk drops the socket ten seconds after.
RETIRE_WITHIN: Final = 8.0
# Seconds that a connection is given to end; after that it is left to itself.
CLOSE_WITHIN: Final = 2.0
# Seconds that the import of the SDK may take.
LOAD_WITHIN: Final = 60.0

JsonObject = dict[str, object]
Receive = Callable[[str, str, Mapping[str, object]], JsonObject]
"""Takes what is told under a topic, with the id of its frame, and returns the answer to it at once."""

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection is over. `announced`: DingTalk wants to replace it, and nothing is lost meanwhile."""

    why: str
    announced: bool


class Connection:
    """One connection from its opening to its end."""

    def __init__(self, config: DingTalkConfig, topics: tuple[str, ...], receive: Receive) -> None:
        self._config = config
        self._topics = topics
        self._receive = receive
        self._running: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._may_go = asyncio.Event()
        self._stands = False
        self._signs = 0
        self._ending: Ending | None = None

    async def open(self, way: tuple[str, str]) -> None:
        """Connect. Raises DingTalkFailed if it is refused or takes too long."""
        within = self._config.timeout
        try:
            async with asyncio.timeout(LOAD_WITHIN):
                loaded: Any = await asyncio.to_thread(sdk.load)
        except (ImportError, TimeoutError) as error:
            why = str(error) or "the SDK does not load"
            raise DingTalkFailed(FailureKind.UNREACHABLE, f"Stream: {why}") from None
        try:
            client = sdk.client(loaded, self._config, way, self._topics, self)
            self._running = asyncio.create_task(client.start(), name="dingtalk-stream")
            self._running.add_done_callback(self._ran)
            async with asyncio.timeout(within + sdk.CLOSE_WITHIN):
                await self._news.wait()
        except TimeoutError:
            raise DingTalkFailed(FailureKind.UNREACHABLE, f"Stream: not open within {within:g} s") from None
        if not self._stands or self._ending is not None:
            why = self._ending.why if self._ending else "the socket was refused"
            raise DingTalkFailed(FailureKind.UNREACHABLE, f"Stream: {why}")

    async def ended(self, heard: Callable[[], None]) -> Ending:
        """Wait until the connection is over; `heard` is called when something was heard on it."""
        while self._ending is None:
            signs = self._signs
            self._news.clear()
            try:
                async with asyncio.timeout(self._config.silence):
                    await self._news.wait()
            except TimeoutError:
                return Ending("no frame on the connection", announced=False)
            if self._signs != signs and self._ending is None:
                heard()
        return self._ending

    async def close(self) -> None:
        """Give everything back, and leave to itself what does not end."""
        self._may_go.set()
        if self._running is None or self._running.done():
            return
        if self._ending is not None and self._ending.announced:
            # It is answered, and the SDK closes the socket.
            await asyncio.wait([self._running], timeout=sdk.CLOSE_WITHIN)
        self._running.cancel()
        await asyncio.wait([self._running], timeout=CLOSE_WITHIN)
        if not self._running.done():
            _log.warning("connection_abandoned", why="it does not end")

    # Told by the client

    def stands(self) -> None:
        """The socket is open."""
        self._stands = True
        self.heard()

    def heard(self) -> None:
        """A frame came."""
        self._signs += 1
        self._news.set()

    def told(self, topic: str, message_id: str, data: Mapping[str, object]) -> Mapping[str, object]:
        """Something was told; the answer is ready at once, so that two seconds are enough on any day."""
        self.heard()
        return self._receive(topic, message_id, data)

    async def leaving(self, why: str) -> None:
        """DingTalk wants to close the connection: it is let go when its successor stands, or after a while."""
        self._end(Ending(f"DingTalk announced the end: {why}", announced=True))
        try:
            async with asyncio.timeout(RETIRE_WITHIN):
                await self._may_go.wait()
        except TimeoutError:
            return

    def closed(self, why: str) -> None:
        """The socket is closed."""
        self._end(Ending(f"the connection was {why}", announced=False))

    def _ran(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        self._end(Ending(f"the connection ended{f': {type(error).__name__}' if error else ''}", announced=False))

    def _end(self, ending: Ending) -> None:
        self._ending = self._ending or ending
        self._news.set()
