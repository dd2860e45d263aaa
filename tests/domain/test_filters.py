"""Filters: groups by or, conditions by and, values by any; and what events, alerts and incidents hold for them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert import opened
from bot.domain.event import Event, Severity
from bot.domain.facts import Facts
from bot.domain.filters import (
    EVERYTHING,
    OF_ALERTS,
    OF_EVENTS,
    OF_INCIDENTS,
    Condition,
    Filter,
    Group,
    Origin,
    Subject,
    holds,
    matches,
    of_alert,
    of_event,
    of_incident,
)
from bot.domain.incident import AlertId, ChannelId, Incident, IncidentId, Progress
from storage.codec import Codec
from tests.domain import filtering
from tests.domain.filtering import conditions, groups, subjects, texts

Thing = TypeVar("Thing")

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
EVENT = Event(Severity.WARNING, "Disk full", "disk/1", "97 %", {"host": "db1", "app.kubernetes.io/name": "pay"})
ORIGIN = Origin("payments", "prod", "prometheus")


def only(field: str, *values: str) -> Filter:
    """Return a filter of one condition."""
    return Filter(((Condition(field, values),),))


SEEN = [
    ("severity", "Warning"),
    ("title", "/disk/i"),
    ("description", "97*"),
    ("channel", "payments"),
    ("labels.host", "db?"),
    ("labels.app.kubernetes.io/name", "pay"),
]
REPORTED = [("alert_key", "disk/1"), ("integration", "prod"), ("source", "prometheus")]


@pytest.mark.parametrize(("field", "value"), SEEN + REPORTED)
def test_an_event_and_its_alert_are_seen_by(field: str, value: str) -> None:
    alert = opened(EVENT, "disk/1", (AlertId(1), ChannelId(7), IncidentId(42)), NIGHT)
    assert matches(only(field, value), of_event(EVENT, ORIGIN))
    assert matches(only(field, value), of_alert(alert, ORIGIN))


@pytest.mark.parametrize(("field", "value"), [*SEEN, ("progress", "Processing")])
def test_an_incident_is_seen_by(field: str, value: str) -> None:
    facts = Facts(EVENT.status, EVENT.title, EVENT.description, EVENT.labels)
    incident = Incident(IncidentId(42), ChannelId(7), facts, opened_at=NIGHT, progress=Progress.PROCESSING)
    assert matches(only(field, value), of_incident(incident, "payments"))


def test_what_is_seen_by_is_what_can_be_asked_for() -> None:
    alert = opened(EVENT, "disk/1", (AlertId(1), ChannelId(7), IncidentId(42)), NIGHT)
    facts = Facts(EVENT.status, EVENT.title)
    assert set(of_event(EVENT, ORIGIN).fields) == set(OF_EVENTS)
    assert set(of_alert(alert, ORIGIN).fields) == set(OF_ALERTS)
    incident = Incident(IncidentId(42), ChannelId(7), facts, opened_at=NIGHT)
    assert set(of_incident(incident, "payments").fields) == set(OF_INCIDENTS)


@pytest.mark.parametrize("value", ["*", "x", "/x*/", "cidr:::/0", "num:le:0"])
@pytest.mark.parametrize("field", ["description", "labels.team", "progress", "nonsense"])
def test_a_missing_or_empty_field_matches_no_value(field: str, value: str) -> None:
    subject = of_event(replace(EVENT, description="", alert_key=None, labels={"team": ""}), ORIGIN)
    assert not matches(only(field, value), subject)
    assert matches(Filter(((Condition(field, (value,), negated=True),),)), subject)


def test_a_value_that_cannot_be_read_matches_nothing() -> None:
    assert not matches(only("title", "/(/"), of_event(EVENT, ORIGIN))
    assert matches(only("title", "/(/", "Disk*"), of_event(EVENT, ORIGIN))


@given(subjects())
def test_a_filter_without_groups_matches_everything(subject: Subject) -> None:
    assert matches(EVERYTHING, subject)


@given(conditions, texts)
def test_not_is_the_opposite(condition: Condition, text: str) -> None:
    assert holds(condition, text) is not holds(replace(condition, negated=not condition.negated), text)


@given(conditions, texts)
def test_any_of_the_values_is_or_and_none_of_them_is_and(condition: Condition, text: str) -> None:
    each = [holds(Condition(condition.field, (value,), condition.negated), text) for value in condition.values]
    assert holds(condition, text) is (all(each) if condition.negated else any(each))


@given(groups, subjects())
def test_a_group_is_and_so_its_opposite_is_or(group: Group, subject: Subject) -> None:
    opposite = Filter(tuple((replace(condition, negated=not condition.negated),) for condition in group))
    assert matches(Filter((group,)), subject) is not matches(opposite, subject)


@given(st.lists(groups, min_size=1, max_size=4), subjects(), st.randoms(use_true_random=False))
def test_groups_are_or_in_any_order_and_so_are_conditions_and_values(
    made: list[Group], subject: Subject, chance: Random
) -> None:
    def mixed(things: Sequence[Thing]) -> tuple[Thing, ...]:
        return tuple(chance.sample(things, len(things)))

    shuffled = [mixed(tuple(replace(one, values=mixed(one.values)) for one in group)) for group in made]
    found = matches(Filter(tuple(made)), subject)
    assert found is any(matches(Filter((group,)), subject) for group in made)
    assert found is matches(Filter(mixed(shuffled)), subject)


@given(filtering.filters)
def test_a_filter_is_stored_and_read_again(made: Filter) -> None:
    codec = Codec(Filter)
    assert codec.read(codec.write(made)) == made
