"""No incident waits for another one."""

import asyncio
from typing import TypeVar

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.domain.delivery import Kind, State
from bot.domain.incident import Idle, IncidentId
from bot.engine.timers import MOST_APART, WHILE_LOCKED
from storage import incidents, tables
from storage.connection import Work
from storage.database import Connection, Database
from tests.engine.stage import Stage
from tests.support.clocks import ManualClock, WatchedClock
from tests.support.databases import NewDatabase, with_schema

Result = TypeVar("Result")


async def test_an_incident_that_cannot_be_read_does_not_keep_the_others_from_escalating(database: Database) -> None:
    stage = Stage(database)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    await stage.fire("broken", "whole")

    async def spoil(connection: Connection) -> None:
        await connection.execute(sa.update(tables.incidents).where(tables.incidents.c.id == 1).values(body="{}"))

    async def timeline(connection: Connection) -> list[str]:
        return [str(one.record.entry) for one in await incidents.timeline(connection, IncidentId(2), 100)]

    await database.transact(spoil)
    clock.advance(301)
    with pytest.raises(ValueError, match="incident #"):
        await stage.timers.tick()

    assert "exhausted" in await database.read(timeline)


async def test_however_many_cannot_be_read_the_others_escalate_all_the_same(database: Database) -> None:
    stage = Stage(database)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    await stage.fire(*(f"broken {number}" for number in range(MOST_APART)))
    clock.advance(1)
    await stage.fire("whole", "sound")

    async def spoil(connection: Connection) -> None:
        broken = tables.incidents.c.id <= MOST_APART
        await connection.execute(sa.update(tables.incidents).where(broken).values(body="{}"))

    async def whole(connection: Connection) -> list[Idle | None]:
        found = await incidents.find(connection, [IncidentId(MOST_APART + 1), IncidentId(MOST_APART + 2)])
        return [incident.idle for incident in found.values()]

    await database.transact(spoil)
    clock.advance(301)
    left_out = []
    for _ in range(2):
        assert await database.read(whole) == [None, None]
        with capture_logs() as logs, pytest.raises(ValueError, match="incident #"):
            await stage.timers.tick()
        left_out.append(len(logs))

    assert await database.read(whole) == [Idle.EXHAUSTED, Idle.EXHAUSTED]
    assert left_out == [MOST_APART, 0], "it goes on where it has come to"


class Seen(Database):
    """A database where, once `looks` is there, whoever looks is told of every commit, and has the time to."""

    looks: asyncio.Event | None = None

    async def transact(self, work: Work[Result], *, within: float | None = None) -> Result:
        result = await super().transact(work, within=within)
        if self.looks is not None:
            self.looks.set()
            await asyncio.sleep(0.005)
        return result


async def test_what_falls_due_together_rings_once_however_often_somebody_looks(schema_url: str) -> None:
    database = Seen(schema_url)
    stage = Stage(database)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 2}, in_turn=True)
    await stage.fire(*(f"disk {number}" for number in range(100)))
    await stage.outbox.drain()
    clock.advance(301)
    before = len(stage.platforms["acme"].sent)
    database.looks = stage.wakeups.outbox
    running = asyncio.create_task(stage.outbox.run())

    while await stage.timers.tick():
        pass

    for _ in range(3):
        await stage.outbox.drain()
        clock.advance(5)
    await stage.outbox.finish(15)
    await running
    for number in (1, 100):
        pages = [one for one in await stage.ledger(number) if one.delivery.kind is Kind.CARD]
        assert [(one.delivery.place.chat, one.state) for one in pages] == [
            ("C0", State.DELIVERED),
            ("C1", State.DELIVERED),
        ]
    assert [to.id for to in stage.platforms["acme"].sent[before:]] == ["C1"]
    await database.close()


async def test_what_another_process_is_at_work_with_is_looked_at_again_but_not_without_a_pause(
    new_postgresql_database: NewDatabase,
) -> None:
    """A process that was frozen in the middle of a transaction must not keep the others busy."""
    database, clock = Database(new_postgresql_database(with_schema)), WatchedClock()
    stage = Stage(database, clock)
    await stage.configure({"acme": 1})
    await stage.fire("disk")
    is_locked, is_over = asyncio.Event(), asyncio.Event()

    async def work(connection: Connection) -> None:
        await incidents.lock(connection, [IncidentId(1)])
        is_locked.set()
        await is_over.wait()

    other = asyncio.create_task(database.transact(work))
    await is_locked.wait()
    clock.advance(301)
    running = asyncio.create_task(stage.timers.run())
    while not clock.waits:  # noqa: ASYNC110
        await asyncio.sleep(0.001)  # Neither platform nor clock tells when.

    assert clock.waits == [WHILE_LOCKED]
    is_over.set()
    await other
    clock.advance(1)
    while len(clock.waits) == 1:  # noqa: ASYNC110
        await asyncio.sleep(0.001)  # Neither platform nor clock tells when.
    assert (await database.read(lambda connection: incidents.find(connection, [IncidentId(1)])))[IncidentId(1)].idle
    running.cancel()
    await asyncio.wait([running])
    await database.close()
