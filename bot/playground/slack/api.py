"""The Web API over HTTP, and the addresses beside it: response URLs and sockets.

Every call passes the same gates: read the arguments, faults, token, rate limit, scopes, method. A refusal is
HTTP 200 with `ok: false`; only being too fast is HTTP 429.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from bot.playground.slack.call import Call, need_scopes
from bot.playground.slack.faults import Fault, Faults, Hold
from bot.playground.slack.files import take_upload
from bot.playground.slack.methods import METHODS, Method
from bot.playground.slack.modals import Modals
from bot.playground.slack.pace import Pace
from bot.playground.slack.refusal import Refusal
from bot.playground.slack.response_urls import answer
from bot.playground.slack.socket_mode import SocketHub
from bot.playground.slack.triggers import Triggers
from bot.playground.slack.workspace import Workspace
from bot.playground.wire import JsonObject, WireEntry, WireLog, as_object

FORM: Final = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class Parts:
    """The parts of the server that a call touches."""

    workspace: Workspace
    triggers: Triggers
    modals: Modals
    sockets: SocketHub
    faults: Faults
    pace: Pace
    log: WireLog
    cut: Callable[[tuple[str, int]], None]
    address: str = ""


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
    """Return the ASGI application of one Slack."""
    api = _WebApi(parts)
    return Starlette(
        routes=[
            Route("/api/{method}", api.call, methods=["GET", "POST"]),
            Route("/actions/{key:path}", api.respond, methods=["POST"]),
            Route("/upload/v1/{key}", api.upload, methods=["POST"]),
            WebSocketRoute("/link/", parts.sockets.serve),
        ]
    )


class _WebApi:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def call(self, request: Request) -> Response:
        name = request.path_params["method"]
        try:
            arguments, token = await _read(request, METHODS.get(name))
        except Refusal as refusal:
            return self._finish(name, "", JSONResponse(refusal.body()))
        came = self._parts.workspace.clock.now()
        fault = self._parts.faults.next(name, str(arguments.get("channel", "")))
        if fault is None:
            return self._finish(name, arguments, self._run(name, arguments, token), came)
        return self._finish(name, arguments, await self._befall(fault, request, arguments, token), came)

    async def _befall(self, fault: Fault, request: Request, arguments: JsonObject, token: str) -> Response:
        """Do to a call what the script says."""
        name = request.path_params["method"]
        usual = self._run(name, arguments, token) if fault.applied else None
        if fault.kind == "hang":
            waited = await _held(fault.hold, request)
            response = (usual or self._run(name, arguments, token)) if waited else _NoAnswer(self._parts.cut)
        else:
            response = _NoAnswer(self._parts.cut) if fault.kind == "cut" else _scripted(fault)
        return response

    def _run(self, name: str, arguments: JsonObject, token: str) -> Response:
        parts = self._parts
        try:
            method = _authorised(parts.workspace, name, token)
            wait = parts.pace.take(
                name, method.per_minute, _counted(parts.workspace, method, arguments), parts.workspace.clock.now()
            )
            if wait is not None:
                return _too_fast(wait)
            need_scopes(parts.workspace, method.scopes)
            call = Call(parts.workspace, parts.triggers, parts.modals, parts.sockets, parts.address, arguments)
            body = method.run(call)
        except Refusal as refusal:
            body = refusal.body()
        return JSONResponse(body, headers=_granted(parts.workspace, name))

    async def respond(self, request: Request) -> Response:
        """Take an answer to a response URL: 404 for one that is spent or too old."""
        parts = self._parts
        try:
            body = as_object(json.loads(await request.body() or b"{}"))
        except json.JSONDecodeError:
            return self._finish("response_url", "", PlainTextResponse("invalid_payload", 400))
        fault = parts.faults.next("response_url", "")
        if fault is not None and not (fault.kind == "hang" and await _held(fault.hold, request)):
            trouble = _NoAnswer(parts.cut) if fault.kind in ("cut", "hang") else _scripted(fault)
            return self._finish("response_url", body, trouble)
        try:
            target = parts.triggers.use_url(request.path_params["key"], parts.workspace.clock.now())
            answer(parts.workspace, target, body)
        except Refusal as refusal:
            status = 404 if refusal.code in ("used_url", "expired_url") else 400
            return self._finish("response_url", body, JSONResponse(refusal.body(), status))
        return self._finish("response_url", body, PlainTextResponse("ok"))

    async def upload(self, request: Request) -> Response:
        """Take the bytes of a file."""
        parts = self._parts
        data = await request.body()
        fault = parts.faults.next("upload", "")
        if fault is not None and not (fault.kind == "hang" and await _held(fault.hold, request)):
            trouble = _NoAnswer(parts.cut) if fault.kind in ("cut", "hang") else _scripted(fault)
            return self._finish("upload", f"{len(data)} bytes", trouble)
        try:
            take_upload(parts.workspace, request.path_params["key"], data)
        except Refusal as refusal:
            status = 404 if refusal.code == "upload_url_expired" else 400
            return self._finish("upload", f"{len(data)} bytes", PlainTextResponse(refusal.code, status))
        return self._finish("upload", f"{len(data)} bytes", PlainTextResponse(f"OK - {len(data)}"))

    def _finish(self, name: str, arguments: object, response: Response, came: datetime | None = None) -> Response:
        """Write an exchange into the log and return the response; `came`: when it had been read, if not just now."""
        silent = isinstance(response, _NoAnswer)
        heard: object = "connection cut" if silent else bytes(response.body).decode()
        if isinstance(response, JSONResponse):
            heard = json.loads(bytes(response.body))
        status = None if silent else response.status_code
        at = came or self._parts.workspace.clock.now()
        self._parts.log.record(WireEntry(at, "in", name, arguments, heard, status))
        return response


async def _read(request: Request, method: Method | None) -> tuple[JsonObject, str]:
    """Return a call's arguments and token, from the query and from a form or JSON body; raises `Refusal`."""
    arguments: JsonObject = dict(request.query_params)
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind == FORM:
        arguments |= dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    elif body and kind == "application/json" and (method is None or method.json_body):
        arguments |= _json_arguments(body)
    token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    in_body = str(arguments.pop("token", "") or "")
    return arguments, token or in_body


