"""Reports that share a transaction share nothing else."""

import asyncio
import gc

import pytest
import sqlalchemy as sa

from bot.domain.delivery import Place
from bot.domain.event import Severity
from bot.domain.flow import Outcome
from bot.domain.incident import Actor, ChannelId, Entry, IncidentId
from bot.engine import ingest
from bot.engine.act import Desk
from bot.engine.heard import Heard
from storage import cards, incidents
from storage.database import Connection, Database
from tests.engine.stage import Interrupted, Stage, trouble
from tests.support.clocks import START, ManualClock
from tests.support.databases import NewDatabase, with_schema


@pytest.fixture
async def stage(database: Database) -> Stage:
    made = Stage(database)
    await made.configure({"acme": 1})
    return made


async def test_a_report_that_cannot_be_stored_costs_the_others_of_its_transaction_nothing(stage: Stage) -> None:
    channel = await stage.channel()
    half_a_character = "\ud800"
    reports = [stage.report(channel, trouble(f"key {number}")) for number in range(5)]
    reports[2] = stage.report(channel, trouble("spoilt", description=half_a_character))

    answers = await asyncio.gather(*(stage.ingest.take(one) for one in reports), return_exceptions=True)

    assert [isinstance(answer, Exception) for answer in answers] == [False, False, True, False, False]
    assert (await stage.fire("key 9")).outcomes == (Outcome.OPENED,)


async def test_a_sender_that_goes_away_changes_nothing_for_the_others_nor_for_its_own_report(stage: Stage) -> None:
    channel = await stage.channel()
    tasks = [asyncio.create_task(stage.ingest.take(stage.report(channel, trouble(f"{number}")))) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()

    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(answers[1], asyncio.CancelledError)
    assert (await stage.fire("0", "1", "2")).outcomes == (Outcome.REPEATED,) * 3


async def test_only_what_opens_an_incident_takes_a_number(stage: Stage) -> None:
    channel = await stage.channel()
    for event in (trouble("unheard of", Severity.OK), trouble("disk"), trouble("disk"), trouble("disk", Severity.OK)):
        await stage.ingest.take(stage.report(channel, event))

    again = await stage.fire("memory")
    both = await stage.fire("cpu", "memory")

    assert again.incidents == (2,)
    assert both.incidents == (3, 2)


async def test_while_the_database_is_away_everybody_is_told_at_once_and_then_all_goes_on(schema_url: str) -> None:
    database = Interrupted(schema_url)
    stage = Stage(database)
    await stage.configure({"acme": 1})
    channel = await stage.channel()
    database.transactions = 1
    reports = [stage.report(channel, trouble(f"{number}")) for number in range(2 * ingest.MOST_TOGETHER)]

    answers = await asyncio.gather(*(stage.ingest.take(one) for one in reports), return_exceptions=True)

    assert {type(answer) for answer in answers} == {ConnectionRefusedError}
    assert (await stage.fire("0")).outcomes == (Outcome.OPENED,)
    await database.close()
    gc.collect()  # What nobody has looked at would be complained of here.


async def test_large_reports_do_not_pile_up_in_one_transaction(stage: Stage) -> None:
    channel = await stage.channel()
    keys = [f"key {number}" for number in range(ingest.MOST_EVENTS // 2 + 1)]
    reports = [stage.report(channel, *(trouble(f"{name} {key}") for key in keys)) for name in "abc"]

    answers = await asyncio.gather(*(stage.ingest.take(one) for one in reports))

    assert [len(answer.keys) for answer in answers] == [len(keys)] * 3


async def test_more_keys_than_a_statement_can_take_are_asked_for_in_portions(database: Database) -> None:
    many = [IncidentId(number) for number in range(1, 40_000)]

    async def work(connection: Connection) -> tuple[int, ...]:
        keys = [(ChannelId(1), str(number)) for number in many]
        shown = await cards.shown(connection, many)
        return (
            len((await incidents.alerts_of_keys(connection, keys)).alerts),
            len(await incidents.lock(connection, many)),
            len(shown.cards),
            len(shown.waiting),
            len(shown.being_sent),
        )

    assert await database.transact(work) == (0, 0, len(many), 0, 0)


async def test_what_waited_for_an_incident_comes_after_what_it_waited_for(new_postgresql_database: NewDatabase) -> None:
    """On SQLite a transaction waits before it begins."""
    database, clock = Database(new_postgresql_database(with_schema)), ManualClock()
    stage = Stage(database, clock)
    organisation = await stage.configure({"acme": 1}, ("ana@example.com",))
    (ana,), (acme,) = organisation.people.accounts, organisation.workspaces
    channel = await stage.channel()
    await stage.fire("disk")
    desk = Desk(database, stage.picture, stage.wakeups, clock, str)
    acks = Heard("ack 1", Actor(ana, "Ana"), Place(acme, account=ana))
    held, free = asyncio.Event(), asyncio.Event()

    async def hold(connection: Connection) -> None:
        await incidents.lock(connection, [IncidentId(1)])
        held.set()
        await free.wait()

    async def waiting(connection: Connection) -> int:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        return int(await connection.scalar(sa.text(query)))

    async def entries(connection: Connection) -> dict[Entry, float]:
        said = await incidents.timeline(connection, IncidentId(1), 100)
        return {one.record.entry: (one.at - START).total_seconds() for one in said}

    worse = stage.report(channel, trouble("disk", Severity.WARNING))
    async with asyncio.TaskGroup() as group, asyncio.timeout(15):
        group.create_task(database.transact(hold))
        await held.wait()
        group.create_task(stage.ingest.take(worse))
        group.create_task(desk.hear(acks))
        while await database.read(waiting) < 2:  # noqa: ASYNC110 - The server tells nobody when somebody waits.
            await asyncio.sleep(0.005)
        clock.advance(5)
        free.set()

    at = await database.read(entries)
    assert (at[Entry.OPENED], at[Entry.ACKNOWLEDGED], at[Entry.SEVERITY]) == (0, 5, 5)
    await database.close()
