"""What Alertmanager's webhook tells, in a process of its own: a line for each alert, with when it came.

`python -m tests.bench.webhook FOLDER` is that process; `webhook(...)` starts it and reads what it wrote.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.bench.served import serve, served


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
    with served("webhook", folder) as server:
        yield Webhook(f"{server.url}/", folder)


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    """Take what Alertmanager sends until this process is ended."""
    with (folder / "arrivals").open("w", buffering=1) as arrivals:

        async def take(request: Request) -> Response:
            body = await request.json()
            for alert in body["alerts"]:
                arrivals.write(f"{alert['labels']['number']} {time.time():.6f}\n")
            return Response()

        serve(folder, Route("/", take, methods=["POST"]))


if __name__ == "__main__":
    main()
