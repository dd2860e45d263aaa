"""Pages: the ways by which one person is told of one thing, each a delivery of its own."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.domain.delivery import DeliveryId, Dropped, PageId, State
from bot.domain.fallback import Leg, Move, Standing, Tried
from bot.domain.people import AccountId
from bot.provider import FAILURES
from storage import tables
from storage.database import Connection, portions
from storage.deliveries import DARK

_WAY: Final = [
    tables.deliveries.c[name]
    for name in (
        *("id", "page_id", "account_id", "rank", "state", "reason"),
        *("latest_at", "settled_at", "attempts", "created_at", "not_before"),
    )
]
_WAYS: Final = (
    sa.select(*_WAY)
    .where(tables.deliveries.c.page_id.in_(sa.bindparam("pages", expanding=True)))
    .order_by(tables.deliveries.c.id)
    .with_for_update()
)
# Built once: nearly every message that arrives spares one.
_SPARE: Final = (
    sa.update(tables.deliveries)
    .where(
        tables.deliveries.c.id.in_(sa.bindparam("ways", expanding=True)),
        tables.deliveries.c.state == sa.literal_column(f"'{State.PENDING}'"),
        tables.deliveries.c.attempts == 0,
    )
    .values(
        state=str(State.WITHDRAWN),
        reason=str(Dropped.REACHED),
        settled_at=sa.bindparam("now", type_=tables.Instant()),
        board_id=None,
        claim=None,
    )
)
_STANDINGS: Final = {
    State.PENDING: Standing.OPEN,
    State.SENDING: Standing.OPEN,
    State.DELIVERED: Standing.REACHED,
    State.FAILED: Standing.LOST,
}


async def legs(connection: Connection, pages: Collection[PageId]) -> dict[PageId, list[Leg]]:
    """Return the ways of these pages in their order, kept from others until the transaction ends."""
    found: dict[PageId, list[Leg]] = {page: [] for page in pages}
    for some in portions(sorted(pages)):
        for row in await connection.execute(_WAYS, {"pages": some}):
            found[PageId(row.page_id)].append(_leg(row))
    for ways in found.values():
        ways.sort(key=lambda leg: (leg.rank, leg.id))
    return found


async def hold(connection: Connection, page: PageId) -> None:
    """Keep a page's ways from others until the transaction ends: in one order, so that two outcomes take turns."""
    columns = tables.deliveries.c
    query = sa.select(columns.id).where(columns.page_id == page).order_by(columns.id)
    await connection.execute(query.with_for_update())


async def move(connection: Connection, moves: Sequence[Move], now: datetime) -> None:
    """Let these ways go out at other times, or not at all; those that were spared go out after all."""
    columns = tables.deliveries.c
    spared = [one.leg for one in moves if one.at is None]
    for some in portions(spared):
        await connection.execute(_SPARE, {"ways": some, "now": now})
    for one in moves:
        if one.at is not None:
            waits = sa.and_(columns.state == State.PENDING, columns.attempts == 0)
            free = sa.or_(waits, columns.reason == str(Dropped.REACHED))
            await connection.execute(
                sa.update(tables.deliveries)
                .where(columns.id == one.leg, free)
                .values(state=str(State.PENDING), reason=None, settled_at=None, not_before=one.at, attempts=0)
            )


async def earlier(connection: Connection, page: PageId, account: AccountId | None, rank: int) -> list[Leg]:
    """Return the ways of a page that stand before this one of a person."""
    columns = tables.deliveries.c
    theirs = sa.or_(columns.account_id.is_(None), columns.account_id == account)
    query = sa.select(*_WAY).where(columns.page_id == page, theirs, columns.rank < rank)
    return [_leg(row) for row in await connection.execute(query)]


async def has_other_way(connection: Connection, page: PageId, account: AccountId | None, rank: int) -> bool:
    """Whether a page can still go out to a person by a later way; for a chat: to anybody."""
    columns = tables.deliveries.c
    theirs = columns.account_id == account if account is not None else sa.true()
    is_open = sa.or_(columns.state == State.PENDING, columns.reason == str(Dropped.REACHED))
    query = sa.select(columns.id).where(columns.page_id == page, theirs, columns.rank > rank, is_open)
    return await connection.scalar(query.limit(1)) is not None


async def darken(connection: Connection, delivery: DeliveryId) -> None:
    """What this delivery goes by answers nobody: the ways behind it need not wait."""
    columns = tables.deliveries.c
    pending = sa.and_(columns.id == delivery, columns.state == State.PENDING)
    await connection.execute(sa.update(tables.deliveries).where(pending).values(reason=DARK))


def _leg(row: sa.Row[tuple[object, ...]]) -> Leg:
    spared = row.state == State.WITHDRAWN and row.reason == Dropped.REACHED
    standing = Standing.SPARED if spared else _STANDINGS.get(State(row.state), Standing.TAKEN_BACK)
    is_under_way = row.state == State.SENDING and row.attempts == 1
    tried = Tried(
        standing=standing,
        latest=row.latest_at,
        lost_at=row.settled_at if standing is Standing.LOST else None,
        dark=row.reason == DARK,
        fresh=row.attempts == 0 or is_under_way,
        accepted=row.reason in FAILURES,
    )
    waits = (row.state == State.PENDING and row.attempts == 0) or spared
    account = AccountId(row.account_id) if row.account_id else None
    return Leg(DeliveryId(row.id), account, row.rank or 0, tried, row.created_at, row.not_before, waits)
