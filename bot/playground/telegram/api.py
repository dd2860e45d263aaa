"""The Bot API over HTTP: `/bot<token>/<method>`.

Every call passes the same gates: read the arguments, faults, token, rate limit, method. The HTTP status of a refusal is
its error code. Arguments come from the query and from a form or JSON body; all become text, nested ones JSON text. A
form of several parts may hold files.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.playground import multipart
from bot.playground.telegram.account import need_token
from bot.playground.telegram.call import Call
from bot.playground.telegram.clicks import Clicks
from bot.playground.telegram.commands import Commands
from bot.playground.telegram.faults import Fault, Faults
from bot.playground.telegram.methods import EPHEMERAL, METHODS
from bot.playground.telegram.pace import Pace
from bot.playground.telegram.polling import Polling
from bot.playground.telegram.refusal import Refusal, bad_request, too_fast
from bot.playground.telegram.updates import Updates
from bot.playground.telegram.webhook import Webhook
from bot.playground.telegram.workspace import Workspace
from bot.playground.wire import WireEntry, WireLog

FORM: Final = "application/x-www-form-urlencoded"
POLL: Final = "getupdates"
GATEWAY: Final = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"

Arguments = dict[str, str]
Files = dict[str, bytes]
Given = tuple[Arguments, Files]


@dataclass(slots=True)
class Parts:
    """The parts of the server that a call touches."""

    workspace: Workspace
    updates: Updates
    clicks: Clicks
    commands: Commands
    webhook: Webhook
    polling: Polling
    faults: Faults
    pace: Pace
    log: WireLog
    cut: Callable[[tuple[str, int]], None]


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
    """Return the ASGI application of one Bot API server."""
    api = _BotApi(parts)
    methods = ["GET", "POST"]
    return Starlette(
        routes=[
            Route("/bot{token}/{method}", api.call, methods=methods),
            Route("/{path:path}", _nothing_here, methods=methods),
        ]
    )


async def _nothing_here(_request: Request) -> Response:
    return JSONResponse(Refusal(404, "Not Found").body(), 404)


class _BotApi:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def call(self, request: Request) -> Response:
        method = request.path_params["method"]
        name = METHODS[method.lower()].name if method.lower() in METHODS else method
        try:
            arguments, files = await _read(request)
        except Refusal as refusal:
            return self._finish(name, {}, _refused(refusal))
        hung_up: asyncio.Future[object] = asyncio.ensure_future(request.receive())
        try:
            fault = self._parts.faults.next(name, arguments.get("chat_id", ""))
            if fault is None:
                response = await self._run(request, name, (arguments, files), hung_up)
            else:
                response = await self._befall(fault, request, name, (arguments, files), hung_up)
        finally:
            hung_up.cancel()
        sizes = {field: f"{len(data)} bytes" for field, data in files.items()}
        return self._finish(name, arguments | sizes, response)

    async def _befall(
        self, fault: Fault, request: Request, name: str, given: Given, hung_up: asyncio.Future[object]
    ) -> Response:
        """Do to a call what the script says."""
        usual = await self._run(request, name, given, hung_up) if fault.applied else None
        match fault.kind:
            case "hang":
                fault.hold.reached.set()
                released = asyncio.ensure_future(fault.hold.released.wait())
                await asyncio.wait((released, hung_up), return_when=asyncio.FIRST_COMPLETED)
                released.cancel()
                if hung_up.done():
                    return _NoAnswer(self._parts.cut)
                return usual or await self._run(request, name, given, hung_up)
            case "cut":
                return _NoAnswer(self._parts.cut)
            case "status":
                words = f"{fault.status} {HTTPStatus(fault.status).phrase}"
                return HTMLResponse(GATEWAY.format(words), fault.status)
            case "garble":
                return PlainTextResponse("<html>maintenance</html>", headers={"Content-Type": "application/json"})
        return _refused(fault.refusal or Refusal(500, "Internal Server Error"))

    async def _run(self, request: Request, name: str, given: Given, hung_up: asyncio.Future[object]) -> Response:
        parts = self._parts
        call = Call(parts.workspace, parts.updates, parts.clicks, parts.commands, parts.webhook, *given)
        try:
            need_token(parts.workspace, request.path_params["token"])
            if name.lower() == POLL:
                result: object = await parts.polling.poll(call, hung_up)
            else:
                result = self._answer(name.lower(), call)
        except Refusal as refusal:
            return _refused(refusal)
        return JSONResponse({"ok": True, "result": result})

    def _answer(self, name: str, call: Call) -> object:
        parts, now = self._parts, self._parts.workspace.clock.now()
        method = METHODS.get(name)
        if method is None or (name in EPHEMERAL and not parts.workspace.ephemeral):
            raise Refusal(404, "Not Found: method not found")
        wait = parts.pace.take(call.text("chat_id"), now) if method.paced else parts.pace.take_rare(name, now)
        if wait:
            raise too_fast(wait)
        return method.run(call)

    def _finish(self, name: str, arguments: Arguments, response: Response) -> Response:
        """Write an exchange into the log and return the response."""
        silent = isinstance(response, _NoAnswer)
        heard: object = "connection cut" if silent else bytes(response.body).decode()
        if isinstance(response, JSONResponse):
            heard = json.loads(bytes(response.body))
        status = None if silent else response.status_code
        now = self._parts.workspace.clock.now()
        self._parts.log.record(WireEntry(now, "in", name, arguments, heard, status))
        return response


def _refused(refusal: Refusal) -> Response:
    headers = {"Retry-After": str(refusal.parameters["retry_after"])} if "retry_after" in refusal.parameters else None
    return JSONResponse(refusal.body(), refusal.code, headers=headers)


async def _read(request: Request) -> Given:
    """Return a call's arguments and files; raises `Refusal`."""
    arguments = dict(request.query_params)
    body = await request.body()
    files: Files = {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind == FORM:
        arguments |= dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    elif body and kind == "application/json":
        arguments |= _json_arguments(body)
    elif body and kind == multipart.KIND:
        parts = multipart.parts_of(request.headers["content-type"], body)
        files = {name: part.data for name, part in parts.items() if part.filename}
        arguments |= {name: part.data.decode(errors="replace") for name, part in parts.items() if not part.filename}
    return arguments, files


def _json_arguments(body: bytes) -> Arguments:
    try:
        value = json.loads(body)
    except ValueError:
        raise bad_request("Can't parse JSON object") from None
    if not isinstance(value, dict):
        raise bad_request("Object expected")
    return {key: item if isinstance(item, str) else json.dumps(item) for key, item in value.items() if item is not None}
