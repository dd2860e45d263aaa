"""`oncard mapping`: takes in tables of who is whom in a chat app."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import click

from bot.cli import lookup, session
from bot.cli.configuration import Faulty
from bot.cli.refused import Refused
from bot.cli.screen import print_json, print_line
from bot.config.fault import Fault, did_you_mean, one_of, quoted
from bot.config.links import Row, read
from bot.domain.organisation import Organisation, Workspace
from bot.domain.people import AccountId, ChatLink
from bot.main import Service
from storage import links
from storage.database import Connection
from storage.links import Known, Origin

_LINKS: Final = "links/"
_COLOURS: Final = {"+": "green", "~": "yellow"}


@dataclass(frozen=True, slots=True)
class _Change:
    """A link that is to be: of whom, and with whom the user or the account was linked before."""

    row: Row
    link: ChatLink
    before: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """What is printed of it."""
        was = f" (was {', '.join(self.before)})" if self.before else ""
        return f"{'~' if self.before else '+'} {self.row.email} {self.row.user}{was}"


@click.group
def command() -> None:
    """Take in tables of who is whom."""


@command.command("import")
@click.argument("table", metavar="TABLE")
@click.argument("file", metavar="FILE.csv")
@click.option("--dry-run", is_flag=True, help="Print what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(table: str, file: str, dry_run: bool, as_json: bool) -> None:
    """Link people to their chat accounts in one workspace.

    TABLE is links/WORKSPACE. FILE.csv has the columns email and user: an account's address, and the id of its user in
    the chat app. What the configuration links stays as it is. With a fault in the file nothing is changed. FILE.csv may
    be - for standard input.
    """
    text = lookup.text_of(file)
    if not table.startswith(_LINKS):
        raise Refused(f"there is no table {quoted(table)}; name one such as `links/acme`, with a workspace's name")

    async def work(service: Service) -> tuple[Sequence[_Change], int]:
        async def transaction(connection: Connection) -> tuple[Sequence[_Change], int]:
            organisation = await service.picture.current(connection)
            workspace = _workspace(organisation, table.removeprefix(_LINKS))
            return await _import(connection, organisation, workspace, _Wanted(file, text, dry_run))

        return await (service.database.read if dry_run else service.database.transact)(transaction)

    changes, unchanged = session.run(work)
    if as_json:
        said = [{"email": one.row.email, "user": one.row.user, "before": list(one.before)} for one in changes]
        print_json({"table": table, "dry_run": dry_run, "changes": said, "unchanged": unchanged})
        return
    for one in changes:
        print_line(one.line, _COLOURS[one.line[0]])
    added = sum(not one.before for one in changes)
    counts = f"{added} added, {len(changes) - added} changed, {unchanged} as before"
    print_line(f"dry run, nothing was changed: would be {counts}" if dry_run else counts)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was asked for."""

    file: str
    text: str
    dry_run: bool


async def _import(
    connection: Connection, organisation: Organisation, workspace: Workspace, wanted: _Wanted
) -> tuple[Sequence[_Change], int]:
    """Link what the text says, and return what that changes, and how many links stay. Raises Faulty."""
    accounts = {one.email: one.id for one in organisation.people.accounts.values() if one.active}
    table = read(wanted.text, accounts)
    if not wanted.dry_run:
        await links.hold(connection, [accounts[row.email] for row in table.rows])
    known = await links.all_in(connection, workspace.id)
    faults = [*table.faults, *(fault for row in table.rows for fault in _against(row, accounts, known))]
    if faults:
        raise Faulty(wanted.file, tuple(sorted(faults)))
    emails = {one.id: one.email for one in organisation.people.accounts.values()}
    changes = [
        _Change(row, link, _before(link, known, emails))
        for row in table.rows
        for link in [ChatLink(workspace.id, row.user, accounts[row.email])]
        if link not in [one.link for one in known]
    ]
    if changes and not wanted.dry_run:
        await links.replace(connection, [one.link for one in changes], Origin.IMPORT)
    return changes, len(table.rows) - len(changes)


def _against(row: Row, accounts: dict[str, AccountId], known: Sequence[Known]) -> Sequence[Fault]:
    """Return what the configuration says against a row."""
    account = accounts[row.email]
    mend = "change it in the configuration file, or remove this line"
    return [
        Fault(row.line, f"the configuration links {quoted(one.link.user)} and {quoted(row.email)} otherwise", mend)
        for one in known
        if one.is_configured and (one.link.user == row.user) is not (one.link.account == account)
    ]


def _before(link: ChatLink, known: Sequence[Known], emails: dict[AccountId, str]) -> tuple[str, ...]:
    users = [one.link.user for one in known if one.link.account == link.account]
    people = [emails.get(one.link.account, "somebody who is gone") for one in known if one.link.user == link.user]
    return (*users, *people)


def _workspace(organisation: Organisation, name: str) -> Workspace:
    known = {one.name: one for one in organisation.workspaces.values() if one.active}
    if name in known:
        return known[name]
    otherwise = f"there is {one_of(known)}" if known else "none is configured yet"
    raise Refused(f"there is no workspace {quoted(name)}; {did_you_mean(name, known, otherwise)}")
