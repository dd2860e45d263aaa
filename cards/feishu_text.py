"""Texts of a Feishu card: foreign words escaped, mentions and times marked up, everything measured as it is sent.

1. In Markdown every ASCII punctuation mark of foreign text is an HTML entity, which the page of the rich text component
   asks for; so no `<at id=all>`, no link and no emphasis comes from an alert. Guess: that `&#46;` keeps a client from
   making a link of a bare name such as example.com, and that `&` may be escaped as well: that page lists neither.
2. A card is a JSON text inside a JSON body, so a quotation mark or a backslash takes four bytes on its way.
3. Only an open_id (`ou_…`) is mentioned: one that does not exist in this app spoils the whole card (100290).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cards.card import Moment, Part, Person, Strong, Text
from cards.plain import clock, fold, isolated, line

JsonObject = dict[str, object]

NOTHING: Final = "…"
STRONG_LIMIT: Final = 600
URL_LIMIT: Final = 600
MOST_MENTIONS: Final = 30
_PUNCTUATION: Final = re.compile(r"[!-+\-./:-@\[-`{-~]")
_USER: Final = re.compile(r"ou_[0-9A-Za-z]{1,64}")
_URL: Final = re.compile(r"https?://[^/\s]\S*", re.IGNORECASE)
_IN_URLS: Final = re.compile(r"[\s<>()\[\]\"'\\`|{}^*~$]")


@dataclass(frozen=True, slots=True)
class Style:
    """What a Markdown may hold: `mentions` that notify, and times in the reader's own zone, which only 2.0 knows."""

    mentions: bool = True
    local_times: bool = True


def size(text: str) -> int:
    """Return how many bytes the text takes in a body of a request, where it stands in JSON in JSON."""
    return len(text.encode()) + 3 * (text.count('"') + text.count("\\")) + 2 * text.count("\n")


def fit(pieces: Iterable[str], limit: int) -> str:
    """Join the pieces; when they are too long, as many as fit, and an ellipsis says that something is missing."""
    kept: list[str] = []
    left = limit - size(NOTHING)
    for piece in pieces:
        left -= size(piece)
        if left < 0:
            return "".join(kept) + NOTHING
        kept.append(piece)
    return "".join(kept)


def plain_text(text: str, limit: int) -> JsonObject:
    """Return a text in which nothing is active; never an empty one."""
    return {"tag": "plain_text", "content": fit(text, limit) or NOTHING}


def marked(text: Text, limit: int, style: Style) -> str:
    """Return a rich text as Markdown."""
    return fit((piece for part in text for piece in _pieces(part, style)), limit).strip()


def bold(text: str, limit: int) -> str:
    """Return foreign words that stand out, on one line."""
    shown = fit(_escaped(line(text)), limit)
    return f"**{shown}**" if shown else ""


def link(text: str, address: str, limit: int) -> str:
    """Return a link; where the address is none that a chat should open, only its words."""
    words, href = fit(_escaped(line(text)), limit), url(address)
    return f"[{words}]({href})" if href and words else words


def url(address: str) -> str:
    """Return the address so that it can stand in a link; empty when it is none that a chat should open."""
    whole = _IN_URLS.sub(lambda found: f"%{ord(found[0]):02X}", line(address))
    return whole if _URL.fullmatch(whole) and size(whole) <= URL_LIMIT else ""


def is_mentioned(person: Person) -> bool:
    """Whether a person is mentioned so that they notice it."""
    return person.notify and person.user is not None and _USER.fullmatch(person.user) is not None


def mentioned(persons: Sequence[Person]) -> Text:
    """Return mentions that stand beside a text; a person without a usable id is named in it already."""
    return tuple(part for person in persons[:MOST_MENTIONS] if is_mentioned(person) for part in (person, " "))


def _pieces(part: Part, style: Style) -> Iterable[str]:
    """Return a part as strings that may be left out, but not cut."""
    match part:
        case str():
            return _escaped(isolated(fold(part)))
        case Strong():
            return (bold(part.text, STRONG_LIMIT),)
        case Person():
            if style.mentions and is_mentioned(part):
                return (f"<at id={part.user}></at>",)
            return _escaped(isolated(line(part.name)))
        case _:
            return (_local(part),) if style.local_times else _escaped(clock(part))


def _local(moment: Moment) -> str:
    """Return an instant that each reader sees in their own zone."""
    shapes = ("date_num", "time") if moment.day else ("time",)
    at = int(moment.at.timestamp() * 1000)
    return " ".join(f"<local_datetime millisecond='{at}' format_type='{shape}'></local_datetime>" for shape in shapes)


def _escaped(text: str) -> Iterator[str]:
    """Yield the characters of foreign text, each of them inert."""
    return (f"&#{ord(each)};" if _PUNCTUATION.fullmatch(each) else each for each in text)
