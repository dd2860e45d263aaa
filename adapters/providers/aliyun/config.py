"""How Alibaba Cloud is reached for SMS and for voice calls, by its own names.

Nothing can be sent but texts that Alibaba Cloud has approved: `template_code`, `tts_code` and the others name them, and
`template_param`, `tts_param` say what each of their variables is filled with (see `bot.outbound.templates`). Keys can
be pressed in a call only with `start_code`, `menu_key_map`, a number that was bought (`called_show_number`) and
receipts (`callback_secret`). Write these addresses into the consoles, for receipts by HTTP:
`https://<public address>/sms/<provider>/<callback_secret>/sms_report` and `…/sms_up`, and
`https://<public address>/voice/<provider>/<callback_secret>/voice_call_report` and `…/voice_report`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from bot.config.context import KeyFault, PlatformKeys
from bot.domain.people import Method
from bot.outbound import keypad, settings
from bot.outbound.callback_secret import CallbackSecret
from bot.outbound.keypad import Keys
from bot.outbound.templates import Variable, read_variables

SMS: Final = "https://dysmsapi.aliyuncs.com/"
VOICE: Final = "https://dyvmsapi.aliyuncs.com/"
# Guesses: how long a variable may be where its template does not say. A call's variables share 250 characters.
LONGEST_WRITTEN: Final = 20
LONGEST_SPOKEN: Final = 40
_MENU: Final = re.compile(r"([0-9])=([A-Za-z0-9_]{1,64})", re.ASCII)

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,64}$")]
"""The code of an approved text: SMS_…, TTS_…, or the name of a voice file."""


CODE: Final = read_variables("code=code:6:digits", named=True, longest=6)


def _variables(longest: int) -> Callable[[object], object]:
    return lambda value: read_variables(value, named=True, longest=longest) if isinstance(value, str) else value


def _menu(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = [_MENU.fullmatch(one.strip()) for one in value.split(",")]
    keys = [one[1] for one in found if one is not None]
    if len(keys) != len(found) or len(set(keys)) != len(keys):
        raise ValueError("write each key with the text that answers it: 1=TTS_11, 2=TTS_12, 0=TTS_10")
    return tuple((one[1], one[2]) for one in found if one is not None)


Written = Annotated[tuple[Variable, ...], BeforeValidator(_variables(LONGEST_WRITTEN))]
Said = Annotated[tuple[Variable, ...], BeforeValidator(_variables(LONGEST_SPOKEN))]
Menu = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_menu)]


class Account(settings.Way):
    """Who we are at Alibaba Cloud. `locale`: the language of the texts that were approved."""

    access_key_id: Annotated[str, Field(min_length=1)]
    access_key_secret: SecretStr
    callback_secret: CallbackSecret | None = None
    locale: str = "zh"


class AliyunSmsConfig(Account):
    """SMS. `fallback_template_code`: a template without variables, sent when the contents of a variable is refused.

    `code_template_code`: the template of codes by which people prove that a number is theirs.
    """

    sign_name: Annotated[str, Field(min_length=1)]
    template_code: Code
    template_param: Written = ()
    fallback_template_code: Code | None = None
    code_template_code: Code | None = None
    code_template_param: Written = CODE
    api_base_url: str = SMS


class AliyunVoiceConfig(Keys, Account):
    """Calls. `menu_key_map`: the keys, each with the text that is said when it is pressed; the core knows what it does.

    `tts_code` is said where no key can be pressed. What `start_code` says names the keys; the text of a key should say
    that it was heard, not that it was done, because it is said before we are told. `code_tts_code`: what reads out
    codes by which people prove a number.
    """

    tts_code: Code
    tts_param: Said = ()
    called_show_number: Annotated[str, Field(pattern=r"^[0-9]{0,20}$")] = ""
    start_code: Code | None = None
    start_tts_params: Said = ()
    menu_key_map: Menu = ()
    bye_code: Code | None = None
    code_tts_code: Code | None = None
    code_tts_param: Said = CODE
    play_times: Annotated[int, Field(ge=1, le=3)] = 3
    api_base_url: str = VOICE

    @model_validator(mode="after")
    def _can_be_pressed(self) -> Self:
        if not self.start_code and not self.menu_key_map:
            return self
        wanted = {
            "start_code": self.start_code,
            "menu_key_map": self.menu_key_map,
            "called_show_number": self.called_show_number,
            "callback_secret": self.callback_secret,
        }
        if self.menu_key_map and self.acknowledge_key not in dict(self.menu_key_map):
            raise ValueError(f"menu_key_map has no text for {self.acknowledge_key}, the acknowledge_key")
        missing = [key for key, value in wanted.items() if not value]
        if missing:
            raise ValueError(f"keys can be pressed only with {', '.join(missing)} too")
        return self

    @property
    def has_menu(self) -> bool:
        """Whether keys can be pressed in a call."""
        return self.start_code is not None


def _faults_of(model: type[Account]) -> Callable[[Mapping[str, str]], Iterable[KeyFault]]:
    return lambda values: settings.faults_of(model, values, "start_code" if model is AliyunVoiceConfig else "sign_name")


_SECRETS: Final = frozenset({"access_key_secret", "callback_secret"})

KEYS: Final[Mapping[Method, PlatformKeys]] = {
    Method.SMS: PlatformKeys(
        required=("access_key_id", "access_key_secret", "sign_name", "template_code"),
        optional=(
            "template_param",
            "fallback_template_code",
            "code_template_code",
            "code_template_param",
            "callback_secret",
            "locale",
        ),
        secrets=_SECRETS,
        check=_faults_of(AliyunSmsConfig),
    ),
    Method.VOICE: PlatformKeys(
        required=("access_key_id", "access_key_secret", "tts_code"),
        optional=(
            "tts_param",
            "called_show_number",
            "start_code",
            "start_tts_params",
            "menu_key_map",
            "bye_code",
            "play_times",
            *("code_tts_code", "code_tts_param"),
            *keypad.KEYS,
            "callback_secret",
            "locale",
        ),
        secrets=_SECRETS,
        check=_faults_of(AliyunVoiceConfig),
    ),
}
