"""What is in the database, asked directly."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import sqlalchemy as sa

from bot.domain.delivery import State
from bot.domain.incident import Progress
from storage import tables
from storage.database import Connection, Database

COUNTED = ("events", "alerts", "incidents", "timeline", "cards", "deliveries")

Result = TypeVar("Result")


async def counts(url: str) -> dict[str, int]:
    """Return how many rows each table holds that grows."""

    async def work(connection: Connection) -> dict[str, int]:
        return {name: await _count(connection, tables.metadata.tables[name]) for name in COUNTED}

    return await _read(url, work)


async def open_incidents(url: str) -> int:
    """Return how many incidents are not closed."""
    return await _read(
        url, lambda connection: _count(connection, tables.incidents, tables.incidents.c.progress != Progress.CLOSED)
    )


async def unsettled(url: str) -> int:
    """Return how many messages to chats, not to people, wait or are under way."""
    columns = tables.deliveries.c
    is_unsettled = sa.and_(columns.state.in_((State.PENDING, State.SENDING)), columns.chat.is_not(None))
    return await _read(url, lambda connection: _count(connection, tables.deliveries, is_unsettled))


async def _read(url: str, work: Callable[[Connection], Coroutine[Any, Any, Result]]) -> Result:
    database = Database(url)
    try:
        return await database.read(work)
    finally:
        await database.close()


async def _count(connection: Connection, table: sa.Table, condition: sa.ColumnElement[bool] | None = None) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return await connection.scalar(query if condition is None else query.where(condition)) or 0
