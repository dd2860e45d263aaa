"""Oncard's side: an address at which Twilio reaches a provider, and a core that remembers what it was told."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.adapter import Answer, Callback
from bot.playground.listener import LOOPBACK, Listener
from bot.provider import CalledBack, Progress, Report, Spoken
from cards.script import Script
from tests.playground.manual_clock import ManualClock

MENU = Script(("This is Oncard.", "Critical incident number 42: disk full.", "To acknowledge, press 1."))
DONE = Script(("#42 is yours now.", "Goodbye."), digits=0, again=0)
NOTHING = Script(("Nothing was pressed.",), digits=0, again=0)


@dataclass
class Core:
    """What the core was told; `gate` holds it up until it is set."""

    reports: list[Report] = field(default_factory=list)
    replies: list[Spoken] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    picked_up: int = 0
    opening: Script = MENU
    answer: str = "#42 is yours now."
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    broken: bool = False

    def __post_init__(self) -> None:
        self.gate.set()

    async def reported(self, report: Report) -> None:
        self.reports.append(report)

    async def replied(self, spoken: Spoken) -> str:
        self.replies.append(spoken)
        await self.gate.wait()
        return self.answer

    async def answered(self, reference: str) -> Script:
        assert reference == "7.signed-word_"
        self.picked_up += 1
        if self.broken:
            self.broken = False
            raise RuntimeError("the database is away")
        await self.gate.wait()
        return self.opening

    async def pressed(self, reference: str, keys: str, *, id: str = "") -> Script:  # noqa: A002 - As in the protocol.
        assert reference == "7.signed-word_"
        assert id.startswith("CA")
        self.keys.append(keys)
        await self.gate.wait()
        if not keys:
            return NOTHING
        return DONE if keys == "1" else self.opening

    def knows(self, reference: str) -> bool:
        return bool(reference)

    async def seen(self, reference: str, token: str) -> str:
        raise AssertionError((reference, token))

    @property
    def progress(self) -> list[Progress]:
        return [one.progress for one in self.reports]


class Oncard:
    """A web server that passes everything on to one provider."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.provider: CalledBack | None = None
        self.answers: list[Answer] = []
        self.requests: list[Callback] = []
        routes = [Route("/{method}/main/{path:path}", self._pass_on, methods=["POST", "GET"])]
        self._listener = Listener(Starlette(routes=routes))

    async def __aenter__(self) -> Self:
        await self._listener.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._listener.close()

    def url(self, method: str) -> str:
        return f"http://{LOOPBACK}:{self._listener.port}/{method}/main/"

    async def _pass_on(self, request: Request) -> Response:
        assert self.provider is not None
        headers = {key.lower(): value for key, value in request.headers.items()}
        path, query = request.path_params["path"], request.url.query
        called = Callback(path, await request.body(), headers, query, request.method)
        self.requests.append(called)
        answer = await self.provider.callback(called, self.core)
        self.answers.append(answer)
        return Response(answer.body, answer.status, media_type=answer.content_type)


async def passing(clock: ManualClock, condition: Callable[[], object]) -> None:
    """Let time pass, a second at a time, until the condition holds; fifteen real seconds at most."""
    async with asyncio.timeout(15):
        while not condition():
            clock.advance(1)
            await asyncio.sleep(0.002)


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds, fifteen seconds at most."""
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - Any condition of the test's.
            await asyncio.sleep(0.002)
