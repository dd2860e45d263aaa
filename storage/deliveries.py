"""Deliveries: the queue of what is still to be sent, and what became of the rest.

A claim is a lease with a fencing token. What is not settled when its lease has run out may be claimed by others; who
comes back after that finds that its token no longer counts.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from bot.domain.delivery import PAGES, CardId, Delivery, DeliveryId, Dropped, Kind, Lane, PageId, Place, State
from bot.domain.frozen import dataclass
from bot.domain.incident import Entry, IncidentId
from bot.domain.people import WorkspaceId
from storage import bulk, tables
from storage.cards import place_of
from storage.database import Connection, in_few_sizes

LEASE: Final = timedelta(seconds=60)
DARK: Final = "dark"
"""The reason of a delivery that waits for what has answered nobody for a while."""

WAITED: Final = "waits_for_an_earlier_way"
"""The reason of a delivery whose turn has come, and that has given those before it some more time."""


def _written(words: Iterable[StrEnum]) -> tuple[sa.ColumnElement[str], ...]:
    """Return the words as they are written into a statement: those that are bound are told anew with each of them."""
    return tuple(sa.literal_column(f"'{word}'", sa.String) for word in words)


# While a new version and an old one share the database, each leaves alone what only the other knows how to send.
_LATER: Final = (Kind.EDIT, Kind.LETTER)
_KINDS: Final = _written(Kind)
_ENTRIES: Final = _written(Entry)
# SQLite and PostgreSQL know the same clause.
_THE_SOONER_EDIT: Final = """
ON CONFLICT (card_id) WHERE state = 'pending' AND kind = 'edit'
DO UPDATE SET not_before = CASE
    WHEN deliveries.not_before < excluded.not_before THEN deliveries.not_before ELSE excluded.not_before
