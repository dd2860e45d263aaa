"""A run: the chat, the processes and the storm together, what is done to them meanwhile, and the judgement."""

import asyncio
import contextlib
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bot.clock import Clock, SystemClock
from bot.playground.slack import SlackServer
from storage.database import Database
from tests.crash import model, rows
from tests.crash.carriers import Carriers
from tests.crash.chat import Chat, Latency
from tests.crash.hands import Hands
from tests.crash.history import History, Interruption
from tests.crash.model import Verdict
from tests.crash.servers import Serve, Server
from tests.crash.setting import environment, setting, write
from tests.crash.storm import Storm
from tests.crash.weather import Weather

QUIET_WITHIN: Final = 240.0
LOOK_EVERY: Final = 0.25
# What was under way when the last process was killed has come to its end in those that live.
SETTLED_AFTER: Final = 2.0
LONGEST_WAIT_FOR_A_MOMENT: Final = 3.0
MOST_STARTS: Final = 5
# Where people have phones they leave each other some time.
LEISURE: Final = 6.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run. `loops`: the last levels remind once more, after 30 s; `ages_leases`: nobody waits out a lease.

    `lines`: people are paged by SMS, call and e-mail, too, and everything that carries messages is in trouble at times.
    """

    database_url: str
    folder: Path
    seed: int
    processes: int = 1
    loops: bool = True
    ages_leases: bool = False
    is_slow: bool = True
    most_firing: int = 16
    lines: bool = False


@dataclass(slots=True)
class Figures:
    """What is counted while it runs."""

    kills: int = 0
    pauses: int = 0
    ready_after: list[float] = field(default_factory=list)
    takeovers: list[float] = field(default_factory=list)
    quiet_after: float = 0.0
    troubles: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    plan: Plan
    figures: Figures
    history: History
    storm: Storm
    verdict: Verdict
    errors: Counter[str]
    faults: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether all that must be true is."""
        return self.verdict.is_good and not self.faults


