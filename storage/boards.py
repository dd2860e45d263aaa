"""Boards: what is on one, when it is to speak, and what became of its messages.

A page that waits on a board stays pending, so that it is withdrawn like any other; only nobody sends it by itself. The
message that tells it claims it with its own fencing token, and settles with itself exactly the pages of its claim.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.adapter import MessageRef, Receipt
from bot.domain.board import Board, BoardId, Lot, Pages, Summary, may_tell
from bot.domain.delivery import ON_THE_BOARD, Delivery, Dropped, Kind, Lane, PageId, Place, State
from bot.domain.event import Severity
from bot.domain.incident import ChannelId, Entry, IncidentId, Progress
from bot.domain.people import AccountId
from storage import bulk, deliveries, incidents, tables
from storage.cards import place_of, place_row
from storage.database import Connection
from storage.deliveries import Claimed
from storage.incidents import Found

# Written into the statements, not bound: so the databases see which of the partial indexes holds what is asked for.
_PENDING: Final[sa.ColumnElement[str]] = sa.literal_column("'pending'")
_MOST_LEVELS: Final = 20
_WITH_INCIDENTS: Final = tables.cards.join(tables.incidents, tables.incidents.c.id == tables.cards.c.incident_id)
# What has been tried keeps the pause that its platform needs.
_THE_SOONER: Final = """
ON CONFLICT (card_id) WHERE state = 'pending' AND kind = 'board'
DO UPDATE SET
    not_before = CASE
        WHEN deliveries.attempts > 0 OR deliveries.not_before < excluded.not_before THEN deliveries.not_before
        ELSE excluded.not_before
    END,
    lane = CASE WHEN deliveries.lane < excluded.lane THEN deliveries.lane ELSE excluded.lane END
"""
_TAKEN_MORE: Final = """
ON CONFLICT (board_id, account_id) DO UPDATE SET taken = board_takers.taken + excluded.taken
"""


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A board, and the message by which it stands in its place."""

    board: Board
    message: MessageRef | None


@dataclass(frozen=True, slots=True)
class Asked:
    """That a board is to speak: with `Lane.PAGE` because pages wait on it, else because something on it has changed."""

    board: BoardId
    place: Place
    at: datetime
    lane: Lane = Lane.EDIT


# ---- when a board speaks ------------------------------------------------------------------------------------------


async def ask(connection: Connection, asked: Sequence[Asked], now: datetime) -> None:
    """Let these boards speak; one that is to speak already waits no longer than the sooner of the two."""
    together: dict[BoardId, Asked] = {}
    for one in asked:
        before = together.get(one.board, one)
        together[one.board] = Asked(one.board, one.place, min(one.at, before.at), min(one.lane, before.lane))
    rows = [
        {
            # A board's message is about none of its incidents alone.
            "incident_id": 0,
            "kind": str(Kind.BOARD),
            "lane": int(one.lane),
            **place_row(one.place),
            "card_id": one.board,
            "version": 0,
            "level": 0,
            "turn": 0,
            "state": str(State.PENDING),
            "attempts": 0,
            "uncertain": False,
            "not_before": one.at,
            "created_at": now,
        }
        # In one order, so that two processes that ask for the same boards do not wait for each other.
        for one in sorted(together.values(), key=lambda asked: asked.board)
    ]
    await bulk.insert(connection, tables.deliveries, rows, conflict=_THE_SOONER)


async def is_crowded(connection: Connection, place: Place, now: datetime) -> bool:
    """Whether pages wait for this place, so that an edit there cannot be seen at once."""
    columns = tables.deliveries.c
    query = sa.select(columns.id).where(
        columns.state == _PENDING,
        columns.board_id.is_(None),
        columns.lane == int(Lane.PAGE),
        columns.not_before <= now,
        columns.workspace_id == place.workspace,
        columns.place == place.key,
    )
    return await connection.scalar(query.limit(1)) is not None


# ---- what is on a board ----------------------------------------------------------------------------------------------


def board_of(delivery: Delivery) -> BoardId:
    """Return which board's message it is: to the queue a board is a card."""
    return BoardId(delivery.card or 0)


async def find(connection: Connection, boards: Collection[BoardId]) -> dict[BoardId, BoardRow]:
    """Return these boards."""
    query = sa.select(tables.boards).where(tables.boards.c.id.in_(sorted(boards)))
    return {row.board.id: row for row in map(from_row, await connection.execute(query))}


