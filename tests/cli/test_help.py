"""Who asks for help gets it at once, and wrong usage says what is right."""

import subprocess
import sys

import pytest

from bot.cli import COMMANDS, main
from bot.commands import VERBS
from tests.cli.shell import Shell

SLOW = ("bot.main", "bot.engine", "pydantic", "rich", "slack_bolt", "slack_sdk", "sqlalchemy", "structlog", "uvicorn")


def test_help_imports_nothing_slow() -> None:
    asked = "import sys; from bot.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    imported = set(printed.splitlines()[-1].split())
    assert "bot.cli" in imported
    assert imported.isdisjoint(SLOW)


def test_help_lists_every_command_in_its_own_words(without_database: Shell) -> None:
    printed = without_database.say("--help")
    with main.make_context("oncard", [], resilient_parsing=True) as context:
        for name, line in COMMANDS.items():
            command = main.get_command(context, name)
            assert command is not None
            assert command.get_short_help_str(200) == line
            assert f"  {name} " in printed


ACTING = [["incident", name] for name, verb in VERBS.items() if verb.action]


@pytest.mark.parametrize("command", [[name] for name in COMMANDS] + ACTING)
def test_every_command_explains_itself(without_database: Shell, command: list[str]) -> None:
    assert without_database.say(*command, "--help").startswith(f"Usage: oncard {' '.join(command)} ")


def test_the_version_is_printed(without_database: Shell) -> None:
    assert without_database.say("--version").startswith("oncard 0.")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serf"], "No such command 'serf'"),
        (["check"], "Missing argument 'FILE'"),
        (["serve", "--port", "70000"], "--port"),
        (["who", "--at", "soon"], "'soon' is no time such as 2026-11-21T03:00+01:00"),
        (["alert", "send", "--channel", "Payments"], "--severity"),
        (["incident", "ack"], "Missing argument 'NUMBER'"),
        (["incident", "ack", "disk"], "'disk' is no number of an incident, such as 42"),
        (["incident", "ack", "1", "2"], "unexpected extra argument"),
        (["incident", "reassign", "1"], "Missing argument 'WHO…'"),
        (["incident", "comment", "1"], "Missing argument 'TEXT'"),
        (["incident", "list", "--limit", "0"], "--limit"),
        (["db"], "upgrade"),
    ],
)
def test_wrong_usage_says_what_is_right(without_database: Shell, words: list[str], said: str) -> None:
    assert said in without_database.misused(*words)
