import pytest

from bot.outbound.callback_body import LONGEST, items_of, text_of


@pytest.mark.parametrize(
    ("body", "items"),
    [
        (b'[{"a": 1}, 2, null, {"b": 2}]', [{"a": 1}, {"b": 2}]),
        (b'{"a": 1}', [{"a": 1}]),
        (b"[]", []),
        (b"3", None),
        (b"null", None),
        (b"", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
        (b"[" + b"9" * 10_000 + b"]", None),
    ],
)
def test_the_objects_of_a_body(body: bytes, items: object) -> None:
    assert items_of(body) == items


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (200000, "200000"),
        (True, ""),
        (None, ""),
        (1.5, ""),
        (["x"], ""),
        ("a\0b\ud83d", "ab?"),
        ("x" * 5000, "x" * LONGEST),
    ],
)
def test_a_field_as_text(value: object, text: str) -> None:
    assert text_of({"a": value}, "a") == text


def test_the_first_name_that_is_there() -> None:
    assert text_of({"b": "", "c": "x"}, "a", "b", "c") == "x"
    assert text_of({}, "a") == ""
