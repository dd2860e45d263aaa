"""What an alert adds to the queue is claimed in the transaction that adds it, wherever nothing else is in its way."""

import asyncio

import pytest
import sqlalchemy as sa

from bot.domain.delivery import Kind, Place, State
from bot.domain.event import Severity
from bot.domain.incident import IncidentId
from bot.engine.outbox import MOST_AT_ONCE, MOST_PER_WORKSPACE, MOST_RESERVED
from storage import deliveries
from storage.database import Connection, Database
from storage.deliveries import Wanted
from tests.engine.reserving import Held, Ready, caught_claiming, caught_looking, states, until_sent, until_settled
from tests.engine.stage import Stage, trouble
from tests.support.clocks import ManualClock

KEYS = [f"key {number}" for number in range(60)]


@pytest.fixture
def stage(database: Database) -> Stage:
    return Ready(database)


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
    async with asyncio.timeout(15):
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


async def test_a_look_at_what_waits_where_nothing_did_holds_up_nothing_that_comes_in(schema_url: str) -> None:
    database = Held(schema_url)
    stage = Ready(database)
    await stage.configure({"acme": 1})
    looking, looked = await caught_looking(stage, database)

    await stage.fire("disk")
    await until_sent(stage)

    assert not looking.done()
    looked.set()
    assert await looking == 0, "it was taken already"
    await stage.outbox.drain()
    assert len(stage.platforms["acme"].sent) == 1
    await database.close()


async def test_what_is_claimed_beside_a_look_leaves_room_for_a_platform_that_answers(schema_url: str) -> None:
    database = Held(schema_url)
    stage = Ready(database)
    channels = await stage.configure_apart(["acme", "globex", "initech"], 20)
    for name in ("acme", "globex"):
        stage.platforms[name].hangs = True
    in_turn = zip(channels["acme"], channels["globex"], strict=True)
    one_by_one = [stage.report(channel, trouble("disk")) for both in in_turn for channel in both]
    stage.ingest.sender = None
    for report in one_by_one[: 2 * MOST_PER_WORKSPACE]:
        await stage.ingest.take(report)
    stage.ingest.sender = stage.outbox
    looking, looked = await caught_looking(stage, database)

    for report in one_by_one[2 * MOST_PER_WORKSPACE :]:
        await stage.ingest.take(report)

    looked.set()
    assert await looking == 2 * MOST_PER_WORKSPACE
    await stage.ingest.take(stage.report(channels["initech"][0], trouble("disk")))
    await stage.outbox.start()
    await until_sent(stage)
    assert [to.id for to in stage.platforms["initech"].sent] == ["initech-0"]
    for platform in stage.platforms.values():
        platform.released.set()
    await stage.outbox.finish(5)
    await database.close()


async def test_while_somebody_looks_where_something_was_left_nothing_is_reserved(schema_url: str) -> None:
    database = Held(schema_url)
    stage = Ready(database)
    await stage.configure({"acme": 1})
    stage.platforms["acme"].hangs = True
    await stage.fire("disk", "memory")
    await stage.outbox.start()
    looking, looked = await caught_looking(stage, database)

    assert stage.outbox.reserve() is None

    looked.set()
    stage.platforms["acme"].released.set()
    await looking
    await stage.outbox.drain()
    await database.close()


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
