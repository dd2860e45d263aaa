"""Removes what was kept long enough, in steps that are short for whoever waits for the database.

Nothing of an open incident is ever removed, nor of an alert that still takes events, nor what belongs to a message that
is not settled. An incident goes after everything of it, so what a removal that was cut off has left is found again.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.domain.delivery import State
from storage import tables
from storage.database import LONGEST_WAIT, Connection, in_few_sizes

# Written into the statements, not bound: so the databases see which of the partial indexes holds what is asked for.
_CLOSED: Final[sa.ColumnElement[str]] = sa.literal_column("'Closed'")
_UNSETTLED: Final = (State.PENDING, State.SENDING)

Mark = tuple[datetime, int]
"""How far a walk has come: its rows are ordered by an instant, then by number."""

Stays = Callable[[Sequence[int]], sa.ColumnElement[bool]]
"""Whether a row must stay. The numbers of the rows are named to keep PostgreSQL from reading another table whole."""


@dataclass(frozen=True, slots=True)
class Window:
    """What to look at: rows from before an instant, after those that were looked at already, and how many at most."""

    before: datetime
    after: Mark | None
    most: int


@dataclass(frozen=True, slots=True)
class Aged:
    """What was looked at: the `ids` that may go, the mark of the last row, and whether the window holds no more."""

    ids: tuple[int, ...]
    last: Mark | None
    is_end: bool


async def old_events(connection: Connection, window: Window) -> Aged:
    """Look at events, by when they came in."""
    return await _look(connection, tables.events.c.received_at, _event_stays, window)


async def remove_events(connection: Connection, ids: Sequence[int]) -> Counter[str]:
    """Remove these events, but for those that must stay by now; return how many."""
    return await _remove(connection, tables.events, ids, _event_stays)


async def old_deliveries(connection: Connection, window: Window) -> Aged:
    """Look at messages, by when they were settled."""
    return await _look(connection, tables.deliveries.c.settled_at, _delivery_stays, window)


async def remove_deliveries(connection: Connection, ids: Sequence[int]) -> Counter[str]:
    """Remove these messages, but for those that must stay by now; return how many."""
    removed = await _remove(connection, tables.deliveries, ids, _delivery_stays)
    of_none = sa.and_(
        tables.hops.c.delivery_id.in_(in_few_sizes(ids)),
        ~sa.exists().where(tables.deliveries.c.id == tables.hops.c.delivery_id),
    )
    if removed.total():
        await connection.execute(sa.delete(tables.hops).where(of_none))
    return removed


async def old_incidents(connection: Connection, window: Window) -> Aged:
    """Look at incidents, by when they were closed."""
    return await _look(connection, tables.incidents.c.closed_at, _incident_stays, window)


async def remove_incidents(connection: Connection, ids: Sequence[int], most: int) -> Counter[str]:
    """Remove everything of these incidents, `most` rows in all; return how many of each table.

    As many as `most`: there may be more, so call it again. Those that must stay by now are passed over, and those that
    somebody is at work with.
    """
    chosen = in_few_sizes(await _lock(connection, in_few_sizes(ids)))
    alerts, incidents = tables.alerts.c, tables.incidents.c
    of_them = sa.select(alerts.id).where(alerts.incident_id.in_(chosen))
    sent = sa.select(tables.deliveries.c.id).where(tables.deliveries.c.incident_id.in_(chosen))
    removed: Counter[str] = Counter()
    for table, which in (
        (tables.hops, tables.hops.c.delivery_id.in_(sent)),
        (tables.events, tables.events.c.alert_id.in_(of_them)),
        (tables.deliveries, tables.deliveries.c.incident_id.in_(chosen)),
        (tables.timeline, tables.timeline.c.incident_id.in_(chosen)),
        (tables.cards, tables.cards.c.incident_id.in_(chosen)),
        (tables.alerts, alerts.incident_id.in_(chosen)),
        (tables.incidents, incidents.id.in_(chosen)),
    ):
        removed += await _remove_some(connection, table, which, most - removed.total())
    return removed


async def closed_with_old_rows(
    connection: Connection, window: Window, *, events: datetime, deliveries: datetime
) -> Aged:
    """Look at incidents, by when they were closed, for events and messages of theirs from before these instants.

    They are what the walks over events and messages had to pass over as long as the incident was open.
    """

    def has_none(ids: Sequence[int]) -> sa.ColumnElement[bool]:
        number = tables.incidents.c.id
        with_events = sa.select(tables.alerts.c.incident_id).join_from(
            tables.alerts, tables.events, tables.events.c.alert_id == tables.alerts.c.id
        )
        with_events = with_events.where(tables.alerts.c.incident_id.in_(ids), tables.events.c.received_at < events)
        with_deliveries = sa.select(tables.deliveries.c.incident_id).where(
            tables.deliveries.c.incident_id.in_(ids), tables.deliveries.c.settled_at < deliveries
        )
        return sa.not_(sa.or_(number.in_(with_events), number.in_(with_deliveries)))

    # An event may have waited for its transaction, but nothing else is older than its incident.
    is_old = tables.incidents.c.opened_at < max(events, deliveries) + timedelta(seconds=LONGEST_WAIT)
    return await _look(connection, tables.incidents.c.closed_at, has_none, window, is_old)


async def remove_old_rows(
    connection: Connection, ids: Sequence[int], *, events: datetime, deliveries: datetime, most: int
) -> Counter[str]:
    """Remove what these incidents have from before these instants, `most` rows in all; return how many of each table.

    As many as `most`: there may be more, so call it again.
    """
    removed: Counter[str] = Counter()
    chosen = in_few_sizes(ids)
    of_them = sa.select(tables.alerts.c.id).where(tables.alerts.c.incident_id.in_(chosen))
    old_events = sa.select(tables.events.c.id).where(
        tables.events.c.alert_id.in_(of_them), tables.events.c.received_at < events
    )
    removed += await remove_events(connection, list(await connection.scalars(old_events.limit(most))))
    room = most - removed.total()
    if room > 0:
        old_deliveries = sa.select(tables.deliveries.c.id).where(
            tables.deliveries.c.incident_id.in_(chosen), tables.deliveries.c.settled_at < deliveries
        )
        removed += await remove_deliveries(connection, list(await connection.scalars(old_deliveries.limit(room))))
    return removed


async def _lock(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Lock these incidents, and their alerts first: in the order in which an event takes them."""
    alerts, incidents = tables.alerts.c, tables.incidents.c
    for_events = sa.select(alerts.id).where(alerts.incident_id.in_(ids), alerts.recovered.is_(sa.false()))
    await connection.execute(for_events.order_by(alerts.id).with_for_update())
    free = sa.select(incidents.id).where(incidents.id.in_(ids)).with_for_update(skip_locked=True)
    locked = in_few_sizes(list(await connection.scalars(free)))
    return list(
        await connection.scalars(sa.select(incidents.id).where(incidents.id.in_(locked), ~_incident_stays(locked)))
    )


