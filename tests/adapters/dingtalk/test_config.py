"""Faults of a configuration name the key and the mend, and show no secret."""

import pytest

from adapters.dingtalk.adapter import connect
from adapters.dingtalk.config import API, KEYS, OLD_API, DingTalkConfig, Mode, faults_of
from bot.clock import SystemClock

GOOD = {"client_id": "dingx", "client_secret": "s3cr3t-of-the-app"}
CALLED = {
    **GOOD,
    "mode": "http",
    "card_template_id": "a.schema",
    "api_secret": "s3cr3t-of-cards",
    "callback_url": "https://oncard.example.com/im/dingtalk/acme/cards",
}


def test_two_keys_are_enough() -> None:
    config = DingTalkConfig.model_validate(GOOD)
    assert (config.mode, config.robot, config.api_base_url, config.old_api) == (Mode.STREAM, "dingx", API, OLD_API)
    assert not list(faults_of(GOOD))


def test_an_adapter_is_made_of_texts() -> None:
    adapter = connect({**GOOD, "timeout": "2.5"}, SystemClock())
    assert adapter.capabilities.send_timeout == 4.5


def test_dingtalk_can_call_us() -> None:
    assert not list(faults_of(CALLED))
    assert not list(faults_of({**GOOD, "mode": "http"}))
    assert DingTalkConfig.model_validate(CALLED).secrets() == ("s3cr3t-of-the-app", "s3cr3t-of-cards")


def test_the_older_api_stands_beside_another_address() -> None:
    there = {**GOOD, "api_base_url": "http://127.0.0.1:1/x"}
    assert DingTalkConfig.model_validate(there).old_api == "http://127.0.0.1:1/x/"
    old = DingTalkConfig.model_validate({**there, "old_api_base_url": "http://127.0.0.1:2"})
    assert old.old_api == "http://127.0.0.1:2/"


def test_the_robot_may_have_a_code_of_its_own() -> None:
    assert DingTalkConfig.model_validate({**GOOD, "robot_code": "dingy"}).robot == "dingy"


@pytest.mark.parametrize(
    ("values", "key", "what"),
    [
        ({**GOOD, "client_secret": " "}, "client_secret", "it is empty: copy the Client Secret"),
        ({**GOOD, "client_id": ""}, "client_id", "at least 1 character"),
        ({**GOOD, "card_template_id": "abc"}, "card_template_id", "ends with .schema"),
        ({**GOOD, "mode": "carrier pigeon"}, "mode", "'stream' or 'http'"),
        ({**GOOD, "old_api_base_url": "oapi.dingtalk.com"}, "old_api_base_url", OLD_API),
        ({**GOOD, "silence": "0"}, "silence", "greater than 0"),
        ({**CALLED, "api_secret": ""}, "api_secret", "it is empty"),
        ({**GOOD, "mode": "http", "card_template_id": "a.schema"}, "mode", "give api_secret"),
        ({**CALLED, "callback_url": "oncard.example.com"}, "mode", "callback_url must be an address"),
        ({**CALLED, "mode": "stream"}, "mode", "are for mode: http"),
        ({**GOOD, "unknown": "x"}, "unknown", "not permitted"),
    ],
)
def test_a_fault_names_the_key_and_the_mend(values: dict[str, str], key: str, what: str) -> None:
    faults = list(faults_of(values))
    assert [(fault.key, what in fault.what) for fault in faults] == [(key, True)], faults
    assert "s3cr3t" not in str(faults)
    with pytest.raises(ValueError, match=key) as caught:
        connect(values, SystemClock())
    assert "s3cr3t" not in str(caught.value)


def test_its_keys_are_those_of_the_configuration() -> None:
    general = {"api_base_url", "proxy", "ca_file", "timeout", "silence"}
    assert {*KEYS.required, *KEYS.optional} | general == set(DingTalkConfig.model_fields)
    assert KEYS.secrets == {"client_secret", "api_secret"}
    assert "s3cr3t" not in repr(DingTalkConfig.model_validate(CALLED))