END
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A delivery that is to be made. `page`, `rank`, `latest`: which way of a page it is (`bot.domain.fallback`)."""

    incident: IncidentId
    kind: Kind
    place: Place
    version: int
    level: int
    turn: int
    not_before: datetime
    card: CardId | None = None
    entry: Entry | None = None
    page: PageId | None = None
    rank: int | None = None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What may be claimed: `most` in all, and not more than `each` of one workspace, those `under_way` counted.

    `busy` places are passed over, a workspace as a whole under the place `""`.
    """

    most: int
    each: int
    busy: Collection[tuple[WorkspaceId, str]] = ()
    under_way: Mapping[WorkspaceId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours until the lease runs out."""

    delivery: Delivery
    claim: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A delivery with its outcome so far, to be shown."""

    delivery: Delivery
    state: State
    reason: str
    said: str
    not_before: datetime
    settled_at: datetime | None


Columns = ReadOnlyColumnCollection[str, sa.Column[Any]]
"""The columns of this table, under whatever name a statement gives it."""


def ours(columns: Columns) -> sa.ColumnElement[bool]:
    """Whether this version knows how to send it."""
    return sa.and_(columns.kind.in_(_KINDS), sa.or_(columns.entry.is_(None), columns.entry.in_(_ENTRIES)))


OURS: Final = ours(tables.deliveries.c)
_SENDING: Final[sa.ColumnElement[str]] = sa.literal_column("'sending'")
_OVERDUE: Final = (
    sa.select(tables.deliveries.c.id)
    .where(
        tables.deliveries.c.state == _SENDING,
        tables.deliveries.c.lease_until < sa.bindparam("now", type_=tables.Instant()),
        OURS,
    )
    .limit(1)
)


# The columns of a new row, in the order in which its values stand in `_row`.
_NEW: Final = (
    *("incident_id", "kind", "lane", "workspace_id", "place", "chat", "account_id", "card_id", "entry"),
    *("version", "level", "turn", "state", "attempts", "uncertain", "not_before", "created_at"),
    *("page_id", "rank", "latest_at"),
)


async def add(connection: Connection, wanted: Iterable[Wanted], now: datetime) -> None:
    """Put deliveries into the queue."""
    await bulk.insert_values(connection, tables.deliveries, _NEW, [_row(one, now) for one in wanted])


async def restamp(connection: Connection, page: Wanted) -> bool:
    """Let the message that still waits for this place be this page: of its level, its turn, its version and its ways.

    False: none waits any more, it is on its way as what it was.
    """
    columns = tables.deliveries.c
    restamped = await connection.execute(
        sa.update(tables.deliveries)
        .where(
            columns.incident_id == page.incident,
            columns.workspace_id == page.place.workspace,
            columns.place == page.place.key,
            columns.state == State.PENDING,
            columns.kind.in_(PAGES),
            # A board's message that has been claimed is on its way with what waited for it.
            sa.or_(columns.board_id.is_(None), columns.claim.is_(None)),
        )
        .values(
            version=page.version,
            level=page.level,
            turn=page.turn,
            lane=int(Lane.PAGE),
            page_id=page.page,
            rank=page.rank,
            # It goes out no later than it would have.
            latest_at=sa.func.coalesce(columns.latest_at, page.latest),
        )
    )
    return bool(restamped.rowcount)


async def ask_for_edits(connection: Connection, wanted: Sequence[Wanted], now: datetime) -> None:
    """Let these cards be edited; a card that waits for an edit already waits no longer than the sooner of the two."""
    # A statement may ask for the edit of a card once.
    soonest = {one.card: one for one in sorted(wanted, key=lambda one: one.not_before, reverse=True)}
    rows = [_row(one, now) for one in soonest.values()]
    await bulk.merge_values(connection, tables.deliveries, _NEW, rows, _THE_SOONER_EDIT)


async def is_overdue(connection: Connection, now: datetime) -> bool:
    """Whether somebody has taken something and never settled it."""
    return await connection.scalar(_OVERDUE, {"now": now}) is not None


async def reclaim(connection: Connection, now: datetime, *, everything: bool = False) -> int:
    """Put back what somebody took and never settled. It may have gone out, so it will say that it may be a repeat.

    Its claim stands until somebody else takes it: whoever has the platform's answer by then can still store it.
    `everything`: also what is taken still, because whoever took it is known to be dead.
    """
    columns = tables.deliveries.c
    is_over = sa.true() if everything else columns.lease_until < now
    expired = sa.and_(columns.state == State.SENDING, is_over, OURS)
    await _forget_old_edits(connection, expired, now)
    back = await connection.execute(
        sa.update(tables.deliveries)
        .where(expired)
        .values(state=State.PENDING, lease_until=None, uncertain=True, reason="lease_expired")
    )
    return back.rowcount


async def taken_by(connection: Connection, claims: Sequence[str]) -> set[str]:
    """Return by which of these claims something is taken."""
    columns = tables.deliveries.c
    query = sa.select(columns.claim).where(columns.state == _SENDING, columns.claim.in_(in_few_sizes(claims)))
    return set((await connection.scalars(query)).all())


async def release(
    connection: Connection, claim: str, now: datetime, *, only: DeliveryId | None = None, sent: bool = False
) -> int:
    """Give back what was taken by this claim and is not settled, all of it or `only` one; return how many that were.

    `sent`: the platform was asked, and its answer was not waited for: the next try says that it may be a repeat.
    Without, it is as if it had not been taken.
    """
    columns = tables.deliveries.c
    this = columns.id == only if only is not None else sa.true()
    ours = sa.and_(columns.state == State.SENDING, columns.claim == claim, this)
    await _forget_old_edits(connection, ours, now)
    became = {"uncertain": True, "reason": "cut_off_by_a_stop"} if sent else {"attempts": columns.attempts - 1}
    back = await connection.execute(
        sa.update(tables.deliveries).where(ours).values(state=State.PENDING, claim=None, lease_until=None, **became)
    )
    return back.rowcount


async def _forget_old_edits(connection: Connection, which: sa.ColumnElement[bool], now: datetime) -> None:
    """Of what is to be put back, withdraw the edits of cards that wait for a newer one: one pending edit is enough.

    A board's message knows whether it may have been heard, so there the newer one gives way, and leaves it its lane.
    """
    columns = tables.deliveries.c
    other = tables.deliveries.alias()
    newer = sa.exists().where(
        other.c.card_id == columns.card_id, other.c.state == State.PENDING, other.c.kind == Kind.EDIT
    )
    gone = {"state": State.WITHDRAWN, "reason": Dropped.SUPERSEDED, "settled_at": now, "claim": None}
    await connection.execute(sa.update(tables.deliveries).where(which, columns.kind == Kind.EDIT, newer).values(gone))
    urgent = sa.exists().where(
        other.c.card_id == columns.card_id,
        other.c.state == State.PENDING,
        other.c.kind == Kind.BOARD,
        other.c.lane == int(Lane.PAGE),
    )
    is_page = sa.and_(which, columns.kind == Kind.BOARD, urgent)
    await connection.execute(sa.update(tables.deliveries).where(is_page).values(lane=int(Lane.PAGE)))
    again = sa.select(columns.card_id).where(which, columns.kind == Kind.BOARD).correlate(None)
    is_newer = sa.and_(columns.kind == Kind.BOARD, columns.state == State.PENDING, columns.card_id.in_(again))
    await connection.execute(sa.update(tables.deliveries).where(is_newer).values(gone))


async def pages_like(connection: Connection, page: Delivery) -> list[tuple[State, str]]:
    """Return how far the pages have come that were decided together with this one, and the reason of each."""
    columns = tables.deliveries.c
    query = sa.select(columns.state, columns.reason).where(
        columns.incident_id == page.incident,
        columns.version == page.version,
        columns.level == page.level,
        columns.turn == page.turn,
        columns.kind.in_(PAGES),
    )
    return [(State(row.state), row.reason or "") for row in await connection.execute(query)]


async def ledger(connection: Connection, incident: IncidentId) -> list[Settled]:
    """Return everything that was to be sent for an incident, oldest first."""
    columns = tables.deliveries.c
    query = sa.select(tables.deliveries).where(columns.incident_id == incident).order_by(columns.id)
    return [
        Settled(from_row(row), State(row.state), row.reason or "", row.said or "", row.not_before, row.settled_at)
        for row in await connection.execute(query)
    ]


async def queue(connection: Connection) -> dict[tuple[str, str], tuple[int, datetime]]:
    """Return for each kind and state of what is not settled how many there are, and since when the oldest waits."""
    columns = tables.deliveries.c
    found: dict[tuple[str, str], tuple[int, datetime]] = {}
    # Each of these has an index that holds nothing else.
    on_a_board = sa.and_(columns.state == State.PENDING, columns.board_id.is_not(None))
    waiting = sa.and_(columns.state == State.PENDING, tables.BY_URGENCY)
    for these in (waiting, on_a_board, columns.state == State.SENDING):
        query = sa.select(columns.kind, columns.state, sa.func.count(), sa.func.min(columns.created_at)).where(these)
        for kind, state, count, since in await connection.execute(query.group_by(columns.kind, columns.state)):
            known, first = found.get((kind, state), (0, since))
            found[kind, state] = (known + count, min(first, since))
    return found


def _row(one: Wanted, now: datetime) -> tuple[object, ...]:
    place = one.place
    return (
        one.incident,
        str(one.kind),
        int(Lane.EDIT if one.kind in _LATER else Lane.PAGE),
        place.workspace,
        place.key,
        place.chat,
        place.account,
        one.card,
        str(one.entry) if one.entry else None,
        one.version,
        one.level,
        one.turn,
        str(State.PENDING),
        0,
        False,
        one.not_before,
        now,
        one.page,
        one.rank,
        one.latest,
    )


def from_row(row: sa.Row[tuple[object, ...]]) -> Delivery:
    """Return the delivery that the columns say."""
    return Delivery(
        id=DeliveryId(row.id),
        incident=IncidentId(row.incident_id),
        kind=Kind(row.kind),
        place=place_of(row),
        version=row.version,
        level=row.level,
        turn=row.turn,
        created_at=row.created_at,
        card=CardId(row.card_id) if row.card_id else None,
        entry=Entry(row.entry) if row.entry else None,
        attempts=row.attempts,
        uncertain=row.uncertain,
        page=PageId(row.page_id) if row.page_id else None,
        rank=row.rank or 0,
        not_before=row.not_before,
        latest=row.latest_at,
        waited=row.reason == WAITED,
    )
