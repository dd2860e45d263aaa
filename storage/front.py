"""The front of the queue: what goes out first, found in order of urgency.

A claim takes a few messages, so it need not look at every place where something waits (`storage.places`): it goes
through the most urgent of each workspace until it has what there is room for. Where those are not enough to tell, as
when most of them are for places that were written to just now, all places are looked at.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa

from bot.domain.delivery import Kind, Lane
from bot.domain.people import WorkspaceId
from storage import places, tables
from storage.database import Connection
from storage.deliveries import Room
from storage.planning import planned_once, written_out

DEPTH: Final = 64
"""How many messages of a lane of a workspace are gone through: more than there is room for, and than make a crowd."""
MOST: Final = 4
"""How many times as many are gone through in all: so many workspaces fill the room between them."""


class Ahead(NamedTuple):
    """A message at the front, as it comes.

    `may_go`: it may go out now. `pages`, `has_board`: what `storage.places.Spot` says of its place; `pages` is told
    with the first message of a place that may go out, that of a board not counted, and is None with the others.
    """

    workspace: WorkspaceId
    key: str
    id: int
    lane: int
    may_go: bool
    pages: int | None
    has_board: bool


class Seats:
    """Takes messages, the most urgent first, while there is room for them: of each place that is not busy one."""

    def __init__(self, room: Room) -> None:
        self.ids: list[int] = []
        self._most, self._each = room.most, room.each
        self._taken = {(int(workspace), place) for workspace, place in room.busy}
        self._count = Counter({int(workspace): number for workspace, number in room.under_way.items()})

    @property
    def are_full(self) -> bool:
        """Whether nothing more is taken."""
        return len(self.ids) >= self._most

    def may_take_of(self, workspace: int) -> bool:
        """Whether a message to some place of this workspace may still be taken."""
        return not self.are_full and (workspace, "") not in self._taken and self._count[workspace] < self._each

    def take(self, workspace: int, place: str, number: int) -> bool:
        """Take a message, and say whether there was room."""
        is_free = (workspace, place) not in self._taken and self.may_take_of(workspace)
        if is_free:
            self._taken.add((workspace, place))
            self._count[workspace] += 1
            self.ids.append(number)
        return is_free


async def find(connection: Connection, now: datetime, room: Room) -> list[Ahead] | None:
    """Return what goes out first; None: that is not to be told from the front."""
    # Where so many places are busy the front is full of what is for them.
    return first_of(await look(connection, now), room) if len(room.busy) <= DEPTH else None


async def look(connection: Connection, now: datetime, depth: int = DEPTH) -> list[Ahead]:
    """Return the most urgent messages, the first of them first.

    They are `depth` of each lane of a workspace at most, and one more than `MOST` times as many in all.
    """
    values = {"now": now, "depth": depth, "most": MOST * depth + 1}
    return [Ahead(*row) for row in (await connection.execute(_LOOK[connection.dialect.name], values)).all()]


def first_of(ahead: Sequence[Ahead], room: Room, depth: int = DEPTH) -> list[Ahead] | None:
    """Return which of these go out: those that would if all that waits was known.

    None: that cannot be told, since what stands behind them may be for a place that is free.
    """
    seats = Seats(room)
    passed: Counter[tuple[int, int]] = Counter()
    taken: list[Ahead] = []
    for one in ahead[: MOST * depth]:
        if one.may_go and seats.take(one.workspace, one.key, one.id):
            taken.append(one)
        passed[one.workspace, one.lane] += 1
        if passed[one.workspace, one.lane] >= depth and seats.may_take_of(one.workspace):
            return None
    are_all = len(ahead) <= MOST * depth
    return taken if are_all or seats.are_full else None


async def what_waits(connection: Connection, now: datetime) -> tuple[bool, datetime | None]:
    """Return whether something might go out now, and from when on something may that may not yet.

    What waits on a board goes out with the board's own message.
    """
    is_due, later = (await connection.execute(_WAITS, {"now": now})).one()
    return bool(is_due), later


_WAITING: Final = "state = 'pending' AND board_id IS NULL AND attempts >= 0"
# Each workspace is found by a leap from the one before it.
_QUEUES: Final = f"""
WITH RECURSIVE owners (workspace_id) AS (
    SELECT min(workspace_id) FROM deliveries WHERE {_WAITING}
    UNION ALL
    SELECT (SELECT min(workspace_id) FROM deliveries WHERE {_WAITING} AND workspace_id > owners.workspace_id)
    FROM owners WHERE owners.workspace_id IS NOT NULL
), lanes (lane) AS (VALUES {", ".join(f"({int(lane)})" for lane in Lane)})
"""  # noqa: S608 - Words and numbers of our own.


def _queue(row: str) -> str:
    """Return from where and where a row is that waits in the queue of one lane of one workspace."""
    return f"""
        FROM deliveries {row} WHERE {row}.state = 'pending' AND {row}.board_id IS NULL AND {row}.attempts >= 0
        AND {row}.workspace_id = owners.workspace_id AND {row}.lane = lanes.lane
    """


_WAITS: Final = (
    sa.text(
        planned_once(
            f"""
{_QUEUES}
SELECT
    max((
        SELECT 1 {_queue("due")} AND due.not_before <= :now AND {places.known("due")} ORDER BY due.not_before LIMIT 1
    )) AS is_due,
    min((
        SELECT later.not_before {_queue("later")} AND later.not_before > :now AND {places.known("later")}
        ORDER BY later.not_before LIMIT 1
    )) AS later
