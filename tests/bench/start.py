"""How long the server takes from its start until it would take an alert, what it then holds, and what it imports."""

import asyncio
import contextlib
import http.client
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from bot.clock import SystemClock
from tests.bench import configuration, machine
from tests.bench.configuration import channel, file, level
from tests.bench.figures import Rounds, say, table
from tests.bench.oncard import command, environment, serving, sqlite_url
from tests.bench.plan import Plan, Void
from tests.bench.slack import slack

READY_WITHIN = 30.0
IDLE = 5.0
LOOK_EVERY = 0.005
END_WITHIN = 15.0
TOP = 10
_IMPORT = re.compile(r"import time:\s*(\d+) \|\s*\d+ \|\s*([\w.]+)")


def run(plan: Plan) -> None:
    """Measure with and without a chat app in turn, and print the tables."""
    rounds = Rounds()
    spent: Counter[str] = Counter()
    for _ in range(plan.rounds):
        for is_with_chat in (False, True):
            with machine.fresh_folder(plan.folder) as home, contextlib.ExitStack() as stack:
                platform = stack.enter_context(slack(home)) if is_with_chat else None
                chats, workspaces = (platform.chats, platform.workspaces) if platform else ((), ())
                url = sqlite_url(home)
                first = _prepared(home, url, file([_channel(chats)], workspaces))
                asyncio.run(_measure(rounds, "a chat app configured" if is_with_chat else "no chat app", home, url))
                rounds.note("a chat app configured" if is_with_chat else "no chat app", first_start_s=first)
                spent = _imports(home, url) if is_with_chat else spent
    say(
        f"start of `oncard serve` on SQLite, and its memory {IDLE:g} s later; "
        f"median (least–most) of {plan.rounds} rounds"
    )
    rounds.print("configuration")
    say(f"what importing costs with a chat app, by package: {sum(spent.values()) / 1e6:.2f} s in all")
    table(["package", "ms"], [[name, f"{microseconds / 1000:.0f}"] for name, microseconds in spent.most_common(TOP)])


def _channel(chats: tuple[str, ...]) -> configuration.Part:
    return channel("payments", configuration.ONE, level("ana", chats=chats))


def _prepared(home: Path, url: str, text: str) -> float:
    """Apply the configuration to an empty database; return how long that start took."""
    start = time.perf_counter()
    with serving(home, url, text):
        return time.perf_counter() - start


async def _measure(rounds: Rounds, row: str, home: Path, url: str) -> None:
    """Start on what is configured already, as after an upgrade or a crash."""
    port = machine.free_port()
    start = time.perf_counter()
    words = command(environment(url), "serve", "--port", str(port))
    with (home / "start.log").open("wb") as log:
        # The time that this takes is a part of the start.
        server = subprocess.Popen(words, stdout=log, stderr=log)  # noqa: ASYNC220
        try:
            ready = await _ready(port, start)
            at_once = machine.memory(server.pid)
            await SystemClock().sleep(IDLE)
            rounds.note(row, ready_s=ready, MB_at_once=at_once, MB_idle=machine.memory(server.pid))
        finally:
            server.terminate()
            server.wait(END_WITHIN)


async def _ready(port: int, start: float) -> float:
    """Return after how many seconds the server was ready. Raises Void."""
    clock = SystemClock()
    while time.perf_counter() < start + READY_WITHIN:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_WITHIN)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return time.perf_counter() - start
        except OSError:
            await clock.sleep(LOOK_EVERY)
        finally:
            connection.close()
    raise Void(f"the server was not ready within {READY_WITHIN:g} s")


def _imports(home: Path, url: str) -> Counter[str]:
    """Return the microseconds that each package costs at the start of the server, its modules' own times together."""
    variables = (f"{name}={value}" for name, value in environment(url).items())
    log = home / "imports.log"
    words = ["env", "-i", *variables, sys.executable, "-X", "importtime", str(machine.program("oncard"))]
    with log.open("wb") as output:
        server = subprocess.Popen([*words, "serve", "--port", "0"], stdout=output, stderr=output)
        try:
            # Until the connection to the chat app has begun: its SDK is imported then.
            server.wait(IDLE)
        except subprocess.TimeoutExpired:
            server.terminate()
            server.wait(END_WITHIN)
    spent: Counter[str] = Counter()
    for microseconds, module in _IMPORT.findall(log.read_text(errors="replace")):
        spent[module.split(".")[0]] += int(microseconds)
    return spent
