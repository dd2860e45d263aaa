"""One action on every incident of a board that nobody has, a portion at a time, so that other work goes on meanwhile.

Each incident passes the law by itself. Whoever is cut off has taken what was taken by then, and can go on.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.clock import Clock
from bot.domain.board import BoardId
from bot.domain.flow import rules_of
from bot.domain.incident import Acknowledge, IncidentId, Step
from bot.domain.law import step
from bot.engine.apply import Made, apply
from bot.engine.picture import Picture
from cards.board import Taken
from storage import boards, incidents
from storage.database import Connection, Database

MOST_TOGETHER: Final = 100


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is to be done: take everything on a board up to the newest incident that was `seen`; None: all of it."""

    board: BoardId
    action: Acknowledge
    seen: IncidentId | None


@dataclass(frozen=True, slots=True)
class _Portion:
    """How many were taken, and how far the walk over the board has come; None: that was the end."""

    taken: int
    last: IncidentId | None


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
            portion = await self._database.transact(partial(self._portion, sweep=sweep, after=last))
            count, last = count + portion.taken, portion.last
        left = (await self._database.read(partial(boards.summary, board=sweep.board))).untaken
        return Taken(count, before.count, left, before.names)

    async def _look(self, connection: Connection, *, board: BoardId) -> _Before | None:
        if not await boards.find(connection, [board]):
            return None
        accounts = (await self._picture.current(connection)).people.accounts
        names = [accounts[number].name for number in await boards.takers(connection, board) if number in accounts]
        return _Before((await boards.summary(connection, board)).taken, tuple(names))

    async def _portion(self, connection: Connection, *, sweep: Sweep, after: IncidentId) -> _Portion:
        numbers = await boards.untaken_after(connection, sweep.board, after, sweep.seen, MOST_TOGETHER)
        organisation, now = await self._picture.current(connection), self._clock.now()
        made: list[Made] = []
        for incident in (await incidents.lock(connection, numbers)).values():
            became = step(incident, sweep.action, rules_of(incident, organisation), now)
            # Somebody who was faster has it; that is no reason to stop.
            if isinstance(became, Step):
                made.append((became.incident, became.effects))
        await incidents.update(connection, [incident for incident, _ in made])
        await apply(connection, made, (), organisation, now)
        return _Portion(len(made), numbers[-1] if len(numbers) == MOST_TOGETHER else None)
