"""The OpenAPI over HTTP, the addresses of group robots, and the way to the long connection.

Every call passes the same gates: faults, token, IP list, quota, scopes, pace, method. A refusal is HTTP 400 with
`{code, msg, error}`, one for being too fast HTTP 429.
"""

import asyncio
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from bot.playground.feishu import hooks
from bot.playground.feishu.call import Call, Sent
from bot.playground.feishu.faults import Fault, Faults, Hold
from bot.playground.feishu.long_connection import LongConnections
from bot.playground.feishu.methods import Method, find
from bot.playground.feishu.pace import METHOD, Pace
from bot.playground.feishu.refusal import Refusal, invalid_field, missing_scopes
from bot.playground.feishu.tenant import Tenant
from bot.playground.multipart import Part, parts_of
from bot.playground.wire import JsonObject, WireEntry, WireLog, as_object, as_text

GATEWAY: Final = "<html><head><title>502 Bad Gateway</title></head><body><center>openresty</center></body></html>"
ADDRESS: Final = "127.0.0.1"


@dataclass(slots=True)
class Parts:
    """The parts of the server that a call touches."""

    tenant: Tenant
    connections: LongConnections
    faults: Faults
    pace: Pace
    log: WireLog
    cut: Callable[[tuple[str, int]], None]
    sent: Sent = field(default_factory=Sent)


class _NoAnswer(Response):
    """Aborts the connection instead of answering."""

    def __init__(self, cut: Callable[[tuple[str, int]], None]) -> None:
        super().__init__()
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._cut(scope["client"])
        while (await receive())["type"] != "http.disconnect":
            pass


