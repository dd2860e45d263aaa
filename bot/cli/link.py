"""`oncard link`: an admin says whose a chat account is, by the code that its person was given there."""

import click

from bot.cli import lookup, session
from bot.cli.refused import Refused
from bot.cli.screen import print_line
from bot.engine import linking
from bot.engine.linking import Asking, Linked
from bot.main import Service
from cards import plain
from storage.database import Connection

DOOR = "cli"


@click.command
@click.argument("code", metavar="CODE")
@click.option("--account", "email", metavar="EMAIL", required=True, help="Whose the chat account is to be.")
def command(code: str, email: str) -> None:
    """Link a chat account, by its code.

    Whoever is not linked gets a code in the chat, by typing link or with the button of the answer. It counts once, for
    ten minutes.
    """
    linked = session.run(lambda service: _link(service, code, email))
    said = plain.spoken(linked.note.text)
    if not linked.is_done:
        raise Refused(said)
    print_line(said)


async def _link(service: Service, code: str, email: str) -> Linked:
    async def work(connection: Connection) -> Linked:
        organisation = await service.picture.current(connection)
        account = lookup.acting(organisation, email)
        now = service.clock.now()
        asking = Asking(None, account.id, organisation, now, service.vault.digest, DOOR)
        return await linking.link(connection, asking, code)

    return await service.database.transact(work)
