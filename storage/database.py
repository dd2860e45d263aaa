"""The database: SQLite in one process, or PostgreSQL under any number of them.

A transaction is a function that is run with a connection; when the database could not reconcile it with another one,
it is run again from the start, so it must do nothing but read and write there. SQLite has one writer, and commits are
on disk (`synchronous=FULL`) before they return.

On SQLite the function runs from its first statement to its last in one thread, because a hop between threads costs far
more than a statement there; so it may await nothing but its connection. On PostgreSQL it runs in the event loop.
"""

import asyncio
import importlib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeVar

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

from storage import tables
from storage.connection import Connection, Result, Work
from storage.sqlite import Sqlite

__all__ = [
    "DRIVERS",
    "Connection",
    "Database",
    "DatabaseUnusable",
    "Series",
    "in_few_sizes",
    "is_away",
    "portions",
    "take_any_numbers",
    "take_numbers",
    "take_together",
]

Value = TypeVar("Value")

DRIVERS: Final = ("sqlite+aiosqlite", "postgresql+asyncpg")
Series = Literal["incidents", "alerts", "cards"]
MOST_TRIES: Final = 8
# PostgreSQL: serialization_failure and deadlock_detected. The transaction was undone, and may well succeed next time.
_COLLISIONS: Final = frozenset({"40001", "40P01"})
# PostgreSQL's classes of errors that are about the server: connection, resources, operator's intervention, its disk;
# and that it only reads, as one does that is no longer the primary.
_OF_THE_SERVER: Final = ("08", "53", "57", "58", "25006")
# A server that vanished without a word is noticed by this alone: the network would be patient for a quarter of an hour.
LONGEST_WAIT: Final = 60.0
# SQLite takes 32,766 variables in a statement, PostgreSQL's driver 32,767.
MOST_VALUES: Final = 8_192
# So many numbers a connection takes ahead where it may.
AT_HAND: Final = 256


class DatabaseUnusable(Exception):
    """The address is wrong or the database does not answer; the text says how to mend it and holds no password."""


class _Server(Protocol):
    """One kind of database: runs `work` in a transaction, or in one that only reads."""

    async def transact(self, work: Work[Result]) -> Result:
        """Run it, and return once it is committed."""
        ...

    async def read(self, work: Work[Result]) -> Result:
        """Run it; it changes nothing."""
        ...

    async def close(self) -> None:
        """Give back all connections."""
        ...


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
        if parsed.drivername not in (*DRIVERS, "sqlite"):
            raise DatabaseUnusable(
                f"ONCARD_DATABASE_URL starts with {parsed.drivername!r}: use {' or '.join(DRIVERS)} instead"
            )
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.shown_url = parsed.render_as_string(hide_password=True)
        self._server: _Server = Sqlite(_file(parsed)) if self.is_sqlite else _postgresql(parsed)

    async def transact(self, work: Work[Result], *, within: float | None = LONGEST_WAIT) -> Result:
        """Run `work` in one transaction and return what it returns, once that is committed.

        Raises TimeoutError when it did not come to its end within so many seconds: then nothing is stored, unless the
        commit itself was what took so long.
        """
        async with asyncio.timeout(within):
            for tries_left in reversed(range(MOST_TRIES)):
                try:
                    return await self._server.transact(work)
                except DBAPIError as error:
                    if not tries_left or not _is_collision(error):
                        raise
        raise AssertionError("the last try returns or raises")

    async def read(self, work: Work[Result]) -> Result:
        """Run `work`, which only reads. On SQLite it sees one state; on PostgreSQL each statement sees the newest."""
        async with asyncio.timeout(LONGEST_WAIT):
            return await self._server.read(work)

    async def check(self) -> None:
        """Write something that changes nothing. Raises DatabaseUnusable when that does not reach the disk."""

        async def work(connection: Connection) -> None:
            # There and back: SQLite writes no page whose content stays the same.
            for change in (1, -1):
                await connection.execute(sa.update(tables.numbers).values(last=tables.numbers.c.last + change))

        try:
            await self.transact(work)
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseUnusable(f"the database cannot be written to ({type(error).__name__})") from error

    async def close(self) -> None:
        """Give back all connections."""
        await self._server.close()


def _postgresql(url: sa.URL) -> _Server:
    """Return the server at the address. What speaks to it is a fifth of a second to load: not for SQLite.

    Raises DatabaseUnusable.
    """
    try:
        server: _Server = importlib.import_module("storage.postgresql").Postgresql(url)
    except ArgumentError as error:
        raise DatabaseUnusable(f"ONCARD_DATABASE_URL cannot be used: {error}") from error
    return server


def _file(url: sa.URL) -> Path:
    """Return the SQLite file, its folder made. Raises DatabaseUnusable for one that would be gone with the process."""
    if not url.database or url.database == ":memory:":
        raise DatabaseUnusable("ONCARD_DATABASE_URL names no file: use sqlite+aiosqlite:///var/oncard.db")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnusable(f"the folder of the database cannot be made: {error}") from error
    return path


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
    """Yield the values in portions that one statement can take in an `IN`."""
    for first in range(0, len(values), MOST_VALUES):
        yield in_few_sizes(values[first : first + MOST_VALUES])


def in_few_sizes(values: Sequence[Value]) -> Sequence[Value]:
    """Return the values for an `IN`, the last one repeated until they are a power of two.

    The drivers keep what they have prepared by its text, so there should not be a text for each number of values.
    """
    missing = (1 << max(len(values) - 1, 0).bit_length()) - len(values)
    return [*values, *repeat(values[-1], missing)] if values else values


_MORE: Final = sa.bindparam("more", type_=sa.BigInteger)


async def take_numbers(connection: Connection, series: Series, count: int) -> list[int]:
    """Return `count` new numbers of a series, in order; they are gone even if they are not used."""
    return [number for (number,) in await take_together(connection, (series,), count)]


async def take_any_numbers(connection: Connection, series: Series, count: int) -> list[int]:
    """Return `count` new numbers of a series where their order tells nothing.

    On PostgreSQL a connection keeps some at hand, so that they are not asked for with every message.
    """
    kept = connection.info if connection.dialect.name == "postgresql" else None
    if kept is None:
        return await take_numbers(connection, series, count)
    at_hand: list[int] = kept.setdefault(f"{series}_numbers", [])
    if len(at_hand) < count:
        at_hand += await take_numbers(connection, series, max(count, AT_HAND))
    taken = at_hand[:count]
    del at_hand[:count]
    return taken


async def take_together(connection: Connection, series: tuple[Series, ...], count: int) -> list[tuple[int, ...]]:
    """Return `count` new numbers of each of these series, one of each at a time, in one statement."""
    if connection.dialect.name == "postgresql":
        rows = await connection.execute(_next_of(series), {"more": count})
        return [tuple(row) for row in rows]
    # In the database's own words: what is put together for the number of names takes longer than it takes to run.
    names = ", ".join("?" * len(series))
    taking = f"UPDATE numbers SET last = last + ? WHERE name IN ({names}) RETURNING name, last"  # noqa: S608 - Only marks.
    taken = await connection.exec_driver_sql(taking, (count, *series))
    last: dict[str, int] = dict(iter(taken))
    return list(zip(*(range(last[one] - count + 1, last[one] + 1) for one in series), strict=True))


@cache
def _next_of(series: tuple[Series, ...]) -> sa.Select[tuple[Any, ...]]:
    numbers = [sa.func.nextval(f"{one}_numbers").label(one) for one in series]
    return sa.select(*numbers).select_from(sa.func.generate_series(1, _MORE))
