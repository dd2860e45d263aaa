"""Stream: the outbound-only way in which an app hears of clicks, messages and events.

An app opens a connection at the gateway with its secret and is given an endpoint and a ticket that works once. Frames
are JSON texts with `specVersion`, `type`, `headers` and `data`, itself a JSON text; each is acknowledged by its
`messageId`. A message goes to one of the connections that subscribed to its topic. CALLBACKs are never repeated; an
EVENT is, until it is acknowledged with code 200 and without the status LATER. Announcing a disconnect, the server
stops delivering at once and drops the connection ten seconds later.

Sources: the SDK's own frames and handlers. How often the server pings, that a ticket works once and the pace of
repeated EVENTs are guesses.
"""

import asyncio
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.clock import Clock, SystemClock
from bot.playground.wire import Direction, JsonObject, as_object, as_objects, as_text

CARD_TOPIC: Final = "/v1.0/card/instances/callback"
ROBOT_TOPIC: Final = "/v1.0/im/bot/messages/get"

PING_SECONDS: Final = 20.0
ECHO_SECONDS: Final = 2.0
EVENT_SECONDS: Final = 5.0
REDELIVER_SECONDS: Final = 60.0
MOST_DELIVERIES: Final = 4
DROP_SECONDS: Final = 10.0
TICKET_LIFE: Final = timedelta(seconds=90)
CLOSE_TICKET_SPENT: Final = 4001

REAL_TIME: Final = SystemClock()


@dataclass(frozen=True, slots=True)
class Ack:
    """How a frame was acknowledged; `data` is its JSON, None if it is none."""

    code: int
    message: str
    data: object


@dataclass(frozen=True, slots=True)
class _Ticket:
    """Opens one connection with these subscriptions, until then."""

    topics: frozenset[tuple[str, str]]
    until: datetime


