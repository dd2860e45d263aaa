"""One Socket Mode connection that knows when it is over, and by what.

The SDK would reconnect by itself: it closes the old socket before it has a new one, tries a spent address for ever, and
never says that a token is refused. Here a connection only listens; whoever runs it opens the next one.
Source: https://docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import WSMessage
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from adapters.slack.errors import SlackFailed
from adapters.slack.web import WebApi
from bot.adapter import FailureKind
from bot.clock import Clock

# Seconds between two looks at the connection; what it says itself is noticed at once.
LOOK_EVERY: Final = 1.0
# Seconds in which Slack closes a connection whose end it announced.
RETIRE_WITHIN: Final = 30.0
# Seconds that the other side is given for its good-bye.
CLOSE_WITHIN: Final = 1.0


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection is over. `announced`: Slack asked for its replacement, and it may still deliver meanwhile."""

    why: str
    announced: bool


@dataclass(frozen=True, slots=True)
class Line:
    """What every connection of one workspace shares. `silence`: seconds between two signs of life."""

    app: AsyncApp
    web: WebApi
    silence: float
    logger: logging.Logger


class _Client(SocketModeClient):
    """The SDK's client, which says that it needs a new endpoint instead of going there."""

    def __init__(self, line: Line, lost: Callable[[], None]) -> None:
        super().__init__("", logger=line.logger, web_client=line.web.client, ping_interval=line.silence)
        # Afterwards, because without one the SDK takes the environment's, for this machine's own addresses too.
        self.proxy = line.web.proxy
        self._lost = lost

    async def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 - the SDK's signature
        # By force: Slack has announced the end; this socket still stands.
        if not force:
            self._lost()


class Connection:
    """One socket from its opening to its end."""

    def __init__(self, line: Line, clock: Clock) -> None:
        self._line = line
        self._clock = clock
        self._client = _Client(line, self._lost)
        self._client.on_message_listeners.append(self._hear)
        self._client.socket_mode_request_listeners.append(self._dispatch)
        self._greeted = False
        self._ending: Ending | None = None
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._closed = asyncio.Event()
        self._heard = 0

    async def open(self, address: str, within: float) -> None:
        """Connect and wait for Slack's hello. Raises SlackFailed after `within` seconds, or if it is turned away."""
        self._client.wss_uri = address
        # A task, since the SDK's loop around a connection that cannot be made does not end by itself.
        connecting = asyncio.create_task(self._client.connect())  # type: ignore[no-untyped-call]  # the SDK's is untyped
        try:
            async with asyncio.timeout(within):
                await self._news.wait()
        except TimeoutError:
            raise SlackFailed(FailureKind.UNREACHABLE, f"Socket Mode: no hello within {within:g} s") from None
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
        if not self._greeted:
            why = self._ending.why if self._ending else "closed"
            raise SlackFailed(FailureKind.UNREACHABLE, f"Socket Mode: {why} before hello", code=why)

    async def ended(self, heard: Callable[[], None]) -> Ending:
        """Wait until the connection is over; `heard` is called when something was heard on it."""
        signs = self._signs()
        while not await self._clock.wait(self._over, LOOK_EVERY):
            if not await self._client.is_connected() or self._deaf():
                return Ending("no sign of life on the connection", announced=False)
            if (latest := self._signs()) != signs:
                signs = latest
                heard()
        return self._ending or Ending("the connection was closed", announced=False)

    async def retire(self) -> None:
        """Go on listening until Slack closes the connection whose end it announced, but not for long; then close it."""
        try:
            await self._clock.wait(self._closed, RETIRE_WITHIN)
        finally:
            await self.close()

    async def close(self) -> None:
        """Say good-bye, without waiting long for an answer, and give everything back."""
        client = self._client
        client.closed = True
        client.auto_reconnect_enabled = False
        tasks = [t for t in (client.current_session_monitor, client.message_receiver, client.message_processor) if t]
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
            if client.current_session is not None:
                async with asyncio.timeout(CLOSE_WITHIN):
                    await client.current_session.close()
        except TimeoutError:
            pass  # The other side has gone without a good-bye.
        finally:
            await client.aiohttp_client_session.close()

    def _signs(self) -> tuple[float | None, int]:
        return self._client.last_ping_pong_time, self._heard

    def _deaf(self) -> bool:
        """Whether the socket stands but nobody reads it, or nobody acts on what is read."""
        reader = self._client.message_receiver
        return reader is None or reader.done() or self._client.message_processor.done()

    def _lost(self) -> None:
        self._closed.set()
        self._end(Ending("the connection was closed", announced=False))

    def _end(self, ending: Ending) -> None:
        self._ending = self._ending or ending
        self._news.set()
        self._over.set()

    async def _hear(self, frame: WSMessage) -> None:
        self._heard += 1
        try:
            message = json.loads(frame.data)
        except ValueError:
            return
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "hello":
            self._greeted = True
            self._news.set()
        elif kind == "disconnect":
            # The SDK's own reaction comes later, and does not know the reason.
            self._end(Ending(str(message.get("reason")), announced=True))

    async def _dispatch(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        # The clock of the machine is no part of the answer: the SDK only logs how long it took.
        await send_async_response(client, request, await run_async_bolt_app(self._line.app, request), 0.0)