class Run:
    """A run under way."""

    def __init__(self, plan: Plan, slack: SlackServer, clock: Clock, carriers: Carriers | None = None) -> None:
        self.plan = plan
        self.clock = clock
        self.chat = Chat(slack)
        self.carriers = carriers
        self.setting = setting(slack, loops=plan.loops, providers=carriers.configuration() if carriers else ())
        public_url = carriers.door.url if carriers else ""
        serve = Serve(write(self.setting, plan.folder), environment(plan.database_url, public_url), plan.folder)
        self.servers = [Server(serve, f"server{number + 1}", clock) for number in range(plan.processes)]
        self.dice = dice(plan.seed, "trouble")
        self.storm = Storm(
            self.setting,
            self.chat,
            [server.url for server in self.servers],
            dice(plan.seed, "storm"),
            clock,
            plan.most_firing,
            leisure=LEISURE if carriers else 1.0,
        )
        if carriers:
            carriers.door.ports = [server.port for server in self.servers]
        self.figures = Figures()
        self.interruptions: list[Interruption] = []
        self.faults: list[str] = []
        self._held: dict[int, tuple[str, datetime]] = {}

    async def start(self, server: Server) -> None:
        """Start a process and note how long that took; one that does not start is a fault, and is tried again."""
        for _ in range(MOST_STARTS - 1):
            try:
                self.figures.ready_after.append(await server.start())
            except RuntimeError as error:
                self.faults.append(f"{server.name} did not start: {str(error)[-500:]}")
                await self.clock.sleep(LOOK_EVERY)
            else:
                return
        self.figures.ready_after.append(await server.start())

    def interrupted(self, what: str, began: datetime) -> None:
        """Note what cut off or held up what was under way, until now."""
        self.interruptions.append(Interruption(what, began, self.clock.now()))

    # ---- kills and pauses --------------------------------------------------------------------------------------------

    async def kill(self, server: Server) -> None:
        """Kill a process, note what it held, and start it again."""
        async with server.lock:
            began = self.clock.now()
            self._note_end(server, await server.kill())
            self.interrupted("kill", began)
            self.figures.kills += 1
            await self._note_claims(began)
            await self.start(server)

    async def kills(self, count: int) -> None:
        """Kill so many processes, each at an instant of its own; at times all of them at once."""
        target = self.figures.kills + count
        while self.figures.kills < target:
            await self.moment()
            is_for_all = self.dice.random() < 0.15 and self.figures.kills + len(self.servers) <= target
            victims = self.servers if is_for_all else [self.dice.choice(self.servers)]
            await asyncio.gather(*(self.kill(server) for server in victims))

    async def moment(self) -> None:
        """Wait for an instant to strike: at random, just after an answer to a sender, or just after a message."""
        await self.clock.sleep(self.dice.uniform(0.2, 1.8))
        event = self.dice.choice((None, self.storm.answered, self.chat.arrived, self.chat.arrived))
        if event is not None:
            event.clear()
            await self.clock.wait(event, LONGEST_WAIT_FOR_A_MOMENT)
            await self.clock.sleep(self.dice.uniform(0.0, 0.1))

    async def pauses(self) -> None:
        """Hold processes up for a while, one after the other, for ever."""
        while True:
            await self.clock.sleep(self.dice.uniform(0.5, 3.0))
            server = self.dice.choice(self.servers)
            async with server.lock:
                began = self.clock.now()
                server.signal(signal.SIGSTOP)
                try:
                    await self.clock.sleep(self.dice.uniform(0.1, 3.0))
                finally:
                    server.signal(signal.SIGCONT)
                    self.interrupted("pause", began)
                    self.figures.pauses += 1

    async def trouble(self, carriers: Carriers) -> None:
        """Let everything that carries messages be in trouble at times, for ever."""
        dice_ = dice(self.plan.seed, "weather")
        weather = Weather(self.chat.slack, carriers, self.interrupted, dice_, self.clock)
        try:
            await weather.run()
        finally:
            self.figures.troubles = weather.count

    async def _note_claims(self, at: datetime) -> None:
        database = Database(self.plan.database_url)
        try:
            for number, claim in (await rows.claims(database)).items():
                self._held[number] = (claim, at)
        finally:
            await database.close()

    # ---- the end -----------------------------------------------------------------------------------------------------

    async def finish(self, storming: asyncio.Task[None]) -> Outcome:
        """Let the storm end, wait until all is quiet, and judge."""
        self.storm.stopping.set()
        await storming
        await self.quiet()
        database = Database(self.plan.database_url)
        try:
            history = History(self.clock.now(), self.setting.levels)
            await rows.load(database, history)
        finally:
            await database.close()
        history.posts, history.interruptions = self.storm.posts, self.interruptions
        history.arrivals, history.shown = self.chat.arrivals, self.chat.shown()
        history.open_on_board = self.chat.open_on_board()
        if self.carriers is not None:
            history.arrivals = history.arrivals + self.carriers.arrivals(history.deliveries, history.incidents)
            history.rings = self.carriers.rings(history.deliveries)
            history.words = self.carriers.words(history.deliveries)
        self._note_takeovers(history)
        for server in self.servers:
            self._note_end(server, await server.stop())
        errors = sum((server.errors for server in self.servers), Counter[str]())
        verdict = model.judge(history)
        return Outcome(self.plan, self.figures, history, self.storm, verdict, errors, tuple(self.faults))

    async def quiet(self) -> None:
        """Wait until nothing is to be sent and nothing falls due; what the dead held is first waited for, or aged."""
        began = self.clock.now()
        until = began + timedelta(seconds=QUIET_WITHIN)
        await self.clock.sleep(SETTLED_AFTER)
        database = Database(self.plan.database_url)
        try:
            if self.plan.ages_leases:
                await rows.age(database, [claim for claim, _ in self._held.values()], self.clock.now())
            while (left := await rows.left(database)) != rows.Left(0, 0):
                if self.clock.now() > until:
                    self.faults.append(f"not quiet after {QUIET_WITHIN:g} s: {left.messages} messages, {left.due} due")
                    break
                await self.clock.sleep(LOOK_EVERY)
        finally:
            await database.close()
        self.figures.quiet_after = (self.clock.now() - began).total_seconds()

    def _note_end(self, server: Server, code: int | None) -> None:
        if code is not None:
            self.faults.append(f"{server.name} had ended by itself, with {code}")

    def _note_takeovers(self, history: History) -> None:
        """What a dead process held was settled by another, so long after its death."""
        for row in history.deliveries:
            held = self._held.get(row.id)
            if held is not None and row.is_uncertain and row.settled_at is not None:
                self.figures.takeovers.append((row.settled_at - held[1]).total_seconds())


@contextlib.asynccontextmanager
async def running(plan: Plan) -> AsyncIterator[tuple[Run, asyncio.Task[None]]]:
    """Start everything, and give the run with the storm that blows; what still runs at the end is ended."""
    clock = SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackServer(clock))
        carriers = Carriers(clock, dice(plan.seed, "door")) if plan.lines else None
        if carriers is not None:
            await stack.enter_async_context(carriers.running())
        run = Run(plan, slack, clock, carriers)
        tasks: list[asyncio.Task[None]] = []
        try:
            await asyncio.gather(*(run.start(server) for server in run.servers))
            if carriers is not None:
                await rows.prove(plan.database_url, clock.now())
                tasks.append(asyncio.create_task(Hands(carriers, run.storm, dice(plan.seed, "hands"), clock).run()))
            if plan.is_slow:
                tasks.append(asyncio.create_task(Latency(slack, dice(plan.seed, "latency"), clock).run()))
            storming = asyncio.create_task(run.storm.run())
            tasks.append(storming)
            yield run, storming
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for server in run.servers:
                await server.kill()


async def crash(plan: Plan, kills: int) -> Outcome:
    """Kill so many processes in a storm, and judge what came of it."""
    async with running(plan) as (run, storming):
        meanwhile = [asyncio.create_task(run.pauses())] if plan.processes > 1 else []
        if run.carriers is not None:
            meanwhile.append(asyncio.create_task(run.trouble(run.carriers)))
        await run.kills(kills)
        for task in meanwhile:
            task.cancel()
        for said in await asyncio.gather(*meanwhile, return_exceptions=True):
            if isinstance(said, Exception):
                raise said
        return await run.finish(storming)


def dice(seed: int, what: str) -> random.Random:
    """Return chance that falls the same way again for the same seed."""
    return random.Random(f"{seed} {what}")  # noqa: S311 - no secret is made of it
