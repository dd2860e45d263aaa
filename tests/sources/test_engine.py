from dataclasses import replace
from typing import Final

import pytest
from jmespath.exceptions import ParseError

from bot.domain.event import Event, Severity
from bot.sources import Request
from bot.sources.engine import Need, Spec, mapped
from bot.sources.expression import evaluate
from bot.sources.payload import Json
from tests.sources.corpus import NOW

SPEC: Final = Spec(
    each="checks",
    needs=Need("name", "name", "is missing"),
    key=("host", "name"),
    status="state",
    recovered=frozenset({"ok", "up"}),
    severity=("level",),
    severities={"1": Severity.CRITICAL},
    title=("join(' on ', [name, host])", "name"),
    untitled="Check",
    description=("output",),
    labels=("{host: host, via: _headers.agent, team: _query.team}", "tags", "_body.tags"),
)


def events(body: bytes, *specs: Spec) -> tuple[Event, ...]:
    return mapped("checks", *specs)(Request(body, NOW, query={"team": "infra"}, headers={"agent": "probe/1"})).events


def test_an_event_is_made_of_its_alert_its_body_and_its_request() -> None:
    check = b'{"name": "ping", "host": "a", "level": 1, "tags": {"host": "b", "env": "x"}}'
    (event,) = events(b'{"checks": [' + check + b'], "tags": {"env": "y"}}', SPEC)
    assert (event.title, event.status) == ("ping on a", Severity.CRITICAL)
    assert event.labels == {"host": "a", "via": "probe/1", "team": "infra", "env": "x"}


def test_an_expression_that_fails_leaves_the_word_to_the_next_one() -> None:
    (event,) = events(b'{"checks": [{"name": "ping"}]}', SPEC)
    assert event.title == "ping"
    (event,) = events(b'{"checks": [{"name": ["ping"]}]}', SPEC)
    assert event.title == "Check"


def test_a_key_of_several_parts_is_one_hash() -> None:
    up = b'{"name": "a/b", "host": "c", "state": "UP"}'
    checks = b'{"name": "a/b", "host": "c"}, {"name": "a", "host": "b/c"}, ' + up
    first, second, third = events(b'{"checks": [' + checks + b"]}", SPEC)
    assert first.alert_key != second.alert_key
    assert third.is_recovery
    assert third.alert_key == first.alert_key


def test_each_spec_takes_its_own_part_of_a_body() -> None:
    single = replace(SPEC, each="name && [@]")
    assert [event.title for event in events(b'{"name": "ping"}', SPEC, single)] == ["ping"]
    assert [event.title for event in events(b'{"name": "a", "checks": [{"name": "b"}]}', SPEC, single)] == ["b", "a"]


def test_a_wrong_expression_is_found_where_it_is_written() -> None:
    with pytest.raises(ParseError):
        replace(SPEC, title=("join(",))


@pytest.mark.parametrize(
    "expression",
    [
        "join('', name)",
        "merge(name, @)",
        "nothing()",
        "length(@, @)",
        "ceil(to_number('1e999'))",
        "instant(`1`)",
        "abs(name)",
    ],
)
def test_an_expression_that_fails_is_null(expression: str) -> None:
    scope: Json = {"name": "ping"}
    assert evaluate(expression, scope) is None


def test_the_functions_of_ours() -> None:
    assert evaluate("instant('1970-01-02T00:00:00Z')", {}) == 86_400
    assert evaluate("instant('soon')", {}) is None
    assert evaluate("first([a, b, c, d])", {"a": " ", "b": [None], "c": 0, "d": "late"}) == 0
    assert evaluate("first([a])", {}) is None
