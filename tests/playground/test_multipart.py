"""A form of several parts is read as it was written, whatever its bytes are."""

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.multipart import Part, parts_of


@settings(max_examples=50)
@given(st.binary(max_size=200), st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=30))
def test_files_and_fields_are_read_byte_by_byte(data: bytes, words: str) -> None:
    tricky = b"\r\n--" + data + b"\r\n"
    sent = httpx.Request(
        "POST", "http://127.0.0.1", files={"photo": ("a.png", tricky, "image/png")}, data={"caption": words}
    )
    found = parts_of(sent.headers["content-type"], sent.read())
    assert found == {
        "photo": Part("photo", tricky, "a.png", "image/png"),
        "caption": Part("caption", words.encode()),
    }


def test_what_is_no_such_form_has_no_fields() -> None:
    assert parts_of("application/json", b"{}") == {}
    assert parts_of("multipart/form-data", b"--x\r\n") == {}
    assert parts_of("multipart/form-data; boundary=x", b"--x\r\nno head--x--") == {}
    assert parts_of("multipart/form-data; boundary=x", b"--x\r\ncontent-type: a/b\r\n\r\ndata\r\n--x--") == {}
