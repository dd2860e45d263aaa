"""What holds one delivery up holds no other up, and what the platform took is not sent again."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.adapter import DeliveryFailed, FailureKind
from bot.domain.delivery import Dropped, State
from bot.domain.event import Severity
from bot.domain.incident import IncidentId
from bot.domain.people import WorkspaceId
from bot.engine.outbox import AFTER_AN_OUTAGE, MOST_AT_ONCE, MOST_PER_WORKSPACE
from bot.engine.pacing import Pace
from bot.engine.wakeups import Wakeup
from storage import incidents, tables
from storage.database import Connection, Database
from storage.deliveries import LEASE
from tests.engine.stage import Interrupted, Stage, trouble
from tests.support.clocks import START, ManualClock, WatchedClock

SECOND = timedelta(seconds=1)
# So many transactions that the database is away until the test says otherwise.
ALWAYS = 1_000_000


async def said(stage: Stage, number: int = 1) -> list[str]:
    async def work(connection: Connection) -> list[str]:
        return [str(one.record.entry) for one in await incidents.timeline(connection, IncidentId(number), 100)]

    return await stage.database.read(work)


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def test_a_platform_that_hangs_leaves_room_for_the_others(stage: Stage) -> None:
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"hung": 40, "fine": 5})
    hung, fine = stage.platforms["hung"], stage.platforms["fine"]
    hung.hangs = True
    await stage.fire("disk")

    async with asyncio.timeout(15):
        while len(fine.sent) < 5 or hung.calls < MOST_PER_WORKSPACE:
            clock.advance(0.1)
            await stage.outbox.start()
            await asyncio.sleep(0.001)

    assert hung.calls == MOST_PER_WORKSPACE
    hung.released.set()
    for _ in range(40):
        clock.advance(1)
        await stage.outbox.drain()
    assert len(hung.sent) == 40


async def test_a_sender_that_has_its_hands_full_waits_until_something_comes_to_its_end(database: Database) -> None:
    clock = WatchedClock()
    stage = Stage(database, clock)
    await stage.configure({"a": 12, "b": 12, "c": 12})
    for platform in stage.platforms.values():
        platform.hangs = True
    await stage.fire("disk")
    # An edit of each card, a second later: what falls due while nothing can be sent must not keep the sender busy.
    await stage.ingest.take(stage.report(await stage.channel(), trouble("disk", description="more")))
    running = asyncio.create_task(stage.outbox.run())
    while sum(one.calls for one in stage.platforms.values()) < MOST_AT_ONCE or not clock.waits:  # noqa: ASYNC110
        await asyncio.sleep(0.001)  # Neither platform nor clock tells when.

    for _ in range(3):
        clock.advance(1)
        for _ in range(20):
            await asyncio.sleep(0)
    assert 1 <= len(clock.waits) <= 8
    assert min(clock.waits) > 0

    for platform in stage.platforms.values():
        platform.released.set()
    await stage.outbox.finish(15)
    await running


async def test_what_comes_to_its_end_wakes_the_sender_only_when_something_waits(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    acme = await stage.catch_sending()
    stage.wakeups.outbox.clear()
    acme.released.set()
    while (await stage.ledger())[0].state is not State.DELIVERED:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not stage.wakeups.outbox.is_set()

    acme.released.clear()
    acme.reached.clear()
    # Of two that are for one chat, one waits for the other, and nobody else says when that is over.
    await stage.fire("memory", "load")
    await stage.outbox.start()
    await acme.reached.wait()
    stage.wakeups.outbox.clear()
    acme.released.set()
    await asyncio.wait_for(stage.wakeups.outbox.wait(), 15)
    assert len(acme.sent) == 2


async def test_other_processes_hear_of_what_is_left_and_of_nothing_else(database: Database) -> None:
    clock = WatchedClock()
    stage = Stage(database, clock)
    await stage.configure({"acme": 1})
    acme, wakeups = stage.platforms["acme"], stage.wakeups
    running = asyncio.create_task(stage.outbox.run())
    await asyncio.sleep(0)
    await stage.fire("disk")
    while not acme.sent:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    assert Wakeup.OUTBOX not in wakeups.take_for_others()

    acme.hangs = True
    acme.released.clear()
    # Of two that are for one chat, one waits for the other: here, or wherever somebody is free first.
    await stage.fire("memory", "load")
    async with asyncio.timeout(15):
        await wakeups.abroad.wait()
    assert wakeups.take_for_others() == {Wakeup.OUTBOX}

    # Two who leave the same would tell each other for ever.
    looks = len(clock.waits)
    wakeups.hear([Wakeup.OUTBOX])
    while len(clock.waits) == looks:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    assert not wakeups.take_for_others()

    acme.released.set()
    await stage.outbox.finish(15)
    await running
    assert Wakeup.OUTBOX in wakeups.take_for_others(), "whoever stops leaves all of it"


async def test_what_was_sent_is_not_sent_again_when_the_database_was_away_meanwhile(schema_url: str) -> None:
    database = Interrupted(schema_url)
    stage = Stage(database)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    acme = await stage.catch_sending()
    database.transactions = 3
    acme.released.set()

    async with asyncio.timeout(15):
        while (await stage.ledger())[0].state is not State.DELIVERED:
            clock.advance(1)
            await asyncio.sleep(0.005)
    clock.advance(2 * LEASE.total_seconds())
    await stage.outbox.drain()

    assert len(acme.sent) == 1
    await database.close()


async def test_what_was_sent_is_known_however_long_the_database_is_away(schema_url: str) -> None:
    database = Interrupted(schema_url)
    stage = Stage(database)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    acme = stage.platforms["acme"]
    await stage.fire("disk")
    await stage.outbox.start()
    database.transactions = ALWAYS
    await acme.reached.wait()
    for _ in range(200):
        clock.advance(15)
        await asyncio.sleep(0)

    database.transactions = 0
    await stage.outbox.drain()

    assert [one.state for one in await stage.ledger()] == [State.DELIVERED]
    assert len(acme.sent) == 1
    await database.close()


async def test_another_process_lets_whoever_knows_the_answer_store_it_when_the_database_is_back(
    schema_url: str,
) -> None:
    database = Interrupted(schema_url)
    stage = Stage(database)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    acme = stage.platforms["acme"]
    other = stage.another()
    await stage.fire("disk")
    await stage.outbox.start()
    database.transactions = ALWAYS
    await acme.reached.wait()
    clock.advance(LEASE.total_seconds() + 1)
    for outbox in (other, stage.outbox):
        with pytest.raises(ConnectionRefusedError):
            await outbox.start()
    for _ in range(20):
        await asyncio.sleep(0)  # Whoever tries again meanwhile fails again.

    database.transactions = 0
    await other.drain()
    assert len(acme.sent) == 1
    await stage.outbox.drain()

    assert len(acme.sent) == 1
    assert [(one.state, one.delivery.attempts) for one in await stage.ledger()] == [(State.DELIVERED, 1)]
    await database.close()


async def test_what_a_process_died_with_while_the_database_was_away_is_taken_over_all_the_same(schema_url: str) -> None:
    database = Interrupted(schema_url)
    stage = Stage(database)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    acme = stage.platforms["acme"]
    acme.hangs = True
    other = stage.another()
    await stage.fire("disk")
    await stage.outbox.start()
    await acme.reached.wait()
    clock.advance(LEASE.total_seconds() + 1)
    database.transactions = 1
    with pytest.raises(ConnectionRefusedError):
        await other.start()

    acme.hangs = False
    clock.advance(AFTER_AN_OUTAGE.total_seconds())
    await other.drain()

    assert len(acme.sent) == 1
    assert [(one.state, one.delivery.uncertain) for one in await stage.ledger()] == [(State.DELIVERED, True)]
    acme.released.set()
    await stage.outbox.drain()
    await database.close()


async def test_what_is_known_at_a_stop_is_stored_and_not_given_back(schema_url: str) -> None:
    database = Interrupted(schema_url)
    stage = Stage(database)
    await stage.configure({"acme": 1})
    acme = stage.platforms["acme"]
    await stage.fire("disk")
    await stage.outbox.start()
    database.transactions = ALWAYS
    await acme.reached.wait()
    await stage.outbox.finish(0.01)
    database.transactions = 0

    await stage.outbox.release()

    assert [one.state for one in await stage.ledger()] == [State.DELIVERED]
    await database.close()


async def test_an_answer_that_comes_after_the_lease_still_counts_while_nobody_else_has_the_delivery(
    stage: Stage,
) -> None:
    """As after a jump of the machine's clock: the message went out, and must not go out again."""
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    acme = await stage.catch_sending()

    clock.advance(3600)
    await stage.outbox.start()
    acme.released.set()
    await stage.outbox.drain()

    assert len(acme.sent) == 1
    assert [one.state for one in await stage.ledger()] == [State.DELIVERED]


