"""Processes on one PostgreSQL wake each other, and do without it when the database is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.engine.bell import Bell
from bot.engine.wakeups import Wakeup, Wakeups
from storage import notices
from storage.database import Connection, Database


class Process:
    """One process: its wake-ups and its bell."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.wakeups = Wakeups()
        self.bell = Bell(self.database, self.wakeups, SystemClock())

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Process"]:
        """Run its bell."""
        ringing = asyncio.create_task(self.bell.run())
        yield self
        ringing.cancel()
        await asyncio.wait([ringing])
        await self.database.close()

    async def hears(self, other: "Process", within: float = 15) -> None:
        """Wait until it hears what the other one rings: at first the other may not listen yet."""
        async with asyncio.timeout(within):
            while not self.wakeups.outbox.is_set():
                other.wakeups.all()
                await asyncio.sleep(0.03)
        self.wakeups.outbox.clear()
        self.wakeups.timers.clear()


@pytest.fixture
async def two(postgresql_url: str) -> AsyncIterator[tuple[Process, Process]]:
    """Give two processes that hear each other."""
    async with Process(postgresql_url).running() as first, Process(postgresql_url).running() as second:
        await first.hears(second)
        await second.hears(first)
        yield first, second


async def listeners(database: Database) -> list[int]:
    """Return the server's processes that listen for somebody."""

    async def work(connection: Connection) -> list[int]:
        query = sa.text("SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        return list(await connection.scalars(query))

    return await database.read(work)


async def test_what_one_rings_the_other_hears_and_nobody_hears_themselves(two: tuple[Process, Process]) -> None:
    first, second = two
    first.wakeups.outbox.clear()
    first.wakeups.lease_is_free()
    first.wakeups.leases.clear()
    async with asyncio.timeout(15):
        await second.wakeups.leases.wait()
    assert not first.wakeups.leases.is_set()


async def test_a_storm_of_commits_is_no_storm_of_notices(two: tuple[Process, Process]) -> None:
    first, second = two
    heard: list[str] = []
    async with notices.listening(second.database, heard.append):
        for _ in range(500):
            first.wakeups.all()
            await asyncio.sleep(0)
        async with asyncio.timeout(15):
            await second.wakeups.timers.wait()
            while not heard:  # noqa: ASYNC110 - A list tells nobody when it grows.
                await asyncio.sleep(0.005)
    assert len(heard) <= 20


async def test_a_listener_that_is_cut_off_comes_back(two: tuple[Process, Process]) -> None:
    first, second = two

    async def work(connection: Connection) -> None:
        await connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        )

    with capture_logs() as logs:
        await first.database.transact(work)
        await second.hears(first)
        await first.hears(second)
    assert len(await listeners(first.database)) == 2
    assert len([line for line in logs if line["log_level"] == "warning"]) <= 2


async def test_without_a_database_it_is_said_once_and_tried_again() -> None:
    process = Process("postgresql+asyncpg://oncard@127.0.0.1:1/oncard")
    with capture_logs() as logs:
        async with process.running():
            process.wakeups.all()
            async with asyncio.timeout(15):
                while process.wakeups.abroad.is_set() or not logs:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)  # Logs tell nobody when they grow.
            process.wakeups.all()
    assert [line["event"] for line in logs if line["log_level"] != "debug"] == ["other_processes_not_heard"]


async def test_what_a_newer_version_says_to_its_own_is_no_error(two: tuple[Process, Process]) -> None:
    first, second = two

    async def work(connection: Connection) -> None:
        await notices.tell(connection, f"somebody {Wakeup.LEASES} something-new")

    await first.database.transact(work)
    async with asyncio.timeout(15):
        await second.wakeups.leases.wait()
