"""Where messages wait: the places of the queue, and what stands first in each.

The places are found by leaps through the index, from each to the first one after it, and of each is read what it takes
to know: so a look costs as much as there are places, however many messages wait in each of them.
"""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from bot.domain.board import FOLD_FROM
from bot.domain.delivery import Kind, Lane, Place
from bot.domain.incident import Entry
from bot.domain.people import WorkspaceId
from storage import tables
from storage.database import Connection
from storage.planning import planned_once

Busy = Collection[tuple[WorkspaceId, str]]
"""Places, each by its workspace and its key; a workspace as a whole under the key `""`."""


class Spot(NamedTuple):
    """A place where something waits: a row as it comes, because a look may find hundreds and few of them matter.

    `pages`: how many pages wait there that may go out now, counted until there are more than make a crowd, as the index
    knows them: not all of them are for a board. `head`: the most urgent message that may go out now; None: none may.
    `has_board`: a board stands there.
    """

    workspace: WorkspaceId
    key: str
    pages: int
    head: int | None
    has_board: bool

    @property
    def place(self) -> Place:
        """Which place it is."""
        return Place.of(self.workspace, self.key)


async def look(connection: Connection, now: datetime, busy: Busy = ()) -> list[Spot]:
    """Return all places where something waits by itself and not on a board, that with the most urgent head first.

    `busy` places are passed over.
    """
    kind = connection.dialect.name
    # As one word each: a database that looks for pairs takes twice as long.
    words = [f"{workspace} {key}" for workspace, key in busy]
    some = words if kind == "postgresql" else json.dumps(words)
    rows = (await connection.execute(_LOOK[kind], {"now": now, "busy": some})).all()
    return list(map(Spot._make, rows))


def _words(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


# The words are written into the statements, not bound, so that the databases see which of the partial indexes holds
# what is asked for.


def known(row: str) -> str:
    """Return, in SQL, whether this version knows how to send what a row of `deliveries` says.

    While a new version and an old one share the database, each leaves alone what only the other knows how to send.
    """
    entries = f"{row}.entry IS NULL OR {row}.entry IN ({_words(tuple(Entry))})"
    return f"{row}.kind IN ({_words(tuple(Kind))}) AND ({entries})"


def may_go(row: str) -> str:
    """Return, in SQL, whether a row of `deliveries` whose time has come may go out, as far as its card is concerned.

    A message of a card that has another one under way waits for it, and an edit for the card that is still to be sent:
    that is asked by a value, since where it is asked by EXISTS PostgreSQL reads all cards that wait, on boards too.
    """
    return f"""
    {known(row)}
    AND ({row}.card_id IS NULL OR {row}.card_id NOT IN (
        SELECT sent.card_id FROM deliveries sent WHERE sent.state = 'sending' AND sent.card_id IS NOT NULL
    ))
    AND ({row}.kind <> 'edit' OR (
        SELECT card.id FROM deliveries card
        WHERE card.incident_id = {row}.incident_id AND card.card_id = {row}.card_id
        AND card.state IN ('pending', 'sending') AND card.version >= 0 AND card.state = 'pending' AND card.kind = 'card'
        LIMIT 1
    ) IS NULL)
"""  # noqa: S608 - Words of our own.


_FIRST: Final = f"""
    FROM deliveries first WHERE first.state = 'pending' AND first.board_id IS NULL
    AND first.workspace_id = places.workspace_id AND first.place = places.place
    AND first.not_before <= :now
    AND {may_go("first")}
    ORDER BY first.lane, first.not_before, first.id LIMIT 1
"""
# Pages are counted in the order of the index: without one PostgreSQL may look for those few in the whole table.
PAGES: Final = f"""(
    SELECT count(*) FROM (
        SELECT 1 FROM deliveries page WHERE page.state = 'pending' AND page.board_id IS NULL
        AND page.workspace_id = places.workspace_id AND page.place = places.place
        AND page.lane = {int(Lane.PAGE)} AND page.not_before <= :now
        ORDER BY page.not_before LIMIT {FOLD_FROM + 1}
    ) AS pages
)"""  # noqa: S608 - Numbers of our own.
"""In SQL, how many pages wait that may go out now for the place of a row of `places`."""
HAS_BOARD: Final = """(places.workspace_id, places.place) IN (
    SELECT workspace_id, place FROM boards WHERE closed_at IS NULL
)"""
"""In SQL, whether a board stands in the place of a row of `places`."""
_SEEN: Final = f"""
SELECT places.workspace_id, places.place, {PAGES} AS pages, head.id, {HAS_BOARD} AS has_board
"""
_FREE: Final = """
WHERE places.workspace_id || ' ' || places.place NOT IN ({0}) AND places.workspace_id || ' ' NOT IN ({0})
ORDER BY head.lane, head.not_before, head.id
"""

# A leap is two steps, since SQLite would look through a whole workspace for a pair that is greater than another.
_SQLITE: Final = f"""
WITH RECURSIVE places (workspace_id, place) AS (
    SELECT * FROM (
        SELECT workspace_id, place FROM deliveries WHERE state = 'pending' AND board_id IS NULL
        ORDER BY workspace_id, place LIMIT 1
    )
    UNION ALL
    SELECT next.workspace_id, next.place FROM places JOIN deliveries next ON next.id = coalesce(
        (
            SELECT other.id FROM deliveries other WHERE other.state = 'pending' AND other.board_id IS NULL
            AND other.workspace_id = places.workspace_id AND other.place > places.place
            ORDER BY other.workspace_id, other.place LIMIT 1
        ),
        (
            SELECT other.id FROM deliveries other WHERE other.state = 'pending' AND other.board_id IS NULL
            AND other.workspace_id > places.workspace_id
            ORDER BY other.workspace_id, other.place LIMIT 1
        )
    )
)
{_SEEN}
FROM places LEFT JOIN deliveries head ON head.id = (SELECT first.id {_FIRST})
{_FREE.format("SELECT value FROM json_each(:busy)")}
"""  # noqa: S608 - Words and numbers of our own.
_POSTGRESQL: Final = f"""
WITH RECURSIVE places (workspace_id, place) AS (
    (
        SELECT workspace_id, place FROM deliveries WHERE state = 'pending' AND board_id IS NULL
        ORDER BY workspace_id, place LIMIT 1
    )
    UNION ALL
    SELECT next.workspace_id, next.place FROM places CROSS JOIN LATERAL (
        SELECT other.workspace_id, other.place FROM deliveries other
        WHERE other.state = 'pending' AND other.board_id IS NULL
        AND (other.workspace_id, other.place) > (places.workspace_id, places.place)
        ORDER BY other.workspace_id, other.place LIMIT 1
    ) AS next
)
{_SEEN}
FROM places LEFT JOIN LATERAL (SELECT first.id, first.lane, first.not_before {_FIRST}) AS head ON true
{_FREE.format("SELECT unnest(:busy)")}
"""  # noqa: S608 - Words and numbers of our own.
_NOW: Final = sa.bindparam("now", type_=tables.Instant())
_LOOK: Final = {
    "sqlite": sa.text(planned_once(_SQLITE, "now", "busy")).bindparams(_NOW, sa.bindparam("busy", type_=sa.Text())),
    "postgresql": sa.text(planned_once(_POSTGRESQL, "now", "busy")).bindparams(
        _NOW, sa.bindparam("busy", type_=postgresql.ARRAY(sa.Text))
    ),
}
