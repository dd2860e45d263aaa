"""A wrong setting is named with its mend, and no secret is shown."""

import pytest

from adapters.providers.twilio import sms, voice
from adapters.providers.twilio.config import KEYS, VOICES, SmsConfig, VoiceConfig
from bot.clock import SystemClock
from bot.domain.people import Method

GOOD = {"account_sid": "AC" + "0" * 32, "auth_token": "s" * 32, "from": "+15005550006"}
SERVICE = "MG" + "0" * 32


def test_every_key_of_the_file_is_a_setting_and_the_other_way_round() -> None:
    general = {"api_base_url", "proxy", "ca_file", "timeout"}
    for method, model in ((Method.SMS, SmsConfig), (Method.VOICE, VoiceConfig)):
        names = {field.alias or name for name, field in model.model_fields.items()} - general
        assert names == {*KEYS[method].required, *KEYS[method].optional}
        assert KEYS[method].secrets <= names


def test_the_defaults() -> None:
    small = SmsConfig.model_validate(GOOD)
    assert (small.validity, small.segments, small.links, small.replies) == (300, 2, True, True)
    loud = VoiceConfig.model_validate(GOOD)
    assert (loud.ring, loud.silence, loud.machine_detection, loud.voices) == (25, 8, False, VOICES)
    assert loud.credentials == (GOOD["account_sid"], GOOD["auth_token"])
    assert loud.api_base_url == "https://api.twilio.com/"


def test_a_key_calls_and_both_tokens_sign() -> None:
    key = {"api_key": "SK" + "1" * 32, "api_secret": "t" * 32, "alternate_auth_token": "u" * 32}
    config = VoiceConfig.model_validate(GOOD | key)
    assert config.credentials == (key["api_key"], key["api_secret"])
    assert config.tokens == (GOOD["auth_token"], key["alternate_auth_token"])
    assert "s" * 32 not in repr(config)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"account_sid": "12345"}, "account_sid: it must be AC and 32 of 0-9 and a-f"),
        ({"account_sid": "SK" + "0" * 32}, "account_sid: it must be AC and 32 of 0-9 and a-f"),
        ({"api_key": GOOD["account_sid"], "api_secret": "t" * 32}, "api_key: it must be SK and 32 of 0-9 and a-f"),
        ({"from": "not a number at all"}, "from: it must be a number such as"),
        ({"messaging_service_sid": SERVICE}, "give either from or messaging_service_sid"),
        ({"from": ""}, "give either from or messaging_service_sid"),
        ({"validity": "2"}, "validity: "),
        ({"segments": "0"}, "segments: "),
        ({"replies": "perhaps"}, "replies: "),
        ({"api_key": "SK" + "1" * 32}, "give api_key and api_secret together"),
        ({"callback_url": "oncall.example.com"}, "callback_url: it must be an address such as"),
        ({"colour": "red"}, "colour: "),
    ],
)
def test_a_wrong_setting_for_sms(change: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words) as wrong:
        sms.connect("main", GOOD | change, SystemClock())
    assert "ssss" not in str(wrong.value)
    assert [fault.what for fault in KEYS[Method.SMS].check(GOOD | change)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"from": "ONCALL"}, "from: it must be a number of the account"),
        ({"ring": "4"}, "ring: "),
        ({"voices": "en=Joanna"}, "voices: write each language"),
        ({"again_key": "1"}, "must be three different keys"),
        ({"escalate_key": "#"}, "escalate_key: "),
        ({"spoken_code": "Urgent"}, "spoken_code: it must be a severity: Critical"),
    ],
)
def test_a_wrong_setting_for_calls(change: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        voice.connect("main", GOOD | change, SystemClock())
    assert [fault.what for fault in KEYS[Method.VOICE].check(GOOD | change)]


def test_a_voice_is_changed_for_one_language() -> None:
    config = VoiceConfig.model_validate(GOOD | {"voices": "en=en-GB/Polly.Amy", "spoken_code": "critical"})
    assert config.voices == {"en": ("en-GB", "Polly.Amy"), "zh": ("cmn-CN", "Polly.Zhiyu")}
    assert config.spoken_code == "critical"
    assert VoiceConfig.model_validate({**GOOD, "voices": dict(VOICES)}).voices == VOICES
    assert (
        VoiceConfig.model_validate(GOOD | {"callback_url": "https://a.example/x"}).callback_url
        == "https://a.example/x/"
    )
