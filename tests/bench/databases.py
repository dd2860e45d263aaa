"""Fresh databases for benchmarks: a file, or a database on a PostgreSQL server that is as durable as a user's."""

import contextlib
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from tests.bench import machine
from tests.bench.oncard import sqlite_url
from tests.support.postgresql import PostgresqlServer, postgresql

KINDS = ("SQLite", "PostgreSQL")

Fresh = Callable[[str], contextlib.AbstractContextManager[tuple[Path, str]]]
"""Gives an empty folder, and the address of an empty database of a kind."""


@contextlib.contextmanager
def databases(folder: Path) -> Iterator[Fresh]:
    """Run a PostgreSQL server for as long as the block lasts, and make databases of both kinds."""
    numbers = count(1)
    with postgresql(folder) as server:

        @contextlib.contextmanager
        def fresh(kind: str) -> Iterator[tuple[Path, str]]:
            with machine.fresh_folder(folder) as home, _database(kind, home, server, next(numbers)) as url:
                yield home, url

        yield fresh


@contextlib.contextmanager
def _database(kind: str, home: Path, server: PostgresqlServer, number: int) -> Iterator[str]:
    if kind == "SQLite":
        yield sqlite_url(home)
        return
    name = f"bench{number}"
    server.create(name)
    try:
        yield server.url(name)
    finally:
        server.drop(name)
