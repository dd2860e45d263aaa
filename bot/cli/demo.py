"""`oncard demo`: the service with everything around it that is needed to try it out."""

import asyncio
import logging

import click

from bot import demo
from bot.cli import session, signals
from bot.cli.refused import Refused
from storage.database import DatabaseUnusable
from storage.vault import WrongKey


@click.command
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free one.")
def command(port: int) -> None:
    """Try it out, with a sample organisation and a chat app of its own.

    Needs no configuration and no account anywhere. What it keeps is in ./var, unless ONCARD_DATABASE_URL says
    otherwise.
    """
    session.set_up_logs(logging.WARNING)

    def say(line: str) -> None:
        # It speaks when it is about to serve.
        signals.outlive()
        click.echo(line)

    try:
        asyncio.run(demo.run(port, say))
    except OSError as error:
        raise Refused(f"the demo cannot start: {error}; if it is the port, choose another with --port") from error
    except (DatabaseUnusable, WrongKey) as error:
        raise Refused(str(error)) from error
