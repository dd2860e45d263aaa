"""what-if: who would be told, asked in a chat in a sentence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.commands import NotUnderstood, Speaker, acts, what_if
from bot.commands.what_if import WhatIf
from bot.domain.event import Severity
from bot.domain.incident import Acknowledge, Actor, Close, Escalate, Reassign, Snooze
from bot.domain.ledger import Telling
from bot.domain.people import LINES, AccountId, Method, Target, TargetKind, Team, TeamId, WorkspaceId
from bot.domain.simulate import Act, Simulation
from bot.engine.what_if import of, ways
from tests.domain.test_simulate import organisation, rule, to

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CHANNELS = ("payments", "payments eu")
ACME, BETA = WorkspaceId(1), WorkspaceId(2)
WAYS = {
    "acme": frozenset({ACME}),
    "beta": frozenset({BETA}),
    "chatty": frozenset({ACME, BETA}),
    "sms": frozenset({LINES[Method.SMS]}),
}


THERE = organisation(rule(to("ana")))
ANA, BO = (next(one.id for one in THERE.people.accounts.values() if one.name == name) for name in ("Ana", "Bo"))
SRE = next(iter(THERE.people.teams))
SPEAKER = Speaker(Actor(BO), THERE.people, NOW, "Europe/Paris")


def read(text: str) -> WhatIf | NotUnderstood:
    return what_if.read(text, CHANNELS, WAYS, SPEAKER)


def by(account: AccountId) -> Actor:
    return Actor(account)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@pytest.mark.parametrize(
    ("text", "severity", "after", "dark"),
    [
        ("", Severity.CRITICAL, 0, ""),
        ("warning", Severity.WARNING, 0, ""),
        ("Info.", Severity.INFO, 0, ""),
        ("严重", Severity.CRITICAL, 0, ""),
        ("at 14:30", Severity.CRITICAL, 1.5, ""),
        ("at 03:00 warn", Severity.WARNING, 14, ""),
        ("at tomorrow 14:00", Severity.CRITICAL, 25, ""),
        ("at 2026-11-22 13:00", Severity.CRITICAL, 24, ""),
        ("acme is dark", Severity.CRITICAL, 0, "acme"),
        (", if acme and SMS are down?", Severity.CRITICAL, 0, "acme sms"),
        ("info at 14:00 if chatty is dark", Severity.INFO, 1, "chatty"),
        ("acme 不可用", Severity.CRITICAL, 0, "acme"),
    ],
)
def test_only_the_channel_must_be_said(text: str, severity: Severity, after: float, dark: str) -> None:
    expected = frozenset(one for name in dark.split() for one in WAYS[name])
    at = NOW + timedelta(hours=after)
    assert read(f"payments {text}") == WhatIf("payments", severity, at, expected)
    assert read(f'"Payments EU" {text}') == WhatIf("payments eu", severity, at, expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nowhere",
        "payments2",
        "payments at 25:00",
        "payments urgent",
        "payments gamma is dark",
        "payments at 2026-11-99 10:00",
    ],
)
def test_what_is_not_understood_is_answered_with_an_example(text: str) -> None:
    found = read(text)
    assert isinstance(found, NotUnderstood)
    assert what_if.EXAMPLE in str(found)


def test_it_is_answered_by_what_is_configured() -> None:
    (acme,) = THERE.workspaces
    assert ways(THERE)["chatty"] == ways(THERE)["acme"] == frozenset({acme})
    found = of("payments acme is dark", THERE, replace(SPEAKER, now=NOW.replace(microsecond=5)))
    assert isinstance(found, Simulation)
    assert found.incident.opened_at == NOW
    assert [one.after for one in found.told][:1] == [timedelta()]
    assert isinstance(of("nowhere", THERE, SPEAKER), NotUnderstood)


def test_labels_of_the_alert_can_be_said_and_name_whom_a_level_tells() -> None:
    text = 'payments with layer_person_reset_0_emails=bo@example.com,dee@example.com, host="db 1" and acme is dark'
    asked = read(text)
    assert isinstance(asked, WhatIf)
    assert asked.labels == {"layer_person_reset_0_emails": "bo@example.com,dee@example.com", "host": "db 1"}
    assert asked.dark == WAYS["acme"]
    found = of(text, THERE, SPEAKER)
    assert isinstance(found, Simulation)
    assert found.incident.facts.labels == {"host": "db 1"}
    told = {one.what.delivery.place.account for one in found.told if isinstance(one.what, Telling) and one.what.is_page}
    assert ANA not in told
    assert BO in told


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("ana acks after 3m", [Act(minutes(3), Acknowledge(by(ANA)))]),
        ("critical at 14:30 host=db-1 ana acks after 3m", [Act(minutes(3), Acknowledge(by(ANA)))]),
        (
            "and Ana acknowledges after 90 seconds, it recovers after 10m",
            [
                Act(minutes(1.5), Acknowledge(by(ANA))),
                Act(minutes(10), None),
            ],
        ),
        ("acme is dark, I close disk replaced after 1h 30m", None),
        ("acme is dark, me closes disk replaced after 1h 30m", [Act(minutes(90), Close(by(BO), "disk replaced"))]),
        ("ana escalates to level 2 after 3m and acme is dark", [Act(minutes(3), Escalate(by(ANA), 1))]),
        ("ana snoozes 30m after 2 minutes", [Act(minutes(2), Snooze(by(ANA), NOW + minutes(32)))]),
        ("ana reassigns to sre after 0m", [Act(minutes(0), Reassign(by(ANA), (Target(TargetKind.TEAM, SRE),)))]),
        ("ana 3分钟后认领，10分钟后恢复", [Act(minutes(3), Acknowledge(by(ANA))), Act(minutes(10), None)]),
        ("eve acks after 3m", None),
        ("sre acks after 3m", None),
        ("ana reassigns after 3m", None),
        ("ana reassigns eve after 3m", None),
        ("ana acks after 3 fortnights", None),
        ("ana acks after 999999 days", [Act(timedelta(days=999999), Acknowledge(by(ANA)))]),
    ],
)
def test_who_acts_when_is_said_in_a_sentence(text: str, done: list[Act] | None) -> None:
    found = read(f"payments {text}")
    if done is None:
        assert isinstance(found, NotUnderstood)
        return
    assert isinstance(found, WhatIf)
    assert list(found.acts) == done
    assert found.dark == (WAYS["acme"] if "acme" in text else frozenset())


def test_acts_begin_with_the_alert_and_a_name_of_several_is_asked_for() -> None:
    found = read("payments ana snoozes 1h after 1m at 14:30")
    assert isinstance(found, WhatIf)
    assert found.acts == (Act(minutes(1), Snooze(by(ANA), NOW + minutes(90 + 61))),)
    twice = {**THERE.people.teams, TeamId(99): Team(TeamId(99), "Ana", ())}
    speaker = replace(SPEAKER, people=replace(THERE.people, teams=twice))
    for said in ("ana acks after 1m", "bo reassigns to ana after 1m"):
        unclear = what_if.read(f"payments {said}", CHANNELS, WAYS, speaker)
        assert str(unclear) == "Who is “ana”? Nothing changed yet."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3m ana@example.com ack", acts.Said("3m", "ana@example.com", "ack")),
        ("3m Ana Li reassign to bo", acts.Said("3m", "Ana Li", "reassign", "to bo")),
        ("10m recover", acts.Said("10m", "", "recover")),
        ("10m ack", None),
        ("10m ana dance", None),
        ("", None),
    ],
)
def test_on_the_command_line_an_act_begins_with_its_time(text: str, said: acts.Said | None) -> None:
    assert acts.written(text) == said


def test_an_act_without_a_time_is_none() -> None:
    assert isinstance(acts.read(acts.Said("soon", "ana", "ack"), SPEAKER), NotUnderstood)
