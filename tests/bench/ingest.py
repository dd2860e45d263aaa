"""How many alerts are taken in, durably: the whole decision is committed before the answer.

Each request brings new alerts, so each opens incidents. A run counts only if the database holds exactly the alerts
that were answered with success.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.clock import SystemClock
from tests.bench import ceiling, configuration, machine, stored
from tests.bench.configuration import channel, file, level
from tests.bench.databases import KINDS, Fresh, databases
from tests.bench.figures import Rounds, say
from tests.bench.machine import Cpu
from tests.bench.oncard import Oncard, serving
from tests.bench.plan import Plan, Void
from tests.bench.slack import slack
from tests.bench.wrk import Load, Report, load, program

WARM_UP = 2.0
SETTLE_WITHIN = 60.0
QUIET = 2.0
MANY, FEW = 64, 4
ASKED = {1: (2_500, 4_479), 100: (12_000, 25_872)}
"""How many alerts a second are asked for, by how many a request holds, and what the ceiling took where that was set.

Machines differ, and so does one from one hour to the next: what is asked for is the share.
"""


@dataclass(frozen=True, slots=True)
class Variant:
    """What is measured: the database, how many processes share it, what a request holds, how many come at a time."""

    database: str
    per_request: int
    processes: int = 1
    connections: int = MANY
    is_with_chat: bool = False

    @property
    def name(self) -> str:
        """The row's name."""
        chat = ", chat app" if self.is_with_chat else ""
        several = f" × {self.processes} processes" if self.processes > 1 else ""
        few = f", {self.connections} connections" if self.connections != MANY else ""
        return f"{self.database}{several}, {self.per_request} per request{few}{chat}"


VARIANTS = (
    *(Variant(database, per_request) for database in KINDS for per_request in (1, 100)),
    # With 100 each, 64 that come at a time are 6,400 alerts: how soon each is answered says how many wait before it.
    *(Variant(database, 100, connections=FEW) for database in KINDS),
    *(Variant("PostgreSQL", per_request, processes) for processes in (2, 3) for per_request in (1, 100)),
    *(Variant(database, 1, is_with_chat=True) for database in KINDS),
)


def run(plan: Plan) -> None:
    """Measure all variants in turn, and print the table."""
    program()
    rounds = Rounds()
    with databases(plan.folder) as fresh:
        for _ in range(plan.rounds):
            floor = _floor(plan)
            ceilings = {per_request: _ceiling(per_request, plan, rounds) for per_request in (1, 100)}
            for variant in VARIANTS:
                report, used = _measure(variant, plan, fresh)
                alerts = report.per_second * variant.per_request
                rounds.note(
                    variant.name,
                    **{"requests/s": report.per_second, "alerts/s": alerts, "p50 ms": report.p50, "p99 ms": report.p99},
                    **{"not 2xx": report.refused + report.lost, "× floor": alerts / floor},
                    **{"× ceiling": alerts / ceilings[variant.per_request]},
                    **{"cores: servers": used.ours, "all": used.whole},
                )
            rounds.note("the floor: plain SQLite, one row per commit", **{"alerts/s": floor, "× floor": 1})
    usual = f"{MANY} connections if nothing else is said, {plan.seconds:g} s each"
    say(f"ingest: wrk, {usual}, median (least–most) of {plan.rounds} rounds")
    rounds.print("variant")
    for per_request, (alerts, ceiling_there) in ASKED.items():
        there = f"{alerts:,} alerts/s where the ceiling took {ceiling_there:,}"
        say(f"asked of SQLite, {per_request} per request: {alerts / ceiling_there:.2f} × ceiling ({there})")


def _floor(plan: Plan) -> float:
    with machine.fresh_folder(plan.folder) as home:
        return machine.commits_per_second(home, min(plan.seconds, 3))


def _ceiling(per_request: int, plan: Plan, rounds: Rounds) -> float:
    """Measure what takes alerts and decides nothing; return how many it took in a second."""
    with machine.fresh_folder(plan.folder) as home, ceiling.ceiling(home) as server:
        load([server.url], Load(ceiling.PATH, WARM_UP, MANY, per_request))
        start, before = time.perf_counter(), Cpu.now([server.pid])
        report = load([server.url], Load(ceiling.PATH, plan.seconds, MANY, per_request))
        used = Cpu.now([server.pid]).since(before, time.perf_counter() - start)
    alerts = report.per_second * per_request
    rounds.note(
        f"the ceiling: nothing is decided, {per_request} per request",
        **{"requests/s": report.per_second, "alerts/s": alerts, "p50 ms": report.p50, "p99 ms": report.p99},
        **{"not 2xx": report.refused + report.lost, "× ceiling": 1, "cores: servers": used.ours, "all": used.whole},
    )
    return alerts


def _measure(variant: Variant, plan: Plan, fresh: Fresh) -> tuple[Report, Cpu]:
    with fresh(variant.database) as (home, url), contextlib.ExitStack() as stack:
        chats: tuple[str, ...] = ()
        workspaces: tuple[configuration.Part, ...] = ()
        if variant.is_with_chat:
            platform = stack.enter_context(slack(home))
            chats, workspaces = platform.chats, platform.workspaces
        way = level("ana", chats=chats)
        payments = channel("payments", configuration.ONE, way)
        text = file([payments], workspaces)
        # The first applies the configuration; the others find it in the database.
        servers = [stack.enter_context(serving(home, url, text))]
        servers += [stack.enter_context(serving(home, url)) for _ in range(variant.processes - 1)]
        return _loaded(variant, plan, servers, url)


def _loaded(variant: Variant, plan: Plan, servers: Sequence[Oncard], url: str) -> tuple[Report, Cpu]:
    """Return what wrk saw, and how many cores were busy meanwhile."""
    path = configuration.path(configuration.ONE)
    addresses = [server.url for server in servers]
    warm = load(addresses, Load(path, WARM_UP, variant.connections, variant.per_request))
    _settled(servers, url)
    processes = [server.process.pid for server in servers]
    start, before = time.perf_counter(), Cpu.now(processes)
    report = load(addresses, Load(path, plan.seconds, variant.connections, variant.per_request))
    used = Cpu.now(processes).since(before, time.perf_counter() - start)
    _check(variant, (warm, report), _settled(servers, url))
    return report, used


def _settled(servers: Sequence[Oncard], url: str) -> tuple[int, float]:
    """Return how many alerts are stored and how many requests were answered, once neither grows any more.

    When the load stops, the servers still have what had arrived by then.
    """

    async def look() -> tuple[int, float]:
        clock = SystemClock()
        before = (-1, -1.0)
        for _ in range(int(SETTLE_WITHIN / QUIET)):
            answered = sum(server.total("oncard_requests_total", status="200") for server in servers)
            now = ((await stored.counts(url))["alerts"], answered)
            if now == before:
                return now
            before = now
            await clock.sleep(QUIET)
        raise Void(f"the load stopped {SETTLE_WITHIN:g} s ago, and alerts are still being stored")

    return asyncio.run(look())


def _check(variant: Variant, reports: Sequence[Report], settled: tuple[int, float]) -> None:
    """Compare what was answered with what is stored. Raises Void.

    What wrk cut off at its end may be stored without its having seen the answer; the servers know of each.
    """
    held, requests = settled
    answered = requests * variant.per_request
    seen = sum(report.taken for report in reports) * variant.per_request
    cut_off = sum(report.under_way for report in reports) * variant.per_request
    if held != answered or not seen <= held <= seen + cut_off:
        raise Void(f"{variant.name}: {held} alerts are stored, {answered:.0f} were answered, wrk saw {seen} answered")
