import pytest

from adapters.providers.aliyun import sms, voice
from adapters.providers.aliyun.config import KEYS
from bot.domain.people import Method
from tests.playground.manual_clock import ManualClock

ACCOUNT = {"access_key_id": "LTAI", "access_key_secret": "secret-of-the-test"}
SMS = ACCOUNT | {"sign_name": "值班", "template_code": "SMS_1"}
VOICE = ACCOUNT | {"tts_code": "TTS_1"}
MENU = VOICE | {
    "called_show_number": "057112345678",
    "start_code": "TTS_10",
    "menu_key_map": "1=TTS_11, 2=TTS_12",
    "callback_secret": "callback-secret-of-the-test",
}


@pytest.mark.parametrize(
    ("method", "values"),
    [
        (Method.SMS, SMS),
        (Method.SMS, SMS | {"template_param": "number=number:6:digits:0, title=title"}),
        (Method.VOICE, VOICE),
        (Method.VOICE, MENU),
    ],
)
def test_what_is_enough(method: Method, values: dict[str, str]) -> None:
    assert list(KEYS[method].check(values)) == []
    assert set(KEYS[method].required) <= set(values)


@pytest.mark.parametrize(
    ("method", "change", "words"),
    [
        (Method.SMS, {"template_param": "number=nummer"}, "the source must be one of number, severity, title, summary"),
        (Method.SMS, {"template_param": "number"}, "must begin with the variable's name"),
        (Method.SMS, {"template_param": "a=title:x"}, "the length must be a number"),
        (Method.SMS, {"template_param": "a=title:5:letters"}, "the charset must be one of text, digits"),
        (Method.SMS, {"template_param": "a=title:2:text:告警单"}, "the fallback does not keep to"),
        (Method.SMS, {"template_param": "a=number:2:digits:x"}, "the fallback does not keep to"),
        (Method.SMS, {"template_param": "a=title, a=number"}, "the variable a is there twice"),
        (Method.SMS, {"callback_secret": "short"}, "16 to 128"),
        (Method.SMS, {"template_code": "SMS 1"}, "pattern"),
        (Method.VOICE, {"menu_key_map": "1"}, "write each key with the text that answers it"),
        (Method.VOICE, {"menu_key_map": "1=TTS_1, 1=TTS_2"}, "write each key with the text that answers it"),
        (
            Method.VOICE,
            {"menu_key_map": "1=TTS_11"},
            "keys can be pressed only with start_code, called_show_number, callback_secret too",
        ),
        (Method.VOICE, MENU | {"acknowledge_key": "4"}, "menu_key_map has no text for 4, the acknowledge_key"),
        (Method.VOICE, MENU | {"acknowledge_key": "2"}, "must be three different keys"),
        (Method.VOICE, {"play_times": "4"}, "less than or equal to 3"),
    ],
)
def test_what_is_wrong_is_named(method: Method, change: dict[str, str], words: str) -> None:
    values = (SMS if method is Method.SMS else VOICE) | change
    [fault] = KEYS[method].check(values)
    assert words in fault.what
    assert fault.key in KEYS[method].required + KEYS[method].optional


@pytest.mark.parametrize("missing", ["access_key_secret", "sign_name"])
def test_connecting_says_what_is_missing(missing: str) -> None:
    values = {key: value for key, value in SMS.items() if key != missing}
    with pytest.raises(ValueError, match=f"{missing}: Field required"):
        sms.connect("main", values, ManualClock())


def test_connecting_a_menu_says_what_is_missing_and_no_secret() -> None:
    values = MENU | {"called_show_number": ""}
    with pytest.raises(ValueError, match="start_code: keys can be pressed only with called_show_number too") as wrong:
        voice.connect("main", values, ManualClock())
    assert "secret-of-the-test" not in str(wrong.value)
