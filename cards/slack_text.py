"""Texts as Slack takes them: foreign text made inert, and cut where Slack's limits are.

Lengths are counted in UTF-16 code units: a character beyond the basic plane counts as two, an escaped one as what it is
escaped to.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from cards.card import Part, Person, Strong, Text
from cards.plain import clock, fold, isolated, line

JsonObject = dict[str, object]

STRONG_LIMIT: Final = 500
MOST_MENTIONS: Final = 30
NOTHING: Final = "…"

ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Markup works only at the edge of a word, so `disk_usage_percent` may stay as it is.
_MARKUP: Final = re.compile(r"`|(?<![0-9A-Za-z])[*_~]|[*_~](?![0-9A-Za-z])|^ ?>|@(?=channel|here|everyone)")
_LOOK_ALIKES: Final = str.maketrans("*_~`>@", "∗ˍ∼ˋ＞＠")
_USER: Final = re.compile(r"[UW][A-Z0-9]{1,30}")


def plain_text(text: str, limit: int) -> JsonObject:
    """Return a text object in which nothing is active: what looks like an emoji's name stays what it is, too."""
    return {"type": "plain_text", "text": fit(text, limit) or NOTHING, "emoji": False}


def marked(text: str) -> JsonObject:
    """Return a text object with the markup that `mrkdwn` wrote, and with none that Slack would find besides."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def mrkdwn(text: Text, limit: int) -> str:
    """Return a rich text as Slack's markup: people who must notice are mentioned, times are in the reader's zone."""
    return fit((piece for part in text for piece in _pieces(part)), limit).strip()


def _pieces(part: Part) -> Iterable[str]:
    """Return a part as strings that may be left out, but not cut."""
    match part:
        case str():
            return escaped(isolated(fold(part)))
        case Strong():
            return (bold(part.text, STRONG_LIMIT),)
        case Person():
            return (f"<@{part.user}>",) if _is_mentioned(part) else escaped(isolated(line(part.name)))
        case _:
            shape = "{date_short_pretty} {time}" if part.day else "{time}"
            return (f"<!date^{int(part.at.timestamp())}^{shape}|{clock(part)}>",)


def bold(text: str, limit: int) -> str:
    """Return words that stand out; empty when nothing of them can be seen."""
    shown = fit(escaped(line(text)), limit)
    return f"*{shown}*" if shown else ""


def escaped(text: str) -> list[str]:
    """Return the characters of foreign text, escaped, with look-alikes for those that are markup where they stand."""
    inert = _MARKUP.sub(lambda found: found[0].translate(_LOOK_ALIKES), text)
    if "&" not in inert and "<" not in inert and ">" not in inert:
        return list(inert)
    return [ENTITIES.get(character, character) for character in inert]


def _is_mentioned(person: Person) -> bool:
    return person.notify and person.user is not None and _USER.fullmatch(person.user) is not None


def mentioned(persons: Sequence[Person]) -> Text:
    """Return mentions that stand beside a text; a person without a usable id is named in it already."""
    return tuple(part for person in persons[:MOST_MENTIONS] if _is_mentioned(person) for part in (person, " "))


def fit(pieces: Iterable[str], limit: int) -> str:
    """Join the pieces; when they are too long, as many as fit, and an ellipsis says that something is missing."""
    pieces = list(pieces)
    left = limit - len(NOTHING)
    # Most texts fit, and to look at each of their characters takes long.
    whole = "".join(pieces)
    if size(whole) <= max(left, 0):
        return whole
    count = bisect_right(list(accumulate(map(size, pieces))), left)
    return "".join(pieces[:count]) + NOTHING


def size(text: str) -> int:
    """Return the length in UTF-16 code units, in which a character beyond the basic plane counts twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
