"""What the database holds, read by plain selects into the model's own values."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.domain.definition import Contact
from bot.domain.delivery import Kind, State
from bot.domain.incident import Entry, Progress
from bot.domain.ledger import ACCEPTED
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, ContactKind
from bot.domain.verification import How
from storage import codec, contacts, definitions, tables
from storage.database import Connection, Database
from tests.crash.history import AlertRow, BoardRow, CardRow, DeliveryRow, History, IncidentRow, Message, Said

_UNSETTLED: Final = (State.PENDING, State.SENDING)


@dataclass(frozen=True, slots=True)
class Left:
    """What is still to be done: messages, and incidents that fall due."""

    messages: int
    due: int


async def left(database: Database) -> Left:
    """Return what is still to be done."""

    async def work(connection: Connection) -> Left:
        messages = sa.select(sa.func.count()).where(tables.deliveries.c.state.in_(_UNSETTLED))
        due = sa.select(sa.func.count()).where(tables.incidents.c.due.is_not(None))
        return Left(await connection.scalar(messages) or 0, await connection.scalar(due) or 0)

    return await database.read(work)


async def claims(database: Database) -> dict[int, str]:
    """Return the deliveries that somebody holds, and by which claim."""

    async def work(connection: Connection) -> dict[int, str]:
        columns = tables.deliveries.c
        rows = await connection.execute(sa.select(columns.id, columns.claim).where(columns.state == State.SENDING))
        return {row.id: row.claim for row in rows}

    return await database.read(work)


async def age(database: Database, held: Collection[str], now: datetime) -> None:
    """Let the leases of these claims have run out already."""

    async def work(connection: Connection) -> None:
        columns = tables.deliveries.c
        await connection.execute(
            sa.update(tables.deliveries)
            .where(columns.state == State.SENDING, columns.claim.in_(held))
            .values(lease_until=now - timedelta(seconds=1))
        )

    await database.transact(work)


async def prove(url: str, now: datetime) -> None:
    """Let everybody's number and address be proven to be theirs."""

    async def work(connection: Connection) -> None:
        organisation = await definitions.organisation(connection)
        for account in organisation.people.accounts.values():
            for kind, value in ((ContactKind.PHONE, account.phone), (ContactKind.EMAIL, account.email)):
                await contacts.prove(connection, Contact(account.id, kind, value), How.ADMIN, now)

    database = Database(url)
    try:
        await database.transact(work)
    finally:
        await database.close()


async def sizes(database: Database) -> dict[str, int]:
    """Return how many rows each table has that an alert writes to."""

    async def work(connection: Connection) -> dict[str, int]:
        written = (tables.events, tables.alerts, tables.incidents, tables.timeline, tables.cards, tables.deliveries)
        counts = [await connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in written]
        return {table.name: count or 0 for table, count in zip(written, counts, strict=True)}

    return await database.read(work)


async def load(database: Database, history: History) -> None:
    """Put what is stored into the history."""

    async def work(connection: Connection) -> None:
        organisation = await definitions.organisation(connection)
        names = {int(number): account.name.lower() for number, account in organisation.people.accounts.items()}
        history.alerts, history.events = await _alerts(connection), await _events(connection)
        history.incidents = await _incidents(connection, organisation)
        history.timeline = await _timelines(connection)
        history.deliveries = await _deliveries(connection, names)
        history.cards = await _cards(connection, names)
        history.boards = await _boards(connection)

    await database.read(work)


async def _alerts(connection: Connection) -> list[AlertRow]:
    columns = tables.alerts.c
    rows = await connection.execute(sa.select(columns.key, columns.incident_id, columns.recovered).order_by(columns.id))
    return [AlertRow(row.key, row.incident_id, row.recovered) for row in rows]


async def _events(connection: Connection) -> dict[str, int]:
    columns = tables.events.c
    return Counter(await connection.scalars(sa.select(columns.key)))


