"""The schema's version: bring it up to date, or say that it is not.

Migrations only run forward, and leave a schema on which the version before them still runs.
"""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.database import Connection, Database

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
# Any number that nothing else in this database uses as an advisory lock: two processes that start at once take turns.
_LOCK: Final = 7_226_273


async def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the schema to the newest version; return the version before and after."""

    async def work(connection: Connection) -> tuple[str | None, str]:
        if not database.is_sqlite:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        before = await connection.run_sync(_current)
        await connection.run_sync(_upgrade)
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
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
    if head is None:
        raise RuntimeError("no migration is installed")
    return head


def _current(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: sa.Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
