"""What follows for the other ways of a page when something has become of one of them: later, at once, or not at all."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.delivery import PageId
from bot.domain.fallback import moves_of
from storage import pages
from storage.database import Connection


async def follow(connection: Connection, touched: Iterable[PageId | None], deadline: timedelta, now: datetime) -> None:
    """Let the ways of these pages go out when their turn comes as things stand now."""
    numbers = {page for page in touched if page is not None}
    if not numbers:
        return
    moves = [move for legs in (await pages.legs(connection, numbers)).values() for move in moves_of(legs, deadline)]
    await pages.move(connection, moves, now)
