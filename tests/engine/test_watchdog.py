"""What must not be is found, mended where it can be, told once, and recovered when it is gone."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.adrift import FOUND
from bot.domain.event import Severity
from bot.domain.incident import IncidentId, Progress
from bot.domain.trouble import Check
from bot.engine import watchdog
from bot.engine.pulse import EVERY
from bot.engine.watchdog import MENDED, Watchdog
from storage import claims, incidents, tables
from storage.database import Connection, Database
from storage.deliveries import Room
from tests.bench.explain import listening, plans
from tests.engine.stage import Interrupted, Stage, prefer_indexes
from tests.engine.watching import (
    ACME,
    FIRST,
    SECOND,
    change,
    clock_of,
    close,
    found,
    incident,
    opened,
    rounds,
    said,
    set_adrift,
    standing,
    status,
)


@pytest.fixture
async def stage(database: Database) -> Stage:
    """The engine with two open incidents that climb."""
    return await opened(database)


async def test_where_nothing_is_wrong_nothing_is_said(stage: Stage) -> None:
    before = await incident(stage)
    await rounds(stage, 4)

    assert await standing(stage) == set()
    assert await incident(stage) == before
    assert {found(check) for check in Check if check is not Check.SILENT} == {0}


# ---- incidents without a next step -----------------------------------------------------------------------------------


async def test_an_incident_that_is_adrift_goes_on_and_its_timeline_says_why(stage: Stage) -> None:
    await set_adrift(stage)
    await rounds(stage, 1)

    assert (await incident(stage)).due == stage.clock.now() + timedelta(minutes=5)
    assert await said(stage) == [FOUND]
    assert await said(stage, SECOND) == []
    assert await standing(stage) == {"oncard/adrift"}
    assert found(Check.ADRIFT) == 1

    await rounds(stage, 1)
    assert await standing(stage) == set()
    assert await said(stage) == [FOUND]


async def test_one_that_cannot_be_read_keeps_no_other_from_being_mended(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "MOST_MENDED", 1)
    await set_adrift(stage, FIRST)
    await set_adrift(stage, SECOND)
    whole = await incident(stage)
    await change(stage, tables.incidents, FIRST, body='{"id": "what?"}')
    await rounds(stage, 3)

    assert (await incident(stage, SECOND)).due is not None
    assert {"oncard/adrift", "oncard/incident-unreadable"} <= await standing(stage)

    async def restore(connection: Connection) -> None:
        await incidents.update(connection, [whole])

    await stage.database.transact(restore)
    await rounds(stage, 1)
    await stage.outbox.drain()
    await rounds(stage, 2)
    assert await standing(stage) == set()
    assert (await incident(stage)).due is not None


# ---- what is late ----------------------------------------------------------------------------------------------------


async def test_a_step_that_nobody_makes_is_told_and_recovers_when_it_is_made(stage: Stage) -> None:
    clock_of(stage).advance(300 + 60)
    await rounds(stage, 1)
    assert await standing(stage) == set()

    await rounds(stage, 1)
    assert await standing(stage) == {"oncard/overdue"}
    assert found(Check.OVERDUE) == 2

    await stage.timers.tick()
    await rounds(stage, 1)
    assert await standing(stage) == set()


async def test_a_clock_that_jumps_by_an_hour_is_no_trouble(stage: Stage) -> None:
    clock_of(stage).advance(3600)
    await stage.watchdog.round()
    await stage.timers.tick()
    await stage.outbox.drain()
    await rounds(stage, 2)
    clock_of(stage).advance(-3600)
    await rounds(stage, 2)

    assert await standing(stage) == set()


async def test_pages_that_wait_where_nothing_goes_out_are_told(stage: Stage) -> None:
    await stage.fire("pump")
    clock_of(stage).advance(70)
    await rounds(stage, 2)
    assert await standing(stage) == {"oncard/pages-unsent/acme"}

    await stage.outbox.drain()
    await rounds(stage, 1)
    assert await standing(stage) == set()


async def test_what_is_withdrawn_where_pages_wait_is_not_taken_for_something_that_went_out(stage: Stage) -> None:
    await stage.fire("pump")
    for _ in range(4):
        clock_of(stage).advance(EVERY)
        await stage.fire("valve")
        await stage.fire("valve", status=Severity.OK)
        await stage.watchdog.round()

    assert await standing(stage) == {"oncard/pages-unsent/acme"}


async def test_a_place_that_works_off_its_queue_at_the_platforms_pace_is_not_stuck(stage: Stage) -> None:
    await stage.fire(*(f"storm {number}" for number in range(300)))
    for _ in range(6):
        clock_of(stage).advance(EVERY)
        await stage.outbox.drain()
        await stage.watchdog.round()

    assert await standing(stage) == set()


async def test_pages_that_wait_because_the_platform_asked_for_it_are_not_stuck(stage: Stage) -> None:
    await stage.fire("pump")
    await stage.fire("valve")
    clock = clock_of(stage)
    now = clock.now()
    pending = tables.deliveries.c.state == "pending"

    async def ask(connection: Connection) -> None:
        newest = sa.select(sa.func.max(tables.deliveries.c.id)).where(pending).group_by(tables.deliveries.c.place)
        later = {"not_before": now + timedelta(minutes=5), "reason": "rate_limited"}
        await connection.execute(sa.update(tables.deliveries).where(tables.deliveries.c.id.in_(newest)).values(**later))

    await stage.database.transact(ask)
    clock.advance(70)
    await rounds(stage, 3)
    assert await standing(stage) == set()

    clock.advance(180)
    await rounds(stage, 2)
    assert "oncard/pages-unsent/acme" in await standing(stage)


async def test_claims_that_nobody_takes_over_are_told(stage: Stage) -> None:
    await stage.fire("pump")

    async def claim(connection: Connection) -> None:
        await claims.claim(connection, "gone", stage.clock.now(), Room(10, each=10))

    await stage.database.transact(claim)
    clock_of(stage).advance(125)
    await rounds(stage, 2)
    assert "oncard/claims-unreclaimed" in await standing(stage)

    await stage.outbox.drain()
    await rounds(stage, 1)
    assert await standing(stage) == set()


# ---- whether what is stored is right ---------------------------------------------------------------------------------


async def test_columns_that_differ_from_the_incident_follow_it_again(stage: Stage) -> None:
    await change(stage, tables.incidents, FIRST, due=None, idle="exhausted")
    await rounds(stage, 1)

    assert await said(stage) == [MENDED]
    assert await standing(stage) == {"oncard/incident-differs"}
    clock_of(stage).advance(300)
    assert await stage.timers.tick() == 2

    await rounds(stage, 1)
    assert await standing(stage) == set()


async def test_all_open_incidents_are_gone_round_portion_by_portion(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "PORTION", 4)
    monkeypatch.setattr(watchdog, "AT_ONCE", 2)
    last = (await stage.fire(*(f"key {number}" for number in range(9)))).incidents[-1]
    assert last is not None
    await change(stage, tables.incidents, last, version=7)
    await rounds(stage, 2)
    assert await said(stage, last) == []

    await rounds(stage, 1)
    assert await said(stage, last) == [MENDED]
    await change(stage, tables.incidents, FIRST, version=7)
    await rounds(stage, 1)
    assert await said(stage) == [MENDED]


async def test_what_one_process_cannot_read_another_one_does_not_take_for_mended(stage: Stage) -> None:
    whole = await incident(stage)
    await rounds(stage, 1)
    await change(stage, tables.incidents, FIRST, body="{}")
    await rounds(stage, 1)
    other = Watchdog(stage.database, stage.picture, stage.troubles, {}, stage.clock)
    other._mark = (whole.channel, SECOND)  # noqa: SLF001 - The other one is past it on its way round.
    await rounds(stage, 1, other)
    assert await standing(stage) == {"oncard/incident-unreadable"}

    async def end(connection: Connection) -> None:
        await incidents.update(connection, [replace(whole, progress=Progress.CLOSED)])

    await stage.database.transact(end)
    await rounds(stage, 1, other)
    assert await standing(stage) == set()


# ---- the checker itself ----------------------------------------------------------------------------------------------


async def test_a_round_finds_everything_by_an_index(schema_url: str, stage: Stage) -> None:
    await prefer_indexes(schema_url)
    database = Database(schema_url)
    elsewhere = Watchdog(database, stage.picture, stage.troubles, {}, stage.clock)
    await stage.fire("pump")
    clock_of(stage).advance(3600)
    with listening() as heard:
        await elsewhere.round()

    made = await plans(database, heard)
    scans = [one for one in made if "Seq Scan on" in one[1] or "SCAN" in one[1]]
    # Two tables hold a few rows, and the indexes of what waits nothing else, however much else is stored.
    waits = ("USING INDEX ix_deliveries_pending", "USING INDEX ix_deliveries_urgent")
    small = (" FROM numbers", " FROM heartbeats", *waits)
    assert [one for one in scans if not any(name in part for name in small for part in one)] == []
    await database.close()


async def test_two_processes_at_once_mend_once_and_tell_once(stage: Stage) -> None:
    other = Watchdog(stage.database, stage.picture, stage.troubles, {}, stage.clock)
    await set_adrift(stage)
    await asyncio.gather(stage.watchdog.round(), other.round())

    assert await said(stage) == [FOUND]
    (told,) = (await stage.troubles.standing(["oncard/adrift"]))["oncard/adrift"]
    assert told.alert.events == 1


async def test_a_trouble_that_somebody_closed_comes_back_while_it_stands(stage: Stage) -> None:
    stage.statuses[ACME] = status(connected=False, why="invalid_auth")
    await rounds(stage, 3)
    await close(stage, IncidentId(3))
    await rounds(stage, 10)
    assert len((await stage.troubles.standing(["oncard/workspace-dark/acme"])).popitem()[1]) == 1

    clock_of(stage).advance(3600)
    await stage.timers.tick()
    await rounds(stage, 1)
    assert len((await stage.troubles.standing(["oncard/workspace-dark/acme"])).popitem()[1]) == 2


async def test_an_own_alert_that_cannot_be_written_keeps_no_other_from_being_told(stage: Stage) -> None:
    stage.statuses[ACME] = status(connected=False, why="invalid_auth")
    await rounds(stage, 3)
    await change(stage, tables.incidents, 3, body="{}")
    stage.statuses[ACME] = status(connected=True)
    await set_adrift(stage)
    await rounds(stage, 1)

    assert {"oncard/adrift", "oncard/incident-unreadable"} <= await standing(stage)


async def test_a_database_that_is_away_ends_neither_of_them(schema_url: str) -> None:
    database = Interrupted(schema_url)
    stage = Stage(database)
    await stage.configure({"acme": 1})
    await stage.fire("disk")
    await set_adrift(stage)
    database.transactions = 2
    running = [asyncio.create_task(one.run()) for one in (stage.watchdog, stage.pulse)]
    async with asyncio.timeout(15):
        while await said(stage) != [FOUND]:
            clock_of(stage).advance(EVERY)
            await asyncio.sleep(0.01)

    for task in running:
        assert not task.done()
        task.cancel()
    await asyncio.wait(running)
    await database.close()