async def summary(connection: Connection, board: BoardId) -> Summary:
    """Return how many incidents are on the board, by what they are and how far they have come."""
    columns = tables.incidents.c
    alike = (columns.channel_id, columns.severity, columns.progress, columns.idle)
    query = (
        sa.select(*alike, sa.func.count(), sa.func.max(columns.id))
        .select_from(_WITH_INCIDENTS)
        .where(tables.cards.c.board_id == board)
        .group_by(*alike)
        .order_by(*alike)
    )
    return Summary(
        tuple(
            Lot(ChannelId(channel), Severity(severity), Progress(progress), idle or "", count, IncidentId(newest))
            for channel, severity, progress, idle, count, newest in await connection.execute(query)
        )
    )


async def oldest(connection: Connection, board: BoardId, most: int) -> Found:
    """Return the incidents that have waited longest for somebody to take them."""
    return await _untaken(connection, board, sa.true(), tables.cards.c.incident_id.asc(), most)


async def newest_of(connection: Connection, board: BoardId, severity: Severity, most: int) -> Found:
    """Return the newest incidents of a severity that nobody has taken, the newest first."""
    alike = tables.incidents.c.severity == str(severity)
    return await _untaken(connection, board, alike, tables.cards.c.incident_id.desc(), most)


async def _untaken(
    connection: Connection,
    board: BoardId,
    which: sa.ColumnElement[bool],
    order: sa.UnaryExpression[int],
    most: int,
) -> Found:
    query = (
        sa.select(tables.incidents.c.id, tables.incidents.c.body)
        .select_from(_WITH_INCIDENTS)
        .where(tables.cards.c.board_id == board, tables.incidents.c.progress == str(Progress.TRIGGERED), which)
        .order_by(order)
        .limit(most)
    )
    return incidents.readable(await connection.execute(query))


async def untaken_after(
    connection: Connection, board: BoardId, after: IncidentId, seen: IncidentId | None, most: int
) -> list[IncidentId]:
    """Return the next incidents by number that nobody has taken, none that is newer than what was `seen`."""
    columns = tables.cards.c
    query = (
        sa.select(columns.incident_id)
        .select_from(_WITH_INCIDENTS)
        .where(
            columns.board_id == board,
            columns.incident_id > after,
            tables.incidents.c.progress == str(Progress.TRIGGERED),
        )
        .order_by(columns.incident_id)
        .limit(most)
    )
    if seen is not None:
        query = query.where(columns.incident_id <= seen)
    return [IncidentId(number) for number in await connection.scalars(query)]


async def credit(connection: Connection, taken: Mapping[tuple[BoardId, AccountId], int]) -> None:
    """Store who has acknowledged how many more incidents of which board."""
    # In one order, so that two processes do not wait for each other.
    rows = [
        {"board_id": board, "account_id": account, "taken": count} for (board, account), count in sorted(taken.items())
    ]
    await bulk.insert(connection, tables.board_takers, rows, conflict=_TAKEN_MORE)


async def takers(connection: Connection, board: BoardId) -> tuple[AccountId, ...]:
    """Return who has acknowledged incidents of the board, those with most first."""
    columns = tables.board_takers.c
    query = sa.select(columns.account_id).where(columns.board_id == board)
    rows = await connection.scalars(query.order_by(columns.taken.desc(), columns.account_id))
    return tuple(AccountId(number) for number in rows)


# ---- its messages ----------------------------------------------------------------------------------------------------


async def call_up(connection: Connection, claimed: Sequence[Claimed], now: datetime) -> None:
    """Let what waits on boards go out with the messages of theirs that have just been claimed and may be heard."""
    ours = {
        BoardId(one.delivery.card): one.claim
        for one in claimed
        if one.delivery.kind is Kind.BOARD and one.delivery.card
    }
    if not ours:
        return
    for number, row in (await find(connection, ours)).items():
        if may_tell(row.board, now):
            await connection.execute(sa.update(tables.deliveries).where(_waits_on(number)).values(claim=ours[number]))


