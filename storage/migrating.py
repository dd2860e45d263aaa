"""Runs the migrations, with Alembic."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

_MIGRATIONS: Final = Path(__file__).parent / "migrations"


def to_newest(connection: sa.Connection) -> None:
    """Bring the schema of this connection's database to the newest version."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def revisions() -> tuple[str, ...]:
    """Return the versions that there are migrations to, oldest first."""
    scripts = ScriptDirectory(str(_MIGRATIONS)).walk_revisions()
    return tuple(reversed([script.revision for script in scripts]))
