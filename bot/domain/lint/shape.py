"""Shapes of alerts: those that no filter of their channel tells apart are one.

A shape is of one severity, has the same keys of labels, the same values of those labels that a filter of the channel
looks at, and titles and descriptions of which the same conditions are true.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.event import Severity
from bot.domain.facts import Facts
from bot.domain.filters import LABELS, Condition, Field, holds
from bot.domain.incident import ChannelId
from bot.domain.organisation import Channel

SEEN_WITHIN: Final = timedelta(days=30)
"""How far back alerts are looked at."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Alerts of one channel that no filter tells apart; `example`: what one of them says."""

    channel: ChannelId
    example: Facts
    count: int
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What is looked at in an alert: which labels' values, and which conditions on its title and description."""

    labels: tuple[str, ...] = ()
    texts: tuple[Condition, ...] = ()


Key = tuple[Severity, tuple[str, ...], tuple[str, ...], tuple[bool, ...]]
"""What alerts of one shape have in common."""


def looked_at(channel: Channel) -> Kept:
    """Return what the filters of the channel's rules look at."""
    conditions = dict.fromkeys(
        condition for rule in channel.rules if rule.enabled for group in rule.filter.groups for condition in group
    )
    named = dict.fromkeys(one.field.removeprefix(LABELS) for one in conditions if one.field.startswith(LABELS))
    return Kept(tuple(named), tuple(one for one in conditions if one.field in (Field.TITLE, Field.DESCRIPTION)))


def key(facts: Facts, kept: Kept) -> Key:
    """Return what the alerts of its shape have in common."""
    texts = {Field.TITLE: facts.title, Field.DESCRIPTION: facts.description}
    return (
        facts.severity,
        tuple(sorted(facts.labels)),
        tuple(facts.labels.get(label, "") for label in kept.labels),
        tuple(holds(one, texts[Field(one.field)]) for one in kept.texts),
    )
