import pytest
from pydantic import SecretStr

from bot.outbound.callback_secret import told

SECRET = SecretStr("callback-secret-of-the-test")


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("callback-secret-of-the-test/status", "status"),
        ("/callback-secret-of-the-test/a/b/", "a/b"),
        ("callback-secret-of-the-test", ""),
        ("callback-secret-of-the-tes/status", None),
        ("x/callback-secret-of-the-test/status", None),
        ("密/status", None),
        ("\ud800/status", None),
        ("", None),
    ],
)
def test_what_follows_the_secret(path: str, what: str | None) -> None:
    assert told(path, SECRET) == what


@pytest.mark.parametrize("path", ["", "/", "/status", "status"])
def test_without_a_secret_nothing_is_ours(path: str) -> None:
    assert told(path, None) is None
    assert told(path, SecretStr("")) is None
