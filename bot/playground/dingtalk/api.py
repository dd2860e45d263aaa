"""DingTalk's addresses: the new API under /v1.0, the old one under /topapi, webhooks under /robot, the WebSocket.

Every call passes the same gates: read the arguments, faults, the ban, token, pace, scope, method. The new API refuses
with an HTTP status and `{code, message, requestid}`, the old one and the webhooks with HTTP 200 and `errcode`. From
memory: what is forbidden is HTTP 403 and names its scope in `accessdenieddetail`; the body decides, not the status.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from bot.playground.dingtalk.call import Call
from bot.playground.dingtalk.faults import Fault, Faults, Hold
from bot.playground.dingtalk.interactivity import Interactivity
from bot.playground.dingtalk.methods import METHODS, OLD
from bot.playground.dingtalk.pace import TOO_MANY_A_SECOND, Pace
from bot.playground.dingtalk.refusal import Refusal
from bot.playground.dingtalk.stream import StreamHub
from bot.playground.dingtalk.tokens import Tokens
from bot.playground.dingtalk.webhooks import Webhooks
from bot.playground.dingtalk.workspace import Workspace
from bot.playground.multipart import Part, parts_of
from bot.playground.wire import JsonObject, WireEntry, WireLog, as_object

ACCESS_HEADER: Final = "x-acs-dingtalk-access-token"
BAN_PAGE: Final = "<html><body>punish: too many requests from this address</body></html>"
NO_ACCESS: Final = "40014"
NO_SCOPE: Final = "60011"


@dataclass(slots=True)
class Parts:
    """The parts of the server that a call touches."""

    workspace: Workspace
    tokens: Tokens
    stream: StreamHub
    interactivity: Interactivity
    webhooks: Webhooks
    faults: Faults
    pace: Pace
    log: WireLog
    cut: Callable[[tuple[str, int]], None]
    address: str = ""


@dataclass(frozen=True, slots=True)
class _Said:
    """A call as it was read: `name` is the method's without the verb, `old` whether it speaks the old API."""

    verb: str
    name: str
    old: bool
    arguments: JsonObject
    token: str
    files: Mapping[str, Part] = field(default_factory=dict)


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
    """Return the ASGI application of one DingTalk."""
    api = _Api(parts)
    verbs = ["GET", "POST", "PUT", "DELETE"]
    return Starlette(
        routes=[
            Route("/v1.0/{method:path}", api.new, methods=verbs),
            Route("/topapi/{method:path}", api.old, methods=verbs),
            Route("/media/{method}", api.media, methods=verbs),
            Route("/robot/{method}", api.webhook, methods=verbs),
            WebSocketRoute("/connect", api.connect),
        ]
    )


