"""Only what Twilio has signed is let in: at our address, with one of our tokens, by an algorithm that is known."""

import hashlib
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.providers.twilio.signature import Gate, sign
from bot.adapter import Callback
from bot.playground.twilio.signature import signed

FORM = {"content-type": "application/x-www-form-urlencoded"}
FIELDS = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+12349013030",
    "Digits": "1234",
    "From": "+12349013030",
    "To": "+18005551212",
}
# https://www.twilio.com/docs/usage/security, the example.
VECTOR = "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
BASE = "https://oncall.example.com/voice/main/"
TOKEN = "12345"


def request(fields: dict[str, str], *, url: str = f"{BASE}7.x/keys?turn=1", **changes: object) -> Callback:
    headers = {name.lower(): value for name, value in signed(url, fields, TOKEN).items()}
    headers |= FORM | {"host": "oncall.example.com"}
    made = Callback("7.x/keys", urlencode(fields).encode(), headers, "turn=1")
    return replace(made, **changes)  # type: ignore[arg-type]  # Each test names fields that a callback has.


def test_the_example_of_the_documentation() -> None:
    gate = Gate("/", [TOKEN], fixed="https://mycompany.com/")
    headers = {**FORM, "x-twilio-signature": VECTOR}
    called = Callback("myapp.php", urlencode(FIELDS).encode(), headers, "foo=1&bar=2")
    assert gate.admit(called) == FIELDS
    text = "https://mycompany.com/myapp.php?foo=1&bar=2" + "".join(name + FIELDS[name] for name in sorted(FIELDS))
    assert sign(text, TOKEN).decode() == VECTOR


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"))))
def test_any_form_that_was_signed_is_admitted_and_none_that_was_changed(fields: dict[str, str]) -> None:
    gate = Gate("/voice/main/", ["other", TOKEN], fixed=BASE)
    assert gate.admit(request(fields)) == fields
    assert gate.admit(request(fields, path="8.x/keys")) is None
    assert gate.admit(request(fields, query="turn=2")) is None
    changed = urlencode({**fields, "Digits": "1" + fields.get("Digits", "")}).encode()
    assert gate.admit(request(fields, body=changed)) is None
    assert Gate("/voice/main/", ["other"], fixed=BASE).admit(request(fields)) is None
    assert Gate("/voice/main/", [], fixed=BASE).admit(request(fields)) is None


@pytest.mark.parametrize("port", ["", ":443"])
@pytest.mark.parametrize("ours", ["", ":443"])
def test_with_and_without_the_port(port: str, ours: str) -> None:
    url = f"https://oncall.example.com{port}/voice/main/7.x/keys?turn=1"
    gate = Gate("/voice/main/", [TOKEN], fixed=f"https://oncall.example.com{ours}/voice/main/")
    assert gate.admit(request(FIELDS, url=url)) == FIELDS


def test_a_port_of_ours_may_be_left_out() -> None:
    gate = Gate("/voice/main/", [TOKEN], fixed="http://oncall.example.com:8080/voice/main/")
    for host in ("oncall.example.com", "oncall.example.com:8080"):
        assert gate.admit(request(FIELDS, url=f"http://{host}/voice/main/7.x/keys?turn=1")) == FIELDS


def test_both_algorithms_and_no_other() -> None:
    url = f"{BASE}7.x/keys?turn=1"
    gate = Gate("/voice/main/", [TOKEN], fixed=BASE)
    newer = {name.lower(): value for name, value in signed(url, FIELDS, TOKEN, "HMAC_SHA256").items()}
    assert gate.admit(request(FIELDS, headers={**FORM, **newer})) == FIELDS
    for settings_ in ("key=k,algorithm=HMAC_MD5", "", "key=k"):
        headers = {**FORM, **newer, "x-twilio-webhooks-signature-settings": settings_}
        assert gate.admit(request(FIELDS, headers=headers)) is None
    older = {**request(FIELDS).headers, "x-twilio-webhooks-signature-settings": "algorithm="}
    assert gate.admit(request(FIELDS, headers=older)) == FIELDS


def test_where_we_are_is_our_public_address_or_what_the_request_says() -> None:
    gate = Gate("/voice/main/", [TOKEN])
    assert gate.admit(request(FIELDS)) == FIELDS
    hidden = {**request(FIELDS).headers, "host": "10.0.0.7:8000"}
    assert gate.admit(request(FIELDS, headers=hidden)) is None
    assert gate.admit(request(FIELDS, headers={**hidden, "x-forwarded-host": "oncall.example.com, proxy"})) == FIELDS
    assert gate.admit(replace(request(FIELDS, headers=hidden), base=BASE)) == FIELDS
    assert gate.admit(request(FIELDS, headers={**FORM, "host": "oncall.example.com:port"})) is None


def test_a_body_that_is_no_form_is_signed_by_its_hash() -> None:
    body = b'{"CallSid": "CA1"}'
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {name.lower(): value for name, value in signed(f"{BASE}7.x/keys?{query}", {}, TOKEN).items()}
    called = Callback("7.x/keys", body, {**headers, "content-type": "application/json"}, query)
    gate = Gate("/voice/main/", [TOKEN], fixed=BASE)
    assert gate.admit(called) == {}
    assert gate.admit(replace(called, body=b"{}")) is None
    asked = {name.lower(): value for name, value in signed(f"{BASE}7.x/answered", {}, TOKEN).items()}
    assert gate.admit(Callback("7.x/answered", b"", asked, method="GET")) == {}


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join([b"a=1"] * 400)])
def test_a_form_that_twilio_would_not_send(body: bytes) -> None:
    gate = Gate("/voice/main/", [TOKEN], fixed=BASE)
    assert gate.admit(request(FIELDS, body=body)) is None
    assert gate.admit(request(FIELDS, headers={**FORM, "x-twilio-signature": "é"})) is None


def test_an_address_that_cannot_be_read_admits_nobody() -> None:
    assert Gate("/", [TOKEN], fixed="https://[broken/").admit(request(FIELDS)) is None
