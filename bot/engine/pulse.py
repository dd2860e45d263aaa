"""Whether the checker still works, watched from outside of it: who checks the checker.

Time is counted in looks at the stored heartbeat, not by the clock: a clock that jumps, or one that differs from
another machine's, is no silence; nor is a process that stood still and goes on.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.clock import Clock
from bot.domain import trouble
from bot.domain.trouble import Check, key_of
from bot.engine import metrics
from bot.engine.troubles import Troubles
from storage import watch
from storage.database import Database

WATCHDOG: Final = "watchdog"
EVERY: Final = 30.0
# Three minutes without a beat.
MOST_STILL: Final = 6

log = structlog.get_logger(__name__)


class Pulse:
    """Feels the checker's heartbeat."""

    def __init__(self, database: Database, troubles: Troubles, clock: Clock) -> None:
        self._database = database
        self._troubles = troubles
        self._clock = clock
        self._seen: list[datetime | None] = []
        self._still = 0

    @property
    def silent_for(self) -> timedelta | None:
        """Return how long the checker has been silent; None: it has been heard of lately."""
        return timedelta(seconds=self._still * EVERY) if self._still >= MOST_STILL else None

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self._clock.sleep(EVERY)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; until then nothing is known.
                log.error("pulse_failed", error=type(error).__name__, detail=str(error)[:200])

    async def look(self) -> None:
        """Look once: is there a new heartbeat? Tell of a silence that lasts, and of its end."""
        last = (await self._database.read(watch.beats)).get(WATCHDOG)
        was_silent = self.silent_for is not None
        # What was stored before our first look may be old: only a beat that came since then is one.
        has_beaten = self._seen not in ([], [last])
        self._still = 0 if has_beaten else self._still + 1
        self._seen = [last]
        if last is not None:
            metrics.WATCHDOG_LAST.set(last.timestamp())
        silent_for = self.silent_for
        metrics.WATCHDOG_SILENT.set(silent_for is not None)
        if silent_for is None:
            if was_silent:
                log.info("watchdog_heard_again")
            await self._troubles.agree([], [key_of(Check.SILENT)] if has_beaten else [])
            return
        if not was_silent:
            log.error("watchdog_silent", seconds=silent_for.total_seconds())
        await self._troubles.agree([trouble.silent(silent_for)], [])
