"""A platform, a context and a whole file for the tests of the configuration."""

import hashlib
from collections.abc import Iterable, Mapping

from bot.config.context import Context, KeyFault, PlatformKeys, StoredSecrets
from bot.config.define import define
from bot.config.fault import Fault
from bot.config.load import Config, load
from bot.domain.definition import Definition, IntegrationDefinition, Secret
from bot.domain.people import Method

TOKEN = "tok-4f1c0a9b7d"
APP_TOKEN = "app-93ab55e012"
PAYMENTS_KEY = "payments-key-0123456789"
SEARCH_KEY = "search-key-0123456789"
SMS_TOKEN = "sms-77aa90c41e"
DEVICE = "topic-of-ana-5512"
PROXY = "http://oncard:hunter2@proxy.example.com:3128"

ENVIRONMENT = {"CHAT_TOKEN": TOKEN, "PAYMENTS_KEY": PAYMENTS_KEY, "ZONE": "Europe/Paris", "EMPTY": ""}
SECRETS = (TOKEN, APP_TOKEN, PAYMENTS_KEY, SEARCH_KEY, PROXY, "hunter2", SMS_TOKEN, DEVICE)

FULL = f"""\
accounts:
  - name: Ana
    email: Ana@Example.com
    phone: +33 6 12 34 56 78
    role: owner
    locale: zh
    timezone: ${{ZONE}}
    preferences: {{critical: [im, sms, {{method: voice, after: 3m}}], info: [email]}}
  - name: Bo
    email: bo@example.com
teams:
  - name: sre
    members: [bo@example.com, ANA@example.com]
workspaces:
  - name: acme
    platform: chat
    bot_token: ${{CHAT_TOKEN}}
    app_token: {APP_TOKEN}
    nickname: On-Call $${{you}}
    api_base_url: http://127.0.0.1:8080/api/
    proxy: {PROXY}
    timeout: 8s
    links: {{ana@example.com: U1}}
providers:
  sms:
    - name: main
      kind: phones
      token: {SMS_TOKEN}
      countries: [+49, +331]
      timeout: 5s
    - kind: phones
      token: {SMS_TOKEN}
      sender: "+4930123456"
  email:
    - kind: mail
      host: mail.example.com
  push:
    - kind: bell
      links: {{ANA@example.com: {DEVICE}}}
channels:
  - name: payments
    team: sre
    integrations:
      - name: payments-alerts
        source: standard
        key: ${{PAYMENTS_KEY}}
        fields:
          title: "{{{{check}}}} on {{{{host}}}}"
        values:
          event_status: {{high: Critical, low: Info}}
      - name: search-alerts
        source: prometheus
        key: {SEARCH_KEY}
    escalation:
      - name: nights
        levels:
          - targets: ["account:ana@example.com"]
            methods: [im]
            chats: [acme/C1/x]
            repeat: {{every: 5m, times: 3}}
            escalate_after: 10m
            unless: closed
          - targets: ["team:sre"]
            methods: preferences
"""


def against(settings: Mapping[str, str]) -> Iterable[KeyFault]:
    """Say what the platform has against its settings, and be so careless as to quote a secret."""
    if not settings["bot_token"].startswith("tok-"):
        yield KeyFault("bot_token", f"{settings['bot_token']} is no bot token", "copy it from the console")


def mapping_faults(integration: IntegrationDefinition) -> Iterable[KeyFault]:
    """Say which fields of a mapping there are not."""
    for name in integration.fields:
        if name not in ("title", "labels"):
            yield KeyFault(f"fields.{name}", "is no field of an event", "use one of title, labels")


CHAT = PlatformKeys(
    required=("bot_token",),
    optional=("app_token", "nickname"),
    secrets=frozenset({"bot_token", "app_token"}),
    check=against,
)


def against_phones(settings: Mapping[str, str]) -> Iterable[KeyFault]:
    """Say that a sender is no number."""
    if not settings.get("sender", "+").startswith("+"):
        yield KeyFault("sender", "this is no number", "write it with the country")


PHONES = PlatformKeys(("token",), ("sender",), frozenset({"token"}), against_phones)
PROVIDERS: Mapping[Method, Mapping[str, PlatformKeys]] = {
    Method.SMS: {"phones": PHONES},
    Method.VOICE: {"phones": PHONES},
    Method.EMAIL: {"mail": PlatformKeys(("host",), ("password",), frozenset({"password"}))},
    Method.PUSH: {"bell": PlatformKeys((), ("key",), frozenset({"key"}))},
}


def fingerprint(secret: Secret) -> str:
    """Return eight digits that tell a secret from others."""
    return hashlib.sha256(secret.value.encode()).hexdigest()[:8]


def context(*, environment: Mapping[str, str] = ENVIRONMENT, stored: Iterable[Definition] | None = None) -> Context:
    """Return what a file is read against."""
    secrets = None if stored is None else StoredSecrets(tuple(stored), fingerprint)
    return Context(environment, {"chat": CHAT}, ("standard", "prometheus"), secrets, mapping_faults, PROVIDERS)


def faults(text: str, against: Context | None = None) -> tuple[Fault, ...]:
    """Return the faults of a file that has some."""
    found = load(text, against or context())
    assert not isinstance(found, Config), "there are no faults"
    return found


def definitions(text: str = FULL, against: Context | None = None) -> tuple[Definition, ...]:
    """Return the definitions of a file that has no fault."""
    found = load(text, against or context())
    assert isinstance(found, Config), [fault.said("file") for fault in found]
    return define(found)
