"""What was claimed by a transaction of which nobody was told, or too late: it is given back, and goes out once."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.delivery import State
from bot.engine.outbox import Outbox
from storage import schema
from storage.database import Database
from storage.deliveries import LEASE
from tests.engine.reserving import Held, Late, Ready, Severed, caught_claiming, states, until_sent
from tests.engine.stage import Interrupted, Stage
from tests.support.clocks import ManualClock


@pytest.fixture
def stage(database: Database) -> Stage:
    return Ready(database)


async def test_a_claim_whose_commit_was_not_told_is_given_back_and_goes_out_once(schema_url: str) -> None:
    database = Severed(schema_url)
    stage = Ready(database)
    await stage.configure({"acme": 1})
    database.losses = 1

    with pytest.raises(ConnectionResetError):
        await stage.fire("disk")
    assert await states(stage, [1]) == [[State.SENDING]]
    await stage.outbox.drain()

    (sent,) = await stage.ledger()
    assert (sent.state, sent.delivery.uncertain) == (State.DELIVERED, False)
    assert len(stage.platforms["acme"].sent) == 1
    await database.close()


async def test_what_is_claimed_while_the_sender_stops_is_sent_all_the_same(schema_url: str) -> None:
    database = Held(schema_url)
    stage = Ready(database)
    await stage.configure({"acme": 1})
    firing = await caught_claiming(stage, database)
    finishing = asyncio.create_task(stage.outbox.finish(5))
    await asyncio.sleep(0.01)

    database.told.set()
    await asyncio.gather(firing, finishing)

    assert [one.state for one in await stage.ledger()] == [State.DELIVERED]
    await database.close()


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_is_claimed_and_not_told_in_time_at_a_stop_is_given_back(schema_url: str, *, is_told: bool) -> None:
    database = Held(schema_url)
    stage = Ready(database)
    await stage.configure({"acme": 1})
    firing = await caught_claiming(stage, database)
    await stage.outbox.finish(0.01)

    releasing = asyncio.create_task(stage.outbox.release())
    await asyncio.sleep(0.01)
    if is_told:
        database.told.set()
        await firing
    else:
        firing.cancel()
        database.told.set()
    await releasing

    (waiting,) = await stage.ledger()
    assert (waiting.state, waiting.delivery.uncertain, waiting.delivery.attempts) == (State.PENDING, False, 0)
    assert not stage.platforms["acme"].sent
    await database.close()


async def test_a_commit_that_lands_after_all_was_given_back_is_found(postgresql_url: str) -> None:
    database = Late(postgresql_url)
    await schema.upgrade(database)
    stage = Ready(database)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    database.is_late = True
    with pytest.raises(ConnectionResetError):
        await stage.fire("disk")
    await stage.outbox.drain()

    assert database.landing is not None
    database.lands.set()
    await database.landing
    assert await states(stage, [1]) == [[State.SENDING]]
    clock.advance(1)
    await stage.outbox.drain()

    (sent,) = await stage.ledger()
    assert (sent.state, sent.delivery.uncertain) == (State.DELIVERED, False)
    await database.close()


async def test_while_all_is_given_back_nothing_begins_that_is_told_only_then(schema_url: str) -> None:
    database = Held(schema_url)
    stage = Ready(database)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1, "globex": 1})
    acme, globex = stage.platforms["acme"], stage.platforms["globex"]
    acme.hangs = True
    await stage.fire("disk")
    await acme.reached.wait()
    await until_sent(stage)
    async with asyncio.timeout(15):
        while [one.state for one in await stage.ledger()].count(State.SENDING) > 1:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    clock.advance(5)
    firing = await caught_claiming(stage, database)
    database.committed.clear()
    # The outcome of the first card is being stored, and takes its time as well.
    acme.released.set()
    await database.committed.wait()
    await stage.outbox.finish(0.01)
    calls = globex.calls

    releasing = asyncio.create_task(stage.outbox.release())
    await asyncio.sleep(0.01)
    database.told.set()
    await asyncio.gather(firing, releasing)

    assert State.SENDING not in {one.state for one in await stage.ledger(2)}
    assert globex.calls == calls
    await database.close()


async def test_nothing_is_promised_and_nobody_woken_while_the_database_is_away(schema_url: str) -> None:
    database = Interrupted(schema_url)
    stage = Ready(database)
    await stage.configure({"acme": 1})
    database.transactions = 1

    with pytest.raises(ConnectionRefusedError):
        await stage.fire("disk")
    assert not stage.wakeups.outbox.is_set()
    await stage.fire("disk")
    await stage.outbox.drain()

    assert len(stage.platforms["acme"].sent) == 1
    await database.close()


async def test_whoever_dies_with_what_it_took_is_taken_over_within_the_lease(stage: Stage) -> None:
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    acme = stage.platforms["acme"]
    acme.hangs = True
    await stage.fire("disk")
    await acme.reached.wait()
    acme.hangs = False

    clock.advance(LEASE.total_seconds() + timedelta(seconds=1).total_seconds())
    other: Outbox = stage.another()
    await other.drain()

    assert len(acme.sent) == 1
    assert [(one.state, one.delivery.uncertain) for one in await stage.ledger()] == [(State.DELIVERED, True)]
    acme.released.set()
    await stage.outbox.finish(5)
