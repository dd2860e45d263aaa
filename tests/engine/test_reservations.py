"""What an alert adds to the queue is claimed in the transaction that adds it, wherever nothing else is in its way."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.delivery import Kind, Place, State
from bot.domain.event import Severity
from bot.domain.incident import IncidentId
from bot.domain.organisation import Organisation
from bot.engine.ingest import Accepted
from bot.engine.outbox import MOST_AT_ONCE, MOST_RESERVED, Outbox
from storage import deliveries, schema
from storage.connection import Result, Work
from storage.database import Connection, Database
from storage.deliveries import LEASE, Wanted
from tests.engine.stage import Interrupted, Stage, trouble
from tests.support.clocks import ManualClock

KEYS = [f"key {number}" for number in range(60)]


class Severed(Database):
    """A database that does as it is told and whose answer is lost, as often as `losses` says."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.losses = 0

    async def transact(self, work: Work[Result], *, within: float | None = None) -> Result:
        result = await super().transact(work, within=within)
        if self.losses:
            self.losses -= 1
            raise ConnectionResetError("the server went away")
        return result


class Held(Database):
    """A database whose commits are told when `told` is set."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.told = asyncio.Event()
        self.told.set()
        self.committed = asyncio.Event()

    async def transact(self, work: Work[Result], *, within: float | None = None) -> Result:
        result = await super().transact(work, within=within)
        self.committed.set()
        await self.told.wait()
        return result


class Late(Database):
    """A database that answers the next transaction with an error, and commits it when it `lands`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.is_late = False
        self.lands = asyncio.Event()
        self.landing: asyncio.Task[object] | None = None

    async def transact(self, work: Work[Result], *, within: float | None = None) -> Result:
        if not self.is_late:
            return await super().transact(work, within=within)
        self.is_late = False
        worked = asyncio.Event()

        async def slowly(connection: Connection) -> Result:
            result = await work(connection)
            worked.set()
            await self.lands.wait()
            return result

        self.landing = asyncio.create_task(super().transact(slowly, within=within))
        await worked.wait()
        raise ConnectionResetError("the server went away")


class Ready(Stage):
    """An engine whose sender takes at once what its ingest opens, once it has seen that nothing waits."""

    async def configure(
        self, chats: Mapping[str, int], accounts: tuple[str, ...] = (), *, linked: bool = True
    ) -> Organisation:
        organisation = await super().configure(chats, accounts, linked=linked)
        self.ingest.sender = self.outbox
        await self.outbox.drain()
        self.wakeups.outbox.clear()
        return organisation


@pytest.fixture
def stage(database: Database) -> Stage:
    return Ready(database)


