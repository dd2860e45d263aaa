"""At a stop nothing more is claimed, and what is not done in time is given back: another process sends it at once."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.delivery import State
from bot.domain.event import Severity
from storage import claims, deliveries
from storage.connection import Result, Work
from storage.database import Connection, Database
from storage.deliveries import LEASE, Room
from tests.engine.stage import Stage
from tests.support.clocks import ManualClock


class Slow(Database):
    """A database in which nothing can be read while it is `stuck`, and which commits when it is let go."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.is_stuck = False
        self.asked = asyncio.Event()

    async def read(self, work: Work[Result]) -> Result:
        if self.is_stuck:
            self.asked.set()
            await asyncio.Event().wait()
        return await super().read(work)


class LostAnswer(Database):
    """A database that does as it is told, and whose answer to the next claim never comes."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.is_lost = False
        self.committed = asyncio.Event()

    async def transact(self, work: Work[Result], *, within: float | None = None) -> Result:
        result = await super().transact(work, within=within)
        if self.is_lost:
            self.is_lost = False
            self.committed.set()
            await asyncio.Event().wait()
        return result


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def test_what_is_under_way_comes_to_its_end_and_nothing_new_begins(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    acme = await stage.catch_sending()

    finishing = asyncio.create_task(stage.outbox.finish(5))
    await stage.fire("cpu")
    assert await stage.outbox.start() == 0
    assert not finishing.done()
    acme.released.set()
    await finishing
    await stage.outbox.release()

    assert [one.state for one in await stage.ledger()] == [State.DELIVERED]
    assert len(acme.sent) == 1
    await stage.another().drain()
    assert len(acme.sent) == 2, "what came meanwhile is another process's"


async def test_what_the_platform_was_asked_for_may_be_a_repeat_and_goes_out_elsewhere_at_once(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    acme = await stage.catch_sending()

    await stage.outbox.finish(0.01)
    await stage.outbox.release()

    (given_back,) = await stage.ledger()
    assert (given_back.state, given_back.delivery.uncertain, given_back.delivery.attempts) == (State.PENDING, True, 1)
    acme.hangs = False
    await stage.another().drain()
    assert [(one.state, one.delivery.attempts) for one in await stage.ledger()] == [(State.DELIVERED, 2)]
    assert len(acme.sent) == 1


async def test_what_was_claimed_and_not_sent_is_as_if_it_had_not_been_claimed(schema_url: str) -> None:
    database = Slow(schema_url)
    stage = Stage(database)
    await stage.configure({"acme": 1})
    acme = stage.platforms["acme"]
    await stage.fire("disk")
    await stage.outbox.start()
    database.is_stuck = True
    await database.asked.wait()

    await stage.outbox.finish(0.01)
    await stage.outbox.release()
    database.is_stuck = False

    (given_back,) = await stage.ledger()
    assert (given_back.state, given_back.delivery.uncertain, given_back.delivery.attempts) == (State.PENDING, False, 0)
    assert acme.calls == 0
    await stage.another().drain()
    assert len(acme.sent) == 1
    await database.close()


async def test_a_claim_whose_answer_never_came_is_given_back_too(schema_url: str) -> None:
    database = LostAnswer(schema_url)
    stage = Stage(database)
    await stage.configure({"acme": 3})
    await stage.fire("disk")
    database.is_lost = True
    sending = asyncio.create_task(stage.outbox.run())
    await database.committed.wait()

    await stage.outbox.finish(0.01)
    sending.cancel()
    await asyncio.wait([sending])
    await stage.outbox.release()

    assert {(one.state, one.delivery.uncertain, one.delivery.attempts) for one in await stage.ledger()} == {
        (State.PENDING, False, 0)
    }
    await stage.another().drain()
    assert len(stage.platforms["acme"].sent) == 3
    await database.close()


async def test_a_claim_that_was_stored_when_the_database_went_away_is_not_stuck(schema_url: str) -> None:
    database = LostAnswer(schema_url)
    stage = Stage(database)
    await stage.configure({"acme": 3})
    await stage.fire("disk")
    database.is_lost = True
    claiming = asyncio.create_task(stage.outbox.start())
    await database.committed.wait()
    claiming.cancel()
    await asyncio.wait([claiming])

    await stage.outbox.drain()

    assert len(stage.platforms["acme"].sent) == 3
    assert {(one.delivery.uncertain, one.delivery.attempts) for one in await stage.ledger()} == {(False, 1)}
    await database.close()


async def test_an_edit_that_is_cut_off_gives_way_to_a_newer_one(stage: Stage) -> None:
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    acme = stage.platforms["acme"]
    await stage.fire("disk")
    await stage.outbox.drain()
    await stage.fire("disk", status=Severity.WARNING)
    clock.advance(30)
    acme.hangs = True
    acme.reached.clear()
    await stage.outbox.start()
    await acme.reached.wait()
    await stage.fire("disk", status=Severity.INFO)

    await stage.outbox.finish(0.01)
    await stage.outbox.release()

    edits = [one.state for one in await stage.ledger() if one.delivery.kind == "edit"]
    assert edits == [State.WITHDRAWN, State.PENDING]


async def test_a_process_that_was_asleep_for_longer_than_its_claim_sends_nothing_on_it(stage: Stage) -> None:
    """As after SIGSTOP and SIGCONT: somebody else has sent it meanwhile, or will."""
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    acme = stage.platforms["acme"]
    await stage.fire("disk")

    await stage.outbox.start()
    clock.set(clock.now() + LEASE + timedelta(seconds=1))
    other = stage.another()
    await asyncio.gather(other.drain(), stage.outbox.drain())
    # Each passes over what the other has just locked to give it back; a second later both look again.
    clock.advance(1)
    await other.drain()

    assert len(acme.sent) == 1
    assert [one.state for one in await stage.ledger()] == [State.DELIVERED]


async def test_what_is_given_back_by_a_claim_is_its_own_alone(stage: Stage) -> None:
    await stage.configure({"acme": 2, "other": 1})
    await stage.fire("disk")
    now = stage.clock.now()

    async def work(connection: Connection) -> tuple[int, int, int]:
        first = await claims.claim(connection, "first", now, Room(1, 1))
        await claims.claim(connection, "second", now, Room(9, 9))
        only = await deliveries.release(connection, "second", now, only=first.claimed[0].delivery.id)
        return only, await deliveries.release(connection, "first", now), await deliveries.release(connection, "x", now)

    assert await stage.database.transact(work) == (0, 1, 0)
    assert sorted(one.state for one in await stage.ledger()) == [State.PENDING, State.SENDING, State.SENDING]
