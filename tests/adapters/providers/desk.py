"""What stands on both sides of a provider in its tests: a core that listens, and the door at which it is called."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.adapter import Callback, DeliveryFailed, FailureKind
from bot.domain.event import Severity
from bot.playground.listener import LOOPBACK, Listener
from bot.provider import CalledBack, Envelope, Provider, Report, Spoken
from cards.card import Button, Card, Confirm, Tone
from cards.script import Script

WITHIN = 15.0
REFERENCE = "17.c2lnbmVk"
FORGED = "17.Zm9yZ2Vk"
ASK = Confirm("Close #42?", "It stays closed.", "Close", "Cancel")
BUTTONS = (Button("Acknowledge", "ack 42 v7"), Button("Close", "close 42 v7", confirm=ASK))
LINKS = {"ack 42 v7": "https://oncall.example.com/links/a", "close 42 v7": "https://oncall.example.com/links/c"}


class Desk:
    """The core's side: it keeps what it is told, and answers with what it is given."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.replies: list[Spoken] = []
        self.picked_up: list[str] = []
        self.keys: list[tuple[str, str, str]] = []
        self.seen_: list[tuple[str, str]] = []
        self.answer = "Acknowledged by Ana"
        self.script = Script(("Thank you.",), digits=0)

    async def reported(self, report: Report) -> None:
        self.reports.append(report)

    async def replied(self, spoken: Spoken) -> str:
        self.replies.append(spoken)
        return self.answer

    async def answered(self, reference: str) -> Script:
        self.picked_up.append(reference)
        return self.script

    async def pressed(self, reference: str, keys: str, *, id: str = "") -> Script:  # noqa: A002 - As the protocol has it.
        self.keys.append((reference, keys, id))
        return self.script

    def knows(self, reference: str) -> bool:
        return reference != FORGED

    async def seen(self, reference: str, token: str) -> str:
        self.seen_.append((reference, token))
        return self.answer


class Door:
    """The address at which services call a provider, as Oncard's own routes serve it."""

    def __init__(self, provider: object, desk: Desk) -> None:
        assert isinstance(provider, CalledBack)
        self._provider = provider
        self._desk = desk
        route = Route("/push/main/{path:path}", self._take, methods=["GET", "POST", "PUT"])
        self._listener = Listener(Starlette(routes=[route]))

    @property
    def address(self) -> str:
        return f"http://{LOOPBACK}:{self._listener.port}/push/main/"

    async def __aenter__(self) -> Self:
        await self._listener.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._listener.close()

    async def _take(self, request: Request) -> Response:
        asked = Callback(
            path=request.path_params["path"],
            body=await request.body(),
            headers=dict(request.headers),
            query=request.url.query,
            method=request.method,
        )
        answer = await self._provider.callback(asked, self._desk)
        return Response(answer.body, answer.status, media_type=answer.content_type)


def a_card(**changes: Any) -> Card:
    card = Card(
        number=42,
        severity=Severity.CRITICAL,
        severity_word="Critical",
        tone=Tone.CRITICAL,
        title="disk full",
        summary="Critical: disk full (#42)",
        status=("Nobody has it yet",),
        buttons=BUTTONS,
    )
    return replace(card, **changes)


def an_envelope(to: str, **changes: Any) -> Envelope:
    return replace(Envelope(to=to, message=a_card(), reference=REFERENCE, links=LINKS), **changes)


async def until(predicate: Callable[[], bool]) -> None:
    """Wait until something makes `predicate` hold."""
    async with asyncio.timeout(WITHIN):
        while not predicate():  # noqa: ASYNC110 - What is waited for is on a phone, or in a list.
            await asyncio.sleep(0.002)


async def failure(provider: Provider, envelope: Envelope) -> DeliveryFailed:
    """Send, and return how it fails."""
    with pytest.raises(DeliveryFailed) as caught:
        await provider.send(envelope)
    return caught.value


async def kind_of(provider: Provider, envelope: Envelope) -> FailureKind:
    return (await failure(provider, envelope)).kind
