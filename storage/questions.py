"""What people ask for: the open incidents, those told in a chat, and which incident a message is about."""

from typing import Final

import sqlalchemy as sa

from bot.adapter import MessageRef
from bot.domain.delivery import Kind
from bot.domain.event import Severity
from bot.domain.incident import ChannelId, Incident, IncidentId, Progress
from bot.domain.people import AccountId, WorkspaceId
from storage import incidents, tables
from storage.database import Connection
from storage.incidents import Found

_OPEN: Final = tables.incidents.c.progress != sa.literal_column(f"'{Progress.CLOSED}'")
_URGENCY: Final = (
    # Nobody has it, then how bad it is, then how long it has waited.
    sa.case((tables.incidents.c.progress == Progress.TRIGGERED, 0), else_=1),
    sa.case({str(severity): place for place, severity in enumerate(Severity)}, value=tables.incidents.c.severity),
    tables.incidents.c.id,
)


async def most_urgent(connection: Connection, most: int, channel: ChannelId | None = None) -> Found:
    """Return open incidents, of one channel if given: what nobody has first, then by severity, then the oldest."""
    return await _first(
        connection, most, tables.incidents.c.channel_id == channel if channel is not None else sa.true()
    )


async def naming(connection: Connection, account: AccountId, most: int) -> Found:
    """Return open incidents that an account has something to do with, whatever it is; the most urgent first."""
    # As `codec` writes it, wherever it stands in the body.
    return await _first(connection, most, tables.incidents.c.body.contains(f'"account":{account:d},'))


async def _first(connection: Connection, most: int, which_of: sa.ColumnElement[bool]) -> Found:
    columns = tables.incidents.c
    which = sa.select(columns.id).where(_OPEN, which_of).order_by(*_URGENCY).limit(most)
    # The bodies of the chosen ones only: there may be very many.
    chosen = list(await connection.scalars(which))
    if not chosen:
        return Found()
    rows = (await connection.execute(sa.select(columns.id, columns.body).where(columns.id.in_(chosen)))).all()
    place = {number: at for at, number in enumerate(chosen)}
    return incidents.readable(sorted(rows, key=lambda row: place[row.id]))


async def count_open(connection: Connection, channel: ChannelId | None = None) -> int:
    """Return how many incidents are open, of one channel if given."""
    query = sa.select(sa.func.count()).select_from(tables.incidents).where(_OPEN)
    if channel is not None:
        query = query.where(tables.incidents.c.channel_id == channel)
    return await connection.scalar(query) or 0


async def told_in(connection: Connection, workspace: WorkspaceId, chat: str, most: int) -> tuple[Incident, ...]:
    """Return open incidents whose cards stand in a chat, the newest first."""
    columns, cards = tables.incidents.c, tables.cards.c
    query = (
        sa.select(columns.id, columns.body)
        .join_from(tables.incidents, tables.cards, cards.incident_id == columns.id)
        .where(_OPEN, cards.workspace_id == workspace, cards.chat == chat)
        .order_by(columns.id.desc())
        .limit(most)
    )
    return incidents.readable((await connection.execute(query)).all()).incidents


async def incident_of(connection: Connection, workspace: WorkspaceId, message: MessageRef) -> IncidentId | None:
    """Return which incident a message is about: its card, or a note about it; None: it is not known here."""
    columns = tables.deliveries.c
    query = (
        sa.select(columns.incident_id)
        .where(
            columns.message_id == message.id,
            columns.workspace_id == workspace,
            columns.message_chat == message.chat,
            # A board is about many.
            columns.kind != Kind.BOARD,
        )
        .order_by(columns.id.desc())
        .limit(1)
    )
    found = await connection.scalar(query)
    return IncidentId(found) if found is not None else None
