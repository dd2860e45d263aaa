"""Opens Oncard for the time of one command: reads the environment, opens the database, and closes it again.

What the operator can mend comes out as `Refused`, in one line: an unset or wrong key, a database that cannot be used, a
schema of another version.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot import logs
from bot.cli.refused import Refused
from bot.domain.organisation import Organisation
from bot.main import Role, Service, Settings, settings
from storage import schema
from storage.database import DatabaseUnusable
from storage.vault import WrongKey

Result = TypeVar("Result")

Work = Callable[[Service], Awaitable[Result]]
Loop = Callable[[], asyncio.AbstractEventLoop]


def run(
    work: Work[Result],
    *,
    role: Role | None = None,
    upgrade: bool = False,
    level: int = logging.WARNING,
    loop: Loop | None = None,
) -> Result:
    """Do `work` with the service that the environment describes, and return what it returns.

    `role`: what it is to serve as. `upgrade`: the schema is brought up to date first, as for whoever serves; without,
    an old one is refused. `level`: what is logged from it on. `loop` makes the event loop, if it is not to be Python's
    own. Raises Refused.
    """
    set_up_logs(level)
    try:
        configured = settings(os.environ)
    except ValueError as error:
        raise Refused(str(error)) from error
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(_within(configured, work, role, upgrade=upgrade))


def set_up_logs(level: int) -> None:
    """Let what is logged at `level` or above come out as ONCARD_LOG says. Raises Refused."""
    try:
        logs.configure(logs.style(os.environ), level)
    except ValueError as error:
        raise Refused(str(error)) from error


async def organisation(service: Service) -> Organisation:
    """Return what is configured now."""
    return await service.database.read(service.picture.current)


async def _within(configured: Settings, work: Work[Result], role: Role | None, *, upgrade: bool) -> Result:
    try:
        service = Service(configured, role=role or Role.ALL)
    except (DatabaseUnusable, WrongKey) as error:
        raise Refused(str(error)) from error
    try:
        if role is not None:
            service.claim_database()
        await _open(service, upgrade=upgrade or role is not None)
        return await work(service)
    except (DatabaseUnusable, WrongKey) as error:
        raise Refused(str(error)) from error
    finally:
        await service.close()


async def _open(service: Service, *, upgrade: bool) -> None:
    try:
        if upgrade:
            await service.prepare()
            return
        current = await schema.current(service.database)
    except (DatabaseUnusable, WrongKey):
        raise
    except (
        Exception
    ) as error:  # Each driver has its own errors; whatever keeps a database shut is the operator's to mend.
        raise cannot_open(service.database.shown_url, error) from error
    if current is None:
        raise Refused(
            f"{service.database.shown_url} holds no Oncard yet: run `oncard db upgrade`, then `oncard apply FILE`"
        )
    if not schema.fits(current):
        raise Refused(
            f"the schema of {service.database.shown_url} is {current}, this version of Oncard needs {schema.newest()}: "
            "run `oncard db upgrade`"
        )


def cannot_open(shown_url: str, error: Exception) -> Refused:
    """Return that the database could not be opened, with the driver's own word for why."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    why = said[0] if said else type(error).__name__
    return Refused(f"cannot use {shown_url}: {why}; see that it is there, and that ONCARD_DATABASE_URL is right")
