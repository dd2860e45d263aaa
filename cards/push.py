"""A card or a note as a push on a lock screen: a title, a body, and what can be tapped.

1. A lock screen shows about 40 characters: the title begins with a sign of the colour, how bad it is, and what it is.
2. The body's first line says which incident, who has it and what happens next. What is least needed at night stands
   last, and is cut first.
3. A push can ask for no form, so that buttons that open one are left out. What a tap says back is never cut, since it
   would be another command: a button whose sentence is too long or cannot be printed is left out, too. A push asks
   nothing before it acts; `Action.confirm` says that somebody should be asked.

Any message fits the given `Limits`. A guess: that no service counts otherwise than in characters or in bytes of UTF-8.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final
from urllib.parse import urlsplit

from cards import words
from cards.card import Button, Card, Message, Note, Tone
from cards.plain import isolated, line, lines, spoken
from cards.words import name_of

DESCRIPTION_LIMIT: Final = 500
STATUS_LIMIT: Final = 500
MOST_FACTS: Final = 4
MOST_LABELS: Final = 4
MOST_ROWS: Final = 10
ROW_LIMIT: Final = 200
LABEL_LIMIT: Final = 40
TOKEN_BYTES: Final = 64
URL_LIMIT: Final = 500

_CUT: Final = "…"
# What our notes have between what they are about and what they say of it.
_THEN: Final = " · "
_SIGNS: Final = {
    Tone.CRITICAL: "🔴",
    Tone.WARNING: "🟠",
    Tone.INFO: "🔵",
    Tone.TAKEN: "👀",
    Tone.QUIET: "💤",
    Tone.DONE: "✅",
}
_PRESSING: Final = frozenset({Tone.CRITICAL, Tone.WARNING})


class Loudness(StrEnum):
    """How much noise it makes: `ALARM` wakes somebody, `QUIET` is read when the phone is looked at."""

    ALARM = "alarm"
    NORMAL = "normal"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a service lets title and body be, in characters, or `in_bytes` of UTF-8, and how many actions it takes.

    The title must have room for 8, the body for 3.
    """

    title: int
    body: int
    actions: int = 3
    in_bytes: bool = False

    def size(self, text: str) -> int:
        """Return how long a text is, as the service counts."""
        return len(text.encode()) if self.in_bytes else len(text)

    def fit(self, text: str, limit: int) -> str:
        """Return at most so much of a text, an ellipsis for what is missing."""
        if self.size(text) <= limit:
            return text
        room = limit - self.size(_CUT)
        kept = sum(width <= room for width in accumulate(map(self.size, text)))
        return text[:kept].rstrip(" \n\u200c\u200d\ufe0f") + _CUT


@dataclass(frozen=True, slots=True)
class Action:
    """What can be tapped. `token`: the sentence that is said then; `confirm`: it is to be asked about before."""

    label: str
    token: str
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """What a push says. `tags`: the severity, for filters; `url`: what can be read about it, empty: nothing."""

    title: str
    body: str
    loudness: Loudness
    tags: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    url: str = ""


def render(message: Message, *, limits: Limits, locale: str = "en", urgent: bool = True) -> Push:
    """Return what the push says; `urgent`: it is to wake somebody. Neither title nor body is ever empty."""
    title, rows = _parted(message, locale) if isinstance(message, Note) else (_title(message), tuple(_card(message)))
    body = "\n".join(row for row in rows if row) or _CUT
    return Push(
        title=limits.fit(title, limits.title),
        body=limits.fit(body, limits.body),
        loudness=_loudness(message, urgent=urgent),
        tags=(message.severity.lower(),) if isinstance(message, Card) else (),
        actions=tuple(_actions(message.buttons))[: limits.actions],
        url=_address(message),
    )


def _loudness(message: Message, *, urgent: bool) -> Loudness:
    if urgent:
        return Loudness.ALARM
    is_pressing = isinstance(message, Card) and message.tone in _PRESSING
    return Loudness.NORMAL if is_pressing else Loudness.QUIET


def _title(card: Card) -> str:
    said = _THEN.join(part for part in (line(card.severity_word), line(card.title)) if part)
    return f"{_SIGNS[card.tone]} {said or _CUT}"


def _card(card: Card) -> Iterator[str]:
    number = f"#{card.number}" if card.number is not None else ""
    yield _THEN.join(part for part in (number, _short(spoken(card.status), STATUS_LIMIT)) if part)
    yield _short(lines(card.description), DESCRIPTION_LIMIT)
    for fact in card.facts[:MOST_FACTS]:
        yield _named(fact.name, spoken(fact.value))
    for name, value in card.labels[:MOST_LABELS]:
        yield _named(name, line(value))
    for listing in card.listings:
        yield from (_short(spoken(row), ROW_LIMIT) for row in listing.lines)


def _parted(note: Note, locale: str) -> tuple[str, tuple[str, ...]]:
    """Return a note's title and lines: what it is about, where it says that first, else who speaks."""
    about, separator, said = spoken(note.text).partition(_THEN)
    rows = tuple(_short(spoken(row), ROW_LIMIT) for row in note.rows[:MOST_ROWS])
    if about and separator:
        return about, (said, *rows)
    return name_of(locale, words.ONCARD), (about, *rows)


def _named(name: str, value: str) -> str:
    return _short(": ".join(part for part in (isolated(line(name)), isolated(value)) if part), ROW_LIMIT)


def _short(text: str, limit: int) -> str:
    return _CHARACTERS.fit(text, limit)


_CHARACTERS: Final = Limits(title=0, body=0)


def _actions(buttons: Iterable[Button]) -> Iterator[Action]:
    for button in buttons:
        label = line(button.label)
        if label and _is_said(button.token):
            yield Action(_short(label, LABEL_LIMIT), button.token, confirm=button.confirm is not None)


def _is_said(token: str) -> bool:
    verb = token.partition(" ")[0]
    return token.isprintable() and 0 < len(token.encode()) <= TOKEN_BYTES and not verb.endswith("?")


def _address(message: Message) -> str:
    """Return the first address that a phone can open."""
    links = message.links if isinstance(message, Card) else ()
    return next((one.href for one in links if _opens(one.href)), "")


def _opens(href: str) -> bool:
    if not href.isascii() or not href.isprintable() or " " in href or len(href) > URL_LIMIT:
        return False
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
