"""`oncard apply`: makes the database agree with a configuration file. A running service notices by itself."""

import sys
from collections import Counter
from typing import Final

import click

from bot.cli import configuration, session
from bot.cli.lookup import text_of
from bot.cli.screen import print_json, print_line
from bot.config.plan import Action, Plan, as_json, describe
from bot.main import Service

_COLOURS: Final = {"+": "green", "~": "yellow", "-": "red"}
_DONE: Final = {Action.ADD: "added", Action.CHANGE: "changed", Action.REMOVE: "removed"}


@click.command
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Print what would change, and change nothing.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
def command(file: str, dry_run: bool, wants_json: bool) -> None:
    """Make the database agree with a configuration file.

    What the file does not hold is removed. Prints what changes: + added, ~ changed, - removed; all of it, or nothing.
    A service that runs on the database notices by itself. FILE may be - for standard input.
    """
    text = text_of(file)

    async def work(service: Service) -> Plan:
        return await configuration.apply(service, file, text, dry_run=dry_run)

    try:
        plan = session.run(work, upgrade=not dry_run)
    except configuration.Faulty as faulty:
        if not wants_json:
            raise
        print_json(faulty.as_json)
        sys.exit(faulty.exit_code)
    if wants_json:
        print_json({"file": file, "dry_run": dry_run, "steps": as_json(plan)})
        return
    for line in describe(plan):
        print_line(line, _COLOURS.get(line[:1], ""))
    print_line(_summary(plan, dry_run=dry_run))


def _summary(plan: Plan, *, dry_run: bool) -> str:
    if plan.is_empty:
        return "nothing to change"
    counts = Counter(step.action for step in plan.steps)
    said = ", ".join(f"{counts[action]} {done}" for action, done in _DONE.items())
    return f"dry run, nothing was changed: would be {said}" if dry_run else said
