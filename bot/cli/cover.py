"""`oncard cover`: as in a chat."""

from bot.cli.sentence import command_of

command = command_of("cover", lambda note, _: note.done)
