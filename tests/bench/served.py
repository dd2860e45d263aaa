"""A server beside Oncard in a process of its own: it writes its address into a folder, and runs until it is ended."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvloop
from starlette.applications import Starlette
from starlette.routing import Route

from bot.clock import SystemClock
from bot.playground.listener import LOOPBACK, Listener
from tests.support.process import Program, running

FOREVER = 86_400.0
TOP = Path(__file__).parents[2]


def serve(folder: Path, route: Route) -> None:
    """Be that process."""

    async def listen() -> None:
        listener = Listener(Starlette(routes=[route]))
        await listener.start()
        (folder / "writing").write_text(f"http://{LOOPBACK}:{listener.port}")
        (folder / "writing").rename(folder / "url")
        await SystemClock().sleep(FOREVER)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(listen())


@dataclass(frozen=True, slots=True)
class Served:
    """The running process: its address, and its number."""

    url: str
    pid: int


@contextlib.contextmanager
def served(module: str, folder: Path) -> Iterator[Served]:
    """Run a module of this package that is such a process while the block lasts."""
    folder.mkdir()
    ready = folder / "url"
    words = [sys.executable, "-m", f"tests.bench.{module}", str(folder)]
    with running(Program(words, folder / "log", directory=TOP), ready.exists) as process:
        yield Served(ready.read_text(), process.pid)
