"""The daily looks at the configuration: on which day, what was found, and what people were told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.domain.daily import Looked
from cards.card import Card, Note
from storage import bulk, tables
from storage.database import Connection

_ONCE: Final = "ON CONFLICT (day) DO NOTHING"
# Those of the last weeks say when people were told last.
KEPT: Final = 60


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of a look in one language: as a card, and in words."""

    card: Card
    note: Note


_BODY: Final = TypeAdapter(dict[str, Said])


async def last_day(connection: Connection, until: date) -> date | None:
    """Return the day of the last look up to a day: one that a clock dated years ahead must not silence the others."""
    days = tables.lint_looks.c.day
    day: date | None = await connection.scalar(sa.select(sa.func.max(days)).where(days <= until))
    return day


async def last_told(connection: Connection, until: date) -> Looked | None:
    """Return the last look up to a day of which people were told."""
    columns = tables.lint_looks.c
    told = sa.select(columns.day, columns.digest).where(columns.body.is_not(None), columns.day <= until)
    query = told.order_by(columns.day.desc())
    row = (await connection.execute(query.limit(1))).one_or_none()
    return Looked(row.day, row.digest) if row is not None else None


async def add(connection: Connection, look: Looked, said: Mapping[str, Said] | None) -> int | None:
    """Store a look, and what is told of it; return its number. None: somebody else has looked that day."""
    body = _BODY.dump_json(dict(said)).decode() if said is not None else None
    row = {"day": look.day, "digest": look.digest, "body": body}
    columns = tables.lint_looks.c
    is_known = sa.select(columns.id).where(columns.day == look.day)
    if await connection.scalar(is_known) is not None:
        return None
    await bulk.insert(connection, tables.lint_looks, [row], conflict=_ONCE)
    query = sa.select(columns.id).where(columns.day == look.day, columns.digest == look.digest)
    old = sa.select(columns.id).order_by(columns.day.desc()).offset(KEPT)
    await connection.execute(sa.delete(tables.lint_looks).where(columns.id.in_(old.scalar_subquery())))
    # Of two that look at once both may come here: what they write has the same number, and is written once.
    number: int | None = await connection.scalar(query)
    return number


async def untold(connection: Connection, number: int) -> None:
    """Store that nobody could be told of a look."""
    looks = tables.lint_looks
    await connection.execute(sa.update(looks).where(looks.c.id == number).values(body=None))


async def said(connection: Connection, number: int, language: str) -> Said | None:
    """Return what is said of a look in a language; None: nothing any more."""
    columns = tables.lint_looks.c
    body = await connection.scalar(sa.select(columns.body).where(columns.id == number))
    return _BODY.validate_json(body).get(language) if body else None
