"""How a gateway for SMS or calls is spoken to: any that speaks HTTP.

What we send is made from templates; what it answers and tells us is read by paths (JMESPath). `url`, `headers` and
`body` are templates, and `{{ secret }}` in them is the `secret`: nothing else of them is kept secret. `headers`, the
`body` of a form, `errors` and `states` are written as lines `name: value`. The address at which the gateway reaches us
is `{{ callback }}`; it holds `callback_secret`, or with `signature_header` the gateway signs each body with that secret
(HMAC-SHA256, in hexadecimal digits).
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

import jmespath.exceptions
from pydantic import AfterValidator, Field, SecretStr, model_validator

from adapters.providers.webhook.request import Form, Templates, check
from adapters.providers.webhook.templates import WrongTemplate, pairs
from bot.adapter import FailureKind
from bot.config.context import KeyFault, PlatformKeys
from bot.domain.people import Method
from bot.outbound import keypad, settings
from bot.outbound.callback_secret import CallbackSecret
from bot.outbound.keypad import Keypad
from bot.provider import Progress
from bot.sources.expression import compiled

NOWHERE: Final = "http://gateway.invalid/"
_RANGE: Final = re.compile(r"([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?", re.ASCII)
_SAID: Final[Mapping[str, object]] = {
    "to": "+15550100001",
    "text": "Critical #42 disk full",
    "number": "42",
    "severity": "Critical",
    "title": "disk full",
    "summary": "Critical: disk full (#42)",
    "reference": "7.abc",
    "callback": "https://oncall.example.com/sms/main/secret/7.abc",
    "locale": "en",
    "urgent": True,
}
SAMPLES: Final[Mapping[Method, Mapping[str, object]]] = {
    Method.SMS: _SAID,
    Method.VOICE: {**_SAID, "say": ["Critical: disk full", "Press 1"], "digits": 1, "again": 1},
}
"""What a template can use, beside `secret`."""

BODIES: Final[Mapping[Method, str]] = {
    method: "{" + ", ".join(f'"{name}": {{{{ {name} | tojson }}}}' for name in names) + "}"
    for method, names in {
        Method.SMS: ("to", "text", "reference", "callback"),
        Method.VOICE: ("to", "say", "digits", "locale", "reference", "callback"),
    }.items()
}
"""What is sent as JSON if nothing else is configured."""


def _is_path(path: str) -> str:
    try:
        compiled(path)
    except jmespath.exceptions.JMESPathError:
        raise ValueError("it must be a JMESPath expression, such as data.id") from None
    return path


def _is_statuses(text: str) -> str:
    if not all(_RANGE.fullmatch(part.strip()) for part in text.split(",")):
        raise ValueError("it must be statuses of HTTP, such as 200, 202 or 200-299")
    return text


def _is_header(name: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9-]{1,60}", name, re.ASCII) is None:
        raise ValueError("it must be the name of a header, such as X-Signature")
    return name.lower()


Path = Annotated[str, AfterValidator(_is_path)]


class WebhookConfig(settings.Way):
    """One gateway. `allow_private`: it may stand inside our own network. `segments`, `links`: of an SMS."""

    url: str
    secret: SecretStr = SecretStr("")
    method: Literal["GET", "POST", "PUT", "PATCH"] = "POST"
    headers: str = ""
    content_type: Form = Form.JSON
    body: str | None = None
    success_status: Annotated[str, AfterValidator(_is_statuses)] = "200-299"
    success_path: Path | None = None
    success_values: str = "true"
    id_path: Path | None = None
    error_path: Path | None = None
    errors: str = ""
    callback_secret: CallbackSecret | None = None
    signature_header: Annotated[str, AfterValidator(_is_header)] | None = None
    items_path: Path | None = None
    report_reference_path: Path | None = None
    report_id_path: Path | None = None
    status_path: Path = "status"
    states: str = ""
    allow_private: bool = False
    api_base_url: str = NOWHERE

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.signature_header is not None and self.callback_secret is None:
            raise ValueError("signature_header: it needs a callback_secret, which the gateway signs with")
        if self.method == "GET" and self.body:
            raise ValueError("body: a GET has none: put what is sent into url")
        self._table("errors", self.errors, FailureKind)
        self._table("states", self.states, Progress)
        try:
            check(self.templates, {**SAMPLES[self._of()], "secret": self.secret.get_secret_value()})
        except WrongTemplate as error:
            raise ValueError(str(error)) from None
        return self

    @classmethod
    def _of(cls) -> Method:
        """Return the method that it is for."""
        return Method.SMS

    def _table(self, key: str, text: str, kinds: type[FailureKind] | type[Progress]) -> None:
        try:
            read = pairs(text)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None
        wrong = next((name for name, value in read if value not in {kind.value for kind in kinds}), None)
        if wrong is not None:
            raise ValueError(f"{key}: {wrong} must be one of: {', '.join(kinds)}")

    @property
    def templates(self) -> Templates:
        """What a request is made from."""
        body: str | tuple[tuple[str, str], ...] = self.body or ""
        if self.body is None and self.method != "GET" and self.content_type is Form.JSON:
            body = BODIES[self._of()]
        if self.content_type is Form.FORM:
            body = self._lines("body", self.body or "")
        headers = self._lines("headers", self.headers)
        return Templates(self.method, self.url, headers, self.content_type, body)

    def _lines(self, key: str, text: str) -> tuple[tuple[str, str], ...]:
        try:
            return pairs(text)
        except ValueError as error:
            raise WrongTemplate(f"{key}: {error}") from None

    @property
    def way(self) -> settings.Way:
        """The way to the gateway's host."""
        parts = urlsplit(self.url)
        origin = urlunsplit((parts.scheme, parts.netloc, "/", "", ""))
        return settings.Way(api_base_url=origin, proxy=self.proxy, ca_file=self.ca_file, timeout=self.timeout)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be told."""
        secret = self.secret.get_secret_value()
        called = self.callback_secret.get_secret_value() if self.callback_secret else ""
        # As it may stand in an address or a header.
        return (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode(), called)

    @property
    def kinds(self) -> Mapping[str, FailureKind]:
        """What the gateway's own codes, and statuses of HTTP, mean."""
        return {name.casefold(): FailureKind(value) for name, value in pairs(self.errors)}

    @property
    def progress(self) -> Mapping[str, Progress]:
        """What the gateway's own states mean; our own words mean themselves."""
        ours = {one.value: one for one in Progress}
        return ours | {name.casefold(): Progress(value) for name, value in pairs(self.states)}

    def is_success(self, status: int) -> bool:
        """Whether a status of HTTP says that it was taken."""
        found = [_RANGE.fullmatch(part.strip()) for part in self.success_status.split(",")]
        return any(int(one[1]) <= status <= int(one[2] or one[1]) for one in found if one)


