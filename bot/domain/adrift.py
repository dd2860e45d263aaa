"""What is done for an incident that is adrift: open, not acknowledged, and neither a next instant nor a reason why not.

The law leaves none like that. One that is found all the same goes on where it stands, as after a snooze that ends now:
its level is told again and has its whole time, and who was given the incident by hand is told in the level's place.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.incident import Effect, Entry, Incident, Progress, Record, Rules, Step, Tick
from bot.domain.law import step

FOUND: Final = (
    "The checker found that nothing would have happened next here, so the escalation goes on from this level."
)


def is_adrift(incident: Incident) -> bool:
    """Whether nobody will look at the incident any more, and nothing says why."""
    return incident.progress is Progress.TRIGGERED and incident.due is None and incident.idle is None


def resumed(incident: Incident, rules: Rules, now: datetime) -> Step:
    """Return what becomes of an incident that is adrift, and what follows; afterwards it is not."""
    woken = step(replace(incident, snoozed_until=now), Tick(), rules, now)
    return Step(woken.incident, tuple(map(_said, woken.effects)))


def _said(effect: Effect) -> Effect:
    """Nobody had snoozed it: the timeline says what was found instead."""
    if isinstance(effect, Record) and effect.entry is Entry.SNOOZE_OVER:
        return Record(Entry.COMMENTED, said={"text": FOUND})
    return effect
