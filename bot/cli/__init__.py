"""The command line: `oncard`. Thin: each command is a module of its own here, which prints and calls.

A command's module is imported when the command is run, so that `oncard --help` answers at once: most of them import
`bot.main`, and with it the whole service. Exit codes: 0 done, 1 refused or faults found, 2 wrong usage.
"""

import importlib
from collections.abc import Mapping
from importlib.metadata import version as version_of
from types import MappingProxyType
from typing import Final

import click

# Each command with its line in the help; its module has the same name, and the command in it is called `command`.
COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "serve": "Run the service.",
        "demo": "Try it out, with a sample organisation and a chat app of its own.",
        "check": "Check a configuration file.",
        "lint": "Say what in the configuration will go wrong.",
        "apply": "Make the database agree with a configuration file.",
        "export": "Print the configuration as a file that apply would find unchanged.",
        "who": "Say who would be told.",
        "simulate": "Say who would be told of an alert by a configuration file.",
        "schedule": "Say who is on call until when, and which shifts follow.",
        "override": "Let somebody else be on call for a time.",
        "cover": "Ask that somebody takes over a shift.",
        "swap": "Ask somebody to exchange a shift.",
        "trade": "Answer such a request, or say which are open.",
        "what-if": "Say who would be told of an alert by what is configured now.",
        "alert": "Send an alert.",
        "incident": "List incidents, show what happened, act on them.",
        "why": "Say why an incident was told to whom, or why somebody was not paged.",
        "ledger": "Print every message that was decided on, with its fate.",
        "doctor": "Try every workspace and every provider, and say what is wrong.",
        "link": "Link a chat account, by its code.",
        "contact": "Say which numbers and addresses are verified, and verify them.",
        "preference": "Say how somebody is told, and change it.",
        "mapping": "Take in tables of who is whom.",
        "manifest": "Print what to paste into a chat platform's console.",
        "db": "Look after the database.",
    }
)


class _Commands(click.Group):
    """The commands, each imported when it is run, in the order in which they are wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx  # They are the same everywhere.
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx  # As above.
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"bot.cli.{cmd_name.replace('-', '_')}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx  # As above.
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _print_version(ctx: click.Context, param: click.Parameter, value: object) -> None:
    del param  # There is one of it.
    if value:
        click.echo(f"oncard {version_of('oncard')}")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
def main() -> None:
    """On-call in the team's chat: alerts in, one live interactive card out.

    ONCARD_DATABASE_URL and ONCARD_SECRET_KEY say which database, and by which key the secrets in it can be read.
    """