async def _look(
    connection: Connection,
    at: sa.Column[datetime],
    stays: Stays,
    window: Window,
    among: sa.ColumnElement[bool] | None = None,
) -> Aged:
    number = at.table.c.id
    page = sa.select(number, at).where(at < window.before).order_by(at, number).limit(window.most)
    if among is not None:
        page = page.where(among)
    if window.after is not None:
        since, last = window.after
        page = page.where(at >= since, sa.or_(at > since, number > last))
    rows = (await connection.execute(page)).all()
    if not rows:
        return Aged((), None, is_end=True)
    # A statement of its own: asked for each row of the page, PostgreSQL would rather read the other tables whole.
    ids = in_few_sizes([row[0] for row in rows])
    free = sa.select(number).where(number.in_(ids), ~stays(ids))
    return Aged(tuple(await connection.scalars(free)), (rows[-1][1], rows[-1][0]), is_end=len(rows) < window.most)


async def _remove(connection: Connection, table: sa.Table, ids: Sequence[int], stays: Stays) -> Counter[str]:
    """Remove rows by number, passing over those that another process is just removing."""
    if not ids:
        return Counter()
    some = in_few_sizes(ids)
    free = sa.select(table.c.id).where(table.c.id.in_(some), ~stays(some)).with_for_update(skip_locked=True, of=table)
    locked = in_few_sizes(list(await connection.scalars(free)))
    if not locked:
        return Counter()
    done = await connection.execute(sa.delete(table).where(table.c.id.in_(locked)))
    return Counter({table.name: done.rowcount})


async def _remove_some(
    connection: Connection, table: sa.Table, which: sa.ColumnElement[bool], room: int
) -> Counter[str]:
    if room <= 0:
        return Counter()
    some = sa.select(table.c.id).where(which).limit(room)
    done = await connection.execute(sa.delete(table).where(table.c.id.in_(some)))
    return Counter({table.name: done.rowcount})


def _event_stays(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether the event's alert takes events, or belongs to an open incident."""
    del ids
    alerts, incidents = tables.alerts, tables.incidents
    return sa.exists(
        sa.select(alerts.c.id)
        .join_from(alerts, incidents, incidents.c.id == alerts.c.incident_id, isouter=True)
        .where(
            alerts.c.id == tables.events.c.alert_id,
            sa.or_(alerts.c.current.is_(sa.true()), incidents.c.progress != _CLOSED),
        )
    )


def _delivery_stays(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether the message's incident is open."""
    del ids
    incidents = tables.incidents.c
    return sa.exists().where(incidents.id == tables.deliveries.c.incident_id, incidents.progress != _CLOSED)


def _incident_stays(ids: Sequence[int]) -> sa.ColumnElement[bool]:
    """Whether the incident is open, one of its alerts takes events, or a message of it is not settled."""
    incidents, alerts, deliveries = tables.incidents.c, tables.alerts.c, tables.deliveries.c
    taking = sa.select(alerts.incident_id).where(alerts.incident_id.in_(ids), alerts.current.is_(sa.true()))
    unsettled = sa.select(deliveries.incident_id).where(
        deliveries.incident_id.in_(ids), deliveries.state.in_(_UNSETTLED)
    )
    return sa.or_(incidents.progress != _CLOSED, incidents.id.in_(taking), incidents.id.in_(unsettled))
