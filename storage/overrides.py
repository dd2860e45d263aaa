"""Temporary changes that people made to schedules. They are part of what is configured: each process sees them at once.

Applying a configuration leaves them alone. What a schedule that is gone has of them stays and means nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.domain.incident import Actor, Deed
from bot.domain.override import MadeOverride, OverrideId, TradeId
from bot.domain.schedule import Override, ScheduleId
from storage import tables
from storage.database import Connection
from storage.definitions import changed
from storage.said import override_of

KEPT_FOR: Final = timedelta(days=90)
"""How long after its end a change is remembered."""

_REVISION: Final = "revision"


async def hold(connection: Connection) -> None:
    """Keep others from changing anything that is configured until the transaction ends.

    What is read after it is so until then: who is on duty, and which changes there are.
    """
    numbers = tables.numbers
    await connection.execute(sa.select(numbers.c.last).where(numbers.c.name == _REVISION).with_for_update())


async def add(
    connection: Connection,
    schedule: ScheduleId,
    changes: Iterable[Override],
    made: Deed,
    trade: TradeId | None = None,
) -> tuple[MadeOverride, ...]:
    """Store changes of one account each, and return them under their numbers. Raises ValueError for other changes."""
    found: list[MadeOverride] = []
    for change in changes:
        row = {**_row(schedule, change, made), "trade_id": trade}
        number = await connection.scalar(sa.insert(tables.overrides).values(**row).returning(tables.overrides.c.id))
        found.append(MadeOverride(OverrideId(int(number or 0)), schedule, change, made, trade))
    await changed(connection)
    return tuple(found)


async def remove(connection: Connection, numbers: Sequence[OverrideId], by: Actor, now: datetime) -> None:
    """Let these changes hold no longer."""
    columns = tables.overrides.c
    await connection.execute(
        sa.update(tables.overrides)
        .where(columns.id.in_(numbers), columns.removed_at.is_(None))
        .values(removed_by=by.account, removed_via=by.via, removed_at=now)
    )
    await changed(connection)


async def find(connection: Connection, number: OverrideId) -> tuple[MadeOverride, ...]:
    """Return the change of that number and those that were made by the same trade; empty: there is none."""
    columns = tables.overrides.c
    trade = sa.select(columns.trade_id).where(columns.id == number).scalar_subquery()
    query = sa.select(tables.overrides).where(sa.or_(columns.id == number, columns.trade_id == trade))
    found = [override_of(row) for row in await connection.execute(query.order_by(columns.id))]
    return tuple(sorted(found, key=lambda one: one.id != number))


async def standing(
    connection: Connection, schedule: ScheduleId | None, span: tuple[datetime, datetime]
) -> tuple[MadeOverride, ...]:
    """Return the changes that hold at some time between two instants, of one schedule or of all, by their start."""
    columns = tables.overrides.c
    query = sa.select(tables.overrides).where(
        columns.removed_at.is_(None), columns.ends_at > span[0], columns.starts_at < span[1]
    )
    if schedule is not None:
        query = query.where(columns.schedule_id == schedule)
    rows = await connection.execute(query.order_by(columns.starts_at, columns.id))
    return tuple(override_of(row) for row in rows)


async def old_ones(connection: Connection, before: datetime, most: int) -> list[int]:
    """Return changes that were over before an instant."""
    columns = tables.overrides.c
    query = sa.select(columns.id).where(columns.ends_at < before).order_by(columns.ends_at).limit(most)
    return list(await connection.scalars(query))


async def forget_old(connection: Connection, before: datetime, most: int) -> int:
    """Remove changes that were over before an instant; return how many. Nobody's picture needs to be read again."""
    old = await old_ones(connection, before, most)
    if old:
        await connection.execute(sa.delete(tables.overrides).where(tables.overrides.c.id.in_(old)))
    return len(old)


def _row(schedule: ScheduleId, change: Override, made: Deed) -> dict[str, object]:
    (account,) = change.accounts
    if change.rotation is not None:
        raise ValueError("rotation: only the configuration file makes changes that rotate")
    return {
        "schedule_id": schedule,
        "role": change.role,
        "starts_at": change.start,
        "ends_at": change.end,
        "account_id": account,
        "replaces_id": change.replaces,
        "why": change.why,
        "made_by": made.by.account,
        "made_via": made.by.via,
        "made_at": made.at,
    }
