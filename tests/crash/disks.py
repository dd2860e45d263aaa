"""A disk that can be full: a small one of its own where we may mount one, else a limit to the size of files."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

SIZE: Final = 24 * 1024 * 1024
_BLOCK: Final = 64 * 1024


class Disk(Protocol):
    """Where the database's files lie."""

    @property
    def folder(self) -> Path:
        """Return the folder."""
        ...

    def fill(self, pid: int) -> None:
        """Leave no room; `pid` is the process that writes there."""
        ...

    def clear(self, pid: int) -> None:
        """Give the room back."""
        ...


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A file system in memory, filled by a file of our own."""

    folder: Path

    def fill(self, pid: int) -> None:
        with contextlib.suppress(OSError), self._ballast.open("wb", buffering=0) as ballast:
            size = _BLOCK
            while size:
                try:
                    ballast.write(b"\0" * size)
                except OSError:
                    size //= 2

    def clear(self, pid: int) -> None:
        self._ballast.unlink()

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


@dataclass(frozen=True, slots=True)
class LimitedFiles:
    """A process whose files may grow no more."""

    folder: Path

    def fill(self, pid: int) -> None:
        largest = max(file.stat().st_size for file in self.folder.iterdir())
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

    def clear(self, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Give a disk that can be filled, in a folder that is empty."""
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "oncard-crash", str(folder)],
            check=False,
            capture_output=True,
        ).returncode
    )
    try:
        yield SmallDisk(folder) if mounted else LimitedFiles(folder)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)
