"""`oncard swap`: as in a chat."""

from bot.cli.sentence import command_of

command = command_of("swap", lambda note, _: note.done)
