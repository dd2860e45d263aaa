"""What is brief is written in the event loop where nobody else writes: as whole, and as much on disk, as anything."""

import asyncio
import gc
import random
import sqlite3
import threading

import pytest
import sqlalchemy as sa

from storage import tables
from storage.connection import Brief, Work
from storage.database import Connection, Database
from storage.sqlite import LONGEST_TURN, MOST_BRIEFLY, TRY_AGAIN_AFTER, Turns
from tests.support.databases import NewDatabase, with_schema


def adding(number: int, *, spoilt: bool = False) -> Work[int]:
    """Add a link; where it is spoilt, fail after that."""

    async def work(connection: Connection) -> int:
        link = {"workspace_id": 1, "user": f"U{number}", "account_id": number, "origin": "email"}
        await connection.execute(sa.insert(tables.links).values(**link))
        if spoilt:
            raise LookupError(number)
        return number

    return work


async def stored(database: Database) -> set[int]:
    async def work(connection: Connection) -> set[int]:
        return set((await connection.scalars(sa.select(tables.links.c.account_id))).all())

    return await database.read(work)


async def test_what_is_brief_is_there_for_others_once_it_returns(database: Database) -> None:
    for number in range(3):
        assert await database.transact(Brief(adding(number), 1)) == number
        assert await stored(database) == set(range(number + 1))


async def test_what_is_brief_and_fails_leaves_nothing(database: Database) -> None:
    await database.transact(Brief(adding(1), 1))
    for _ in range(2):
        with pytest.raises(LookupError):
            await database.transact(Brief(adding(2, spoilt=True), 1))
    assert await stored(database) == {1}

    await database.transact(Brief(adding(2), 1))
    await database.transact(adding(3))

    assert await stored(database) == {1, 2, 3}


async def test_what_is_brief_has_its_turn_after_what_is_under_way(new_sqlite_database: NewDatabase) -> None:
    database = Database(new_sqlite_database(with_schema))
    await database.transact(adding(0))
    begun, goes_on = threading.Event(), threading.Event()

    async def long(connection: Connection) -> int:
        begun.set()
        assert goes_on.wait(15)
        return await adding(1)(connection)

    first = asyncio.create_task(database.transact(long))
    await asyncio.to_thread(begun.wait, 15)
    second = asyncio.create_task(database.transact(Brief(adding(2), 1)))
    await asyncio.sleep(0.01)
    assert not second.done()
    goes_on.set()

    assert set(await asyncio.gather(first, second)) == {1, 2}
    assert await stored(database) == {0, 1, 2}
    await database.close()


async def test_while_another_process_writes_what_is_brief_holds_up_nobody(new_sqlite_database: NewDatabase) -> None:
    database = Database(new_sqlite_database(with_schema))
    await database.transact(Brief(adding(0), 1))
    other = sqlite3.connect(str(database.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    waiting = asyncio.create_task(database.transact(Brief(adding(1), 1)))
    # SQLite would hold up the loop for ten seconds.
    async with asyncio.timeout(9):
        await asyncio.sleep(0.02)
    assert not waiting.done()
    other.execute("COMMIT")
    other.close()

    assert await waiting == 1
    assert await database.transact(Brief(adding(2), 1)) == 2
    assert await stored(database) == {0, 1, 2}
    await database.close()


def test_how_large_what_is_brief_may_be_follows_from_how_long_it_takes() -> None:
    turns = Turns()
    for size in (1, 2, 4, 8, 16, 32, 64, MOST_BRIEFLY):
        assert not turns.allow(size + 1)
        assert turns.allow(size)
        turns.took(LONGEST_TURN / 4)
    assert not turns.allow(MOST_BRIEFLY + 1)

    assert turns.allow(100)
    turns.took(LONGEST_TURN * 20)
    assert not turns.allow(6)
    assert turns.allow(5)
    turns.took(LONGEST_TURN * 0.7)
    assert not turns.allow(6)


def test_what_was_too_large_is_tried_again_after_many() -> None:
    turns = Turns()
    assert turns.allow(1)
    turns.took(LONGEST_TURN * 3)

    tries = [turns.allow(2) for _ in range(2 * TRY_AGAIN_AFTER + 3)]

    assert tries == [*[False] * (2 * TRY_AGAIN_AFTER + 2), True]


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_cut_off_each_is_stored_whole_or_not_at_all(
    database: Database, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    # What another test left behind is not said while this one listens.
    gc.collect()
    caplog.clear()
    chance = random.Random(seed)  # noqa: S311 - A seed that is drawn again must do the same.
    told: dict[str, set[int]] = {"stored": set(), "failed": set(), "cut off": set()}

    async def one(number: int) -> None:
        work = adding(number, spoilt=chance.random() < 0.2)
        task = asyncio.create_task(database.transact(Brief(work, 1) if chance.random() < 0.7 else work))
        is_cut = chance.random() < 0.4
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(0)
        if is_cut:
            task.cancel()
        await asyncio.wait([task])
        outcome = "cut off" if task.cancelled() else "failed" if task.exception() else "stored"
        told[outcome].add(number)

    for first in range(0, 60, 6):
        await asyncio.gather(*(one(number) for number in range(first, first + chance.randrange(1, 7))))
    await database.transact(Brief(adding(1_000), 1))

    found = await stored(database)
    assert told["stored"] | {1_000} <= found <= told["stored"] | told["cut off"] | {1_000}
    assert told["stored"]
    assert told["cut off"]
    assert "never retrieved" not in caplog.text
