"""A connection that must be alone is held by one process at a time, and moves on when that one stops or dies."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.adapter import Adapter, Capabilities, Inbox
from bot.domain.definition import Secret, WorkspaceDefinition
from bot.engine.act import Desk
from bot.engine.alone import LEASE, MARGIN, RENEW_EVERY, Alone
from bot.engine.connections import ELSEWHERE, Connections
from bot.engine.wakeups import Wakeups
from storage.connection import Result, Work
from storage.database import Database
from tests.engine.stage import Platform, Stage
from tests.support.clocks import ManualClock, SetBackClock


class Single(Platform):
    """A platform that bears one connection; `counts` are how many it has had, change by change."""

    def __init__(self, counts: list[int]) -> None:
        super().__init__()
        self.counts = counts

    @property
    def capabilities(self) -> Capabilities:
        return replace(super().capabilities, alone=True)

    async def run(self, inbox: Inbox) -> None:
        inbox.connected()
        self.counts.append(self.counts[-1] + 1)
        try:
            await asyncio.Event().wait()
        finally:
            self.counts.append(self.counts[-1] - 1)


class Cut(Database):
    """A database that this process alone cannot reach while it `is_cut`; with `hangs` it does not even say so."""

    is_cut = False
    hangs = False
    under_way = 0

    async def transact(self, work: Work[Result], *, within: float | None = None) -> Result:
        if self.hangs:
            await asyncio.Event().wait()
        if self.is_cut:
            raise ConnectionRefusedError("the server is starting up")
        Cut.under_way += 1
        try:
            return await super().transact(work, within=within)
        finally:
            Cut.under_way -= 1


@dataclass
class Process:
    """One process: its own way to the database, its wake-ups and its connections."""

    database: Cut
    stage: Stage
    counts: list[int]
    wakeups: Wakeups = field(default_factory=Wakeups)

    def __post_init__(self) -> None:
        desk = Desk(self.database, self.stage.picture, self.wakeups, self.stage.clock, self.stage.vault.digest)
        self.connections = Connections(self.database, self.stage.vault, desk, self.connect, self.stage.clock)

    def connect(self, definition: WorkspaceDefinition, secrets: Mapping[str, Secret]) -> Adapter:
        return Single(self.counts)

    @property
    def why(self) -> str:
        """How the connection is, as `/readyz` tells it."""
        (status,) = self.connections.statuses.values()
        return "connected" if status.connected else status.why


@dataclass
class Two:
    """Two processes on one database, and how many connections the platform has had, change by change."""

    clock: ManualClock
    first: Process
    second: Process
    counts: list[int]

    async def until(self, is_so: Callable[[], bool], step: float = 0.0) -> None:
        """Wait until it is so; meanwhile time runs by `step` each moment."""
        async with asyncio.timeout(20):
            while not is_so():
                await self.advance(step)

    async def advance(self, seconds: float) -> None:
        """Let so much time pass, and everything come to rest that it sets going."""
        self.clock.advance(seconds)
        for _ in range(10):
            await asyncio.sleep(0)  # Whoever waits for this instant passes through the loop a few times.
        while Cut.under_way:
            await asyncio.sleep(0.001)
            for _ in range(10):
                await asyncio.sleep(0)


@pytest.fixture
async def two(schema_url: str) -> AsyncIterator[Two]:
    """Give two processes, of which the first is connected."""
    clock, counts = ManualClock(), [0]
    databases = [Cut(schema_url), Cut(schema_url)]
    stage = Stage(databases[1], clock)
    await stage.configure({"acme": 1})
    first, second = (Process(database, stage, counts) for database in databases)
    made = Two(clock, first, second, counts)
    await first.connections.follow()
    await made.until(lambda: first.why == "connected")
    await second.connections.follow()
    await made.until(lambda: second.why == ELSEWHERE)
    yield made
    databases[0].hangs = databases[0].is_cut = False
    for process in (first, second):
        await process.connections.close()
        await process.database.close()
    assert max(counts) == 1, "never two at once"


async def test_the_others_wait_and_can_send_all_the_same(two: Two) -> None:
    for _ in range(60):
        await two.advance(1)
    assert (two.first.why, two.second.why) == ("connected", ELSEWHERE)
    assert two.counts == [0, 1]
    assert len(two.second.connections.adapters) == 1


async def test_it_moves_at_once_when_the_holder_stops(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.engine.alone.GIVE_BACK_WITHIN", 15.0)
    await two.first.connections.hear_no_more()
    assert two.counts[-1] == 0
    assert two.first.wakeups.abroad.is_set(), "the other processes are told"
    two.second.wakeups.hear(two.first.wakeups.take_for_others())
    await two.until(lambda: two.second.why == "connected")
    assert two.clock.now() == ManualClock().now(), "no time has passed"


async def test_it_moves_within_the_lease_when_the_holder_dies(two: Two) -> None:
    two.first.database.hangs = True  # What a dead process does to its lease: nothing.
    began = two.clock.now()
    await two.until(lambda: two.second.why == "connected", step=0.1)
    assert two.clock.now() - began <= LEASE + timedelta(seconds=1.2)


@pytest.mark.parametrize("way", ["is_cut", "hangs"])
async def test_who_cannot_renew_lets_go_before_another_takes_it(two: Two, way: str) -> None:
    setattr(two.first.database, way, True)
    began = two.clock.now()
    await two.until(lambda: two.counts[-1] == 0, step=0.1)
    assert two.clock.now() - began <= LEASE - MARGIN + timedelta(seconds=0.2)
    assert two.second.why == ELSEWHERE


async def test_a_database_that_is_away_for_a_moment_costs_nothing(two: Two) -> None:
    two.first.database.is_cut = True
    for _ in range(int(RENEW_EVERY) + 2):
        await two.advance(1)
    two.first.database.is_cut = False
    for _ in range(30):
        await two.advance(1)
    assert two.first.why == "connected"
    assert two.counts == [0, 1]


async def test_a_process_that_was_asleep_finds_that_the_lease_is_gone(two: Two) -> None:
    """All its timers come at once: it lets go, and takes part again as one that waits."""
    two.first.database.hangs = True
    await two.until(lambda: two.second.why == "connected", step=0.1)
    two.first.database.hangs = False
    await two.until(lambda: two.first.why == ELSEWHERE, step=0.1)
    assert two.second.why == "connected"


async def test_a_clock_that_is_set_back_makes_no_lease_longer(schema_url: str) -> None:
    """The others, whose clocks are right, take the lease when it has run out."""
    clock, database = SetBackClock(), Cut(schema_url)
    began, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    running = asyncio.create_task(Alone(database, Wakeups(), clock).run("slack", work, lambda: None))
    await began.wait()
    database.is_cut = True
    clock.behind = timedelta(hours=1)
    steps = int((LEASE - MARGIN).total_seconds())
    for _ in range(steps):
        assert not ended.is_set()
        clock.advance(1)
        for _ in range(20):
            await asyncio.sleep(0)

    assert ended.is_set()
    running.cancel()
    await asyncio.wait([running])
    await database.close()
