"""what-if: who would be told, asked in a chat in a sentence."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.commands import NotUnderstood, what_if
from bot.commands.what_if import WhatIf
from bot.domain.event import Severity
from bot.domain.people import LINES, Method, WorkspaceId
from bot.domain.simulate import Simulation
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


def read(text: str) -> WhatIf | NotUnderstood:
    return what_if.read(text, CHANNELS, WAYS, NOW, "Europe/Paris")


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
    there = organisation(rule(to("ana")))
    (acme,) = there.workspaces
    assert ways(there)["chatty"] == ways(there)["acme"] == frozenset({acme})
    found = of("payments acme is dark", there, NOW.replace(microsecond=5), "UTC")
    assert isinstance(found, Simulation)
    assert found.incident.opened_at == NOW
    assert [one.after for one in found.told][:1] == [timedelta()]
    assert isinstance(of("nowhere", there, NOW, "UTC"), NotUnderstood)
