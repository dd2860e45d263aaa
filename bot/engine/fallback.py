"""What follows for the other ways of a page when something has become of one of them: later, at once, or not at all."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from bot.domain.delivery import PageId
from bot.domain.fallback import Standing, plan
from storage import pages
from storage.database import Connection
from storage.pages import Leg, Move


async def follow(connection: Connection, touched: Iterable[PageId | None], deadline: timedelta, now: datetime) -> None:
    """Let the ways of these pages go out when their turn comes as things stand now."""
    numbers = {page for page in touched if page is not None}
    if not numbers:
        return
    moves = [move for legs in (await pages.legs(connection, numbers)).values() for move in moves_of(legs, deadline)]
    await pages.move(connection, moves, now)


def moves_of(legs: Sequence[Leg], deadline: timedelta) -> Iterator[Move]:
    """Yield what changes for the ways of one page: of each of its people, behind the chats that all of them read."""
    chats = [leg for leg in legs if leg.account is None]
    for account in dict.fromkeys(leg.account for leg in legs if leg.account is not None):
        ways = chats + [leg for leg in legs if leg.account == account]
        turns = plan(min(leg.began for leg in ways), [leg.tried for leg in ways], deadline)
        for leg, turn in zip(ways, turns, strict=True):
            if leg.account is None or not leg.waits:
                continue
            is_spared = leg.tried.standing is Standing.SPARED
            if turn is None and not is_spared:
                yield Move(leg.id, None)
            elif turn is not None and (is_spared or turn != leg.not_before):
                yield Move(leg.id, turn)
