"""What a workspace is configured with is checked before it is used, and no value of it is shown."""

import pytest

from adapters.telegram.adapter import connect
from adapters.telegram.config import KEYS, TELEGRAM, Mode, TelegramConfig, faults_of
from bot.clock import SystemClock

TOKEN = f"123456789:{'Ab_c-' * 7}"
ADDRESS = "https://oncard.example.com/im/telegram/acme"
HOOK = {"bot_token": TOKEN, "webhook_secret": "s3cret_-", "webhook_url": ADDRESS}


def config(**values: str) -> TelegramConfig:
    return TelegramConfig.model_validate({"bot_token": TOKEN, **values})


def test_a_token_is_enough() -> None:
    assert list(faults_of({"bot_token": TOKEN})) == []
    assert (config().mode, config().api_base_url, config().is_private) == (Mode.POLLING, TELEGRAM, True)


@pytest.mark.parametrize(
    "token", ["", f"{TOKEN} ", f"bot{TOKEN}", "123456789:short", f"0{TOKEN}", "1234:5678", "xoxb-1-2"]
)
def test_what_is_no_token_is_said_without_it(token: str) -> None:
    (fault,) = faults_of({"bot_token": token})
    assert fault.key == "bot_token"
    assert "@BotFather" in fault.what
    assert not token or token not in fault.what


@pytest.mark.parametrize("secret", ["", "with space", "ü", "x" * 257, "a.b"])
def test_what_telegram_would_refuse_as_a_secret_is_refused(secret: str) -> None:
    (fault,) = faults_of(HOOK | {"webhook_secret": secret})
    assert fault.key == "webhook_secret"
    assert "A-Z" in fault.what


def test_with_a_secret_and_an_address_telegram_calls_us() -> None:
    assert list(faults_of(HOOK)) == []
    assert TelegramConfig.model_validate(HOOK).mode is Mode.WEBHOOK


@pytest.mark.parametrize("missing", ["webhook_secret", "webhook_url"])
def test_a_webhook_needs_both(missing: str) -> None:
    (fault,) = faults_of({key: value for key, value in HOOK.items() if key != missing})
    assert "together" in fault.what


@pytest.mark.parametrize(
    "url",
    [
        "http://oncard.example.com/im/telegram/acme",
        "https://oncard.example.com:8000/im/telegram/acme",
        "https://oncard.example.com:99999/im/telegram/acme",
        "https://oncard.example.com/",
        "https://oncard.example.com/im/telegram/",
        "https://oncard.example.com/im/telegram/acme/more",
        "https://oncard.example.com/im/telegram/acme?x=1",
        "ftp://oncard.example.com/im/telegram/acme",
        "oncard.example.com/im/telegram/acme",
        "",
    ],
)
def test_an_address_that_telegram_cannot_call_is_refused(url: str) -> None:
    (fault,) = faults_of(HOOK | {"webhook_url": url})
    assert "webhook_url" in fault.what


@pytest.mark.parametrize("port", ["", ":443", ":80", ":88", ":8443"])
def test_an_address_at_any_of_telegrams_ports_is_taken(port: str) -> None:
    assert list(faults_of(HOOK | {"webhook_url": f"https://oncard.example.com{port}/im/telegram/acme/"})) == []


def test_a_server_of_ones_own_calls_any_address() -> None:
    own = HOOK | {"api_base_url": "http://localhost:8081", "webhook_url": "http://10.0.0.7:8000/im/telegram/acme"}
    assert list(faults_of(own)) == []


@pytest.mark.parametrize(
    ("values", "private"),
    [
        ({}, True),
        ({"api_base_url": "https://api.telegram.org"}, True),
        ({"api_base_url": "http://localhost:8081/"}, False),
        ({"api_base_url": "http://localhost:8081/", "ephemeral": "on"}, True),
        ({"ephemeral": "off"}, False),
        ({"ephemeral": "true"}, True),
    ],
)
def test_messages_for_one_person_are_on_where_they_are_known(values: dict[str, str], private: bool) -> None:
    assert config(**values).is_private is private


def test_a_switch_is_on_or_off() -> None:
    (fault,) = faults_of({"bot_token": TOKEN, "ephemeral": "maybe"})
    assert (fault.key, fault.what) == ("ephemeral", "it must be on or off")


def test_every_key_is_one_of_the_settings_and_secrets_do_not_show() -> None:
    assert {*KEYS.required, *KEYS.optional} <= TelegramConfig.model_fields.keys()
    shown = repr(TelegramConfig.model_validate(HOOK))
    assert TOKEN not in shown
    assert HOOK["webhook_secret"] not in shown
    assert KEYS.secrets == {"bot_token", "webhook_secret"}


async def test_a_workspace_is_connected_from_its_settings() -> None:
    await connect(HOOK, SystemClock()).close()
    with pytest.raises(ValueError, match=r"timeout: .*; bot_token: a bot token looks like") as caught:
        connect({"bot_token": "very-secret", "timeout": "none"}, SystemClock())
    assert "very-secret" not in str(caught.value)
