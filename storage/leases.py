"""Leases: what only one process may do at a time, under a name, for a limited time.

A process that dies keeps its lease until it runs out, so whoever holds one must renew it in time, and must have stopped
what it does before it runs out.
"""

from datetime import datetime

import sqlalchemy as sa

from storage import tables
from storage.database import Connection


async def take(connection: Connection, name: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take the lease or renew it; False: somebody else holds it."""
    leases = tables.leases.c
    free_or_ours = sa.or_(leases.holder == holder, leases.until <= now)
    renewed = await connection.execute(
        sa.update(tables.leases).where(leases.name == name, free_or_ours).values(holder=holder, until=until)
    )
    if renewed.rowcount:
        return True
    if await connection.scalar(sa.select(leases.holder).where(leases.name == name)) is not None:
        return False
    # Two that insert it at once collide, and the one that comes second starts over.
    await connection.execute(sa.insert(tables.leases).values(name=name, holder=holder, until=until))
    return True


async def give_back(connection: Connection, name: str, holder: str) -> None:
    """Let others take it at once; nothing happens if it is not ours any more."""
    leases = tables.leases.c
    await connection.execute(sa.delete(tables.leases).where(leases.name == name, leases.holder == holder))
