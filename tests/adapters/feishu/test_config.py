"""How a workspace is configured: faults name the key and the mend, and no value is ever shown."""

import pytest

from adapters.feishu.adapter import connect
from adapters.feishu.config import FEISHU, KEYS, LARK, FeishuConfig, Mode, faults_of
from bot.clock import SystemClock

GOOD = {"app_id": "cli_a1b2", "app_secret": "very-secret-1"}


def test_with_the_two_credentials_it_is_listened_to() -> None:
    config = FeishuConfig.model_validate(GOOD)
    assert (config.mode, config.api_base_url) == (Mode.CONNECTION, FEISHU)
    assert list(faults_of(GOOD)) == []


def test_with_an_encrypt_key_feishu_calls_us() -> None:
    for more in ({"encrypt_key": "very-secret-2"}, {"encrypt_key": "very-secret-2", "verification_token": "v-3"}):
        config = FeishuConfig.model_validate(GOOD | more)
        assert config.mode is Mode.HTTP
        assert connect(GOOD | more, SystemClock()).capabilities.called


def test_lark_is_the_same_at_another_address() -> None:
    config = FeishuConfig.model_validate({**GOOD, "api_base_url": LARK.rstrip("/")})
    assert config.api_base_url == LARK


@pytest.mark.parametrize(
    ("values", "key", "words"),
    [
        ({"app_id": "a1b2"}, "app_id", "begins with cli_"),
        ({"app_secret": " "}, "app_secret", "empty"),
        ({"encrypt_key": ""}, "encrypt_key", "empty"),
        ({"verification_token": "v-3"}, "verification_token", "give it as encrypt_key"),
        ({"api_base_url": "open.feishu.cn"}, "api_base_url", "must be an address such as https://open.feishu.cn/"),
        ({"proxy": "proxy:3128"}, "proxy", "must be an address such as"),
        ({"silence": "0"}, "silence", "greater than 0"),
        ({"timeout": "31"}, "timeout", "less than or equal to 30"),
        ({"colour": "red"}, "colour", "not permitted"),
    ],
)
def test_a_fault_names_the_key_and_the_mend(values: dict[str, str], key: str, words: str) -> None:
    [fault] = faults_of(GOOD | values)
    assert fault.key == key
    assert words in fault.what
    with pytest.raises(ValueError, match=key):
        connect(GOOD | values, SystemClock())


def test_no_secret_is_shown() -> None:
    secrets = {"app_secret": "very-secret-1", "encrypt_key": "very-secret-2", "verification_token": "very-secret-3"}
    config = FeishuConfig.model_validate(
        {"app_id": "cli_a", **secrets, "proxy": "http://a:very-secret-4@p.example.com"}
    )
    assert "very-secret" not in repr(config)
    assert set(secrets) == KEYS.secrets
    assert set(config.secrets()) == set(secrets.values())
    with pytest.raises(ValueError, match="app_id") as caught:
        connect({"app_id": "very-secret-5", **secrets}, SystemClock())
    assert "very-secret" not in str(caught.value)


def test_without_the_sdk_only_callbacks_can_be_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.feishu.adapter.SDK", "a_package_that_nobody_has")
    with pytest.raises(ImportError, match="extra “feishu”"):
        connect(GOOD, SystemClock())
    assert connect(GOOD | {"encrypt_key": "very-secret-2"}, SystemClock()).capabilities.called
