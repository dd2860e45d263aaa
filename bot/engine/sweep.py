"""One action on every incident of a board that nobody has, a portion at a time, so that other work goes on meanwhile.

Each incident passes the law by itself. Whoever is cut off has taken what was taken by then, and can go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog

from bot.clock import Clock
from bot.domain.board import BoardId
from bot.domain.flow import rules_of
from bot.domain.incident import Acknowledge, IncidentId, Step
from bot.domain.law import step
from bot.engine.apply import Made, apply
from bot.engine.picture import Picture
from cards.board import Taken
from storage import boards, incidents
from storage.database import Connection, Database, is_away

MOST_TOGETHER: Final = 100

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is to be done: take everything on a board up to the newest incident that was `seen`; None: all of it."""

    board: BoardId
    action: Acknowledge
    seen: IncidentId | None


@dataclass(frozen=True, slots=True)
class _Before:
    """How many somebody had already, and who."""

    count: int
    names: tuple[str, ...]


class Sweeper:
    """Takes everything on boards."""

    def __init__(self, database: Database, picture: Picture, clock: Clock) -> None:
        self._database = database
        self._picture = picture
        self._clock = clock

    async def take(self, sweep: Sweep) -> Taken | None:
        """Take everything; return what came of it, or None when there is no such board."""
        before = await self._database.read(partial(self._look, board=sweep.board))
        if before is None:
            return None
        count = 0
        last: IncidentId | None = IncidentId(0)
        while last is not None:
            numbers = await self._database.read(partial(self._next, sweep=sweep, after=last))
            count += await self._portion(sweep, numbers)
            last = numbers[-1] if len(numbers) == MOST_TOGETHER else None
        left = (await self._database.read(partial(boards.summary, board=sweep.board))).untaken
        return Taken(count, before.count, left, before.names)

    async def _look(self, connection: Connection, *, board: BoardId) -> _Before | None:
        if not await boards.find(connection, [board]):
            return None
        accounts = (await self._picture.current(connection)).people.accounts
        names = [accounts[number].name for number in await boards.takers(connection, board) if number in accounts]
        return _Before((await boards.summary(connection, board)).taken, tuple(names))

    async def _next(self, connection: Connection, *, sweep: Sweep, after: IncidentId) -> list[IncidentId]:
        return await boards.untaken_after(connection, sweep.board, after, sweep.seen, MOST_TOGETHER)

    async def _portion(self, sweep: Sweep, numbers: Sequence[IncidentId]) -> int:
        """Take these together, or one by one where they cannot be; return how many were taken."""
        try:
            return await self._database.transact(partial(self._take, sweep=sweep, numbers=numbers))
        except Exception as error:
            if is_away(error):
                raise
        return sum([await self._alone(sweep, number) for number in numbers])

    async def _alone(self, sweep: Sweep, number: IncidentId) -> int:
        """Take one; it is left out when it cannot be, so that the others do not wait for it."""
        try:
            return await self._database.transact(partial(self._take, sweep=sweep, numbers=[number]))
        except Exception as error:
            if is_away(error):
                raise
            log.exception("incident_not_taken", board=sweep.board, incident=number)
            return 0

    async def _take(self, connection: Connection, *, sweep: Sweep, numbers: Sequence[IncidentId]) -> int:
        organisation = await self._picture.current(connection)
        locked = await incidents.lock(connection, numbers)
        # It may have waited for whoever held them: what it does comes after what they did.
        now = self._clock.now()
        made: list[Made] = []
        for incident in locked.values():
            became = step(incident, sweep.action, rules_of(incident, organisation), now)
            # Somebody who was faster has it; that is no reason to stop.
            if isinstance(became, Step):
                made.append((became.incident, became.effects))
        await incidents.update(connection, [incident for incident, _ in made])
        await apply(connection, made, (), organisation, now)
        return len(made)
