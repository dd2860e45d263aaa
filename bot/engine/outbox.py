"""The queue's worker: claims what is due, has it carried, stores the outcome.

New work starts at once, by a wake-up after its commit; the poll is the safety net. Messages of one place go one after
the other, and one platform that hangs leaves room for the others.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import structlog

from bot.adapter import Adapter
from bot.clock import Clock
from bot.domain.delivery import Delivery, State
from bot.domain.people import WorkspaceId
from bot.engine.courier import Courier
from bot.engine.outcomes import Outcomes
from bot.engine.pacing import WHOLE, Pace, next_free
from bot.engine.picture import Picture
from bot.engine.wakeups import Wakeups
from storage import deliveries
from storage.database import Connection, Database
from storage.deliveries import Claimed

MOST_AT_ONCE: Final = 32
MOST_PER_WORKSPACE: Final = 12
POLL: Final = 1.0
PAUSE_AFTER_ERROR: Final = 1.0

log = structlog.get_logger(__name__)


class Outbox:
    """The sender: any number of them share one database."""

    def __init__(
        self,
        database: Database,
        picture: Picture,
        adapters: Mapping[WorkspaceId, Adapter],
        wakeups: Wakeups,
        clock: Clock,
    ) -> None:
        self._database = database
        self._adapters = adapters
        self._wakeups = wakeups
        self._clock = clock
        self._courier = Courier(database, picture, adapters)
        self._outcomes = Outcomes(database, picture)
        self._pace = Pace()
        self._under_way: dict[asyncio.Task[None], Delivery] = {}

    async def run(self) -> None:
        """Send for ever."""
        while True:
            self._wakeups.outbox.clear()
            try:
                await self.start()
                pause = await self._until_next()
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; the sender must still be there then.
                log.error("outbox_failed", error=type(error).__name__, detail=str(error)[:200])
                pause = PAUSE_AFTER_ERROR
            await self._clock.wait(self._wakeups.outbox, pause)

    async def start(self) -> int:
        """Begin to send what may go out now; return how many deliveries that are."""
        now = self._clock.now()
        room = MOST_AT_ONCE - len(self._under_way)
        if room <= 0:
            return 0
        busy = self._busy()
        token = uuid.uuid4().hex

        async def is_work(connection: Connection) -> bool:
            return await deliveries.is_work(connection, now)

        async def work(connection: Connection) -> list[Claimed]:
            await deliveries.reclaim(connection, now)
            return await deliveries.claim(connection, token, now, busy, room)

        if not await self._database.read(is_work):
            return 0
        claimed = await self._database.transact(work)
        for one in claimed:
            self._spend(one.delivery)
            task = asyncio.create_task(self._deliver(one))
            self._under_way[task] = one.delivery
            task.add_done_callback(self._finished)
        return len(claimed)

    async def drain(self) -> None:
        """Send everything that may go out now, and return when all of it has been settled."""
        while await self.start() or self._under_way:
            if self._under_way:
                await asyncio.wait(list(self._under_way))

    def held_until(self) -> list[datetime]:
        """Return the instants from which places may be written to again that may not be now."""
        return list(self._pace.busy(self._clock.now()).values())

    async def finish(self, seconds: float) -> None:
        """Let what is under way come to its end, for so long; what is cut off is found by its lease."""
        if self._under_way:
            _, late = await asyncio.wait(list(self._under_way), timeout=seconds)
            for task in late:
                task.cancel()

    async def _deliver(self, claimed: Claimed) -> None:
        carried = await self._courier.carry(claimed.delivery)
        outcome = await self._outcomes.settle(claimed, carried, self._clock.now())
        if outcome is None:
            log.warning("claim_lost", delivery=claimed.delivery.id, incident=claimed.delivery.incident)
            return
        place = claimed.delivery.place
        if outcome.hold_until is not None:
            self._pace.hold((place.workspace, place.key), outcome.hold_until)
        if outcome.state is State.FAILED:
            self._wakeups.timers.set()

    def _finished(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if not task.cancelled() and task.exception() is not None:
            log.error("delivery_not_settled", error=repr(task.exception())[:200])
        self._wakeups.outbox.set()

    def _busy(self) -> set[tuple[WorkspaceId, str]]:
        places = self._under_way.values()
        under_way = Counter(delivery.place.workspace for delivery in places)
        crowded = {(workspace, WHOLE) for workspace, count in under_way.items() if count >= MOST_PER_WORKSPACE}
        taken = {(delivery.place.workspace, delivery.place.key) for delivery in places}
        return crowded | taken | set(self._pace.busy(self._clock.now()))

    def _spend(self, delivery: Delivery) -> None:
        adapter = self._adapters.get(delivery.place.workspace)
        if adapter is not None:
            now, place = self._clock.now(), delivery.place
            self._pace.spend((place.workspace, place.key), adapter.capabilities.chat_rate, now)
            self._pace.spend((place.workspace, WHOLE), adapter.capabilities.workspace_rate, now)

    async def _until_next(self) -> float:
        now = self._clock.now()

        async def work(connection: Connection) -> float:
            later = await deliveries.next_pending_after(connection, now)
            return (later - now).total_seconds() if later else POLL

        soonest = min(await self._database.read(work), POLL)
        return min(soonest, next_free(self._pace.busy(now).values(), now, POLL))
