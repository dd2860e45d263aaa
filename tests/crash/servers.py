"""The processes under test: the real `oncard serve`, started, killed, held up, and asked whether it is ready."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bot.clock import Clock
from tests.support.process import Program, running


@dataclass(frozen=True, slots=True)
class Serve:
    """What a process is started with."""

    config: Path
    environment: Mapping[str, str]
    folder: Path


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@dataclass(slots=True)
class Server:
    """One process; `lock` is held by whoever does something to it."""

    serve: Serve
    name: str
    clock: Clock
    port: int = field(default_factory=free_port)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    starts: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    _process: subprocess.Popen[bytes] | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        """Where it is reached; the same after each start."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process's number. Raises RuntimeError when there is none."""
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._process.pid

    async def start(self) -> float:
        """Start it; return after how many seconds it was ready. Raises RuntimeError with what it printed."""
        self.starts += 1
        began = self.clock.now()
        self._process = await asyncio.to_thread(self._enter)
        return (self.clock.now() - began).total_seconds()

    async def kill(self) -> int | None:
        """Kill it with SIGKILL and wait for its end; return its exit code if it had ended before by itself."""
        if self._process is None:
            return None
        ended = self._process.poll()
        self._process.kill()
        await asyncio.to_thread(self._leave)
        return ended

    async def stop(self) -> int | None:
        """Tell it to stop, and wait for its end; return its exit code if it had ended before by itself."""
        ended = self._process.poll() if self._process is not None else None
        if self._process is not None:
            await asyncio.to_thread(self._leave)
        return ended

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; one that has ended gets none."""
        if self._process is not None:
            self._process.send_signal(number)

    @property
    def log(self) -> Path:
        """Where it logs since its last start."""
        return self.serve.folder / f"{self.name}.log"

    def _enter(self) -> subprocess.Popen[bytes]:
        variables = [f"{name}={value}" for name, value in self.serve.environment.items()]
        program = str(Path(sys.executable).with_name("oncard"))
        words = ["serve", "--config", str(self.serve.config), "--port", str(self.port)]
        command = ["env", *variables, program, *words]
        with httpx.Client(trust_env=False, verify=False, timeout=2) as client:  # noqa: S501 - loopback speaks no TLS
            return self._stack.enter_context(
                running(Program(command, self.log, directory=self.serve.folder), lambda: self._ready(client))
            )

    def _leave(self) -> None:
        self._process = None
        self._stack.close()
        for line in self.log.read_text(errors="replace").splitlines():
            if '"error"' in line:
                self.errors[_event(line)] += 1
            elif line.startswith("Traceback"):
                self.errors["traceback"] += 1

    def _ready(self, client: httpx.Client) -> bool:
        try:
            return client.get(f"{self.url}/readyz").is_success
        except httpx.TransportError:
            return False


def _event(line: str) -> str:
    """Return what a line of the log says went wrong; empty where it is no error."""
    try:
        said = json.loads(line)
    except ValueError:
        return "not JSON"
    words = [said.get("level"), said.get("event"), said.get("error"), str(said.get("detail", ""))[:60]]
    return " ".join(str(word) for word in words if word)