def application(parts: Parts) -> Starlette:
    """Return the ASGI application of one Feishu."""
    api = _OpenApi(parts)
    return Starlette(
        routes=[
            Route("/callback/ws/endpoint", api.endpoint, methods=["POST"]),
            Route("/open-apis/bot/v2/hook/{token}", api.hook, methods=["POST"]),
            Route("/open-apis/{path:path}", api.call, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            WebSocketRoute("/ws/v2", parts.connections.serve),
        ]
    )


class _OpenApi:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def call(self, request: Request) -> Response:
        """A method of the OpenAPI."""
        found = find(request.method, request.path_params["path"])
        raw = await request.body()
        if found is None:
            return self._finish(request.path_params["path"], "", PlainTextResponse("404 page not found", 404))
        method, path = found
        files = parts_of(request.headers.get("content-type", ""), raw)
        try:
            body = _fields(files) if files else _object(raw)
        except Refusal as refusal:
            return self._finish(method.name, "", JSONResponse(refusal.body(), refusal.status))
        arguments = {**path, **request.query_params, **body}
        address = _address(path, body)
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        call = Call(
            self._parts.tenant, self._parts.pace, self._parts.sent, path, dict(request.query_params), body, files
        )
        return await self._answer(request, method.name, address, arguments, lambda: self._run(method, call, token))

    async def hook(self, request: Request) -> Response:
        """A message for a group robot."""
        raw, token = await request.body(), request.path_params["token"]

        def run() -> Response:
            try:
                return JSONResponse(hooks.post(self._parts.tenant, self._parts.pace, token, raw))
            except Refusal as refusal:
                return JSONResponse(hooks.refused(refusal))

        robot = self._parts.tenant.robots.get(token)
        shown = _readable(raw)
        return await self._answer(request, "bot.v2.hook", robot.chat if robot else "", shown, run)

    async def endpoint(self, request: Request) -> Response:
        """The discovery of the long connection."""
        body = as_object(_readable(await request.body()))
        self._parts.log.hide([as_text(body.get("AppSecret"))])
        return await self._answer(
            request, "ws.endpoint", "", body, lambda: JSONResponse(self._parts.connections.endpoint(body))
        )

    async def _answer(
        self, request: Request, name: str, address: str, arguments: object, run: Callable[[], Response]
    ) -> Response:
        """Run a call, or let a fault befall it."""
        fault = self._parts.faults.next(name, address)
        if fault is None:
            return self._finish(name, arguments, run())
        usual = run() if fault.applied else None
        if fault.kind == "hang":
            waited = await _held(fault.hold, request)
            response = (usual or run()) if waited else _NoAnswer(self._parts.cut)
        else:
            response = _NoAnswer(self._parts.cut) if fault.kind == "cut" else _scripted(fault)
        return self._finish(name, arguments, response)

    def _run(self, method: Method, call: Call, token: str) -> Response:
        try:
            self._admit(method, token)
            result = method.run(call)
        except Refusal as refusal:
            return JSONResponse(refusal.body(), refusal.status, headers=refusal.headers)
        body: JsonObject = {"code": 0, "msg": "success" if method.wraps == "data" else "ok"}
        return JSONResponse(body | ({method.wraps: result} if method.wraps else result))

    def _admit(self, method: Method, token: str) -> None:
        """Let a call through all gates; raises Refusal."""
        tenant = self._parts.tenant
        app = tenant.app
        if method.with_token and not token:
            raise Refusal(99991661)
        if method.with_token and not tenant.knows_token(token):
            raise Refusal(99991663)
        if app.allowed_ips is not None and ADDRESS not in app.allowed_ips:
            raise Refusal(99991401)
        if method.with_token and app.quota is not None:
            if app.quota <= 0:
                raise Refusal(99991403)
            app.quota -= 1
        if method.scopes and not method.scopes & app.scopes:
            raise missing_scopes(app.id, method.scopes)
        wait = self._parts.pace.take(method.name, METHOD, tenant.clock.now())
        if wait:
            raise _too_fast(math.ceil(wait))

    def _finish(self, name: str, arguments: object, response: Response) -> Response:
        """Write an exchange into the log and return the response."""
        silent = isinstance(response, _NoAnswer)
        heard: object = "connection cut" if silent else bytes(response.body).decode()
        if isinstance(response, JSONResponse):
            heard = json.loads(bytes(response.body))
        token = as_text(as_object(heard).get("tenant_access_token"))
        self._parts.log.hide([token, as_text(as_object(arguments).get("app_secret"))])
        status = None if silent else response.status_code
        now = self._parts.tenant.clock.now()
        self._parts.log.record(WireEntry(now, "in", name, arguments, heard, status))
        return response


def _object(raw: bytes) -> JsonObject:
    """Return the JSON object of a body, empty for none; raises Refusal."""
    try:
        value = json.loads(raw or b"{}")
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError:
        raise invalid_field("body", "", "the body is not JSON") from None
    return as_object(value)


def _fields(files: Mapping[str, Part]) -> JsonObject:
    """Return the fields of a form that are no files."""
    return {name: part.data.decode(errors="replace") for name, part in files.items() if not part.filename}


def _readable(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")


def _address(path: dict[str, str], body: JsonObject) -> str:
    """Return the chat, person or message that a call is for."""
    named = (as_text(body.get(key)) for key in ("receive_id", "open_id", "chat_id"))
    return path.get("message_id") or path.get("chat_id") or next(filter(None, named), "")


async def _held(hold: Hold, request: Request) -> bool:
    """Hold a call until it is released, and return whether the caller is still there."""
    hold.reached.set()
    released = asyncio.ensure_future(hold.released.wait())
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((released, gone), return_when=asyncio.FIRST_COMPLETED)
        return not gone.done()
    finally:
        released.cancel()
        gone.cancel()


def _scripted(fault: Fault) -> Response:
    """Return the answer that a fault gives instead of the method's own."""
    match fault.kind:
        case "status":
            return HTMLResponse(GATEWAY, fault.value)
        case "garble":
            return PlainTextResponse(GATEWAY, headers={"Content-Type": "application/json"})
        case "rate_limit":
            refusal = _too_fast(fault.value)
        case _:
            refusal = Refusal(fault.value, fault.msg)
    return JSONResponse(refusal.body(), refusal.status, headers=refusal.headers)


def _too_fast(seconds: int) -> Refusal:
    return Refusal(99991400, headers={"x-ogw-ratelimit-limit": "1000", "x-ogw-ratelimit-reset": str(seconds)})
