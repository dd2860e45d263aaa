"""Oncard as users run it: `oncard serve` in a process of its own, and what it says of itself."""

import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.bench import machine
from tests.support.process import Program, running

SECRET_KEY = "a key for benchmarks, long enough to be one"
PATIENCE = 60.0

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Oncard:
    """A running server: where it listens, its process, and its log."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.url.rpartition(":")[2])

    def memory(self) -> float:
        """Return the MB of memory that it holds."""
        return machine.memory(self.process.pid)

    def samples(self) -> list[Sample]:
        """Return all that it counts."""
        text = httpx.get(f"{self.url}/metrics", timeout=PATIENCE).raise_for_status().text
        return [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples that have these labels."""
        return total(self.samples(), name, **labels)


def total(samples: list[Sample], name: str, **labels: str) -> float:
    """Return the sum of the samples of this name that have these labels."""
    return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())


def sqlite_url(folder: Path) -> str:
    """Return the address of a database file in a folder."""
    return f"sqlite+aiosqlite:///{folder / 'oncard.db'}"


def environment(database_url: str) -> Mapping[str, str]:
    """Return all that the server finds in its environment."""
    return {"ONCARD_DATABASE_URL": database_url, "ONCARD_SECRET_KEY": SECRET_KEY, "ONCARD_LOG": "json"}


def command(variables: Mapping[str, str], *words: str) -> list[str]:
    """Return the command that runs `oncard` with these words, in this environment and nothing of ours."""
    pairs = (f"{name}={value}" for name, value in variables.items())
    return ["env", "-i", *pairs, str(machine.program("oncard")), *words]


@contextlib.contextmanager
def serving(
    home: Path, database_url: str, configuration: str | None = None, more: Mapping[str, str] | None = None
) -> Iterator[Oncard]:
    """Run `oncard serve` until the block ends; with a configuration, it is applied first. `more` of its environment."""
    number = next(_numbers)
    words = ["serve", "--port", "0"]
    if configuration is not None:
        file = home / f"oncard{number}.yaml"
        file.write_text(configuration)
        words += ["--config", str(file)]
    log = home / f"oncard{number}.log"
    program = Program(command({**environment(database_url), **(more or {})}, *words), log, directory=home)
    with running(program, lambda: is_ready(log)) as process:
        yield Oncard(_address(log) or "", process, log)


def is_ready(log: Path) -> bool:
    """Whether the server that writes this log would take an alert."""
    url = _address(log)
    if url is None:
        return False
    try:
        return httpx.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False


def _address(log: Path) -> str | None:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
    return next((line["url"] for line in lines if line["event"] == "listening"), None)
