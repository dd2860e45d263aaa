"""What the commands about the configuration file share: it is applied in one transaction, or its faults are shown."""

import os

import click

from bot.cli.refused import Refused
from bot.config.define import define
from bot.config.fault import Fault
from bot.config.load import Config, load
from bot.config.plan import Plan, plan
from bot.main import Service, context
from storage import definitions
from storage.database import Connection


class Faulty(Refused):
    """The file has faults: each is a line on standard output, as `check` prints them."""

    def __init__(self, file: str, faults: tuple[Fault, ...]) -> None:
        count = len(faults)
        super().__init__(f"{file} has {count} {'fault' if count == 1 else 'faults'}: nothing was changed")
        self.file = file
        self.faults = faults

    @property
    def as_json(self) -> dict[str, object]:
        """Return the faults as values that `json` can write."""
        return faults_as_json(self.file, self.faults)

    def show(self, file: object = None) -> None:
        """Print the faults, and on standard error what follows from them."""
        for fault in self.faults:
            click.echo(fault.said(self.file))
        super().show()


def faults_as_json(file: str, faults: tuple[Fault, ...]) -> dict[str, object]:
    """Return whether the file is right, and what is wrong with it, as values that `json` can write."""
    said = [{"line": fault.line, "what": fault.what, "mend": fault.mend} for fault in faults]
    return {"file": file, "ok": not faults, "faults": said}


async def apply(service: Service, file: str, text: str, *, dry_run: bool = False) -> Plan:
    """Make the database agree with the file's text, and return what that took; with `dry_run`, only what it would take.

    Nothing is written if nothing has to change. Raises Faulty.
    """
    found = load(text, await context(service, os.environ))
    if not isinstance(found, Config):
        raise Faulty(file, found)
    wanted = define(found)

    async def work(connection: Connection) -> Plan:
        made = plan(wanted, await definitions.stored(connection, service.vault))
        if not dry_run and not made.is_empty:
            await definitions.replace_all(connection, wanted, service.vault)
        return made

    return await (service.database.read if dry_run else service.database.transact)(work)
