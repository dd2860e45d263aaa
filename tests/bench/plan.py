"""What every benchmark is told: where, how often, how long."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plan:
    """`folder` is on a disk; `seconds` is the length of one measurement. `minutes` and `rate` are the soak's."""

    folder: Path
    rounds: int = 3
    seconds: float = 10.0
    minutes: float = 30.0
    rate: float = 100.0


class Void(Exception):
    """The figures mean nothing; the text says why."""
