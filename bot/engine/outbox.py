"""The queue's worker: claims what is due, has it carried, stores the outcome.

New work starts at once, by a wake-up after its commit; the poll is the safety net. Messages of one place go one after
the other, and one platform that hangs leaves room for the others. Nothing is sent on a claim that may end meanwhile:
a process that was asleep finds that others have done its work.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog

from bot.adapter import Adapter
from bot.clock import Clock
from bot.domain.board import FOLD_EVERY
from bot.domain.delivery import Delivery, DeliveryId, Dropped, Kind, State
from bot.domain.people import LINES, WorkspaceId
from bot.engine import matters
from bot.engine.answers import Answers
from bot.engine.courier import Carried, Courier, Later, MayAsk
from bot.engine.letters import Desks
from bot.engine.outcomes import Outcomes
from bot.engine.pacing import WHOLE, Pace, next_free
from bot.engine.picture import Picture
from bot.engine.reservations import Reservation, Unsure
from bot.engine.wakeups import Wakeup, Wakeups
from storage import boards, claims, deliveries, front
from storage.claims import Taken
from storage.database import Connection, Database, is_away
from storage.deliveries import Claimed, Room

MOST_AT_ONCE: Final = 32
MOST_PER_WORKSPACE: Final = 12
# For the cards of an alert. Beside two platforms that hang, there is still room for another one. While somebody looks
# for what waits, so many may be more than there is room for: nobody knows then how much of it will be taken.
MOST_RESERVED: Final = 6
POLL: Final = 1.0
RECLAIM_EVERY: Final = timedelta(seconds=1)
PAUSE_AFTER_ERROR: Final = 1.0
# Well within the lease: after it, the delivery may be somebody else's.
START_AGAIN_AFTER: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
# An adapter that is more patient than this is let go all the same: its claim has just been taken.
LONGEST_SEND: Final = deliveries.LEASE / 2
# When the database is back, whoever knows what became of a message stores it first, before others take it for lost.
AFTER_AN_OUTAGE: Final = timedelta(seconds=5)

_LINES: Final = frozenset(LINES.values())

log = structlog.get_logger(__name__)


class Outbox:
    """The sender: any number of them share one database."""

    def __init__(  # noqa: PLR0913 - The parts of the engine, each of which it needs.
        self,
        database: Database,
        picture: Picture,
        adapters: Mapping[WorkspaceId, Adapter],
        wakeups: Wakeups,
        clock: Clock,
        *,
        desks: Desks = matters.DESKS,
    ) -> None:
        self._database = database
        self._adapters = adapters
        self._wakeups = wakeups
        self._clock = clock
        self._courier = Courier(database, picture, adapters, desks)
        self._answers = Answers(Outcomes(database, picture, desks), clock)
        self._pace = Pace()
        self._under_way: dict[asyncio.Task[bool], Claimed] = {}
        # Those for which the platform was asked, and whose outcome is not stored yet.
        self._asked: set[DeliveryId] = set()
        self._unsure = Unsure()
        self._reserved: Reservation | None = None
        self._reclaimed_at = self._away_at = datetime.min.replace(tzinfo=UTC)
        self._next_at: datetime | None = None
        # Whether something may go out that the last claim left, as for a place that was written to just then; and what
        # was known of it when the look began that is under way.
        self._is_left = self._was_left = True
        # How many were claimed as new beside that look.
        self._beside = 0
        self._round = asyncio.Lock()
        self._stopping = self._is_released = False

    async def take_over(self) -> None:
        """Take up at once what others have claimed: whoever sent from this database before us is dead."""
        await self._database.transact(partial(deliveries.reclaim, now=self._clock.now(), everything=True))

    async def run(self) -> None:
        """Send until `finish` is called."""
        # What this process can send it has taken before another has heard of it.
        self._wakeups.keep(Wakeup.OUTBOX)
        while not self._stopping:
            self._wakeups.outbox.clear()
            try:
                await self.start()
                pause = self._until_next()
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; the sender must still be there then.
                log.error("outbox_failed", error=type(error).__name__, detail=str(error)[:200])
                pause = PAUSE_AFTER_ERROR
            await self._clock.wait(self._wakeups.outbox, pause)

    async def start(self) -> int:
        """Begin to send what may go out now; return how many deliveries that are."""
        async with self._round:
            try:
                # Until it is known: what comes to its end meanwhile may be what something waits for.
                self._was_left, self._is_left, self._beside = self._is_left, True, 0
                await self._answers.catch_up()
                now = self._clock.now()
                is_new = self._wakeups.is_new(Wakeup.OUTBOX)
                is_full = self._stopping or len(self._under_way) >= MOST_AT_ONCE
                claimed = [] if is_full else await self._claim(now)
                if is_new and self._is_left:
                    self._wakeups.tell(Wakeup.OUTBOX)
            except Exception as error:
                if is_away(error):
                    self._away_at = self._clock.now()
                raise
            self._begin(claimed, now + deliveries.LEASE)
            return len(claimed)

    def reserve(self) -> Reservation | None:
        """Let a transaction claim what it adds, so that nobody has to look for it; None: it is looked for as ever.

        Whoever reserves says in the end that it was `taken` or may not have been. Where something waits that was left,
        what is new goes the way of all: it is not for a sender of alerts to look through what waits. A look that is
        under way where nothing was left keeps it from nothing: each second there is one.
        """
        is_looking = self._round.locked()
        is_left = self._was_left if is_looking else self._is_left
        if self._stopping or is_left or self._reserved is not None:
            return None
        room = self._room(self._clock.now())
        most = max(0, min(room.most, MOST_RESERVED - (self._beside if is_looking else 0)))
        over = asyncio.get_running_loop().create_future()
        self._reserved = Reservation(uuid.uuid4().hex, replace(room, most=most), over)
        return self._reserved

    def taken(self, reservation: Reservation) -> None:
        """What was claimed is committed: it goes out. Where all has been given back already, its claim runs out."""
        self._end(reservation)
        self._beside += len(reservation.claimed)
        if not self._is_released:
            self._begin(reservation.claimed, reservation.until)

    def not_taken(self, reservation: Reservation) -> None:
        """The transaction failed; the database may have committed it all the same."""
        self._end(reservation)
        if reservation.claimed:
            self._unsure.add(reservation.claim, self._clock.now())
            self._wakeups.outbox.set()

    def _end(self, reservation: Reservation) -> None:
        self._reserved = None
        reservation.over.set_result(None)

    def _begin(self, claimed: Sequence[Claimed], until: datetime) -> None:
        for one in claimed:
            self._spend(one.delivery)
            place = one.delivery.place
            # Two may have been claimed for a place at once: by who looked for it, and by who added it.
            before = [task for task, other in self._under_way.items() if other.delivery.place == place]
            task = asyncio.create_task(self._deliver(one, until, before))
            self._under_way[task] = one
            task.add_done_callback(self._finished)

    async def _claim(self, now: datetime) -> list[Claimed]:
        room = self._room(now)
        token = uuid.uuid4().hex
        # What somebody has left behind can wait for a moment; what is new cannot wait for the look at that.
        was_away = _is_within(AFTER_AN_OUTAGE, self._away_at, now)
        is_time = not was_away and not _is_within(RECLAIM_EVERY, self._reclaimed_at, now)

        async def work(connection: Connection) -> tuple[set[str], Taken, bool, datetime | None]:
            # It may have waited for the database: what it takes back for a reason is taken back after that.
            at = self._clock.now()
            given_back = await self._unsure.give_back(connection, at, but=token)
            if is_time and await deliveries.is_overdue(connection, at):
                await deliveries.reclaim(connection, at)
            taken = await claims.claim(connection, token, at, room)
            await boards.call_up(connection, taken.claimed, at)
            return given_back, taken, *await front.what_waits(connection, at)

        # Whoever is cut off here cannot know whether the claim was stored.
        self._unsure.add(token, now)
        given_back, taken, self._is_left, self._next_at = await self._database.transact(work)
        self._unsure.discard(token)
        self._unsure.forget(given_back, now)
        if is_time:
            self._reclaimed_at = now
        for place in taken.quiet:
            self._pace.hold(place, now + FOLD_EVERY)
        return taken.claimed

    async def drain(self) -> None:
        """Send everything that may go out now, and return when all of it has been settled."""
        is_over = False
        while not is_over:
            # What comes to its end while we look may have held up what we then do not see.
            was_under_way = bool(self._under_way)
            is_over = not await self.start() and not was_under_way
            if self._under_way:
                await asyncio.wait(list(self._under_way))

    def held_until(self) -> list[datetime]:
        """Return the instants from which places may be written to again that may not be now."""
        return list(self._pace.busy(self._clock.now()).values())

    async def finish(self, seconds: float) -> None:
        """Claim nothing more, and let what is under way come to its end, for so long; what is late is cut off."""
        self._stopping = True
        self._wakeups.keep()
        self._wakeups.all()
        if self._reserved is not None:
            # A transaction that takes as long as that need not claim any more.
            self._reserved.room = replace(self._reserved.room, most=0)
        try:
            async with asyncio.timeout(seconds):
                async with self._round:
                    pass  # What is being claimed is under way from here on.
                while self._under_way or self._reserved:
                    to_end: list[asyncio.Future[Any]] = [*self._under_way]
                    to_end += [self._reserved.over] if self._reserved else []
                    await asyncio.wait(to_end, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            log.warning("deliveries_cut_off", count=len(self._under_way), asked=len(self._asked))

    async def release(self) -> None:
        """Give back what was claimed and is not settled, so that another process sends it at once.

        What the platform was asked for may have arrived: its next try says so. Raises what the database raises.
        """
        # From here on nothing begins any more, also what is told to be committed only now.
        self._is_released = True
        if self._reserved is not None:
            self._unsure.add(self._reserved.claim, self._clock.now())
        late = dict(self._under_way)
        in_doubt = {claimed.delivery.id for claimed in late.values()} & self._asked
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(list(late))
        await self._answers.catch_up(every=True)
        now = self._clock.now()

        async def work(connection: Connection) -> None:
            for claimed in late.values():
                number = claimed.delivery.id
                await deliveries.release(connection, claimed.claim, now, only=number, sent=number in in_doubt)
            await self._unsure.give_back(connection, now)

        await self._database.transact(work)
        self._wakeups.all()

    async def _deliver(self, claimed: Claimed, until: datetime, before: Sequence[asyncio.Task[bool]]) -> bool:
        """Have it carried after those `before` it, and its outcome stored.

        Return whether nothing follows from that for other deliveries.
        """
        delivery = claimed.delivery
        if before:
            await asyncio.wait(before)

        def may_ask(seconds: float) -> bool:
            may = self._clock.now() + min(timedelta(seconds=seconds), LONGEST_SEND) <= until
            if may:
                self._asked.add(delivery.id)
            return may

        carried = await self._carry(claimed, may_ask)
        if carried is None:
            await self._too_late(claimed)
            return False
        outcome = await self._answers.settle(claimed, carried)
        if isinstance(carried, Dropped | Later):
            self._give_back(delivery)
        if outcome is None:
            log.warning("claim_lost", delivery=delivery.id, incident=delivery.incident)
            return False
        place = delivery.place
        if outcome.hold_until is not None:
            self._pace.hold((place.workspace, place.key), outcome.hold_until)
        if outcome.state is State.FAILED:
            self._wakeups.timers.set()
        # A board may be asked for at once, and a line may have lost what it took.
        is_plain = delivery.kind not in (Kind.BOARD, Kind.LETTER) and place.workspace not in _LINES
        return is_plain and outcome.state is State.DELIVERED

    async def _too_late(self, claimed: Claimed) -> None:
        """The claim is old, and nothing was sent on it: whoever comes first may take it anew."""
        log.warning("claim_too_old", delivery=claimed.delivery.id, incident=claimed.delivery.incident)
        self._give_back(claimed.delivery)

        async def work(connection: Connection) -> int:
            return await deliveries.release(connection, claimed.claim, self._clock.now(), only=claimed.delivery.id)

        await self._database.transact(work)

    async def _carry(self, claimed: Claimed, may_ask: MayAsk) -> Carried | None:
        """Have it carried, again after each pause as long as the database is away."""
        for pause in START_AGAIN_AFTER:
            try:
                return await self._courier.carry(claimed, may_ask, self._clock.now())
            except Exception as error:
                if not is_away(error):
                    raise
                log.warning("delivery_waits_for_the_database", error=type(error).__name__)
            await self._clock.sleep(pause)
        return await self._courier.carry(claimed, may_ask, self._clock.now())

    def _finished(self, task: asyncio.Task[bool]) -> None:
        self._asked.discard(self._under_way.pop(task).delivery.id)
        if not task.cancelled() and task.exception() is not None:
            log.error("delivery_not_settled", error=repr(task.exception())[:200])
        # A claim is dear: where nothing waited when we looked last, whoever adds something wakes us.
        if self._is_left or task.cancelled() or task.exception() is not None or not task.result():
            self._wakeups.outbox.set()

    def _room(self, now: datetime) -> Room:
        places = [claimed.delivery for claimed in self._under_way.values()]
        under_way = Counter(delivery.place.workspace for delivery in places)
        crowded = {(workspace, WHOLE) for workspace, count in under_way.items() if count >= MOST_PER_WORKSPACE}
        taken = {(delivery.place.workspace, delivery.place.key) for delivery in places}
        busy = crowded | taken | set(self._pace.busy(now))
        reserved = MOST_RESERVED if self._reserved else 0
        most = max(0, MOST_AT_ONCE - len(self._under_way) - reserved)
        return Room(most, MOST_PER_WORKSPACE, busy, under_way)

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

    def _until_next(self) -> float:
        """Return in how many seconds something may go out that may not yet, as the last claim saw it."""
        if len(self._under_way) >= MOST_AT_ONCE:
            return POLL  # Nothing may: what comes to its end wakes us.
        now = self._clock.now()
        later = (self._next_at - now).total_seconds() if self._next_at else POLL
        soonest = min(max(later, 0.0), POLL)
        return min(soonest, next_free(self._pace.busy(now).values(), now, POLL))


def _is_within(span: timedelta, since: datetime, now: datetime) -> bool:
    """Whether it is not longer ago. A clock that was set back does not make it so."""
    return timedelta() <= now - since < span
