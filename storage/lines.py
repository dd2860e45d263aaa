"""What went out by lines (SMS, calls, e-mail, pushes): who was paged by one, and what became of each message."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.adapter import MessageRef
from bot.domain.delivery import OVER, PAGES, Delivery, DeliveryId, Dropped, Kind, Place, State
from bot.domain.incident import Entry, Incident, IncidentId, Progress
from bot.domain.ledger import ACCEPTED
from bot.domain.people import AccountId, WorkspaceId
from storage import bulk, tables
from storage.cards import place_of
from storage.database import Connection, portions
from storage.deliveries import from_row

_OUT: Final = (str(State.SENDING), str(State.DELIVERED))


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a message on its way, in the provider's words; `id`: the provider's own of the message."""

    delivery: DeliveryId
    at: datetime
    hop: str
    provider: str
    said: str
    id: str = ""


async def paged(
    connection: Connection, incidents: Sequence[IncidentId], since: datetime
) -> dict[IncidentId, list[Place]]:
    """Return where pages of these incidents went out by a line since an instant, or are just going out."""
    columns = tables.deliveries.c
    found: dict[IncidentId, list[Place]] = {}
    for some in portions(sorted(incidents)):
        query = sa.select(tables.deliveries).where(
            columns.incident_id.in_(some),
            columns.kind == Kind.PAGE,
            columns.state.in_(_OUT),
            columns.created_at >= since,
        )
        for row in await connection.execute(query.order_by(columns.id)):
            places, place = found.setdefault(IncidentId(row.incident_id), []), place_of(row)
            if place not in places:
                places.append(place)
    return found


async def not_told_yet(
    connection: Connection, told: Sequence[tuple[Incident, Entry, AccountId]]
) -> list[tuple[Incident, Entry, AccountId]]:
    """Return those of these who have not heard that it is over since they were last paged."""
    columns = tables.deliveries.c
    is_dropped = sa.func.coalesce(columns.reason, "") == str(Dropped.UNDONE)
    is_word = sa.and_(columns.kind == Kind.NOTE, columns.entry.in_([str(entry) for entry in OVER]), ~is_dropped)
    heard: set[tuple[IncidentId, AccountId]] = set()
    for some in portions(sorted({incident.id for incident, *_ in told})):
        newest = sa.select(
            columns.incident_id,
            columns.account_id,
            sa.func.max(sa.case((is_word, columns.id), else_=0)).label("word"),
            sa.func.max(sa.case((columns.kind == Kind.PAGE, columns.id), else_=0)).label("page"),
        ).where(columns.incident_id.in_(some), columns.account_id.is_not(None))
        for row in await connection.execute(newest.group_by(columns.incident_id, columns.account_id)):
            if row.word > row.page:
                heard.add((IncidentId(row.incident_id), AccountId(row.account_id)))
    return [one for one in told if (one[0].id, one[2]) not in heard]


async def alarms(connection: Connection, cancel: Delivery, since: datetime) -> list[MessageRef]:
    """Return the messages that are to be stopped: by which its place was paged since an instant, the newest first.

    Not what was sent after that was decided, and not what tells of other incidents too.
    """
    columns, place = tables.deliveries.c, cancel.place
    query = (
        sa.select(columns.message_chat, columns.message_id)
        .where(
            columns.incident_id == cancel.incident,
            columns.id < cancel.id,
            columns.workspace_id == place.workspace,
            columns.place == place.key,
            columns.kind == Kind.PAGE,
            columns.state == State.DELIVERED,
            columns.message_id.is_not(None),
            columns.board_id.is_(None),
            columns.created_at >= since,
        )
        .order_by(columns.id.desc())
    )
    return [MessageRef(row.message_chat, row.message_id) for row in await connection.execute(query)]


async def waiting_for(
    connection: Connection, line: WorkspaceId, account: AccountId, since: datetime
) -> list[IncidentId]:
    """Return the incidents that nobody has taken and for which this person was paged by a line since an instant."""
    columns, known = tables.deliveries.c, tables.incidents.c
    query = (
        sa.select(columns.incident_id)
        .distinct()
        .join_from(tables.deliveries, tables.incidents, known.id == columns.incident_id)
        .where(
            columns.workspace_id == line,
            columns.account_id == account,
            columns.kind == Kind.PAGE,
            columns.state.in_(_OUT),
            columns.created_at >= since,
            known.progress == str(Progress.TRIGGERED),
        )
    )
    return [IncidentId(number) for number in await connection.scalars(query)]


