import json
from dataclasses import replace
from typing import Final

import pytest

from bot.domain.event import Event, Image, Severity
from bot.sources import PayloadError, Request, Settings
from bot.sources.payload import Json
from tests.sources.corpus import NOW, parse

MAPPED: Final = Settings({"title_rule": "{{name}}"})


def request(body: Json, settings: Settings | None = None) -> Request:
    return Request(json.dumps(body).encode(), NOW, settings or Settings())


def event(**fields: Json) -> Event:
    """Return the event of a good post with these fields in place of its own."""
    (read,) = parse("standard", request({"event_status": "Warning", "title_rule": "disk full", **fields})).events
    return read


def refused(body: Json, settings: Settings | None = None) -> PayloadError:
    parsed = parse("standard", request(body, settings))
    assert not parsed.events
    return parsed.faults[0]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Critical", Severity.CRITICAL),
        ("Warning", Severity.WARNING),
        ("Info", Severity.INFO),
        ("CRITICAL", Severity.CRITICAL),
        (" info ", Severity.INFO),
    ],
)
def test_the_status_is_one_of_four_words_in_any_case(said: str, status: Severity) -> None:
    assert event(event_status=said).status is status


def test_too_long_is_cut() -> None:
    read = event(
        title_rule="t" * 600,
        description="d" * 3_000,
        labels={"a": "v" * 3_000, "k" * 129: "dropped", **{f"l{number}": "x" for number in range(60)}},
    )
    assert (len(read.title), len(read.description)) == (512, 2_048)
    assert len(read.labels) == 50
    assert len(read.labels["a"]) == 2_048


def test_a_rule_of_many_variables_does_not_grow() -> None:
    read = event(title_rule="::".join(["$a"] * 100_000), labels={"a": "v" * 100_000})
    assert len(read.title) == 512


@pytest.mark.parametrize("key", [None, "", "  "])
def test_an_alert_key_of_nothing_is_none(key: str | None) -> None:
    assert event(alert_key=key).alert_key is None


def test_a_title_may_be_called_title() -> None:
    assert event(title_rule=None, title="disk is full").title == "disk is full"
    assert event(title="disk is full").title == "disk full"
    assert event(title_rule="[TPL]{{.Title}}!", title="disk is full").title == "disk is full!"


def test_a_rule_that_comes_to_nothing_still_makes_an_alert() -> None:
    assert event(title_rule="[TPL]{{.Labels.host}}").title == "Alert without a title"


def test_a_recovery_needs_the_key_but_no_title() -> None:
    assert refused({"event_status": "Ok", "title_rule": "disk full"}).field == "alert_key"
    recovery = event(event_status="Ok", title_rule=None, alert_key="disk-1")
    assert recovery.is_recovery
    assert recovery.title == "disk-1"


def test_labels_without_a_value_are_left_out() -> None:
    assert event(labels={"env": None, "team": "", "host": "web-01"}).labels == {"host": "web-01"}


def test_pictures_come_along() -> None:
    read = event(
        images=[
            {"src": "https://example.com/a.png", "alt": "a" * 200, "href": "javascript:alert(1)"},
            {"src": "https://example.com/" + "b" * 256, "alt": "b"},
            {"src": "https://example.com/c.png", "alt": "same", "href": "https://example.com/"},
            {"src": "https://example.com/d.png", "alt": "same"},
        ]
    )
    assert read.images == (
        Image("https://example.com/a.png", "a" * 127 + "…"),
        Image("https://example.com/d.png", "same"),
    )


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"event_status": None}, "event_status", "is missing: send Critical, Warning, Info or Ok"),
        ({"event_status": "Criticall"}, "event_status", "must be Critical, Warning, Info or Ok, not 'Criticall'"),
        ({"event_status": ["Ok"]}, "event_status", "must be Critical, Warning, Info or Ok, not ''"),
        ({"title_rule": None}, "title_rule", "is missing: every alert needs a title"),
        ({"title_rule": " "}, "title_rule", "is missing: every alert needs a title"),
        ({"title_rule": {}}, "title_rule", "must be text"),
        ({"title": []}, "title", "must be text"),
        ({"alert_key": "k" * 256}, "alert_key", "has 256 characters; at most 255 are possible"),
        ({"alert_key": {"id": 1}}, "alert_key", "must be text"),
        ({"description": ["a"]}, "description", "must be text"),
        ({"labels": ["a"]}, "labels", "must be an object of names and texts"),
        ({"labels": {"tags": ["a"]}}, "labels.tags", "must be text"),
        ({"images": {}}, "images", "must be a list"),
        ({"images": ["a.png"]}, "images[0]", "must be an object with src"),
        ({"images": [{"alt": "a"}]}, "images[0].src", "must be an http or https address"),
        ({"images": [{"src": "https://example.com/", "alt": []}]}, "images[0].alt", "must be text"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(fields: dict[str, Json], field: str, message: str) -> None:
    fault = refused({"event_status": "Warning", "title_rule": "disk full", **fields})
    assert (fault.field, fault.message) == (field, message)


def test_events_may_come_as_a_list() -> None:
    posted: Json = [{"event_status": "Warning", "title_rule": f"disk {number}"} for number in (1, 2)]
    assert [read.title for read in parse("standard", request(posted)).events] == ["disk 1", "disk 2"]


def test_what_is_wrong_in_a_list_is_refused_by_its_place_and_costs_the_others_nothing() -> None:
    read = parse("standard", request([{"event_status": "Warning", "title_rule": "disk full"}, {"event_status": "Bad"}]))
    assert [event.title for event in read.events] == ["disk full"]
    assert [fault.field for fault in read.faults] == ["[1].event_status"]


def test_a_list_of_other_json_needs_a_field_mapping() -> None:
    assert refused([{"name": "disk full"}]).field == "[0].event_status"
    (read,) = parse("standard", request([{"name": "disk full"}], MAPPED)).events
    assert read.title == "disk full"


def test_a_list_holds_at_most_a_hundred() -> None:
    hundred: Json = [{"name": f"disk {number}"} for number in range(100)]
    assert len(parse("standard", request(hundred, MAPPED)).events) == 100
    fault = refused([{}] * 101, MAPPED)
    assert (fault.field, fault.message) == ("body", "holds 101 events; send at most 100 at once")
    assert parse("standard", request([], MAPPED)).events == ()


def test_one_wrong_item_does_not_cost_the_others() -> None:
    mapped = replace(MAPPED, values={"event_status": {"fine": "Ok"}})
    parsed = parse("standard", request([{"name": "a"}, 7, {"name": "b", "event_status": "fine"}], mapped))
    assert [event.title for event in parsed.events] == ["a"]
    assert [fault.field for fault in parsed.faults] == ["[1]", "[2].alert_key"]
    assert refused(7, MAPPED).field == "body"
    assert refused({"event_status": "Ok"}, MAPPED).field == "alert_key"
