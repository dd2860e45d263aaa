"""What the bot has not been told yet: updates in order, each kept until it is fetched or too old.

Ids grow by one. A click is kept 150 s, everything else 24 hours; only the allowed kinds are kept at all, and the
list of them lasts until another is given (`Client.cpp`).
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.clock import Clock
from bot.playground.wire import JsonObject

CALLBACK_LIFE: Final = timedelta(seconds=150)
LIFE: Final = timedelta(hours=24)
UNASKED: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds that come only to a bot that asks for them by name."""

KINDS: Final = frozenset({"message", "edited_message", "callback_query", "my_chat_member", *UNASKED})
DEFAULT: Final = KINDS - UNASKED


@dataclass(frozen=True, slots=True)
class Update:
    """One update; `queue` names the chat or person within which the order is kept by a webhook."""

    id: int
    kind: str
    content: JsonObject
    queue: str
    at: datetime
    expires: datetime

    @property
    def body(self) -> JsonObject:
        """The update as it is sent."""
        return {"update_id": self.id, self.kind: self.content}


class Updates:
    """The updates that wait, oldest first."""

    def __init__(self, clock: Clock, first: int = 810_000_001) -> None:
        self._clock = clock
        self._waiting: list[Update] = []
        self._next = first
        self.allowed = DEFAULT
        self.arrived = asyncio.Event()

    def add(self, kind: str, content: JsonObject, queue: str) -> Update | None:
        """Put an update at the end, unless its kind is not asked for."""
        if kind not in self.allowed:
            return None
        now = self._clock.now()
        life = CALLBACK_LIFE if kind == "callback_query" else LIFE
        update = Update(self._next, kind, content, queue, now, now + life)
        self._next += 1
        self._waiting.append(update)
        self.arrived.set()
        return update

    def fetch(self, offset: int, limit: int) -> list[Update]:
        """Forget what stands before `offset` (negative: all but the last so many) and return the next updates."""
        waiting = self.waiting()
        if offset < 0:
            waiting = waiting[offset:]
        elif offset > 0:
            waiting = [update for update in waiting if update.id >= offset]
        self._waiting = list(waiting)
        return self._waiting[:limit]

    def waiting(self) -> list[Update]:
        """Return what waits and is not too old."""
        now = self._clock.now()
        self._waiting = [update for update in self._waiting if update.expires > now]
        return list(self._waiting)

    def done(self, update: Update) -> None:
        """Forget one update."""
        self._waiting = [waiting for waiting in self._waiting if waiting.id != update.id]

    def clear(self) -> None:
        """Forget all that waits."""
        self._waiting.clear()

    def allow(self, value: str) -> None:
        """Take the list of allowed kinds from a call, if it gives one; an empty list means the usual ones."""
        try:
            given = json.loads(value) if value else None
        except json.JSONDecodeError:
            return
        if isinstance(given, list) and all(isinstance(kind, str) for kind in given):
            self.allowed = _known(kind.lower() for kind in given) or DEFAULT


def _known(kinds: Iterable[str]) -> frozenset[str]:
    return frozenset(kinds) & KINDS
