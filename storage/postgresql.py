"""PostgreSQL: a pool of connections; transactions run in the event loop, side by side."""

import asyncio
import contextlib
import re
import uuid
from collections.abc import AsyncIterator, Callable
from functools import lru_cache, partial
from itertools import chain
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage.connection import Parameters, Result, Rows, Work

# How an address says that a pooler stands before the server, which may give each transaction another connection: what
# was prepared on one is not there on the next.
_POOLED: Final = {"prepared_statement_cache_size": "0"}
_MOST_CONNECTIONS: Final = 15
# What a connection keeps prepared: all that we ask, whose texts differ by how many values they hold.
_MOST_PREPARED: Final = 500
# Seconds: a connection that was at work until just now need not be asked whether it still stands. That costs as much as
# three statements, and a transaction has about ten.
FRESH: Final = 0.2
# Seconds: so long a connection goes by its plans. One that was made while a table was small reads the whole of it, and
# the server makes it anew only when it has counted the rows, up to a minute after a storm has begun.
PLANS_HOLD: Final = 5.0
_ARRAYS: Final = ("bigint", "boolean", "integer", "smallint", "text", "timestamptz", "varchar")
_TYPES: Final = f"SELECT {', '.join(f'NULL::{kind}[]' for kind in _ARRAYS)}"
# To compile a plan takes far longer than what is asked here, also where the server expects much of it.
_NOT_COMPILED: Final = "set_config('jit', 'off', false)"
_PLACEHOLDER: Final = re.compile(r"\$(\d+)")


class _Deferring:
    """A connection that keeps what is only written until something else is asked: all of it goes in one statement.

    An alert adds rows to six tables, and each statement is a way to the server and back.
    """

    def __init__(self, connection: AsyncConnection, *, pooled: bool) -> None:
        self._connection = connection
        self._is_pooled = pooled
        self._kept: dict[str, tuple[str, tuple[object, ...]]] = {}

    @property
    def dialect(self) -> sa.Dialect:
        return self._connection.dialect

    @property
    def info(self) -> dict[Any, Any] | None:
        if self._is_pooled:
            return None
        info: dict[Any, Any] = self._connection.sync_connection.info  # type: ignore[union-attr]  # It is open.
        return info

    async def execute(self, statement: sa.Executable, parameters: Parameters = None) -> Rows:
        await self.write()
        return await self._connection.execute(statement, parameters)

    async def exec_driver_sql(self, statement: str, parameters: Parameters = None) -> Rows:
        await self.write()
        return await self._connection.exec_driver_sql(statement, parameters)

    async def change(self, table: str, statement: str, parameters: tuple[object, ...]) -> None:
        if table in self._kept:
            # What goes together is done in no order: rows of one table are numbered as they come, and one may be there
            # only since another was changed.
            await self.write()
        self._kept[table] = (statement, parameters)

    async def scalar(self, statement: sa.Executable, parameters: Parameters = None) -> Any:
        await self.write()
        return await self._connection.scalar(statement, parameters)

    async def scalars(self, statement: sa.Executable, parameters: Parameters = None) -> sa.ScalarResult[Any]:
        await self.write()
        return await self._connection.scalars(statement, parameters)

    async def run_sync(self, work: Callable[[sa.Connection], Result]) -> Result:
        await self.write()
        return await self._connection.run_sync(work)

    async def write(self) -> None:
        """Send what was kept."""
        if self._kept:
            kept = list(self._kept.values())
            self._kept = {}
            statement = _joined(tuple(statement for statement, _ in kept))
            await self._connection.exec_driver_sql(statement, tuple(chain.from_iterable(values for _, values in kept)))


@lru_cache(maxsize=256)
def _joined(statements: tuple[str, ...]) -> str:
    """Return one statement that does what these do, their parameters counted through.

    Keys that refer to each other's rows are looked at after all of it.
    """
    counted: list[str] = []
    count = 0
    for statement in statements:
        numbers = [int(number) for number in _PLACEHOLDER.findall(statement)]
        counted.append(_PLACEHOLDER.sub(partial(_moved, by=count), statement))
        count += max(numbers, default=0)
    if len(counted) == 1:
        return counted[0]
    parts = ", ".join(f"part{number} AS ({statement})" for number, statement in enumerate(counted))
    return f"WITH {parts} SELECT 1"


