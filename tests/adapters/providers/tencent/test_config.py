import pytest

from adapters.providers.tencent import sms
from adapters.providers.tencent.config import KEYS, TencentSmsConfig
from bot.domain.people import Method
from bot.outbound.settings import read
from tests.playground.manual_clock import ManualClock

ACCOUNT = {"secret_id": "AKID", "secret_key": "secret-of-the-test", "template_id": "1001"}
SMS = ACCOUNT | {"sms_sdk_app_id": "1400006666", "sign_name": "值班"}
VOICE = ACCOUNT | {"voice_sdk_appid": "1400007777"}


@pytest.mark.parametrize(
    ("method", "values"),
    [
        (Method.SMS, SMS),
        (Method.SMS, SMS | {"template_param_set": "number:6:digits, title", "international": "true"}),
        (Method.VOICE, VOICE | {"region": "ap-singapore", "play_times": "2"}),
    ],
)
def test_what_is_enough(method: Method, values: dict[str, str]) -> None:
    assert list(KEYS[method].check(values)) == []
    assert set(KEYS[method].required) <= set(values)


@pytest.mark.parametrize(
    ("method", "change", "words"),
    [
        (Method.SMS, {"template_param_set": "a=number"}, "the source must be one of"),
        (Method.SMS, {"template_param_set": "title:1000"}, "the length must be a number from 1 to 999"),
        (Method.SMS, {"template_id": "SMS_1"}, "pattern"),
        (Method.SMS, {"international": "perhaps"}, "valid boolean"),
        (Method.VOICE, {"play_times": "0"}, "greater than or equal to 1"),
        (Method.VOICE, {"escalate_key": "0"}, "it, escalate_key and again_key must be three different keys"),
        (Method.VOICE, {"region": "Guangzhou"}, "pattern"),
        (Method.VOICE, {"callback_secret": "with spaces, and long enough"}, "16 to 128"),
    ],
)
def test_what_is_wrong_is_named(method: Method, change: dict[str, str], words: str) -> None:
    values = (SMS if method is Method.SMS else VOICE) | change
    [fault] = KEYS[method].check(values)
    assert words in fault.what
    assert fault.key in KEYS[method].required + KEYS[method].optional


def test_a_variable_has_6_characters_unless_told_otherwise() -> None:
    config = read(TencentSmsConfig, SMS | {"template_param_set": "title,title:12"}, "template_id")
    first, second = config.template_param_set
    assert (first.longest, second.longest) == (6, 12)


def test_connecting_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="sign_name: Field required"):
        sms.connect("main", {key: value for key, value in SMS.items() if key != "sign_name"}, ManualClock())