def _json_arguments(body: bytes) -> JsonObject:
    """Return the object that a body holds; one that cannot be written as UTF-8 is refused as well."""
    try:
        value = json.loads(body)
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError:
        raise Refusal("invalid_json") from None
    if not isinstance(value, dict):
        raise Refusal("json_not_object")
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


def _authorised(workspace: Workspace, name: str, token: str) -> Method:
    """Return the method if the token may call it; raises `Refusal`."""
    method = METHODS.get(name)
    if method is None:
        raise Refusal("unknown_method", {"req_method": name})
    if not token:
        raise Refusal("not_authed")
    tokens = workspace.tokens
    if token not in (tokens.bot, tokens.app):
        raise Refusal("invalid_auth")
    if token == tokens.bot and tokens.revoked:
        raise Refusal("token_revoked")
    if method.app_token != (token == tokens.app):
        raise Refusal("not_allowed_token_type")
    return method


def _counted(workspace: Workspace, method: Method, arguments: JsonObject) -> str:
    """Return the channel whose messages are counted, whichever of its names the call used."""
    if not method.per_channel:
        return ""
    address = str(arguments.get("channel", "")).removeprefix("#")
    named = (c.id for c in workspace.channels.values() if address and address in (c.id, c.name, c.user))
    return next(named, address)


def _granted(workspace: Workspace, name: str) -> dict[str, str]:
    return {"x-oauth-scopes": ",".join(sorted(workspace.scopes)), "x-slack-req-id": name}


def _scripted(fault: Fault) -> Response:
    """Return the answer that a fault gives instead of the method's own."""
    match fault.kind:
        case "status":
            return PlainTextResponse("upstream trouble", int(fault.value))
        case "garble":
            return PlainTextResponse("<html>maintenance</html>", headers={"Content-Type": "application/json"})
        case "rate_limit":
            return _too_fast(int(fault.value))
        case _:
            return JSONResponse(Refusal(fault.value).body())


def _too_fast(seconds: int) -> Response:
    return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers={"Retry-After": str(seconds)})
