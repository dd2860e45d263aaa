"""How long things are kept, and their removal: a few rows at a time, so that nothing waits for it.

    events      after `events`, unless their alert takes more of them or its incident is open
    messages    `deliveries` after they were settled, if their incident is closed
    incidents   `incidents` after they were closed, with everything of them: so nothing of them is kept for longer

Each kind is walked over by the index of its instant, and what had to stay is passed over. Most of it waits for its
incident to be closed: so whatever was closed lately is asked, by that instant, for what it has left. A closed incident
stays until its last message is settled: in each round some of those are looked at again. Everything is looked at again
after an hour. So a round in which nothing is due costs one look at each index.
"""

from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

import structlog

from bot.clock import Clock
from bot.config import duration
from bot.engine import metrics
from storage import boards, handovers, letters, overrides, retention, trades, trials
from storage.database import Connection, Database
from storage.retention import Aged, Mark, Window

# Whoever clicks on a card that has just been closed is told who did it, and a sender that tries again is known.
SHORTEST: Final = timedelta(minutes=10)
LONGEST: Final = timedelta(days=3650)
# Seconds between two rounds, and between two steps of one.
EVERY: Final = 60.0
PAUSE: Final = 0.05
# Rows that a transaction removes at most.
MOST: Final = 250
# An incident has about a dozen rows, so mostly all of these are gone after one transaction.
MOST_INCIDENTS: Final = 20
# How late a transaction can be committed that closes an incident, the clocks of several processes included.
LATE: Final = timedelta(minutes=2)
# Steps in which a round looks again at incidents that had to stay.
MOST_AGAIN: Final = 15
# What a letter is about may be weeks ahead, so it is kept while somebody may still press its buttons.
LETTERS_KEPT: Final = timedelta(days=60)
# In rounds: an hour.
ANEW_AFTER: Final = 60


class Look(Protocol):
    """Looks at some rows, and says which may go."""

    def __call__(self, connection: Connection, *, window: Window) -> Coroutine[None, None, Aged]:
        """Return what is to be awaited."""
        ...


class Remove(Protocol):
    """Removes these rows or incidents, `MOST` rows at a time."""

    def __call__(self, connection: Connection, *, ids: Sequence[int]) -> Coroutine[None, None, Counter[str]]:
        """Return what is to be awaited."""
        ...


log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Keep:
    """How long things are kept."""

    events: timedelta = timedelta(days=30)
    deliveries: timedelta = timedelta(days=90)
    incidents: timedelta = timedelta(days=365)


def keep(environment: Mapping[str, str]) -> Keep:
    """Read how long things are kept. Raises ValueError, naming the variable."""
    usual = Keep()
    return Keep(
        _kept(environment, "ONCARD_KEEP_EVENTS", usual.events),
        _kept(environment, "ONCARD_KEEP_DELIVERIES", usual.deliveries),
        _kept(environment, "ONCARD_KEEP_INCIDENTS", usual.incidents),
    )


def _kept(environment: Mapping[str, str], name: str, usual: timedelta) -> timedelta:
    written = environment.get(name, "")
    if not written:
        return usual
    found = duration.read(written)
    if found is None or not SHORTEST <= found <= LONGEST:
        limits = f"from {duration.write(SHORTEST)} to {duration.write(LONGEST)}"
        raise ValueError(
            f"{name} is {written[:40]!r}: write how long to keep them, {limits}, such as `{duration.write(usual)}`"
        )
    return found


@dataclass(slots=True)
class _Walk:
    """How one kind is removed, and how far that has come. `kept`: for how long since the instant it is walked by."""

    look: Look
    remove: Remove
    kept: timedelta
    most: int
    mark: Mark | None = field(default=None)


