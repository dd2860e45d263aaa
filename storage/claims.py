"""Which messages somebody takes to send them.

What may go out is looked for place by place, because the messages of one place go one after the other: of each place
where something waits, only the most urgent is looked at. So a claim costs as much as there are places, however many
messages wait in each of them.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from bot.domain.delivery import Kind, State
from storage import tables
from storage.database import Connection
from storage.deliveries import LEASE, Claimed, Columns, Room, from_row, ours

# Written into the statements, not bound: so the databases see which of the partial indexes holds what is asked for.
_PENDING: Final[sa.ColumnElement[str]] = sa.literal_column("'pending'")
_SENDING: Final[sa.ColumnElement[str]] = sa.literal_column("'sending'")


async def claim(connection: Connection, token: str, now: datetime, room: Room) -> list[Claimed]:
    """Take what is due, the most urgent first, and of each place one.

    A message of a card that has another one under way waits for it, and an edit waits for the card that is still to be
    sent.
    """
    heads = [(row.workspace_id, row.place, row.id) for row in await connection.execute(_HEADS, {"now": now})]
    ids = _fitting(heads, room)
    if not ids:
        return []
    claimed = await connection.execute(_TAKE, {"ids": ids, "by": token, "until": now + LEASE})
    rows = sorted(claimed, key=lambda row: (row.lane, row.id))
    return [Claimed(from_row(row), token) for row in rows]


def _heads() -> sa.Select[tuple[int, str, int]]:
    """Return the query for the most urgent message of each place that may go out now, the most urgent first.

    The places are found by leaps through the index: from each to the first one after it.
    """
    found, other, here = (tables.deliveries.alias(name) for name in ("found", "other", "here"))
    place = (other.c.workspace_id, other.c.place)
    first = sa.select(other.c.id).where(_waits(other.c)).order_by(*place).limit(1)
    # In two steps: SQLite would look through a whole workspace for a pair that is greater than another.
    same = first.where(other.c.workspace_id == here.c.workspace_id, other.c.place > here.c.place).correlate(here)
    later = first.where(other.c.workspace_id > here.c.workspace_id).correlate(here)
    after = sa.func.coalesce(same.scalar_subquery(), later.scalar_subquery())
    places = sa.select(first.scalar_subquery().label("id")).cte("places", recursive=True)
    standing = places.join(here, here.c.id == places.c.id)
    places = places.union_all(sa.select(after).select_from(standing))
    standing = places.join(here, here.c.id == places.c.id)
    in_it = sa.and_(other.c.workspace_id == here.c.workspace_id, other.c.place == here.c.place)
    head = (
        sa.select(other.c.id)
        .where(_waits(other.c), in_it, _may_go(other.c))
        .order_by(other.c.lane, other.c.not_before, other.c.id)
        .limit(1)
        .correlate(here)
    )
    heads = sa.select(head.scalar_subquery().label("id")).select_from(standing).cte("heads")
    return (
        sa.select(found.c.workspace_id, found.c.place, found.c.id)
        .select_from(heads.join(found, found.c.id == heads.c.id))
        .order_by(found.c.lane, found.c.not_before, found.c.id)
    )


def _waits(columns: Columns) -> sa.ColumnElement[bool]:
    """Whether it waits to be sent by itself, and not on a board."""
    return sa.and_(columns.state == _PENDING, columns.board_id.is_(None))


def _may_go(columns: Columns) -> sa.ColumnElement[bool]:
    other = tables.deliveries.alias("same_card")
    same = other.c.card_id == columns.card_id
    under_way = sa.exists().where(same, other.c.state == _SENDING)
    unsent = sa.exists().where(same, other.c.state == _PENDING, other.c.kind == sa.literal_column("'card'"))
    return sa.and_(
        columns.not_before <= sa.bindparam("now", type_=columns.not_before.type),
        sa.or_(columns.card_id.is_(None), sa.not_(under_way)),
        sa.or_(columns.kind != Kind.EDIT, sa.not_(unsent)),
        ours(columns),
    )


def _take() -> ReturningUpdate[tuple[Any, ...]]:
    columns = tables.deliveries.c
    # Somebody else may just be taking them, or has put them onto a board since they were found.
    free = sa.select(columns.id).where(columns.id.in_(sa.bindparam("ids", expanding=True)), _waits(columns))
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


_HEADS: Final = _heads()
_TAKE: Final = _take()


def _fitting(candidates: Iterable[tuple[int, str, int]], room: Room) -> list[int]:
    """Return which of these (workspace, place, id), the most urgent first, there is room for."""
    taken: set[tuple[int, str]] = {(int(workspace), place) for workspace, place in room.busy}
    count = Counter({int(workspace): number for workspace, number in room.under_way.items()})
    ids: list[int] = []
    for workspace, place, number in candidates:
        is_free = (workspace, place) not in taken and (workspace, "") not in taken
        if is_free and count[workspace] < room.each and len(ids) < room.most:
            taken.add((workspace, place))
            count[workspace] += 1
            ids.append(number)
    return ids
