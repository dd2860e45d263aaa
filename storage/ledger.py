"""The ledger as it is stored: what was to be sent for incidents with each hop of it, and all of it row by row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.domain.delivery import DeliveryId, State
from bot.domain.incident import IncidentId, Progress
from bot.domain.ledger import Hop, Sent, by_line
from storage import incidents, lines, tables
from storage.database import LONGEST_WAIT, Connection, portions
from storage.deliveries import from_row
from storage.incidents import Found

# Written into the statements, not bound: so the databases see which of the partial indexes holds what is asked for.
_OPEN: Final = tables.incidents.c.progress != sa.literal_column(f"'{Progress.CLOSED}'")
# A message has its number from its transaction, and its time from just before it.
_BEFORE_ITS_NUMBER: Final = 2 * timedelta(seconds=LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Overlapping:
    """Incidents that were open at some time of a span, the newest first: `count` in all."""

    found: Found
    count: int


async def of_incidents(connection: Connection, numbers: Sequence[IncidentId]) -> dict[IncidentId, list[Sent]]:
    """Return everything that was to be sent for these incidents, with what became of it."""
    columns = tables.deliveries.c
    found: dict[IncidentId, list[Sent]] = {number: [] for number in numbers}
    for some in portions(sorted(set(numbers))):
        query = sa.select(tables.deliveries).where(columns.incident_id.in_(some)).order_by(columns.id)
        for one in await _with_hops(connection, query):
            found[one.delivery.incident].append(one)
    return found


async def open_during(connection: Connection, since: datetime, until: datetime, most: int) -> Overlapping:
    """Return incidents that were open between two instants."""
    columns = tables.incidents.c
    began = columns.opened_at <= until
    still = sa.and_(_OPEN, began)
    ended = sa.and_(columns.closed_at >= since, began)
    count, bodies = 0, list[sa.Row[int, str]]()
    for which in (still, ended):
        count += await connection.scalar(sa.select(sa.func.count()).select_from(tables.incidents).where(which)) or 0
        # Sorted by an expression: in the order of the numbers themselves, the whole table would be gone through.
        chosen = sa.select(columns.id).where(which).order_by(-columns.id).limit(most)
        numbers = list(await connection.scalars(chosen))
        if numbers:
            these = sa.select(columns.id, columns.body).where(columns.id.in_(numbers))
            bodies += (await connection.execute(these)).all()
    newest = sorted(bodies, key=lambda row: int(row.id), reverse=True)[:most]
    return Overlapping(incidents.readable(newest), count)


# ---- row by row ------------------------------------------------------------------------------------------------------


async def first_since(connection: Connection, at: datetime) -> int:
    """Return a number such that every message decided at an instant or later has a higher one.

    Numbers grow with time, so it is found by halves, without an index that every message would pay for.
    """
    columns = tables.deliveries.c
    low, high = 0, await connection.scalar(sa.select(sa.func.max(columns.id))) or 0
    wanted = at - _BEFORE_ITS_NUMBER
    while low < high:
        middle = (low + high + 1) // 2
        query = sa.select(columns.created_at).where(columns.id <= middle).order_by(columns.id.desc()).limit(1)
        found = await connection.scalar(query)
        if found is None or found < wanted:
            low = middle
        else:
            high = middle - 1
    return low


async def after(connection: Connection, number: int, most: int) -> list[Sent]:
    """Return the next messages after that number, in the order of their numbers; none: there are no more."""
    columns = tables.deliveries.c
    query = sa.select(tables.deliveries).where(columns.id > number).order_by(columns.id).limit(most)
    return await _with_hops(connection, query)


def is_past(sent: Sent, until: datetime) -> bool:
    """Whether no message after this one can have been decided before an instant."""
    return sent.delivery.created_at - _BEFORE_ITS_NUMBER > until


async def _with_hops(connection: Connection, query: sa.Select[tuple[object, ...]]) -> list[Sent]:
    rows = (await connection.execute(query)).all()
    known = await lines.hops_of(connection, [DeliveryId(row.id) for row in rows])
    return [_sent(row, known.get(DeliveryId(row.id), ())) for row in rows]


def _sent(row: sa.Row[tuple[object, ...]], hops: Sequence[lines.Hop]) -> Sent:
    delivery = from_row(row)
    return Sent(
        delivery,
        State(row.state),
        row.reason or "",
        row.said or "",
        row.not_before,
        row.settled_at,
        (row.message_chat or "") if by_line(delivery.place) else "",
        row.message_id or "",
        tuple(Hop(one.at, one.hop, one.provider, one.said, one.id) for one in hops),
    )