def test_a_clock_that_is_set_back_holds_no_place_up() -> None:
    pace, key = Pace(), (WorkspaceId(1), "chat:C1")
    for _ in range(3):
        pace.spend(key, 1.0, START)
    back = START - timedelta(hours=1)

    assert pace.busy(START) == {key: START + SECOND}
    assert pace.busy(back) == {key: back + SECOND}


async def test_what_is_no_longer_wanted_does_not_hold_up_what_is(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    acme = stage.platforms["acme"]
    await stage.fire(*(f"key {number}" for number in range(10)))
    await stage.outbox.drain()
    shown = len(acme.sent)
    await stage.fire(*(f"key {number}" for number in range(10)), status=Severity.OK)
    await stage.fire("another")

    rows = [one for number in range(1, 11) for one in await stage.ledger(number)]

    assert sum(one.state is State.PENDING for one in rows) == shown, "only what somebody has seen is to be changed"
    assert {one.reason for one in rows if one.state is State.WITHDRAWN} == {Dropped.CLOSED}


async def test_that_a_platform_asks_for_patience_is_no_news_for_the_card(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    stage.platforms["acme"].refusal = DeliveryFailed(FailureKind.RATE_LIMITED, "slowly", retry_after=5)
    await stage.fire("disk")
    await stage.outbox.drain()
    assert "not_delivered" not in await said(stage)

    await stage.fire("cpu")
    stage.platforms["acme"].refusal = DeliveryFailed(FailureKind.RATE_LIMITED, "come tomorrow", retry_after=3600)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    clock.advance(10)
    await stage.outbox.drain()
    clock.advance(10)
    await stage.outbox.drain()
    assert "not_delivered" in [*await said(stage), *await said(stage, 2)]


async def test_who_has_left_is_not_told_and_the_timeline_says_so(stage: Stage) -> None:
    await stage.configure({"acme": 1}, ("ana@example.com", "bo@example.com"))
    await stage.fire("disk")
    await stage.configure({"acme": 1}, ("bo@example.com",))

    await stage.outbox.drain()

    assert "ana" not in [to.id for to in stage.platforms["acme"].sent]
    assert "bo" in [to.id for to in stage.platforms["acme"].sent]
    assert [one.said for one in await stage.ledger() if one.state is State.FAILED] == [
        "the account is no longer configured"
    ]
    assert "not_delivered" in await said(stage)


async def test_a_card_that_somebody_has_who_left_changes_no_more(stage: Stage) -> None:
    await stage.configure({"acme": 1}, ("ana@example.com", "bo@example.com"))
    await stage.fire("disk")
    await stage.outbox.drain()
    await stage.configure({"acme": 1}, ("bo@example.com",))
    clock = stage.clock
    assert isinstance(clock, ManualClock)

    await stage.fire("disk", status=Severity.WARNING)
    clock.advance(30)
    await stage.outbox.drain()

    assert stage.platforms["acme"].edits == 2
    assert [one.reason for one in await stage.ledger() if one.state is State.WITHDRAWN] == [Dropped.NOT_EDITABLE]


async def test_the_page_of_an_incident_that_cannot_be_read_is_tried_until_it_can_be(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    await stage.fire("disk")
    whole = await stage.database.read(lambda connection: incidents.find(connection, [IncidentId(1)]))
    clock = stage.clock
    assert isinstance(clock, ManualClock)

    async def spoil(connection: Connection) -> None:
        await connection.execute(sa.update(tables.incidents).values(body="{}"))

    await stage.database.transact(spoil)
    await stage.outbox.drain()
    ((state, why),) = [(one.state, one.said) for one in await stage.ledger()]
    assert (state, why) == (State.PENDING, "what is stored of incident #1 cannot be read")

    await stage.database.transact(lambda connection: incidents.update(connection, list(whole.values())))
    clock.advance(2)
    await stage.outbox.drain()
    assert [one.state for one in await stage.ledger()] == [State.DELIVERED]
    assert not (await stage.ledger())[0].delivery.uncertain