# ---- what became of a message ----------------------------------------------------------------------------------------


async def add(connection: Connection, hops: Sequence[Hop]) -> None:
    """Store what became of messages."""
    rows: list[Mapping[str, object]] = [
        {
            "delivery_id": one.delivery,
            "at": one.at,
            "hop": one.hop,
            "provider": one.provider,
            "said": one.said,
            "message_id": one.id or None,
        }
        for one in hops
    ]
    await bulk.insert(connection, tables.hops, rows)


async def hops_of(connection: Connection, deliveries: Sequence[DeliveryId]) -> dict[DeliveryId, list[Hop]]:
    """Return what became of these messages, oldest first."""
    columns = tables.hops.c
    found: dict[DeliveryId, list[Hop]] = {}
    for some in portions(sorted(deliveries)):
        query = sa.select(tables.hops).where(columns.delivery_id.in_(some)).order_by(columns.id)
        for row in await connection.execute(query):
            one = Hop(DeliveryId(row.delivery_id), row.at, row.hop, row.provider, row.said, row.message_id or "")
            found.setdefault(one.delivery, []).append(one)
    return found


async def find(connection: Connection, number: DeliveryId, *, lock: bool = False) -> tuple[Delivery, State] | None:
    """Return one message and how far it has come; with `lock` kept from others until the transaction ends."""
    query = sa.select(tables.deliveries).where(tables.deliveries.c.id == number)
    if lock:
        query = query.with_for_update()
    row = (await connection.execute(query)).one_or_none()
    return (from_row(row), State(row.state)) if row is not None else None


async def known_as(connection: Connection, line: WorkspaceId, message: MessageRef) -> DeliveryId | None:
    """Return which message a provider knows by its own id."""
    columns = tables.deliveries.c
    query = sa.select(columns.id).where(
        columns.message_id == message.id,
        columns.message_chat == message.chat,
        columns.workspace_id == line,
        # What a board told bears the board's.
        columns.board_id.is_(None),
    )
    found = await connection.scalar(query.order_by(columns.id.desc()).limit(1))
    return DeliveryId(found) if found is not None else None


async def lose_told(connection: Connection, board: Delivery, why: tuple[str, str], now: datetime) -> list[Delivery]:
    """Store that what went out with a board's message has reached nobody after all; return it."""
    reason, said = why
    columns, its = tables.deliveries.c, tables.deliveries.alias("its")
    same = sa.exists().where(
        its.c.id == board.id, its.c.message_id == columns.message_id, its.c.message_chat == columns.message_chat
    )
    with_it = sa.select(tables.deliveries).where(
        columns.board_id == board.card, columns.state == State.DELIVERED, columns.kind.in_(PAGES), same
    )
    told = [from_row(row) for row in await connection.execute(with_it.order_by(columns.id).with_for_update())]
    for some in portions([one.id for one in told]):
        await connection.execute(
            sa.update(tables.deliveries)
            .where(columns.id.in_(some))
            .values(state=str(State.FAILED), reason=reason, said=said, settled_at=now)
        )
    return told


async def lose(connection: Connection, number: DeliveryId, why: tuple[str, str], now: datetime) -> bool:
    """Store that a message that was accepted reached nobody after all; False: it does not count as delivered."""
    reason, said = why
    columns = tables.deliveries.c
    # When it was accepted and in whose words would be forgotten.
    taken = sa.select(
        columns.id,
        columns.settled_at,
        sa.literal(ACCEPTED),
        sa.func.substr(sa.func.coalesce(columns.message_chat, ""), 1, 64),
        sa.func.coalesce(columns.said, ""),
        columns.message_id,
    ).where(columns.id == number, columns.state == State.DELIVERED)
    kept = ["delivery_id", "at", "hop", "provider", "said", "message_id"]
    await connection.execute(sa.insert(tables.hops).from_select(kept, taken))
    lost = await connection.execute(
        sa.update(tables.deliveries)
        .where(tables.deliveries.c.id == number, tables.deliveries.c.state == State.DELIVERED)
        .values(state=str(State.FAILED), reason=reason, said=said, settled_at=now)
    )
    return bool(lost.rowcount)
