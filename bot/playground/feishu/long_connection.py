"""The long connection: the outbound-only way in which an app hears of events and clicks.

An app asks `POST /callback/ws/endpoint` for an address, opens a WebSocket there and gets binary protobuf frames
(`frame.Frame`). Of several connections a random one gets each frame and must acknowledge it. Source: the official SDK,
lark_oapi/ws, and https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/
request-url-configuration-case. Guesses: that an address opens one connection; the code for a wrong secret (1000040345);
above which size a frame is sent in parts.
"""

import asyncio
import base64
import binascii
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.playground.feishu.faults import Faults, Hold
from bot.playground.feishu.frame import CONTROL, DATA, Frame, decode, encode
from bot.playground.feishu.tenant import Tenant
from bot.playground.wire import Direction, JsonObject, as_object, as_text

SERVICE_ID: Final = 33554678
MOST_CONNECTIONS: Final = 50
PART_BYTES: Final = 64 * 1024
WRONG_SECRET: Final = 1000040345
TOO_MANY: Final = 1000040350
REFUSED: Final = 403
AUTH_FAILED: Final = 514


@dataclass(slots=True)
class ClientConfig:
    """How the server wants its clients to behave; counts and seconds, -1 for without end."""

    reconnect_count: int = -1
    reconnect_interval: float = 120
    reconnect_nonce: float = 30
    ping_interval: float = 120

    def shape(self) -> JsonObject:
        """Return it as it is told to clients."""
        return {
            "ReconnectCount": self.reconnect_count,
            "ReconnectInterval": self.reconnect_interval,
            "ReconnectNonce": self.reconnect_nonce,
            "PingInterval": self.ping_interval,
        }


@dataclass(frozen=True, slots=True)
class Ack:
    """How a frame was acknowledged: the app's own status and its answer, None if that cannot be read."""

    code: int
    data: JsonObject | None


@dataclass(frozen=True, slots=True)
class Handshake:
    """Why a WebSocket is refused, as its headers say; `auth_code` stands beside the status 514."""

    status: int
    msg: str
    auth_code: int = 0

    def headers(self) -> dict[str, str]:
        """Return the headers of the refusal."""
        headers = {"handshake-status": str(self.status), "handshake-msg": self.msg}
        return {**headers, "handshake-autherrcode": str(self.auth_code)} if self.auth_code else headers


@dataclass(eq=False, slots=True)
class _Connection:
    websocket: WebSocket
    waiting: dict[str, asyncio.Future[Ack]] = field(default_factory=dict)


