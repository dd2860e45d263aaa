"""Commands of the chat that the shell has as they are: `oncard swap payments with bo@example.com`.

They go the same way as what is typed in a chat, and a service on the same database carries the messages that follow.
"""

from collections.abc import Callable
from typing import Final

import click

from bot.cli import COMMANDS, lookup, session
from bot.cli.refused import Refused
from bot.cli.screen import print_line
from bot.commands import VERBS
from bot.domain.delivery import Place
from bot.domain.incident import Actor
from bot.domain.people import WorkspaceId
from bot.engine.heard import Heard, Reply
from bot.main import Service
from cards import plain
from cards.card import Note

DOOR: Final = "cli"
# The command line is no workspace: nobody has a chat user there.
NO_WORKSPACE: Final = WorkspaceId(0)

Answers = Callable[[Note, str], bool]
"""Whether a note is what was asked for, and not why it cannot be; told the words behind the command."""


def command_of(verb: str, is_answer: Answers) -> click.Command:
    """Return the shell's command for a command of the chat; its words are as the chat's usage has them."""
    known = VERBS[verb]
    usage = known.usage.partition(" ")[2]

    @click.command(verb, help=f"{COMMANDS[verb]}\n\nAs in a chat: {known.usage}")
    @click.argument("words", nargs=-1, metavar=usage.upper())
    @lookup.AS
    def say(words: tuple[str, ...], email: str | None) -> None:
        rest = " ".join(words)
        note = session.run(lambda service: hear(service, f"{verb} {rest}".strip(), email)).note
        rows = (note.text, *note.rows) if note is not None else ()
        said = "\n".join(plain.spoken(row) for row in rows)
        if note is None or not is_answer(note, rest):
            raise Refused(said)
        print_line(said)

    return say


async def hear(service: Service, sentence: str, email: str | None) -> Reply:
    """Carry out a sentence of the chat as somebody; None: the owner, if there is one only. Raises Refused."""
    account = lookup.acting(await session.organisation(service), email)
    place = Place(NO_WORKSPACE, account=account.id)
    return await service.desk.hear(Heard(sentence, Actor(account.id, DOOR), place))
