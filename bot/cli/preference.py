"""`oncard preference`: how somebody is told, severity by severity, and changing it for them."""

import click

from bot.cli import lookup, session
from bot.cli.refused import Refused
from bot.cli.screen import print_json, print_line
from bot.commands import NotUnderstood, me
from bot.config import duration
from bot.domain.event import Severity
from bot.domain.people import DEFAULT, Preference
from bot.engine import wishes
from bot.main import Service
from cards import contacts, plain
from cards.contacts import Contacts, Told
from storage import definitions
from storage.database import Connection

_SEVERITY = click.Choice([str(severity).lower() for severity in DEFAULT])


@click.group
def command() -> None:
    """Say how somebody is told, and change it.

    What is said here or in a chat (me critical im, sms 2m) goes before the preferences of the configuration file.
    """


@command.command
@click.argument("account", metavar="ACCOUNT")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(account: str, as_json: bool) -> None:
    """Say how somebody is told, and which ways cannot work."""

    async def work(service: Service) -> Contacts:
        async def read(connection: Connection) -> Contacts:
            organisation = await service.picture.current(connection)
            return await wishes.of(connection, lookup.acting(organisation, account), organisation)

        return await service.database.read(read)

    found = session.run(work)
    if as_json:
        print_json(_as_json(found))
    else:
        _print(found)


@command.command("set")
@click.argument("account", metavar="ACCOUNT")
@click.argument("severity", type=_SEVERITY)
@click.argument("ways", metavar="WAYS")
def set_(account: str, severity: str, ways: str) -> None:
    """Say how somebody is told of what is so bad.

    WAYS are methods in their order, such as "im, push 0m, sms 2m, voice 5m": with a time, so long after the page began;
    without, if those before it fail.
    """
    wanted = me.ways(ways)
    if isinstance(wanted, NotUnderstood):
        raise Refused(str(wanted))
    _print(_prefer(account, Severity(severity.title()), wanted))


@command.command
@click.argument("account", metavar="ACCOUNT")
@click.argument("severity", type=_SEVERITY, required=False)
def default(account: str, severity: str | None) -> None:
    """Take back what was said of it; without SEVERITY, of each."""
    _print(_prefer(account, Severity(severity.title()) if severity else None, None))


def _prefer(email: str, severity: Severity | None, ways: tuple[Preference, ...] | None) -> Contacts:
    async def work(service: Service) -> Contacts:
        async def write(connection: Connection) -> Contacts:
            account = lookup.acting(await service.picture.current(connection), email)
            await wishes.prefer(connection, account.id, severity, ways)
            organisation = await definitions.organisation(connection)
            return await wishes.of(connection, organisation.people.accounts[account.id], organisation)

        return await service.database.transact(write)

    return session.run(work)


def _print(found: Contacts) -> None:
    for row in contacts.preferences(found, "en"):
        print_line(plain.spoken(row))


def _as_json(found: Contacts) -> dict[str, object]:
    return {
        "preferences": {str(one.severity).lower(): _told_as_json(one) for one in found.told},
        "obstacles": {str(method): str(why) for method, why in found.obstacles.items()},
    }


def _told_as_json(one: Told) -> dict[str, object]:
    ways = [
        {"method": str(way.method), "after": duration.write(way.after) if way.after is not None else None}
        for way in one.ways
    ]
    return {"own": one.own, "ways": ways}
