"""Trouble that is no kill: each befalls a run in a storm, says in a line what was seen, and adds its faults to the run.

What the model demands at the end is the same as after kills; only here no process is to blame, so nothing may have come
twice but what the chat itself left without an answer.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import httpx

from bot.playground.slack.faults import Fault
from bot.playground.slack.faults import Kind as TroubleKind
from tests.crash.disks import Disk
from tests.crash.history import OUTAGE, Interruption
from tests.crash.postmaster import Postmaster
from tests.crash.run import Outcome, Plan, Run, running

BEFORE: Final = 4.0
AFTERWARDS: Final = 4.0
UNREACHABLE_FOR: Final = 30.0
RESTARTS: Final = 4
FULL_WITHIN: Final = 30.0
BACK_WITHIN: Final = 15.0
# The adapter's own patience is 4 s, and two seconds more.
TOO_LATE: Final = 9.0
# What the chat does, with what value: a status, or seconds to wait.
TROUBLES: Final[Mapping[TroubleKind, str]] = {"hang": "", "garble": "", "status": "503", "cut": "", "rate_limit": "2"}

Trouble = Callable[[Run], Awaitable[str]]
"""Does something to a run; returns in words what was seen."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What `/readyz` says."""

    status: int
    why: str


async def befall(plan: Plan, trouble: Trouble) -> tuple[Outcome, str]:
    """Let it befall a run, and judge what came of that."""
    async with running(plan) as (run, storming):
        await run.clock.sleep(BEFORE)
        said = await trouble(run)
        await run.clock.sleep(AFTERWARDS)
        outcome = await run.finish(storming)
    return outcome, said


def full_disk(disk: Disk) -> Trouble:
    """The disk of the database is full for a while."""

    async def trouble(run: Run) -> str:
        server = run.servers[0]
        refused_before = len(run.storm.refused)
        disk.fill(server.pid)
        try:
            full = await _until(run, lambda: bool(run.storm.refused[refused_before:]), FULL_WITHIN)
            ready = await _ready(run, 503, FULL_WITHIN)
            await run.clock.sleep(BEFORE)
        finally:
            disk.clear(server.pid)
        refused = run.storm.refused[refused_before:]
        if not full:
            run.faults.append("no request was refused while the disk was full")
        if ready.status != 503:
            run.faults.append(f"/readyz answered {ready.status} while the disk was full")
        wrong = [one for one in refused if one.status < 500 or not one.retry_after]
        run.faults += [f"refused with {one.status}, Retry-After {one.retry_after!r}" for one in wrong[:3]]
        again = await _ready(run, 200, BACK_WITHIN)
        if again.status != 200:
            run.faults.append(f"/readyz answered {again.status} {again.why} when there was room again")
        return f"{type(disk).__name__}: {len(refused)} requests refused with 5xx, /readyz {ready.status} ({ready.why})"

    return trouble


def restarted(postmaster: Postmaster) -> Trouble:
    """The database is shut down at once and comes back, several times."""

    async def trouble(run: Run) -> str:
        refused_before = len(run.storm.refused)
        slowest = 0.0
        for number in range(RESTARTS):
            began = run.clock.now()
            await postmaster.restart(float(number))
            run.interrupted(OUTAGE, began)
            up = run.clock.now()
            ready = await _ready(run, 200, BACK_WITHIN)
            if ready.status != 200:
                run.faults.append(f"/readyz answers {ready.status} {ready.why} though the database is back")
            slowest = max(slowest, (run.clock.now() - up).total_seconds())
            await run.clock.sleep(3)
        refused = len(run.storm.refused) - refused_before
        return f"{RESTARTS} restarts, {refused} requests refused, ready again at most {slowest:.2f} s after it was up"

    return trouble


def unreachable(postmaster: Postmaster) -> Trouble:
    """The database answers nothing for half a minute."""

    async def trouble(run: Run) -> str:
        refused_before, taken_before = len(run.storm.refused), run.storm.taken
        began = run.clock.now()
        hanging = asyncio.create_task(postmaster.hang(UNREACHABLE_FOR))
        ready = await _ready(run, 503, FULL_WITHIN)
        await hanging
        run.interrupted(OUTAGE, began)
        if ready.status != 503:
            run.faults.append(f"/readyz answered {ready.status} while the database did not")
        up = run.clock.now()
        again = await _ready(run, 200, BACK_WITHIN)
        await _until(run, lambda: run.storm.taken > taken_before + 5, BACK_WITHIN)
        if again.status != 200 or run.storm.taken <= taken_before + 5:
            run.faults.append(f"{BACK_WITHIN:g} s after the database was back, it did not go on")
        refused = len(run.storm.refused) - refused_before
        back = (run.clock.now() - up).total_seconds()
        seen = f"/readyz {ready.status} ({ready.why}), {refused} refused"
        return f"{UNREACHABLE_FOR:g} s away, {seen}, went on after {back:.1f} s"

    return trouble


async def chat_in_trouble(run: Run) -> str:
    """The chat hangs, answers too late, answers nonsense, cuts the line, with and without having taken the message."""
    faults = run.chat.slack.faults
    struck = 0
    for kind, method, applied in itertools.product(TROUBLES, ("chat.postMessage", "chat.update"), (False, True)):
        if applied and kind == "rate_limit":
            continue  # Nobody says "too fast" to what he has taken.
        fault = faults.add(Fault(kind, method, TROUBLES[kind], applied=applied))
        if not await _until(run, partial(_is_used, fault), BACK_WITHIN):
            # It would strike later, and nobody would note that.
            faults.remove(fault)
            continue
        struck += 1
        now = run.clock.now()
        if applied or kind == "hang":
            run.interruptions.append(Interruption("chat", now, now + timedelta(seconds=TOO_LATE)))
        if kind == "hang":
            await run.clock.sleep(TOO_LATE)
            fault.hold.release()
    return f"{struck} calls hung, were answered too late, with nonsense, or not at all"


def _is_used(fault: Fault) -> bool:
    return not fault.times


async def _until(run: Run, holds: Callable[[], bool], seconds: float) -> bool:
    until = run.clock.now() + timedelta(seconds=seconds)
    while not holds() and run.clock.now() < until:
        await run.clock.sleep(0.02)
    return holds()


async def _ready(run: Run, wanted: int, seconds: float) -> Ready:
    """Ask until the answer is as wanted; return the last one."""
    until = run.clock.now() + timedelta(seconds=seconds)
    said = Ready(0, "no answer")
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        while said.status != wanted and run.clock.now() < until:
            try:
                answer = await client.get(f"{run.servers[0].url}/readyz")
                said = Ready(answer.status_code, str(answer.json().get("why")))
            except httpx.TransportError as error:
                said = Ready(0, type(error).__name__)
            await run.clock.sleep(0.05)
    return said
