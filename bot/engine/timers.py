"""Looks at incidents when they are due. The timer is a column; here it is only read, and the law decides.

What waits until somebody is on duty is looked at as well whenever anything that is configured has changed: an override
may have put somebody on duty.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from bot.clock import Clock
from bot.domain.flow import Moment
from bot.domain.incident import Incident, IncidentId, Step, Tick
from bot.domain.law import step
from bot.engine import metrics
from bot.engine.apply import apply
from bot.engine.picture import Picture
from bot.engine.wakeups import Wakeups
from storage import incidents
from storage.database import Connection, Database, is_away
from storage.incidents import DueMark

# As many are ticked in a transaction. With fewer whoever waits for the database waits less, but what falls due for one
# person at one instant then comes as two crowds, and rings twice.
MOST_TOGETHER: Final = 100
# How many are ticked one by one until those that are due are looked at together again.
MOST_APART: Final = 1_000
# The safety net: what another process stored is seen after this many seconds, even if nobody said so.
POLL: Final = 1.0
PAUSE_AFTER_ERROR: Final = 1.0
# Seconds until the next look at what is due, while somebody else is at work with all of it.
WHILE_LOCKED: Final = 0.02

log = structlog.get_logger(__name__)


class Timers:
    """Sends `Tick` to what is due."""

    def __init__(self, database: Database, picture: Picture, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._picture = picture
        self._wakeups = wakeups
        self._clock = clock
        self._apart_after: DueMark | None = None
        self._revision = -1
        # When an incident must be looked at next, as the last look saw it.
        self._next_due: datetime | None = None

    async def run(self) -> None:
        """Tick for ever, each incident when it is due."""
        while True:
            self._wakeups.timers.clear()
            try:
                # Where some were due there may be more: the next look says until when there is nothing to do.
                pause = 0.0 if await self.tick() else self._until_next() or WHILE_LOCKED
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; the timers must still be there then.
                log.error("timers_failed", error=type(error).__name__, detail=str(error)[:200])
                pause = PAUSE_AFTER_ERROR
            await self._clock.wait(self._wakeups.timers, pause)

    async def tick(self) -> int:
        """Tick what is due now, the longest due first; return how many incidents that were."""
        # Looked at before it is locked: mostly nothing is due, and there is only one writer.
        self._next_due, revision = await self._database.read(incidents.what_is_up)
        held = await self._tick_held(revision) if revision != self._revision else 0
        if self._next_due is None or self._next_due > self._clock.now():
            return held
        try:
            count = await self._database.transact(self._work)
        except Exception as error:
            if is_away(error):
                raise
            await self._tick_apart()
            raise
        finally:
            self._wakeups.outbox.set()
        return count

    async def _tick_held(self, revision: int) -> int:
        """Tick what is held and, since something was changed, need not be any more; return how many that were."""
        count, failed, after = 0, 0, IncidentId(0)
        while True:
            found, woken = await self._database.read(partial(self._woken, after=after))
            for number in woken:
                is_ticked = await self._tick_alone(number, traceback=not failed)
                count, failed = count + is_ticked, failed + (not is_ticked)
            if len(found) < MOST_TOGETHER:
                break
            after = max(found)
        self._revision = revision
        if count:
            self._wakeups.outbox.set()
        return count

    async def _woken(self, connection: Connection, *, after: IncidentId) -> tuple[list[IncidentId], list[IncidentId]]:
        """Return the next that are held, and which of them change when they are looked at now.

        One that cannot be read waits until it is due.
        """
        moment = Moment(await self._picture.current(connection), self._clock.now())
        held = await incidents.held(connection, after, moment.now, MOST_TOGETHER)
        woken = [one.id for one in held.incidents if _changes(one, moment)]
        return [*(one.id for one in held.incidents), *held.unreadable], woken

    async def _tick_apart(self) -> None:
        """One of those that are due cannot be ticked: the others must not wait for it.

        However many cannot be: it goes on where it came to the last time, and begins anew behind the last that is due.
        """
        failed = 0
        for _ in range(MOST_APART // MOST_TOGETHER):
            found = await self._database.read(self._next_due_apart)
            for mark in found:
                # How the first of them failed is told at length, the others would flood the log.
                failed += not await self._tick_alone(mark[1], traceback=not failed)
                self._apart_after = mark
            if len(found) < MOST_TOGETHER:
                self._apart_after = None
                return

    async def _next_due_apart(self, connection: Connection) -> list[DueMark]:
        return await incidents.due_after(connection, self._apart_after, self._clock.now(), MOST_TOGETHER)

    async def _tick_alone(self, number: IncidentId, *, traceback: bool) -> bool:
        try:
            await self._database.transact(partial(self._tick_one, number=number))
        except Exception as error:
            if is_away(error):
                raise
            log.error("incident_not_ticked", incident=number, error=type(error).__name__, exc_info=traceback)
            return False
        return True

    async def _tick_one(self, connection: Connection, *, number: IncidentId) -> int:
        return await self._tick(connection, list((await incidents.lock(connection, [number])).values()))

    async def _work(self, connection: Connection) -> int:
        due, revision = await incidents.due(connection, self._clock.now(), MOST_TOGETHER)
        return await self._tick(connection, due, revision)

    async def _tick(self, connection: Connection, due: Sequence[Incident], revision: int | None = None) -> int:
        now = self._clock.now()
        if not due:
            return 0
        moment = Moment(await self._picture.current(connection, revision), now)
        made: list[Step] = []
        for incident in due:
            _note_lateness(incident, now)
            became = step(incident, Tick(), moment.rules_of(incident), now)
            if isinstance(became, Step):
                made.append(became)
        await apply(connection, [(one.incident, one.effects) for one in made], (), moment.organisation, now)
        # Last, so that it goes to the server together with what follows from it.
        await incidents.update(connection, [one.incident for one in made])
        return len(due)

    def _until_next(self) -> float:
        left = (self._next_due - self._clock.now()).total_seconds() if self._next_due else POLL
        return min(max(left, 0.0), POLL)


def _changes(incident: Incident, moment: Moment) -> bool:
    """Whether something comes of it when it is looked at now; if that fails, it is to fail by itself."""
    try:
        return step(incident, Tick(), moment.rules_of(incident), moment.now) != Step(incident)
    except Exception:  # noqa: BLE001 - What goes wrong with one of them must keep none from its turn.
        return True


def _note_lateness(incident: Incident, now: datetime) -> None:
    if incident.due is not None:
        metrics.LATENESS_SECONDS.observe(max((now - incident.due).total_seconds(), 0.0))
