"""Texts as DingTalk takes them: foreign words made inert, and cut where a limit in bytes is.

1. DingTalk's Markdown knows links, pictures, headings, quotes, lists and `<font>`, and no page tells how to escape
   them. So what is markup where it stands is replaced by a look-alike; nothing depends on a client's escapes.
2. A link with the scheme `dtmd` makes the client send a text as whoever presses it, so a foreign one is taken apart.
3. Lengths are bytes of UTF-8: that is what DingTalk counts.
Guess: that two blanks before a line break are one on a card as well as in a robot's message.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from cards.card import Card, Message, Part, Person, Strong, Text
from cards.plain import clock, fold, isolated, line, lines

NOTHING: Final = "…"
STRONG_LIMIT: Final = 500
URL_LIMIT: Final = 500
MOST_MENTIONS: Final = 20
BREAK: Final = "  \n"

_ALIKE: Final = str.maketrans("*_~`<>[]|\\@!&", "∗ˍ∼ˋ＜＞［］｜＼＠！＆")
_ALIKE_AT_THE_START: Final = str.maketrans("#-+=.)", "＃‐＋＝․）")
# Emphasis works only at the edge of a word, so `disk_usage_percent` and ana@example.com may stay as they are.
_MARKUP: Final = re.compile(
    r"[`<>\[\]|\\]|!(?=\[)|&(?=#?[0-9A-Za-z]{1,32};)|(?<![0-9A-Za-z])[*_~@]|[*_~](?![0-9A-Za-z])"
)
_START: Final = re.compile(r"[#+=-]+|\d{1,9}[.)]")
_SENDS: Final = re.compile(r"(dtmd|dingtalk)(?=:)", re.IGNORECASE)
_EDGES: Final = frozenset("*_~")
_USER: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_@.-]{0,63}", re.ASCII)
_URL: Final = re.compile(r"https?://[^/\s]\S*", re.IGNORECASE)
_IN_URLS: Final = re.compile(r"[\s<>()\[\]\"'\\`|{}^*~]")


def size(text: str) -> int:
    """Return the length in bytes."""
    return len(text.encode())


def fit(pieces: Iterable[str], limit: int) -> str:
    """Join the pieces; when they are too long, as many as fit, and an ellipsis says that something is missing."""
    kept: list[str] = []
    left = limit - size(NOTHING)
    for piece in pieces:
        left -= size(piece)
        if left < 0:
            # Between letters it was none of the marks that it would be at the end.
            return "".join(kept[:-1] if kept and kept[-1] in _EDGES else kept) + NOTHING
        kept.append(piece)
    return "".join(kept)


def marked(text: Text, limit: int) -> str:
    """Return a rich text as Markdown on one line."""
    return _started(fit((piece for part in text for piece in _pieces(part)), limit).strip())


def bold(text: str, limit: int) -> str:
    """Return foreign words that stand out, on one line."""
    shown = fit(escaped(line(text)), limit)
    return f"**{shown}**" if shown else ""


def described(text: str) -> list[str]:
    """Return a foreign text of many lines, each as Markdown in which nothing is active."""
    return [_kept_apart(escaped(row)) for row in lines(text).split("\n")]


def escaped(text: str) -> str:
    """Return foreign text with look-alikes for what is markup wherever it stands but at the start of a line."""
    return _MARKUP.sub(lambda found: found[0].translate(_ALIKE), unsent(text))


def unsent(text: str) -> str:
    """Return foreign text in which no address makes the reader's client say something."""
    return _SENDS.sub(lambda found: f"{found[1]}\u200a", text)


def link(text: str, address: str, limit: int) -> str:
    """Return a link; where the address is none that a chat should open, only its words."""
    words, href = fit(escaped(line(text)), limit), url(address)
    return f"[{words}]({href})" if href and words else _started(words)


def url(address: str) -> str:
    """Return the address so that it can stand in a link; empty when it is none that a chat should open."""
    whole = _IN_URLS.sub(lambda found: f"%{ord(found[0]):02X}", line(address))
    return whole if _URL.fullmatch(whole) and size(whole) <= URL_LIMIT else ""


def mentions(message: Message) -> dict[str, str]:
    """Return whom a message notifies, by userId with their names."""
    status: Sequence[Part] = message.status if isinstance(message, Card) else message.text
    persons = [*message.mentions, *(part for part in status if isinstance(part, Person))]
    named = {user: fit(line(one.name), 60) or user for one in persons if one.notify and is_user(user := one.user or "")}
    return dict(list(named.items())[:MOST_MENTIONS])


def is_user(user: str) -> bool:
    """Whether this may be somebody's userId."""
    return _USER.fullmatch(user) is not None


def _pieces(part: Part) -> Iterable[str]:
    """Return a part as strings that may be left out, but not cut. Who is mentioned is named: the message notifies."""
    match part:
        case str():
            return escaped(isolated(fold(part)))
        case Strong():
            return (bold(part.text, STRONG_LIMIT),)
        case Person():
            return escaped(isolated(line(part.name)))
        case _:
            return (clock(part),)


def _kept_apart(row: str) -> str:
    """Return a line with its indentation, which as blanks would make it code."""
    bare = row.lstrip(" ")
    return "\u00a0" * (len(row) - len(bare)) + _started(bare)


def _started(row: str) -> str:
    """Return a line whose beginning makes it no heading, no list and no rule."""
    found = _START.match(row)
    return found[0].translate(_ALIKE_AT_THE_START) + row[found.end() :] if found else row
