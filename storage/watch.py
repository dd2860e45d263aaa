"""What the checker looks for, each by an index, and the heartbeats by which it is itself watched."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.adapter import FailureKind
from bot.domain.delivery import Kind, Lane, State
from bot.domain.escalation import Chat
from bot.domain.incident import ChannelId, Incident, IncidentId
from bot.domain.people import WorkspaceId
from bot.domain.trouble import Check, Standing, key_of
from storage import codec, tables
from storage.connection import Rows
from storage.database import Connection

# Written into the statements, not bound: so the databases see which of the partial indexes holds what is asked for.
_PENDING: Final[sa.ColumnElement[str]] = sa.literal_column("'pending'")
_SENDING: Final[sa.ColumnElement[str]] = sa.literal_column("'sending'")
_TRIGGERED: Final[sa.ColumnElement[str]] = sa.literal_column("'Triggered'")
_CLOSED: Final[sa.ColumnElement[str]] = sa.literal_column("'Closed'")

LONGEST_NAME: Final = 64

# A chat that says so takes no other message either. What is gone is a message, not the chat.
_FOR_GOOD: Final = (FailureKind.REFUSED, FailureKind.UNLINKED)
# An edit may be taken where nothing new is, or the other way round; a board's message is seen from the pages it tells.
_NEW: Final = (Kind.CARD, Kind.REMINDER, Kind.NOTE)

Mark = tuple[ChannelId, IncidentId]
"""How far a walk over the open incidents has come: they are ordered by channel and number."""


@dataclass(frozen=True, slots=True)
class Late:
    """How many are late, and since when the first of them."""

    count: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Portion:
    """Some open incidents, compared with what their columns say. `last`: go on after it; None: that was the end."""

    unreadable: tuple[IncidentId, ...]
    differing: tuple[IncidentId, ...]
    last: Mark | None


async def beat(connection: Connection, names: Iterable[str], now: datetime) -> None:
    """Store that these have just happened."""
    statement = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(tables.heartbeats)
    again = statement.on_conflict_do_update(
        index_elements=[tables.heartbeats.c.name], set_={"at": statement.excluded.at}
    )
    # In one order, so that two processes do not wait for each other.
    await connection.execute(again, [{"name": name, "at": now} for name in sorted(names)])


def click_of(code: str) -> str:
    """Return the name of a click that somebody waits for, until it is forgotten."""
    return f"click/{code}"[:LONGEST_NAME]


async def forget(connection: Connection, name: str) -> bool:
    """Remove what is remembered under a name; False: nothing was."""
    columns = tables.heartbeats.c
    return bool((await connection.execute(sa.delete(tables.heartbeats).where(columns.name == name))).rowcount)


async def beats(connection: Connection) -> dict[str, datetime]:
    """Return when each happened last."""
    columns = tables.heartbeats.c
    return {row.name: row.at for row in await connection.execute(sa.select(columns.name, columns.at))}


async def adrift(connection: Connection, after: IncidentId, most: int) -> list[IncidentId]:
    """Return incidents, by number, that have neither a next instant nor a reason why not."""
    columns = tables.incidents.c
    query = (
        sa.select(columns.id)
        .where(
            columns.progress == _TRIGGERED,
            columns.due.is_(None),
            columns.idle.is_(None),
            columns.id > after,
        )
        .order_by(columns.id)
        .limit(most)
    )
    return [IncidentId(number) for number in await connection.scalars(query)]


async def overdue(connection: Connection, before: datetime) -> Late | None:
    """Return how many incidents were due before an instant."""
    columns = tables.incidents.c
    query = sa.select(sa.func.count(), sa.func.min(columns.due)).where(columns.due < before)
    return _late(await connection.execute(query))


async def unreclaimed(connection: Connection, before: datetime) -> Late | None:
    """Return how many claims ran out before an instant, and nobody has taken them over."""
    columns = tables.deliveries.c
    query = sa.select(sa.func.count(), sa.func.min(columns.lease_until)).where(
        columns.state == _SENDING, columns.lease_until < before
    )
    return _late(await connection.execute(query))


async def unsent(connection: Connection, now: datetime, patience: timedelta) -> dict[WorkspaceId, Late]:
    """Return the pages that have waited for so long in places where nothing has gone out meanwhile, by workspace.

    A place that works off its queue at the platform's pace is not stuck, nor is one whose platform asked us to wait.
    """
    columns = tables.deliveries.c
    place = (columns.workspace_id, columns.place)
    before = now - patience
    waiting = (
        sa.select(*place, sa.func.count(), sa.func.min(columns.not_before))
        .where(
            columns.state == _PENDING,
            # What waits on a board goes out with the board's own message.
            columns.board_id.is_(None),
            columns.lane == int(Lane.PAGE),
            columns.not_before < before,
        )
        .group_by(*place)
    )
    rows = (await connection.execute(waiting)).all()
    if not rows:
        return {}
    moving = sa.union(
        # What was withdrawn or has failed was settled too, but nobody has got it.
        sa.select(*place).where(columns.settled_at >= before, columns.state == State.DELIVERED),
        sa.select(*place).where(
            columns.state == _PENDING,
            tables.BY_URGENCY,
            columns.not_before > now,
            columns.reason == FailureKind.RATE_LIMITED,
        ),
    )
    free = {(row.workspace_id, row.place) for row in await connection.execute(moving)}
    found: dict[WorkspaceId, Late] = {}
    for workspace, where, count, since in rows:
        if (workspace, where) not in free:
            known = found.get(workspace, Late(0, since))
            found[WorkspaceId(workspace)] = Late(known.count + count, min(known.since, since))
    return found


async def newest_in_chats(connection: Connection, since: datetime) -> dict[Chat, str | None]:
    """Return what the newest message to each chat came to that was settled since an instant.

    The platform's words where the chat refused it for good; None: it arrived. What failed otherwise says nothing.
    """
    columns = tables.deliveries.c
    has_failed = columns.state == State.FAILED
    # Few differ in these words; what is said of a message that arrived is another thing each time.
    refusal = sa.case((has_failed, columns.said)).label("refusal")
    alike = (columns.workspace_id, columns.chat, columns.state, refusal)
    query = (
        sa.select(*alike, sa.func.max(columns.settled_at).label("at"))
        .where(
            columns.settled_at >= since,
            columns.chat.is_not(None),
            columns.kind.in_(_NEW),
            sa.or_(columns.state == State.DELIVERED, sa.and_(has_failed, columns.reason.in_(_FOR_GOOD))),
        )
        .group_by(*alike)
        .order_by(sa.literal_column("at"))
    )
    return {
        Chat(WorkspaceId(row.workspace_id), row.chat): (row.refusal or "") if row.state == State.FAILED else None
        for row in await connection.execute(query)
    }


async def portion(connection: Connection, after: Mark | None, most: int) -> Portion:
    """Read the next open incidents, and compare each with what its columns say."""
    columns = tables.incidents.c
    channel, number = after if after is not None else (ChannelId(-1), IncidentId(0))
    # Two statements, since SQLite finds only the channel by an index when both are compared as one.
    rows = await _open(connection, sa.and_(columns.channel_id == channel, columns.id > number), most)
    if len(rows) < most:
        rows += await _open(connection, columns.channel_id > channel, most - len(rows))
    last = (ChannelId(rows[-1].channel_id), IncidentId(rows[-1].id)) if len(rows) == most else None
    return _compared(rows, last)


async def compared(connection: Connection, incidents: Collection[IncidentId]) -> Portion:
    """Compare these incidents; those that are closed or gone are in order."""
    if not incidents:
        return _compared((), None)
    columns = tables.incidents.c
    query = sa.select(tables.incidents).where(columns.id.in_(sorted(incidents)), columns.progress != _CLOSED)
    return _compared((await connection.execute(query)).all(), None)


async def standing(
    connection: Connection, channels: Collection[ChannelId], keys: Collection[str]
) -> dict[str, list[Standing]]:
    """Return the alerts of these keys that have not recovered, and whether their incidents were closed all the same."""
    columns = tables.alerts.c
    query = (
        sa.select(columns.body, tables.incidents.c.closed_at)
        .join_from(tables.alerts, tables.incidents, columns.incident_id == tables.incidents.c.id, isouter=True)
        .where(
            columns.channel_id.in_(sorted(channels)), columns.key.in_(sorted(keys)), columns.recovered.is_(sa.false())
        )
        .order_by(columns.id)
    )
    found: dict[str, list[Standing]] = {}
    for body, closed_at in await connection.execute(query):
        try:
            alert = codec.ALERT.read(body)
        except ValueError:
            continue  # Told by nobody else, it would keep the checker from telling of anything.
        found.setdefault(alert.key, []).append(Standing(alert, closed_at))
    return found


async def standing_keys(connection: Connection, channels: Collection[ChannelId], check: Check) -> set[str]:
    """Return the keys of the alerts of a check that have not recovered, whatever they are about."""
    columns = tables.alerts.c
    query = sa.select(columns.key).where(
        columns.channel_id.in_(sorted(channels)),
        columns.key.startswith(f"{key_of(check)}/", autoescape=True),
        columns.recovered.is_(sa.false()),
    )
    return set(await connection.scalars(query))


async def _open(connection: Connection, which: sa.ColumnElement[bool], most: int) -> list[sa.Row[*tuple[Any, ...]]]:
    columns = tables.incidents.c
    query = sa.select(tables.incidents).where(columns.progress != _CLOSED, which)
    return list(await connection.execute(query.order_by(columns.channel_id, columns.id).limit(most)))


def _late(rows: Rows) -> Late | None:
    count, since = rows.one()
    return Late(count, since) if since is not None else None


def _compared(rows: Iterable[sa.Row[*tuple[Any, ...]]], last: Mark | None) -> Portion:
    unreadable: list[IncidentId] = []
    differing: list[IncidentId] = []
    for row in rows:
        try:
            incident = codec.INCIDENT.read(row.body)
        except ValueError:
            unreadable.append(IncidentId(row.id))
            continue
        if _columns(incident) != {name: row._mapping[name] for name in _COMPARED}:  # noqa: SLF001 - SQLAlchemy's public name for it.
            differing.append(IncidentId(row.id))
    return Portion(tuple(unreadable), tuple(differing), last)


_COMPARED = ("id", "progress", "due", "idle", "closed_at", "version")


def _columns(incident: Incident) -> Mapping[str, object]:
    """Return what the columns must say of an incident."""
    return {
        "id": incident.id,
        "progress": str(incident.progress),
        "due": incident.due,
        "idle": str(incident.idle) if incident.idle else None,
        "closed_at": incident.closed.at if incident.closed else None,
        "version": incident.version,
    }