async def pages(connection: Connection, claimed: Claimed) -> tuple[Pages, tuple[IncidentId, ...]]:
    """Return what goes out with a message of a board, and which of these incidents cannot be read; they count too."""
    columns = tables.deliveries.c
    ours = _goes_with(claimed)
    of_them = sa.select(sa.func.count(sa.distinct(columns.incident_id)), sa.func.max(columns.incident_id)).where(ours)
    count, newest = (await connection.execute(of_them)).one()
    if not count:
        return Pages(), ()
    entries = sa.select(columns.entry, sa.func.count()).where(ours, columns.kind == Kind.NOTE).group_by(columns.entry)
    notes = {Entry(entry): number for entry, number in await connection.execute(entries)}
    alike = (tables.incidents.c.channel_id, columns.level)
    query = (
        sa.select(columns.level, sa.func.max(columns.incident_id), sa.func.min(columns.incident_id))
        .join_from(tables.deliveries, tables.incidents, columns.incident_id == tables.incidents.c.id)
        .where(ours, columns.kind != Kind.NOTE)
        .group_by(*alike)
        .limit(_MOST_LEVELS)
    )
    # Two for each: where the newest cannot be read, the oldest stands for those whose people are told.
    levels = [(int(level), (last, first)) for level, last, first in await connection.execute(query)]
    numbers = {newest, *(number for _, some in levels for number in some)}
    known = tables.incidents.c
    these = sa.select(known.id, known.body).where(known.id.in_(sorted(numbers))).order_by(known.id)
    found = incidents.readable(await connection.execute(these))
    readable = {incident.id: incident for incident in found.incidents}
    standing = ((level, [readable[number] for number in some if number in readable]) for level, some in levels)
    told = tuple((some[0], level) for level, some in standing if some)
    return Pages(count, found.incidents[-1] if found.incidents else None, notes, told), found.unreadable


async def told(connection: Connection, claimed: Claimed, receipt: Receipt, now: datetime) -> list[PageId]:
    """Store that the board was heard: what went out with its message is delivered. Return the pages that have ways."""
    columns = tables.deliveries.c
    message = {"message_chat": receipt.message.chat, "message_id": receipt.message.id}
    delivered = await connection.execute(
        sa.update(tables.deliveries)
        .where(_goes_with(claimed))
        .values(
            state=str(State.DELIVERED),
            reason=ON_THE_BOARD,
            said=receipt.said,
            attempts=columns.attempts + 1,
            claim=None,
            settled_at=now,
            **message,
        )
        .returning(columns.page_id)
    )
    several = [PageId(row.page_id) for row in delivered if row.page_id is not None]
    await connection.execute(sa.update(tables.boards).where(_is(claimed)).values(told_at=now))
    return several


async def posted(connection: Connection, claimed: Claimed, message: MessageRef) -> None:
    """Store by which message the board stands in its place."""
    values = {"message_chat": message.chat, "message_id": message.id}
    await connection.execute(sa.update(tables.boards).where(_is(claimed)).values(values))


async def forget_message(connection: Connection, claimed: Claimed) -> None:
    """The platform has lost the message: the board must be put there anew."""
    values = {"message_chat": None, "message_id": None, "told_at": None}
    await connection.execute(sa.update(tables.boards).where(_is(claimed)).values(values))


async def note_setback(connection: Connection, claimed: Claimed, why: tuple[str, str]) -> None:
    """Store on the pages why the message that takes them has not gone out yet; they wait for the next one."""
    reason, said = why
    values = {"reason": reason, "said": said, "claim": None}
    await connection.execute(sa.update(tables.deliveries).where(_goes_with(claimed)).values(values))


async def fail_some(
    connection: Connection, claimed: Claimed, why: tuple[str, str], most: int, now: datetime
) -> list[Delivery]:
    """Store of some pages that the message that was to tell them has failed; return them. Empty: none is left."""
    reason, said = why
    columns = tables.deliveries.c
    query = sa.select(tables.deliveries).where(_goes_with(claimed)).order_by(columns.incident_id).limit(most)
    some = [deliveries.from_row(row) for row in await connection.execute(query.with_for_update())]
    await connection.execute(
        sa.update(tables.deliveries)
        .where(columns.id.in_([one.id for one in some]))
        .values(
            state=str(State.FAILED), reason=reason, said=said, attempts=columns.attempts + 1, claim=None, settled_at=now
        )
    )
    return some


