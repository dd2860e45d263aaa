"""The page's routes: files, the present state, what people do, and a stream that says when to look again.

Nothing is loaded from elsewhere and no script stands in the page (Content-Security-Policy). What changes anything is a
POST of JSON, which no other site's form can send.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.clock import Clock, DemoClock, SystemClock
from bot.playground.page.controls import Controls
from bot.playground.page.pane import Documents, Pane, Pictures, Switches
from bot.playground.page.samples import SAMPLES
from bot.playground.page.tour import Hands, Story, Tour
from bot.playground.wire import JsonObject, as_object, as_text

STATIC: Final = Path(__file__).parent / "static"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
DOCUMENT_HEADERS: Final = {
    **HEADERS,
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        "img-src data:; form-action 'none'; frame-ancestors 'self'"
    ),
}
"""A stranger's document brings its own looks; it runs nothing, fetches nothing, and is of no origin."""

STRETCHES: Final = {60: 2.0, 300: 5.0, 1800: 12.0}
"""Seconds that a button lets pass, and the real seconds they take."""

REAL_TIME: Final = SystemClock()
PULSE_SECONDS: Final = 1.0
FAST_PULSE_SECONDS: Final = 0.25
MERGE_SECONDS: Final = 0.03
"""Changes that come together are told together; all in real seconds."""


def routes(
    panes: Sequence[Pane],
    clock: Clock,
    controls: Controls,
    stopping: asyncio.Event | None = None,
    story: Story | None = None,
) -> list[Route]:
    """Return the routes of the page over these servers; only a `DemoClock` can be made to run.

    `stopping`: when it is set, the streams of news end, which would keep the web server waiting. `story`: what plays by
    itself when a visitor wants to watch.
    """
    page = _Page({pane.id: pane for pane in panes}, clock, controls, stopping or asyncio.Event(), story or Story())
    return [
        Route("/playground", page.index),
        Route("/playground/static/{path:path}", page.file),
        Route("/playground/state", page.state),
        Route("/playground/chat", page.chat),
        Route("/playground/document", page.document),
        Route("/playground/picture", page.picture),
        Route("/playground/act", page.act, methods=["POST"]),
        Route("/playground/control", page.control, methods=["POST"]),
        Route("/playground/events", page.events),
    ]


