"""`oncard trade`: what people ask each other for about their shifts, as in a chat."""

from bot.cli.sentence import command_of

# Which requests are open is an answer, too.
command = command_of("trade", lambda note, said: note.done or not any(one.isdigit() for one in said.split()))
