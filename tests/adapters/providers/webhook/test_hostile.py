"""Whatever an alert says, the request keeps its form, and the text arrives as it was rendered."""

import json
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.providers.webhook.config import SAMPLES, SmsConfig
from adapters.providers.webhook.request import make
from bot.domain.people import Method
from cards import sms
from cards.card import Message
from tests.cards.strategies import cards, notes

URL = "https://gateway.example.com/send"
BY_ADDRESS = SmsConfig(url=f"{URL}?to={{{{ to | urlencode }}}}&text={{{{ text | urlencode }}}}", method="GET")
AS_FORM = SmsConfig(url=URL, content_type="form", body="to: {{ to }}\ntext: {{ text }}")  # type: ignore[arg-type]
AS_XML = SmsConfig(url=URL, content_type="xml", body="<sms><text>{{ text | e }}</text></sms>")  # type: ignore[arg-type]


@settings(deadline=None, max_examples=50)
@given(st.one_of(cards, notes), st.sampled_from(["en", "zh"]))
def test_any_text_is_only_a_text(message: Message, locale: str) -> None:
    text = sms.text(message, locale=locale, reply=True)
    variables = {**SAMPLES[Method.SMS], **sms.fields(message, locale), "text": text, "secret": ""}
    assert json.loads(make(SmsConfig(url=URL).templates, variables).body)["text"] == text
    asked = urlsplit(make(BY_ADDRESS.templates, variables).url)
    assert (asked.hostname, asked.path, asked.fragment) == ("gateway.example.com", "/send", "")
    assert parse_qsl(asked.query) == [("to", "+15550100001"), ("text", text)]
    assert parse_qsl(make(AS_FORM.templates, variables).body.decode())[1] == ("text", text)
    read = ET.fromstring(make(AS_XML.templates, variables).body)  # noqa: S314 - It is our own.
    assert read.findtext("text") == text
