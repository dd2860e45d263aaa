"""Which pages go onto a board: what waits in a place where much waits, or where a board takes whatever comes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.adapter import FailureKind
from bot.domain.board import FOLD_FROM, Board, BoardId, folds, speaks_at
from bot.domain.delivery import ON_THE_BOARD, PAGES, Kind, Lane, Place, State, unwanted
from bot.domain.fallback import PUNCTUAL
from bot.domain.incident import Progress
from bot.domain.people import WorkspaceId
from storage import boards, bulk, tables
from storage.boards import Asked
from storage.cards import place_row
from storage.codec import INCIDENT
from storage.database import Connection, portions, take_numbers
from storage.deliveries import OURS, WAITED, from_row
from storage.places import Spot

# Written into the statements, not bound: so the databases see which of the partial indexes holds what is asked for.
_PENDING: Final[sa.ColumnElement[str]] = sa.literal_column("'pending'")
_FOLDED: Final = (*PAGES, Kind.NOTE)
# What a board could not tell for this reason goes out by itself.
_ALONE: Final = (FailureKind.TOO_LONG, FailureKind.MALFORMED)
_ONTO_THE_BOARD: Final = "ON CONFLICT (incident_id, workspace_id, place) DO UPDATE SET board_id = excluded.board_id"


@dataclass(frozen=True, slots=True)
class Folded:
    """What was put onto boards: `anything` at all, and in which places a board does not say it at once.

    In the `quiet` places more may come, and be taken together.
    """

    anything: bool
    quiet: tuple[tuple[WorkspaceId, str], ...]


def is_crowded(pages: int, *, has_board: bool) -> bool:
    """Whether some of so many pages that wait in one place may be for a board."""
    return pages > FOLD_FROM or (pages > 0 and has_board)


async def fold(
    connection: Connection, now: datetime, busy: Collection[tuple[WorkspaceId, str]], spots: Iterable[Spot]
) -> Folded:
    """Put onto boards what waits in places where much waits, or where a board takes whatever comes.

    Places that are `busy` are left until they may be written to.
    """
    taken = set(busy)
    crowded = [spot for spot in spots if is_crowded(spot.pages, has_board=spot.has_board)]
    free = [spot for spot in crowded if not {(spot.workspace, ""), (spot.workspace, spot.key)} & taken]
    standing = await _standing(connection) if free else {}
    quiet: list[tuple[WorkspaceId, str]] = []
    count = 0
    for place, pages in ((spot.place, spot.pages) for spot in free):
        board = standing.get(place)
        # So many pages may be about fewer incidents, or not be for a board.
        if not folds(pages, board, now) or not folds(await _incidents(connection, place, now), board, now):
            continue
        count += 1
        if await _fold_into(connection, board or await _open(connection, place, now), now) > now:
            quiet.append(_key(place))
    return Folded(count > 0, tuple(quiet))


def _key(place: Place) -> tuple[WorkspaceId, str]:
    return place.workspace, place.key


async def _incidents(connection: Connection, place: Place, now: datetime) -> int:
    """Return of how many incidents pages wait for the place."""
    columns = tables.deliveries.c
    query = sa.select(sa.func.count(sa.distinct(columns.incident_id))).where(_is_waiting(place, now))
    return await connection.scalar(query) or 0


def _is_waiting(place: Place, now: datetime) -> sa.ColumnElement[bool]:
    """Whether it waits for this place. What may have arrived already is left to say so by itself.

    After an outage of ours, so is a way that stands behind others: those before it have their time first.
    """
    columns = tables.deliveries.c
    is_on_time = sa.or_(
        columns.page_id.is_(None),
        columns.rank == 0,
        columns.not_before >= now - PUNCTUAL,
        columns.latest_at <= now,
        columns.attempts > 0,
        columns.reason == WAITED,
    )
    return sa.and_(
        columns.state == _PENDING,
        columns.board_id.is_(None),
        columns.workspace_id == place.workspace,
        columns.place == place.key,
        columns.lane == int(Lane.PAGE),
        columns.not_before <= now,
        columns.kind.in_(_FOLDED),
        sa.func.coalesce(columns.reason, "").not_in(_ALONE),
        columns.uncertain.is_(sa.false()),
        is_on_time,
        OURS,
    )


async def _standing(connection: Connection) -> dict[Place, Board]:
    query = sa.select(tables.boards).where(tables.boards.c.closed_at.is_(None))
    found = [boards.from_row(row).board for row in await connection.execute(query)]
    return {board.place: board for board in found}


async def _open(connection: Connection, place: Place, now: datetime) -> Board:
    (number,) = await take_numbers(connection, "cards", 1)
    values = {"id": number, **place_row(place), "opened_at": now, "joined_at": now}
    await connection.execute(sa.insert(tables.boards).values(values))
    return Board(BoardId(number), place, now, now)


async def _fold_into(connection: Connection, board: Board, now: datetime) -> datetime:
    """Put what waits onto the board; return when it speaks."""
    # First, so that two processes that fold into it take turns.
    await connection.execute(sa.update(tables.boards).where(tables.boards.c.id == board.id).values(joined_at=now))
    await _drop_stale(connection, board.place, now)
    columns = tables.deliveries.c
    folded = await connection.execute(
        sa.update(tables.deliveries)
        .where(_is_waiting(board.place, now))
        .values(board_id=board.id, reason=ON_THE_BOARD, claim=None)
        .returning(columns.incident_id, columns.card_id)
    )
    rows = folded.all()
    at = speaks_at(board, now)
    await _show(connection, board, sorted({row.card_id for row in rows if row.card_id is not None}))
    await _show_uncarded(connection, board, sorted({row.incident_id for row in rows if row.card_id is None}))
    if rows:
        await boards.ask(connection, [Asked(board.id, board.place, at, Lane.PAGE)], now)
    return at


async def _drop_stale(connection: Connection, place: Place, now: datetime) -> None:
    """Take back what is wanted no more: a board asks of each of its pages no further.

    What was being sent when somebody acted, and came back untold, was not there to be taken back then.
    """
    columns, known, said = tables.deliveries.c, tables.incidents.c, tables.timeline.c
    query = (
        sa.select(tables.deliveries, known.body)
        .join_from(tables.deliveries, tables.incidents, known.id == columns.incident_id)
        .where(_is_waiting(place, now), known.progress != str(Progress.TRIGGERED))
    )
    for row in (await connection.execute(query)).all():
        try:
            incident = INCIDENT.read(row.body)
        except ValueError:
            continue  # Whoever sends it meets the same, and tells.
        stale = unwanted(from_row(row), incident, None)
        if stale is not None:
            # Whoever was held up since they looked at the clock may find what has been done after that.
            done = await connection.scalar(sa.select(sa.func.max(said.at)).where(said.incident_id == row.incident_id))
            values = {"state": str(State.WITHDRAWN), "reason": str(stale), "settled_at": max(now, done or now)}
            waits = sa.and_(columns.id == row.id, columns.state == _PENDING)
            await connection.execute(sa.update(tables.deliveries).where(waits).values(values))


async def _show(connection: Connection, board: Board, found: Sequence[int]) -> None:
    """Let the incidents that have these cards be shown on the board."""
    columns = tables.cards.c
    for some in portions(found):
        await connection.execute(sa.update(tables.cards).where(columns.id.in_(some)).values(board_id=board.id))


async def _show_uncarded(connection: Connection, board: Board, found: Sequence[int]) -> None:
    """Let these incidents be shown on the board, of which there may be no card in this place yet."""
    if not found:
        return
    ids = await take_numbers(connection, "cards", len(found))
    rows = [
        {"id": number, "incident_id": incident, **place_row(board.place), "board_id": board.id}
        for number, incident in zip(ids, found, strict=True)
    ]
    await bulk.insert(connection, tables.cards, rows, conflict=_ONTO_THE_BOARD)