FROM owners CROSS JOIN lanes
""",  # noqa: S608 - Words of our own.
            "now",
        )
    )
    .bindparams(sa.bindparam("now", type_=tables.Instant()))
    .columns(is_due=sa.Integer(), later=tables.Instant())
)

_COLUMNS: Final = ("id", "incident_id", "workspace_id", "place", "lane", "not_before", "kind", "entry", "card_id")


def _read(row: str) -> str:
    return ", ".join(f"{row}.{column}" for column in _COLUMNS)


_FIRST: Final = f"{_queue('one')} AND one.not_before <= :now ORDER BY one.not_before, one.id LIMIT :depth"
# PostgreSQL would look through the whole table for a number that is in a list of each queue; SQLite knows no LATERAL.
_WALK: Final = {
    "sqlite": f"""
        SELECT {_read("ahead")} FROM owners CROSS JOIN lanes CROSS JOIN deliveries ahead
        WHERE ahead.id IN (SELECT one.id {_FIRST})
    """,  # noqa: S608 - Words of our own.
    "postgresql": f"""
        SELECT ahead.* FROM owners CROSS JOIN lanes CROSS JOIN LATERAL (SELECT {_read("one")} {_FIRST}) AS ahead
    """,  # noqa: S608 - Words of our own.
}


def _looking(walk: str) -> sa.TextClause:
    text = f"""
{_QUEUES}, front AS MATERIALIZED ({walk} ORDER BY ahead.lane, ahead.not_before, ahead.id LIMIT :most),
able AS MATERIALIZED (SELECT front.*, ({places.may_go("front")}) AS may_go FROM front),
numbered AS (
    SELECT able.*, row_number() OVER (
        PARTITION BY workspace_id, place, may_go ORDER BY lane, not_before, id
    ) AS number FROM able
)
SELECT places.workspace_id, places.place, places.id, places.lane, places.may_go,
    CASE WHEN places.may_go AND places.number = 1 THEN
        {places.PAGES} - CAST(places.kind = '{Kind.BOARD}' AND places.lane = {int(Lane.PAGE)} AS INTEGER)
    END AS pages, {places.HAS_BOARD} AS has_board
FROM numbered places ORDER BY places.lane, places.not_before, places.id
"""  # noqa: S608 - Words of our own.
    instants = sa.bindparam("now", type_=tables.Instant())
    return sa.text(planned_once(text, "now")).bindparams(instants, written_out("depth"), written_out("most"))


_LOOK: Final = {kind: _looking(walk) for kind, walk in _WALK.items()}
