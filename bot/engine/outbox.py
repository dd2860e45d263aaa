"""The queue's worker: claims what is due, has it carried, stores the outcome.

New work starts at once, by a wake-up after its commit; the poll is the safety net. Messages of one place go one after
the other, and one platform that hangs leaves room for the others.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

import structlog

from bot.adapter import Adapter
from bot.clock import Clock
from bot.domain.delivery import Delivery, Dropped, State
from bot.domain.people import WorkspaceId
from bot.engine.courier import Courier
from bot.engine.outcomes import Outcomes
from bot.engine.pacing import WHOLE, Pace, next_free
from bot.engine.picture import Picture
from bot.engine.wakeups import Wakeups
from storage import deliveries
from storage.database import Connection, Database, is_away
from storage.deliveries import Claimed, Room

MOST_AT_ONCE: Final = 32
MOST_PER_WORKSPACE: Final = 12
POLL: Final = 1.0
PAUSE_AFTER_ERROR: Final = 1.0
# Well within the lease: after it, the delivery may be somebody else's.
START_AGAIN_AFTER: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
# Five minutes: long enough for a database to start again, or for its standby to take over.
SETTLE_AGAIN_AFTER: Final = (0.5, 1.0, 2.0, 4.0, 8.0, *[15.0] * 19)

Result = TypeVar("Result")

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
                while await self.start():
                    pass  # Now that these places are busy, others come to the front.
                pause = await self._until_next()
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; the sender must still be there then.
                log.error("outbox_failed", error=type(error).__name__, detail=str(error)[:200])
                pause = PAUSE_AFTER_ERROR
            await self._clock.wait(self._wakeups.outbox, pause)

    async def start(self) -> int:
        """Begin to send what may go out now; return how many deliveries that are."""
        now = self._clock.now()
        if len(self._under_way) >= MOST_AT_ONCE:
            return 0
        room = self._room(now)
        token = uuid.uuid4().hex

        async def is_work(connection: Connection) -> bool:
            return await deliveries.is_work(connection, now, room)

        async def work(connection: Connection) -> list[Claimed]:
            await deliveries.reclaim(connection, now)
            return await deliveries.claim(connection, token, now, room)

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
        carried = await self._patiently(lambda: self._courier.carry(claimed.delivery), START_AGAIN_AFTER)
        # Without its answer stored, a message would go out twice.
        settling = partial(self._outcomes.settle, claimed, carried)
        outcome = await self._patiently(lambda: settling(self._clock.now()), SETTLE_AGAIN_AFTER)
        if isinstance(carried, Dropped):
            self._give_back(claimed.delivery)
        if outcome is None:
            log.warning("claim_lost", delivery=claimed.delivery.id, incident=claimed.delivery.incident)
            return
        place = claimed.delivery.place
        if outcome.hold_until is not None:
            self._pace.hold((place.workspace, place.key), outcome.hold_until)
        if outcome.state is State.FAILED:
            self._wakeups.timers.set()

    async def _patiently(self, call: Callable[[], Awaitable[Result]], pauses: Sequence[float]) -> Result:
        """Call again after each pause, as long as the database is away."""
        for pause in pauses:
            try:
                return await call()
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("delivery_waits_for_the_database", error=type(error).__name__)
            await self._clock.sleep(pause)
        return await call()

    def _finished(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        if not task.cancelled() and task.exception() is not None:
            log.error("delivery_not_settled", error=repr(task.exception())[:200])
        self._wakeups.outbox.set()

    def _room(self, now: datetime) -> Room:
        places = self._under_way.values()
        under_way = Counter(delivery.place.workspace for delivery in places)
        crowded = {(workspace, WHOLE) for workspace, count in under_way.items() if count >= MOST_PER_WORKSPACE}
        taken = {(delivery.place.workspace, delivery.place.key) for delivery in places}
        busy = crowded | taken | set(self._pace.busy(now))
        return Room(MOST_AT_ONCE - len(self._under_way), MOST_PER_WORKSPACE, busy, under_way)

    def _spend(self, delivery: Delivery) -> None:
        adapter = self._adapters.get(delivery.place.workspace)
        if adapter is not None:
            now, place = self._clock.now(), delivery.place
            self._pace.spend((place.workspace, place.key), adapter.capabilities.chat_rate, now)
            self._pace.spend((place.workspace, WHOLE), adapter.capabilities.workspace_rate, now)

    def _give_back(self, delivery: Delivery) -> None:
        """Nothing went to the platform: what is no longer wanted must not hold up what is."""
        adapter = self._adapters.get(delivery.place.workspace)
        if adapter is not None:
            self._pace.give_back((delivery.place.workspace, delivery.place.key), adapter.capabilities.chat_rate)
            self._pace.give_back((delivery.place.workspace, WHOLE), adapter.capabilities.workspace_rate)

    async def _until_next(self) -> float:
        now = self._clock.now()

        async def work(connection: Connection) -> float:
            later = await deliveries.next_pending_after(connection, now)
            return (later - now).total_seconds() if later else POLL

        soonest = min(await self._database.read(work), POLL)
        return min(soonest, next_free(self._pace.busy(now).values(), now, POLL))
