"""Notices: how the processes on one PostgreSQL tell each other that there is work (NOTIFY and LISTEN).

A notice may be lost; it only saves the time until the next poll. Whoever listens needs a connection of its own for as
long as it does: a pooler between us and the server that hands each transaction another connection (PgBouncer in
transaction mode) takes LISTEN without an error, and nothing is ever heard.
"""

import asyncio
import importlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import sqlalchemy as sa

from storage.database import Connection, Database

CHANNEL: Final = "oncard"
# A notice changes nothing that is to outlive a crash, so its commit need not wait for the disk.
_TELL: Final = sa.select(
    sa.func.set_config("synchronous_commit", "off", sa.true()), sa.func.pg_notify(CHANNEL, sa.bindparam("text"))
)


async def tell(connection: Connection, text: str) -> None:
    """Send a notice to everybody who listens, ourselves included, when this transaction is committed."""
    await connection.execute(_TELL, {"text": text})


def listening(database: Database, heard: Callable[[str], None]) -> AbstractAsyncContextManager[asyncio.Event]:
    """Listen, outside of the pool, until the block ends. The event that is given is set when the connection is lost.

    Raises what the driver raises when it cannot connect.
    """
    opened: AbstractAsyncContextManager[asyncio.Event] = importlib.import_module("storage.postgresql").listening(
        database.url, CHANNEL, heard
    )
    return opened
