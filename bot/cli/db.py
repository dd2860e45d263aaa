"""`oncard db`: the database's schema. It needs no ONCARD_SECRET_KEY, since no secret is read."""

import asyncio
import logging
import os

import click

from bot.cli.refused import Refused
from bot.cli.screen import print_line
from bot.cli.session import cannot_open, set_up_logs
from bot.main import DEFAULT_DATABASE
from storage import schema
from storage.database import Database, DatabaseUnusable


@click.group
def command() -> None:
    """Look after the database."""


@command.command
def upgrade() -> None:
    """Bring the schema up to date.

    An Oncard of the version before may go on running on it.
    """
    set_up_logs(logging.WARNING)
    before, after = asyncio.run(_upgrade(os.environ.get("ONCARD_DATABASE_URL", "") or DEFAULT_DATABASE))
    print_line(f"the schema is up to date ({after})" if before == after else f"schema: {before or 'none'} → {after}")


async def _upgrade(url: str) -> tuple[str | None, str]:
    try:
        database = Database(url)
    except DatabaseUnusable as error:
        raise Refused(str(error)) from error
    try:
        return await schema.upgrade(database)
    except (
        Exception
    ) as error:  # Each driver has its own errors; whatever keeps a database shut is the operator's to mend.
        raise cannot_open(database.shown_url, error) from error
    finally:
        await database.close()
