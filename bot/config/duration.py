"""Durations as people write them: `90s`, `5m`, `2h`, `1d`."""

import re
from datetime import timedelta
from typing import Final

_SECONDS: Final = {"d": 86400, "h": 3600, "m": 60, "s": 1}
# Eight digits of the largest unit are still a timedelta.
_WRITTEN: Final = re.compile(r"([0-9]{1,8})([smhd])")


def read(text: str) -> timedelta | None:
    """Return the duration; None: this is no duration."""
    found = _WRITTEN.fullmatch(text)
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]]) if found else None


def write(duration: timedelta) -> str:
    """Return the duration in the largest unit that divides it: `2h`, not `120m`. Fractions of a second are dropped."""
    seconds = int(duration.total_seconds())
    unit = next(unit for unit, length in _SECONDS.items() if seconds % length == 0 and (seconds or unit == "s"))
    return f"{seconds // _SECONDS[unit]}{unit}"