def _moved(found: re.Match[str], *, by: int) -> str:
    return f"${int(found[1]) + by}"


class Postgresql:
    """A database on a server."""

    def __init__(self, url: sa.URL) -> None:
        # The connection that was used last is taken first: there everything is prepared. None is given up, since a new
        # one costs dozens of statements: it would do so just when all of them are at work.
        self._engine = _engine(url, pool_size=_MOST_CONNECTIONS, max_overflow=0, pool_use_lifo=True)
        self._is_pooled = _is_pooled(url)
        _look_before_use(self._engine, plans=not self._is_pooled)
        # What is set through a pooler is set for others, too.
        _begin_with(self._engine, _TYPES if self._is_pooled else f"{_TYPES}, {_NOT_COMPILED}")
        # Without a transaction around what is only read, whose begin and end would be said to the server; but not
        # behind a pooler, which keeps its server's connection for us only as long as a transaction lasts.
        alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reader = self._engine if self._is_pooled else alone

    async def transact(self, work: Work[Result]) -> Result:
        """Run `work`, and return once it is committed."""
        async with self._engine.begin() as connection:
            return await self._run(work, connection)

    async def read(self, work: Work[Result]) -> Result:
        """Run `work`; each of its statements sees the newest state."""
        async with self._reader.connect() as connection:
            return await self._run(work, connection)

    async def _run(self, work: Work[Result], connection: AsyncConnection) -> Result:
        deferring = _Deferring(connection, pooled=self._is_pooled)
        result = await work(deferring)
        await deferring.write()
        return result

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


def _begin_with(engine: AsyncEngine, statement: str) -> None:
    """Let each new connection execute a statement at once, and learn all types that we use.

    The driver asks for those that it meets anew, which takes 4 to 20 ms each time, just when something has begun to
    happen.
    """

    def made(connection: Any, record: Any) -> None:
        del record
        _execute(connection, statement)

    sa.event.listen(engine.sync_engine.pool, "connect", made)


def _execute(connection: Any, statement: str) -> None:
    cursor = connection.cursor()
    cursor.execute(statement)
    cursor.close()
    # Else the first to read by it ends this transaction while it takes it, and whoever is cancelled there loses it.
    connection.commit()


def _look_before_use(engine: AsyncEngine, *, plans: bool) -> None:
    """Let a connection that has been idle be asked whether it still stands, and be made anew if it does not.

    `plans`: it keeps plans, and forgets them from time to time.
    """
    pool, dialect = engine.sync_engine.pool, engine.dialect

    def given_back(connection: Any, record: Any) -> None:
        del connection
        record.info["since"] = asyncio.get_running_loop().time()

    def taken(connection: Any, record: Any, borrowed: Any) -> None:
        del borrowed
        now = asyncio.get_running_loop().time()
        planned, since = record.info.setdefault("planned", now), record.info.get("since", now)
        try:
            if plans and now - planned >= PLANS_HOLD:
                record.info["planned"] = now
                _execute(connection, "DISCARD PLANS")
            elif now - since >= FRESH:
                dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            if not dialect.is_disconnect(error, connection, None):
                raise
            raise InvalidatePoolError from error

    sa.event.listen(pool, "checkin", given_back)
    sa.event.listen(pool, "checkout", taken)


def _is_pooled(url: sa.URL) -> bool:
    return _POOLED.items() <= url.query.items()


def _engine(url: sa.URL, **pool: Any) -> AsyncEngine:
    said: dict[str, object] = {}
    if "prepared_statement_cache_size" not in url.query:
        said = {"prepared_statement_cache_size": _MOST_PREPARED}
    elif _is_pooled(url):
        # The driver keeps nothing prepared, and no two names are the same on the server's side.
        said = {"statement_cache_size": 0, "prepared_statement_name_func": lambda: f"oncard_{uuid.uuid4().hex}"}
    return create_async_engine(url, connect_args=said, hide_parameters=True, **pool)
