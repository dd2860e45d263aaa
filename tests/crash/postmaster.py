"""What can befall a PostgreSQL server: it goes down at once and comes back, or it answers nothing for a while."""

import contextlib
import os
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bot.clock import Clock
from tests.support.process import Program, running


class Postmaster:
    """The server that the tests started, by its data folder."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._home = Path(parse_qs(urlsplit(url).query)["host"][0])
        self._clock = clock
        self._running = contextlib.ExitStack()

    async def restart(self, seconds: float) -> None:
        """Shut it down as `pg_ctl stop -m immediate` does, and start it again after so many seconds."""
        os.kill(self._pid, signal.SIGQUIT)
        while self._pid_file.exists():
            await self._clock.sleep(0.02)
        await self._clock.sleep(seconds)
        # What it was started with last; before the former one of our own is given up.
        command = shlex.split((self._home / "data" / "postmaster.opts").read_text())
        user = self._home.owner() if os.geteuid() == 0 else None
        program = Program(command, self._home / "log", user=user, directory=self._home)
        self._running.enter_context(running(program, self._accepts))

    async def hang(self, seconds: float) -> None:
        """Let it neither answer nor refuse for so many seconds."""
        stopped = [self._pid]
        os.kill(self._pid, signal.SIGSTOP)
        try:
            for child in _children(self._pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGSTOP)
                    stopped.append(child)
            await self._clock.sleep(seconds)
        finally:
            for pid in reversed(stopped):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def close(self) -> None:
        """Stop what was started here."""
        self._running.close()

    @property
    def _pid(self) -> int:
        return int(self._pid_file.read_text().splitlines()[0])

    @property
    def _pid_file(self) -> Path:
        return self._home / "data" / "postmaster.pid"

    def _accepts(self) -> bool:
        return self._pid_file.exists() and self._pid_file.read_text().rstrip().endswith("ready")


def _children(parent: int) -> Iterator[int]:
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name stands in parentheses and may hold anything; state and parent follow it.
            if int(status.read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(status.parent.name)
