"""`oncard override`: temporary changes of schedules, made, listed and removed from the shell."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import click

from bot.cli import lookup, session
from bot.cli.refused import Refused
from bot.cli.schedule import LocalTime
from bot.cli.screen import instant, one_line, print_json, print_line, print_table
from bot.commands import override as command_words
from bot.commands.shift_sentence import LONGEST_WHY
from bot.commands.times import duration
from bot.domain import wall_clock
from bot.domain.incident import Actor, Deed
from bot.domain.organisation import Organisation
from bot.domain.override import Fault, MadeOverride, OverrideId
from bot.domain.schedule import roles
from bot.domain.untold import Span
from bot.engine import overrides
from bot.engine.overrides import Added
from bot.main import Service
from cards import override as cards
from cards import plain
from cards.answers import Readers
from cards.card import Note
from storage.database import Connection

DOOR: Final = "cli"


class Lasting(click.ParamType[timedelta]):
    """How long something lasts, as in chats: `4h`, `90m`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        found = duration(str(value))
        if not found:
            self.fail(f"{value!r} is no time such as 4h or 90m", param, ctx)
        return found


_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group
def command() -> None:
    """Let somebody else be on call for a time.

    Such a change lies on top of the schedule's layers and of what the configuration file changes, and counts from the
    moment in which it is made. Applying a file leaves it alone.
    """


@command.command("list")
@click.argument("name", metavar="[SCHEDULE]", default="")
@_JSON
def list_(name: str, as_json: bool) -> None:
    """Say which changes hold or will, by their start. Times are in UTC."""

    async def work(service: Service) -> tuple[tuple[MadeOverride, ...], Organisation]:
        async def read(connection: Connection) -> tuple[tuple[MadeOverride, ...], Organisation]:
            organisation = await service.picture.current(connection)
            number = lookup.schedule(organisation, name).id if name else None
            return await overrides.listed(connection, number, organisation, service.clock.now()), organisation

        return await service.database.read(read)

    found, organisation = session.run(work)
    if as_json:
        print_json([_as_json(one, organisation) for one in found])
    elif not found:
        print_line("no temporary changes")
    else:
        print_table(
            ("number", "schedule", "role", "on call", "instead of", "from (UTC)", "to (UTC)", "by", "why"),
            [_row(one, organisation) for one in found],
            rigid=1,
        )


@command.command
@click.argument("name", metavar="SCHEDULE")
@click.argument("account", metavar="ACCOUNT")
@click.option("--from", "since", metavar="TIME", type=LocalTime(), help="From this time on (ISO 8601), not from now.")
@click.option("--to", "until", metavar="TIME", type=LocalTime(), help="Up to this time.")
@click.option("--lasting", metavar="TIME", type=Lasting(), help="For so long, such as 4h, where there is no --to.")
@click.option("--role", metavar="ROLE", help="In this role. Default: primary, or that of whom it is instead of.")
@click.option("--instead-of", metavar="EMAIL", help="In the place of this person alone.")
@click.option("--why", metavar="TEXT", default="", help="Why, for people to read.")
@lookup.AS
@_JSON
def add(
    *,
    name: str,
    account: str,
    since: datetime | None,
    until: datetime | None,
    lasting: timedelta | None,
    role: str | None,
    instead_of: str | None,
    why: str,
    email: str | None,
    as_json: bool,
) -> None:
    """Let somebody be on call in a schedule for a time.

    ACCOUNT is an e-mail address. Times without an offset are in the zone of who acts.
    """
    if (until is None) is (lasting is None):
        raise click.UsageError("give --to TIME, or --lasting TIME")

    async def work(service: Service) -> tuple[Added | Fault, command_words.Add, Organisation, Readers]:
        async def write(connection: Connection) -> tuple[Added | Fault, command_words.Add, Organisation, Readers]:
            organisation = await overrides.held(connection, await service.picture.current(connection))
            actor, now = lookup.acting(organisation, email), service.clock.now()
            zone = ZoneInfo(actor.timezone)
            start = _at(since, zone) if since is not None else now
            end = _at(until, zone) if until is not None else start + (lasting or timedelta(0))
            wanted = command_words.Add(
                schedule=lookup.schedule(organisation, name),
                account=lookup.acting(organisation, account).id,
                span=Span(start, end),
                role=role,
                replaces=lookup.acting(organisation, instead_of).id if instead_of else None,
                why=why.strip()[:LONGEST_WHY],
            )
            made = await overrides.add(connection, wanted, Actor(actor.id, DOOR), organisation, now)
            return made, wanted, organisation, Readers("en", actor.timezone, now)

        return await service.database.transact(write)

    made, wanted, organisation, readers = session.run(work)
    if isinstance(made, Fault):
        names = (overrides.name_of(wanted.account, organisation), overrides.name_of(wanted.replaces, organisation))
        said = cards.refused(made, wanted.schedule.name, roles(wanted.schedule), names, "en")
        raise Refused(plain.spoken(said.text))
    if as_json:
        print_json(_as_json(made.made, organisation))
        return
    under = [overrides.shown(one, organisation) for one in made.under]
    before = overrides.turns(made.before, organisation)
    _print(cards.made(overrides.shown(made.made, organisation), before, under, readers))


@command.command
@click.argument("number", type=click.IntRange(min=1))
@lookup.AS
@_JSON
def remove(number: int, email: str | None, as_json: bool) -> None:
    """Remove a change: from now on it is as it was before. What a swap made is removed together."""

    async def work(service: Service) -> tuple[MadeOverride, ...]:
        async def write(connection: Connection) -> tuple[MadeOverride, ...] | Deed | None:
            organisation = await overrides.held(connection, await service.picture.current(connection))
            actor = Actor(lookup.acting(organisation, email).id, DOOR)
            return await overrides.remove(connection, OverrideId(number), actor, service.clock.now())

        found = await service.database.transact(write)
        return found if isinstance(found, tuple) else ()

    removed = session.run(work)
    if not removed:
        raise Refused(f"there is no temporary change no. {number} that still holds; see: oncard override list")
    if as_json:
        print_json([int(one.id) for one in removed])
    else:
        print_line(f"removed: no. {', '.join(str(one.id) for one in removed)}")


def _at(written: datetime, zone: ZoneInfo) -> datetime:
    return written.astimezone(UTC) if written.tzinfo else wall_clock.instant(written, zone)


def _print(note: Note) -> None:
    for row in (note.text, *note.rows):
        print_line(plain.spoken(row))


def _row(one: MadeOverride, organisation: Organisation) -> tuple[str, ...]:
    shown = overrides.shown(one, organisation)
    return (
        str(one.id),
        one_line(shown.schedule),
        one_line(shown.role),
        one_line(shown.who),
        one_line(shown.other),
        instant(shown.start),
        instant(shown.end),
        one_line(shown.by),
        one_line(shown.why),
    )


def _as_json(one: MadeOverride, organisation: Organisation) -> dict[str, object]:
    accounts, change = organisation.people.accounts, one.change
    made_by = accounts.get(one.made.by.account) if one.made.by.account is not None else None
    return {
        "number": one.id,
        "schedule": organisation.schedules[one.schedule].name,
        "role": change.role,
        "account": accounts[change.accounts[0]].email,
        "instead_of": accounts[change.replaces].email if change.replaces is not None else None,
        "start": change.start.astimezone(UTC).isoformat(),
        "end": change.end.astimezone(UTC).isoformat(),
        "why": change.why,
        "made_by": made_by.email if made_by is not None else None,
        "made_via": one.made.by.via,
        "made_at": one.made.at.astimezone(UTC).isoformat(),
        "trade": one.trade,
    }