async def until_sent(stage: Stage, count: int = 1) -> None:
    async with asyncio.timeout(5):
        while sum(len(platform.sent) for platform in stage.platforms.values()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def until_settled(stage: Stage, number: int = 1) -> None:
    async with asyncio.timeout(5):
        while any(one.state is State.SENDING for one in await stage.ledger(number)):  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def caught_claiming(stage: Stage, database: Held) -> asyncio.Task[Accepted]:
    """Fire an alert, and return once it is committed with its claim, of which nobody has been told."""
    database.told.clear()
    database.committed.clear()
    firing = asyncio.create_task(stage.fire("memory"))
    await database.committed.wait()
    return firing


async def states(stage: Stage, numbers: Sequence[int]) -> list[list[State]]:
    return [[one.state for one in await stage.ledger(number)] for number in numbers]


async def test_an_alert_goes_out_without_anybody_looking_for_it(stage: Stage) -> None:
    await stage.configure({"acme": 2, "globex": 1}, ("ana@example.com",))

    await stage.fire("disk")
    await until_sent(stage, 4)
    await until_settled(stage)

    assert not stage.wakeups.outbox.is_set()
    # The second chat of the person is spared.
    assert await states(stage, [1]) == [[State.DELIVERED] * 4 + [State.WITHDRAWN]]
    await stage.outbox.drain()
    assert sum(platform.calls for platform in stage.platforms.values()) == 4


async def test_of_what_crowds_in_one_place_nothing_is_taken_before_the_place_is_looked_at(stage: Stage) -> None:
    await stage.configure({"acme": 1})

    await stage.fire("disk", "memory")

    assert await states(stage, [1, 2]) == [[State.PENDING], [State.PENDING]]
    assert stage.wakeups.outbox.is_set()
    await stage.outbox.drain()
    assert len(stage.platforms["acme"].sent) == 2


async def test_a_place_that_is_being_written_to_is_left_until_that_is_over(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    acme = stage.platforms["acme"]
    acme.hangs = True
    await stage.fire("disk")
    await acme.reached.wait()
    stage.wakeups.outbox.clear()

    await stage.fire("memory")

    assert stage.wakeups.outbox.is_set()
    assert await states(stage, [1, 2]) == [[State.SENDING], [State.PENDING]]
    acme.released.set()
    await stage.outbox.drain()
    assert await states(stage, [1, 2]) == [[State.DELIVERED], [State.DELIVERED]]


async def test_a_place_whose_pace_is_used_up_is_left_until_it_may_be_written_to(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    for number, key in enumerate(("disk", "memory", "load"), 1):
        await stage.fire(key)
        await until_sent(stage, number)
        await until_settled(stage, number)

    await stage.fire("clock")

    assert await states(stage, [4]) == [[State.PENDING]]


async def test_where_a_board_stands_it_takes_what_comes(stage: Stage) -> None:
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    await stage.fire(*KEYS)
    await stage.outbox.drain()
    async with asyncio.timeout(5):
        while not stage.platforms["acme"].sent:
            clock.advance(1)
            await stage.outbox.drain()
    # The place has been quiet for a while, so that nothing but its board speaks against writing to it.
    clock.advance(30)

    await stage.fire("one more")

    (last,) = await stage.ledger(len(KEYS) + 1)
    assert last.state is State.PENDING
    assert stage.wakeups.outbox.is_set()


async def test_more_than_there_is_room_for_is_left_to_be_looked_at(stage: Stage) -> None:
    await stage.configure({"acme": 40})
    stage.platforms["acme"].hangs = True

    await stage.fire("disk")

    assert sum(one.state is State.SENDING for one in await stage.ledger()) == MOST_RESERVED
    assert stage.wakeups.outbox.is_set()
    stage.platforms["acme"].released.set()
    await stage.outbox.finish(5)


async def test_while_something_waits_that_was_left_nothing_is_reserved(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    stage.platforms["acme"].hangs = True
    await stage.fire("disk", "memory")
    await stage.outbox.start()

    assert stage.outbox.reserve() is None

    stage.platforms["acme"].released.set()
    await stage.outbox.drain()
    reserved = stage.outbox.reserve()
    assert reserved is not None
    stage.outbox.not_taken(reserved)


async def test_what_changes_beside_what_is_opened_is_looked_for(stage: Stage) -> None:
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1, "globex": 1})
    await stage.fire("disk")
    await until_sent(stage, 2)
    await until_settled(stage)
    clock.advance(30)

    stage.wakeups.outbox.clear()

    both = stage.report(await stage.channel(), trouble("disk", Severity.OK), trouble("memory"))
    await stage.ingest.take(both)

    assert stage.wakeups.outbox.is_set()
    clock.advance(30)
    await stage.outbox.drain()
    assert [platform.edits for platform in stage.platforms.values()] == [1, 1]


async def test_a_claim_that_cannot_be_stored_keeps_no_alert_out(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    await refuse_claims(stage.database)

    accepted = await stage.fire("disk")

    (number,) = accepted.incidents
    assert number is not None
    assert await states(stage, [number]) == [[State.PENDING]]
    assert stage.wakeups.outbox.is_set()


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


async def test_beside_a_reservation_no_more_is_claimed_than_there_is_room_for_both(stage: Stage) -> None:
    await stage.configure({"acme": 12, "globex": 12, "initech": 12})
    for platform in stage.platforms.values():
        platform.hangs = True
    reserved = stage.outbox.reserve()
    assert reserved is not None
    assert reserved.room.most == MOST_RESERVED
    stage.ingest.sender = None
    await stage.fire("disk")

    assert await stage.outbox.start() == MOST_AT_ONCE - MOST_RESERVED
    assert stage.outbox.reserve() is None, "one at a time"

    stage.outbox.not_taken(reserved)
    for platform in stage.platforms.values():
        platform.released.set()
    await stage.outbox.finish(5)


async def test_with_the_hands_almost_full_a_reservation_leaves_no_room_and_not_less_than_none(stage: Stage) -> None:
    organisation = await stage.configure({"acme": 12, "globex": 12, "initech": 4, "umbrella": 0})
    for platform in stage.platforms.values():
        platform.hangs = True
    stage.ingest.sender = None
    await stage.fire("disk")
    assert await stage.outbox.start() == MOST_AT_ONCE - 4
    reserved = stage.outbox.reserve()
    assert reserved is not None
    (umbrella,) = (one.id for one in organisation.workspaces.values() if one.name == "umbrella")
    now = stage.clock.now()
    places = [Place(umbrella, chat=f"C{number}") for number in range(12)]
    more = [Wanted(IncidentId(1), Kind.CARD, place, 1, 0, 0, now) for place in places]

    async def add(connection: Connection) -> None:
        await deliveries.add(connection, more, now)

    await stage.database.transact(add)

    assert await stage.outbox.start() == 0

    stage.outbox.not_taken(reserved)
    for platform in stage.platforms.values():
        platform.released.set()
    await stage.outbox.finish(5)


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
    async with asyncio.timeout(5):
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


async def test_what_is_claimed_by_two_for_one_place_goes_out_one_after_the_other(schema_url: str) -> None:
    database = Held(schema_url)
    stage = Ready(database)
    await stage.configure({"acme": 1})
    acme = stage.platforms["acme"]
    acme.hangs = True
    firing = await caught_claiming(stage, database)
    # Beside it another process adds a page for the same chat, and our sender comes upon that one first.
    other = Database(schema_url)
    await Stage(other, stage.clock, stage.platforms, stage.adapters).fire("disk")
    looking = asyncio.create_task(stage.outbox.start())
    database.told.set()
    await asyncio.gather(firing, looking)
    await acme.reached.wait()
    assert await states(stage, [1, 2]) == [[State.SENDING], [State.SENDING]]

    assert acme.calls == 1
    acme.released.set()
    await stage.outbox.drain()

    assert len(acme.sent) == 2
    await database.close()
    await other.close()


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


async def refuse_claims(database: Database) -> None:
    """Let the database take no claim, as a defect of ours might have it."""

    async def work(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            await connection.exec_driver_sql(
                # An error that looks as if the server itself had one.
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no claim'; END $$"
            )
            when = "BEFORE UPDATE ON deliveries FOR EACH ROW WHEN (new.state = 'sending') EXECUTE FUNCTION refuse()"
        else:
            when = (
                "BEFORE UPDATE ON deliveries FOR EACH ROW WHEN new.state = 'sending'"
                " BEGIN SELECT RAISE(ABORT, 'no claim'); END"
            )
        await connection.execute(sa.text(f"CREATE TRIGGER refuse {when}"))

    await database.transact(work)
