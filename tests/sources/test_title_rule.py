from typing import Final

import pytest

from bot.sources import title_rule

LABELS: Final = {"resource": "127.0.0.1", "check": "cpu idle low", "team_infra": "yes"}
FIELDS: Final = {"EventSeverity": "Warning", "Title": "", "Description": "slow"}


@pytest.mark.parametrize(
    ("rule", "title"),
    [
        ("cpu idle low than 20%", "cpu idle low than 20%"),
        ("std::vector overflow", "std::vector overflow"),
        ("$resource::$check", "127.0.0.1 / cpu idle low"),
        ("$resource::$metric", "127.0.0.1 / $metric"),
        ("$resource::Host down", "127.0.0.1 / Host down"),
        ("$resource", "127.0.0.1"),
        ("costs $5", "costs $5"),
        ("$team infra", "yes"),
        ("[TPL]${resource} / ${check}", "127.0.0.1 / cpu idle low"),
        ("[TPL]${resource} / ${metric}", "127.0.0.1 / <no value>"),
        ("[TPL]{{.Labels.resource}} / {{ .Labels.check }}", "127.0.0.1 / cpu idle low"),
        ("[TPL]{{.Labels.resource}} / {{.Labels.metric}}", "127.0.0.1 / "),
        ("[TPL]{{.EventSeverity}} / {{.Description}}{{.Nothing}}", "Warning / slow"),
        ("[TPL]{{if .Labels.a}}", "[TPL]{{if .Labels.a}}".removeprefix("[TPL]")),
        ("${resource}", "${resource}"),
    ],
)
def test_a_rule_makes_a_title(rule: str, title: str) -> None:
    assert title_rule.expand(rule, LABELS, FIELDS) == title


def test_what_a_label_says_is_not_expanded_again() -> None:
    assert title_rule.expand("[TPL]${a}", {"a": "${b}", "b": "loop"}, {}) == "${b}"
