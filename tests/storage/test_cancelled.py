"""Whoever is cancelled while they read gives the connection back."""

import asyncio
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import Pool

from storage.connection import Connection
from storage.database import Database


async def test_a_read_that_is_cancelled_as_it_takes_a_new_connection_gives_it_back(postgresql_url: str) -> None:
    reading: asyncio.Task[int] | None = None
    seen: list[str] = []

    def taken(*_: Any) -> None:
        seen.append("taken")
        if reading is not None:
            reading.cancel()

    def given_back(*_: Any) -> None:
        seen.append("given back")

    async def work(connection: Connection) -> int:
        return int(await connection.scalar(sa.select(1)))

    database = Database(postgresql_url)
    sa.event.listen(Pool, "checkout", taken)
    sa.event.listen(Pool, "checkin", given_back)
    try:
        reading = asyncio.create_task(database.read(work))
        with suppress(asyncio.CancelledError):
            await reading
        assert reading.cancelled()
    finally:
        sa.event.remove(Pool, "checkout", taken)
        sa.event.remove(Pool, "checkin", given_back)
        await database.close()

    assert seen == ["taken", "given back"]
