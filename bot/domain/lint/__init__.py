"""The lint: what is allowed in a configuration and will still go wrong, each finding with its proof.

`findings` looks at the organisation as it is at an instant, `gone.judge` at definitions for names that lead nowhere.
What is switched off is no finding. It is pure, and takes a few seconds for what is very large.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.definition import Kept
from bot.domain.lint import alerts, calendars, contacts, coverage, gone, levels, rules
from bot.domain.lint.calendars import LastSwap, never_swaps
from bot.domain.lint.finding import Code, Finding, Grade, Where
from bot.domain.lint.shape import Shape
from bot.domain.organisation import Organisation

__all__ = ["Beside", "Code", "Finding", "Grade", "Shape", "Where", "findings"]


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known beside the organisation.

    `kept`: its definitions, for names that are gone; `last_swap`: how long it is known which days countries swap.
    `finds`: whoever no link names will be found in a chat app, which is all that a configuration file can say.
    """

    kept: Iterable[Kept] = ()
    last_swap: LastSwap = never_swaps
    finds: bool = False


def findings(
    organisation: Organisation, seen: Sequence[Shape], now: datetime, beside: Beside | None = None
) -> tuple[Finding, ...]:
    """Return what is to be mended, the worst first. `seen`: the shapes of the alerts of late."""
    known = beside or Beside()
    followed, never = rules.judge(organisation, now)
    found = [
        *never,
        *alerts.judge(organisation, followed, seen, now),
        *levels.judge(organisation, followed, now),
        *coverage.judge(organisation, followed, now),
        *contacts.judge(organisation, followed, finds=known.finds),
        *calendars.judge(organisation, now, known.last_swap),
        *gone.judge(known.kept),
    ]
    return tuple(sorted(found, key=lambda one: one.rank))
