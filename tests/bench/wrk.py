"""Load by wrk (https://github.com/wg/wrk): over so many connections, as fast as it is answered; each alert is new."""

import json
import math
import shutil
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.plan import Void

SCRIPT = Path(__file__).with_name("alerts.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: to which path of these addresses, for how long, over how many connections in all."""

    path: str
    seconds: float
    connections: int = 64
    per_request: int = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What wrk saw; times in milliseconds.

    `refused`: answers that were no success. `lost`: connections that broke or had no answer. `under_way`: how many
    requests may have been cut off when the time was over.
    """

    requests: int
    refused: int
    lost: int
    per_second: float
    p50: float
    p99: float
    under_way: int

    @property
    def taken(self) -> int:
        """How many requests were answered with success."""
        return self.requests - self.refused


def program() -> str:
    """Return where wrk is. Raises Void when it is not there."""
    path = shutil.which("wrk")
    if path is None:
        raise Void("wrk is not on PATH: install wrk, for example with `sudo apt-get install wrk`")
    return path


def load(addresses: Sequence[str], wanted: Load) -> Report:
    """Send to all these addresses at once. Raises Void when wrk is not there, or fails."""
    path = program()
    each = max(wanted.connections // len(addresses), 1)
    options = [f"-c{each}", "-t1", "--timeout=60s", f"-d{math.ceil(wanted.seconds)}s", "-s", str(SCRIPT)]
    running = [
        subprocess.Popen(
            [path, *options, address, "--", wanted.path, str(wanted.per_request), uuid.uuid4().hex[:12]],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for address in addresses
    ]
    said = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise Void("wrk failed:\n" + "\n".join(said))
    reports = [json.loads(text.splitlines()[-1]) for text in said]
    requests = sum(report["requests"] for report in reports)
    return Report(
        requests=requests,
        refused=sum(report["refused"] for report in reports),
        lost=sum(report["lost"] for report in reports),
        per_second=sum(report["requests"] / report["seconds"] for report in reports),
        # Of several the slowest: what is said of all of them is then true of each.
        p50=max(report["p50"] for report in reports),
        p99=max(report["p99"] for report in reports),
        under_way=each * len(addresses),
    )
