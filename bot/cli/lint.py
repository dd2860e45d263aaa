"""`oncard lint`: what in the configuration will go wrong, with the proof and how to mend it."""

import sys
from collections.abc import Sequence
from datetime import datetime

import click

from bot.cli import session
from bot.cli.screen import one_line, print_json, print_line, print_table
from bot.domain.lint import Finding
from bot.engine import lint
from bot.main import Service
from cards import lint as said
from storage.database import Connection


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--strict", is_flag=True, help="Exit 1 if there is any finding.")
def command(*, as_json: bool, strict: bool) -> None:
    """Say what in the configuration will go wrong.

    It looks at what is configured and verified now, at the alerts of the last 30 days and at the
    schedules of the next 90. Each finding says where it is, what proves it and how to mend it.
    """

    async def work(service: Service) -> tuple[Finding, ...]:
        now: datetime = service.clock.now()

        async def read(connection: Connection) -> lint.Gathered:
            return await lint.gather(connection, await service.picture.current(connection), now)

        return lint.judge(await service.database.read(read))

    found = session.run(work)
    if as_json:
        print_json(as_values(found))
    elif not found:
        print_line("no findings")
    else:
        print_table(("", "where", "what", "how to mend it", "code"), [_row(one) for one in found], rigid=1)
    sys.exit(1 if strict and found else 0)


def as_values(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """Return the findings as values that `json` can write."""
    return [
        {
            "code": str(one.code),
            "grade": str(one.grade),
            "where": {
                "kind": str(one.where.kind),
                "name": one.where.name,
                "rule": one.where.rule or None,
                "level": one.where.level or None,
            },
            "why": said.why(one, "en"),
            "mend": said.mend(one, "en"),
        }
        for one in findings
    ]


def _row(finding: Finding) -> tuple[str, ...]:
    said_of = said.where(finding.where, "en"), said.why(finding, "en"), said.mend(finding, "en")
    return str(finding.grade), *map(one_line, said_of), str(finding.code)
