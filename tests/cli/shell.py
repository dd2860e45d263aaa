"""The command line as a person at a shell uses it, and the sample configuration that most tests have applied."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from click.testing import CliRunner, Result

from bot.cli import main

SECRET_KEY: Final = "a key for tests, long enough to be one"
BOT_TOKEN: Final = "xoxb-1000000000-bot-token-of-the-tests"
APP_TOKEN: Final = "xapp-1-A1000-2000-app-token-of-the-tests"
INTEGRATION_KEY: Final = "prometheus-key-0123456789"
SECRETS: Final = (SECRET_KEY, BOT_TOKEN, APP_TOKEN, INTEGRATION_KEY)

SAMPLE: Final = f"""\
accounts:
  - {{name: Ana, email: ana@example.com}}
  - {{name: Bo, email: bo@example.com}}
  - {{name: Dee, email: dee@example.com, role: owner}}
teams:
  - {{name: sre, members: [ana@example.com, bo@example.com]}}
workspaces:
  - name: acme
    platform: slack
    bot_token: ${{BOT_TOKEN}}
    app_token: ${{APP_TOKEN}}
channels:
  - name: Payments
    team: sre
    integrations:
      - {{name: alertmanager, source: prometheus, key: {INTEGRATION_KEY}}}
    escalation:
      - name: day and night
        levels:
          - targets: ["team:sre"]
            chats: [acme/C0OPS]
            repeat: {{every: 5m, times: 3}}
            escalate_after: 10m
          - targets: ["account:dee@example.com"]
            unless: closed
  - name: Quiet
"""

# What a shell of whoever runs the tests may hold, and would change what is printed.
_NOT_OURS: Final = (
    "COLUMNS",
    "FORCE_COLOR",
    "NO_COLOR",
    "ONCARD_AS",
    "ONCARD_LOG",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
)


@dataclass(frozen=True)
class Shell:
    """Runs commands on the database at `url`; `environment` on top of what every test has."""

    url: str
    environment: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str | None]:
        """What the commands find in their environment; None: not set."""
        return {
            **dict.fromkeys(_NOT_OURS),
            "ONCARD_DATABASE_URL": self.url,
            "ONCARD_SECRET_KEY": SECRET_KEY,
            "BOT_TOKEN": BOT_TOKEN,
            "APP_TOKEN": APP_TOKEN,
            **self.environment,
        }

    @property
    def process_environment(self) -> dict[str, str]:
        """The same for a process of its own."""
        whole = {**os.environ, **self.variables}
        return {name: value for name, value in whole.items() if value is not None}

    def run(self, *words: str, typed: str = "") -> Result:
        """Run a command, whatever comes of it; only a defect of ours raises."""
        runner = CliRunner(env=self.variables)
        return runner.invoke(main, list(words), input=typed, catch_exceptions=False, prog_name="oncard")

    def say(self, *words: str, typed: str = "") -> str:
        """Run a command that succeeds, and return what it prints."""
        result = self.run(*words, typed=typed)
        assert (result.exit_code, result.stderr) == (0, ""), result.output
        return result.stdout

    def json(self, *words: str) -> Any:
        """Run a command that succeeds and prints JSON, and return what that says."""
        return json.loads(self.say(*words, "--json"))

    def refused(self, *words: str, typed: str = "") -> str:
        """Run a command that is refused, and return the one line that says why."""
        result = self.run(*words, typed=typed)
        assert result.exit_code == 1, result.output
        assert result.stderr.count("\n") == 1
        assert not any(secret in result.output for secret in SECRETS)
        return result.stderr.removeprefix("Error: ").rstrip("\n")

    def misused(self, *words: str) -> str:
        """Run a command that is used wrongly, and return what is said of it."""
        result = self.run(*words)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        return result.stderr

    def fire(self, title: str = "disk full", *words: str) -> str:
        """Send a Critical alert to the channel Payments."""
        return self.say("alert", "send", "--channel", "Payments", "--severity", "Critical", "--title", title, *words)


def with_sample(url: str) -> None:
    """Apply the sample configuration to the empty database at `url`."""
    Shell(url).say("apply", "-", typed=SAMPLE)
