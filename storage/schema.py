"""The schema's version: bring it up to date, or say that it is not.

Migrations only run forward, and leave a schema on which the version before them still runs. So during an upgrade a
schema may be newer than the code, which then leaves it as it is.
"""

import importlib
from typing import Final

import sqlalchemy as sa

from storage.database import Connection, Database

VERSIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012")
"""The versions that this code knows, the newest last: the revisions in the folder of the migrations."""

_VERSION: Final = sa.table("alembic_version", sa.column("version_num", sa.String))
# Any number that nothing else in this database uses as an advisory lock: two processes that start at once take turns.
_LOCK: Final = 7_226_273


async def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the schema to the newest version that this code knows; return the version before and after.

    A schema that is newer than this code stays as it is.
    """

    async def work(connection: Connection) -> tuple[str | None, str]:
        if not database.is_sqlite:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        before = await connection.run_sync(_current)
        if before is not None and fits(before):
            return before, before
        # Loading what migrates takes a fifth of a second: not at every start.
        await connection.run_sync(importlib.import_module("storage.migrating").to_newest)
        return before, newest()

    # A migration takes as long as it takes.
    return await database.transact(work, within=None)


async def current(database: Database) -> str | None:
    """Return the version of the schema in the database; None: there is none yet."""

    async def work(connection: Connection) -> str | None:
        return await connection.run_sync(_current)

    return await database.read(work)


def newest() -> str:
    """Return the version of the schema that this code needs."""
    return VERSIONS[-1]


def fits(version: str | None) -> bool:
    """Whether this code runs on a schema of that version: its own, or one that only newer code knows."""
    return version is not None and version not in VERSIONS[:-1]


def _current(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    found: str | None = connection.scalar(sa.select(_VERSION.c.version_num))
    return found
