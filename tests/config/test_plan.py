"""A plan says what `apply` will change, in words that people read, and nothing of secrets but that they differ."""

import json
import re
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings

from bot.config.export import export
from bot.config.plan import Plan, as_json, describe, plan
from bot.domain.definition import Definition, Kind
from tests.config.example import FULL, SECRETS, context, definitions, fingerprint
from tests.config.strategies import organisations

slow = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=10)


def changed(*replacements: tuple[str, str]) -> Plan:
    text = FULL
    for before, after in replacements:
        assert before in text
        text = text.replace(before, after)
    return plan(definitions(text), definitions())


def test_everything_is_new_to_an_empty_database() -> None:
    assert describe(plan(definitions(), ())) == (
        "+ account ana@example.com",
        "+ account bo@example.com",
        "+ team sre",
        "+ workspace acme",
        "+ provider sms/main",
        "+ provider sms/phones",
        "+ provider email/mail",
        "+ provider push/bell",
        "+ channel payments",
        "+ integration payments-alerts",
        "+ integration search-alerts",
    )


def test_what_is_removed_is_told_last_and_what_refers_before_what_is_referred_to() -> None:
    wanted = definitions("teams: [{name: new}]")
    assert describe(plan(wanted, definitions())) == (
        "+ team new",
        "- integration search-alerts",
        "- integration payments-alerts",
        "- channel payments",
        "- provider push/bell",
        "- provider email/mail",
        "- provider sms/phones",
        "- provider sms/main",
        "- workspace acme",
        "- team sre",
        "- account bo@example.com",
        "- account ana@example.com",
    )


def test_what_is_stored_already_needs_nothing() -> None:
    done = plan(definitions(), reversed(definitions()))
    assert done.is_empty
    assert (describe(done), as_json(done)) == ((), [])


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("${ZONE}", "UTC", "~ account ana@example.com: timezone Europe/Paris → UTC"),
        ("    phone: +33 6 12 34 56 78\n", "", "~ account ana@example.com: phone +33612345678 → none"),
        ("name: Bo\n", "name: Bob\n", "~ account bo@example.com: name Bo → Bob"),
        (
            "[bo@example.com, ANA@example.com]",
            "[bo@example.com]",
            "~ team sre: members bo@example.com, ana@example.com → bo@example.com",
        ),
        ("[bo@example.com, ANA@example.com]", "[]", "~ team sre: members bo@example.com, ana@example.com → none"),
        ("timeout: 8s", "timeout: 1m", "~ workspace acme: timeout 8s → 1m"),
        (": U1", ": U2", "~ workspace acme: links.ana@example.com U1 → U2"),
        ("app_token: app", "app_token: ppa", "~ workspace acme: app_token changed"),
        ("    timeout: 8s", "    timeout: 8s\n    ca_file: /ca.pem", "~ workspace acme: ca_file none → /ca.pem"),
        ("[+49, +331]", "[+49]", "~ provider sms/main: countries +49, +331 → +49"),
        ("token: sms-", "token: new-sms-", "~ provider sms/main: token changed"),
        ("host: mail.", "host: smtp.", "~ provider email/mail: host mail.example.com → smtp.example.com"),
        ("topic-of-ana", "topic-of-bo", "~ provider push/bell: links.ana@example.com changed"),
        ("info: [email]", "info: [push]", "~ account ana@example.com: preferences.info email → push"),
        ("after: 3m", "after: 4m", '~ account ana@example.com: preferences.critical ["im", "sms", {"method": "voice"'),
        ("every: 5m", "every: 90s", "~ channel payments: escalation.nights.levels.1.repeat.every 5m → 90s"),
        ("times: 3", "times: 2", "~ channel payments: escalation.nights.levels.1.repeat.times 3 → 2"),
        (
            "            repeat: {every: 5m, times: 3}\n",
            "",
            '~ channel payments: escalation.nights.levels.1.repeat {"every": "5m", "times": 3} → none',
        ),
        ("[im]", "preferences", "~ channel payments: escalation.nights.levels.1.methods im → preferences"),
        ("low: Info", "low: Warning", "~ integration payments-alerts: values.event_status.low Info → Warning"),
        ("source: prometheus", "source: standard", "~ integration search-alerts: source prometheus → standard"),
        ("key: search", "key: other-search", "~ integration search-alerts: key changed"),
    ],
)
def test_a_change_is_one_line(before: str, after: str, line: str) -> None:
    assert describe(changed((before, after)))[0].startswith(line)


