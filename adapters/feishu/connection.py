"""One long connection in a thread of its own, which knows when it is over, and by what.

The thread has a loop of its own and the SDK's client in it; it is never waited for longer than a moment, and whatever
hangs in it hangs alone. Here a connection only listens; whoever runs it opens the next one. It is over when it is
closed, when its thread dies, when nothing answers a ping of the socket for `silence` seconds, or when the server sends
no frame, not even a pong, for so long after one was due. Source: the SDK, lark_oapi/ws; the codes of a refused
connection are in lark_oapi/ws/const.py. Guess: that a code which is not there and is no rate limit is about the app.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from websockets.exceptions import ConnectionClosed

from adapters.feishu import sdk
from adapters.feishu.config import FeishuConfig
from adapters.feishu.errors import CODES, FeishuFailed
from bot.adapter import FailureKind
from bot.outbound.redaction import Redaction

# Seconds that the import of the SDK may take: generous, because a busy machine is slow.
LOAD_WITHIN: Final = 60.0
# Seconds in which Feishu wants its answer, and half a second for the way.
ANSWER_WITHIN: Final = 2.5
# Seconds that a thread is given to end; after that it is left to itself.
CLOSE_WITHIN: Final = 2.0
# Seconds that what runs in a thread is given when it ends.
END_WITHIN: Final = 1.5
# Too many connections: the SDK tells the status of the handshake in place of the code 1000040350.
_TOO_MANY: Final = 514
NAME: Final = "feishu-connection"

JsonObject = dict[str, object]
Receive = Callable[[bytes, asyncio.Event], Awaitable[JsonObject | None]]
"""Takes an event; the answer to it is ready at once or nearly so. The event given is set when the answer is sent."""

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Connection:
    """One connection from its opening to its end, as the main loop sees it."""

    def __init__(self, config: FeishuConfig, receive: Receive) -> None:
        self._silence = config.silence
        self._within = config.timeout
        self._loaded = asyncio.Event()
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._up = False
        self._signs = 0
        self._failure: FeishuFailed | None = None
        self._thread = _Thread(self, config, receive, asyncio.get_running_loop())

    async def open(self) -> None:
        """Connect. Raises FeishuFailed if it is refused or takes too long."""
        self._thread.start()
        try:
            async with asyncio.timeout(LOAD_WITHIN):
                await self._loaded.wait()
            async with asyncio.timeout(2 * self._within):
                await self._news.wait()
        except TimeoutError:
            raise FeishuFailed(
                FailureKind.UNREACHABLE, f"long connection: not open within {2 * self._within:g} s"
            ) from None
        if not self._up:
            raise self._failure or FeishuFailed(FailureKind.UNREACHABLE, "long connection: its thread has ended")

    async def ended(self, heard: Callable[[], None]) -> str:
        """Wait until the connection is over and return why; `heard` is called when something was heard on it."""
        while not self._over.is_set():
            signs = self._signs
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._silence):
                    await self._news.wait()
            if self._over.is_set():
                break
            if self._signs == signs:
                return "no sign of life on the connection"
            heard()
        return self._failure.detail if self._failure else "the connection was closed"

    async def close(self) -> None:
        """Let the thread end, and leave it to itself if it does not."""
        self._thread.leave()
        if not self._thread.is_alive():
            return
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                await self._over.wait()
        except TimeoutError:
            _log.warning("connection_abandoned", why="its thread does not end")
            self._thread.cut()

    # Called in the main loop by the thread

    def tell_loaded(self) -> None:
        """The SDK is imported."""
        self._loaded.set()

    def tell_up(self) -> None:
        """The connection stands."""
        self._up = True
        self._news.set()

    def tell_sign(self) -> None:
        """Something was heard."""
        self._signs += 1
        self._news.set()

    def tell_over(self, failure: FeishuFailed | None) -> None:
        """The thread has ended."""
        self._failure = self._failure or failure
        self._loaded.set()
        self._over.set()
        self._news.set()


class _Thread(threading.Thread):
    """The thread of one connection."""

    def __init__(
        self, connection: Connection, config: FeishuConfig, receive: Receive, main: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(name=NAME, daemon=True)
        self._connection = connection
        self._config = config
        self._receive = receive
        self._main = main
        self._left = threading.Event()
        self._stopping = asyncio.Event()
        self._frame = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self.loop = asyncio.new_event_loop()

    def leave(self) -> None:
        """Ask the thread to end, from another one; nothing that it still hears is passed on."""
        self._left.set()
        with contextlib.suppress(RuntimeError):  # Its loop has ended already.
            self.loop.call_soon_threadsafe(self._stopping.set)

    def cut(self) -> None:
        """Shut the socket, from any thread: Feishu would go on telling events to a connection that nobody reads."""
        if self._transport is not None:
            with contextlib.suppress(OSError):
                self._transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def run(self) -> None:
        failure: FeishuFailed | None = FeishuFailed(FailureKind.UNREACHABLE, "long connection: its thread has died")
        asyncio.set_event_loop(self.loop)
        # What the SDK's tasks end with is known here already.
        self.loop.set_exception_handler(lambda _loop, _context: None)
        try:
            module = sdk.load(self._config, self._left.is_set)
            self._tell(self._connection.tell_loaded)
            if not self._left.is_set():
                self.loop.run_until_complete(self._live(module))
            failure = None
        except Exception as error:  # noqa: BLE001 - Whatever the SDK raises, the connection is over and says why.
            failure = _failure(error, self._config)
        finally:
            try:
                self._end()
            finally:
                self._tell(self._connection.tell_over, failure)

    async def _live(self, module: Any) -> None:
        """Connect, and listen until something ends it. Raises what the SDK raises, and FeishuFailed."""
        client = sdk.client(module, self._config, self._heard, self._ask)
        connection = await client.open()
        if connection is None:
            raise FeishuFailed(FailureKind.UNREACHABLE, "long connection: closed at once")
        self._transport = connection.transport
        if self._left.is_set():
            # Given up while the SDK was hanging.
            await connection.close()
            return
        self._tell(self._connection.tell_up)
        watching = [
            asyncio.ensure_future(each)
            for each in (
                self._stopping.wait(),
                connection.wait_closed(),
                client.ping(),
                self._beat(connection),
                self._frames(client),
            )
        ]
        try:
            done, _ = await asyncio.wait(watching, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except ConnectionClosed:
            pass  # As `wait_closed` says, if a ping has noticed it first.
        finally:
            for task in watching:
                task.cancel()
            await connection.close()

    async def _beat(self, connection: Any) -> None:
        """Ping the socket, and tell when its pong comes."""
        while True:
            await (await connection.ping())
            self._tell(self._connection.tell_sign)
            await self._stopped_within(self._config.silence / 3)

    async def _frames(self, client: Any) -> None:
        """Raise when no frame comes for longer than a pong may take: the socket stands, but nobody serves it."""
        while True:
            self._frame.clear()
            try:
                async with asyncio.timeout(client.ping_interval + self._config.silence):
                    await self._frame.wait()
            except TimeoutError:
                raise FeishuFailed(FailureKind.UNREACHABLE, "no pong on the connection") from None

    async def _stopped_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def _heard(self) -> None:
        self._frame.set()

    async def _ask(self, payload: bytes) -> tuple[object, Callable[[], None]]:
        """Hand an event over to the main loop, and wait for its answer, but not so long that Feishu gives up."""
        if self._left.is_set():
            return ConnectionError("the connection was given up"), _nothing
        acknowledged = asyncio.Event()
        receiving = self._receive(payload, acknowledged)
        try:
            answer = asyncio.run_coroutine_threadsafe(_awaited(receiving), self._main)
        except RuntimeError:
            return ConnectionError("the main loop has ended"), _nothing
        done, _ = await asyncio.wait([asyncio.wrap_future(answer)], timeout=ANSWER_WITHIN)
        given = next(iter(done)).result() if done else None
        return given, lambda: self._tell(acknowledged.set)

    def _tell(self, what: Callable[..., None], *about: object) -> None:
        with contextlib.suppress(RuntimeError):  # The main loop has ended.
            self._main.call_soon_threadsafe(what, *about)

    def _end(self) -> None:
        """Give the loop back with everything that the SDK has left in it."""
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        with contextlib.suppress(Exception):
            # Not for ever: what a thread was doing when it died never goes on.
            self.loop.run_until_complete(asyncio.wait(left, timeout=END_WITHIN))
        if self._transport is not None:
            self._transport.abort()
        # What was closed says so in the next round of the loop.
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()
        asyncio.set_event_loop(None)
        self.loop.close()


async def _awaited(answer: Awaitable[JsonObject | None]) -> JsonObject | None:
    return await answer


def _nothing() -> None:
    """Nobody waits for the acknowledgement."""


def _failure(error: Exception, config: FeishuConfig) -> FeishuFailed:
    """Return what it means that the SDK ended with `error`."""
    if isinstance(error, FeishuFailed):
        return error
    words = Redaction(*config.secrets())(str(error))
    detail = f"long connection: {words}" if words else f"long connection: {type(error).__name__}"
    said_by = type(error).__name__
    code = getattr(error, "code", None) if said_by in ("ClientException", "ServerException") else None
    if not isinstance(code, int):
        return FeishuFailed(FailureKind.UNREACHABLE, detail)
    is_ours = said_by == "ClientException" and code != _TOO_MANY
    kind = CODES.get(code, FailureKind.UNAUTHORIZED if is_ours else FailureKind.UNREACHABLE)
    return FeishuFailed(kind, detail, code=code)
