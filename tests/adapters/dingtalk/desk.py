"""What stands on both sides of the adapter in its tests: a core that listens, and a card to send."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.dingtalk.adapter import DingTalkAdapter
from bot.adapter import Callback, Interaction, Reply
from bot.domain.event import Severity
from bot.playground.dingtalk.interactivity import signature
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
async def listening(adapter: DingTalkAdapter, desk: Desk) -> AsyncIterator[asyncio.Task[None]]:
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
        await asyncio.sleep(0)

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


def posted(path: str, secret: str, body: Any, at: datetime, *, sign: str | None = None) -> Callback:
    """Return a request as DingTalk makes it: for `cards` signed with the API secret, for `robot` with the app's."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    now = str(int(at.timestamp() * 1000))
    if path == "cards":
        signed = signature(secret, now) if sign is None else sign
        return Callback(path, raw, {"x-ddpaas-signature-timestamp": now, "x-ddpaas-signature": signed})
    return Callback(
        path, raw, {"timestamp": now, "sign": signature(secret, f"{now}\n{secret}") if sign is None else sign}
    )


def clicked(user: str, token: str = "ack 42 v3", **more: Any) -> dict[str, Any]:
    """Return what is told of a click in a group."""
    content = {"cardPrivateData": {"actionIds": ["press"], "params": {"token": token}}}
    return {
        "type": "actionCallback",
        "outTrackId": "oncard-1",
        "userId": user,
        "spaceType": "IM_GROUP",
        "spaceId": "cid1",
        "extension": "{}",
        "content": json.dumps(content),
        **more,
    }


def written(user: str, text: str, **more: Any) -> dict[str, Any]:
    """Return what is told of a message in the direct conversation."""
    return {
        "conversationId": "cid9",
        "conversationType": "1",
        "senderStaffId": user,
        "senderId": "$:1",
        "senderNick": "Ana",
        "msgId": "m1",
        "msgtype": "text",
        "text": {"content": text},
        "chatbotUserId": "$:bot",
        **more,
    }


async def failed(run: asyncio.Task[None]) -> Any:
    """Wait for the failure with which a run ends."""
    async with asyncio.timeout(WITHIN):
        await asyncio.wait([run])
    return run.exception()