class _Page:
    def __init__(
        self, panes: dict[str, Pane], clock: Clock, controls: Controls, stopping: asyncio.Event, story: Story
    ) -> None:
        self._stopping = stopping
        self._panes = panes
        self._clock = clock
        self._controls = controls
        self._tour = Tour(story, panes, Hands(self._do, self._act, self._runs_fast))

    async def index(self, _request: Request) -> Response:
        return _file("playground.html")

    async def file(self, request: Request) -> Response:
        return _file(request.path_params["path"])

    async def state(self, request: Request) -> Response:
        """Everything beside the chats that are open: panes with people and chats as `as` sees them, clock, samples.

        `as` is a handle, which is the same person in every pane, or one pane's id of a person.
        """
        asked = request.query_params.get("as", "")
        panes = [_overview(pane, asked) for pane in self._panes.values()]
        return _json(
            {
                "panes": panes,
                "clock": self._time(),
                "tour": self._tour.shown(),
                "samples": [asdict(item) for item in SAMPLES],
                "curl": self._controls.curl(str(request.base_url).rstrip("/")),
            }
        )

    async def chat(self, request: Request) -> Response:
        """One chat as one person sees it."""
        asked = request.query_params
        try:
            pane = self._pane(asked.get("pane", ""))
            return _json(pane.conversation(asked.get("as", ""), asked.get("chat", "")))
        except LookupError as missing:
            return _refused(str(missing), 404)

    async def document(self, request: Request) -> Response:
        """A stranger's document that a pane holds, for a frame of its own."""
        asked = request.query_params
        try:
            pane = self._pane(asked.get("pane", ""))
            if not isinstance(pane, Documents):
                raise LookupError(f"the pane {pane.id!r} has no documents")
            return HTMLResponse(pane.document(asked.get("as", ""), asked.get("name", "")), headers=DOCUMENT_HEADERS)
        except LookupError as missing:
            return _refused(str(missing), 404)

    async def picture(self, request: Request) -> Response:
        """A picture in a message that a person sees."""
        asked = request.query_params
        try:
            pane = self._pane(asked.get("pane", ""))
            if not isinstance(pane, Pictures):
                raise LookupError(f"the pane {pane.id!r} has no pictures")
            png = pane.picture(asked.get("as", ""), asked.get("name", ""))
            return Response(png, media_type="image/png", headers=HEADERS)
        except LookupError as missing:
            return _refused(str(missing), 404)

    async def act(self, request: Request) -> Response:
        """Something a person does in a pane."""
        return await _asked(request, self._act)

    async def _act(self, body: JsonObject) -> JsonObject:
        pane = self._pane(as_text(body.get("pane")))
        return {"trouble": await pane.act(as_text(body.get("as")), body)}

    async def control(self, request: Request) -> Response:
        """Something the visitor does to the world."""
        return await _asked(request, self._do)

    async def _do(self, body: JsonObject) -> JsonObject:
        match body.get("do"):
            case "fire":
                return {"said": await self._controls.fire(as_text(body.get("sample")))}
            case "recover":
                return {"said": await self._controls.recover(as_text(body.get("sample")))}
            case "pull":
                await self._pane(as_text(body.get("pane"))).pull_plug()
                return {"said": "Unplugged"}
            case "put back":
                await self._pane(as_text(body.get("pane"))).put_back()
                return {"said": "Plugged in again"}
            case "switch":
                return await _switched(self._pane(as_text(body.get("pane"))), as_text(body.get("name")))
            case "run":
                return self._run(body.get("seconds"))
            case "tour":
                self._tour.start()
                return {}
            case "stop the tour":
                await self._tour.stop()
                return {}
            case other:
                raise LookupError(f"unknown control {other!r}")

    def _run(self, seconds: object) -> JsonObject:
        if not isinstance(seconds, int) or seconds not in STRETCHES or not isinstance(self._clock, DemoClock):
            raise LookupError(f"only a demo clock runs, and for one of {list(STRETCHES)} seconds")
        self._clock.run(seconds, within=STRETCHES[seconds])
        minutes = seconds // 60
        passes = "1 minute passes" if minutes == 1 else f"{minutes} minutes pass"
        return {"said": passes, "clock": self._time()}

    async def events(self, _request: Request) -> Response:
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _stream(self) -> AsyncIterator[str]:
        """Yield an event whenever there is something new to see, and the clock's pulse in between."""
        changed = asyncio.Event()
        with ExitStack() as watching:
            for pane in self._panes.values():
                watching.callback(pane.watch(changed.set))
            watching.callback(self._tour.watch(changed.set))
            yield "retry: 1000\nevent: changed\ndata: {}\n\n"
            while not self._stopping.is_set():
                if await REAL_TIME.wait(changed, self._pulse()):
                    await REAL_TIME.sleep(MERGE_SECONDS)
                    changed.clear()
                    yield "event: changed\ndata: {}\n\n"
                yield f"event: clock\ndata: {json.dumps(self._time())}\n\n"

    def _pulse(self) -> float:
        return FAST_PULSE_SECONDS if self._runs_fast() else PULSE_SECONDS

    def _time(self) -> JsonObject:
        runnable = isinstance(self._clock, DemoClock)
        return {"now": self._clock.now().isoformat(), "runnable": runnable, "fast": self._runs_fast()}

    def _runs_fast(self) -> bool:
        return isinstance(self._clock, DemoClock) and self._clock.fast

    def _pane(self, pane_id: str) -> Pane:
        if pane_id not in self._panes:
            raise LookupError(f"no pane {pane_id!r}")
        return self._panes[pane_id]


def _overview(pane: Pane, asked: str) -> JsonObject:
    people = pane.people()
    ids = [as_text(person.get("id")) for person in people]
    named = (as_text(person.get("id")) for person in people if asked in (person.get("id"), person.get("handle")))
    person = next(named, next(iter(ids), ""))
    return {
        "id": pane.id,
        "platform": pane.platform,
        "title": pane.title,
        "plugged": pane.plugged,
        "switches": dict(pane.switches()) if isinstance(pane, Switches) else {},
        "people": people,
        "person": person,
        "chats": pane.chats(person),
    }


async def _switched(pane: Pane, name: str) -> JsonObject:
    if not isinstance(pane, Switches):
        raise LookupError(f"the pane {pane.id!r} has no switches")
    await pane.switch(name)
    return {"said": f"{name.capitalize()}: {'on' if pane.switches()[name] else 'off'}"}


async def _asked(request: Request, do: Callable[[JsonObject], Awaitable[JsonObject]]) -> Response:
    """Do what a JSON body asks; other bodies are refused, for they can come from another site's form."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return _refused("send application/json", 415)
    try:
        return _json(await do(as_object(json.loads(await request.body()))))
    except json.JSONDecodeError:
        return _refused("the body is not JSON", 400)
    except LookupError as missing:
        return _refused(str(missing), 404)


def _file(path: str) -> Response:
    """Return one of the page's own files."""
    found = (STATIC / path).resolve()
    if not found.is_relative_to(STATIC.resolve()) or not found.is_file() or found.suffix not in TYPES:
        return _refused("no such file", 404)
    return FileResponse(found, media_type=TYPES[found.suffix], headers=HEADERS)


def _json(body: JsonObject) -> Response:
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _refused(why: str, status: int) -> Response:
    return JSONResponse({"error": why}, status)
