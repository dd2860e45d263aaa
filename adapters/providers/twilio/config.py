"""How Twilio is reached for SMS and for voice calls, by its own names.

The account's `auth_token` is needed even with an API key, because requests to us are signed with it. For replies by SMS
write `https://<public address>/sms/<provider>/inbound` into the console, as the number's webhook for messages.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator, model_validator

from bot.config.context import KeyFault, PlatformKeys
from bot.domain.people import Method
from bot.outbound import keypad, settings
from bot.outbound.keypad import Keypad

TWILIO: Final = "https://api.twilio.com/"
NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_SENDER: Final = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9 ]{1,11}", re.ASCII)
_SPOKEN: Final = re.compile(r"([a-z]{2})=([A-Za-z]{2,3}-[A-Za-z]{2,4})/([A-Za-z]+\.[A-Za-z0-9-]+)", re.ASCII)

Voices = Mapping[str, tuple[str, str]]
"""For a language of ours, Twilio's language and a voice that speaks it."""

VOICES: Final[Voices] = {"en": ("en-US", "Polly.Joanna"), "zh": ("cmn-CN", "Polly.Zhiyu")}


def _voices(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = [_SPOKEN.fullmatch(one.strip()) for one in value.split(",")]
    if None in found:
        raise ValueError("write each language with Twilio's and a voice of it: en=en-US/Polly.Joanna")
    return {**VOICES, **{one[1]: (one[2], one[3]) for one in found if one is not None}}


def _sender(sender: str) -> str:
    if sender and _SENDER.fullmatch(sender) is None:
        raise ValueError("it must be a number such as +15005550006, a short code, or a name of at most 11 letters")
    return sender


def _number(number: str) -> str:
    if NUMBER.fullmatch(number) is None:
        raise ValueError("it must be a number of the account such as +15005550006")
    return number


def _sid(begin: str) -> Callable[[str], str]:
    """Return what judges an id of Twilio's: by how it begins they are told apart, and easily confused."""

    def judged(sid: str) -> str:
        if re.fullmatch(rf"{begin}[0-9a-fA-F]{{32}}", sid, re.ASCII) is None:
            raise ValueError(f"it must be {begin} and 32 of 0-9 and a-f")
        return sid

    return judged


AccountSid = Annotated[str, AfterValidator(_sid("AC"))]
KeySid = Annotated[str, AfterValidator(_sid("SK"))]
ServiceSid = Annotated[str, AfterValidator(_sid("MG"))]


class Account(settings.Way):
    """Who we are at Twilio.

    With `api_key` and `api_secret` calls are made by that key. `alternate_auth_token`: a second token, or the secret of
    a shared key, by which requests to us may be signed too. `callback_url`: the address at which Twilio reaches this
    provider, up to its name, where that is neither the public address nor what the Host header says.
    """

    account_sid: AccountSid
    auth_token: SecretStr
    alternate_auth_token: SecretStr | None = None
    api_key: KeySid | None = None
    api_secret: SecretStr | None = None
    callback_url: str = ""
    api_base_url: str = TWILIO

    @field_validator("callback_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if url and not re.match(r"https?://[^/?#\s]+/[^?#\s]*$", url):
            raise ValueError("it must be an address such as https://oncall.example.com/voice/main/")
        return url if url.endswith("/") or not url else f"{url}/"

    @model_validator(mode="after")
    def _has_whole_key(self) -> Self:
        if (self.api_key is None) != (self.api_secret is None):
            raise ValueError("give api_key and api_secret together, or neither of them")
        return self

    @property
    def credentials(self) -> tuple[str, str]:
        """Name and secret by which calls are made."""
        if self.api_key is not None and self.api_secret is not None:
            return self.api_key, self.api_secret.get_secret_value()
        return self.account_sid, self.auth_token.get_secret_value()

    @property
    def tokens(self) -> tuple[str, ...]:
        """By what requests to us may be signed."""
        both = (self.auth_token, self.alternate_auth_token)
        return tuple(one.get_secret_value() for one in both if one is not None and one.get_secret_value())


class SmsConfig(Account):
    """SMS, from a number, a short code or a name (`from`), or through a messaging service.

    `validity`: seconds after which Twilio gives up a message that waits. `replies`: whether the number's webhook is set
    up, so that people are told what to write back.
    """

    sender: Annotated[str, AfterValidator(_sender)] = Field("", alias="from")
    messaging_service_sid: ServiceSid | None = None
    validity: Annotated[int, Field(ge=6, le=36000)] = 300
    segments: Annotated[int, Field(ge=1, le=10)] = 2
    links: bool = True
    replies: bool = True

    @model_validator(mode="after")
    def _has_sender(self) -> Self:
        if bool(self.sender) == (self.messaging_service_sid is not None):
            raise ValueError("give either from or messaging_service_sid")
        return self


class VoiceConfig(Keypad, Account):
    """Calls from a number of the account (`from`).

    `ring`: seconds after which nobody has picked up; shorter than a voicemail waits. `silence`: seconds for which a key
    is waited for. `machine_detection`: Twilio listens who picked up, which costs money and some silence.
    """

    sender: Annotated[str, AfterValidator(_number)] = Field(alias="from")
    ring: Annotated[int, Field(ge=5, le=600)] = 25
    silence: Annotated[int, Field(ge=2, le=60)] = 8
    machine_detection: bool = False
    voices: Annotated[Voices, BeforeValidator(_voices)] = VOICES


def _faults_of(model: type[Account]) -> Callable[[Mapping[str, str]], Iterable[KeyFault]]:
    return lambda values: settings.faults_of(model, values, "from")


_SECRETS: Final = frozenset({"auth_token", "alternate_auth_token", "api_secret"})
_OPTIONAL: Final = ("alternate_auth_token", "api_key", "api_secret", "callback_url")

KEYS: Final[Mapping[Method, PlatformKeys]] = {
    Method.SMS: PlatformKeys(
        required=("account_sid", "auth_token"),
        optional=("from", "messaging_service_sid", "validity", "segments", "links", "replies", *_OPTIONAL),
        secrets=_SECRETS,
        check=_faults_of(SmsConfig),
    ),
    Method.VOICE: PlatformKeys(
        required=("account_sid", "auth_token", "from"),
        optional=(
            *("ring", "silence", "machine_detection", "voices"),
            *keypad.SETTINGS,
            *_OPTIONAL,
        ),
        secrets=_SECRETS,
        check=_faults_of(VoiceConfig),
    ),
}
