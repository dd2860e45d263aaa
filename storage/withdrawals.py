"""Messages that are not to go out any more, because somebody has acted, and those that are after all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from bot.domain.delivery import PAGES, Dropped, Kind, Lane, State
from bot.domain.incident import Incident, IncidentId, Progress
from bot.domain.people import AccountId
from storage import tables
from storage.database import Connection, portions


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What is taken back, and why."""

    reason: Dropped
    cards: bool = False
    only: tuple[AccountId, ...] = ()


async def withdraw(
    connection: Connection, incidents: Iterable[IncidentId], withdrawal: Withdrawal, now: datetime
) -> None:
    """Take back what has not gone out of these: pages and, with `cards`, cards that no chat has seen yet.

    Without, a card that a chat has not seen yet is a page no more: it goes with the edits, and is not called out.
    `only`: nothing but what these people would get.
    """
    columns = tables.deliveries.c
    reason, cards = withdrawal.reason, withdrawal.cards
    to_somebody = sa.and_(columns.kind == Kind.CARD, columns.account_id.is_not(None))
    # What waits on a board is shown there already.
    is_page = sa.or_(columns.kind.in_((Kind.REMINDER, Kind.PAGE)), to_somebody, columns.board_id.is_not(None))
    is_card = sa.or_(columns.kind.in_(PAGES), columns.board_id.is_not(None))
    for some in portions(sorted(incidents)):
        await connection.execute(
            sa.update(tables.deliveries)
            .where(
                columns.incident_id.in_(some),
                columns.state == State.PENDING,
                is_card if cards else is_page,
                columns.account_id.in_(withdrawal.only) if withdrawal.only else sa.true(),
            )
            .values(state=str(State.WITHDRAWN), reason=str(reason), settled_at=now)
        )
        if reason is Dropped.SUPERSEDED or withdrawal.only:
            await _keep_spared(connection, some, withdrawal, now)
        if not cards and not withdrawal.only:
            unseen = sa.and_(columns.incident_id.in_(some), columns.state == State.PENDING, columns.kind == Kind.CARD)
            await connection.execute(sa.update(tables.deliveries).where(unseen).values(lane=int(Lane.EDIT)))


async def _keep_spared(
    connection: Connection, incidents: Sequence[IncidentId], withdrawal: Withdrawal, now: datetime
) -> None:
    """Of people who are to hear no more of it, no way comes back that was spared: not even if another was lost."""
    columns = tables.deliveries.c
    theirs = columns.account_id.in_(withdrawal.only) if withdrawal.only else sa.true()
    spared = sa.and_(columns.state == State.WITHDRAWN, columns.reason == str(Dropped.REACHED))
    await connection.execute(
        sa.update(tables.deliveries)
        .where(columns.incident_id.in_(incidents), columns.kind.in_(PAGES), spared, theirs)
        .values(reason=str(withdrawal.reason), settled_at=now)
    )


async def put_back(connection: Connection, incident: Incident, reason: Dropped, since: datetime) -> None:
    """Let go out what was withdrawn for this reason at this instant or later, unless its place waits for another page.

    The card of a chat that has not seen it yet is a page again, where somebody is paged at all.
    """
    columns, other = tables.deliveries.c, tables.deliveries.alias()
    waits = sa.exists().where(
        other.c.incident_id == columns.incident_id,
        other.c.workspace_id == columns.workspace_id,
        other.c.place == columns.place,
        other.c.state == State.PENDING,
        other.c.kind.in_(PAGES),
    )
    withdrawn = sa.and_(
        columns.incident_id == incident.id,
        columns.state == State.WITHDRAWN,
        columns.reason == str(reason),
        columns.settled_at >= since,
        columns.kind.in_(PAGES),
    )
    newest = sa.select(sa.func.max(columns.id)).where(withdrawn, ~waits).group_by(columns.workspace_id, columns.place)
    values: dict[str, object] = {
        "state": str(State.PENDING),
        "reason": None,
        "settled_at": None,
        "board_id": None,
        "claim": None,
    }
    if incident.progress is Progress.PROCESSING:
        # They are of a level that was told after somebody had taken it, and what is older than that is stale.
        values["version"] = incident.version
    again = await connection.scalars(newest)
    await connection.execute(sa.update(tables.deliveries).where(columns.id.in_(list(again))).values(values))
    if incident.progress is Progress.TRIGGERED:
        unseen = sa.and_(columns.incident_id == incident.id, columns.state == State.PENDING, columns.kind == Kind.CARD)
        await connection.execute(sa.update(tables.deliveries).where(unseen).values(lane=int(Lane.PAGE)))
