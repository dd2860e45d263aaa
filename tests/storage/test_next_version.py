"""Old and new code on one database: this version leaves alone what only the next one knows, and goes on."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot.domain.delivery import State
from bot.domain.event import Severity
from bot.domain.flow import Outcome
from bot.domain.incident import (
    Acknowledge,
    Actor,
    Incident,
    IncidentId,
    Reason,
    Refused,
    Rules,
    Step,
    Undo,
)
from bot.domain.law import step
from bot.domain.people import AccountId, People
from bot.domain.undo import handling
from storage import definitions, deliveries, incidents, schema, tables
from storage.database import Connection, Database
from storage.deliveries import Settled
from tests.engine.stage import Stage
from tests.support.clocks import ManualClock

NEWER = "9999"
HOUR = timedelta(hours=1)


@dataclass
class Upgraded:
    """A database that the next version has upgraded and writes to, and this version beside it."""

    database: Database
    stage: Stage

    async def run(self, statement: str, **values: Any) -> None:
        """Do what the next version would do."""

        async def work(connection: Connection) -> None:
            await connection.execute(sa.text(statement), values)

        await self.database.transact(work)

    async def add_to_body(self, table: str, **more: Any) -> None:
        """Put more into what is stored of each row."""

        async def work(connection: Connection) -> None:
            rows = (await connection.execute(sa.text(f"SELECT id, body FROM {table}"))).all()  # noqa: S608 - ours
            for row in rows:
                body = json.dumps({**json.loads(row.body), **more})
                update = sa.text(f"UPDATE {table} SET body = :body WHERE id = :id")  # noqa: S608 - ours
                await connection.execute(update, {"body": body, "id": row.id})

        await self.database.transact(work)

    async def deliver(self, kind: str, entry: str | None = None) -> None:
        """Want a message of a kind, or about something, that this version does not know."""
        await self.run(
            "INSERT INTO deliveries (incident_id, kind, lane, workspace_id, place, chat, version, level, turn, state,"
            " attempts, uncertain, not_before, created_at, entry) SELECT incident_id, :kind, 0, workspace_id, 'chat:X',"
            " 'X', version, level, turn, 'pending', 0, uncertain, not_before, created_at, :entry FROM deliveries"
            " WHERE kind = 'card' LIMIT 1",
            kind=kind,
            entry=entry,
        )

    async def ledger(self) -> list[Settled]:
        """Return what is to be sent for the first incident."""

        async def work(connection: Connection) -> list[Settled]:
            return await deliveries.ledger(connection, IncidentId(1))

        return await self.database.read(work)


@pytest.fixture
async def upgraded(database: Database) -> Upgraded:
    made = Upgraded(database, Stage(database))
    await made.stage.configure({"acme": 1})
    await made.stage.fire("disk")
    for table in ("alerts", "incidents", "deliveries", "definitions", "timeline", "cards"):
        await made.run(f"ALTER TABLE {table} ADD COLUMN added VARCHAR(8) NOT NULL DEFAULT 'new'")
    await made.run(f"UPDATE alembic_version SET version_num = '{NEWER}'")  # noqa: S608 - ours
    return made


async def test_a_schema_that_only_newer_code_knows_stays_as_it_is_and_fits(upgraded: Upgraded) -> None:
    assert await schema.upgrade(upgraded.database) == (NEWER, NEWER)
    assert schema.fits(await schema.current(upgraded.database))
    assert schema.fits(schema.newest())
    assert not schema.fits("0001")
    assert not schema.fits(None)


async def test_columns_and_fields_that_are_not_known_hold_nothing_up(upgraded: Upgraded) -> None:
    stage = upgraded.stage
    for table in ("alerts", "incidents", "definitions"):
        await upgraded.add_to_body(table, added={"by": "the next version"})
    assert (await stage.fire("disk", status=Severity.WARNING)).outcomes == (Outcome.CHANGED,)
    assert (await stage.fire("cpu")).outcomes == (Outcome.OPENED,)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    for _ in range(4):
        await stage.outbox.drain()
        clock.advance(60)
        await stage.timers.tick()
    assert len(stage.platforms["acme"].sent) >= 2


async def test_what_the_version_before_stored_can_be_read_and_nothing_of_it_be_taken_back(upgraded: Upgraded) -> None:
    async def work(connection: Connection) -> Incident:
        (body,) = await connection.scalars(sa.select(tables.incidents.c.body))
        old = {name: value for name, value in json.loads(body).items() if name != "undo"}
        await connection.execute(sa.update(tables.incidents).values(body=json.dumps(old)))
        return (await incidents.find(connection, [IncidentId(1)]))[IncidentId(1)]

    incident = await upgraded.database.transact(work)
    assert incident.undo is None
    made = step(incident, Undo(Actor(AccountId(1))), Rules((), People()), upgraded.stage.clock.now())
    assert made == Refused(Reason.NOTHING_TO_UNDO)


async def test_what_can_be_taken_back_is_stored_whole(upgraded: Upgraded) -> None:
    now = upgraded.stage.clock.now()

    async def work(connection: Connection) -> tuple[Incident, Incident]:
        before = (await incidents.find(connection, [IncidentId(1)]))[IncidentId(1)]
        made = step(before, Acknowledge(Actor(AccountId(1), "acme")), Rules((), People()), now)
        assert isinstance(made, Step)
        await incidents.update(connection, [made.incident])
        return before, (await incidents.find(connection, [IncidentId(1)]))[IncidentId(1)]

    before, stored = await upgraded.database.transact(work)
    back = step(stored, Undo(Actor(AccountId(1), "acme")), Rules((), People()), now)
    assert isinstance(back, Step)
    assert handling(back.incident) == handling(before)


async def test_a_message_of_a_kind_that_is_not_known_is_left_to_those_who_know_it(upgraded: Upgraded) -> None:
    await upgraded.deliver("digest")
    await upgraded.deliver("note", entry="merged")
    stage = upgraded.stage
    await stage.outbox.drain()
    assert len(stage.platforms["acme"].sent) == 1
    states = {(str(one.delivery.kind), str(one.delivery.entry or ""), one.state) for one in await upgraded.ledger()}
    assert states == {
        ("card", "", State.DELIVERED),
        ("digest", "", State.PENDING),
        ("note", "merged", State.PENDING),
    }
    assert await stage.outbox.start() == 0


async def test_what_the_next_version_is_sending_is_not_put_back_by_this_one(upgraded: Upgraded) -> None:
    await upgraded.deliver("digest")
    now = upgraded.stage.clock.now()

    async def work(connection: Connection) -> int:
        await connection.execute(
            sa.text("UPDATE deliveries SET state = 'sending', lease_until = '2020-01-01' WHERE kind = 'digest'")
        )
        return await deliveries.reclaim(connection, now + HOUR)

    assert await upgraded.database.transact(work) == 0


async def test_what_happened_that_is_not_known_is_told_by_its_name(upgraded: Upgraded) -> None:
    body = {"entry": "merged", "by": {"account": None, "via": ""}, "said": {"into": 7}, "added": True}
    at = upgraded.stage.clock.now()

    async def work(connection: Connection) -> list[str]:
        await connection.execute(sa.insert(tables.timeline).values(incident_id=1, at=at, body=json.dumps(body)))
        return [str(one.record.entry) for one in await incidents.timeline(connection, IncidentId(1), 100)]

    assert (await upgraded.database.transact(work))[-1] == "merged"
    await upgraded.stage.outbox.drain()
    assert len(upgraded.stage.platforms["acme"].sent) == 1, "its card can be sent all the same"


async def test_what_is_configured_of_a_kind_that_is_not_known_is_left_alone(upgraded: Upgraded) -> None:
    await upgraded.run(
        "INSERT INTO definitions (kind, name, active, body, secrets) "
        "SELECT 'runbook', 'restart', active, '{}', secrets FROM definitions LIMIT 1"
    )
    await upgraded.stage.configure({"acme": 2})

    async def work(connection: Connection) -> tuple[int, object]:
        stored = await definitions.stored(connection, upgraded.stage.vault)
        runbook = sa.text("SELECT active FROM definitions WHERE kind = 'runbook'")
        return len(stored), await connection.scalar(runbook)

    count, active = await upgraded.database.read(work)
    assert count == 3
    assert bool(active)
