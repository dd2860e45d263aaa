"""The database: SQLite in one process, or PostgreSQL under any number of them.

A transaction is a function that is run with a connection; when the database could not reconcile it with another one,
it is run again from the start, so it must do nothing but read and write there. SQLite has one writer, and commits are
on disk (`synchronous=FULL`) before they return.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from storage import tables

Connection = AsyncConnection
Result = TypeVar("Result")
Value = TypeVar("Value")

DRIVERS: Final = ("sqlite+aiosqlite", "postgresql+asyncpg")
Series = Literal["incidents", "alerts", "cards"]
MOST_TRIES: Final = 8
SQLITE_READERS: Final = 4
SQLITE_BUSY_MS: Final = 10_000
# PostgreSQL: serialization_failure and deadlock_detected. The transaction was undone, and may well succeed next time.
_COLLISIONS: Final = frozenset({"40001", "40P01"})
# PostgreSQL's classes of errors that are about the server: connection, resources, operator's intervention, its disk.
_OF_THE_SERVER: Final = ("08", "53", "57", "58")
# A server that vanished without a word is noticed by this alone: the network would be patient for a quarter of an hour.
LONGEST_WAIT: Final = 60.0
# SQLite takes 32,766 variables in a statement, PostgreSQL's driver 32,767.
MOST_VALUES: Final = 10_000


class DatabaseUnusable(Exception):
    """The address is wrong or the database does not answer; the text says how to mend it and holds no password."""


class Database:
    """Where everything is remembered."""

    def __init__(self, url: str) -> None:
        """Take a database address; nothing is opened yet. Raises DatabaseUnusable when no driver knows it."""
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise DatabaseUnusable(
                f"ONCARD_DATABASE_URL is not a database address: use {' or '.join(DRIVERS)}"
            ) from error
        if parsed.drivername not in DRIVERS:
            raise DatabaseUnusable(
                f"ONCARD_DATABASE_URL starts with {parsed.drivername!r}: use {' or '.join(DRIVERS)} instead"
            )
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.shown_url = parsed.render_as_string(hide_password=True)
        if self.is_sqlite:
            _make_room(parsed.database)
            self._writer = _sqlite(url, begin="BEGIN IMMEDIATE", size=1)
            self._reader = _sqlite(url, begin="BEGIN", size=SQLITE_READERS)
        else:
            self._writer = self._reader = create_async_engine(
                url, pool_size=10, max_overflow=5, pool_pre_ping=True, hide_parameters=True
            )
        # Waiting in our own queue is fair and cheap; waiting for SQLite's lock is neither.
        self._turn = asyncio.Lock()

    async def transact(
        self, work: Callable[[Connection], Awaitable[Result]], *, within: float | None = LONGEST_WAIT
    ) -> Result:
        """Run `work` in one transaction and return what it returns, once that is committed.

        Raises TimeoutError, and nothing is stored, when it did not come to its end within so many seconds.
        """
        async with asyncio.timeout(within):
            for tries_left in reversed(range(MOST_TRIES)):
                try:
                    async with self._writing() as connection:
                        return await work(connection)
                except DBAPIError as error:
                    if not tries_left or not _is_collision(error):
                        raise
        raise AssertionError("the last try returns or raises")

    async def read(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Run `work`, which only reads. On SQLite it sees one state; on PostgreSQL each statement sees the newest."""
        async with asyncio.timeout(LONGEST_WAIT), self._reader.connect() as connection:
            return await work(connection)

    async def check(self) -> None:
        """Write something that changes nothing. Raises DatabaseUnusable when that does not reach the disk."""

        async def work(connection: Connection) -> None:
            await connection.execute(sa.update(tables.numbers).values(last=tables.numbers.c.last))

        try:
            await self.transact(work)
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseUnusable(f"the database cannot be written to ({type(error).__name__})") from error

    async def close(self) -> None:
        """Give back all connections."""
        await self._writer.dispose()
        await self._reader.dispose()

    @contextlib.asynccontextmanager
    async def _writing(self) -> AsyncIterator[Connection]:
        async with self._turn if self.is_sqlite else contextlib.nullcontext(), self._writer.begin() as connection:
            yield connection


def _make_room(path: str | None) -> None:
    """Make the folder of a SQLite file. Raises DatabaseUnusable for a database that would be gone with the process."""
    if not path or path == ":memory:":
        raise DatabaseUnusable("ONCARD_DATABASE_URL names no file: use sqlite+aiosqlite:///var/oncard.db")
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnusable(f"the folder of the database cannot be made: {error}") from error


def _is_collision(error: DBAPIError) -> bool:
    """Whether another transaction was faster. Two that insert the same row at once collide as an IntegrityError too."""
    if isinstance(error, IntegrityError):
        return True
    return getattr(error.orig, "sqlstate", None) in _COLLISIONS


def is_away(error: Exception) -> bool:
    """Whether the database itself failed: whatever else is asked of it now would fail too."""
    if isinstance(error, OperationalError | InterfaceError | InternalError | NoConnectionLeft | OSError):
        return True
    state = getattr(error.orig, "sqlstate", None) if isinstance(error, DBAPIError) else None
    return str(state or "").startswith(_OF_THE_SERVER)


def portions(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Yield the values in portions that one statement can take."""
    for first in range(0, len(values), MOST_VALUES):
        yield values[first : first + MOST_VALUES]


def _sqlite(url: str, *, begin: str, size: int) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=size, max_overflow=0, pool_timeout=SQLITE_BUSY_MS / 1000, hide_parameters=True
    )

    @sa.event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: sa.engine.interfaces.DBAPIConnection, record: ConnectionPoolEntry) -> None:
        del record
        # The driver must not begin transactions by itself: it would begin them as readers, and a reader that comes to
        # write fails at once when somebody else has written meanwhile.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


async def take_numbers(connection: Connection, series: Series, count: int) -> range | tuple[int, ...]:
    """Return `count` new numbers of a series, in order; they are gone even if they are not used."""
    if connection.dialect.name == "postgresql":
        sequence = sa.func.nextval(f"{series}_numbers")
        rows = await connection.execute(sa.select(sequence).select_from(sa.func.generate_series(1, count)))
        return tuple(rows.scalars())
    statement = (
        sa.update(tables.numbers)
        .where(tables.numbers.c.name == series)
        .values(last=tables.numbers.c.last + count)
        .returning(tables.numbers.c.last)
    )
    last: int = (await connection.execute(statement)).scalar_one()
    return range(last - count + 1, last + 1)
