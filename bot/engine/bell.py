"""The bell: tells the other processes of one PostgreSQL that there is work, and hears it from them.

What is rung while a notice is under way goes with the next one, so that a storm of commits is no storm of notices. What
is not heard is seen at the next poll: without a bell, work starts within a second instead of milliseconds.
"""

import asyncio
import uuid
from collections.abc import Collection
from functools import partial
from typing import Final

import structlog

from bot.clock import Clock
from bot.engine.wakeups import Wakeup, Wakeups
from storage import notices
from storage.database import Database

# Seconds between two notices of one process, at the least.
SPACING: Final = 0.02
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
# A connection that was lost without a word is noticed by not hearing ourselves.
CHECK_EVERY: Final = 30.0
HEARD_WITHIN: Final = 3.0

_OF_US: Final = frozenset(Wakeup)

log = structlog.get_logger(__name__)


class Bell:
    """One per process."""

    def __init__(self, database: Database, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock
        self._name = uuid.uuid4().hex
        self._heard_ourselves = asyncio.Event()
        self._is_deaf = False

    async def run(self) -> None:
        """Ring and listen, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_ringing())
            group.create_task(self._keep_listening())

    async def ring(self) -> None:
        """Tell the others what there is to tell. Raises what the database raises."""
        who = self._wakeups.take_for_others()
        if who:
            await self._tell(who)

    async def _keep_ringing(self) -> None:
        while True:
            await self._wakeups.abroad.wait()
            try:
                await self.ring()
            except Exception as error:  # noqa: BLE001 - The others find the work by themselves, only later.
                log.debug("not_rung", error=type(error).__name__)
            await self._clock.sleep(SPACING)

    async def _tell(self, who: Collection[Wakeup]) -> None:
        await self._database.transact(partial(notices.tell, text=" ".join([self._name, *sorted(who)])))

    async def _keep_listening(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                async with notices.listening(self._database, self._hear) as lost:
                    while await self._hears():
                        self._note("")
                        pause = FIRST_PAUSE
                        if await self._clock.wait(lost, CHECK_EVERY):
                            break
                    else:
                        self._note("nothing is heard: is there a pooler in transaction mode before the database?")
            except Exception as error:  # noqa: BLE001 - Whatever a driver raises while its server comes and goes.
                self._note(f"the database does not answer ({type(error).__name__})")
            await self._clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _hears(self) -> bool:
        self._heard_ourselves.clear()
        await self._tell(())
        return await self._clock.wait(self._heard_ourselves, HEARD_WITHIN)

    def _hear(self, text: str) -> None:
        name, *who = text.split()
        if name == self._name:
            self._heard_ourselves.set()
        else:
            # A newer version may have more to wake than this one.
            self._wakeups.hear(Wakeup(one) for one in who if one in _OF_US)

    def _note(self, why: str) -> None:
        """Say once that other processes are not heard, and once that they are again."""
        was_deaf, self._is_deaf = self._is_deaf, bool(why)
        if why and not was_deaf:
            log.warning("other_processes_not_heard", why=why, instead="their work is seen within a second")
        elif was_deaf and not why:
            log.info("other_processes_heard_again")
            # What was rung meanwhile was missed.
            self._wakeups.hear(_OF_US)