async def break_up(connection: Connection, claimed: Claimed, why: tuple[str, str], now: datetime) -> None:
    """The platform does not take what the board says: what waits on it goes out alone, and no board takes it again.

    Nothing happens where the claim is no longer ours.
    """
    number = board_of(claimed.delivery)
    columns, shown = tables.deliveries.c, tables.cards.c
    is_ours = sa.select(columns.id).where(columns.id == claimed.delivery.id, columns.claim == claimed.claim)
    if await connection.scalar(is_ours.with_for_update()) is None:
        return
    alone = sa.select(columns.incident_id).where(_waits_on(number))
    off = sa.update(tables.cards).where(shown.board_id == number, shown.incident_id.in_(alone))
    await connection.execute(off.values(board_id=None))
    reason, said = why
    values = {"board_id": None, "claim": None, "reason": reason, "said": said}
    await connection.execute(sa.update(tables.deliveries).where(_waits_on(number)).values(values))
    # One that never stood in its place takes nothing more.
    never_stood = sa.and_(tables.boards.c.id == number, tables.boards.c.told_at.is_(None))
    await connection.execute(sa.update(tables.boards).where(never_stood).values(closed_at=now))


async def is_waited_on(connection: Connection, board: BoardId) -> bool:
    """Whether pages wait on the board."""
    return await connection.scalar(sa.select(tables.deliveries.c.id).where(_waits_on(board)).limit(1)) is not None


async def withdraw_newer(connection: Connection, claimed: Claimed, now: datetime) -> None:
    """This message is put back, and what it knows of its tries must not be lost: one that was asked for since goes.

    Unless somebody else has this message by now. It may itself wait already: its lease has run out.
    """
    columns, this = tables.deliveries.c, tables.deliveries.alias("this")
    is_ours = sa.exists().where(this.c.id == claimed.delivery.id, this.c.claim == claimed.claim)
    is_newer = sa.and_(columns.card_id == claimed.delivery.card, columns.id != claimed.delivery.id)
    await connection.execute(
        sa.update(tables.deliveries)
        .where(is_newer, columns.state == _PENDING, columns.kind == Kind.BOARD, is_ours)
        .values(state=str(State.WITHDRAWN), reason=str(Dropped.SUPERSEDED), settled_at=now)
    )


async def close(connection: Connection, board: BoardId, now: datetime) -> None:
    """Let the board take no more pages."""
    columns = tables.boards.c
    await connection.execute(
        sa.update(tables.boards).where(columns.id == board, columns.closed_at.is_(None)).values(closed_at=now)
    )


async def old_ones(connection: Connection, before: datetime, most: int) -> list[int]:
    """Return boards that were closed before an instant and of whose incidents none is kept."""
    columns = tables.boards.c
    shown = sa.exists().where(tables.cards.c.board_id == columns.id)
    query = sa.select(columns.id).where(columns.closed_at < before, ~shown).order_by(columns.closed_at).limit(most)
    return list(await connection.scalars(query))


async def forget_old(connection: Connection, before: datetime, most: int) -> int:
    """Remove boards that were closed before an instant and of whose incidents none is kept; return how many."""
    columns = tables.boards.c
    old = await old_ones(connection, before, most)
    if old:
        await connection.execute(sa.delete(tables.board_takers).where(tables.board_takers.c.board_id.in_(old)))
        await connection.execute(sa.delete(tables.boards).where(columns.id.in_(old)))
    return len(old)


def _is(claimed: Claimed) -> sa.ColumnElement[bool]:
    return tables.boards.c.id == claimed.delivery.card


def _waits_on(board: BoardId) -> sa.ColumnElement[bool]:
    columns = tables.deliveries.c
    return sa.and_(columns.board_id == board, columns.state == _PENDING)


def _goes_with(claimed: Claimed) -> sa.ColumnElement[bool]:
    columns = tables.deliveries.c
    return sa.and_(columns.board_id == claimed.delivery.card, columns.state == _PENDING, columns.claim == claimed.claim)


def from_row(row: sa.Row[tuple[object, ...]]) -> BoardRow:
    """Return the board that the columns say."""
    message = MessageRef(row.message_chat, row.message_id) if row.message_id else None
    board = Board(BoardId(row.id), place_of(row), row.opened_at, row.joined_at, row.told_at, row.closed_at)
    return BoardRow(board, message)
