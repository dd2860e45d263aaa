"""An export is read back to what was exported, and shows no secret."""

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings

from bot.config.define import define
from bot.config.export import export
from bot.config.fault import Fault
from bot.config.load import Config, load
from bot.config.plan import plan
from bot.domain.definition import Definition, IntegrationDefinition, Kind, Secret
from tests.config.example import (
    FULL,
    SEARCH_KEY,
    SECRETS,
    TOKEN,
    context,
    definitions,
    faults,
    fingerprint,
)
from tests.config.strategies import organisations


def by_name(definitions: Iterable[Definition]) -> dict[tuple[Kind, str], Definition]:
    return {(one.kind, one.name): one for one in definitions}


@given(organisations())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=20)
def test_an_export_is_read_back_to_the_same_definitions_and_shows_no_secret(stored: tuple[Definition, ...]) -> None:
    text = export(stored, fingerprint)
    found = load(text, context(environment={}, stored=stored))
    assert isinstance(found, Config), [fault.said(text) for fault in found]
    assert by_name(define(found)) == by_name(stored)
    assert plan(define(found), stored).is_empty
    assert export(define(found), fingerprint) == text
    assert [secret for one in stored for secret in one.secrets.values() if secret.value in text] == []


def test_an_export_reads_well() -> None:
    text = export(definitions(), lambda secret: f"{SECRETS.index(secret.value):08x}")
    assert (
        text[text.index("accounts") :]
        == """\
accounts:
  - name: Ana
    email: ana@example.com
    phone: '+33612345678'
    role: owner
    locale: zh
    timezone: Europe/Paris
    preferences:
      critical: [im, sms, {method: voice, after: 3m}]
      info: [email]
  - name: Bo
    email: bo@example.com
    role: member
    locale: en
    timezone: UTC

teams:
  - name: sre
    members:
      - bo@example.com
      - ana@example.com

workspaces:
  - name: acme
    platform: chat
    nickname: On-Call $${you}
    api_base_url: http://127.0.0.1:8080/api/
    timeout: 8s
    locale: en
    timezone: UTC
    bot_token: stored:00000000
    app_token: stored:00000001
    proxy: stored:00000004
    links:
      ana@example.com: U1

providers:
  sms:
    - name: main
      kind: phones
      countries: ['+49', '+331']
      timeout: 5s
      token: stored:00000006
    - name: phones
      kind: phones
      sender: '+4930123456'
      token: stored:00000006
  email:
    - name: mail
      kind: mail
      host: mail.example.com
  push:
    - name: bell
      kind: bell
      links:
        ana@example.com: stored:00000007

channels:
  - name: payments
    team: sre
    integrations:
      - name: payments-alerts
        source: standard
        key: stored:00000002
        fields:
          title: '{{check}} on {{host}}'
        values:
          event_status:
            high: Critical
            low: Info
      - name: search-alerts
        source: prometheus
        key: stored:00000003
    escalation:
      - name: nights
        levels:
          - targets: [account:ana@example.com]
            methods: [im]
            chats: [acme/C1/x]
            repeat: {every: 5m, times: 3}
            escalate_after: 10m
            unless: closed
          - targets: [team:sre]
            methods: preferences
            escalate_after: 5m
            unless: acknowledged
"""
    )
    assert all(line.startswith("#") for line in text[: text.index("\naccounts")].splitlines())


def test_an_export_of_nothing_is_a_file_of_nothing() -> None:
    text = export((), fingerprint)
    assert text.endswith("\naccounts: []\n")
    assert definitions(text) == ()


def test_an_integration_without_its_channel_is_not_lost_silently() -> None:
    orphan = Definition(Kind.INTEGRATION, IntegrationDefinition("i", "standard", "gone"), {"key": Secret(SEARCH_KEY)})
    with pytest.raises(ValueError, match="channels that are not there: gone"):
        export([orphan], fingerprint)


def test_a_secret_follows_its_object_to_a_new_name() -> None:
    stored = definitions()
    text = export(stored, fingerprint).replace("name: search-alerts", "name: find-alerts")
    renamed = by_name(definitions(text, context(environment={}, stored=stored)))
    assert renamed[Kind.INTEGRATION, "find-alerts"].secrets == {"key": Secret(SEARCH_KEY)}


def test_a_fingerprint_of_no_stored_secret_is_a_fault() -> None:
    text = export(definitions(), fingerprint)
    line = text[: text.index("bot_token: ")].count("\n") + 1
    others = definitions(FULL, context(environment={"CHAT_TOKEN": "tok-new", "PAYMENTS_KEY": "x" * 16, "ZONE": "UTC"}))
    assert faults(text, context(stored=others)) == (
        Fault(
            line,
            "no stored secret has this fingerprint",
            "give the value, or `${NAME}` for a variable that holds it",
        ),
        Fault(
            line + 33,
            "no stored secret has this fingerprint",
            "give the value, or `${NAME}` for a variable that holds it",
        ),
    )


def test_a_secret_is_taken_over_only_under_its_own_key() -> None:
    text = export(definitions(), fingerprint)
    app_token = text.index("app_token: stored:")
    token = f"stored:{fingerprint(Secret(TOKEN))}"
    swapped = text[:app_token] + f"app_token: {token}\n" + text[text.index("\n", app_token) + 1 :]
    (fault,) = faults(swapped, context(stored=definitions()))
    assert fault.what == "no stored secret has this fingerprint"


def test_a_check_takes_references_as_they_are() -> None:
    assert len(definitions(export(definitions(), fingerprint), context(environment={}))) == len(definitions())
