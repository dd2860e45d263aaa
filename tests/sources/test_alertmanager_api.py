import json
from datetime import timedelta

import pytest

from bot.sources import Request
from bot.sources.payload import Json
from tests.sources.corpus import NOW, parse


def recovered(ends_at: Json) -> bool:
    body = json.dumps([{"labels": {"alertname": "DiskFull"}, "endsAt": ends_at}]).encode()
    (event,) = parse("alertmanager-api", Request(body, NOW)).events
    return event.is_recovery


@pytest.mark.parametrize(("after", "is_over"), [(-3600, True), (-0.001, True), (0, True), (0.001, False), (240, False)])
def test_an_alert_is_over_once_its_end_has_come(after: float, is_over: bool) -> None:
    assert recovered((NOW + timedelta(seconds=after)).isoformat()) is is_over


@pytest.mark.parametrize("ends_at", [None, "", "0001-01-01T00:00:00Z", "soon", 0, {}])
def test_an_alert_without_an_end_is_firing(ends_at: Json) -> None:
    assert not recovered(ends_at)


def test_labels_are_the_identity_in_any_order_and_nothing_else_is() -> None:
    first: Json = {"labels": {"a": "1", "b": "2"}, "annotations": {"summary": "x"}, "startsAt": "2026-11-20T00:00:00Z"}
    second: Json = {"labels": {"b": "2", "a": "1"}, "endsAt": "2026-11-20T00:00:00Z"}
    third: Json = {"labels": {"a": "1", "b": "3"}}
    events = parse("alertmanager-api", Request(json.dumps([first, second, third]).encode(), NOW)).events
    assert events[0].alert_key == events[1].alert_key != events[2].alert_key


@pytest.mark.parametrize("labels", [None, {}, {"alertname": ""}, ["alertname"], "alertname"], ids=str)
def test_an_alert_needs_a_label(labels: Json) -> None:
    (fault,) = parse("alertmanager-api", Request(json.dumps([{"labels": labels}]).encode(), NOW)).faults
    assert fault.field == "[0].labels"


def test_a_body_that_is_no_list_is_refused() -> None:
    (fault,) = parse("alertmanager-api", Request(b'{"alerts": []}', NOW)).faults
    assert (fault.field, fault.message) == ("body", "must be a list")
    assert parse("alertmanager-api", Request(b"[]", NOW)).events == ()
