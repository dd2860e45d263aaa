"""Small moves of an incident: what changes together when it changes, and what one step after another comes to."""

from bot.domain.frozen import replace
from bot.domain.incident import Deed, Idle, Incident, Progress, Step


def changed(incident: Incident) -> Incident:
    """Return the incident as another version."""
    return replace(incident, version=incident.version + 1)


def turned(incident: Incident) -> Incident:
    """The level changed: an Escalate from a card that shows the old one is stale."""
    version = incident.version + 1
    return replace(incident, version=version, turned=version)


def moved(incident: Incident) -> Incident:
    """Progress changed: a click from a card that shows the old one is stale."""
    version = incident.version + 1
    return replace(incident, version=version, moved=version, turned=version)


def cleared(incident: Incident) -> Incident:
    """Return the incident without anything that is due."""
    return replace(incident, repeat_at=None, escalate_at=None, snoozed_until=None, idle=None)


def not_assigned(incident: Incident) -> Incident:
    """Return the incident as nobody's by hand."""
    return replace(incident, assigned=(), climbs=True)


def triggered(incident: Incident) -> Incident:
    """Return the incident as one that nobody has, and for which nothing is due yet."""
    return replace(cleared(incident), progress=Progress.TRIGGERED, acknowledged=None, exhausted_at=None)


def ended(incident: Incident, deed: Deed) -> Incident:
    """Return the incident as closed by that deed."""
    return moved(replace(cleared(incident), progress=Progress.CLOSED, closed=deed, idle=Idle.CLOSED))


def after(first: Step, then: Step) -> Step:
    """Return the second step, with what followed from the first before it."""
    return Step(then.incident, first.effects + then.effects)
