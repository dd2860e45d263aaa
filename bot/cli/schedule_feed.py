"""`oncard schedule feed`: where calendar programs get the shifts of a schedule, or of a person."""

import click

from bot.cli import lookup, session
from bot.cli.refused import Refused
from bot.cli.screen import print_json, print_line
from bot.domain.feed import Feed
from bot.main import Service
from storage.database import Connection


@click.command("feed")
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--account", "email", metavar="EMAIL", help="This person's shifts alone; without NAME, in all schedules.")
@click.option("--rotate", is_flag=True, help="Make a new address; the one before it leads nowhere from now on.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(name: str | None, email: str | None, rotate: bool, as_json: bool) -> None:
    """Print the address of a schedule's shifts as a calendar.

    Calendar programs subscribe to it. Whoever has the address can read the shifts: it does not expire, but --rotate
    makes a new one.
    """
    if name is None and email is None:
        raise click.UsageError("name a schedule, or a person with --account EMAIL")
    address = session.run(lambda service: _address(service, name, email, rotate=rotate))
    if not address:
        raise Refused(
            "there is no address that leads here: set ONCARD_PUBLIC_URL to that of this service, "
            "such as https://oncall.example.com, here and where it is served"
        )
    if as_json:
        print_json({"address": address})
    else:
        print_line(address)


async def _address(service: Service, name: str | None, email: str | None, *, rotate: bool) -> str:
    async def work(connection: Connection) -> str:
        organisation = await service.picture.current(connection)
        schedule = lookup.schedule(organisation, name).id if name is not None else None
        account = lookup.acting(organisation, email).id if email is not None else None
        feed = Feed(schedule, account)
        # Without an address nobody has anything to lose by a new one.
        return await service.feeds.address(connection, feed, rotate=rotate and service.feeds.is_reachable)

    return await service.database.transact(work)
