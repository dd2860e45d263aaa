"""The configuration of a workspace: faults name the field and how to mend it, and show no secret."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from adapters.slack.adapter import SlackAdapter, connect
from adapters.slack.config import KEYS, Mode, SlackConfig
from bot.adapter import DeliveryFailed, FailureKind
from tests.adapters.slack.conftest import Make
from tests.adapters.slack.desk import LOOPBACK, Still

BOT, APP, SECRET = "xoxb-1-very-secret", "xapp-1-very-secret", "very-secret"


@pytest.mark.parametrize(
    ("given", "field", "mend"),
    [
        ({}, "bot_token", "required"),
        ({"bot_token": BOT}, "", "give app_token"),
        ({"bot_token": APP, "app_token": BOT}, "bot_token", "belongs into app_token"),
        ({"bot_token": BOT, "app_token": BOT}, "app_token", "belongs into bot_token"),
        ({"bot_token": "very-secret", "app_token": APP}, "bot_token", "begins with xoxb-"),
        ({"bot_token": BOT, "app_token": "very-secret"}, "app_token", "begins with xapp-"),
        ({"bot_token": BOT, "signing_secret": ""}, "signing_secret", "empty"),
        ({"bot_token": BOT, "app_token": APP, "api_base_url": "slack.com"}, "api_base_url", "https://slack.com/api/"),
        ({"bot_token": BOT, "app_token": APP, "proxy": "very-secret:1"}, "proxy", "http://proxy.example.com:3128"),
        ({"bot_token": BOT, "app_token": APP, "ca_file": "/nowhere.pem"}, "ca_file", "No such file"),
        ({"bot_token": BOT, "app_token": APP, "ca_file": __file__}, "ca_file", "PEM"),
        ({"bot_token": BOT, "app_token": APP, "timeout": 0}, "timeout", "greater than 0"),
        ({"bot_token": BOT, "app_token": APP, "token": "very-secret"}, "token", "not permitted"),
    ],
)
def test_a_fault_names_the_field_and_how_to_mend_it(given: dict[str, object], field: str, mend: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SlackConfig.model_validate(given)
    assert any(".".join(map(str, error["loc"])) == field and mend in error["msg"] for error in caught.value.errors())
    assert "very-secret" not in str(caught.value)


def test_the_file_says_it_in_texts_and_hears_its_faults_by_key() -> None:
    assert list(KEYS.check({"bot_token": BOT, "app_token": APP, "timeout": "5", "api_base_url": "https://a/api"})) == []
    faults = list(KEYS.check({"bot_token": APP, "signing_secret": SECRET, "timeout": "soon"}))
    assert {fault.key for fault in faults} == {"bot_token", "timeout"}
    assert "very-secret" not in str(faults)
    assert KEYS.secrets == {"bot_token", "app_token", "signing_secret"}


async def test_an_adapter_is_made_of_what_the_file_says() -> None:
    adapter = connect({"bot_token": BOT, "app_token": APP, "timeout": "5"}, Still())
    assert isinstance(adapter, SlackAdapter)
    assert adapter.capabilities.send_timeout == 7.0
    with pytest.raises(ValueError, match="bot_token: this is an app-level token") as caught:
        connect({"bot_token": APP}, Still())
    assert "very-secret" not in str(caught.value)


def test_it_does_not_show_its_secrets() -> None:
    config = SlackConfig.model_validate(
        {"bot_token": BOT, "app_token": APP, "signing_secret": SECRET, "proxy": "http://me:very-secret@proxy:1"}
    )
    assert "very-secret" not in f"{config} {config!r}"


def test_with_an_app_token_it_listens_and_without_one_it_is_called() -> None:
    assert (
        SlackConfig.model_validate({"bot_token": BOT, "app_token": APP, "signing_secret": SECRET}).mode is Mode.SOCKET
    )
    assert SlackConfig.model_validate({"bot_token": BOT, "signing_secret": SECRET}).mode is Mode.HTTP


def test_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {"bot_token": BOT, "app_token": APP}
    local = {"api_base_url": "http://127.0.0.1:8000/api"}
    assert SlackConfig.model_validate(given).way_out() is None
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example.com:3128")
    assert SlackConfig.model_validate(given).way_out() == "http://proxy.example.com:3128"
    assert SlackConfig.model_validate(given | local).way_out() is None
    assert SlackConfig.model_validate(given | local | {"proxy": "http://own:1"}).way_out() == "http://own:1"
    monkeypatch.setenv("no_proxy", "slack.com")
    assert SlackConfig.model_validate(given).way_out() is None


async def test_a_certificate_of_ones_own_is_trusted_only_when_named(make: Make, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def who(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "team": "Example", "user": "oncard", "url": "wss://example.com"})

    app = web.Application()
    app.router.add_post("/api/{method}", who)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0, ssl_context=context).start()
        base = f"https://{LOOPBACK}:{runner.addresses[0][1]}/api/"
        assert (await make(api_base_url=base, ca_file=certificate).check()).workspace == "Example"
        with pytest.raises(DeliveryFailed) as caught:
            await make(api_base_url=base).check()
        assert caught.value.kind is FailureKind.UNREACHABLE
        assert "certificate" in caught.value.detail.lower()
    finally:
        await runner.cleanup()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    at, key_at = folder / "certificate.pem", folder / "key.pem"
    at.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_at.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return at, key_at
