"""The turns of calls that go on: each is taken once, however often Twilio asks for it, and may take its time.

A turn is known by the call and its place in it. What is remembered lives in this process: another one that is asked in
the middle of a call says what the call says at that moment, and presses a key a second time only if Twilio repeats the
very request, which it does when it could not connect.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from bot.clock import Clock
from cards.script import Script

MOST_TURNS: Final = 1000

Work = Callable[[], Coroutine[Any, Any, Script]]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a call says at one point; `script` None: it is not known yet. `repeated`: it was asked for before."""

    script: Script | None
    repeated: bool


class Turns:
    """The newest turns, and which calls wait for a key."""

    def __init__(self, clock: Clock, patience: float) -> None:
        """Give at most `patience` seconds to a turn before something is said in between."""
        self._clock = clock
        self._patience = patience
        self._tasks: OrderedDict[tuple[str, int], asyncio.Task[Script]] = OrderedDict()
        self._listening: OrderedDict[str, bool] = OrderedDict()

    async def take(self, call: str, place: int, work: Work) -> Turn:
        """Return a turn, for which `work` is done unless it was begun before. Raises what `work` raises."""
        task = self._tasks.get((call, place))
        repeated = task is not None
        if task is None:
            task = self._tasks[call, place] = asyncio.get_running_loop().create_task(work())
            if len(self._tasks) > MOST_TURNS:
                self._tasks.popitem(last=False)
        over = asyncio.Event()
        task.add_done_callback(lambda _: over.set())
        if not await self._clock.wait(over, self._patience):
            return Turn(None, repeated)
        if task.exception() is not None:
            # What failed may be asked for again.
            self._tasks.pop((call, place), None)
        script = task.result()
        self._listening[call] = script.digits > 0
        if len(self._listening) > MOST_TURNS:
            self._listening.popitem(last=False)
        return Turn(script, repeated)

    def is_listening(self, call: str) -> bool:
        """Whether the call waits for a key, as far as this process knows."""
        return self._listening.get(call, False)
