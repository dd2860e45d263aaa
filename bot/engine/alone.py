"""What only one process may do: it is done here while this process holds the lease, and stops before it runs out.

The others wait. They take over when the holder gives its lease back, or when it has not renewed it in time. The clocks
of the machines may differ by as much as the margin.
"""

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.clock import Clock
from bot.engine.wakeups import Wakeups
from storage import leases
from storage.database import Connection, Database

LEASE: Final = timedelta(seconds=15)
# Three times before it runs out, so that a database may be away for a moment.
RENEW_EVERY: Final = 5.0
# Before the end of the lease the work is stopped, which takes a moment too.
MARGIN: Final = timedelta(seconds=3)
# Seconds between two tries to take a lease, or to renew it when that has failed.
POLL: Final = 1.0
# Seconds for giving a lease back: a database that hangs must not hold up a stop.
GIVE_BACK_WITHIN: Final = 1.0

Work = Callable[[], Coroutine[None, None, None]]

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Held:
    """A lease of ours, and until when; `renewed` is set whenever that has changed."""

    name: str
    until: datetime
    renewed: asyncio.Event = field(default_factory=asyncio.Event)


class Alone:
    """The leases of this process."""

    def __init__(self, database: Database, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._wakeups = wakeups
        self._clock = clock
        self._holder = uuid.uuid4().hex

    async def run(self, name: str, work: Work, waits: Callable[[], None]) -> None:
        """Do `work` whenever this process holds the lease, for ever; `waits` is called while another one does."""
        while True:
            self._wakeups.leases.clear()
            try:
                until = await self._take(name)
            except Exception as error:  # noqa: BLE001 - A database that is away comes back.
                log.warning("lease_not_taken", name=name, error=type(error).__name__)
                until = None
            if until is not None:
                await self._hold(_Held(name, until), work)
            else:
                waits()
                await self._clock.wait(self._wakeups.leases, POLL)

    async def _hold(self, held: _Held, work: Work) -> None:
        """Work until the work ends or the lease does; then let others have it."""
        log.info("lease_taken", name=held.name)
        tasks = [asyncio.create_task(one) for one in (work(), self._renew(held), self._run_out(held))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._give_back(held.name)

    async def _renew(self, held: _Held) -> None:
        """Renew the lease for ever; return when somebody else has taken it."""
        pause = RENEW_EVERY
        while True:
            await self._clock.sleep(pause)
            try:
                until = await self._take(held.name)
            except Exception as error:  # noqa: BLE001 - There is time to try again.
                log.warning("lease_not_renewed", name=held.name, error=type(error).__name__)
                pause = POLL
                continue
            if until is None:
                log.warning("lease_lost", name=held.name)
                return
            held.until, pause = until, RENEW_EVERY
            held.renewed.set()

    async def _run_out(self, held: _Held) -> None:
        """Return just before the lease runs out. A clock that is set back meanwhile makes no lease longer."""
        longest = (LEASE - MARGIN).total_seconds()
        while (left := (held.until - MARGIN - self._clock.now()).total_seconds()) > 0:
            if not await self._clock.wait(held.renewed, min(left, longest)):
                break
            held.renewed.clear()
        log.warning("lease_runs_out", name=held.name)

    async def _take(self, name: str) -> datetime | None:
        """Return until when the lease is ours; None: another process holds it."""
        now = self._clock.now()

        async def work(connection: Connection) -> bool:
            return await leases.take(connection, name, self._holder, now, now + LEASE)

        return now + LEASE if await self._database.transact(work) else None

    async def _give_back(self, name: str) -> None:
        async def work(connection: Connection) -> None:
            await leases.give_back(connection, name, self._holder)

        try:
            async with asyncio.timeout(GIVE_BACK_WITHIN):
                await self._database.transact(work)
        except Exception as error:  # noqa: BLE001 - It runs out by itself.
            log.warning("lease_not_given_back", name=name, error=type(error).__name__)
            return
        self._wakeups.lease_is_free()
