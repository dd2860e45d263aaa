"""Events, alerts, incidents and their timelines.

What is stored of an incident may be unreadable, as after a newer version has run. Where many are asked for, such a one
costs only itself, and is `Found.unreadable`; who asks for certain ones gets `Unreadable`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.domain.alert import Alert
from bot.domain.event import Event
from bot.domain.flow import Outcome
from bot.domain.frozen import dataclass
from bot.domain.incident import AlertId, ChannelId, Happened, Incident, IncidentId, Progress, Record
from bot.domain.levels import HELD
from bot.domain.organisation import IntegrationId
from storage import bulk, codec, tables
from storage.database import Connection, portions, take_together
from storage.definitions import REVISION
from storage.planning import unseen

DueMark = tuple[datetime, IncidentId]
"""How far a walk over the due incidents has come: they are ordered by when they are due, and number."""


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as it came in, and what became of it."""

    received_at: datetime
    request_id: str
    integration: IntegrationId | None
    channel: ChannelId
    key: str
    alert: AlertId | None
    outcome: Outcome
    event: Event


@dataclass(frozen=True, slots=True)
class Found:
    """Incidents, and those of which what is stored cannot be read."""

    incidents: tuple[Incident, ...] = ()
    unreadable: tuple[IncidentId, ...] = ()


@dataclass(frozen=True, slots=True)
class Unrecovered:
    """The alerts that have not recovered, by channel and key, oldest first, and what revision is configured.

    `revision`: None where nothing was asked for. `ids`: what `new_ids` would have to be asked for, if that is known.
    """

    alerts: dict[tuple[ChannelId, str], list[Alert]]
    revision: int | None
    ids: tuple[AlertId, IncidentId] | None = None


class Unreadable(ValueError):
    """What is stored of the incident `number` cannot be read."""

    def __init__(self, number: IncidentId) -> None:
        super().__init__(f"what is stored of incident #{number} cannot be read")
        self.number = number


# How it is written of an incident that its level is held.
_HELD: Final = f'"turn":{HELD}'

# In the databases' own words, with one value for all keys: put together for their number it would cost each of them.
# With what is configured just then: to the server and back once more would take longer than to find it there.
_CONFIGURED: Final = "FROM (SELECT (SELECT last FROM numbers WHERE name = 'revision') AS revision) AS configured"
_UNRECOVERED: Final[Mapping[str, str]] = {
    "sqlite": f"SELECT revision, body, NULL, NULL {_CONFIGURED} LEFT JOIN alerts ON channel_id = ? AND recovered IS 0"  # noqa: S608 - Words of our own.
    " AND key IN (SELECT value FROM json_each(?)) ORDER BY id",
    "postgresql": "SELECT revision, body,"  # noqa: S608 - Words of our own.
    " CASE WHEN body IS NULL AND $3 THEN nextval('alerts_numbers') END,"
    " CASE WHEN body IS NULL AND $3 THEN nextval('incidents_numbers') END"
    f" {_CONFIGURED} LEFT JOIN LATERAL ("
    "SELECT id, body FROM alerts WHERE channel_id = $1 AND recovered IS false AND key = ANY($2::text[])"
    " ORDER BY id FOR UPDATE) AS unrecovered ON true ORDER BY id",
}


