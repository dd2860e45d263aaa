"""getUpdates: one poller at a time; a second one ends the first with 409, and neither is told twice within 3 s.

Waiting is in real time, as the deadlines of whoever waits. The server's brake on hasty polling is not modelled.
"""

import asyncio
from typing import Any

from bot.clock import SystemClock
from bot.playground.telegram.call import Call
from bot.playground.telegram.refusal import Refusal
from bot.playground.telegram.updates import Updates
from bot.playground.wire import JsonObject

LONGEST_SECONDS = 50
CONFLICT_SECONDS = 3.0

BY_OTHER = "terminated by other getUpdates request; make sure that only one bot instance is running"
BY_WEBHOOK = "terminated by setWebhook request"
WHILE_WEBHOOK = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"

_REAL = SystemClock()


class _Poller:
    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.why = ""


class Polling:
    """The poller that waits, if there is one; `conflict_seconds` (real) is how long a repeated 409 is held back."""

    def __init__(self, updates: Updates) -> None:
        self._updates = updates
        self._poller: _Poller | None = None
        self._busy = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._told_until = 0.0
        self.conflict_seconds = CONFLICT_SECONDS

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for updates at this instant."""
        return self._poller is not None

    async def wait_busy(self) -> None:
        """Wait, in real time, until somebody waits for updates."""
        await self._busy.wait()

    async def wait_idle(self) -> None:
        """Wait, in real time, until nobody waits for updates."""
        await self._idle.wait()

    def end(self, why: str) -> None:
        """End the poll that waits, with 409 and `why`."""
        if self._poller is not None:
            self._poller.why = why
            self._poller.ended.set()

    async def poll(self, call: Call, gone: asyncio.Future[object]) -> list[JsonObject]:
        """Return the next updates, waiting up to `timeout` seconds for the first; raises `Refusal`.

        `gone` is done when the caller has hung up; then nothing is returned.
        """
        if call.webhook.url:
            raise await self._conflict(WHILE_WEBHOOK)
        call.updates.allow(call.text("allowed_updates"))
        offset, limit = call.whole("offset"), min(max(call.whole("limit") or 100, 1), 100)
        timeout = min(max(call.whole("timeout"), 0), LONGEST_SECONDS)
        found = self._updates.fetch(offset, limit)
        if not found and timeout:
            await self._wait(timeout, gone)
            found = [] if gone.done() else self._updates.fetch(max(offset, 0), limit)
        return [update.body for update in found]

    async def _wait(self, seconds: float, gone: asyncio.Future[object]) -> None:
        self.end(BY_OTHER)
        poller = self._poller = _Poller()
        self._busy.set()
        self._idle.clear()
        self._updates.arrived.clear()
        waiters = [asyncio.ensure_future(event.wait()) for event in (self._updates.arrived, poller.ended)]
        every: list[asyncio.Future[Any]] = [*waiters, gone]
        try:
            await asyncio.wait(every, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()
            if self._poller is poller:
                self._poller = None
                self._busy.clear()
                self._idle.set()
        if poller.why:
            raise await self._conflict(poller.why)

    async def _conflict(self, why: str) -> Refusal:
        loop = asyncio.get_running_loop()
        if loop.time() < self._told_until:
            await _REAL.sleep(self.conflict_seconds)
        else:
            self._told_until = loop.time() + self.conflict_seconds
        return Refusal(409, f"Conflict: {why}")