class _Api:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def new(self, request: Request) -> Response:
        """Answer a call of the new API."""
        return await self._answer(request, request.path_params["method"], self._run_new)

    async def old(self, request: Request) -> Response:
        """Answer a call of the old API."""
        return await self._answer(request, f"topapi/{request.path_params['method']}", self._run_old, old=True)

    async def media(self, request: Request) -> Response:
        """Answer a call of the old API's store."""
        return await self._answer(request, f"media/{request.path_params['method']}", self._run_old, old=True)

    async def webhook(self, request: Request) -> Response:
        """Take a message to a session webhook or from a custom robot."""
        return await self._answer(request, f"robot/{request.path_params['method']}", self._run_webhook, old=True)

    async def connect(self, websocket: WebSocket) -> None:
        """Open a Stream connection, unless a fault has it otherwise."""
        fault = self._parts.faults.next("connect")
        if fault is not None and fault.kind == "hang":
            fault.hold.reached.set()
            await fault.hold.released.wait()
        elif fault is not None and fault.kind == "cut":
            self._parts.cut((websocket.scope["client"][0], websocket.scope["client"][1]))
            while (await websocket.receive())["type"] != "websocket.disconnect":
                pass
            return
        elif fault is not None:
            await websocket.close()
            return
        await self._parts.stream.serve(websocket)

    async def _answer(
        self, request: Request, name: str, run: Callable[[_Said], JsonObject], *, old: bool = False
    ) -> Response:
        try:
            said = await _read(request, name, old=old)
        except Refusal as refusal:
            return self._finish(name, "", _refused(refusal, old=old))
        fault = self._parts.faults.next(name, json.dumps(said.arguments, ensure_ascii=False))
        if fault is None:
            return self._finish(name, said.arguments, self._usual(said, run))
        usual = self._usual(said, run) if fault.applied else None
        if fault.kind == "hang":
            waited = await _held(fault.hold, request)
            response = (usual or self._usual(said, run)) if waited else _NoAnswer(self._parts.cut)
        else:
            response = _NoAnswer(self._parts.cut) if fault.kind == "cut" else _scripted(fault, old=old)
        return self._finish(name, said.arguments, response)

    def _usual(self, said: _Said, run: Callable[[_Said], JsonObject]) -> Response:
        if self._parts.pace.banned:
            return HTMLResponse(BAN_PAGE, 403)
        try:
            return JSONResponse(run(said))
        except Refusal as refusal:
            return _refused(refusal, old=said.old)

    def _run_new(self, said: _Said) -> JsonObject:
        method = METHODS.get(f"{said.verb} {said.name}")
        if method is None:
            raise Refusal("InvalidAction.NotFound", "no such API", status=404)
        now = self._parts.workspace.clock.now()
        if method.token and not self._parts.tokens.valid(said.token, now):
            raise Refusal("InvalidAuthentication", "the access_token is not valid")
        self._parts.pace.take(said.name, now, counted=method.counted)
        if method.scope and method.scope not in self._parts.workspace.scopes:
            raise Refusal(
                "Forbidden.AccessDenied.AccessTokenPermissionDenied",
                f"the app has not been granted the permission: [{method.scope}]",
                status=403,
                extra={"accessdenieddetail": {"requiredScopes": [method.scope]}},
            )
        return method.run(self._call(said))

    def _run_old(self, said: _Said) -> JsonObject:
        method = OLD.get(said.name)
        if method is None:
            raise Refusal("22", "no such method")
        now = self._parts.workspace.clock.now()
        if not self._parts.tokens.valid(said.token, now):
            raise _sub(NO_ACCESS, "the access_token is not valid")
        try:
            self._parts.pace.take(said.name, now, counted=method.counted)
        except Refusal as refusal:
            raise Refusal("90018" if refusal.code == TOO_MANY_A_SECOND else "90020", refusal.message) from None
        if method.scope and method.scope not in self._parts.workspace.scopes:
            raise _sub(NO_SCOPE, f"the app has not been granted the permission: [{method.scope}]")
        result = method.run(self._call(said))
        said_so: JsonObject = {"errcode": 0, "errmsg": "ok"}
        return said_so | (result if method.bare else {"result": result, "request_id": secrets.token_hex(6)})

    def _run_webhook(self, said: _Said) -> JsonObject:
        webhooks = self._parts.webhooks
        query = {key: value for key, value in said.arguments.items() if isinstance(value, str)}
        match said.name:
            case "robot/sendBySession":
                return webhooks.by_session(query, said.arguments)
            case "robot/send":
                return webhooks.by_robot({**query, "access_token": said.token}, said.arguments)
        raise Refusal("404", "no such address")

    def _call(self, said: _Said) -> Call:
        parts = self._parts
        return Call(
            parts.workspace,
            parts.tokens,
            parts.stream,
            parts.interactivity,
            parts.pace,
            parts.address,
            said.arguments,
            said.files,
        )

    def _finish(self, name: str, arguments: object, response: Response) -> Response:
        """Write an exchange into the log and return the response."""
        silent = isinstance(response, _NoAnswer)
        heard: object = "connection cut" if silent else bytes(response.body).decode()
        if isinstance(response, JSONResponse):
            heard = json.loads(bytes(response.body))
        status = None if silent else response.status_code
        now = self._parts.workspace.clock.now()
        self._parts.log.record(WireEntry(now, "in", name, arguments, heard, status))
        return response


async def _read(request: Request, name: str, *, old: bool) -> _Said:
    """Return a call's arguments and token, from the query and a JSON body; raises `Refusal`."""
    arguments: JsonObject = dict(request.query_params)
    token = request.headers.get(ACCESS_HEADER, "")
    if old:
        token = str(arguments.pop("access_token", ""))
    body = await request.body()
    files = parts_of(request.headers.get("content-type", ""), body)
    if body and not files:
        arguments |= _json_arguments(body)
    return _Said(request.method, name, old, arguments, token, files)


def _json_arguments(body: bytes) -> JsonObject:
    """Return the object that a body holds; one that cannot be written as UTF-8 is refused as well."""
    try:
        value = json.loads(body)
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError:
        raise Refusal("InvalidParameter.Body", "the body is no JSON") from None
    if not isinstance(value, dict):
        raise Refusal("InvalidParameter.Body", "the body is no JSON object")
    return as_object(value)


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


def _sub(code: str, message: str) -> Refusal:
    """Return the old API's refusal by its gateway: number 88, and the reason as `sub_code`."""
    words = f"ding talk error[subcode={code},submsg={message}]"
    return Refusal("88", words, extra={"sub_code": code, "sub_msg": message})


def _refused(refusal: Refusal, *, old: bool) -> Response:
    request_id = secrets.token_hex(8).upper()
    if old:
        return JSONResponse(refusal.old_body(request_id))
    return JSONResponse(refusal.body(request_id), refusal.status)


def _scripted(fault: Fault, *, old: bool) -> Response:
    """Return the answer that a fault gives instead of the method's own."""
    match fault.kind:
        case "status":
            return HTMLResponse("<html><body>upstream trouble</body></html>", int(fault.value))
        case "garble":
            return PlainTextResponse("<html>maintenance</html>", headers={"Content-Type": "application/json"})
        case "rate_limit":
            refusal = Refusal("90018" if old else TOO_MANY_A_SECOND, "too many calls a second of this API", status=429)
            body = refusal.old_body("0") if old else refusal.body("0")
            return JSONResponse(body, refusal.status, headers={"Retry-After": fault.value})
        case _:
            return _refused(Refusal(fault.value), old=old)
