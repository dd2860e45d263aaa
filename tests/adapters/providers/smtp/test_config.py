"""What can be configured, and what is refused, in words."""

from pathlib import Path

import pytest

from adapters.providers.smtp.config import KEYS, faults_of
from adapters.providers.smtp.email import connect
from bot.domain.people import Method
from tests.adapters.providers.smtp.conftest import SECRET
from tests.support.clocks import ManualClock

WHOLE = {"host": "mail.example.com", "from": "Oncard <oncard@example.com>"}


def test_a_host_and_a_sender_are_enough() -> None:
    assert list(faults_of(WHOLE)) == []
    assert connect("main", WHOLE, ManualClock()).timeout == 11.0


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_each_kind_of_connection_has_its_port(security: str, port: int) -> None:
    provider = connect("main", {**WHOLE, "security": security}, ManualClock())
    assert provider._config.at == port  # noqa: SLF001 - A port below 1024 cannot be served here.


@pytest.mark.parametrize(
    ("given", "key", "said"),
    [
        ({"host": "smtp://mail.example.com"}, "host", "pattern"),
        ({"host": ""}, "host", "pattern"),
        ({"from": "Oncard"}, "from", "one address"),
        ({"from": "a@example.com, b@example.com"}, "from", "one address"),
        ({"from": "a@example.com\nBcc: eve@example.com"}, "from", "one address"),
        ({"from": "安娜@example.com"}, "from", "one address"),
        ({"reply_to": "nobody"}, "reply_to", "one address"),
        ({"port": "0"}, "port", "greater than or equal to 1"),
        ({"security": "ssl"}, "security", "'starttls', 'tls' or 'none'"),
        ({"user": "oncard"}, "host", "together"),
        ({"user": "oncard", "password": "hunter22hunter22", "security": "none"}, "host", "open connection"),
        ({"bounce_address": "bounces@example.com"}, "host", "together"),
        ({"bounce_address": "Bo <b@example.com>", "bounce_secret": SECRET}, "bounce_address", "an address alone"),
        ({"bounce_address": "b@example.com", "bounce_secret": "short"}, "bounce_secret", "16 to 128"),
        ({"timeout": "31"}, "timeout", "less than or equal to 30"),
        ({"proxy": "http://proxy.example.com"}, "proxy", "without it"),
    ],
)
def test_what_is_wrong_is_said_of_its_key(given: dict[str, str], key: str, said: str) -> None:
    (fault,) = faults_of(WHOLE | given)
    assert fault.key == key
    assert said in fault.what
    assert "hunter22" not in fault.what
    with pytest.raises(ValueError, match=key):
        connect("main", WHOLE | given, ManualClock())


def test_certificates_are_read_when_it_is_configured(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    (fault,) = faults_of(WHOLE | {"ca_file": str(tmp_path / "ca.pem")})
    assert fault.key == "ca_file"


def test_no_secret_is_shown() -> None:
    keys = KEYS[Method.EMAIL]
    assert keys.secrets == {"password", "bounce_secret"}
    assert set(keys.secrets) <= set(keys.optional)
    given = {"user": "oncard", "password": "hunter22hunter22"}
    assert "hunter22" not in repr(connect("main", WHOLE | given, ManualClock())._config)  # noqa: SLF001 - As it prints.
