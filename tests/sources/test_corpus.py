"""What holds for every source: a new one brings its folder of bodies, and these tests find it."""

import json
from dataclasses import replace
from typing import Final

import pytest

from bot import sources
from bot.domain.event import Severity
from bot.sources.payload import Json
from tests.sources.corpus import Case, cases, damaged, parse, written
from tests.support.golden import Golden

CASES: Final = cases()
NAMES: Final = sorted({case.source for case in CASES})

HOSTILE: Final[dict[str, bytes]] = {
    "nothing": b"",
    "blank": b" \r\n ",
    "null": b"null",
    "number": b"42",
    "nan": b"NaN",
    "text": b'"disk full"',
    "text in text": b'"\\"\\\\\\"disk full\\\\\\"\\""',
    "list": b"[]",
    "list of nulls": b"[null, null]",
    "list of lists": b"[[[]]]",
    "object": b"{}",
    "no value": b'{"alerts":',
    "no JSON": b"event_status=Critical&title=disk+full",
    "XML": b"<monit><event/></monit>",
    "two values": b"{}{}",
    "not UTF-8": b'{"title": "\xff\xfe\xc3(", "event_status": "Warning"}',
    "byte order mark": b'\xef\xbb\xbf{"alerts": []}',
    "UTF-16": '{"alerts": [], "title": "磁盘"}'.encode("utf-16"),
    "half a character of UTF-16": '{"title": "磁盘"}'.encode("utf-16")[:-1],
    "zeros": b"\0" * 100,
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a long integer": b'{"alerts": ' + b"9" * 100_000 + b"}",
    "an endless fraction": b'{"truncatedAlerts": 1e999999}',
    "many alerts": b'{"alerts": [' + b"0," * 100_000 + b"0]}",
    "many objects": b"[" + b"{}," * 20_000 + b"{}]",
    "equal keys": b'{"alerts": [], "alerts": 1, "alerts": {}}',
}


def named(case: Case) -> str:
    return case.name


def test_every_source_has_bodies_and_all_bodies_have_a_source() -> None:
    assert tuple(NAMES) == sources.names()


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_body_makes_the_events_that_were_reviewed(case: Case, golden: Golden) -> None:
    golden(f"{case.name}.events.json", written(parse(case.source, case.request)))


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_body_sent_again_makes_the_same_events(case: Case) -> None:
    first, second = parse(case.source, case.request), parse(case.source, case.request)
    assert [event.fingerprint for event in first.events] == [event.fingerprint for event in second.events]


@pytest.mark.parametrize("name", NAMES)
def test_a_recovery_has_the_key_of_an_alert(name: str) -> None:
    events = [event for case in CASES if case.source == name for event in parse(name, case.request).events]
    triggers = {event.alert_key for event in events if event.status is not Severity.OK}
    assert {event.alert_key for event in events if event.status is Severity.OK} <= triggers


@pytest.mark.parametrize("case", [case for case in CASES if case.file.suffix == ".json"], ids=named)
def test_a_damaged_body_makes_sound_events_or_faults_with_a_field(case: Case) -> None:
    body: Json = json.loads(case.request.body)
    for broken in damaged(body):
        parse(case.source, replace(case.request, body=json.dumps(broken).encode()))
    assert body == json.loads(case.request.body)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_body_cut_anywhere_makes_sound_events_or_faults_with_a_field(case: Case) -> None:
    for length in range(0, len(case.request.body), 7):
        parse(case.source, replace(case.request, body=case.request.body[:length]))


@pytest.mark.parametrize("name", NAMES)
def test_the_body_of_another_source_makes_sound_events_or_faults_with_a_field(name: str) -> None:
    for own in _requests(name):
        for foreign in CASES:
            parse(name, replace(own, body=foreign.request.body))


@pytest.mark.parametrize("shape", HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_body_makes_sound_events_or_faults_with_a_field(name: str, shape: str) -> None:
    for own in _requests(name):
        parse(name, replace(own, body=HOSTILE[shape]))


def _requests(name: str) -> list[sources.Request]:
    """Return one request for each way in which the bodies of a source are sent."""
    ways: list[sources.Request] = []
    for case in CASES:
        bare = replace(case.request, body=b"")
        if case.source == name and bare not in ways:
            ways.append(bare)
    return ways
