"""Fixtures: a fresh database for each test, on SQLite and on a real PostgreSQL.

A test that asks for `database` (open, with Oncard's schema), `schema_url` (its address) or `database_url` (empty) runs
once on each kind. `new_database(build)` gives a database that holds what `build(url)` made: it is built once per
session, and every call gets its own copy.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from storage import schema
from storage.database import Database
from tests.support.postgresql import PostgresqlServer, in_memory, postgresql

Build = Callable[[str], object]
"""Fills the empty database at the address it is given, and leaves no connection open. May use `asyncio.run`."""

NewDatabase = Callable[[Build | None], str]
"""Makes a database, a copy of what the builder made or empty without one, and returns its address."""


class Databases(Protocol):
    """One kind of database: makes databases for the whole session."""

    def create(self, build: Build | None) -> str:
        """Make a database that holds what `build` makes, or nothing; return its address."""
        ...

    def drop_all(self) -> None:
        """Remove what was created since the last call; what was built stays for the next test."""
        ...


class SqliteDatabases:
    """SQLite: a database is a file, a copy is a copied file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._built: dict[Build, Path] = {}
        self._created: list[Path] = []
        self._numbers = count(1)

    def create(self, build: Build | None) -> str:
        path = self._directory / f"test{next(self._numbers)}.db"
        self._created.append(path)
        if build is not None:
            shutil.copyfile(self._template(build), path)
        return _sqlite_url(path)

    def drop_all(self) -> None:
        for path in self._created:
            for file in path.parent.glob(f"{path.name}*"):
                file.unlink()
        self._created.clear()

    def _template(self, build: Build) -> Path:
        if build not in self._built:
            path = self._directory / f"built{next(self._numbers)}.db"
            _in_a_thread(build, _sqlite_url(path))
            if path.with_name(f"{path.name}-wal").exists():
                raise RuntimeError(f"{build!r} left a connection open: its database cannot be copied")
            self._built[build] = path
        return self._built[build]


class PostgresqlDatabases:
    """PostgreSQL: a database is made by the server from a template database."""

    def __init__(self, server: PostgresqlServer) -> None:
        self._server = server
        self._built: dict[Build, str] = {}
        self._created: list[str] = []
        self._numbers = count(1)

    def create(self, build: Build | None) -> str:
        name = f"test{next(self._numbers)}"
        self._server.create(name, self._template(build) if build else "template0")
        self._created.append(name)
        return self._server.url(name)

    def drop_all(self) -> None:
        while self._created:
            self._server.drop(self._created.pop())

    def _template(self, build: Build) -> str:
        if build not in self._built:
            name = f"built{next(self._numbers)}"
            self._server.create(name)
            _in_a_thread(build, self._server.url(name))
            self._built[build] = name
        return self._built[build]


@pytest.fixture(autouse=True)
def no_connection_kept() -> Iterator[None]:
    """Fail a test that ends with a connection to PostgreSQL still in use: else a later one fails when it is found."""
    used: set[ConnectionPoolEntry] = set()

    def taken(connection: DBAPIConnection, record: ConnectionPoolEntry, borrowed: object) -> None:
        del borrowed
        if type(connection).__module__.startswith("sqlalchemy.dialects.postgresql"):
            used.add(record)

    def given_back(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        del connection
        used.discard(record)

    sa.event.listen(Pool, "checkout", taken)
    sa.event.listen(Pool, "checkin", given_back)
    try:
        yield
    finally:
        sa.event.remove(Pool, "checkout", taken)
        sa.event.remove(Pool, "checkin", given_back)
    assert not used


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Run one PostgreSQL server for the session."""
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: PostgresqlServer) -> Databases:
    """Make databases on PostgreSQL."""
    return PostgresqlDatabases(postgresql_server)


@pytest.fixture(scope="session")
def sqlite_databases() -> Iterator[Databases]:
    """Make databases on SQLite: in memory where the machine has room, as no test waits for a disk to prove anything."""
    with tempfile.TemporaryDirectory(prefix="oncard-sqlite-", dir=in_memory()) as folder:
        yield SqliteDatabases(Path(folder))


@pytest.fixture
def new_postgresql_database(postgresql_databases: Databases) -> Iterator[NewDatabase]:
    """Give `new(build)`, which makes a PostgreSQL database that lives as long as the test."""
    yield postgresql_databases.create
    postgresql_databases.drop_all()


@pytest.fixture
def new_sqlite_database(sqlite_databases: Databases) -> Iterator[NewDatabase]:
    """Give `new(build)`, which makes an SQLite database that lives as long as the test."""
    yield sqlite_databases.create
    sqlite_databases.drop_all()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> NewDatabase:
    """Give `new(build)`, once for each kind of database."""
    new: NewDatabase = request.getfixturevalue(f"new_{request.param}_database")
    return new


@pytest.fixture
def postgresql_url(new_postgresql_database: NewDatabase) -> str:
    """Give the address of an empty PostgreSQL database."""
    return new_postgresql_database(None)


@pytest.fixture
def sqlite_url(new_sqlite_database: NewDatabase) -> str:
    """Give the address of an SQLite database whose file is not there yet."""
    return new_sqlite_database(None)


@pytest.fixture
def database_url(new_database: NewDatabase) -> str:
    """Give the address of an empty database, once for each kind."""
    return new_database(None)


@pytest.fixture
def schema_url(new_database: NewDatabase) -> str:
    """Give the address of a database with Oncard's schema and nothing in it, once for each kind."""
    return new_database(with_schema)


@pytest.fixture
async def database(schema_url: str) -> AsyncIterator[Database]:
    """Give an open database with Oncard's schema and nothing in it, once for each kind."""
    database = Database(schema_url)
    yield database
    await database.close()


def with_schema(url: str) -> None:
    """Bring the empty database at `url` to the newest schema."""

    async def upgrade() -> None:
        database = Database(url)
        await schema.upgrade(database)
        await database.close()

    asyncio.run(upgrade())


def _sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def _in_a_thread(work: Callable[..., object], *arguments: object) -> None:
    """Do `work` outside the test's thread, where it may run an event loop of its own."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work, *arguments).result()
