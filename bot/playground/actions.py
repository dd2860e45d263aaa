"""What the local servers of the cloud services share: one address, calls that a header names, repeated callbacks."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.clock import Clock
from bot.playground.endpoint import Endpoint, Heard, Reports, Told, readable
from bot.playground.wire import JsonObject

T = TypeVar("T")

JSON: Final = {"content-type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A call as it came. Header names are lower case; `query` is what follows the question mark."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """What a call is answered."""

    body: JsonObject
    status: int = 200


class ActionEndpoint(Endpoint, ABC):
    """The service. `header` names what is called; `again`: seconds before each repeat of a callback.

    `where`: kind of callback and the address to post it to; what has none is not told. The last but one part of an
    address is taken for a secret. `reports` is as everywhere; what was late is told all of one kind at once, the newest
    first.
    """

    def __init__(self, clock: Clock, port: int, *, header: str, again: Sequence[float]) -> None:
        super().__init__(clock, port)
        self.where: dict[str, str] = {}
        self._header = header
        self._again = again
        self._held: list[tuple[str, JsonObject]] = []
        self._work: set[asyncio.Task[object]] = set()
        self._online = asyncio.Event()
        self._app.router.routes.append(Route("/{path:path}", self._called, methods=["GET", "POST"]))

    # What the service is

    @abstractmethod
    def answer(self, asked: Asked) -> Said:
        """Judge a call, carry it out and say what it is answered."""

    @abstractmethod
    def bodies(self, kind: str, items: Sequence[JsonObject]) -> list[object]:
        """Return the bodies of the callbacks that tell this."""

    @abstractmethod
    def is_taken(self, heard: Heard) -> bool:
        """Whether a callback that was answered so is not repeated."""

    # Running

    async def start(self) -> None:
        """Listen; raises OSError if the port is taken."""
        await super().start()
        self._online.set()

    async def stop(self) -> None:
        """Drop every connection, call nobody and tell nothing any more."""
        work = tuple(self._work)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await super().stop()

    async def pull_plug(self) -> None:
        """Make the service vanish: every connection is dropped, new ones are refused, nothing is told."""
        self._online.clear()
        await super().pull_plug()

    async def put_back(self) -> None:
        """Bring it back on the same port, with everything it knew."""
        await super().put_back()
        self._online.set()

    async def idle(self) -> None:
        """Wait until nobody is being called and everything is told, or given up."""
        while self._work:
            await asyncio.wait(tuple(self._work))

    def begin(self, work: Coroutine[object, object, object]) -> None:
        """Let something go on beside the calls, until the service stops."""
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    # Calling

    def notify(self, kind: str, item: JsonObject) -> None:
        """Tell of something, as `reports` says."""
        if kind not in self.where or self.reports is Reports.LOST:
            return
        if self.reports is Reports.LATE:
            self._held.append((kind, item))
            return
        for _ in range(2 if self.reports is Reports.DOUBLED else 1):
            for body in self.bodies(kind, [item]):
                self.begin(self._deliver(self._told(kind, body)))

    async def tell_late(self) -> list[Heard]:
        """Tell what was late, and return what was answered; it is not repeated."""
        held, self._held = self._held[::-1], []
        kinds = dict.fromkeys(kind for kind, _ in held)
        told = [
            self._told(kind, body)
            for kind in kinds
            for body in self.bodies(kind, [item for of, item in held if of == kind])
        ]
        return [await self.ask(one) for one in told]

    def _told(self, kind: str, body: object) -> Told:
        self.log.hide(urlsplit(self.where[kind]).path.split("/")[-2:-1])
        return Told(kind, self.where[kind], json.dumps(body, ensure_ascii=False).encode(), JSON)

    async def _deliver(self, told: Told) -> None:
        for pause in (*self._again, None):
            await self._online.wait()
            if self.is_taken(await self.ask(told)) or pause is None:
                return
            await self.clock.sleep(pause)

    # Being called

    async def _called(self, request: Request) -> Response:
        name = request.headers.get(self._header, "")
        response = await self._befall(name, request, self._handle)
        self._record(name, readable(await request.body(), request.query_params), response)
        return response

    async def _handle(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        said = self.answer(Asked(request.method, request.url.path, request.url.query, headers, await request.body()))
        return JSONResponse(said.body, said.status)


async def within(clock: Clock, waiting: Coroutine[object, object, T], seconds: float) -> T | None:
    """Return what is waited for, None if it has not come after so many seconds of the clock."""
    wanted = asyncio.ensure_future(waiting)
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait((wanted, timer), return_when=asyncio.FIRST_COMPLETED)
        return wanted.result() if wanted.done() else None
    finally:
        wanted.cancel()
        timer.cancel()