async def _incidents(connection: Connection, organisation: Organisation) -> dict[int, IncidentRow]:
    columns = tables.incidents.c
    found: dict[int, IncidentRow] = {}
    query = sa.select(columns.body, columns.progress, columns.due, columns.idle, columns.version)
    for row in await connection.execute(query.order_by(columns.id)):
        incident = codec.INCIDENT.read(row.body)
        found[incident.id] = IncidentRow(
            number=incident.id,
            channel=organisation.channels[incident.channel].name,
            title=incident.facts.title,
            severity=str(incident.facts.severity),
            description=incident.facts.description,
            progress=Progress(row.progress),
            version=row.version,
            due=row.due,
            idle=row.idle,
        )
    return found


async def _timelines(connection: Connection) -> dict[int, list[Said]]:
    columns = tables.timeline.c
    found: dict[int, list[Said]] = defaultdict(list)
    for row in await connection.execute(sa.select(tables.timeline).order_by(columns.id)):
        record = codec.RECORD.read(row.body)
        notified = record.entry is Entry.NOTIFIED
        level, turn = (int(record.said[name]) - 1 if notified else 0 for name in ("level", "turn"))
        to = str(record.said.get("to", "")) if record.entry is Entry.NOT_DELIVERED else ""
        found[row.incident_id].append(Said(row.at, record.entry, level, turn, to.lower()))
    return dict(found)


async def _deliveries(connection: Connection, names: Mapping[int, str]) -> list[DeliveryRow]:
    hops = tables.hops.c
    undone = (
        sa.select(hops.delivery_id, sa.func.max(hops.at).label("at"))
        .where(hops.hop == ACCEPTED)
        .group_by(hops.delivery_id)
    )
    accepted: dict[int, datetime] = {row.delivery_id: row.at for row in await connection.execute(undone)}
    rows = await connection.execute(sa.select(tables.deliveries).order_by(tables.deliveries.c.id))
    return [
        DeliveryRow(
            id=row.id,
            incident=row.incident_id,
            kind=Kind(row.kind),
            place=_place(row, names),
            level=row.level,
            turn=row.turn,
            state=State(row.state),
            created_at=row.created_at,
            not_before=row.not_before,
            settled_at=row.settled_at,
            attempts=row.attempts,
            is_uncertain=row.uncertain,
            reason=row.reason or "",
            message=_message(row),
            board=row.board_id,
            page=row.page_id,
            rank=row.rank or 0,
            latest=row.latest_at,
            accepted_at=row.settled_at if row.state == State.DELIVERED else accepted.get(row.id),
        )
        for row in rows
    ]


async def _cards(connection: Connection, names: Mapping[int, str]) -> list[CardRow]:
    rows = await connection.execute(sa.select(tables.cards))
    return [CardRow(row.incident_id, _place(row, names), _message(row)) for row in rows]


async def _boards(connection: Connection) -> list[BoardRow]:
    columns = tables.cards.c
    on: dict[int, set[int]] = defaultdict(set)
    query = sa.select(columns.board_id, columns.incident_id).where(columns.board_id.is_not(None))
    for board, incident in await connection.execute(query):
        on[board].add(incident)
    # What a line has carried cannot be changed.
    in_chats = tables.boards.c.workspace_id.not_in(LINES.values())
    rows = await connection.execute(sa.select(tables.boards).where(in_chats))
    return [BoardRow(row.id, _message(row), frozenset(on[row.id])) for row in rows]


def _place(row: sa.Row[tuple[object, ...]], names: Mapping[int, str]) -> str:
    if row.chat is not None:
        return f"#{row.chat}"
    line = next((f"{method}:" for method, number in LINES.items() if number == row.workspace_id), "")
    return f"{line}@{names.get(row.account_id, row.account_id)}"


def _message(row: sa.Row[tuple[object, ...]]) -> Message | None:
    return (row.message_chat, row.message_id) if row.message_id else None