class SmsConfig(WebhookConfig):
    """A gateway for SMS. With the paths of a reply, it tells us what was written back."""

    segments: Annotated[int, Field(ge=1, le=8)] = 2
    links: bool = True
    reply_sender_path: Path | None = None
    reply_text_path: Path | None = None
    reply_id_path: Path | None = None

    @model_validator(mode="after")
    def _hears(self) -> Self:
        if (self.reply_sender_path is None) != (self.reply_text_path is None):
            raise ValueError("reply_sender_path: give it together with reply_text_path, or neither")
        return self


class VoiceConfig(Keypad, WebhookConfig):
    """A gateway for calls. With the path of the keys, it tells us which were pressed."""

    keys_path: Path | None = None

    @classmethod
    def _of(cls) -> Method:
        return Method.VOICE


def faults_of(model: type[WebhookConfig], values: Mapping[str, str]) -> Iterator[KeyFault]:
    """Yield what is wrong with the settings; no value is shown."""
    if "api_base_url" in values:
        yield KeyFault("api_base_url", "a gateway has none", "write the whole address into url")
    yield from settings.faults_of(model, values, "url")


def faults_in(model: type[WebhookConfig], values: Mapping[str, str]) -> None:
    """Raise ValueError with all that is wrong with the settings; no value is shown."""
    faults = "; ".join(f"{one.key}: {one.what}" for one in faults_of(model, values))
    if faults:
        raise ValueError(faults)


_OPTIONAL: Final = tuple(name for name in WebhookConfig.model_fields if name not in {"url", *settings.Way.model_fields})
_SECRETS: Final = frozenset({"secret", "callback_secret"})
KEYS: Final[Mapping[Method, PlatformKeys]] = {
    Method.SMS: PlatformKeys(
        required=("url",),
        optional=(*_OPTIONAL, "segments", "links", "reply_sender_path", "reply_text_path", "reply_id_path"),
        secrets=_SECRETS,
        check=lambda values: faults_of(SmsConfig, values),
    ),
    Method.VOICE: PlatformKeys(
        required=("url",),
        optional=(*_OPTIONAL, "keys_path", *keypad.SETTINGS),
        secrets=_SECRETS,
        check=lambda values: faults_of(VoiceConfig, values),
    ),
}
