"""The one chat grammar: a typed sentence or a button's token becomes an action on incidents, a question, or a form.

`registry` has the commands, one entry each; `grammar` reads sentences; `people` and `times` read what stands in them.
"""

from bot.commands.entry import Asked, Command, NotUnderstood, Speaker, Unclear, Verb
from bot.commands.grammar import parse
from bot.commands.registry import ALIASES, TOPIC_NAMES, TOPICS, VERBS
from bot.commands.times import duration
from cards import words

__all__ = [
    "ALIASES",
    "TOPICS",
    "TOPIC_NAMES",
    "VERBS",
    "Asked",
    "Command",
    "NotUnderstood",
    "Speaker",
    "Unclear",
    "Verb",
    "action",
    "duration",
    "is_for_all",
    "parse",
    "say_which",
    "sentence",
    "usage",
]


def action(command: Command, speaker: Speaker) -> Asked | None:
    """Return what the command asks of the law; None: it asks a question."""
    verb = VERBS[command.verb]
    return verb.action(command, speaker) if verb.action is not None else None


def is_for_all(command: Command) -> bool:
    """Whether the command's number is a board's: it is meant for every incident on it."""
    return VERBS[command.verb].for_all


def say_which(command: Command) -> NotUnderstood:
    """Return that the command does not say which incident it is about, and no other is meant."""
    return NotUnderstood(words.SAY_WHICH, {"example": VERBS[command.verb].example})


def sentence(command: Command, rest: str | None = None) -> str:
    """Return the command as a button says it, with another `rest` if one is given."""
    numbers = ",".join(str(number) for number in command.numbers)
    said = command.rest if rest is None else rest
    seen = f"v{command.seen}" if command.seen is not None else ""
    return " ".join(part for part in (command.verb, numbers, seen, said.strip()) if part)


def usage() -> tuple[tuple[str, str], ...]:
    """Return how each command is written and what it does."""
    return tuple((verb.usage, verb.does) for verb in VERBS.values())
