"""What is wrong with a gateway's settings is told before anybody is paged, by the setting's name."""

import pytest

from adapters.providers.webhook import sms
from adapters.providers.webhook.config import KEYS, SmsConfig, VoiceConfig
from adapters.providers.webhook.request import make
from bot.domain.people import Method
from tests.playground.manual_clock import ManualClock

URL = "https://gateway.example.com/send"
SAID = {
    **dict.fromkeys(("number", "severity", "title", "summary", "locale", "callback"), "x"),
    "to": "+15550100001",
    "text": 'disk "a" & b\nfull',
    "reference": "7.abc",
    "urgent": True,
    "secret": "ana:key",
}


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"url": "gateway.example.com"}, "url: it must begin with http:// or https:// and a host without variables"),
        ({"url": "https://{{ to }}.example.com/"}, "url: it must begin with http:// or https:// and a host"),
        ({"url": f"{URL}?to={{{{ to }}}}"}, "url: it holds characters that no address has: write {{ text | urlencode"),
        ({"url": f"{URL}?to={{{{ number | replace(' ', '') }}}}"}, "url: it holds characters that no address has"),
        ({"url": f"{URL}?to={{{{ to | urlencode | replace('%26', '&') }}}}"}, "url: a text with & or # in it would"),
        ({"url": f"{URL}/{{{{ tot }}}}"}, "url: there is no tot; there are: callback, locale, number"),
        ({"body": "{{ text"}, "body: line 1 is no template: "),
        ({"body": '{"text": "{{ text }}"}'}, "body: it would be no JSON: write {{ text | tojson }}, without quotes"),
        ({"body": "{{ to / 0 }}"}, "body: it cannot be filled: TypeError"),
        ({"body": "{{ ''.__class__.__mro__ }}"}, "body: "),
        ({"body": "to", "content_type": "form"}, "body: line 1 is not of the form `name: value`"),
        ({"body": "x: {{ tot }}", "content_type": "form"}, "body: there is no tot"),
        ({"body": "{{ 'x' * 70000 }}", "content_type": "text"}, "body: it is longer than 64 KiB"),
        ({"body": "x", "method": "GET"}, "body: a GET has none: put what is sent into url"),
        ({"method": "DELETE"}, "method: Input should be 'GET', 'POST', 'PUT' or 'PATCH'"),
        ({"headers": "Authorization"}, "headers: line 1 is not of the form `name: value`"),
        ({"headers": "X Y: z"}, "headers: a name holds characters that no header has"),
        ({"headers": "X-Text: {{ text }}"}, "headers: X-Text would hold what no header takes"),
        ({"headers": "X-Text: {{ tot }}"}, "headers: X-Text: there is no tot"),
        ({"errors": "bad_number: wrong"}, "errors: bad_number must be one of: unreachable, "),
        ({"errors": "bad_number"}, "errors: line 1 is not of the form `name: value`"),
        ({"states": "ok: fine"}, "states: ok must be one of: queued, "),
        ({"success_status": "2xx"}, "success_status: it must be statuses of HTTP, such as 200, 202 or 200-299"),
        ({"id_path": "a["}, "id_path: it must be a JMESPath expression, such as data.id"),
        ({"callback_secret": "short"}, "callback_secret: it must be 16 to 128 of the characters"),
        ({"signature_header": "X-Signature"}, "signature_header: it needs a callback_secret"),
        ({"signature_header": "X:Y", "callback_secret": "x" * 16}, "signature_header: it must be the name of a header"),
        ({"reply_text_path": "text"}, "reply_sender_path: give it together with reply_text_path"),
        ({"allow_private": "perhaps"}, "allow_private: Input should be a valid boolean"),
        ({"api_base_url": "https://x.example"}, "api_base_url: a gateway has none"),
        ({"segments": "0"}, "segments: Input should be greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_told_by_name(values: dict[str, str], fault: str) -> None:
    (told, *more) = KEYS[Method.SMS].check({"url": URL} | values)
    assert f"{told.key}: {told.what}".startswith(fault)
    assert more == []
    with pytest.raises(ValueError, match=r".+") as caught:
        sms.connect("main", {"url": URL} | values, ManualClock())
    assert str(caught.value).startswith(fault)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"acknowledge_key": "2"}, "acknowledge_key: it, escalate_key and again_key must be three different keys"),
        ({"again_key": "#"}, "again_key: String should match pattern"),
        ({"spoken_code": "loud"}, "spoken_code: it must be a severity: Critical, "),
    ],
)
def test_a_wrong_key_is_told_by_name(values: dict[str, str], fault: str) -> None:
    (told,) = KEYS[Method.VOICE].check({"url": URL} | values)
    assert f"{told.key}: {told.what}".startswith(fault)
    good = {"url": URL, "acknowledge_key": "4", "escalate_key": "5", "spoken_code": "critical"}
    assert list(KEYS[Method.VOICE].check(good)) == []


def test_no_fault_shows_a_secret() -> None:
    values = {"url": URL, "secret": "long-secret-1", "headers": "X: {{ secret }}{{ secret | int / 0 }}"}
    (told,) = KEYS[Method.SMS].check(values)
    assert "long-secret-1" not in told.what


@pytest.mark.parametrize("method", [Method.SMS, Method.VOICE])
def test_an_address_alone_is_enough(method: Method) -> None:
    assert list(KEYS[method].check({"url": URL})) == []
    assert KEYS[method].required == ("url",)
    assert KEYS[method].secrets == {"secret", "callback_secret"}


def test_a_form_is_encoded_by_us() -> None:
    config = SmsConfig(url=URL, content_type="form", body="to: {{ to | digits }}\n\nmsg: {{ text }}")  # type: ignore[arg-type]
    request = make(config.templates, SAID)
    assert request.body == b"to=15550100001&msg=disk+%22a%22+%26+b%0Afull"
    assert request.headers == {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_get_has_all_in_its_address() -> None:
    url = f"{URL}?to={{{{ to | urlencode }}}}&hex={{{{ number | hex_ucs2 }}}}"
    request = make(SmsConfig(url=url, method="GET").templates, SAID)
    assert (request.method, request.url, request.body) == ("GET", f"{URL}?to=%2B15550100001&hex=0078", b"")


def test_a_text_may_be_xml_and_a_secret_may_be_basic_authentication() -> None:
    config = SmsConfig(
        url=URL,
        content_type="xml",  # type: ignore[arg-type]
        body="<sms>{{ text | e }}</sms>",
        headers="Authorization: Basic {{ secret | b64 }}\nContent-Type: text/xml",
    )
    request = make(config.templates, SAID)
    assert request.body == b"<sms>disk &#34;a&#34; &amp; b\nfull</sms>"
    assert request.headers == {"Authorization": "Basic YW5hOmtleQ==", "Content-Type": "text/xml"}


def test_a_call_has_its_lines_beside_the_text() -> None:
    assert list(KEYS[Method.VOICE].check({"url": URL, "body": "{{ say | tojson }}"})) == []
    assert VoiceConfig(url=URL).templates.body != SmsConfig(url=URL).templates.body
    (told,) = KEYS[Method.SMS].check({"url": URL, "body": "{{ say | tojson }}"})
    assert told.what.startswith("there is no say; there are: ")
