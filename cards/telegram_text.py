"""Texts as Telegram takes them: HTML in which foreign text is inert, cut where Telegram's limits are.

1. Lengths are counted in UTF-16 code units of what is read, without the markup: Telegram counts "characters after
   entities parsing", and this is the stricter reading of it.
2. Telegram makes commands and names in any text active: a tap would send `/ban@bot`, a name calls somebody. Such words
   stand in `<code>`, where nothing is found, or with look-alikes. Addresses stay what Telegram makes of them: they show
   where they lead, and nothing is fetched, because previews are off.
3. A message keeps 100 entities, and the others are dropped without a word (a guess of where): so they are counted.

https://core.telegram.org/bots/api#html-style
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from cards.card import Part, Person, Strong, Text
from cards.plain import clock, fold, isolated, line

JsonObject = dict[str, object]

STRONG_LIMIT: Final = 500
NAME_LIMIT: Final = 60
URL_LIMIT: Final = 600
CAPTION_LIMIT: Final = 1024
MOST_MENTIONS: Final = 30
MOST_IN_CODE: Final = 3
NOTHING: Final = "…"

_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
# What follows a name goes with it: behind a name that is made inert, it would begin a word.
_ACTIVE: Final = re.compile(
    r"(?<!\w)(?:@\w{1,64})+(?:/\w{1,64}(?:@\w{1,64})*)*|(?<![\w/<>])/\w{1,64}(?:@\w{1,64})*(?![\w/])"
)
_LOOK_ALIKES: Final = str.maketrans("@/", "＠∕")
_USER: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_URL: Final = re.compile(r"https?://[^/\s]\S*", re.IGNORECASE)
_NO_URL: Final = re.compile(r"[\s<>\"]")


@dataclass(frozen=True, slots=True)
class Piece:
    """HTML that is whole: its tags are closed. `width` is what it takes when it is read, `marks` its entities."""

    html: str
    width: int
    marks: int = 0


EMPTY: Final = Piece("", 0)


def size(text: str) -> int:
    """Return the length in UTF-16 code units, in which a character beyond the basic plane counts twice."""
    return len(text.encode("utf-16-le")) // 2


def escaped(text: str) -> str:
    """Return the text as it stands in HTML, between tags or in an attribute."""
    return "".join(_ENTITIES.get(character, character) for character in text)


def joined(pieces: Iterable[Piece]) -> Piece:
    """Return the pieces as one."""
    every = tuple(pieces)
    return Piece("".join(one.html for one in every), sum(one.width for one in every), sum(one.marks for one in every))


def fit(pieces: Iterable[Piece], limit: int, marks: int = 100) -> Piece:
    """Join the pieces; when they are too many, as many as fit, and an ellipsis says that something is missing."""
    kept: list[Piece] = []
    left = limit - len(NOTHING)
    for piece in pieces:
        left, marks = left - piece.width, marks - piece.marks
        if left < 0 or marks < 0:
            return joined([*kept, Piece(NOTHING, len(NOTHING))]) if limit > 0 else EMPTY
        kept.append(piece)
    return joined(kept)


def tagged(tag: str, inside: Piece, attributes: str = "") -> Piece:
    """Return the piece in a tag, which is one entity more; an empty one stays empty."""
    if not inside.width:
        return EMPTY
    return Piece(f"<{tag}{attributes}>{inside.html}</{tag}>", inside.width, inside.marks + 1)


def words(text: str) -> Iterator[Piece]:
    """Yield foreign text as pieces in which nothing is active."""
    at = 0
    for count, found in enumerate(_ACTIVE.finditer(text)):
        yield from _characters(text[at : found.start()])
        at = found.end()
        if count < MOST_IN_CODE:
            yield code(found[0])
        else:
            yield from _characters(found[0].translate(_LOOK_ALIKES))
    yield from _characters(text[at:])


def inert(text: str) -> str:
    """Return foreign text in which names and commands are look-alikes."""
    return _ACTIVE.sub(lambda found: found[0].translate(_LOOK_ALIKES), text)


def code(text: str) -> Piece:
    """Return words in which nothing is active, and which are copied by a tap."""
    return tagged("code", joined(_characters(text)))


def caption(text: str) -> str:
    """Return what stands under a picture, to be sent without markup: names and commands in it are look-alikes."""
    whole = inert(isolated(line(text)))
    if size(whole) <= CAPTION_LIMIT:
        return whole
    cut = whole.encode("utf-16-le")[: 2 * (CAPTION_LIMIT - len(NOTHING))]
    return cut.decode("utf-16-le", "ignore") + NOTHING


def bold(text: str, limit: int) -> Piece:
    """Return foreign words that stand out, on one line; empty when nothing of them can be seen."""
    return tagged("b", fit(_characters(inert(isolated(line(text)))), limit))


def link(text: str, address: str, limit: int) -> Piece:
    """Return a link; where the address is none that a chat should open, only its words."""
    shown, whole = fit(_characters(inert(isolated(line(text)))), limit), url(address)
    return tagged("a", shown, f' href="{escaped(whole)}"') if whole else shown


def url(address: str) -> str:
    """Return the address as it can stand in a link; empty when it is none that a chat should open."""
    whole = _NO_URL.sub(lambda found: f"%{ord(found[0]):02X}", line(address))
    return whole if _URL.fullmatch(whole) and size(whole) <= URL_LIMIT else ""


def pieces(text: Text) -> Iterator[Piece]:
    """Yield a rich text as pieces; people who must notice are mentioned."""
    for part in text:
        yield from _part(part)


def _part(part: Part) -> Iterable[Piece]:
    match part:
        case str():
            return words(isolated(fold(part)))
        case Person():
            return (_mention(part),) if is_mentioned(part) else words(isolated(line(part.name)))
        case Strong():
            return (bold(part.text, STRONG_LIMIT),)
        case _:
            return words(clock(part))


def is_mentioned(person: Person) -> bool:
    """Whether a person is mentioned so that they notice it."""
    return person.notify and person.user is not None and _USER.fullmatch(person.user) is not None


def mentioned(persons: Sequence[Person]) -> Text:
    """Return mentions that stand beside a text; a person without a usable id is named in it already."""
    return tuple(part for person in islice(persons, MOST_MENTIONS) if is_mentioned(person) for part in (person, " "))


def _mention(person: Person) -> Piece:
    """Return a mention by id: it works for people without a name of their own in Telegram, too."""
    named = fit(_characters(isolated(line(person.name))), NAME_LIMIT)
    return tagged("a", named if named.width else Piece(NOTHING, len(NOTHING)), f' href="tg://user?id={person.user}"')


def _characters(text: str) -> Iterator[Piece]:
    return (Piece(_ENTITIES.get(character, character), size(character)) for character in text)
