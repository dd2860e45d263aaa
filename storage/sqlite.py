"""SQLite: one writer and a few readers, each in a thread of its own.

A transaction is a coroutine that awaits nothing but its connection, and this connection never makes it wait: so it runs
from its first statement to its commit in one go, in one thread, and the event loop is asked once instead of at every
statement. What is brief runs in the event loop's own thread, if nobody writes at that instant; there only its commit is
left to the writer's.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from storage.connection import Brief, Connection, Parameters, Result, Rows, Work

READERS: Final = 4
# How long to wait for another process that writes: the command line beside a running service.
BUSY_MS: Final = 10_000
# Seconds for which what is brief may hold up the event loop; while it takes less than half, twice as much is allowed.
LONGEST_TURN: Final = 0.008
MOST_BRIEFLY: Final = 128
# After so many that were too large for it, twice as much is tried again: what took long may have been the machine.
TRY_AGAIN_AFTER: Final = 50


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

    async def change(self, table: str, statement: str, parameters: tuple[object, ...]) -> None:
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
        self._writer = _Writer(_engine(file, "BEGIN IMMEDIATE", 1))
        self._readers = _Readers(_engine(file, "BEGIN", READERS))

    async def transact(self, work: Work[Result]) -> Result:
        """Run `work`, and return once what it wrote is on disk."""
        return await self._writer.transact(work)

    async def read(self, work: Work[Result]) -> Result:
        """Run `work` on one state of the database."""
        return await self._readers.read(work)

    async def close(self) -> None:
        """Close the file."""
        await self._writer.close()
        await self._readers.close()


class _Writer:
    """The connection that writes, kept from one transaction to the next: one has it at a time.

    While a transaction runs in a thread beside a busy event loop, the two ask for the interpreter in turn, from
    statement to statement: of a small one that was a quarter of all it cost. So one that is brief runs in the loop, if
    the thread has nothing to do. What may wait, for the disk or for another process, is always done by the thread.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, "writer")
        self._connection: sa.Connection | None = None
        # How often the thread was given something, and has ended it: told by the loop, and by the thread.
        self._given = 0
        self._ended = 0
        self._turns = Turns()

    async def transact(self, work: Work[Result]) -> Result:
        """Run a transaction, and return once what it wrote is on disk."""
        is_free = isinstance(work, Brief) and self._given == self._ended and self._turns.allow(work.size)
        begun = self._begun_at_once() if is_free else None
        if begun is None:
            return await self._by_thread(partial(self._whole, work))
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            result = _driven(work, _Inline(begun.connection))
            committing = self._by_thread(partial(self._committed, begun, result))
        except BaseException:
            self._forget(begun.connection)
            raise
        self._turns.took(loop.time() - began)
        return await committing

    def _begun_at_once(self) -> sa.RootTransaction | None:
        """Begin a transaction; None: that has to wait, or goes wrong, which the thread is to find out."""
        connection = self._connection
        if connection is None:
            return None
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute("PRAGMA busy_timeout=0")
            try:
                return connection.begin()
            finally:
                driver.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        except DBAPIError:
            return None
        except BaseException:
            self._forget(connection)
            raise

    def _by_thread(self, step: Callable[[threading.Event], Result]) -> Coroutine[Any, Any, Result]:
        """Give the thread something to do; what is returned waits for it."""
        abandoned = threading.Event()
        # Before: if it is counted and not done, only time is lost.
        self._given += 1
        running = asyncio.get_running_loop().run_in_executor(self._thread, self._counted, step, abandoned)
        # If nobody waits for it any more, nobody else asks how it ended.
        running.add_done_callback(_seen)

        async def done() -> Result:
            try:
                # It has its turn even if nobody waits for it any more: else it would not be counted.
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                abandoned.set()
                raise

        return done()

    def _counted(self, step: Callable[[threading.Event], Result], abandoned: threading.Event) -> Result:
        try:
            return step(abandoned)
        finally:
            self._ended += 1

    def _whole(self, work: Work[Result], abandoned: threading.Event) -> Result:
        if abandoned.is_set():
            raise Abandoned
        if self._connection is None:
            self._connection = self._engine.connect()
        connection = self._connection
        try:
            with connection.begin():
                result = _driven(work, _Inline(connection))
                if abandoned.is_set():
                    raise Abandoned
                return result
        except BaseException:
            self._forget(connection)
            raise

    def _committed(self, transaction: sa.RootTransaction, result: Result, abandoned: threading.Event) -> Result:
        try:
            if abandoned.is_set():
                raise Abandoned
            transaction.commit()
        except BaseException:
            self._forget(transaction.connection)
            raise
        return result

    def _forget(self, connection: sa.Connection) -> None:
        """Close the file, which undoes what was begun: whatever it was, the next transaction finds nothing of it."""
        self._connection = None
        connection.invalidate()
        connection.close()

    async def close(self) -> None:
        """Let the thread come to its end, and close the connection."""
        await asyncio.to_thread(self._thread.shutdown)
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()


class Turns:
    """How large a transaction may be that runs in the event loop, by how long those took that did."""

    def __init__(self) -> None:
        self._most = 1
        self._size = 0
        self._refused = 0

    def allow(self, size: int) -> bool:
        """Whether one of this size may."""
        if size > self._most:
            self._refused += 1
            if self._refused > TRY_AGAIN_AFTER:
                self._most = min(max(self._most * 2, 1), MOST_BRIEFLY)
                self._refused = 0
            return False
        self._size = size
        return True

    def took(self, seconds: float) -> None:
        """Learn from how long the one took that was allowed last."""
        if seconds > LONGEST_TURN:
            self._most = int(self._size * LONGEST_TURN / seconds)
        elif seconds < LONGEST_TURN / 2 and self._size * 2 > self._most:
            self._most = min(self._size * 2, MOST_BRIEFLY)


class _Readers:
    """Threads, each with a connection that it keeps: to ask the pool for one costs more than a small transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(READERS, "reader")
        self._of_thread = threading.local()
        self._kept: set[sa.Connection] = set()

    async def read(self, work: Work[Result]) -> Result:
        """Run a transaction in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    def _run(self, work: Work[Result]) -> Result:
        connection: sa.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = self._engine.connect()
            self._kept.add(connection)
        try:
            with connection.begin():
                return _driven(work, _Inline(connection))
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


def _seen(done: asyncio.Future[Any]) -> None:
    if not done.cancelled():
        done.exception()


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
