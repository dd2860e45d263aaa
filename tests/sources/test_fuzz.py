"""Whatever anybody sends, to any source: sound events, or faults that name a field."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import sources
from bot.sources import Request, Settings
from bot.sources.payload import Json, compact
from tests.sources.corpus import NOW, cases, parse

NAMES: Final = sources.names()
BODIES: Final = [case.request.body for case in cases()]
WORDS: Final = st.sampled_from(
    [
        "alerts", "labels", "annotations", "status", "fingerprint", "endsAt", "startsAt", "truncatedAlerts", "groupKey",
        "event_status", "title_rule", "title", "alert_key", "description", "images", "src", "alt", "href", "severity",
        "resolved", "firing", "Ok", "Critical", "$severity::$a", "[TPL]${a}{{.Title}}", "{{labels}}", "{{a[0]}} {{c}}",
        "https://example.com/", "2026-11-20T23:47:46Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-10:00",
    ]
)  # fmt: skip
TEXTS: Final = st.one_of(WORDS, st.text())
SCALARS: Final = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS)
VALUES: Final = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXTS, inner)), max_leaves=30
)
MAPPINGS: Final = st.builds(
    Settings,
    st.dictionaries(WORDS, st.one_of(TEXTS, st.dictionaries(TEXTS, TEXTS))),
    st.dictionaries(WORDS, st.dictionaries(TEXTS, TEXTS)),
)
FUZZ: Final = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", NAMES)
@FUZZ
@given(body=st.binary(), how=MAPPINGS)
def test_any_bytes(name: str, body: bytes, how: Settings) -> None:
    parse(name, Request(body, NOW, how))


@pytest.mark.parametrize("name", NAMES)
@FUZZ
@given(body=VALUES, how=MAPPINGS)
def test_any_json(name: str, body: Json, how: Settings) -> None:
    parse(name, Request(compact(body).encode("utf-8", "surrogatepass"), NOW, how))


@pytest.mark.parametrize("name", NAMES)
@FUZZ
@given(body=st.sampled_from(BODIES), start=st.integers(0, 2_000), junk=st.binary(max_size=30), length=st.integers(0, 9))
def test_any_bytes_in_a_real_body(name: str, body: bytes, start: int, junk: bytes, length: int) -> None:
    request = Request(body, NOW)
    parse(name, replace(request, body=body[:start] + junk + body[start + length :]))
