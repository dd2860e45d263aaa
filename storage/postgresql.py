"""PostgreSQL: a pool of connections; transactions run in the event loop, side by side."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage.connection import Result, Work

# How an address says that a pooler stands before the server, which may give each transaction another connection: what
# was prepared on one is not there on the next.
_POOLED: Final = {"prepared_statement_cache_size": "0"}


class Postgresql:
    """A database on a server."""

    def __init__(self, url: sa.URL) -> None:
        self._engine = _engine(url, pool_size=10, max_overflow=5, pool_pre_ping=True)

    async def transact(self, work: Work[Result]) -> Result:
        """Run `work`, and return once it is committed."""
        async with self._engine.begin() as connection:
            return await work(connection)

    async def read(self, work: Work[Result]) -> Result:
        """Run `work`; each of its statements sees the newest state."""
        async with self._engine.connect() as connection:
            return await work(connection)

    async def close(self) -> None:
        """Give back all connections."""
        await self._engine.dispose()


@contextlib.asynccontextmanager
async def listening(url: sa.URL, channel: str, heard: Callable[[str], None]) -> AsyncIterator[asyncio.Event]:
    """Listen to a channel on a connection of its own until the block ends; see `storage.notices.listening`."""
    lost = asyncio.Event()

    def on_notice(connection: Any, process: int, channel: str, text: object) -> None:
        del connection, process, channel
        heard(str(text))

    engine = _engine(url, poolclass=NullPool)
    try:
        borrowed = await engine.raw_connection()
        try:
            driver: Any = borrowed.driver_connection
            driver.add_termination_listener(lambda _: lost.set())
            await driver.add_listener(channel, on_notice)
            yield lost
        finally:
            borrowed.invalidate()
    finally:
        await engine.dispose()


def _engine(url: sa.URL, **pool: Any) -> AsyncEngine:
    said: dict[str, object] = {}
    if _POOLED.items() <= url.query.items():
        # The driver keeps nothing prepared, and no two names are the same on the server's side.
        said = {"statement_cache_size": 0, "prepared_statement_name_func": lambda: f"oncard_{uuid.uuid4().hex}"}
    return create_async_engine(url, connect_args=said, hide_parameters=True, **pool)
