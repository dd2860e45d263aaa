"""Escalation rules as a channel has them: what each is for, and when it holds."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.domain.escalation import Level
from bot.domain.filters import EVERYTHING, Filter
from bot.domain.time_filter import ALWAYS, TimeFilter

LONGEST_DELAY: Final = timedelta(seconds=3600)


@dataclass(frozen=True, slots=True)
class Rule:
    """An escalation rule of a channel: its levels, first to last.

    It is for what the filter matches, at the times of `when`. `delay`: so long nobody is told; what recovers within it
    has told nobody.
    """

    name: str
    levels: tuple[Level, ...]
    filter: Filter = EVERYTHING
    when: TimeFilter = ALWAYS
    delay: timedelta = timedelta(0)
    enabled: bool = True
