"""Crash injection: the real server is killed in a storm, and a model says what must have come of it.

    python -m tests.crash --kills 1000 --database sqlite
    python -m tests.crash --kills 1000 --database postgresql --processes 3 --seed 7

`oncard serve` runs as a process (or several, on one PostgreSQL) against a chat server in this process. Senders post
alerts, changes, repetitions and recoveries, and send each request again until it is answered with 2xx; people click and
type; levels follow each other within seconds. Meanwhile processes are killed with SIGKILL at random instants: also just
after an answer to a sender, and while messages are being sent. Several processes are held up by SIGSTOP, too.

When all has become quiet, `tests/crash/model.py` holds what was posted, what the chat received and what the database
holds against the laws at its head. The figures are printed; with any violation the program says what, names the seed,
and ends with 1. The same seed makes the same choices; the machine's own timing stays its own.

    python -m tests.crash --kills 30 --lines

With `--lines` people have phones and mailboxes, too, and answer by them; a Twilio and a mail server, which live in this
process, carry what is for them; and they and the chat refuse, hang, cut the line, vanish, and report late, twice or
never. Then the laws of `tests/crash/ways.py` count as well.

    python -m tests.crash --scenario disk-full
    python -m tests.crash --scenario all

Each scenario is other trouble in the same storm, before the same model, and prints a line: `disk-full` on SQLite, on a
small disk where we may mount one, else with a limit to the size of files; `database-restarted` and
`database-unreachable` on PostgreSQL; `clock-jump` on both, in this process, on the tests' clock; `chat-in-trouble` on
SQLite: the chat hangs, answers too late or with nonsense, or cuts the line.
"""

import asyncio
import contextlib
import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from bot import logs
from bot.clock import SystemClock
from tests.crash import report
from tests.crash.disks import small_disk
from tests.crash.jumps import jump
from tests.crash.postmaster import Postmaster
from tests.crash.run import Outcome, Plan, crash
from tests.crash.scenarios import befall, chat_in_trouble, full_disk, restarted, unreachable
from tests.support.postgresql import postgresql

# Where people have many ways, so many alerts are in trouble at once.
FEW: Final = 9
SCENARIOS: Final = ("disk-full", "database-restarted", "database-unreachable", "clock-jump", "chat-in-trouble")


@click.command
@click.option("--kills", type=click.IntRange(1), default=20, show_default=True, help="How many processes are killed.")
@click.option("--database", "kind", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--processes", type=click.IntRange(1, 3), default=1, show_default=True, help="PostgreSQL only.")
@click.option("--seed", type=int, default=1, show_default=True, help="What chance begins with.")
@click.option("--lines", is_flag=True, help="Page by SMS, calls and e-mail, too, with trouble everywhere.")
@click.option("--scenario", type=click.Choice(["kills", "all", *SCENARIOS]), default="kills", show_default=True)
def main(kills: int, kind: str, processes: int, seed: int, *, lines: bool, scenario: str) -> None:
    """Kill Oncard in a storm, or let other trouble befall it, and judge what came of it."""
    logs.configure(logs.Style.TEXT, logging.ERROR)
    if kind == "sqlite" and processes > 1:
        raise click.UsageError("SQLite takes one process: use --database postgresql")
    if scenario == "kills":
        sys.exit(0 if _kills(kills, kind, processes, seed, lines=lines) else 1)
    wanted = SCENARIOS if scenario == "all" else (scenario,)
    verdicts = [_befall(name, seed) for name in wanted]
    sys.exit(0 if all(verdicts) else 1)


def _kills(kills: int, kind: str, processes: int, seed: int, *, lines: bool) -> bool:
    with _folder() as folder, _database(kind, folder) as url:
        plan = Plan(url, folder, seed, processes, loops=not lines, most_firing=FEW if lines else 16, lines=lines)
        outcome = asyncio.run(crash(plan, kills))
    beside = ", SMS, calls and e-mail beside the chat" if lines else ""
    click.echo(f"{kind}, {processes} process{'es' if processes > 1 else ''}{beside}, seed {seed}")
    for said in (report.table(outcome), report.errors(outcome), report.account(outcome)):
        if said:
            click.echo(said)
    return outcome.is_good


def _befall(name: str, seed: int) -> bool:
    """Run one scenario and print its line."""
    if name == "clock-jump":
        return _jump()
    with _folder() as folder, contextlib.ExitStack() as stack:
        outcome, said = asyncio.run(_scenario(name, folder, seed, stack))
    found = f"{len(outcome.history.incidents)} incidents, {len(outcome.history.arrivals)} messages"
    verdict = outcome.verdict
    doubles = f"{verdict.marked} repeats marked, {verdict.unmarked} not"
    click.echo(f"{name}: {'good' if outcome.is_good else 'BAD'}: {said}; {found}, {doubles}, seed {seed}")
    if not outcome.is_good:
        click.echo(f"{report.account(outcome)}\n{report.errors(outcome)}")
    return outcome.is_good


async def _scenario(name: str, folder: Path, seed: int, stack: contextlib.ExitStack) -> tuple[Outcome, str]:
    """Let the trouble of that name befall a run on a database of its own."""
    if name == "chat-in-trouble":
        url = stack.enter_context(_database("sqlite", folder))
        return await befall(Plan(url, folder, seed, loops=False, is_slow=False), chat_in_trouble)
    if name == "disk-full":
        disk = stack.enter_context(small_disk(folder / "disk"))
        url = stack.enter_context(_database("sqlite", disk.folder))
        return await befall(Plan(url, folder, seed, loops=False), full_disk(disk))
    # The server is made in a thread: it opens an event loop of its own.
    url = await asyncio.to_thread(stack.enter_context, _database("postgresql", folder))
    postmaster = Postmaster(url, SystemClock())
    stack.callback(postmaster.close)
    trouble = restarted(postmaster) if name == "database-restarted" else unreachable(postmaster)
    return await befall(Plan(url, folder, seed, loops=False), trouble)


def _jump() -> bool:
    """Let the clock jump on each kind of database."""
    good = True
    for kind in ("sqlite", "postgresql"):
        with _folder() as folder, _database(kind, folder) as url:
            faults = asyncio.run(jump(url))
        click.echo(f"clock-jump: {'BAD' if faults else 'good'}: an hour forward and back, on {kind}, in this process")
        for fault in faults:
            click.echo(f"FAULT {fault}")
        good = good and not faults
    return good


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="oncard-crash-") as name:
        yield Path(name)


@contextlib.contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    """Give the address of an empty database."""
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder / 'oncard.db'}"
        return
    with postgresql() as server:
        server.create("oncard")
        yield server.url("oncard")


if __name__ == "__main__":
    main()
