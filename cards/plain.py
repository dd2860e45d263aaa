"""What every renderer needs before it marks anything up: foreign text made harmless, and rich text as plain words.

What an alert says may hold anything. Characters that cannot be seen but change how others are read (controls, overrides
of the writing direction, zero-width characters, halves of surrogate pairs) never reach a chat.
"""

import re
import unicodedata
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cards.card import Moment, Part, Person, Strong, Text

# These two shape letters (Persian, Indic scripts) and emoji; every other invisible character is left out.
_JOINERS: Final = "\u200c\u200d"
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs"})
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})


def fold(text: str) -> str:
    """Return the text on one line, each run of blanks as one space; a space at either end stays."""
    folded = re.sub(r"\s+", " ", _visible(text))
    return folded if folded.strip(" " + _JOINERS) else " " * (" " in folded)


def line(text: str) -> str:
    """Return the text on one line without blanks around it; empty when nothing of it can be seen."""
    return fold(text).strip()


def lines(text: str) -> str:
    """Return the text with its lines and their indentation, and at most one empty line between two others."""
    kept = "\n".join(re.sub(r"\s", " ", row.expandtabs(4)).rstrip() for row in _visible(text).splitlines())
    return re.sub(r"\n{3,}", "\n\n", kept).strip("\n") if kept.strip(" \n" + _JOINERS) else ""


def isolated(text: str) -> str:
    """Return the text so that right-to-left writing in it does not reorder what stands beside it (Unicode FSI, PDI)."""
    turned = not text.isascii() and any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text)
    return f"\u2068{text}\u2069" if turned else text


def clock(moment: Moment) -> str:
    """Return the time of day with its zone, as `03:17 UTC`; with the date before it where the moment asks for it."""
    local = moment.at.astimezone(zone(moment.timezone))
    return f"{local:%Y-%m-%d %H:%M %Z}" if moment.day else f"{local:%H:%M %Z}"


def spoken(text: Text) -> str:
    """Return the words of a rich text on one line."""
    return line("".join(_word(part) for part in text))


def _word(part: Part) -> str:
    match part:
        case str():
            return part
        case Strong():
            return part.text
        case Person():
            return part.name
        case _:
            return clock(part)


def _visible(text: str) -> str:
    # Most texts hide nothing, and looking at each character takes long: nothing that is printable is hidden.
    if text.isprintable():
        return text
    return "".join(c for c in text if c.isspace() or c in _JOINERS or unicodedata.category(c) not in _HIDDEN)


def zone(name: str) -> ZoneInfo:
    """Return the zone; UTC for a name that the zone data does not know, since a card must go out all the same."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
