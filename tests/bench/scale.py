"""How fast the engine finds its work among 100,000 open incidents and 1,000,000 stored deliveries.

First the parts alone, in this process: each call's time and each query's plan. Then the real server while 1,000
incidents fall due each second: how late they are looked at, and what it holds in memory.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import islice

import uvloop
from prometheus_client.samples import Sample

from bot.clock import SystemClock
from bot.domain.incident import IncidentId
from bot.domain.people import WorkspaceId
from bot.engine.picture import Picture
from bot.engine.timers import MOST_TOGETHER, Timers
from bot.engine.wakeups import Wakeups
from storage import claims, deliveries, front, incidents
from storage.database import Connection, Database
from storage.deliveries import Room
from tests.bench import configuration, explain, filling
from tests.bench.configuration import channel, file, level
from tests.bench.databases import KINDS, databases
from tests.bench.figures import Rounds, percentile, say
from tests.bench.filling import Named, Wanted
from tests.bench.oncard import Oncard, serving, total
from tests.bench.plan import Plan, Void
from tests.bench.slack import Slack, slack

WANTED = Wanted(incidents=100_000, deliveries=1_000_000, pending=5_000)
CALLS = 200
BUSY = 10
FEW = 100
"""In how many conversations messages wait in a lesser storm."""
DUE_TOGETHER = (1, 10, 20)
"""How many fall due at once: what does so in 10 and 20 ms while 1,000 do in a second."""
DUE_PER_SECOND = 1_000.0
DUE_SECONDS = 20.0
START_WITHIN = 30.0
LONGEST = 120.0
LONGEST_SHOWN = 240
LATENESS = "oncard_due_lateness_seconds"

Call = Callable[[], Awaitable[object]]


def run(plan: Plan) -> None:
    """Measure on both kinds of database, and print the tables."""
    calls, server = Rounds(), Rounds()
    with databases(plan.folder) as fresh:
        for number in range(plan.rounds):
            for kind in KINDS:
                with fresh(kind) as (home, url), slack(home) as platform:
                    text = _configuration(platform)
                    with serving(home, url, text) as empty:
                        before = empty.memory()
                    # By the event loop that the service has.
                    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                        start = runner.run(_fill_and_call(calls, kind, url, is_first=number == 0))
                    with serving(home, url) as full:
                        _serve(server, kind, full, start, before)
    size = f"{WANTED.incidents:,} open incidents, {WANTED.deliveries:,} deliveries, {WANTED.pending:,} of them pending"
    say(f"scale: {CALLS} calls each at {size}; median (least–most) of {plan.rounds} rounds")
    calls.print("call")
    say(f"the server while {DUE_PER_SECOND:,.0f} incidents fall due each second for {DUE_SECONDS:g} s")
    server.print("database")


def _configuration(platform: Slack) -> str:
    levels = (level("ana", chats=platform.chats, after="12h"), level("bo", after="12h"))
    return file([channel("payments", configuration.ONE, *levels)], platform.workspaces)


# ---- the parts alone -------------------------------------------------------------------------------------------------


async def _fill_and_call(rounds: Rounds, kind: str, url: str, *, is_first: bool) -> datetime:
    """Return from when on incidents fall due."""
    database = Database(url)
    try:
        ids = await filling.named(database)
        numbers = await filling.fill(database, WANTED, ids, SystemClock().now())
        with explain.listening() as heard:
            await _calls(rounds, kind, database, ids)
            await _ticks(rounds, kind, database, numbers)
        if is_first:
            say(f"how {kind} finds the rows of each query")
            for query, how in await explain.plans(database, heard):
                say(f"- {query[:LONGEST_SHOWN]}")
                say(f"    {how[:LONGEST_SHOWN]}")
            say("")
        # What the calls have left waiting would be a storm of its own beside what falls due.
        await filling.leave(database, ())
        start = SystemClock().now() + timedelta(seconds=START_WITHIN)
        due = numbers[-int(DUE_PER_SECOND * DUE_SECONDS) :]
        await filling.fall_due(database, due, start, DUE_PER_SECOND)
        return start
    finally:
        await database.close()


async def _calls(rounds: Rounds, kind: str, database: Database, ids: Named) -> None:
    now = SystemClock().now
    room = Room(most=32, each=12)
    # As in a storm: most of the conversations that wait have had their message of this second.
    crowded = Room(most=32, each=12, busy={(WorkspaceId(ids.workspace), place) for place in filling.places()[BUSY:]})

    async def due(connection: Connection) -> object:
        return await incidents.due(connection, now(), MOST_TOGETHER)

    async def claim(connection: Connection) -> object:
        if await deliveries.is_overdue(connection, now()):
            await deliveries.reclaim(connection, now())
        return await claims.claim(connection, "bench", now(), room)

    async def claim_elsewhere(connection: Connection) -> object:
        return await claims.claim(connection, "bench", now(), crowded)

    async def later(connection: Connection) -> object:
        return await front.what_waits(connection, now())

    async def queue(connection: Connection) -> object:
        return await incidents.count_by_progress(connection), await deliveries.queue(connection)

    _note(rounds, f"{kind}: what is up", await _times(lambda: database.read(incidents.what_is_up)))
    _note(rounds, f"{kind}: due, nothing is", await _times(lambda: database.transact(due)))
    _note(rounds, f"{kind}: claim, {filling.PLACES} conversations wait", await _times(lambda: database.transact(claim)))
    _note(
        rounds, f"{kind}: claim, all but {BUSY} of them busy", await _times(lambda: database.transact(claim_elsewhere))
    )
    _note(rounds, f"{kind}: what waits", await _times(lambda: database.read(later)))
    _note(rounds, f"{kind}: the gauges of /metrics", await _times(lambda: database.read(queue), 20))
    await filling.leave(database, filling.places()[:FEW])
    # As many calls as find something to claim everywhere.
    _note(rounds, f"{kind}: claim, {FEW} conversations wait", await _times(lambda: database.transact(claim), FEW // 4))


async def _ticks(rounds: Rounds, kind: str, database: Database, numbers: list[IncidentId]) -> None:
    """Measure ticks with as much work as one takes, and with less."""
    timers = Timers(database, Picture(SystemClock().now), Wakeups(), SystemClock())
    past = SystemClock().now() - timedelta(hours=1)
    full = CALLS // 10
    await filling.fall_due(database, numbers[: full * MOST_TOGETHER], past, 1e9)
    _note(rounds, f"{kind}: tick, {MOST_TOGETHER} due", await _times(timers.tick, full))
    _note(rounds, f"{kind}: tick, nothing due", await _times(timers.tick))
    left = iter(numbers[full * MOST_TOGETHER :])
    for count in DUE_TOGETHER:
        times: list[float] = []
        for _ in range(CALLS // 2):
            await filling.fall_due(database, list(islice(left, count)), past, 1e9)
            times += await _times(timers.tick, 1)
        _note(rounds, f"{kind}: tick, {count} due", times)


async def _times(call: Call, count: int = CALLS) -> list[float]:
    """Return how many milliseconds each of so many calls took."""
    times = []
    for _ in range(count):
        start = time.perf_counter()
        await call()
        times.append((time.perf_counter() - start) * 1000)
    return times


def _note(rounds: Rounds, row: str, times: list[float]) -> None:
    rounds.note(row, p50_ms=percentile(times, 0.5), p99_ms=percentile(times, 0.99), most_ms=max(times))


# ---- the server ------------------------------------------------------------------------------------------------------


def _serve(rounds: Rounds, kind: str, server: Oncard, start: datetime, memory_before: float) -> None:
    """Measure a server that has just started. Raises Void when it did so after the first incidents fell due."""
    memory_at_start = server.memory()
    if SystemClock().now() > start:
        raise Void(f"{kind}: the server started too late: incidents were due already")
    took = asyncio.run(_until_looked_at(server, start))
    begin = time.perf_counter()
    samples = server.samples()
    rounds.note(
        kind,
        fell_due=total(samples, f"{LATENESS}_count"),
        **{"late p50 ≤ ms": _at_most(samples, 0.5), "late p99 ≤ ms": _at_most(samples, 0.99)},
        all_after_s=took,
        metrics_ms=(time.perf_counter() - begin) * 1000,
        MB_empty=memory_before,
        MB_at_start=memory_at_start,
        MB_after=server.memory(),
    )


async def _until_looked_at(server: Oncard, start: datetime) -> float:
    """Wait until all that fell due were looked at, but not for ever; return after how many seconds that was.

    Nothing is asked of the server while they fall due: the answer would cost it time.
    """
    clock = SystemClock()
    await clock.sleep((start - clock.now()).total_seconds() + DUE_SECONDS)
    while (spent := (clock.now() - start).total_seconds()) < LONGEST:
        if server.total(f"{LATENESS}_count") >= DUE_PER_SECOND * DUE_SECONDS:
            return spent
        await clock.sleep(1)
    return math.inf


def _at_most(samples: list[Sample], share: float) -> float:
    """Return the bound, in milliseconds, of the histogram's bucket in which this share of the incidents was seen."""
    wanted = share * total(samples, f"{LATENESS}_count")
    bounds = {one.labels["le"]: one.value for one in samples if one.name == f"{LATENESS}_bucket"}
    return min((float(bound) * 1000 for bound, count in bounds.items() if count >= wanted), default=math.nan)
