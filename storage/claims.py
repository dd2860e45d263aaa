"""Which messages somebody takes to send them.

The messages of one place go one after the other: of each place only the most urgent is taken. Mostly they are found at
the front of the queue (`storage.front`); else place by place (`storage.places`), as where much crowds together.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from bot.domain.delivery import Lane, State
from bot.domain.incident import IncidentId
from bot.domain.people import WorkspaceId
from storage import folding, front, places, tables
from storage.database import Connection, in_few_sizes
from storage.deliveries import LEASE, Claimed, Room, from_row
from storage.front import Seats

# Written into the statements, not bound: so the databases see which of the partial indexes holds what is asked for.
_PENDING: Final[sa.ColumnElement[str]] = sa.literal_column("'pending'")
SOON: Final = timedelta(seconds=1)
"""Who looks place by place looks at least this often by themselves."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was claimed, and the places in which boards wait for more."""

    claimed: list[Claimed]
    quiet: tuple[tuple[WorkspaceId, str], ...]


async def claim(connection: Connection, token: str, now: datetime, room: Room) -> Taken:
    """Put onto boards what crowds together where it is about to go out; then take what is due, the most urgent first.

    Of each place one is taken. A message of a card that has another one under way waits for it, and an edit waits for
    the card that is still to be sent.
    """
    first = await front.find(connection, now, room)
    if first is not None and not any(
        one.pages and folding.is_crowded(one.pages, has_board=one.has_board) for one in first
    ):
        return Taken(await _take(connection, token, now, [one.id for one in first]), ())
    spots = await places.look(connection, now, room.busy)
    folded = await folding.fold(connection, now, room.busy, spots)
    if folded.anything:
        spots = await places.look(connection, now, room.busy)
    heads = ((spot.workspace, spot.key, spot.head) for spot in spots if spot.head is not None)
    return Taken(await _take(connection, token, now, _fitting(heads, room)), folded.quiet)


async def claim_new(
    connection: Connection, token: str, now: datetime, opened: Collection[IncidentId], room: Room
) -> tuple[list[Claimed], bool]:
    """Take what is to go out at once for incidents that this transaction opens, and is alone in its place.

    Return it, and whether something is left that may go out within `SOON`: that is for who looks place by place.
    """
    if len(opened) > room.most:
        return [], True
    # Nobody else sees them before the commit: what is free of others when it is looked at stays so.
    instants = {"now": now, "soon": now + SOON}
    new = (await connection.execute(_NEW, {"opened": in_few_sizes(tuple(opened)), **instants})).all()
    free = ((workspace, place, number) for number, workspace, place, is_free in new if is_free)
    taken = await _take(connection, token, now, _fitting(free, room))
    return taken, len(taken) < len(new)


async def _take(connection: Connection, token: str, now: datetime, ids: list[int]) -> list[Claimed]:
    if not ids:
        return []
    claimed = await connection.execute(_TAKE, {"ids": ids, "by": token, "until": now + LEASE})
    rows = sorted(claimed, key=lambda row: (row.lane, row.id))
    return [Claimed(from_row(row), token) for row in rows]


def _taking() -> ReturningUpdate[tuple[Any, ...]]:
    columns = tables.deliveries.c
    # Somebody else may just be taking them, or has put them onto a board since they were found.
    waits = sa.and_(columns.state == _PENDING, columns.board_id.is_(None))
    free = sa.select(columns.id).where(columns.id.in_(sa.bindparam("ids", expanding=True)), waits)
    return (
        sa.update(tables.deliveries)
        .where(columns.id.in_(free.with_for_update(skip_locked=True)))
        .values(
            state=State.SENDING,
            claim=sa.bindparam("by"),
            lease_until=sa.bindparam("until"),
            attempts=columns.attempts + 1,
        )
        .returning(tables.deliveries)
    )


_TAKE: Final = _taking()
# A place is not free where another page waits that may go out now, or where a board takes whatever comes.
_NEW: Final = sa.text(
    f"""
SELECT new.id, new.workspace_id, new.place, new.not_before <= :now AND new.board_id IS NULL AND NOT EXISTS (
    SELECT 1 FROM deliveries other WHERE other.state = 'pending' AND other.board_id IS NULL
    AND other.workspace_id = new.workspace_id AND other.place = new.place
    AND other.lane = {int(Lane.PAGE)} AND other.not_before <= :now AND other.id <> new.id
) AND NOT EXISTS (
    SELECT 1 FROM boards WHERE boards.closed_at IS NULL
    AND boards.workspace_id = new.workspace_id AND boards.place = new.place
) AS is_free
FROM deliveries new WHERE new.incident_id IN :opened AND new.state = 'pending' AND new.not_before <= :soon
ORDER BY new.lane, new.not_before, new.id
"""  # noqa: S608 - A number of our own.
).bindparams(
    sa.bindparam("opened", expanding=True, type_=sa.BigInteger()),
    sa.bindparam("now", type_=tables.Instant()),
    sa.bindparam("soon", type_=tables.Instant()),
)


def _fitting(candidates: Iterable[tuple[int, str, int]], room: Room) -> list[int]:
    """Return which of these (workspace, place, id), the most urgent first, there is room for."""
    seats = Seats(room)
    for candidate in candidates:
        seats.take(*candidate)
    return seats.ids
