"""Fills a database with many open incidents and stored deliveries, by the tables themselves.

Incidents go through `storage`, so that they are what the engine reads; their cards and deliveries are copied by the
database, one statement per table.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.domain.delivery import Kind, Lane, State
from bot.domain.event import Severity
from bot.domain.facts import Facts, Tally
from bot.domain.incident import ChannelId, Incident, IncidentId, Responder
from bot.domain.people import AccountId
from storage import incidents, tables
from storage.database import Connection, Database, take_numbers

AT_ONCE = 1_000
PLACES = 500
"""Over how many conversations what is pending is spread."""
LATER = timedelta(hours=2)
SPREAD = timedelta(hours=8)
"""The incidents fall due from `LATER` on, evenly over so long."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How much there is to be: open incidents, deliveries in all, and how many of those are still to go out."""

    incidents: int
    deliveries: int
    pending: int


@dataclass(frozen=True, slots=True)
class Named:
    """The ids of what is configured: the channel, the workspace, and the account that the first level tells."""

    channel: int
    workspace: int
    account: int


async def named(database: Database) -> Named:
    """Return the ids of what was configured. Raises KeyError when something is missing."""
    columns = tables.definitions.c

    async def work(connection: Connection) -> Mapping[str, int]:
        rows = await connection.execute(sa.select(columns.kind, columns.id).order_by(columns.id.desc()))
        # The first of each kind.
        return {row.kind: row.id for row in rows}

    found = await database.read(work)
    return Named(found["channel"], found["workspace"], found["account"])


def places() -> list[str]:
    """Return the conversations for which something is pending."""
    return [f"chat:C{number}" for number in range(PLACES)]


async def fill(database: Database, wanted: Wanted, ids: Named, now: datetime) -> list[IncidentId]:
    """Store open incidents whose escalation runs, with a card each, and deliveries of theirs; return the incidents."""

    async def number(connection: Connection) -> list[int]:
        taken = list(await take_numbers(connection, "incidents", wanted.incidents))
        await take_numbers(connection, "cards", wanted.incidents)
        return taken

    numbers = await database.transact(number)
    for first in range(0, len(numbers), AT_ONCE):
        some = numbers[first : first + AT_ONCE]
        made = [_incident(one, ids, now + LATER + SPREAD * (one / len(numbers)), now) for one in some]

        async def store(connection: Connection, made: list[Incident] = made) -> None:
            await incidents.insert(connection, made)

        await database.transact(store)

    async def rest(connection: Connection) -> None:
        await connection.execute(_cards(ids))
        for part in _deliveries(wanted, ids, now):
            await connection.execute(part)
        if connection.dialect.name == "postgresql":
            await connection.execute(sa.text("ANALYZE"))

    await database.transact(rest, within=None)
    return [IncidentId(one) for one in numbers]


async def leave(database: Database, some: Sequence[str]) -> None:
    """Let messages wait in these conversations only, those that were claimed there with them."""
    columns = tables.deliveries.c
    unsettled = columns.state.in_([str(State.PENDING), str(State.SENDING)])

    async def work(connection: Connection) -> None:
        rest = sa.update(tables.deliveries).where(unsettled, columns.place.not_in(some))
        await connection.execute(rest.values(state=str(State.DELIVERED), settled_at=columns.created_at))
        await connection.execute(
            sa.update(tables.deliveries).where(unsettled).values(state=str(State.PENDING), claim=None)
        )

    await database.transact(work, within=None)


async def fall_due(database: Database, numbers: list[IncidentId], start: datetime, per_second: float) -> None:
    """Let these incidents fall due one after the other from an instant on."""
    for first in range(0, len(numbers), AT_ONCE):
        some = numbers[first : first + AT_ONCE]

        async def work(connection: Connection, first: int = first, some: list[IncidentId] = some) -> None:
            found = await incidents.lock(connection, some)
            due = {one: start + timedelta(seconds=(first + place) / per_second) for place, one in enumerate(some)}
            await incidents.update(connection, [replace(found[one], escalate_at=due[one]) for one in some])

        await database.transact(work)


def _incident(number: int, ids: Named, due: datetime, now: datetime) -> Incident:
    return Incident(
        id=IncidentId(number),
        channel=ChannelId(ids.channel),
        facts=Facts(
            Severity.CRITICAL,
            f"disk full on db-{number}",
            "usage above 90 % for 5 minutes",
            {"service": "postgres", "host": f"db-{number}", "region": "eu-1"},
            tally=Tally(critical=1, total=1),
        ),
        opened_at=now,
        rule="always",
        version=2,
        level=0,
        turn=1,
        escalate_at=due,
        responders=(Responder(AccountId(ids.account), 0, now),),
    )


def _cards(ids: Named) -> sa.Insert:
    incident = tables.incidents.c.id
    columns = {
        "id": incident,
        "incident_id": incident,
        "workspace_id": sa.literal(ids.workspace),
        "place": sa.literal("chat:C00000001"),
        "chat": sa.literal("C00000001"),
        "message_chat": sa.literal("C00000001"),
        "message_id": sa.cast(incident, sa.String),
        "shown": sa.literal(2),
    }
    return _copied(tables.cards, columns, tables.incidents.c.id > 0)


def _deliveries(wanted: Wanted, ids: Named, now: datetime) -> Iterator[sa.Insert]:
    """Yield the statements that store them: for each incident one settled delivery and again, then what is pending."""
    incident = tables.incidents.c.id
    columns = {
        "incident_id": incident,
        "kind": sa.literal(str(Kind.REMINDER)),
        "lane": sa.literal(int(Lane.PAGE)),
        "workspace_id": sa.literal(ids.workspace),
        "place": sa.literal("chat:C00000001"),
        "chat": sa.literal("C00000001"),
        "card_id": incident,
        "version": sa.literal(2),
        "level": sa.literal(0),
        "turn": sa.literal(1),
        "state": sa.literal(str(State.DELIVERED)),
        "attempts": sa.literal(1),
        "uncertain": sa.false(),
        "not_before": sa.literal(now, tables.Instant),
        "created_at": sa.literal(now, tables.Instant),
        "settled_at": sa.literal(now, tables.Instant),
    }
    settled = wanted.deliveries - wanted.pending
    whole, rest = divmod(settled, wanted.incidents)
    for _ in range(whole):
        yield _copied(tables.deliveries, columns, incident > 0)
    yield _copied(tables.deliveries, columns, incident <= rest)
    waiting = {
        **columns,
        "state": sa.literal(str(State.PENDING)),
        "attempts": sa.literal(0),
        "settled_at": sa.null(),
        # As in a storm: many conversations, each with several messages that wait.
        "place": sa.literal("chat:C").concat(sa.cast(incident % PLACES, sa.String)),
        "chat": sa.literal("C").concat(sa.cast(incident % PLACES, sa.String)),
    }
    yield _copied(tables.deliveries, waiting, incident <= wanted.pending)


def _copied(table: sa.Table, columns: Mapping[str, sa.ColumnElement[object]], of: sa.ColumnElement[bool]) -> sa.Insert:
    """Return the statement that makes a row for each incident that the condition holds for."""
    rows = sa.select(*columns.values()).select_from(tables.incidents).where(of)
    return sa.insert(table).from_select(list(columns), rows, include_defaults=False)
