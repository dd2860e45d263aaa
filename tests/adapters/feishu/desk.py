"""What stands on both sides of the adapter in its tests: a core that listens, and a card to send."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.feishu.adapter import FeishuAdapter
from bot.adapter import Callback, Interaction, Reply
from bot.domain.event import Severity
from bot.playground.feishu.callbacks import request
from bot.playground.feishu.tenant import Tenant
from cards.card import Button, Card, Message, Tone
from cards.form import Choice, Field, Form

WITHIN = 15.0


class Desk:
    """The core's side: it keeps what it is told, and answers with `reply`, once `gate` is open."""

    def __init__(self, reply: Reply | None = None) -> None:
        self.reply = reply
        self.heard: list[Interaction] = []
        self.ups = 0
        self.downs: list[str] = []
        self.cancelled = 0
        self.fault: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self._changed = asyncio.Event()

    async def handle(self, interaction: Interaction) -> Reply | None:
        self.heard.append(interaction)
        self._changed.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.fault is not None:
            raise self.fault
        return self.reply

    def connected(self) -> None:
        self.ups += 1
        self._changed.set()

    def disconnected(self, why: str) -> None:
        self.downs.append(why)
        self._changed.set()

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Wait until something the core was told makes `predicate` hold."""
        async with asyncio.timeout(WITHIN):
            while not predicate():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def listening(adapter: FeishuAdapter, desk: Desk) -> AsyncIterator[asyncio.Task[None]]:
    """Run the adapter until the end of the block; it is connected when the block begins."""
    task = asyncio.create_task(adapter.run(desk))
    waiting = asyncio.create_task(desk.until(lambda: desk.ups > 0))
    try:
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        yield task
    finally:
        task.cancel()
        waiting.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)


class Still:
    """A clock that stands, until it is set."""

    def __init__(self, at: datetime = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        return event.is_set()


def a_card() -> Card:
    return Card(
        number=42,
        severity=Severity.CRITICAL,
        severity_word="Critical",
        tone=Tone.CRITICAL,
        title="disk full",
        summary="Critical: disk full (#42)",
        status=("Nobody has it yet",),
        buttons=(Button("Acknowledge", "ack 42 v3"), Button("Close…", "close? 42 v3")),
    )


def again(message: Message) -> Message:
    """Return the message as the core sends it after a try without an answer."""
    return replace(message, repeat=True)


def a_form() -> Form:
    fields = (
        Field("level", "Level", (Choice("Level 2", "2"), Choice("Level 3", "3"))),
        Field("who", "Person", (Choice("Ana", "ana@example.com"),), people=True),
        Field("text", "Why", hint="The deploy", lines=True),
    )
    return Form("Escalate #42", "escalate 42 v3", ("Whom to page?",), fields, "Escalate", "Cancel")


def posted(tenant: Tenant, payload: Any, *, encrypted: bool = True, signed: bool = True) -> Callback:
    """Return a request as Feishu makes it."""
    body, headers = request(tenant, payload, encrypted=encrypted, signed=signed)
    return Callback("events", body, {name.lower(): value for name, value in headers.items()})


def clicked(user: str, token: str = "ack 42 v3", *, event_id: str = "e1", **action: Any) -> dict[str, Any]:
    """Return the event of a click."""
    return {
        "schema": "2.0",
        "header": {"event_id": event_id, "token": "", "event_type": "card.action.trigger", "app_id": "cli_x"},
        "event": {
            "operator": {"open_id": user},
            "token": "c-1",
            "action": {"value": {"t": token}, "tag": "button", **action},
            "host": "im_message",
            "context": {"open_message_id": "om_1", "open_chat_id": "oc_1"},
        },
    }


def written(user: str, text: str, **message: Any) -> dict[str, Any]:
    """Return the event of a text in the direct conversation."""
    said = {
        "message_id": "om_9",
        "chat_id": "oc_p",
        "chat_type": "p2p",
        "message_type": "text",
        "content": json.dumps({"text": text}),
    }
    return {
        "schema": "2.0",
        "header": {"event_id": "e9", "event_type": "im.message.receive_v1"},
        "event": {"sender": {"sender_id": {"open_id": user}, "sender_type": "user"}, "message": said | message},
    }


async def failed(run: asyncio.Task[None]) -> Any:
    """Wait for the failure with which a run ends."""
    async with asyncio.timeout(WITHIN):
        await asyncio.wait([run])
    return run.exception()
