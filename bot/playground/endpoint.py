"""What the local servers of push services and gateways share: an address, trouble on demand, and what passed.

A server adds its routes and says what each of them does. Trouble befalls a route by its name, before the server has
looked at the call, or with `applied` after it: then the call has had its effect though the caller is not told. What a
server tells us of its own accord (a receipt, a reply) can be late, lost or doubled.
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from types import TracebackType
from typing import Final, Literal, Self
from urllib.parse import parse_qsl

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from bot.clock import Clock
from bot.playground.listener import LOOPBACK, Listener
from bot.playground.wire import WireEntry, WireLog

ANY: Final = "*"
CALL_SECONDS: Final = 10.0
"""How long a server waits, in real seconds, for an answer to what it tells us."""

Handle = Callable[[Request], Awaitable[Response]]


class Hold:
    """A call that hangs: `reached` is set when it has arrived, `release` lets it go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    def release(self) -> None:
        """Let the held calls go on."""
        self.released.set()


@dataclass(slots=True)
class _Fault:
    kind: Literal["refuse", "status", "hang", "cut"]
    route: str
    times: int
    applied: bool = False
    status: int = 0
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: Hold = field(default_factory=Hold)


class Faults:
    """The script of faults still to come; the first that fits a call is used up by it."""

    def __init__(self) -> None:
        self._script: list[_Fault] = []

    def refuse(
        self, route: str, status: int, body: object, *, times: int = 1, headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer with this status and this body, as JSON."""
        self._script.append(_Fault("refuse", route, times, status=status, body=body, headers=headers or {}))

    def status(self, route: str, status: int, *, times: int = 1) -> None:
        """Answer with an HTTP status of a gateway before the service, and its HTML."""
        self._script.append(_Fault("status", route, times, status=status))

    def hang(self, route: str, *, times: int = 1, applied: bool = False) -> Hold:
        """Do not answer until the returned hold is released."""
        fault = _Fault("hang", route, times, applied)
        self._script.append(fault)
        return fault.hold

    def cut(self, route: str, *, applied: bool, times: int = 1) -> None:
        """Abort the connection instead of an answer."""
        self._script.append(_Fault("cut", route, times, applied))

    def clear(self) -> None:
        """Forget the script and release whatever hangs."""
        for fault in self._script:
            fault.hold.release()
        self._script.clear()

    def next(self, route: str) -> _Fault | None:
        """Return the fault that befalls a call of this route, using it up."""
        for fault in self._script:
            if fault.times > 0 and fault.route in (ANY, route):
                fault.times -= 1
                return fault
        return None


class Reports(StrEnum):
    """What becomes of what a server tells us: `LATE` waits for `tell_late`."""

    ON_TIME = "on time"
    LATE = "late"
    LOST = "lost"
    DOUBLED = "doubled"


@dataclass(frozen=True, slots=True)
class Told:
    """One request that a server makes to us; `name` is what it goes by in the log."""

    name: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Heard:
    """What we answered; status 0: nothing at all."""

    status: int
    words: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether it was taken."""
        return 200 <= self.status < 300


class _NoAnswer(Response):
    """Aborts the connection instead of answering."""

    def __init__(self, cut: Callable[[tuple[str, int]], None]) -> None:
        super().__init__()
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._cut(scope["client"])
        while (await receive())["type"] != "http.disconnect":
            pass


class Endpoint:
    """One server on a loopback port, without routes of its own."""

    def __init__(self, clock: Clock, port: int = 0) -> None:
        self.clock = clock
        self.log = WireLog()
        self.faults = Faults()
        self.reports = Reports.ON_TIME
        self._late: list[Told] = []
        self._app = Starlette()
        self._listener = Listener(self._app, port)

    # Running

    async def start(self) -> None:
        """Listen; raises OSError if the port is taken."""
        await self._listener.start()

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        self.faults.clear()
        await self._listener.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def pull_plug(self) -> None:
        """Make the service vanish: every connection is dropped, new ones are refused."""
        await self._listener.pull()

    async def put_back(self) -> None:
        """Bring it back on the same port, with everything it knew."""
        await self._listener.start()

    @property
    def plugged(self) -> bool:
        """Whether it can be reached."""
        return self._listener.plugged

    @property
    def port(self) -> int:
        """The port, chosen at the first start if none was given."""
        return self._listener.port

    @property
    def api_base_url(self) -> str:
        """The address that a provider is configured with."""
        return f"http://{LOOPBACK}:{self.port}/"

    # Being called

    def route(self, name: str, method: str, path: str, handle: Handle) -> None:
        """Serve a path; `name` is what its faults and its lines in the log go by."""

        async def call(request: Request) -> Response:
            response = await self._befall(name, request, handle)
            self._record(name, readable(await request.body(), request.query_params), response)
            return response

        self._app.router.routes.append(Route(path, call, methods=[method]))

    async def _befall(self, name: str, request: Request, handle: Handle) -> Response:
        await request.body()
        fault = self.faults.next(name)
        if fault is None:
            return await handle(request)
        usual = await handle(request) if fault.applied else None
        match fault.kind:
            case "refuse":
                return JSONResponse(fault.body, fault.status, headers=dict(fault.headers))
            case "status":
                words = f"{fault.status} {HTTPStatus(fault.status).phrase}"
                return HTMLResponse(f"<html><body><h1>{words}</h1></body></html>", fault.status)
            case "cut":
                return _NoAnswer(self._listener.cut)
        fault.hold.reached.set()
        gone = asyncio.ensure_future(request.receive())
        released = asyncio.ensure_future(fault.hold.released.wait())
        await asyncio.wait((gone, released), return_when=asyncio.FIRST_COMPLETED)
        has_left = gone.done()
        for waiting in (gone, released):
            waiting.cancel()
        return _NoAnswer(self._listener.cut) if has_left else usual or await handle(request)

    def _record(self, name: str, asked: object, response: Response) -> None:
        is_silent = isinstance(response, _NoAnswer)
        heard: object = "connection cut" if is_silent else readable(bytes(response.body))
        status = None if is_silent else response.status_code
        self.log.record(WireEntry(self.clock.now(), "in", name, asked, heard, status))

    # Calling

    async def tell(self, told: Told) -> Heard:
        """Make a request to us, as `reports` says; what is late or lost is not answered."""
        if self.reports is Reports.LATE:
            self._late.append(told)
        if self.reports in (Reports.LATE, Reports.LOST):
            return Heard(0)
        if self.reports is Reports.DOUBLED:
            await self.ask(told)
        return await self.ask(told)

    async def tell_late(self) -> list[Heard]:
        """Make the requests that are late, the newest first."""
        late, self._late = self._late, []
        return [await self.ask(told) for told in reversed(late)]

    async def ask(self, told: Told) -> Heard:
        """Make a request to us at once, and return what was answered."""
        # No certificates are read: it calls addresses of this machine only.
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            async with httpx.AsyncClient(verify=nobody, timeout=CALL_SECONDS, trust_env=False) as client:
                answer = await client.request(
                    told.method, told.url, content=told.body or None, headers=dict(told.headers)
                )
            heard = Heard(answer.status_code, answer.text)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            heard = Heard(0, type(error).__name__)
        said = readable(heard.words.encode())
        asked = {"url": told.url, "body": readable(told.body)}
        self.log.record(WireEntry(self.clock.now(), "out", told.name, asked, said, heard.status or None))
        return heard


def readable(body: bytes, query: Mapping[str, str] | None = None) -> object:
    """Return a body as JSON if it is, else as the fields of a form if it looks like one, else as words."""
    text = body.decode(errors="replace")
    try:
        read: object = json.loads(text) if text else dict(query or {})
    except ValueError:
        fields = dict(parse_qsl(text, keep_blank_values=True))
        return fields if "=" in text and fields else text
    return read
