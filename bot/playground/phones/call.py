"""One call on a phone: it rings, is picked up or not, speaks, and takes keys."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum


class Ended(StrEnum):
    """How a call came to its end."""

    BUSY = "busy"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    HUNG_UP = "hung_up"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Call:
    """A call as the phone and the network see it.

    `machine`: a voicemail has picked it up, which presses no key and hears everything to its end.
    """

    def __init__(self, number: str, caller: str, at: datetime, changed: Callable[[], None]) -> None:
        self.number = number
        self.caller = caller
        self.at = at
        self.heard: list[str] = []
        self.pressed = ""
        self.machine = False
        self.ended: Ended | None = None
        self._changed = changed
        self._picked_up = asyncio.Event()
        self._over = asyncio.Event()
        self._keys: asyncio.Queue[str] = asyncio.Queue()

    @property
    def is_ringing(self) -> bool:
        """Whether it waits to be picked up."""
        return self.ended is None and not self._picked_up.is_set()

    @property
    def is_talking(self) -> bool:
        """Whether somebody, or a machine, listens."""
        return self.ended is None and self._picked_up.is_set()

    # ---- the person's hands ------------------------------------------------------------------------------------------

    def pick_up(self, *, machine: bool = False) -> None:
        """Take the call. Raises LookupError when it rings no more."""
        if not self.is_ringing:
            raise LookupError("the call does not ring any more")
        self.machine = machine
        self._picked_up.set()
        self._changed()

    def decline(self) -> None:
        """Refuse it. Raises LookupError when it rings no more."""
        if not self.is_ringing:
            raise LookupError("the call does not ring any more")
        self.end(Ended.DECLINED)

    def press(self, keys: str) -> None:
        """Press keys, one after the other. Raises LookupError when nobody listens any more."""
        if not self.is_talking:
            raise LookupError("there is no call to press a key in")
        self.pressed += keys
        for key in keys:
            self._keys.put_nowait(key)
        self._changed()

    def hang_up(self) -> None:
        """Put down the phone. Raises LookupError when the call is over."""
        if self.ended is not None:
            raise LookupError("the call is over")
        self.end(Ended.HUNG_UP)

    # ---- the network's side ------------------------------------------------------------------------------------------

    def say(self, words: str) -> None:
        """Let these words be heard."""
        self.heard.append(words)
        self._changed()

    async def answered(self) -> bool:
        """Wait until it is picked up, True, or over, False."""
        await _first(self._picked_up, self._over)
        return self.is_talking

    async def key(self) -> str:
        """Wait for one key; empty: the call is over."""
        pressed = asyncio.ensure_future(self._keys.get())
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait((pressed, over), return_when=asyncio.FIRST_COMPLETED)
            return pressed.result() if pressed.done() else ""
        finally:
            pressed.cancel()
            over.cancel()

    async def is_over(self) -> None:
        """Wait until it has come to its end."""
        await self._over.wait()

    def end(self, how: Ended) -> None:
        """End it, unless it is over already."""
        if self.ended is None:
            self.ended = how
            self._over.set()
            self._changed()


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
