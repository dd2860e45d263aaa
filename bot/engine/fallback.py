"""What follows for the other ways of a page when something has become of one of them: later, at once, or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.domain.delivery import DeliveryId, PageId
from bot.domain.fallback import Leg, moves_of, reached
from storage import pages
from storage.database import Connection


async def follow(connection: Connection, touched: Iterable[PageId | None], deadline: timedelta, now: datetime) -> None:
    """Let the ways of these pages go out when their turn comes as things stand now."""
    numbers = {page for page in touched if page is not None}
    if not numbers:
        return
    moves = [move for legs in (await pages.legs(connection, numbers)).values() for move in moves_of(legs, deadline)]
    await pages.move(connection, moves, now)


async def spare(
    connection: Connection,
    ways: Mapping[PageId, Sequence[Leg]],
    by: DeliveryId,
    deadline: timedelta,
    now: datetime,
) -> None:
    """One of these ways has been accepted since they were read and locked: spare those that only stood behind it."""
    moves = [move for legs in ways.values() for move in moves_of([reached(leg, by) for leg in legs], deadline)]
    await pages.move(connection, moves, now)