def test_a_new_level_is_shown_and_a_long_one_is_cut() -> None:
    level = "          - targets: ['team:sre']\n            chats: [acme/C1, acme/C2, acme/C3, acme/C4]\n"
    (line,) = describe(plan(definitions(FULL + level), definitions()))
    assert line.startswith('~ channel payments: escalation.nights.levels.3 none → {"targets": ["team:sre"]')
    assert line.endswith("…")


def test_another_order_of_rules_is_a_change() -> None:
    rule = "      - name: {}\n        levels: [{{targets: ['team:sre']}}]\n"
    head = "teams: [{name: sre}]\nchannels:\n  - name: c\n    escalation:\n"
    before, after = (definitions(head + "".join(rule.format(name) for name in names)) for names in ("abc", "bad"))
    assert tuple(re.sub(r"\{.*…", "{}", line) for line in describe(plan(after, before))) == (
        "~ channel c: escalation.order a, b, c → b, a, d",
        "~ channel c: escalation.c {} → none",
        "~ channel c: escalation.d none → {}",
    )


def test_a_plan_for_scripts() -> None:
    found = as_json(changed(("${ZONE}", "UTC"), ("app_token: app", "app_token: ppa"), ("name: search", "name: find")))
    assert json.loads(json.dumps(found)) == [
        {
            "action": "change",
            "kind": "account",
            "name": "ana@example.com",
            "changes": [{"field": "timezone", "before": "Europe/Paris", "after": "UTC"}],
        },
        {
            "action": "change",
            "kind": "workspace",
            "name": "acme",
            "changes": [{"field": "app_token", "secret": True}],
        },
        {"action": "add", "kind": "integration", "name": "find-alerts", "changes": []},
        {"action": "remove", "kind": "integration", "name": "search-alerts", "changes": []},
    ]


def test_a_plan_obeys_no_terminal() -> None:
    (line,) = describe(changed(("high: Critical", 'high: "\\e[2J\\nCritical"')))
    assert line == "~ integration payments-alerts: values.event_status.high Critical → ?[2J?Critical"


def test_a_reference_that_nobody_followed_is_refused() -> None:
    unread = definitions(export(definitions(), fingerprint), context(environment={}))
    with pytest.raises(ValueError, match="workspace acme: bot_token refers to a stored secret"):
        plan(unread, definitions())


def test_neither_plan_nor_definitions_print_a_secret() -> None:
    swapped = changed(*((f": {before}", f": {after}-x") for before, after in pairwise((SECRETS[1], SECRETS[3]))))
    said = f"{describe(swapped)} {as_json(swapped)} {swapped} {definitions()} {context(stored=definitions())}"
    assert [secret for secret in SECRETS if secret in said] == []


def as_named(some: Iterable[Definition]) -> dict[tuple[Kind, str], Definition]:
    return {(one.kind, one.name): one for one in some}


@slow
@given(organisations(), organisations())
def test_a_plan_is_empty_only_for_what_is_equal(wanted: tuple[Definition, ...], stored: tuple[Definition, ...]) -> None:
    # Two that are drawn are hardly ever equal; what is left of one is nearly so.
    for there in (stored, wanted, wanted[::-1], wanted[1:], wanted[:-1]):
        found = plan(wanted, there)
        assert found.is_empty == (as_named(wanted) == as_named(there))
        assert all(line.isprintable() for line in describe(found))
