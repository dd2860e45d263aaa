"""The SDK's Stream client, with its defects fenced in; what it does with frames is unchanged.

dingtalk_stream 0.24.4b1 asks the gateway with a blocking call to an address that is one for the whole process, finds
out this machine's address by asking the network, connects without our proxy and authorities, reconnects by itself for
ever, and sets up loggers of its own that print. So the way is given to it, it stops where it would ask for another one,
its socket is opened with our options, and its loggers are quiet. `websockets.exceptions`, which it uses before it is
imported, is imported here. Its own handlers are replaced, since they know neither who is told nor when a connection may
go. It runs in our loop: with the gateway's call gone nothing in it blocks, it can be cancelled, it sends each answer on
the socket of the question, and it holds on to its tasks.
"""

import asyncio
import importlib
import logging
from collections.abc import Mapping
from typing import Any, Final, Protocol

import websockets.exceptions
from websockets import ClientConnection

from adapters.dingtalk.config import DingTalkConfig
from bot.outbound.redaction import Redaction, quiet

# Seconds that the other side is given for its good-bye, and between two pings of the socket.
CLOSE_WITHIN: Final = 1.0
PING_EVERY: Final = 20.0
SYSTEM: Final = "SYSTEM"
DISCONNECT: Final = "disconnect"


class Line(Protocol):
    """What the client tells."""

    def stands(self) -> None:
        """The connection is open."""
        ...

    def closed(self, why: str) -> None:
        """The connection is over."""
        ...

    def told(self, topic: str, message_id: str, data: Mapping[str, object]) -> Mapping[str, object]:
        """Something was told under a topic; what comes back is the answer to it, at once."""
        ...

    def heard(self) -> None:
        """A frame came that tells nothing."""
        ...

    async def leaving(self, why: str) -> None:
        """The other side wants to close the connection; it is answered when this returns."""
        ...


def load() -> Any:
    """Import the SDK, which takes about half a second. Raises ImportError for the admin to read."""
    try:
        return importlib.import_module("dingtalk_stream")
    except ImportError:
        raise ImportError("dingtalk-stream is not installed: install Oncard with the extra “dingtalk”") from None


def client(sdk: Any, config: DingTalkConfig, way: tuple[str, str], topics: tuple[str, ...], line: Line) -> Any:
    """Return a client for one connection; `way` is the endpoint and the ticket that opens it once."""

    class Client(sdk.DingTalkStreamClient):  # type: ignore[misc]  # the SDK has no types
        RECONNECT_BASE_DELAY_SECONDS = 0
        RECONNECT_JITTER_SECONDS = 0
        asked = 0

        def open_connection(self) -> dict[str, str] | None:
            self.asked += 1
            if self.asked == 1:
                endpoint, ticket = way
                return {"endpoint": endpoint, "ticket": ticket}
            # The socket was refused or is closed: whoever runs the connection opens the next one.
            asyncio.run_coroutine_threadsafe(self.stop(), loop).result(CLOSE_WITHIN)
            return None

        async def keepalive(self, ws: ClientConnection, ping_interval: float = 60) -> None:
            del ping_interval  # The socket's own pings notice a dead one; these wait for no answer.
            line.stands()
            try:
                await ws.wait_closed()
            finally:
                line.closed(f"closed with {ws.close_code} {ws.close_reason or ''}".strip())
                await self.stop()

    loop = asyncio.get_running_loop()
    clean = Redaction(*config.secrets(), way[1])
    made = Client(
        sdk.Credential(config.client_id, ""),
        logger=quiet("adapters.dingtalk.sdk", clean, logging.ERROR),
        websocket_connect_options=_options(config, way[0], clean),
    )
    # The constructors have set it up to print.
    quiet("dingtalk_stream.handler", clean)
    made.system_handler = _System(sdk, line)
    for topic in topics:
        made.callback_handler_map[topic] = _Told(sdk, line)
    return made


def _options(config: DingTalkConfig, endpoint: str, clean: Redaction) -> dict[str, object]:
    every = min(config.silence, PING_EVERY)
    return {
        "proxy": config.way_out(endpoint),
        "ssl": config.certificates() if endpoint.startswith("wss:") else None,
        "open_timeout": config.timeout,
        "close_timeout": CLOSE_WITHIN,
        "ping_interval": every,
        "ping_timeout": every,
        "logger": quiet("adapters.dingtalk.websocket", clean),
    }


class _Answering:
    """Stands where a handler of the SDK would."""

    def __init__(self, sdk: Any, line: Line) -> None:
        self._sdk = sdk
        self._line = line

    def pre_start(self) -> None:
        """There is nothing to prepare."""

    def ack(self, message: Any, data: object, words: str = "") -> Any:
        """Return the answer to a frame."""
        ack = self._sdk.AckMessage()
        ack.headers.message_id = message.headers.message_id
        ack.headers.content_type = self._sdk.frames.Headers.CONTENT_TYPE_APPLICATION_JSON
        ack.message, ack.data = words, data
        return ack


class _System(_Answering):
    """Answers pings, and tells that the connection is to be closed."""

    async def raw_process(self, message: Any) -> Any:
        """Answer one frame, with what came in it."""
        data = message.data if isinstance(message.data, dict) else {}
        if message.headers.topic == DISCONNECT:
            await self._line.leaving(str(data.get("reason", "")))
        else:
            self._line.heard()
        return self.ack(message, data, "OK")


class _Told(_Answering):
    """Answers what is told under a topic."""

    async def raw_process(self, message: Any) -> Any:
        """Answer one frame; what it asks is done after."""
        data = message.data if isinstance(message.data, dict) else {}
        told = self._line.told(str(message.headers.topic), str(message.headers.message_id or ""), data)
        return self.ack(message, {"response": told})


# What the SDK's own `except` clauses look up.
GONE: Final = websockets.exceptions.ConnectionClosed
