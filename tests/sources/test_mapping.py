import json
from typing import Final

import pytest

from bot.domain.event import Event, Image
from bot.sources import Request, Settings, payload
from bot.sources.mapping import Fault, faults
from bot.sources.payload import Json
from bot.sources.source import Template
from tests.sources.corpus import NOW, damaged, parse

POSTED: Final[dict[str, Json]] = {
    "name": "CPU high",
    "severity": "HIGH",
    "host": "web-01",
    "data": {"check": "cpu", "list": [{"id": 5}]},
    "tags": {"env": "prod", "nested": {"a": 1}, "none": None},
}


def read(fields: dict[str, Template], values: dict[str, dict[str, str]] | None = None, **posted: Json) -> Event:
    body = payload.compact({**POSTED, **posted}).encode()
    (event,) = parse("standard", Request(body, NOW, Settings(fields, values or {}))).events
    return event


@pytest.mark.parametrize(
    ("template", "title"),
    [
        ("{{name}}", "CPU high"),
        ("{{ data.check }} on {{host}}", "cpu on web-01"),
        ("id {{data.list[0].id}}", "id 5"),
        ("{{host}} - {{rack}}", "web-01 -"),
        ("{{data}}", '{"check":"cpu","list":[{"id":5}]}'),
        ("always this", "always this"),
        ("$env::{{host}}", "prod / web-01"),
        ("{{rack}}", "Alert without a title"),
        ("{{rack}} in {{room}}", "Alert without a title"),
        ("{{}} {{a{b}}", "{{}} {{a{b}}"),
    ],
)
def test_a_template_takes_words_from_the_posted_json(template: str, title: str) -> None:
    assert read({"title_rule": template, "labels": "{{tags}}"}).title == title


def test_a_title_that_is_missing_is_taken_from_what_there_is() -> None:
    assert read({"title": "{{rack}}", "description": "{{host}} is slow\n{{name}}"}).title == "web-01 is slow"
    assert read({"title": "{{rack}}"}, title_rule="of the post").title == "of the post"
    assert read({"title": "{{name}}"}, title_rule="of the post").title == "CPU high"


def test_labels_are_taken_whole_or_one_by_one() -> None:
    assert read({"labels": "{{tags}}"}).labels == {"env": "prod"}
    assert read({"labels": {"environment": "{{tags.env}}", "rack": "{{rack}}"}}).labels == {"environment": "prod"}
    assert read({"labels": "{{name}}"}).labels == {}


@pytest.mark.parametrize(
    ("severity", "status"), [("HIGH", "Critical"), ("medium", "Warning"), ("ok", "Ok"), ("Info", "Info")]
)
def test_values_are_mapped_by_path(severity: str, status: str) -> None:
    values = {"severity": {"high": "Critical", "medium": "Warning"}}
    assert read({"event_status": "{{severity}}"}, values, severity=severity, alert_key="1").status == status


def test_values_are_mapped_by_field() -> None:
    values = {"event_status": {"high": "Info", "1": "Critical"}}
    assert read({"event_status": "{{severity}}"}, values).status == "Info"
    assert read({}, values, title="a", event_status=1).status == "Critical"


def test_a_status_that_nobody_knows_is_a_warning_rather_than_nothing() -> None:
    assert read({"event_status": "{{severity}}"}).status == "Warning"
    assert read({"event_status": "{{nothing}}"}).status == "Warning"


def test_a_key_is_none_only_if_all_of_it_is_missing() -> None:
    assert read({"alert_key": "{{host}}::{{name}}"}).alert_key == "web-01::CPU high"
    assert read({"alert_key": "{{host}}::{{rack}}"}).alert_key == "web-01::"
    assert read({"alert_key": "{{room}}::{{rack}}"}).alert_key is None
    assert len(read({"alert_key": "{{host}}"}, host="h" * 300).alert_key or "") == 64


def test_pictures_of_the_post_are_kept_if_they_are_any() -> None:
    images: Json = [{"src": "https://example.com/a.png", "alt": ["a"], "href": {}}, {"src": "a.png"}, 7]
    assert read({"title": "{{name}}"}, images=images).images == (Image("https://example.com/a.png"),)
    assert read({"title": "{{name}}"}, images="none").images == ()


def test_a_long_value_among_text_is_cut() -> None:
    assert len(read({"alert_key": "{{a}}" * 1_000 + "."}, a="x" * 3_000).alert_key or "") == 64


def test_what_no_database_stores_is_taken_from_what_a_mapping_says_itself() -> None:
    """A file in YAML can hold such characters: they are written as a backslash and a nought there."""
    event = read({"title": "disk\0full", "labels": {"env": "{{tags.env}}"}}, {"env": {"prod": "live\x07"}})
    assert (event.title, dict(event.labels)) == ("diskfull", {"env": "prod"})
    assert read({"description": "{{severity}}"}, {"severity": {"high": "\0very"}}).description == "very"


def test_any_object_makes_an_event_however_broken() -> None:
    fields: dict[str, Template] = {"title": "{{name}}", "event_status": "{{severity}}", "labels": "{{tags}}"}
    posted: dict[str, Json] = {**POSTED, "images": [{"src": "https://example.com/a.png", "alt": "a", "href": "b"}]}
    for broken in damaged(posted):
        if isinstance(broken, dict):
            assert parse("standard", Request(json.dumps(broken).encode(), NOW, Settings(fields))).events


def test_mistakes_in_a_mapping_are_named() -> None:
    settings = Settings(
        {"titel": "{{name}}", "title": {"a": "b"}, "labels": {"env": "{{tags.env}}"}, "description": "{{name}}"},
        {"event_status": {"high": "critical", "low": "Lowest"}, "severity": {"a": "b"}},
    )
    assert faults(settings) == (
        Fault(
            "fields.titel",
            "is no field of an event: use one of title, title_rule, description, event_status, alert_key, labels",
        ),
        Fault("fields.title", "must be text: only labels may be given one by one"),
        Fault("values.event_status.low", "must be one of Critical, Warning, Info, Ok, not Lowest"),
    )