@dataclass(eq=False, slots=True)
class _Connection:
    """One connection. `leaving`: nothing is delivered any more; `silent`: nothing is sent; `deaf`: nothing is heard."""

    id: str
    websocket: WebSocket
    topics: frozenset[tuple[str, str]]
    leaving: bool = False
    silent: bool = False
    deaf: bool = False
    waiting: dict[str, asyncio.Future[Ack]] = field(default_factory=dict)

    def takes(self, kind: str, topic: str) -> bool:
        """Whether a frame of this kind and topic may be delivered here."""
        return not self.leaving and ((kind, topic) in self.topics or (kind, "*") in self.topics)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is sent on a connection; `headers` are those beyond the usual ones."""

    kind: str
    topic: str
    data: JsonObject
    headers: JsonObject = field(default_factory=dict)
    message_id: str = field(default_factory=lambda: secrets.token_hex(16))


class StreamHub:
    """The connections of one app.

    Seconds of the network are real ones: between pings, until an echo, until an event is acknowledged. An event is
    repeated after `redeliver_seconds`, a connection that was told to leave dropped after `drop_seconds`, by the clock.
    """

    def __init__(
        self,
        app_id: str,
        clock: Clock,
        heard: Callable[[Direction, str, object], None],
        cut: Callable[[tuple[str, int]], None],
    ) -> None:
        """`heard` is told of each frame that passes, and which way; `cut` aborts a connection without a farewell."""
        self._app_id = app_id
        self._clock = clock
        self._heard = heard
        self._cut = cut
        self._tickets: dict[str, _Ticket] = {}
        self._connections: list[_Connection] = []
        self._turn = 0
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._tells_events = False
        self.ping_seconds = PING_SECONDS
        self.echo_seconds = ECHO_SECONDS
        self.event_seconds = EVENT_SECONDS
        self.redeliver_seconds = REDELIVER_SECONDS
        self.drop_seconds = DROP_SECONDS

    @property
    def connected(self) -> int:
        """How many connections take messages."""
        return sum(not connection.leaving for connection in self._connections)

    @property
    def open(self) -> int:
        """How many connections there are, those that are told to leave too."""
        return len(self._connections)

    def issue_ticket(self, subscriptions: object) -> str:
        """Return a ticket that opens one connection with these subscriptions."""
        ticket = secrets.token_urlsafe(24)
        topics = frozenset((as_text(s.get("type")), as_text(s.get("topic"))) for s in as_objects(subscriptions))
        self._tickets[ticket] = _Ticket(topics, self._clock.now() + TICKET_LIFE)
        return ticket

    async def serve(self, websocket: WebSocket) -> None:
        """Run one connection until it closes; a spent or unknown ticket is turned away."""
        ticket = self._tickets.pop(websocket.query_params.get("ticket", ""), None)
        if ticket is None or self._clock.now() > ticket.until:
            await websocket.close(CLOSE_TICKET_SPENT)
            return
        await websocket.accept()
        connection = _Connection(secrets.token_hex(12), websocket, ticket.topics)
        pinging = asyncio.create_task(self._ping_on(connection))
        try:
            await self._join(connection)
            while True:
                await self._received(connection, await websocket.receive_text())
        except (WebSocketDisconnect, KeyError):  # KeyError: a binary frame has no text
            pass
        finally:
            pinging.cancel()
            await self._leave(connection)

    # Delivery

    async def callback(self, topic: str, data: JsonObject) -> Ack | None:
        """Deliver a message to one connection and return its acknowledgement; None if nobody takes the topic.

        Raises ConnectionError if the connection closes first: the message is lost then.
        """
        ready = [connection for connection in self._connections if connection.takes("CALLBACK", topic)]
        if not ready:
            return None
        self._turn += 1
        return await self._deliver(ready[self._turn % len(ready)], _Frame("CALLBACK", topic, data))

    async def event(self, kind: str, data: JsonObject) -> bool:
        """Deliver an event, again and again until it is acknowledged; return whether it was.

        It is repeated after `redeliver_seconds`, with the same eventId, at most three times more, also while the app is
        away; an app that never subscribed to events is told of none.
        """
        headers: JsonObject = {
            "eventId": secrets.token_hex(16),
            "eventType": kind,
            "eventCorpId": "ding00000000example",
            "eventBornTime": self._milliseconds(),
            "eventUnifiedAppId": secrets.token_hex(8),
        }
        for number in range(MOST_DELIVERIES):
            if number:
                await self._clock.sleep(self.redeliver_seconds)
            ready = [connection for connection in self._connections if connection.takes("EVENT", "*")]
            if not ready:
                if self._tells_events:
                    continue
                return False
            self._turn += 1
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(self.event_seconds):
                    ack = await self._deliver(ready[self._turn % len(ready)], _Frame("EVENT", "*", data, headers))
                if ack.code == 200 and as_object(ack.data).get("status", "SUCCESS") == "SUCCESS":
                    return True
        return False

    async def announce(self, reason: str = "persistent connection is timeout") -> None:
        """Tell every connection that it will be dropped; nothing is delivered to it from now on."""
        for connection in list(self._connections):
            connection.leaving = True
            await self._send(connection, _Frame("SYSTEM", "disconnect", {"reason": reason}))
            task = asyncio.create_task(self._drop_later(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def ping(self) -> list[bool]:
        """Ping every connection, and return which of them echoed what was sent in time."""
        return [await self._ping(connection) for connection in list(self._connections)]

    # Trouble

    def silence(self) -> None:
        """Send nothing more on the present connections, though they stay open and what is delivered there is lost."""
        for connection in self._connections:
            connection.silent = True

    def deafen(self) -> None:
        """Hear nothing more on the present connections: frames still come, acknowledgements are lost."""
        for connection in self._connections:
            connection.deaf = True

    def drop(self) -> None:
        """Abort every connection without a farewell."""
        for connection in list(self._connections):
            self._abort(connection)

    async def wait_connected(self, count: int = 1) -> None:
        """Wait until at least `count` connections take messages."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.connected >= count)

    async def wait_open(self, count: int) -> None:
        """Wait until there are exactly `count` connections."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.open == count)

    def stop(self) -> None:
        """Forget what is still to be done later."""
        for task in self._tasks:
            task.cancel()

    # Frames

    async def _deliver(self, connection: _Connection, frame: _Frame) -> Ack:
        answered: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        connection.waiting[frame.message_id] = answered
        try:
            await self._send(connection, frame)
            return await answered
        finally:
            connection.waiting.pop(frame.message_id, None)

    async def _send(self, connection: _Connection, frame: _Frame) -> None:
        if connection.silent:
            return
        shape: JsonObject = {
            "specVersion": "1.0",
            "type": frame.kind,
            "headers": {
                "appId": self._app_id,
                "connectionId": connection.id,
                "contentType": "application/json",
                "messageId": frame.message_id,
                "time": self._milliseconds(),
                "topic": frame.topic,
                **frame.headers,
            },
        }
        self._heard("out", f"stream {frame.kind} {frame.topic}", {**shape, "data": frame.data})
        with suppress(WebSocketDisconnect, RuntimeError):
            data = json.dumps(frame.data, ensure_ascii=False)
            await connection.websocket.send_text(json.dumps({**shape, "data": data}, ensure_ascii=False))

    async def _received(self, connection: _Connection, text: str) -> None:
        if connection.deaf:
            return
        frame = as_object(_json(text))
        data = _json(as_text(frame.get("data")))
        self._heard("in", "stream ack", {**frame, "data": data})
        message_id = as_text(as_object(frame.get("headers")).get("messageId"))
        waiting = connection.waiting.pop(message_id, None)
        code = frame.get("code")
        if waiting is not None and not waiting.done():
            waiting.set_result(Ack(code if isinstance(code, int) else 0, as_text(frame.get("message")), data))

    async def _ping_on(self, connection: _Connection) -> None:
        while True:
            await REAL_TIME.sleep(self.ping_seconds)
            await self._ping(connection)

    async def _ping(self, connection: _Connection) -> bool:
        opaque = secrets.token_hex(8)
        try:
            async with asyncio.timeout(self.echo_seconds):
                ack = await self._deliver(connection, _Frame("SYSTEM", "ping", {"opaque": opaque}))
        except (TimeoutError, ConnectionError):
            return False
        return ack.code == 200 and as_object(ack.data).get("opaque") == opaque

    async def _drop_later(self, connection: _Connection) -> None:
        await self._clock.sleep(self.drop_seconds)
        self._abort(connection)

    def _abort(self, connection: _Connection) -> None:
        client = connection.websocket.client
        if client is not None:
            self._cut((client.host, client.port))

    def _milliseconds(self) -> str:
        return str(int(self._clock.now().timestamp() * 1000))

    async def _join(self, connection: _Connection) -> None:
        async with self._changed:
            self._connections.append(connection)
            self._tells_events = self._tells_events or connection.takes("EVENT", "*")
            self._changed.notify_all()

    async def _leave(self, connection: _Connection) -> None:
        for waiting in connection.waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the connection closed before the acknowledgement"))
        async with self._changed:
            if connection in self._connections:
                self._connections.remove(connection)
            self._changed.notify_all()


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None
