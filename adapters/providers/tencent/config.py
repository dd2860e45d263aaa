"""How Tencent Cloud is reached for SMS and for voice calls, by its own names.

Nothing can be sent but texts that Tencent Cloud has approved: `template_id` names one, and `template_param_set` says
what each of its variables is filled with, in their order (see `bot.outbound.templates`). Accounts opened since 2024 may
put 6 characters into a variable, and may be allowed none at all in notifications to mainland China: then a template
without variables is what there is. Write these addresses into the consoles:
`https://<public address>/sms/<provider>/<callback_secret>/status` and `…/reply`, and
`https://<public address>/voice/<provider>/<callback_secret>/status`.
By default the same person can be called 3 times a day, and between 22:00 and 08:00 once: have that raised, in writing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, SecretStr

from bot.config.context import KeyFault, PlatformKeys
from bot.domain.people import Method
from bot.outbound import keypad, settings
from bot.outbound.callback_secret import CallbackSecret
from bot.outbound.keypad import Keys
from bot.outbound.templates import Variable, read_variables

SMS: Final = "https://sms.tencentcloudapi.com/"
VOICE: Final = "https://vms.tencentcloudapi.com/"
LONGEST_WRITTEN: Final = 6
# A guess: a call's text has 350 characters at most, variables included.
LONGEST_SPOKEN: Final = 40

Number = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
"""An id that is a number."""

CODE: Final = read_variables("code:6:digits", named=False, longest=6)


def _variables(longest: int) -> Callable[[object], object]:
    return lambda value: read_variables(value, named=False, longest=longest) if isinstance(value, str) else value


Written = Annotated[tuple[Variable, ...], BeforeValidator(_variables(LONGEST_WRITTEN))]
Said = Annotated[tuple[Variable, ...], BeforeValidator(_variables(LONGEST_SPOKEN))]


class Account(settings.Way):
    """Who we are at Tencent Cloud. `locale`: the language of the text that was approved.

    `code_template_id`: the template of codes by which people prove that a number is theirs; the code is its variable.
    """

    secret_id: Annotated[str, Field(min_length=1)]
    secret_key: SecretStr
    region: Annotated[str, Field(pattern=r"^[a-z]{2,20}(-[a-z0-9]{1,20}){1,3}$")] = "ap-guangzhou"
    template_id: Number
    code_template_id: Number | None = None
    callback_secret: CallbackSecret | None = None
    locale: str = "zh"


class TencentSmsConfig(Account):
    """SMS. `international`: the templates are for numbers outside of mainland China.

    `fallback_template_id`: a template without variables, sent when the contents of a variable is refused.
    """

    sms_sdk_app_id: Number
    sign_name: Annotated[str, Field(min_length=1)]
    template_param_set: Written = ()
    fallback_template_id: Number | None = None
    international: bool = False
    api_base_url: str = SMS


class TencentVoiceConfig(Keys, Account):
    """Calls: a text is read out. It may name `acknowledge_key` and `escalate_key`; nothing can be said again."""

    voice_sdk_appid: Number
    template_param_set: Said = ()
    play_times: Annotated[int, Field(ge=1, le=3)] = 3
    api_base_url: str = VOICE


def _faults_of(model: type[Account]) -> Callable[[Mapping[str, str]], Iterable[KeyFault]]:
    return lambda values: settings.faults_of(model, values, "template_id")


_SECRETS: Final = frozenset({"secret_key", "callback_secret"})

KEYS: Final[Mapping[Method, PlatformKeys]] = {
    Method.SMS: PlatformKeys(
        required=("secret_id", "secret_key", "sms_sdk_app_id", "sign_name", "template_id"),
        optional=(
            "region",
            "template_param_set",
            "fallback_template_id",
            "code_template_id",
            "international",
            "callback_secret",
            "locale",
        ),
        secrets=_SECRETS,
        check=_faults_of(TencentSmsConfig),
    ),
    Method.VOICE: PlatformKeys(
        required=("secret_id", "secret_key", "voice_sdk_appid", "template_id"),
        optional=(
            "region",
            "template_param_set",
            "play_times",
            "code_template_id",
            *keypad.KEYS,
            "callback_secret",
            "locale",
        ),
        secrets=_SECRETS,
        check=_faults_of(TencentVoiceConfig),
    ),
}
