"""One service on one SQLite database: a lock beside its file, which ends with the process that holds it.

The lock is that of SQLite itself, on a small database of its own, so it works wherever SQLite does, and the operating
system frees it however the process ends. Commands that only come and go do not ask for it.
"""

import os
import sqlite3
from pathlib import Path
from typing import Final

from storage.database import Database, DatabaseUnusable

# Seconds to wait for somebody who only looks who holds the lock.
_PATIENCE: Final = 0.5
_MADE: Final = "CREATE TABLE IF NOT EXISTS serving (process INTEGER NOT NULL)"


class Serving:
    """The lock, as long as it is held."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        """Let another process serve."""
        self._connection.close()


def begin_serving(database: Database) -> Serving | None:
    """Take the lock; None: the database needs none, since any number of processes may serve PostgreSQL.

    Raises DatabaseUnusable when another process holds it.
    """
    if not database.is_sqlite:
        return None
    file = Path(database.url.database or "").resolve()
    lock = file.with_name(f"{file.name}.serving")
    try:
        connection = sqlite3.connect(lock, timeout=_PATIENCE, isolation_level=None)
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"cannot make {lock.name} beside the database: {error}") from error
    try:
        _lock(connection)
    except sqlite3.Error as error:
        process = _holder(connection)
        connection.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise DatabaseUnusable(f"cannot use {lock.name} beside the database: {error}") from error
        raise DatabaseUnusable(
            f"another `oncard serve`{process} uses this database, and SQLite carries only one: stop it first, "
            "or let both use one PostgreSQL"
        ) from error
    return Serving(connection)


def _lock(connection: sqlite3.Connection) -> None:
    """Write down who we are, and then keep everybody else from writing. They can still read it."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_MADE)
    connection.execute("DELETE FROM serving")
    connection.execute("INSERT INTO serving VALUES (?)", (os.getpid(),))
    connection.execute("COMMIT")
    # Whoever comes between the two is the one that serves, for this then fails.
    connection.execute("BEGIN IMMEDIATE")


def _holder(connection: sqlite3.Connection) -> str:
    """Return who holds the lock, as a part of a sentence."""
    try:
        row = connection.execute("SELECT process FROM serving").fetchone()
    except sqlite3.Error:
        return ""
    # Of two that start at the same instant, the one that gave way may have been the last to write its number.
    return f" (process {row[0]})" if row and row[0] != os.getpid() else ""