class Retention:
    """Removes what was kept long enough. Several processes may: each passes over what another one is at."""

    def __init__(self, database: Database, kept: Keep, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._keep = kept
        self._rounds = 0
        events = _Walk(retention.old_events, retention.remove_events, kept.events, MOST)
        deliveries = _Walk(retention.old_deliveries, retention.remove_deliveries, kept.deliveries, MOST)
        remove = partial(retention.remove_incidents, most=MOST)
        incidents = _Walk(retention.old_incidents, remove, kept.incidents, MOST_INCIDENTS)
        self._walks = (events, deliveries, incidents)
        # All that is left behind the mark of the incidents is what that walk has passed over.
        self._left = _Walk(retention.old_incidents, remove, kept.incidents, MOST_INCIDENTS)
        self._closed_until: datetime | None = None

    async def run(self) -> None:
        """Remove for ever."""
        while True:
            await self._clock.sleep(EVERY)
            try:
                await self.round()
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; what is left is removed then.
                log.error("retention_failed", error=type(error).__name__, detail=str(error)[:200])

    async def round(self) -> None:
        """Remove, step by step, all that may go by now."""
        removed = await self._just_closed()
        if self._rounds % ANEW_AFTER == 0:
            for walk in self._walks:
                walk.mark = None
        self._rounds += 1
        for walk in self._walks:
            removed += await self._to_the_end(walk)
        removed += await self._some_left()
        removed += await self._others()
        if removed:
            log.info("retention_removed", **removed)

    async def _just_closed(self) -> Counter[str]:
        """Remove what was passed over because its incident was open, where that was closed since the last round."""
        now, since = self._clock.now(), self._closed_until
        removed: Counter[str] = Counter()
        # Before the first round nothing was passed over.
        if since is not None:
            events, deliveries = now - self._keep.events, now - self._keep.deliveries
            look = partial(retention.closed_with_old_rows, events=events, deliveries=deliveries)
            remove = partial(retention.remove_old_rows, events=events, deliveries=deliveries, most=MOST)
            removed = await self._to_the_end(_Walk(look, remove, timedelta(), MOST, mark=(since - LATE, 0)))
        self._closed_until = now
        return removed

    async def _some_left(self) -> Counter[str]:
        """Look at some of the incidents again that had to stay, and remove those that may go by now."""
        removed: Counter[str] = Counter()
        for _ in range(MOST_AGAIN):
            done, is_end = await self._step(self._left)
            removed += done
            if is_end:
                self._left.mark = None
                break
        return removed

    async def _to_the_end(self, walk: _Walk) -> Counter[str]:
        removed: Counter[str] = Counter()
        is_end = False
        while not is_end:
            done, is_end = await self._step(walk)
            removed += done
        return removed

    async def _others(self) -> Counter[str]:
        """Remove boards whose incidents are gone, letters as old as what brought them, and changes of schedules."""
        removed: Counter[str] = Counter()
        for table, kept, old_ones, forget_old in (
            ("boards", self._keep.incidents, boards.old_ones, boards.forget_old),
            ("letters", max(self._keep.deliveries, LETTERS_KEPT), letters.old_ones, letters.forget_old),
            ("handovers", LETTERS_KEPT, handovers.old_ones, handovers.forget_old),
            ("trials", LETTERS_KEPT, trials.old_ones, trials.forget_old),
            ("overrides", overrides.KEPT_FOR, overrides.old_ones, overrides.forget_old),
            ("trades", trades.KEPT_FOR, trades.old_ones, trades.forget_old),
        ):
            before = self._clock.now() - kept
            # Nothing is written, and nobody is kept waiting, where nothing may go.
            if not await self._database.read(partial(old_ones, before=before, most=1)):
                continue
            count = await self._database.transact(partial(forget_old, before=before, most=MOST))
            metrics.REMOVED.labels(table=table).inc(count)
            removed[table] += count
        return +removed

    async def _step(self, walk: _Walk) -> tuple[Counter[str], bool]:
        """Look at some rows and remove those that may go; return how many, and whether nothing older is left."""
        window = Window(self._clock.now() - walk.kept, walk.mark, walk.most)
        aged = await self._database.read(partial(walk.look, window=window))
        removed: Counter[str] = Counter()
        while aged.ids:
            done = await self._database.transact(partial(walk.remove, ids=aged.ids))
            for table, count in done.items():
                metrics.REMOVED.labels(table=table).inc(count)
            removed += done
            await self._clock.sleep(PAUSE)
            # A full step may have left something of the same incidents.
            if done.total() < MOST:
                break
        walk.mark = aged.last or walk.mark
        return removed, aged.is_end
