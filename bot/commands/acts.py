"""Acts of a simulation: who does what, so long after the alert, by the chat's own commands.

    3m ana@example.com ack · 10m recover                on the command line: when, who, and the command
    ana acks after 3m · it recovers after 10m           in a sentence
    Ana 3分钟后认领 · 10分钟后恢复

Who recovers is nobody: the monitoring says that it is over.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from bot.commands import times
from bot.commands.entry import Command, NotUnderstood, Speaker, Unclear
from bot.commands.people import targets_of
from bot.commands.registry import ALIASES
from bot.domain.incident import Actor
from bot.domain.people import AccountId, TargetKind
from bot.domain.simulate import NUMBER, Act
from cards import simulate, words

EXAMPLE: Final = "3m ana@example.com ack"
MOST_ACTS: Final = 20
_VERBS: Final = ("ack", "unack", "close", "reopen", "escalate", "snooze", "reassign", "add")
_NAMES: Final = {name: verb.name for name, verb in ALIASES.items() if verb.name in _VERBS}
_RECOVER: Final = frozenset({"recover", "恢复"})
_LATIN: Final = "|".join(sorted((name for name in (*_NAMES, "recover") if name.isascii()), key=len, reverse=True))
_HAN: Final = "|".join(sorted((name for name in (*_NAMES, "恢复") if not name.isascii()), key=len, reverse=True))
# What is dark comes before or after, and is nobody's name.
_WHO: Final = r"(?P<who>(?:(?!\b(?:is|are)\s+(?:dark|down|away)\b)[^,，;]){1,80}?)"
SENTENCE: Final = re.compile(
    rf"{_WHO}\s+(?P<verb>{_LATIN})s?(?:\s+(?P<rest>[^,，;]{{1,200}}?))?\s+after\s+"
    r"(?P<after>\d+\s*[a-z]+(?:\s*\d+\s*[a-z]+)*)(?!\w)",
    re.IGNORECASE,
)
HAN_SENTENCE: Final = re.compile(
    rf"(?:{_WHO}\s*)??(?P<after>\d+\s*(?:秒|分钟?|小时))[之以]?后\s*(?P<verb>{_HAN})(?:\s*(?P<rest>[^,，;]{{1,200}}))?"
)


@dataclass(frozen=True, slots=True)
class Said:
    """An act as it was written: when, who, which command and what follows it."""

    after: str
    who: str
    verb: str
    rest: str = ""


def written(text: str) -> Said | None:
    """Return what the command line says; None: it is no act."""
    after, *parts = text.split() or [""]
    if [one.casefold() for one in parts] in ([one] for one in _RECOVER):
        return Said(after, "", "recover")
    found = next((at for at, word in enumerate(parts) if at and word.casefold() in _NAMES), None)
    if found is None:
        return None
    return Said(after, " ".join(parts[:found]), parts[found], " ".join(parts[found + 1 :]))


def spoken(found: re.Match[str]) -> Said:
    """Return what `SENTENCE` or `HAN_SENTENCE` has found."""
    return Said(found["after"], (found["who"] or "").strip(), found["verb"], (found["rest"] or "").strip())


def read(said: Said, speaker: Speaker) -> Act | NotUnderstood:
    """Return the act. `speaker`: whoever asks, at the instant of the alert."""
    after, verb = times.duration(said.after), said.verb.casefold()
    if after is None:
        return _not_understood()
    if verb in _RECOVER:
        return Act(after, None)
    actor = _person(said.who, speaker)
    if isinstance(actor, NotUnderstood):
        return actor
    name = _NAMES[verb]
    action = ALIASES[name].action
    by = replace(speaker, actor=Actor(actor), now=speaker.now + after)
    asked = action(Command(name, (NUMBER,), said.rest), by) if action is not None else _not_understood()
    if isinstance(asked, NotUnderstood):
        return asked
    return _unclear(asked) if isinstance(asked, Unclear) else Act(after, asked)


def _person(who: str, speaker: Speaker) -> AccountId | NotUnderstood:
    targets = targets_of(who, speaker, EXAMPLE)
    if isinstance(targets, NotUnderstood):
        return targets
    if isinstance(targets, Unclear):
        return _unclear(targets)
    if len(targets) != 1 or targets[0].kind is not TargetKind.ACCOUNT:
        return _not_understood()
    return AccountId(targets[0].id)


def _unclear(unclear: Unclear) -> NotUnderstood:
    return NotUnderstood(words.WHO_IS_MEANT, {"name": unclear.said})


def _not_understood() -> NotUnderstood:
    return NotUnderstood(simulate.SAY_ACT, {"example": EXAMPLE})
