"""`oncard incident`: the chat's commands from the shell, a list, and the whole story of an incident.

The commands that act are those of `bot.commands`, and go the same way as what is typed in a chat. A service on the same
database carries the messages that follow.
"""

from typing import Final

import click

from bot.cli import lookup, session, story
from bot.cli.refused import Refused
from bot.cli.screen import Cell, coloured, instant, one_line, print_json, print_line, print_table
from bot.cli.sentence import hear
from bot.commands import VERBS, Verb
from bot.domain.incident import Incident, IncidentId
from bot.domain.organisation import Organisation
from bot.engine.heard import Reply
from bot.main import Service
from cards import notes, plain
from storage import incidents
from storage.database import Connection
from storage.incidents import Found, Unreadable

LISTED: Final = 50


class _InOrder(click.Group):
    """Commands in the order of the chat's help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx  # They are the same everywhere.
        return list(self.commands)


@click.group(cls=_InOrder)
def command() -> None:
    """List incidents, show what happened, act on them."""


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="The closed ones too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=LISTED, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(everything: bool, limit: int, as_json: bool) -> None:
    """List the open incidents, the newest first."""

    async def work(service: Service) -> tuple[Found, Organisation]:
        async def newest(connection: Connection) -> Found:
            return await incidents.newest(connection, most=limit, open_only=not everything)

        return await service.database.read(newest), await session.organisation(service)

    found, organisation = session.run(work)
    if found.unreadable:
        left_out = ", ".join(f"#{number}" for number in found.unreadable)
        click.echo(f"Left out, because what is stored of them cannot be read: {left_out}", err=True)
    if as_json:
        print_json([story.incident_as_json(one, organisation) for one in found.incidents])
    elif found.incidents:
        headings = ("number", "severity", "progress", "opened (UTC)", "channel", "responders", "title")
        print_table(headings, [_row(one, organisation) for one in found.incidents], rigid=4)
    elif not found.unreadable:
        print_line("no incidents" if everything else "no open incidents")


@command.command
@click.argument("number", type=lookup.Number())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(number: IncidentId, as_json: bool) -> None:
    """Show an incident, its timeline, and every message about it."""
    try:
        told = session.run(lambda service: story.read(service, number))
    except Unreadable as error:
        raise Refused(plain.spoken(notes.unreadable_incident(number).text)) from error
    if told is None:
        raise Refused(f"there is no incident #{number}; `oncard incident list --all` shows which there are")
    if as_json:
        print_json(story.as_json(told))
    else:
        story.show(told)


def _row(incident: Incident, organisation: Organisation) -> tuple[Cell, ...]:
    accounts = organisation.people.accounts
    return (
        f"#{incident.id}",
        coloured(incident.facts.severity),
        coloured(incident.progress),
        instant(incident.opened_at),
        organisation.channel(incident.channel).name,
        ", ".join(accounts[responder.account].name for responder in incident.responders),
        one_line(incident.facts.title),
    )


def _act(verb: Verb) -> click.Command:
    """Return the command that carries out a verb; what is said after the number is as the verb's usage has it."""
    _, _, rest = (*verb.usage.split(maxsplit=2), "", "")[:3]

    @lookup.AS
    def act(number: IncidentId, email: str | None, words: tuple[str, ...] = ()) -> None:
        sentence = " ".join((verb.name, str(number), *words))
        reply = session.run(lambda service: hear(service, sentence, email))
        said = _said(reply)
        if not reply.is_done:
            raise Refused(said)
        print_line(said)

    if rest:
        act = click.argument("words", nargs=-1, required=not rest.startswith("["), metavar=rest.upper())(act)
    act = click.argument("number", type=lookup.Number())(act)
    return click.command(verb.name, help=f"{verb.does[:1].upper()}{verb.does[1:]}.")(act)


def _said(reply: Reply) -> str:
    """Return the answer's words; whom a name can mean stands in rows."""
    rows = (reply.note.text, *reply.note.rows) if reply.note is not None else ()
    return "\n".join(plain.spoken(row) for row in rows)


for _verb in VERBS.values():
    if _verb.action is not None:
        command.add_command(_act(_verb))
