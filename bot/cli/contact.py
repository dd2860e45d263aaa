"""`oncard contact`: which numbers and addresses are proven to be whose, and proving them."""

from collections.abc import Awaitable, Callable

import click

from bot.cli import lookup, session
from bot.cli.refused import Refused
from bot.cli.screen import instant, one_line, print_json, print_line, print_table
from bot.domain.people import Account, ContactKind, Method
from bot.domain.verification import METHODS, value_of
from bot.engine import verification
from bot.engine.verification import Answered, Asking, Outcome, Telling
from bot.main import Service
from cards import plain
from storage import said
from storage.database import Connection
from storage.said import Proven

DOOR = "cli"
_Step = Callable[[Connection, Asking], Awaitable[Outcome]]
_KIND = click.Choice([str(kind) for kind in ContactKind])


@click.group
def command() -> None:
    """Say which numbers and addresses are verified, and verify them.

    Nothing is sent to what is not verified. It is verified once its person typed the code that was sent there, in a
    chat (me verify phone) or to an admin, or once an admin vouches for it. One that is changed is not verified.
    """


@command.command("list")
@click.argument("account", metavar="[ACCOUNT]", default="")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(account: str, as_json: bool) -> None:
    """Say which numbers and addresses there are, and whether they are verified.

    ACCOUNT is an e-mail address; without it, those of everybody are listed.
    """

    async def work(service: Service) -> tuple[list[Account], list[Proven]]:
        async def read(connection: Connection) -> tuple[list[Account], list[Proven]]:
            organisation = await service.picture.current(connection)
            people = [one for one in organisation.people.accounts.values() if one.active]
            return [lookup.acting(organisation, account)] if account else people, await said.proven(connection)

        return await service.database.read(read)

    people, proven = session.run(work)
    rows = [_Row(one, kind, proven) for one in people for kind in ContactKind if value_of(one, kind)]
    if as_json:
        print_json([row.as_json() for row in rows])
    else:
        print_table(("account", "kind", "value", "verified"), [row.cells() for row in rows], rigid=3)


@command.command
@click.argument("account", metavar="ACCOUNT")
@click.argument("kind", type=_KIND)
@click.option(
    "--by", type=click.Choice([str(Method.SMS), str(Method.VOICE)]), help="How a phone gets it; sms if it can."
)
def verify(account: str, kind: str, by: str | None) -> None:
    """Send somebody a code, to their number or address.

    They tell it to you (oncard contact confirm), or type it in a chat: me code 123456.
    """
    which, wanted = ContactKind(kind), Method(by) if by else None
    if wanted is not None and wanted not in METHODS[which]:
        raise click.UsageError(f"nothing reaches an {kind} address by {by}")

    async def begin(connection: Connection, asking: Asking) -> Outcome:
        return await verification.begin(connection, asking, which, wanted)

    _print(session.run(lambda service: _do(service, account, begin)))


@command.command
@click.argument("account", metavar="ACCOUNT")
@click.argument("kind", type=_KIND)
@click.option("--code", metavar="CODE", help="The code that was sent there.")
@click.option("--trust", is_flag=True, help="No code: you vouch that it is theirs.")
def confirm(account: str, kind: str, code: str | None, trust: bool) -> None:
    """Take somebody's code, or your own word, that the number or the address is theirs."""
    if (code is None) is not trust:
        raise click.UsageError("give --code CODE, or --trust")

    async def end(connection: Connection, asking: Asking) -> Outcome:
        if code is None:
            return await verification.vouch(connection, asking, ContactKind(kind))
        return await verification.enter(connection, asking, code, ContactKind(kind))

    _print(session.run(lambda service: _do(service, account, end)))


class _Row:
    """One number or address."""

    def __init__(self, account: Account, kind: ContactKind, proven: list[Proven]) -> None:
        self.account, self.kind, self.value = account, kind, value_of(account, kind)
        found = [one for one in proven if (one.contact.account, one.contact.kind) == (account.id, kind)]
        self.proven = next((one for one in found if one.contact.value == self.value), None)

    def cells(self) -> tuple[str, ...]:
        """Return what a table shows."""
        how = f"{instant(self.proven.at)} by {self.proven.how}" if self.proven else "no"
        return one_line(self.account.email), str(self.kind), one_line(self.value), how

    def as_json(self) -> dict[str, object]:
        """Return what a script reads."""
        at = self.proven.at.isoformat() if self.proven else None
        how = self.proven.how if self.proven else None
        return {"account": self.account.email, "kind": str(self.kind), "value": self.value, "verified": at, "how": how}


async def _do(service: Service, email: str, step: _Step) -> Answered:
    async def work(connection: Connection) -> Outcome:
        organisation = await service.picture.current(connection)
        account = lookup.acting(organisation, email)
        now = service.clock.now()
        return await step(connection, Asking(account, organisation, now, service.vault.digest, "en", DOOR))

    outcome = await service.database.transact(work)
    if not isinstance(outcome, Telling):
        return outcome
    await service.lines.follow()
    try:
        return await verification.tell(service.lines, outcome)
    finally:
        await service.lines.close()


def _print(answered: Answered) -> None:
    said_of_it = plain.spoken(answered.note.text)
    if not answered.is_done:
        raise Refused(said_of_it)
    print_line(said_of_it)
