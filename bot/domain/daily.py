"""The daily note about the configuration: when the next look is due, and whether what it found is worth telling.

It is told in the morning of whoever reads it, and not again as long as it says the same, but for a reminder each week.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

TOLD_FROM: Final = time(9)
AGAIN_AFTER: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Looked:
    """A look at the configuration. `day`: in the readers' zone; `digest`: of what was found, empty: nothing."""

    day: date
    digest: str = ""


def day_due(now: datetime, timezone: str, last: date | None) -> date | None:
    """Return the day whose look is due; None: it is too early, or there was one, be it in the clock's future."""
    local = now.astimezone(ZoneInfo(timezone))
    if local.time() < TOLD_FROM or (last is not None and local.date() <= last):
        return None
    return local.date()


def is_worth_telling(look: Looked, told: Looked | None) -> bool:
    """Whether people are to be told of what was found. `told`: what they were told last."""
    if told is None:
        return bool(look.digest)
    if look.digest != told.digest:
        return True
    return bool(look.digest) and look.day - told.day >= AGAIN_AFTER
