"""Reads a sentence, whoever wrote it.

    VERB [NUMBERS] [REST]      ack 42 · close #42 disk replaced · 42 snooze 2h · ack 42, 43 · 认领42
    VERB[?] [NUMBERS] [vN] [REST]      as a button or a form says it: `escalate? 42 v7`, `close 42 v7 disk replaced`

What people type is taken as they mean it: in any case, with `#` or without, in full-width letters and digits, with the
number before or after the verb. What a button says is taken to the letter.
"""

import re
from difflib import get_close_matches
from typing import Final

from bot.commands.entry import Command, NotUnderstood, Verb
from bot.commands.registry import ALIASES, VERBS
from bot.domain.incident import IncidentId
from cards import words

LONGEST_TEXT: Final = 4096
MOST_AT_ONCE: Final = 20
_TOKEN: Final = re.compile(
    r"(?P<verb>[a-z]+)(?P<asks>\?)?"
    r"(?: (?P<numbers>\d{1,18}(?:,\d{1,18})*))?"
    r"(?: v(?P<seen>\d{1,9}))?"
    r"(?: (?P<rest>.*))?",
    re.ASCII | re.DOTALL,
)
# Full-width letters, digits and marks, one for one, so that places in the text stay what they are.
_NARROW: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_BETWEEN: Final = r"[\s,、;]*"
_WORD: Final = re.compile(rf"{_BETWEEN}([^\s,、;]+)")
_JOINED: Final = re.compile(rf"{_BETWEEN}(?:(?:and|&|\+|和|与|跟)\s*)?")
_NUMBER: Final = re.compile(r"(#?)([0-9]{1,18})号?(?::(?!\d)|[?.!]*(?=[\s,、;]|$))")
_GLUED: Final = re.compile(r"([^\W\d]+)#?[0-9]{1,18}号?")
_FILLERS: Final = frozenset({"incident", "incidents", "number", "no", "事件", "故障"})
_EDGES: Final = ".:!。…"
_NOT_TEXT: Final = " \t\r\n\f\v,、;:\u3000，："


def parse(text: str, *, is_token: bool = False) -> Command | NotUnderstood:
    """Read one sentence; only what a button or a form says can name the version of its card, or ask for a form."""
    text = text[:LONGEST_TEXT]
    said = _TOKEN.fullmatch(text.strip()) if is_token else None
    if said is not None and said["verb"] in VERBS:
        numbers = tuple(dict.fromkeys(IncidentId(int(one)) for one in (said["numbers"] or "").split(",") if one))
        seen = int(said["seen"]) if said["seen"] else None
        return _checked(Command(said["verb"], numbers, (said["rest"] or "").strip(), seen, asks=bool(said["asks"])))
    return _Typed(text).command()


class _Typed:
    """A sentence that somebody typed, read from its beginning."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain = text.translate(_NARROW)
        self._at = 0

    def command(self) -> Command | NotUnderstood:
        first = self._word()
        if not first:
            return Command("help")
        self._at = 0
        before = self._numbers(None)
        word = self._word()
        if before and not word:
            return _checked(Command("show", before))
        if word.endswith("?") and len(word) > 1:
            return Command("help", rest=word.rstrip("?"))
        verb = ALIASES.get(word) or self._glued(word)
        if verb is None:
            return _unknown(word, before or self._numbers(None))
        if not verb.numbered:
            return Command(verb.name, rest=" ".join([*(str(one) for one in before), self._rest()]).strip())
        numbers = before or self._numbers(verb)
        return _checked(Command(verb.name, numbers, self._rest()))

    def _word(self) -> str:
        """Go over the next word and return it, in small letters and without what stands around it."""
        found = _WORD.match(self._plain, self._at)
        if found is None:
            return ""
        self._at = found.end()
        word = found[1].lower()
        return word.strip(_EDGES).removeprefix("/") or word

    def _glued(self, word: str) -> Verb | None:
        """Return the verb of `ack42`, and go back to its number."""
        found = _GLUED.fullmatch(word)
        verb = ALIASES.get(found[1]) if found else None
        if found is None or verb is None:
            return None
        self._at = self._plain.lower().rindex(word, 0, self._at) + len(found[1])
        return verb

    def _numbers(self, verb: Verb | None) -> tuple[IncidentId, ...]:
        """Go over the numbers that stand here, as many as are incidents, and return them.

        After `comment 42` a number may begin the text, and after `escalate 42` it is a level: what is no incident for
        sure is none. `verb` None: the numbers stand before the verb.
        """
        while verb is not None and (found := _WORD.match(self._plain, self._at)):
            if found[1].lower().strip(_EDGES) not in _FILLERS:
                break
            self._at = found.end()
        items: list[tuple[int, bool, int]] = []
        at = self._at
        while True:
            joined = _JOINED.match(self._plain, at)
            start = joined.end() if joined else at
            found = _NUMBER.match(self._plain, start)
            if found is None:
                break
            between = self._plain[at:start]
            is_joined = bool(between.strip()) and (bool(found[1]) or verb is None or not verb.text or len(between) == 1)
            is_sure = is_joined or (bool(found[1]) and (verb is None or not verb.text))
            items.append((int(found[2]), is_sure, found.end()))
            at = found.end()
        is_all = not self._plain[at:].strip(_NOT_TEXT)
        kept: list[int] = []
        for place, (number, is_sure, end) in enumerate(items):
            if place and not _is_incident(verb, is_sure=is_sure, is_all=is_all):
                break
            kept.append(number)
            self._at = end
        return tuple(dict.fromkeys(IncidentId(number) for number in kept))

    def _rest(self) -> str:
        return self._text[self._at :].lstrip(_NOT_TEXT).rstrip()


def _is_incident(verb: Verb | None, *, is_sure: bool, is_all: bool) -> bool:
    """Whether a further number is one more incident."""
    if verb is None or not verb.takes:
        return True
    if verb.lists and is_all:
        return True
    return is_sure and not (verb.text and not verb.lists)


def _checked(command: Command) -> Command | NotUnderstood:
    verb = VERBS[command.verb]
    if len(command.numbers) > MOST_AT_ONCE:
        return NotUnderstood(words.TOO_MANY, {"most": MOST_AT_ONCE, "example": verb.example})
    is_one = command.asks or verb.for_all or (verb.numbered and verb.action is None)
    if (verb.for_all and not command.numbers) or (is_one and len(command.numbers) > 1):
        return NotUnderstood(words.SAY_WHICH_BOARD if verb.for_all else words.SAY_WHICH, {"example": verb.example})
    if verb.numbered and not command.numbers and command.rest and not verb.takes:
        return NotUnderstood(words.SAY_WHICH, {"example": verb.example})
    if command.asks and verb.form is None:
        return NotUnderstood(words.NO_SUCH_COMMAND, {"example": verb.example})
    return command


def _unknown(word: str, numbers: tuple[IncidentId, ...]) -> NotUnderstood:
    nearest = get_close_matches(word[:40], ALIASES, 1, 0.5)
    if not nearest:
        return NotUnderstood(words.NO_SUCH_COMMAND, {"example": VERBS["ack"].example})
    verb = ALIASES[nearest[0]]
    example = verb.example.replace("42", str(numbers[0]), 1) if numbers else verb.example
    return NotUnderstood(words.DID_YOU_MEAN, {"nearest": nearest[0], "example": example})
