"""Swaps and covers that people asked for. Whoever decides on one holds the schedules first, by `storage.overrides`."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.domain.override import TradeId
from bot.domain.schedule import ScheduleId
from bot.domain.trade import Trade, due
from storage import tables
from storage.codec import TRADE
from storage.database import Connection

KEPT_FOR: Final = timedelta(days=90)
"""How long after its end a trade is remembered."""


async def add(connection: Connection, trade: Trade) -> Trade:
    """Store a trade that is new, and return it under its number."""
    insert = sa.insert(tables.trades).values(**_row(trade)).returning(tables.trades.c.id)
    return replace(trade, id=TradeId(int(await connection.scalar(insert) or 0)))


async def update(connection: Connection, trade: Trade) -> None:
    """Store how a trade stands."""
    await connection.execute(sa.update(tables.trades).where(tables.trades.c.id == trade.id).values(**_row(trade)))


async def find(connection: Connection, number: TradeId) -> Trade | None:
    """Return one trade; None: there is none, or only a newer version can read it."""
    rows = (await connection.execute(sa.select(tables.trades).where(tables.trades.c.id == number))).all()
    return next(iter(_readable(rows)), None)


async def open_ones(connection: Connection, schedule: ScheduleId | None = None) -> list[Trade]:
    """Return the trades of which something may still come, of one schedule or of all, in the order of their numbers."""
    columns = tables.trades.c
    query = sa.select(tables.trades).where(columns.due.is_not(None))
    if schedule is not None:
        query = query.where(columns.schedule_id == schedule)
    return _readable((await connection.execute(query.order_by(columns.id))).all())


async def next_due(connection: Connection) -> datetime | None:
    """Return when something comes of a trade by itself; None: of none."""
    found: datetime | None = await connection.scalar(
        sa.select(sa.func.min(tables.trades.c.due)).where(tables.trades.c.due.is_not(None))
    )
    return found


async def due_by(connection: Connection, now: datetime, most: int, after: int = 0) -> list[int]:
    """Return the numbers of trades that are due and come after a number, in their order."""
    columns = tables.trades.c
    query = sa.select(columns.id).where(columns.due.is_not(None), columns.due <= now, columns.id > after)
    return list(await connection.scalars(query.order_by(columns.id).limit(most)))


async def old_ones(connection: Connection, before: datetime, most: int) -> list[int]:
    """Return trades that came to their end before an instant."""
    columns = tables.trades.c
    query = sa.select(columns.id).where(columns.ended_at < before).order_by(columns.ended_at).limit(most)
    return list(await connection.scalars(query))


async def forget_old(connection: Connection, before: datetime, most: int) -> int:
    """Remove trades that came to their end before an instant; return how many."""
    old = await old_ones(connection, before, most)
    if old:
        await connection.execute(sa.delete(tables.trades).where(tables.trades.c.id.in_(old)))
    return len(old)


def _row(trade: Trade) -> dict[str, object]:
    return {
        "schedule_id": trade.schedule,
        "due": due(trade),
        "ended_at": trade.ended.at if trade.ended is not None else None,
        "body": TRADE.write(trade),
    }


def _readable(rows: Iterable[sa.Row[tuple[object, ...]]]) -> list[Trade]:
    """Return the trades of rows, but for those that only a newer version can read: it will see to them."""
    found: list[Trade] = []
    for row in rows:
        try:
            found.append(replace(TRADE.read(row.body), id=TradeId(row.id)))
        except ValueError:
            continue
    return found