class LongConnections:
    """The open connections of one app.

    `silent`: nothing is sent any more, no pong and no event, on connections old and new, which stay open.
    `choose`: which of the open connections gets an event; by default a random one.
    """

    def __init__(self, tenant: Tenant, faults: Faults, heard: Callable[[Direction, str, object], None]) -> None:
        self._tenant = tenant
        self._faults = faults
        self._heard = heard
        self._tickets: set[str] = set()
        self._connections: list[_Connection] = []
        self._changed = asyncio.Condition()
        self._refusals: list[Handshake] = []
        self.client_config = ClientConfig()
        self.most_connections = MOST_CONNECTIONS
        self.part_bytes = PART_BYTES
        self.silent = False
        self.choose: Callable[[Sequence[_Connection]], _Connection] = secrets.choice
        self.pings = 0
        self.address = ""

    @property
    def connected(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    async def wait_connected(self, count: int = 1) -> None:
        """Wait until at least `count` connections are open."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.connected >= count)

    async def wait_disconnected(self) -> None:
        """Wait until no connection is open."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._connections)

    def refuse_handshake(self, status: int = REFUSED, msg: str = "forbidden", *, auth_code: int = 0) -> None:
        """Refuse the next WebSocket, with the headers that say why."""
        self._refusals.append(Handshake(status, msg, auth_code))

    def endpoint(self, body: JsonObject) -> JsonObject:
        """Answer the discovery: an address that opens one connection."""
        app = self._tenant.app
        if as_text(body.get("AppID")) != app.id or as_text(body.get("AppSecret")) != app.secret:
            return {"code": WRONG_SECRET, "msg": "app_id or app_secret is invalid"}
        ticket, device = secrets.token_hex(16), f"{secrets.randbelow(10**18):019d}"
        self._tickets.add(ticket)
        query = f"device_id={device}&access_key={secrets.token_hex(16)}&service_id={SERVICE_ID}&ticket={ticket}"
        url = f"ws://{self.address}/ws/v2?fpid=493&aid=552564&{query}"
        return {"code": 0, "msg": "", "data": {"URL": url, "ClientConfig": self.client_config.shape()}}

    async def serve(self, websocket: WebSocket) -> None:
        """Run one connection until it closes; one without a good ticket, or one too many, is refused."""
        fault = self._faults.next("ws.connect")
        if fault is not None and not await _held(fault.hold, websocket):
            return
        refusal = self._refusal(websocket.query_params.get("ticket", ""))
        if refusal is not None:
            self._heard("in", "ws refused", {"status": refusal.status, "msg": refusal.msg})
            await websocket.send_denial_response(Response(status_code=400, headers=refusal.headers()))
            return
        await websocket.accept()
        connection = _Connection(websocket)
        await self._join(connection)
        try:
            while True:
                await self._received(connection, await websocket.receive_bytes())
        except (WebSocketDisconnect, KeyError):  # KeyError: a text frame, which nobody sends here
            pass
        finally:
            await self._leave(connection)

    async def deliver(self, message_id: str, payload: JsonObject) -> Ack | None:
        """Send an event and return its acknowledgement, None if no connection is open.

        Raises ConnectionError if the connection closes first.
        """
        if not self._connections:
            return None
        connection = self.choose(self._connections)
        acknowledged: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        connection.waiting[message_id] = acknowledged
        try:
            if not self.silent:
                await self._send_parts(connection, message_id, payload)
            return await acknowledged
        except (WebSocketDisconnect, RuntimeError) as gone:
            raise ConnectionError("the connection closed before the event was sent") from gone
        finally:
            connection.waiting.pop(message_id, None)

    async def drop(self, code: int = 1001) -> None:
        """Close every connection with a close code."""
        for connection in list(self._connections):
            await connection.websocket.close(code)

    def _refusal(self, ticket: str) -> Handshake | None:
        if self._refusals:
            return self._refusals.pop(0)
        if ticket not in self._tickets:
            return Handshake(REFUSED, "ticket is invalid")
        self._tickets.discard(ticket)
        if len(self._connections) >= self.most_connections:
            return Handshake(AUTH_FAILED, "the number of connections exceeded the limit", TOO_MANY)
        return None

    async def _send_parts(self, connection: _Connection, message_id: str, payload: JsonObject) -> None:
        data = json.dumps(payload, ensure_ascii=False).encode()
        parts = [data[at : at + self.part_bytes] for at in range(0, len(data), self.part_bytes)]
        self._heard("out", "ws event", payload)
        for number, part in enumerate(parts):
            headers = {
                "type": "event",
                "message_id": message_id,
                "trace_id": secrets.token_hex(16),
                "sum": str(len(parts)),
                "seq": str(number),
            }
            await connection.websocket.send_bytes(encode(Frame(DATA, headers, part, SERVICE_ID)))

    async def _received(self, connection: _Connection, data: bytes) -> None:
        try:
            frame = decode(data)
        except ValueError as error:
            self._heard("in", "ws garbage", str(error))
            return
        if frame.method == CONTROL and frame.headers.get("type") == "ping":
            await self._pong(connection, frame)
        elif frame.method == DATA:
            self._acknowledged(connection, frame)

    async def _pong(self, connection: _Connection, ping: Frame) -> None:
        self.pings += 1
        if self.silent:
            return
        payload = json.dumps(self.client_config.shape()).encode()
        await connection.websocket.send_bytes(encode(Frame(CONTROL, {"type": "pong"}, payload, ping.service)))

    def _acknowledged(self, connection: _Connection, frame: Frame) -> None:
        ack = _ack(frame.payload)
        message_id = frame.headers.get("message_id", "")
        self._heard("in", "ws ack", {"message_id": message_id, "code": ack.code, "data": ack.data})
        waiting = connection.waiting.get(message_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(ack)

    async def _join(self, connection: _Connection) -> None:
        async with self._changed:
            self._connections.append(connection)
            self._changed.notify_all()

    async def _leave(self, connection: _Connection) -> None:
        for waiting in connection.waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the connection closed before the acknowledgement"))
        async with self._changed:
            self._connections.remove(connection)
            self._changed.notify_all()


def _ack(payload: bytes) -> Ack:
    """Read `{"code": 200, "data": "<base64 of JSON>"}`; no data stands for an empty answer."""
    try:
        body = as_object(json.loads(payload or b"{}"))
    except ValueError:
        return Ack(0, None)
    code = body.get("code")
    if not isinstance(code, int):
        return Ack(0, None)
    if not body.get("data"):
        return Ack(code, {})
    try:
        data = json.loads(base64.b64decode(as_text(body.get("data")), validate=True))
    except (ValueError, binascii.Error):
        return Ack(code, None)
    return Ack(code, data if isinstance(data, dict) else None)


async def _held(hold: Hold, websocket: WebSocket) -> bool:
    """Leave a handshake without an answer until it is let go, and return whether the caller is still there."""
    hold.reached.set()
    released = asyncio.ensure_future(hold.released.wait())
    await websocket.receive()  # the request itself
    gone = asyncio.ensure_future(websocket.receive())
    try:
        await asyncio.wait((released, gone), return_when=asyncio.FIRST_COMPLETED)
        return not gone.done()
    finally:
        released.cancel()
        gone.cancel()
