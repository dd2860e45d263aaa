"""Which actions of people were carried out: a platform may tell of the same one again, to another process, hours later.

A key is kept for as long as platforms tell things again (Feishu does so for about seven hours), and some more.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.domain.incident import IncidentId
from bot.domain.people import WorkspaceId
from storage import tables
from storage.database import Connection

KEPT_FOR: Final = timedelta(days=1)


def key_of(workspace: WorkspaceId, trigger: str, incident: IncidentId) -> str:
    """Return the key of one action on one incident; `trigger` is what the platform gives once per action."""
    return hashlib.sha256(f"{workspace}/{incident}/{trigger}".encode(errors="replace")).hexdigest()


async def is_done(connection: Connection, key: str) -> bool:
    """Whether this very action was carried out; sure while its incident is locked."""
    keys = tables.idempotency_keys
    return await connection.scalar(sa.select(keys.c.key).where(keys.c.key == key)) is not None


async def done(connection: Connection, key: str, now: datetime) -> None:
    """Note that the action is carried out, in the transaction that does it; old keys go."""
    keys = tables.idempotency_keys
    await connection.execute(sa.delete(keys).where(keys.c.done_at < now - KEPT_FOR))
    await connection.execute(sa.insert(keys).values(key=key, done_at=now))
