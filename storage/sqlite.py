"""SQLite: one writer and a few readers, each in a thread of its own.

A transaction is a coroutine that awaits nothing but its connection, and this connection never makes it wait: so it runs
from its first statement to its commit in one go, in one thread, and the event loop is asked once instead of at every
statement.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from storage.connection import Connection, Parameters, Result, Rows, Work

READERS: Final = 4
# How long to wait for another process that writes: the command line beside a running service.
BUSY_MS: Final = 10_000


class Abandoned(Exception):
    """Nobody waits for the transaction any more: it is undone."""


class _Inline:
    """A connection that has each answer at once."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> sa.Dialect:
        return self._connection.dialect

    @property
    def info(self) -> dict[Any, Any]:
        return self._connection.info

    async def execute(self, statement: sa.Executable, parameters: Parameters = None) -> Rows:
        return self._connection.execute(statement, parameters)

    async def exec_driver_sql(self, statement: str, parameters: Parameters = None) -> Rows:
        return self._connection.exec_driver_sql(statement, parameters)

    async def insert(self, table: str, statement: str, parameters: tuple[object, ...]) -> None:
        del table
        self._connection.exec_driver_sql(statement, parameters)

    async def scalar(self, statement: sa.Executable, parameters: Parameters = None) -> Any:
        return self._connection.scalar(statement, parameters)

    async def scalars(self, statement: sa.Executable, parameters: Parameters = None) -> sa.ScalarResult[Any]:
        return self._connection.scalars(statement, parameters)

    async def run_sync(self, work: Callable[[sa.Connection], Result]) -> Result:
        return work(self._connection)


class Sqlite:
    """A database in a file."""

    def __init__(self, file: Path) -> None:
        self._writer = _Side(_engine(file, "BEGIN IMMEDIATE", 1), ThreadPoolExecutor(1, "writer"))
        self._readers = _Side(_engine(file, "BEGIN", READERS), ThreadPoolExecutor(READERS, "reader"))

    async def transact(self, work: Work[Result]) -> Result:
        """Run `work`, and return once what it wrote is on disk."""
        return await self._writer.in_one_go(work)

    async def read(self, work: Work[Result]) -> Result:
        """Run `work` on one state of the database."""
        return await self._readers.in_one_go(work)

    async def close(self) -> None:
        """Close the file."""
        for side in (self._writer, self._readers):
            await side.close()


class _Side:
    """Threads, each with a connection that it keeps: to ask the pool for one costs more than a small transaction."""

    def __init__(self, engine: sa.Engine, threads: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._threads = threads
        self._of_thread = threading.local()
        self._kept: set[sa.Connection] = set()

    async def in_one_go(self, work: Work[Result]) -> Result:
        """Run a transaction in one of the threads."""
        abandoned = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work, abandoned)
        except asyncio.CancelledError:
            abandoned.set()
            raise

    def _run(self, work: Work[Result], abandoned: threading.Event) -> Result:
        connection: sa.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = self._engine.connect()
            self._kept.add(connection)
        try:
            with connection.begin():
                result = _driven(work, _Inline(connection))
                if abandoned.is_set():
                    raise Abandoned
                return result
        except BaseException:
            # Whatever it was, the next transaction finds nothing of it.
            self._of_thread.connection = None
            self._kept.discard(connection)
            connection.close()
            raise

    async def close(self) -> None:
        """Let the threads come to their end, and close their connections."""
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._kept:
            connection.close()
        self._engine.dispose()


def _driven(work: Work[Result], connection: Connection) -> Result:
    """Return what the coroutine returns, which never has to wait."""
    coroutine = work(connection)
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    finally:
        coroutine.close()
    raise RuntimeError("a transaction may await nothing but its connection")


def _engine(file: Path, begin: str, size: int) -> sa.Engine:
    # The threads take turns with the connections; no connection is used by two at once.
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(file)),
        pool_size=size,
        max_overflow=0,
        # What a connection keeps by itself is kept by as few of them as work at once.
        pool_use_lifo=True,
        connect_args={"check_same_thread": False},
        # Each transaction has come to its end by itself when its connection is given back.
        pool_reset_on_return=None,
        hide_parameters=True,
    )

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: sa.engine.interfaces.DBAPIConnection, record: ConnectionPoolEntry) -> None:
        del record
        # The driver must not begin transactions by itself: it would begin them as readers, and a reader that comes to
        # write fails at once when somebody else has written meanwhile.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
