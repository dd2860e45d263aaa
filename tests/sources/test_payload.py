from datetime import UTC, datetime
from typing import Final

import pytest

from bot.sources import PayloadError, payload
from bot.sources.payload import Json
from tests.sources.corpus import nested

NOON: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": "\\u0000b\\ud800\\u001b[31m"}', {"a": "b[31m"}),
        (b'{"a\\u0000": 1}', {"a": 1}),
        (b'{"a": "back\\bspace\\fand page"}', {"a": "backspaceand page"}),
        (b'"{\\"a\\": 1}"', {"a": 1}),
        (b'{"a": "tab\there\nline"}', {"a": "tab\there\nline"}),
        (b'{"a": "caf\xe9"}', {"a": "caf\ufffd"}),
        ('{"a": "磁盘"}'.encode("utf-16"), {"a": "磁盘"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b"[NaN, Infinity, -Infinity, 1e999, 1.5]", [None, None, None, None, 1.5]),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"[" + b"7" * 41 + b", " + b"7" * 40 + b"]", ["7" * 41, int("7" * 40)]),
    ],
    ids=str,
)
def test_json_is_tamed(body: bytes, value: Json) -> None:
    assert payload.decode(body) == value


def test_what_nests_too_deep_is_null_and_the_rest_is_kept() -> None:
    deep = payload.compact({"deep": nested(100), "title": "disk full"})
    tamed = payload.decode(deep.encode())
    assert isinstance(tamed, dict)
    assert tamed["title"] == "disk full"
    assert payload.compact(tamed["deep"]) == "[" * 63 + "null" + "]" * 63


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is not JSON: Expecting value at line 1 column 1"),
        (b'{"a": 1,\n  oops}', "is not JSON: Expecting property name enclosed in double quotes at line 2 column 3"),
        (b"[" * 100_000, "nests too deep: at most 64 levels are read"),
    ],
    ids=["nothing", "typing error", "depth"],
)
def test_what_is_no_json_says_where(body: bytes, message: str) -> None:
    with pytest.raises(PayloadError) as refused:
        payload.decode(body)
    assert (refused.value.field, refused.value.message) == ("body", message)


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (" a ", " a "), (" \n", None), ("", None), (True, "true"), (False, "false"), (0, "0"), (1.5, "1.5")],
)
def test_scalars_are_text(value: Json, text: str | None) -> None:
    assert payload.text(value) == text


def test_what_is_no_scalar_is_no_text() -> None:
    assert payload.text(None) is payload.text([]) is payload.text({"a": 1}) is None


def test_a_key_is_shown_if_it_is_short_text_and_hashed_otherwise() -> None:
    assert payload.key("352b2a174bdd4918") == "352b2a174bdd4918"
    assert payload.key(7) == "7"
    assert payload.key("k" * 255) == "k" * 255
    assert len(payload.key("k" * 256) or "") == 64
    assert payload.key({"a": "1", "b": "2"}) == payload.key({"b": "2", "a": "1"})
    assert payload.key(["a", "b/c"]) != payload.key(["a/b", "c"])


@pytest.mark.parametrize("value", [None, "", " ", [], {}, [None, ""], {"a": {"b": None}}], ids=str)
def test_what_holds_nothing_is_no_key(value: Json) -> None:
    assert payload.key(value) is None


def test_labels_are_texts_under_names_that_filters_can_write() -> None:
    value: Json = {"env": "prod", "n": 3, "up": False, "a-b": "1", "a b": "2", "环境": "生产", "long": "x" * 3_000}
    assert payload.labels(value) == {
        "env": "prod",
        "n": "3",
        "up": "false",
        "a_b": "1",
        "环境": "生产",
        "long": "x" * 2_047 + "…",
    }
    assert payload.labels({"null": None, "blank": " ", "list": ["a"], "object": {"a": "b"}}) == {}
    assert payload.labels(["env"]) == {}


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-11-20T12:00:00Z", NOON),
        ("2026-11-20T20:00:00+08:00", NOON),
        ("2026-11-20T12:00:00", NOON),
        ("2026-11-20T12:00:00.000000999Z", NOON),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-10:00", None),
        ("yesterday", None),
        (1_795_176_000, None),
        (None, None),
    ],
    ids=str,
)
def test_instants_are_read_in_utc(value: Json, instant: datetime | None) -> None:
    assert payload.instant(value) == instant


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "//example.com", "https://", "https://a b", "ftp://example.com", "", None, 1]
)
def test_only_web_addresses_are_addresses(value: Json) -> None:
    assert payload.address(value) is None
    assert payload.address("HTTPS://example.com/?q=1|2") == "HTTPS://example.com/?q=1|2"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("data.severity", "high"),
        ("data.items[1].name", "b"),
        ("data.items.0.name", "a"),
        ("data.items[2].name", None),
        ("data.items[-1]", None),
        ("data.items.name", None),
        (f"data.items[{'9' * 5_000}]", None),
        ("data.severity.deeper", None),
        ("nothing", None),
        ("", {"data": {"severity": "high", "items": [{"name": "a"}, {"name": "b"}]}}),
    ],
)
def test_a_path_finds_what_is_there(path: str, found: Json) -> None:
    assert payload.at({"data": {"severity": "high", "items": [{"name": "a"}, {"name": "b"}]}}, path) == found
