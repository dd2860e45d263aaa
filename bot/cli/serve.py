"""`oncard serve`: runs the service until it is told to stop."""

import contextlib
import ctypes
import gc
import importlib
import logging
import socket
import sys
from typing import Final

import click
import structlog

from bot.cli import configuration, session, signals
from bot.cli.lookup import text_of
from bot.cli.refused import Refused
from bot.main import Role, Service, listen, serve

LONGEST_TURN: Final = 0.001
# More objects than the largest batch of alerts makes, with those that wait behind it.
LOOK_FOR_CYCLES_AFTER: Final = 100_000
LOOK_AMONG_OLDER_AFTER: Final = 5
# `M_ARENA_MAX` of glibc's malloc.h.
MOST_ARENAS: Final = -8

log = structlog.get_logger(__name__)


@click.command
@click.option(
    "--config", "file", metavar="FILE", help="Apply this configuration first; with faults in it, do not start."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for all.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free one.")
@click.option(
    "--role",
    type=click.Choice([str(role) for role in Role]),
    default=str(Role.ALL),
    show_default=True,
    help="web takes alerts and clicks, worker pages and sends. Both need PostgreSQL.",
)
def command(file: str | None, host: str, port: int, role: str) -> None:
    """Run the service.

    The schema of the database is brought up to date first. ONCARD_LOG=text or json says how it logs, to standard error.
    """
    text = text_of(file) if file is not None else None
    _share_memory()
    with listening_on(host, port) as listening:

        async def work(service: Service) -> None:
            if file is not None and text is not None:
                await configuration.apply(service, file, text)
            _settle()
            log.info("listening", url=url_of(listening))
            # Last: from here until the web server has taken them over, a signal would be lost.
            signals.outlive()
            await serve(service, listening)

        session.run(work, role=Role(role), level=logging.INFO, loop=_fast_loop())


def listening_on(host: str, port: int) -> socket.socket:
    """Take the address. Raises Refused."""
    try:
        return listen(host, port)
    except OSError as error:
        mend = "see that nothing else does, or choose another --port" if error.errno else "see that --host is right"
        raise Refused(f"cannot listen on {host}:{port}: {error.strerror or error}; {mend}") from error


def url_of(listening: socket.socket) -> str:
    """Return where we can be reached."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _share_memory() -> None:
    """Let what one thread has given back be taken by the others; it must be said before there are threads.

    By itself, glibc keeps memory for each thread apart, so that of every reader of SQLite grows to what the largest of
    its queries took, and stays so.
    """
    if sys.platform == "linux":
        # Another C library than glibc does not have it.
        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).mallopt(MOST_ARENAS, 1)


def _settle() -> None:
    """Make the interpreter fit for a service: what is loaded by now stays, and two threads take turns."""
    gc.collect()
    gc.freeze()
    # Once more, so that what stays is not counted: the oldest objects are looked at when a quarter of them is new.
    gc.collect()
    # A large batch makes many objects that all go together: looking for cycles among them finds none. But what an error
    # leaves behind is a cycle, with all that was at work then, and with so few looks it would grow old before it goes.
    gc.set_threshold(LOOK_FOR_CYCLES_AFTER, LOOK_AMONG_OLDER_AFTER, LOOK_AMONG_OLDER_AFTER)
    # The event loop and the thread that writes to SQLite ask for the interpreter in turn: neither waits for long.
    sys.setswitchinterval(LONGEST_TURN)


def _fast_loop() -> session.Loop | None:
    """Return the maker of the fast event loop, where there is one: it is not published for Windows."""
    if sys.platform == "win32":
        return None
    loop: session.Loop = importlib.import_module("uvloop").new_event_loop
    return loop
