"""PostgreSQL: a pool of connections; transactions run in the event loop, side by side."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from storage.connection import Result, Work


class Postgresql:
    """A database on a server."""

    def __init__(self, url: sa.URL) -> None:
        self._engine = create_async_engine(url, pool_size=10, max_overflow=5, pool_pre_ping=True, hide_parameters=True)

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