_BODIES: Final = sa.select(tables.incidents.c.id, tables.incidents.c.body)
_THESE: Final = _BODIES.where(tables.incidents.c.id.in_(sa.bindparam("ids", expanding=True)))
_LOCKED: Final = _THESE.order_by(tables.incidents.c.id).with_for_update()
_DUE: Final = (
    _BODIES.add_columns(REVISION)
    .where(tables.incidents.c.due <= unseen("now", tables.Instant()))
    .order_by(tables.incidents.c.due)
    .limit(unseen("most", sa.Integer()))
    .with_for_update(skip_locked=True)
)
LAST_ENTRIES: Final = (
    sa.select(tables.timeline.c.at, tables.timeline.c.body)
    .where(tables.timeline.c.incident_id == sa.bindparam("incident"))
    .order_by(tables.timeline.c.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
"""The last entries of the timeline of `:incident`, `:most` of them, the newest first."""
_NEXT_DUE: Final = (
    sa.select(tables.incidents.c.due)
    .where(tables.incidents.c.due.is_not(None))
    .order_by(tables.incidents.c.due)
    .limit(sa.literal_column("1"))
)
_WHAT_IS_UP: Final = sa.select(_NEXT_DUE.scalar_subquery(), REVISION)


async def new_ids(connection: Connection, count: int) -> list[tuple[AlertId, IncidentId]]:
    """Take ids for `count` new alerts, each with an incident."""
    if not count:
        return []
    taken = await take_together(connection, ("alerts", "incidents"), count)
    return [(AlertId(alert), IncidentId(incident)) for alert, incident in taken]


async def alerts_of_keys(
    connection: Connection, keys: Iterable[tuple[ChannelId, str]], *, opens: bool = False
) -> Unrecovered:
    """Return the alerts of these keys that have not recovered, locked until the transaction ends.

    `opens`: it is one key, and where there is no such alert it opens one: PostgreSQL then gives the ids for it as well.
    """
    wanted: dict[ChannelId, list[str]] = {}
    for channel, key in dict.fromkeys(keys):
        wanted.setdefault(channel, []).append(key)
    found: dict[tuple[ChannelId, str], list[Alert]] = {}
    revision: int | None = None
    ids: tuple[AlertId, IncidentId] | None = None
    is_server = connection.dialect.name == "postgresql"
    for channel, names in wanted.items():
        which = (channel, names, opens) if is_server else (channel, json.dumps(names))
        rows = await connection.exec_driver_sql(_UNRECOVERED[connection.dialect.name], which)
        for known_as, body, new_alert, new_incident in rows:
            # That of the first: what changes between two is seen the next time.
            revision = int(known_as or 0) if revision is None else revision
            if body is not None:
                alert = codec.ALERT.read(body)
                found.setdefault((alert.channel, alert.key), []).append(alert)
            elif new_alert is not None:
                ids = AlertId(new_alert), IncidentId(new_incident)
    return Unrecovered(found, revision, ids)


async def lock(connection: Connection, ids: Iterable[IncidentId]) -> dict[IncidentId, Incident]:
    """Return these incidents, locked until the transaction ends. Raises Unreadable."""
    return {incident.id: incident for incident in all_of(await _locked(connection, ids))}


async def lock_readable(connection: Connection, ids: Iterable[IncidentId]) -> Found:
    """Return those of these incidents that can be read, all of them locked until the transaction ends."""
    return readable(await _locked(connection, ids))


async def _locked(connection: Connection, ids: Iterable[IncidentId]) -> list[sa.Row[int, str]]:
    rows: list[sa.Row[int, str]] = []
    for some in portions(sorted(set(ids))):
        rows += await connection.execute(_LOCKED, {"ids": some})
    return rows


async def find(connection: Connection, ids: Iterable[IncidentId]) -> dict[IncidentId, Incident]:
    """Return these incidents as they are. Raises Unreadable."""
    rows = await connection.execute(_THESE, {"ids": sorted(set(ids))})
    return {incident.id: incident for incident in all_of(rows)}


async def newest(connection: Connection, *, most: int, open_only: bool) -> Found:
    """Return the newest incidents, newest first."""
    columns = tables.incidents.c
    query = _BODIES.order_by(columns.id.desc()).limit(most)
    if open_only:
        query = query.where(columns.progress != Progress.CLOSED)
    return readable(await connection.execute(query))


async def due(connection: Connection, now: datetime, most: int) -> tuple[list[Incident], int]:
    """Return incidents whose next instant has come, longest due first, and what revision is configured.

    Locked, and passed over where others hold them; with none, the revision is 0. Raises Unreadable.
    """
    rows = (await connection.execute(_DUE, {"now": now, "most": most})).all()
    return all_of((number, body) for number, body, _ in rows), int(rows[0][-1] or 0) if rows else 0


def readable(rows: Iterable[sa.Row[int, str]]) -> Found:
    """Read the (number, body) of incidents. One that cannot be read must not keep anybody from the others."""
    read: list[Incident] = []
    unreadable: list[IncidentId] = []
    for number, body in rows:
        try:
            read.append(codec.INCIDENT.read(body))
        except ValueError:
            unreadable.append(IncidentId(number))
    return Found(tuple(read), tuple(unreadable))


def all_of(rows: Iterable[sa.Row[int, str] | tuple[int, str]]) -> list[Incident]:
    """Read the (number, body) of incidents. Raises Unreadable."""
    found: list[Incident] = []
    for number, body in rows:
        try:
            found.append(codec.INCIDENT.read(body))
        except ValueError as error:
            raise Unreadable(IncidentId(number)) from error
    return found


async def due_ids(connection: Connection, now: datetime, most: int) -> list[IncidentId]:
    """Return which incidents are due, the longest due first."""
    return [number for _, number in await due_after(connection, None, now, most)]


async def due_after(connection: Connection, after: DueMark | None, now: datetime, most: int) -> list[DueMark]:
    """Return the next incidents that are due, the longest due first; None: from the first."""
    columns = tables.incidents.c
    query = sa.select(columns.due, columns.id).where(columns.due <= now).order_by(columns.due, columns.id).limit(most)
    if after is not None:
        at, number = after
        # The first half is what the index is searched by; the second leaves out those due at the same instant.
        query = query.where(columns.due >= at, sa.or_(columns.due > at, columns.id > number))
    return [(at, IncidentId(number)) for at, number in await connection.execute(query)]


async def held(connection: Connection, after: IncidentId, now: datetime, most: int) -> Found:
    """Return incidents that wait until somebody is on duty, and come after a number, in their order."""
    columns = tables.incidents.c
    # What has the text in it for another reason is for the law to tell apart.
    query = _BODIES.where(columns.due > now, columns.body.contains(_HELD), columns.id > after)
    return readable(await connection.execute(query.order_by(columns.id).limit(most)))


async def what_is_up(connection: Connection) -> tuple[datetime | None, int]:
    """Return when an incident must be looked at next, and what revision is configured."""
    next_due, revision = (await connection.execute(_WHAT_IS_UP)).one()
    return next_due, int(revision or 0)


async def count_by_progress(connection: Connection) -> dict[str, int]:
    """Return how many incidents are open, by progress."""
    columns = tables.incidents.c
    query = (
        sa.select(columns.progress, sa.func.count().label("incidents"))
        .where(columns.progress != Progress.CLOSED)
        .group_by(columns.progress)
    )
    return {row.progress: row.incidents for row in await connection.execute(query)}


async def insert(connection: Connection, new: Sequence[Incident]) -> None:
    """Store incidents that were not there."""
    await bulk.insert_values(connection, tables.incidents, _INCIDENT, [_incident_row(incident) for incident in new])


async def update(connection: Connection, changed: Sequence[Incident]) -> None:
    """Store incidents that were there."""
    rows = [(incident.id, *_handled(incident)) for incident in changed]
    await bulk.update_values(connection, tables.incidents, ("id", *_HANDLED), rows)


async def insert_alerts(connection: Connection, new: Sequence[Alert]) -> None:
    """Store alerts that were not there."""
    await bulk.insert_values(connection, tables.alerts, _ALERT, [_alert_row(alert) for alert in new])


async def update_alerts(connection: Connection, changed: Sequence[Alert]) -> None:
    """Store alerts that were there."""
    await bulk.update_values(connection, tables.alerts, _ALERT, [_alert_row(alert) for alert in changed])


async def alerts_of(connection: Connection, incident: IncidentId) -> list[Alert]:
    """Return all alerts of an incident, oldest first; locked until the transaction ends."""
    columns = tables.alerts.c
    query = sa.select(columns.body).where(columns.incident_id == incident).order_by(columns.id).with_for_update()
    return [codec.ALERT.read(body) for body in await connection.scalars(query)]


async def insert_events(connection: Connection, rows: Sequence[EventRow]) -> None:
    """Store what came in."""
    await bulk.insert_values(connection, tables.events, _EVENT, [_event_row(row) for row in rows])


async def record(connection: Connection, entries: Sequence[tuple[IncidentId, datetime, Record]]) -> None:
    """Add entries to the timelines, in this order."""
    # Incidents that are opened together share most of their entries: each is written out once.
    distinct = {id(said): said for _, _, said in entries}
    bodies = {known_as: codec.RECORD.write(said) for known_as, said in distinct.items()}
    rows = [(number, at, bodies[id(said)]) for number, at, said in entries]
    await bulk.insert_values(connection, tables.timeline, _ENTRY, rows)


async def timeline(connection: Connection, incident: IncidentId, most: int) -> tuple[Happened, ...]:
    """Return the last entries of an incident's timeline, oldest first."""
    rows = await connection.execute(LAST_ENTRIES, {"incident": incident, "most": most})
    return happened((row.at, row.body) for row in rows)


def happened(newest_first: Iterable[tuple[datetime, str]]) -> tuple[Happened, ...]:
    """Read entries of a timeline, oldest first."""
    return tuple(Happened(at, codec.RECORD.read(body)) for at, body in reversed(tuple(newest_first)))


# The columns of a row, in the order in which its values stand below.
_HANDLED: Final = ("progress", "severity", "closed_at", "due", "idle", "version", "body")
_INCIDENT: Final = ("id", "channel_id", "opened_at", *_HANDLED)
_EVENT: Final = ("received_at", "request_id", "integration_id", "channel_id", "key", "alert_id", "outcome", "body")
_ALERT: Final = ("id", "channel_id", "key", "incident_id", "current", "recovered", "opened_at", "body")
_ENTRY: Final = ("incident_id", "at", "body")


def _incident_row(incident: Incident) -> tuple[object, ...]:
    return (incident.id, incident.channel, incident.opened_at, *_handled(incident))


def _handled(incident: Incident) -> tuple[object, ...]:
    """Return the columns of what may change of an incident."""
    return (
        str(incident.progress),
        str(incident.facts.severity),
        incident.closed.at if incident.closed else None,
        incident.due,
        str(incident.idle) if incident.idle else None,
        incident.version,
        codec.INCIDENT.write(incident),
    )


def _event_row(row: EventRow) -> tuple[object, ...]:
    return (
        row.received_at,
        row.request_id,
        row.integration,
        row.channel,
        row.key,
        row.alert,
        str(row.outcome),
        codec.EVENT.write(row.event),
    )


def _alert_row(alert: Alert) -> tuple[object, ...]:
    return (
        alert.id,
        alert.channel,
        alert.key,
        alert.incident,
        alert.current,
        alert.recovered_at is not None,
        alert.opened_at,
        codec.ALERT.write(alert),
    )
