"""What Alertmanager's webhook tells, in a process of its own: a line for each alert, with when it came.

`python -m tests.bench.webhook FOLDER` is that process; `webhook(...)` starts it and reads what it wrote.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.clock import SystemClock
from bot.playground.listener import LOOPBACK, Listener
from tests.support.process import Program, running

FOREVER = 86_400.0
TOP = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Webhook:
    """The running process: its address, and what came."""

    url: str
    folder: Path

    def arrivals(self) -> dict[int, float]:
        """Return when (Unix time) each alert came first, by the number in its labels."""
        found: dict[int, float] = {}
        for line in (self.folder / "arrivals").read_text().splitlines():
            number, at = line.split()
            found.setdefault(int(number), float(at))
        return found


@contextlib.contextmanager
def webhook(home: Path) -> Iterator[Webhook]:
    """Run a receiver for as long as the block lasts."""
    folder = home / "webhook"
    folder.mkdir()
    ready = folder / "url"
    words = [sys.executable, "-m", "tests.bench.webhook", str(folder)]
    with running(Program(words, folder / "log", directory=TOP), ready.exists):
        yield Webhook(ready.read_text(), folder)


async def _serve(folder: Path) -> None:
    with (folder / "arrivals").open("w", buffering=1) as arrivals:

        async def take(request: Request) -> Response:
            body = await request.json()
            for alert in body["alerts"]:
                arrivals.write(f"{alert['labels']['number']} {time.time():.6f}\n")
            return Response()

        listener = Listener(Starlette(routes=[Route("/", take, methods=["POST"])]))
        await listener.start()
        (folder / "writing").write_text(f"http://{LOOPBACK}:{listener.port}/")
        (folder / "writing").rename(folder / "url")
        await SystemClock().sleep(FOREVER)


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    """Take what Alertmanager sends until this process is ended."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(folder))


if __name__ == "__main__":
    main()
