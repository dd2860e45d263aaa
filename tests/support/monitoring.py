"""Fixtures: a real Alertmanager and a real Prometheus, as Debian packages them or as they are found on PATH.

`alertmanager(config)` and `prometheus(config)` start a server that ends with the test, and return its address. A
configuration is the file's content as data. Each listens on a port that the system chose.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from tests.support.process import Program, running

Content = Mapping[str, object]
_LISTENING = re.compile(r'msg="Listening on" address=(127\.0\.0\.1:\d+)')


class StartServer(Protocol):
    """Starts a server with the configuration `config`, and returns its address."""

    def __call__(self, config: Content, *, files: Mapping[str, Content] | None = None) -> str:
        """Write `files` beside the configuration, which names them by their relative paths."""
        ...


@dataclass(frozen=True, slots=True)
class Server:
    """A program of the Prometheus family: its names, and the options beside configuration and address."""

    names: tuple[str, ...]
    data_option: str
    options: tuple[str, ...] = ()


ALERTMANAGER = Server(("prometheus-alertmanager", "alertmanager"), "--storage.path", ("--cluster.listen-address=",))
PROMETHEUS = Server(("prometheus",), "--storage.tsdb.path")


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[StartServer]:
    """Give `alertmanager(config)`, which starts an Alertmanager and returns its address."""
    with ExitStack() as stack:
        yield starter(ALERTMANAGER, tmp_path / "alertmanager", stack)


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[StartServer]:
    """Give `prometheus(config, files={"rules.yml": ...})`, which starts a Prometheus and returns its address."""
    with ExitStack() as stack:
        yield starter(PROMETHEUS, tmp_path / "prometheus", stack)


def starter(server: Server, directory: Path, stack: ExitStack) -> StartServer:
    """Give a function that starts such a server in `directory`, for as long as the stack stands."""

    def start(config: Content, *, files: Mapping[str, Content] | None = None) -> str:
        home = directory / str(len(list(directory.glob("*"))))
        home.mkdir(parents=True)
        # JSON is YAML, which is what these servers read.
        for name, content in {**(files or {}), "config.yml": config}.items():
            (home / name).write_text(json.dumps(content))
        program = Program(_command(server, home), log=home / "log", directory=home)
        stack.enter_context(running(program, ready=_ready(program.log)))
        return _address(program.log)

    return start


def _command(server: Server, home: Path) -> list[str]:
    path = next(filter(None, map(shutil.which, server.names)), None)
    if path is None:
        raise RuntimeError(f"{server.names[0]} is not installed: tests/support/programs installs it, or says how")
    return [
        path,
        f"--config.file={home / 'config.yml'}",
        f"{server.data_option}={home / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        *server.options,
    ]


def _ready(log: Path) -> Callable[[], bool]:
    def ready() -> bool:
        if not _LISTENING.search(log.read_text()):
            return False
        try:
            return httpx.get(f"{_address(log)}/-/ready").is_success
        except httpx.TransportError:
            return False

    return ready


def _address(log: Path) -> str:
    """Return the address that the server says it listens on."""
    found = _LISTENING.search(log.read_text())
    if found is None:
        raise RuntimeError(f"no address in what the server printed:\n{log.read_text()}")
    return f"http://{found[1]}"
