"""Where messages wait: the places of the queue, and what stands first in each.

The places are found by leaps through the index, from each to the first one after it, and of each is read what it takes
to know: so a look costs as much as there are places, however many messages wait in each of them.
"""

from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa

from bot.domain.board import FOLD_FROM
from bot.domain.delivery import Kind, Lane, Place
from bot.domain.incident import Entry
from bot.domain.people import AccountId, WorkspaceId
from storage import tables
from storage.database import Connection


class Spot(NamedTuple):
    """A place where something waits: a row as it comes, because a look may find hundreds and few of them matter.

    `pages`: how many pages wait there that may go out now, counted until there are more than make a crowd, as the index
    knows them: not all of them are for a board. `head`: the most urgent message that may go out now; None: none may.
    `has_board`: a board stands there.
    """

    workspace: WorkspaceId
    key: str
    chat: str | None
    account: AccountId | None
    pages: int
    head: int | None
    has_board: bool

    @property
    def place(self) -> Place:
        """Which place it is."""
        return Place(self.workspace, self.chat, self.account)


async def look(connection: Connection, now: datetime) -> list[Spot]:
    """Return all places where something waits by itself and not on a board, that with the most urgent head first."""
    return list(map(Spot._make, await connection.execute(_SPOTS, {"now": now})))


def _words(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


# The words are written into the statement, not bound, so that the databases see which of the partial indexes holds what
# is asked for. A leap is two steps, since SQLite would look through a whole workspace for a pair that is greater than
# another. A message of a card that has another one under way waits for it, and an edit for the card that is still to be
# sent. While a new version and an old one share the database, each leaves alone what only the other knows how to send.
_SPOTS: Final = sa.text(
    f"""
WITH RECURSIVE places (id) AS (
    SELECT (
        SELECT id FROM deliveries WHERE state = 'pending' AND board_id IS NULL
        ORDER BY workspace_id, place LIMIT 1
    )
    UNION ALL
    SELECT coalesce(
        (
            SELECT other.id FROM deliveries other WHERE other.state = 'pending' AND other.board_id IS NULL
            AND other.workspace_id = here.workspace_id AND other.place > here.place
            ORDER BY other.workspace_id, other.place LIMIT 1
        ),
        (
            SELECT other.id FROM deliveries other WHERE other.state = 'pending' AND other.board_id IS NULL
            AND other.workspace_id > here.workspace_id
            ORDER BY other.workspace_id, other.place LIMIT 1
        )
    )
    FROM places JOIN deliveries here ON here.id = places.id
),
spots AS MATERIALIZED (
    SELECT here.workspace_id, here.place, here.chat, here.account_id, (
        SELECT count(*) FROM (
            SELECT 1 FROM deliveries page WHERE page.state = 'pending' AND page.board_id IS NULL
            AND page.workspace_id = here.workspace_id AND page.place = here.place
            AND page.lane = {int(Lane.PAGE)} AND page.not_before <= :now
            LIMIT {FOLD_FROM + 1}
        ) AS pages
    ) AS pages, (
        SELECT first.id FROM deliveries first WHERE first.state = 'pending' AND first.board_id IS NULL
        AND first.workspace_id = here.workspace_id AND first.place = here.place
        AND first.not_before <= :now
        AND first.kind IN ({_words(tuple(Kind))}) AND (first.entry IS NULL OR first.entry IN ({_words(tuple(Entry))}))
        AND (first.card_id IS NULL OR first.card_id NOT IN (
            SELECT sent.card_id FROM deliveries sent WHERE sent.state = 'sending' AND sent.card_id IS NOT NULL
        ))
        AND (first.kind <> 'edit' OR NOT EXISTS (
            SELECT 1 FROM deliveries card
            WHERE card.card_id = first.card_id AND card.state = 'pending' AND card.kind = 'card'
        ))
        ORDER BY first.lane, first.not_before, first.id LIMIT 1
    ) AS head, EXISTS (
        SELECT 1 FROM boards WHERE boards.closed_at IS NULL
        AND boards.workspace_id = here.workspace_id AND boards.place = here.place
    ) AS has_board
    FROM places JOIN deliveries here ON here.id = places.id
)
SELECT spots.workspace_id, spots.place, spots.chat, spots.account_id, spots.pages, spots.head, spots.has_board
FROM spots LEFT JOIN deliveries head ON head.id = spots.head
ORDER BY head.lane, head.not_before, head.id
"""  # noqa: S608 - Words and numbers of our own.
).bindparams(sa.bindparam("now", type_=tables.Instant()))
