"""Socket Mode: the outbound-only way in which an app hears of interactions.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode. A socket's URL works once; each envelope goes to
one of the sockets and waits for its acknowledgement; at most ten sockets are open at a time.
"""

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.playground.wire import Direction, JsonObject, as_object, as_text

MOST_SOCKETS = 10
CLOSE_TICKET_SPENT = 4001

Reason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


@dataclass(eq=False, slots=True)
class _Socket:
    """One connection; one that was told to leave gets no more envelopes."""

    websocket: WebSocket
    leaving: bool = False
    waiting: dict[str, asyncio.Future[JsonObject]] = field(default_factory=dict)


class SocketHub:
    """The open sockets of one app."""

    def __init__(self, app_id: str, heard: Callable[[Direction, str, object], None]) -> None:
        """`heard` is told of each message that passes, and which way."""
        self._app_id = app_id
        self._heard = heard
        self._tickets: set[str] = set()
        self._sockets: list[_Socket] = []
        self._turn = 0
        self._changed = asyncio.Condition()

    @property
    def connected(self) -> int:
        """How many sockets take envelopes."""
        return sum(not socket.leaving for socket in self._sockets)

    def issue_ticket(self) -> str:
        """Return a ticket that opens one socket."""
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, websocket: WebSocket) -> None:
        """Run one socket until it closes; a spent or unknown ticket is turned away."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close(CLOSE_TICKET_SPENT)
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        if len(self._sockets) >= MOST_SOCKETS:
            await self._send(websocket, {"type": "disconnect", "reason": "too_many_websockets"})
            await websocket.close()
            return
        socket = _Socket(websocket)
        try:
            await self._send(websocket, self._hello(len(self._sockets) + 1))
            await self._join(socket)
            while True:
                self._acknowledged(socket, await websocket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            await self._leave(socket)

    async def deliver(self, kind: str, payload: JsonObject, *, accepts_response: bool) -> JsonObject | None:
        """Send an envelope to one socket and return what the acknowledgement carries; None if no socket is open.

        Raises ConnectionError if the socket closes first: the interaction is lost then, as with Slack.
        """
        ready = [socket for socket in self._sockets if not socket.leaving]
        if not ready:
            return None
        self._turn += 1
        socket = ready[self._turn % len(ready)]
        envelope_id = secrets.token_hex(16)
        answered: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        socket.waiting[envelope_id] = answered
        envelope: JsonObject = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": accepts_response,
        }
        try:
            await self._send(socket.websocket, envelope)
            return await answered
        except WebSocketDisconnect as gone:
            raise ConnectionError("the socket closed before the envelope was sent") from gone
        finally:
            socket.waiting.pop(envelope_id, None)

    async def announce(self, reason: Reason) -> None:
        """Tell every socket that it must be replaced; after anything but a warning it gets no more envelopes."""
        for socket in list(self._sockets):
            socket.leaving = socket.leaving or reason != "warning"
            await self._send(socket.websocket, {"type": "disconnect", "reason": reason})

    async def wait_connected(self, count: int = 1) -> None:
        """Wait until at least `count` sockets take envelopes."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.connected >= count)

    def _hello(self, number: int) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": number,
            "debug_info": {"host": "playground", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }

    async def _send(self, websocket: WebSocket, message: JsonObject) -> None:
        self._heard("out", f"socket {message['type']}", message)
        await websocket.send_text(json.dumps(message))

    def _acknowledged(self, socket: _Socket, text: str) -> None:
        try:
            message = as_object(json.loads(text))
        except json.JSONDecodeError:
            return
        self._heard("in", "socket acknowledgement", message)
        waiting = socket.waiting.pop(as_text(message.get("envelope_id")), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(as_object(message.get("payload")))

    async def _join(self, socket: _Socket) -> None:
        async with self._changed:
            self._sockets.append(socket)
            self._changed.notify_all()

    async def _leave(self, socket: _Socket) -> None:
        for waiting in socket.waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the socket closed before the acknowledgement"))
        async with self._changed:
            if socket in self._sockets:
                self._sockets.remove(socket)
            self._changed.notify_all()
