"""Texts as a mail takes them: cut by the bytes that they take in HTML, and addresses that a mail may lead to."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from itertools import accumulate
from typing import Final

from cards.card import Person, Strong, Text
from cards.plain import clock, fold, isolated, line

# A rich text that is cut to its limit: people and times in it have become words.
Words = tuple[str | Strong, ...]

URL_LIMIT: Final = 800
NOTHING: Final = "…"
_URL: Final = re.compile(r"https?://[^/\s]\S*", re.IGNORECASE)
_NO_URL: Final = re.compile(r"[\s<>\"'\\]")


def escaped(text: str) -> str:
    """Return the text as it stands in HTML, between tags or in an attribute."""
    return escape(text, quote=True)


def weight(text: str) -> int:
    """Return how many bytes the text takes in HTML."""
    return len(escaped(text).encode())


def shortened(text: str, limit: int) -> str:
    """Return the text, or as much of it as takes so many bytes in HTML, and an ellipsis for the rest."""
    if weight(text) <= limit:
        return text
    room = limit - weight(NOTHING)
    kept = sum(taken <= room for taken in accumulate(map(weight, text[:limit])))
    return text[:kept].rstrip() + NOTHING


def within(text: Text, limit: int) -> Words:
    """Return a rich text as plain and strong words, of at most so many bytes in HTML, with nothing hidden in it."""
    parts: list[str | Strong] = []
    left = limit
    for part in _shown(text):
        said = part if isinstance(part, str) else part.text
        fitting = shortened(said, left)
        parts.append(fitting if isinstance(part, str) else replace(part, text=fitting))
        left -= weight(said)
        if left <= weight(NOTHING):
            break
    return tuple(parts)


def address(href: str) -> str:
    """Return the address as it can stand in a link; empty when it is none that a mail should lead to."""
    whole = _NO_URL.sub(lambda found: f"%{ord(found[0]):02X}", line(href))
    return whole if _URL.fullmatch(whole) and weight(whole) <= URL_LIMIT else ""


def _shown(text: Text) -> Iterator[str | Strong]:
    for part in text:
        match part:
            case str():
                yield isolated(fold(part))
            case Strong():
                yield Strong(isolated(fold(part.text)))
            case Person():
                yield isolated(line(part.name))
            case _:
                yield clock(part)
