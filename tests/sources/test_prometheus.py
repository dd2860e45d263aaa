import json
from typing import Final

import pytest

from bot.domain.event import Event, Severity
from bot.sources import Parsed, Request
from bot.sources.payload import Json
from tests.sources.corpus import JUNK, NOW, damaged, parse

GOOD: Final[dict[str, Json]] = {
    "status": "firing",
    "labels": {"alertname": "DiskFull", "severity": "critical"},
    "annotations": {"summary": "disk full"},
    "fingerprint": "f1",
}


def post(*alerts: Json, **group: Json) -> Parsed:
    return parse("prometheus", Request(json.dumps({"alerts": list(alerts), **group}).encode(), NOW))


def alert(**fields: Json) -> Event:
    """Return the event of a good alert with these fields in place of its own."""
    (event,) = post({**GOOD, **fields}).events
    return event


def test_each_alert_has_its_own_status_whatever_its_group_says() -> None:
    events = post(GOOD, {**GOOD, "status": "resolved", "fingerprint": "f2"}, status="firing").events
    assert [(event.alert_key, event.is_recovery) for event in events] == [("f1", False), ("f2", True)]


def test_a_time_of_end_in_the_past_closes_nothing() -> None:
    assert not alert(endsAt="2020-01-01T00:00:00Z").is_recovery


@pytest.mark.parametrize(
    ("labels", "severity"),
    [
        ({"severity": "Critical"}, Severity.CRITICAL),
        ({"priority": "warn"}, Severity.WARNING),
        ({"level": "unk"}, Severity.INFO),
        ({"severity": "page", "level": "critical"}, Severity.CRITICAL),
        ({"severity": "info", "level": "critical"}, Severity.INFO),
        ({"severity": "page"}, Severity.WARNING),
        ({}, Severity.WARNING),
        ({"severity": "ok"}, Severity.OK),
    ],
)
def test_severity_is_the_first_word_that_is_known(labels: dict[str, Json], severity: Severity) -> None:
    assert alert(labels={"alertname": "DiskFull", **labels}).status is severity


@pytest.mark.parametrize("broken", ["labels", "annotations", "fingerprint", "status"])
@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: repr(junk)[:20])
def test_an_alert_pages_though_one_part_of_it_is_broken(broken: str, junk: Json) -> None:
    event = alert(**{broken: junk})
    assert not event.is_recovery
    assert event.alert_key


def test_a_broken_alert_does_not_cost_its_neighbour() -> None:
    body: Json = {**GOOD, "labels": {"alertname": "DiskFull"}, "annotations": {}}
    for broken in damaged(body):
        assert post(broken, {**GOOD, "fingerprint": "good"}).events[-1].alert_key == "good"


def test_what_can_be_no_alert_is_refused_by_its_place() -> None:
    faults = post(GOOD, {"status": "firing"}, 7, {"status": "resolved", "annotations": {"summary": "whose?"}}).faults
    assert [(fault.field, fault.message) for fault in faults] == [
        ("alerts[1].labels", "is missing: an alert has labels"),
        ("alerts[2]", "must be an object"),
        ("alerts[3]", "has recovered, but nothing in it says which alert to close"),
    ]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ("{}", "alerts", "is missing: this is not a body of Alertmanager's webhook"),
        ("[]", "alerts", "is missing: this is not a body of Alertmanager's webhook"),
        ('{"alerts": {"a": 1}}', "alerts", "must be a list"),
        (json.dumps({"alerts": [0] * 10_001}), "alerts", "holds 10001 alerts; send at most 10000 at once"),
    ],
)
def test_another_body_is_refused(body: str, field: str, message: str) -> None:
    (fault,) = parse("prometheus", Request(body.encode(), NOW)).faults
    assert (fault.field, fault.message) == (field, message)


def test_no_alerts_are_no_fault() -> None:
    assert post() == Parsed(())


def test_alerts_that_alertmanager_left_out_are_an_alert_themselves() -> None:
    group: dict[str, Json] = {"groupKey": "{}:{}", "receiver": "oncall", "commonLabels": {"severity": "critical"}}
    _, left_out = post(GOOD, truncatedAlerts=3, **group).events
    assert left_out.title == "Alertmanager left out 3 alerts of a group"
    assert left_out.status is Severity.CRITICAL
    _, again = post(GOOD, truncatedAlerts=5, **group).events
    assert again.alert_key == left_out.alert_key
    assert len(post(GOOD, truncatedAlerts=0, **group).events) == 1
