"""What stands behind a command about shifts, taken apart: which schedule, when, in which role, why. The rest is people.

What was recognised is blanked out, so that places in the text stay what they are and a name can be asked back.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from bot.commands import stretch
from bot.commands.entry import NotUnderstood, Speaker, Unclear
from bot.commands.people import targets_of
from bot.domain.people import AccountId, Target, TargetKind
from bot.domain.rotation import BACKUP, PRIMARY
from bot.domain.schedule import Schedule
from bot.domain.untold import Span
from cards import assigning
from cards import override as words

LONGEST_WHY: Final = 200
# Full-width letters, digits and marks, one for one, so that places in the text stay what they are.
_NARROW: Final = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_WHY: Final = re.compile(r"(?:\bbecause\b|\breason\b:?|因为|原因:?)\s*(?P<why>.*)", re.IGNORECASE | re.DOTALL)
_ROLES: Final = {"主班": PRIMARY, "主值班": PRIMARY, "备班": BACKUP, "备值班": BACKUP, "后备": BACKUP}
_AS: Final = re.compile(r"\bas\s+\S|作为|担任", re.IGNORECASE)
_QUOTES: Final = '"“”「」'


class Sentence:
    """A sentence from which what is recognised is taken out."""

    def __init__(self, text: str) -> None:
        self.said = text
        self._left = text.translate(_NARROW)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Take out the first place that matches."""
        found = pattern.search(self._left)
        if found is not None:
            self._blank(*found.span())
        return found

    def drop(self, pattern: re.Pattern[str]) -> None:
        """Take out every place that matches."""
        self._left = pattern.sub(lambda found: " " * len(found[0]), self._left)

    def why(self) -> str:
        """Take out the reason, which is all that stands behind `because`."""
        found = _WHY.search(self._left)
        if found is None:
            return ""
        why = self.said[found.start("why") : found.end()]
        self._blank(*found.span())
        # Half a character, as a chat app may send, can be stored nowhere.
        return why.encode(errors="replace").decode().strip()[:LONGEST_WHY]

    def schedule(self, known: Sequence[Schedule]) -> Schedule | None:
        """Take out the schedule that it begins with; the only one there is need not be named."""
        text = self._left.casefold() if len(self._left.casefold()) == len(self._left) else self._left
        start = len(text) - len(text.lstrip(f" #{_QUOTES}"))
        for one in sorted(known, key=lambda schedule: len(schedule.name), reverse=True):
            name = one.name.casefold()
            end = start + len(name)
            if text[start:end] == name and not re.match(r"[A-Za-z0-9@._+-]", text[end : end + 1]):
                closing = len(text[end:]) - len(text[end:].lstrip(_QUOTES))
                self._blank(0, end + closing)
                return one
        return known[0] if len(known) == 1 else None

    def role(self, known: Iterable[str]) -> str | None:
        """Take out the role, as `as backup` or `备班`; None: none is named, or none that is known."""
        for name in sorted(known, key=len, reverse=True):
            words_of = "|".join([re.escape(name), *(word for word, role in _ROLES.items() if role == name)])
            said = rf"(?:\bas|作为|担任)\s*[{_QUOTES}]?(?:{words_of})(?![a-z])[{_QUOTES}]?"
            if self.take(re.compile(said, re.IGNORECASE)) is not None:
                return name
        return None

    def has_role(self) -> bool:
        """Whether something is left that names a role."""
        return _AS.search(self._left) is not None

    def span(self, speaker: Speaker) -> Span | None:
        """Take out the first stretch of time; None: there is none, or it is none. Which of them, `has_time` says."""
        found = stretch.find(self._left, speaker.now, speaker.timezone)
        if found is None or found.span is None:
            return None
        self._blank(found.start, found.end)
        return found.span

    def has_time(self, speaker: Speaker) -> bool:
        """Whether something is left that looks like a stretch of time."""
        return stretch.find(self._left, speaker.now, speaker.timezone) is not None

    def behind(self, pattern: re.Pattern[str]) -> "Sentence | None":
        """Take out all that stands behind a word, and return it in its place; None: the word is not there."""
        found = pattern.search(self._left)
        if found is None:
            return None
        rest = Sentence(self.said)
        rest._left = " " * found.end() + self._left[found.end() :]
        self._blank(found.start(), len(self._left))
        return rest

    def join(self, other: "Sentence") -> None:
        """Take in again what is left of a part that was taken out."""
        both = zip(self._left, other._left, strict=True)  # noqa: SLF001 - As above.
        self._left = "".join(there if here.isspace() else here for here, there in both)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not self._left.strip(" \t\r\n,.;:!?、，。；：！？")

    def people(self, speaker: Speaker, example: str) -> tuple[AccountId, ...] | NotUnderstood | Unclear:
        """Return whom the rest names, the members of teams each."""
        found = targets_of(self._left, replace(speaker, schedules=()), example)
        return speaker.people.resolve(found) if isinstance(found, tuple) else found

    def person(self, speaker: Speaker, example: str) -> AccountId | NotUnderstood | Unclear:
        """Return the one person whom the rest names."""
        found = targets_of(self._left, replace(speaker, schedules=()), example)
        if not isinstance(found, tuple):
            return found
        accounts = [AccountId(one.id) for one in found if one.kind is TargetKind.ACCOUNT]
        if len(found) != 1 or not accounts:
            return NotUnderstood(words.SAY_ONE_PERSON, {"example": example})
        return accounts[0]

    def _blank(self, start: int, end: int) -> None:
        self._left = self._left[:start] + " " * (end - start) + self._left[end:]


def with_choice(text: str, unclear: Unclear, choice: Target) -> str:
    """Return the sentence with a number in the place of a name that means several."""
    start = len(unclear.before)
    return f"{text[:start]}{assigning.token_of(choice)}{text[start + len(unclear.said) :]}"
