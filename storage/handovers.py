"""Hand-overs: one row per person and instant at which they come on duty, and what has become of it."""

import contextlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.domain.handover import Handover
from bot.domain.people import AccountId
from storage import bulk, tables
from storage.codec import HANDOVER
from storage.database import Connection, in_few_sizes

_ONCE: Final = "ON CONFLICT (account_id, at) DO NOTHING"


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """A hand-over under its number."""

    id: int
    handover: Handover


async def insert(connection: Connection, new: Sequence[Handover]) -> None:
    """Store hand-overs; of one person at one instant the first that is stored stays."""
    await bulk.insert(connection, tables.handovers, [_row(one) for one in new], conflict=_ONCE)


async def update(connection: Connection, row: HandoverRow) -> None:
    """Store what has become of one."""
    values = _row(row.handover)
    await connection.execute(sa.update(tables.handovers).where(tables.handovers.c.id == row.id).values(**values))


async def find(connection: Connection, number: int) -> HandoverRow | None:
    """Return one; None: there is none of this number."""
    query = sa.select(tables.handovers).where(tables.handovers.c.id == number)
    row = (await connection.execute(query)).one_or_none()
    return _read(row) if row is not None else None


async def lock(connection: Connection, numbers: Collection[int]) -> list[HandoverRow]:
    """Return these, locked until the transaction ends, by their numbers."""
    columns = tables.handovers.c
    query = sa.select(tables.handovers).where(columns.id.in_(in_few_sizes(sorted(numbers))))
    return [_read(row) for row in await connection.execute(query.order_by(columns.id).with_for_update())]


async def since(connection: Connection, at: datetime) -> list[HandoverRow]:
    """Return those that can be read and whose instant is not before this one."""
    columns = tables.handovers.c
    query = sa.select(tables.handovers).where(columns.at >= at).order_by(columns.at, columns.id)
    return _readable(await connection.execute(query))


async def open_of(connection: Connection, account: AccountId, now: datetime) -> list[HandoverRow]:
    """Return those of somebody that can be read and whose shifts are not over yet, by their instants."""
    columns = tables.handovers.c
    query = sa.select(tables.handovers).where(
        columns.account_id == account, sa.or_(columns.ends.is_(None), columns.ends > now)
    )
    return _readable(await connection.execute(query.order_by(columns.at)))


async def due(connection: Connection, now: datetime, most: int, after: int = 0) -> list[int]:
    """Return those whose time has come and that come after a number, in their order."""
    columns = tables.handovers.c
    query = sa.select(columns.id).where(columns.due <= now, columns.id > after).order_by(columns.id).limit(most)
    return list(await connection.scalars(query))


async def next_due(connection: Connection) -> datetime | None:
    """Return when the next one must be looked at."""
    found: datetime | None = await connection.scalar(
        sa.select(sa.func.min(tables.handovers.c.due)).where(tables.handovers.c.due.is_not(None))
    )
    return found


async def old_ones(connection: Connection, before: datetime, most: int) -> list[int]:
    """Return those whose instant was before this one."""
    columns = tables.handovers.c
    return list(await connection.scalars(sa.select(columns.id).where(columns.at < before).limit(most)))


async def forget_old(connection: Connection, before: datetime, most: int) -> int:
    """Remove those whose instant was before this one; return how many."""
    old = await old_ones(connection, before, most)
    if old:
        await connection.execute(sa.delete(tables.handovers).where(tables.handovers.c.id.in_(old)))
    return len(old)


def _row(handover: Handover) -> dict[str, object]:
    return {
        "account_id": handover.takeover.account,
        "at": handover.takeover.at,
        "due": handover.due,
        "ends": handover.ends,
        "body": HANDOVER.write(handover),
    }


def _readable(rows: Iterable[sa.Row[tuple[object, ...]]]) -> list[HandoverRow]:
    """Return those that can be read: one that cannot keeps no other from being seen."""
    found = []
    for row in rows:
        with contextlib.suppress(ValueError):
            found.append(_read(row))
    return found


def _read(row: sa.Row[tuple[object, ...]]) -> HandoverRow:
    return HandoverRow(row.id, HANDOVER.read(row.body))
