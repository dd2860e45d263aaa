"""Filters: which events, alerts or incidents something is for. One grammar, wherever there is a filter.

Groups are joined by *or*, the conditions of a group by *and*. A condition is a field, whether it must match or must
not, and values of which any will do; `filter_values` says what a value matches.

Rules: a field that is missing or empty matches no value, not even `*`; so `not` is true of it. A filter without groups
is no restriction: it matches everything. A value that cannot be read matches nothing. Whether a filter matches takes
time in proportion to its values and to the length of the texts, and never raises.

`filter_form` reads filters from a configuration; `filter_logic` says what can be known of them without a subject.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bot.domain import filter_values
from bot.domain.alert import Alert
from bot.domain.event import Event, Severity
from bot.domain.facts import Facts
from bot.domain.filter_values import Misread
from bot.domain.incident import Incident, Progress


class Field(StrEnum):
    """What a condition can look at, beside labels."""

    SEVERITY = "severity"
    TITLE = "title"
    DESCRIPTION = "description"
    CHANNEL = "channel"
    INTEGRATION = "integration"
    SOURCE = "source"
    ALERT_KEY = "alert_key"
    PROGRESS = "progress"


LABELS: Final = "labels."
"""What the name of a field begins with that is a label; the rest is the label's key, dots and all."""

OF_EVENTS: Final = frozenset(Field) - {Field.PROGRESS}
OF_ALERTS: Final = OF_EVENTS
OF_INCIDENTS: Final = frozenset({Field.SEVERITY, Field.TITLE, Field.DESCRIPTION, Field.CHANNEL, Field.PROGRESS})

CLOSED: Final[Mapping[str, tuple[str, ...]]] = {
    Field.SEVERITY: tuple(Severity),
    Field.PROGRESS: tuple(Progress),
}
"""The fields that can hold these words only."""


@dataclass(frozen=True, slots=True)
class Condition:
    """That a field matches any of the values; with `negated`, that it matches none of them."""

    field: str
    values: tuple[str, ...]
    negated: bool = False


Group = tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """What something is for: everything that all conditions of any one group are true of."""

    groups: tuple[Group, ...] = ()


EVERYTHING: Final = Filter()


@dataclass(frozen=True, slots=True)
class Subject:
    """What a filter is asked about: its fields and its labels."""

    fields: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return what the field holds; empty: it is missing."""
        if name.startswith(LABELS):
            return self.labels.get(name[len(LABELS) :], "")
        return self.fields.get(name, "")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something came from: the names of its channel and integration, and the integration's source."""

    channel: str = ""
    integration: str = ""
    source: str = ""


def of_event(event: Event, origin: Origin) -> Subject:
    """Return an event as filters see it."""
    return _reported(event.status, (event.title, event.description, event.alert_key or ""), event.labels, origin)


def of_alert(alert: Alert, origin: Origin) -> Subject:
    """Return an alert as filters see it."""
    return _reported(alert.severity, (alert.title, alert.description, alert.key), alert.labels, origin)


def of_facts(facts: Facts, channel: str) -> Subject:
    """Return what the alerts of an incident say as filters see it, before there is an incident."""
    fields: dict[str, str] = {
        Field.SEVERITY: str(facts.severity),
        Field.TITLE: facts.title,
        Field.DESCRIPTION: facts.description,
        Field.CHANNEL: channel,
        Field.PROGRESS: str(Progress.TRIGGERED),
    }
    return Subject(fields, facts.labels)


def of_incident(incident: Incident, channel: str) -> Subject:
    """Return an incident of the channel of that name as filters see it."""
    subject = of_facts(incident.facts, channel)
    return Subject({**subject.fields, Field.PROGRESS: str(incident.progress)}, subject.labels)


def matches(filtering: Filter, subject: Subject) -> bool:
    """Whether the filter is for this subject."""
    return not filtering.groups or any(all_hold(group, subject) for group in filtering.groups)


def all_hold(group: Group, subject: Subject) -> bool:
    """Whether every condition of the group is true of the subject."""
    return all(holds(condition, subject.text(condition.field)) for condition in group)


def holds(condition: Condition, text: str) -> bool:
    """Whether the condition is true of a field that holds this text; empty: the field is missing."""
    return condition.negated is not (bool(text) and any(_matches(value, text) for value in condition.values))


def _matches(written: str, text: str) -> bool:
    value = filter_values.read(written)
    return not isinstance(value, Misread) and value.matches(text)


def _reported(severity: Severity, said: tuple[str, str, str], labels: Mapping[str, str], origin: Origin) -> Subject:
    title, description, key = said
    fields: dict[str, str] = {
        Field.SEVERITY: str(severity),
        Field.TITLE: title,
        Field.DESCRIPTION: description,
        Field.CHANNEL: origin.channel,
        Field.INTEGRATION: origin.integration,
        Field.SOURCE: origin.source,
        Field.ALERT_KEY: key,
    }
    return Subject(fields, labels)
