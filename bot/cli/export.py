"""`oncard export`: the configuration in the database, as the file that `apply` would find unchanged."""

import click

from bot.cli import session
from bot.config.export import export
from bot.domain.definition import Definition
from bot.main import Service
from storage import definitions
from storage.database import Connection


@click.command
def command() -> None:
    """Print the configuration as a file that apply would find unchanged.

    In place of a secret stands a fingerprint, which means: the secret that is stored already.
    """

    async def work(service: Service) -> str:
        async def stored(connection: Connection) -> tuple[Definition, ...]:
            return await definitions.stored(connection, service.vault)

        return export(await service.database.read(stored), service.vault.fingerprint)

    click.echo(session.run(work), nl=False)
