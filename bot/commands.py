"""The one chat grammar: a typed sentence or a button's token becomes an action on an incident.

    VERB [#]NUMBER [REST]        ack 42 · close #42 disk replaced · 42 snooze 2h

A button carries such a sentence too, with the version of the card it stands on: `escalate 42 v7`. A storm board's says
which board, and the newest incident that it counts: `ackboard 7 v5012`. Adding a command is one entry in `VERBS`; help
is generated from them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain import incident as happening
from bot.domain.incident import Action, Actor, IncidentId
from bot.domain.people import People, Target, TargetKind

LONGEST_TEXT: Final = 4096
_DURATION: Final = re.compile(r"(\d{1,6})(s|m|h|d)", re.ASCII)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_NUMBER: Final = re.compile(r"#?(\d{1,18})", re.ASCII)
_VERSION: Final = re.compile(r"v(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The sentence is none of ours; `hint` is one line that says what would be."""

    hint: str


@dataclass(frozen=True, slots=True)
class Command:
    """A verb on an incident, with what was said after it. `seen`: the version of the card that the button stood on."""

    verb: str
    number: IncidentId
    rest: str = ""
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says it, when, and who there is to be named."""

    actor: Actor
    people: People
    now: datetime


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: how it is written, what it does in a line, and how it becomes an action.

    `for_all`: its number is a board's, and the action is meant for every incident on it.
    """

    name: str
    usage: str
    does: str
    action: Callable[[Command, Speaker], Action | NotUnderstood]
    for_all: bool = False


def parse(text: str, *, is_token: bool = False) -> Command | NotUnderstood:
    """Read one sentence; only a button's token says the version of its card."""
    words = text[:LONGEST_TEXT].split(None, 2)
    if len(words) > 1 and _NUMBER.fullmatch(words[0]):
        words[0], words[1] = words[1], words[0]
    verb = VERBS.get(words[0].lower()) if words else None
    if verb is None:
        return NotUnderstood(f"Try one of: {', '.join(VERBS)}; for example: ack 42.")
    number = _NUMBER.fullmatch(words[1]) if len(words) > 1 else None
    if number is None:
        return NotUnderstood(f"Say which {'board' if verb.for_all else 'incident'}: {verb.usage}.")
    rest = words[2].strip() if len(words) > len(("verb", "number")) else ""
    version = _VERSION.fullmatch(rest) if is_token else None
    return Command(
        verb=verb.name,
        number=IncidentId(int(number[1])),
        rest="" if version else rest,
        seen=int(version[1]) if version else None,
    )


def action(command: Command, speaker: Speaker) -> Action | NotUnderstood:
    """Return what the command asks of the law."""
    return VERBS[command.verb].action(command, speaker)


def is_for_all(command: Command) -> bool:
    """Whether the command's number is a board's: it is meant for every incident on it."""
    return VERBS[command.verb].for_all


def usage() -> tuple[tuple[str, str], ...]:
    """Return how each command is written and what it does."""
    return tuple((verb.usage, verb.does) for verb in VERBS.values())


def duration(text: str) -> timedelta | None:
    """Return a time like 90s, 5m, 2h or 1d; None: it is not one."""
    found = _DURATION.fullmatch(text.strip().lower())
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


def _acknowledge_each(command: Command, speaker: Speaker) -> Action:
    del command  # What its button says was seen is the board, not a card of each incident.
    return happening.Acknowledge(speaker.actor)


def _close(command: Command, speaker: Speaker) -> Action:
    return happening.Close(speaker.actor, command.rest, command.seen)


def _comment(command: Command, speaker: Speaker) -> Action:
    return happening.Comment(speaker.actor, command.rest)


def _escalate(command: Command, speaker: Speaker) -> Action | NotUnderstood:
    words = [word for word in command.rest.lower().split() if word not in ("to", "level")]
    if not words:
        return happening.Escalate(speaker.actor, seen=command.seen)
    if len(words) > 1 or not words[0].isascii() or not words[0].isdecimal() or len(words[0]) > 3:
        return NotUnderstood("Levels are numbers, the first is 1: escalate 42 2.")
    return happening.Escalate(speaker.actor, level=int(words[0]) - 1, seen=command.seen)


def _snooze(command: Command, speaker: Speaker) -> Action | NotUnderstood:
    wanted = duration(command.rest or "1h")
    if wanted is None:
        return NotUnderstood("Say for how long, at most 24h: snooze 42 30m.")
    return happening.Snooze(speaker.actor, speaker.now + wanted, seen=command.seen)


def _reassign(command: Command, speaker: Speaker) -> Action | NotUnderstood:
    names = command.rest.removeprefix("to ").replace(",", " ").split()
    targets: list[Target] = []
    for name in names:
        target = _target(name, speaker.people)
        if target is None:
            return NotUnderstood(f"Nobody is called {name!r}: name people by e-mail address and teams by name.")
        targets.append(target)
    if not targets:
        return NotUnderstood("Say to whom: reassign 42 ana@example.com.")
    return happening.Reassign(speaker.actor, tuple(targets), seen=command.seen)


def _target(name: str, people: People) -> Target | None:
    wanted = name.lower()
    for account in people.accounts.values():
        if account.active and account.email.lower() == wanted:
            return Target(TargetKind.ACCOUNT, account.id)
    for team in people.teams.values():
        if team.name.lower() == wanted:
            return Target(TargetKind.TEAM, team.id)
    return None


_ALL: Final = (
    Verb("ack", "ack 42", "take the incident", lambda said, who: happening.Acknowledge(who.actor, said.seen)),
    Verb("unack", "unack 42", "give it back", lambda said, who: happening.Unacknowledge(who.actor, said.seen)),
    Verb(
        "close",
        "close 42 [what fixed it]",
        "close it",
        lambda said, who: happening.Close(who.actor, said.rest, said.seen),
    ),
    Verb("reopen", "reopen 42", "open it again", lambda said, who: happening.Reopen(who.actor, said.seen)),
    Verb("escalate", "escalate 42 [level]", "call the next level, or the one named", _escalate),
    Verb("snooze", "snooze 42 [30m]", "keep it quiet for a while, at most 24h", _snooze),
    Verb("reassign", "reassign 42 who…", "give it to people or teams", _reassign),
    Verb(
        "comment",
        "comment 42 text",
        "say something about it",
        lambda said, who: happening.Comment(who.actor, said.rest),
    ),
    Verb(
        "ackboard",
        "ackboard 7",
        "take every incident on a storm board that nobody has",
        _acknowledge_each,
        for_all=True,
    ),
)
VERBS: Final[Mapping[str, Verb]] = {verb.name: verb for verb in _ALL}
