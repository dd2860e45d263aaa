"""`oncard schedule import`: a calendar file as a section of the configuration file, proven to say the same."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from types import FrameType
from typing import Final
from zoneinfo import ZoneInfo

import click
from pydantic_core import PydanticCustomError

from bot.cli import lookup, session
from bot.cli.refused import Refused
from bot.cli.screen import one_line
from bot.config import values
from bot.config.fault import did_you_mean, quoted
from bot.config.ical import imported, read
from bot.config.ical.people import Finder
from bot.config.ical.refused import NotImported
from bot.domain.organisation import Organisation
from bot.domain.rotation import PRIMARY
from bot.domain.wall_clock import instant, local
from bot.main import Service

LONGEST: Final = 366
SECONDS: Final = 120
"""So long the processor works at most on one file."""


@click.command("import")
@click.argument("file", metavar="FILE.ics")
@click.option("--name", metavar="NAME", required=True, help="What the schedule is to be called.")
@click.option("--timezone", "timezone", metavar="ZONE", help="Its zone (IANA), if not the one that the file names.")
@click.option(
    "--person",
    "people",
    metavar="WHO=EMAIL",
    multiple=True,
    help="Whose a name or an address of the file is; any number.",
)
@click.option("--from", "since", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="From this day on, not today.")
@click.option(
    "--days", metavar="DAYS", type=click.IntRange(1, LONGEST), default=LONGEST, show_default=True, help="So far ahead."
)
@click.option("--role", metavar="ROLE", default=PRIMARY, show_default=True, help="In which role they are on call.")
def command(  # noqa: PLR0917 - As many as it has options.
    file: str, name: str, timezone: str | None, people: tuple[str, ...], since: datetime | None, days: int, role: str
) -> None:
    """Print a calendar file as a section for the configuration file.

    What repeats as a rotation does becomes a layer, all else an override. Before it is printed, it is compared with the
    file at every change of either. Nothing else is changed. FILE.ics may be - for standard input.
    """
    data = _bytes_of(file)
    organisation, now = session.run(_work)
    finder = _finder(organisation, people)
    try:
        with bounded(SECONDS):
            calendar = read.parse(data)
            zone = _zone(timezone) if timezone is not None else read.zone_of(calendar)
            first = since.date() if since else local(now, zone).date()
            start = datetime.combine(first, time())
            end = start + timedelta(days=days)
            frame = read.Frame(zone, instant(start, zone), instant(end, zone), role)
            made = imported.take_in(calendar, name, frame, finder)
    except NotImported as error:
        raise Refused(f"{file}: {error}") from error
    said = f"Who is on call from {first} on, for {days} days, by {one_line(file)}"
    click.echo(f"# {said}: compared with it at {made.instants} instants.")
    click.echo(made.text, nl=False)


async def _work(service: Service) -> tuple[Organisation, datetime]:
    return await session.organisation(service), service.clock.now()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(values.timezone(name))
    except PydanticCustomError as error:
        mend = did_you_mean(name, values.timezones(), "write a name such as Europe/Paris")
        raise click.BadParameter(f"{quoted(name)} is no time zone; {mend}", param_hint="--timezone") from error


def _finder(organisation: Organisation, people: tuple[str, ...]) -> Finder:
    """Return what finds the accounts, and whom `--person` says that the file means. Raises Refused."""
    accounts = [one for one in organisation.people.accounts.values() if one.active]
    emails = {one.email.casefold(): one.email for one in accounts}
    names: dict[str, list[str]] = {}
    for one in accounts:
        names.setdefault(one.name.casefold(), []).append(one.email)
    said: dict[str, str] = {}
    for pair in people:
        who, equals, email = (part.strip() for part in pair.rpartition("="))
        if not (who and equals):
            raise click.BadParameter(
                f"{quoted(pair)} names nobody; write 'Ana Ito=ana@example.com'", param_hint="--person"
            )
        said[who.casefold()] = lookup.acting(organisation, email).email
    return Finder(emails, names, said)


@contextlib.contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Give up after so many seconds of the processor: whatever a file says, it ends. Raises NotImported."""

    def give_up(number: int, frame: FrameType | None) -> None:
        del number, frame  # There is one reason.
        raise NotImported(f"it takes longer than {seconds:g} s; export less of it, or say fewer --days")

    before = signal.signal(signal.SIGVTALRM, give_up)
    # Again and again: what is raised within a library may be lost there.
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _bytes_of(file: str) -> bytes:
    """Return what the file holds, or a little more than the most that is taken. Raises Refused."""
    most = read.LARGEST_FILE + 1
    try:
        if file == "-":
            return sys.stdin.buffer.read(most)
        with Path(file).open("rb") as opened:
            return opened.read(most)
    except OSError as error:
        raise Refused(f"cannot read {file}: {error.strerror or error}; see that the path is right") from error
