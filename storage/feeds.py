"""Which address of a feed counts: each has a number, and the one before it leads nowhere once there is the next."""

from typing import Final

import sqlalchemy as sa

from bot.domain.feed import Feed
from storage import tables
from storage.database import Connection

FIRST: Final = 0


async def issue(connection: Connection, feed: Feed) -> int:
    """Return the number of the feed's address that counts."""
    numbers = tables.numbers
    found: int | None = await connection.scalar(sa.select(numbers.c.last).where(numbers.c.name == _name(feed)))
    return FIRST if found is None else found


async def rotate(connection: Connection, feed: Feed) -> int:
    """Make a new number count, and return it."""
    numbers, name = tables.numbers, _name(feed)
    # Where two do so at once, the second insert collides, and its transaction is run again.
    if await connection.scalar(sa.select(numbers.c.last).where(numbers.c.name == name)) is None:
        await connection.execute(sa.insert(numbers).values(name=name, last=FIRST))
    query = sa.update(numbers).where(numbers.c.name == name).values(last=numbers.c.last + 1).returning(numbers.c.last)
    return int((await connection.execute(query)).scalar_one())


def _name(feed: Feed) -> str:
    return f"feed {feed.schedule or 0} {feed.account or 0}"
