"""`oncard what-if`: who would be told of an alert by what is configured now, as in a chat."""

from bot.cli.sentence import command_of

# Why it cannot be said is one line; who is told stands in rows.
command = command_of("what-if", lambda note, _: bool(note.rows))
