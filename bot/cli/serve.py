"""`oncard serve`: runs the service until it is told to stop."""

import importlib
import logging
import signal
import sys
from types import FrameType

import click

from bot.cli import configuration, session
from bot.cli.lookup import text_of
from bot.cli.refused import Refused
from bot.main import Service, serve


@click.command
@click.option(
    "--config", "file", metavar="FILE", help="Apply this configuration first; with faults in it, do not start."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for all.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free one.")
def command(file: str | None, host: str, port: int) -> None:
    """Run the service.

    The schema of the database is brought up to date first. ONCARD_LOG=text or json says how it logs, to standard error.
    """
    text = text_of(file) if file is not None else None

    async def work(service: Service) -> None:
        if file is not None and text is not None:
            await configuration.apply(service, file, text)
        _outlive_signals()
        await serve(service, (host, port))

    try:
        session.run(work, upgrade=True, level=logging.INFO, loop=_fast_loop())
    except SystemExit as error:
        # The web server has said why, in the log.
        raise Refused(
            f"cannot listen on {host}:{port}; see that nothing else does, or choose another --port"
        ) from error


def _fast_loop() -> session.Loop | None:
    """Return the maker of the fast event loop, where there is one: it is not published for Windows."""
    if sys.platform == "win32":
        return None
    loop: session.Loop = importlib.import_module("uvloop").new_event_loop
    return loop


def _outlive_signals() -> None:
    """Let a signal to stop do no more than that.

    The web server takes these signals while it runs, and raises them again when it has stopped; what is being sent then
    would be cut off in the middle.
    """

    def nothing(number: int, frame: FrameType | None) -> None:
        del number, frame  # The server has taken note of it already.

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, nothing)
