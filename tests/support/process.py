"""Child processes of the tests: started, waited for until they are ready, and surely ended.

A program that ends before it is ready, or is not ready in time, fails with what it printed.
"""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_WITHIN = 30.0
"""Seconds that a program has to become ready: generous, because a busy machine is slow."""

_LOOK_EVERY = 0.02
_END_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Program:
    """What to start, as whom, and where its output goes."""

    command: Sequence[str]
    log: Path
    user: str | None = None
    directory: Path | None = None


@contextmanager
def running(program: Program, ready: Callable[[], bool]) -> Iterator[subprocess.Popen[bytes]]:
    """Run `program` from the moment that `ready` says yes until the block ends."""
    with program.log.open("wb") as log:
        process = subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            user=program.user,
            extra_groups=[] if program.user else None,
            cwd=program.directory,
        )
        try:
            _wait_until(ready, process, program)
            yield process
        finally:
            _end(process)


def printed_address(text: str) -> str | None:
    """Return the address that `demo` prints."""
    return next((line.split()[-1] for line in text.splitlines() if line.startswith("Oncard runs on ")), None)


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], program: Program) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not ready():
        try:
            code = process.wait(_LOOK_EVERY)
        except subprocess.TimeoutExpired:
            if time.monotonic() < deadline:
                continue
            reason = f"was not ready within {READY_WITHIN:g} s"
        else:
            reason = f"ended with {code} before it was ready"
        raise RuntimeError(f"{program.command[0]} {reason}:\n{program.log.read_text(errors='replace')[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
