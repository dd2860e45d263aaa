"""The machine that the figures come from: its disk, what a commit costs on it, what a process of it holds."""

import contextlib
import os
import platform
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.plan import Void

_IN_MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs"})
_CANDIDATES = (Path(tempfile.gettempdir()), Path.cwd() / "var", Path("/var/tmp"))  # noqa: S108 - a folder in it is made
_KIB = 1024
_TICKS = os.sysconf("SC_CLK_TCK")
_ROUNDS = 1_000_000


def folder_on_disk() -> Path:
    """Return a folder whose file system is on a disk. Raises Void when there is none."""
    for folder in _CANDIDATES:
        if folder.is_dir() and os.access(folder, os.W_OK) and file_system(folder)[0] not in _IN_MEMORY:
            return folder
    raise Void("every temporary folder is in memory: give one on a disk with --folder")


def file_system(folder: Path) -> tuple[str, str]:
    """Return the kind of file system that a folder is on, and its device."""
    whole = folder.resolve()
    mounts = [line.split()[:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    above = [(Path(place), kind, device) for device, place, kind in mounts if whole.is_relative_to(place)]
    _, kind, device = max(above, key=lambda mount: len(mount[0].parts))
    return kind, device


@contextlib.contextmanager
def fresh_folder(within: Path) -> Iterator[Path]:
    """Make an empty folder that others may enter, as a database server of another user must; it is gone in the end."""
    folder = Path(tempfile.mkdtemp(prefix="oncard-bench-", dir=within))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def described(folder: Path) -> str:
    """Return one line on the machine, as it is at this instant."""
    kind, device = file_system(folder)
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    speed = f"{_rounds_per_second() / 1e6:.1f} million rounds of a plain loop a second"
    return (
        f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, load {load}; data on {kind} ({device}); "
        f"Python {platform.python_version()} ({speed}), SQLite {sqlite3.sqlite_version}"
    )


def _rounds_per_second() -> float:
    """Return how fast this interpreter is: some are built without optimisation, and take half as long again."""
    found: dict[int, tuple[int, str]] = {}
    start = time.process_time()
    for number in range(_ROUNDS):
        found[number & 1023] = (number, str(number & 255))
    return _ROUNDS / (time.process_time() - start)


def commits_per_second(folder: Path, seconds: float) -> float:
    """Return how many rows plain SQLite inserts and commits in a second, one by one: the floor that the disk sets."""
    file = folder / "floor.db"
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE floor (id INTEGER PRIMARY KEY, body TEXT)")
    count, start = 0, time.perf_counter()
    while time.perf_counter() < start + seconds:
        connection.execute("INSERT INTO floor (body) VALUES (?)", ("x" * 500,))
        count += 1
    spent = time.perf_counter() - start
    connection.close()
    return count / spent


def memory(process: int) -> float:
    """Return the MB of memory that a process holds (its resident set)."""
    return _status(process)["VmRSS"] / _KIB


def threads(process: int) -> int:
    """Return how many threads a process has."""
    return _status(process)["Threads"]


def handles(process: int) -> int:
    """Return how many files, sockets and the like a process has open."""
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def _status(process: int) -> dict[str, int]:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    words = (line.split() for line in lines)
    return {parts[0].rstrip(":"): int(parts[1]) for parts in words if len(parts) > 1 and parts[1].isdecimal()}


@dataclass(frozen=True, slots=True)
class Cpu:
    """Seconds of processor time, since the machine or the processes were started."""

    whole: float
    ours: float

    @classmethod
    def now(cls, processes: Iterable[int]) -> "Cpu":
        """Return what all of the machine has spent, and these processes of it."""
        user, nice, system, _, _, irq, soft, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
        whole = user + nice + system + irq + soft + steal
        return cls(whole / _TICKS, sum(_processor_time(process) for process in processes))

    def since(self, before: "Cpu", seconds: float) -> "Cpu":
        """Return how many cores were busy, on the whole and with ours, in the seconds after `before`."""
        return Cpu((self.whole - before.whole) / seconds, (self.ours - before.ours) / seconds)


class Taken:
    """What the host of a virtual machine takes of its processors for others, from here on."""

    def __init__(self) -> None:
        self._at, self._before = time.monotonic(), _taken()

    def share(self) -> float:
        """Return how much of all processors was taken so far, 0 to 1: figures of a run where it is large say little."""
        return (_taken() - self._before) / (os.cpu_count() or 1) / max(time.monotonic() - self._at, 1.0)


def _taken() -> float:
    return int(Path("/proc/stat").read_text().split()[8]) / _TICKS


def _processor_time(process: int) -> float:
    after_the_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(after_the_name[11]) + int(after_the_name[12])) / _TICKS


def free_port() -> int:
    """Return a port that nobody listens on at this instant."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def program(name: str) -> Path:
    """Return a console script of this environment."""
    return Path(sys.executable).with_name(name)
