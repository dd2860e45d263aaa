"""HTML as the Bot API reads it: what becomes of the text, where the entities lie, and why it is refused.

The rules and the words of the refusals are those of TDLib (`parse_html` in `MessageEntity.cpp`): unknown entities such
as `&nbsp;` stay as they are, a link to nowhere loses its link, and every offset in a refusal counts bytes of UTF-8.
Offsets of entities count UTF-16 code units.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from bot.playground.telegram.refusal import bad_request
from bot.playground.wire import JsonObject

KINDS: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
ENTITIES: Final = 100
"""How many entities a message keeps; the others are dropped without a word."""

_SPACE: Final = b" \t\r\n\v\f\0"
_NAMED: Final = {b"lt": "<", b"gt": ">", b"amp": "&", b"quot": '"'}
_REFERENCE: Final = re.compile(rb"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")
_USER_LINK: Final = re.compile(r"tg://user\?id=(\d+)")


@dataclass(frozen=True, slots=True)
class Entity:
    """A part of a text that means something; `argument` is the link, the language or the person."""

    kind: str
    offset: int
    length: int
    argument: str = ""

    @property
    def end(self) -> int:
        """Where it ends, in UTF-16 code units."""
        return self.offset + self.length


@dataclass(frozen=True, slots=True)
class Text:
    """A text without markup, and its entities in order."""

    words: str
    entities: tuple[Entity, ...] = ()


def units(text: str) -> int:
    """Return the length of a text in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, offset: int, length: int) -> str:
    """Return the part of a text that lies at `offset`, both in UTF-16 code units."""
    wide = text.encode("utf-16-le", "surrogatepass")
    return wide[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace")


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    argument: str
    offset: int
    at: int


class _Html:
    """One reading of one text."""

    def __init__(self, text: str) -> None:
        self.data = text.encode("utf-8", "surrogatepass")
        self.at = 0
        self.out = bytearray()
        self.width = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def byte(self) -> bytes:
        """The byte under the eye, NUL at the end."""
        return self.data[self.at : self.at + 1] or b"\0"

    def read(self) -> Text:
        while self.at < len(self.data):
            byte = self.byte()
            if byte == b"<":
                self.tag()
            elif byte != b"&" or not self.reference(self.put):
                self.literal(byte)
        if self.open:
            raise _cannot(f"Can't find end tag corresponding to start tag {self.open[-1].tag}")
        ordered = sorted(self.entities, key=lambda entity: (entity.offset, -entity.length))
        return Text(self.out.decode("utf-8", "replace"), tuple(ordered))

    def literal(self, byte: bytes) -> None:
        self.out += byte
        if byte[0] & 0xC0 != 0x80:
            self.width += 2 if byte[0] >= 0xF0 else 1
        self.at += 1

    def put(self, character: str) -> None:
        self.out += character.encode("utf-8", "surrogatepass")
        self.width += 2 if ord(character) > 0xFFFF else 1

    def reference(self, put: Callable[[str], None]) -> bool:
        """Take a character reference, and return whether there is one that the Bot API knows."""
        found = _REFERENCE.match(self.data, self.at)
        if found is None:
            return False
        if found[3] is not None:
            character = _NAMED.get(found[3], "")
        else:
            code = int(found[1], 16) if found[1] else int(found[2])
            fits = 0 < code < 0x10FFFF and len(found[0].rstrip(b";")) < 10 and not 0xD800 <= code <= 0xDFFF
            character = chr(code) if fits else ""
        if not character:
            return False
        put(character)
        self.at = found.end()
        return True

    def skip(self, ends: bytes) -> bytes:
        """Take the bytes up to one of `ends`, a space, or the end."""
        start = self.at
        while self.byte() not in (b"\0", *(bytes((end,)) for end in ends + _SPACE)):
            self.at += 1
        return self.data[start : self.at]

    def spaces(self) -> None:
        while self.at < len(self.data) and self.byte() in (b" ", b"\t", b"\r", b"\n", b"\v", b"\f"):
            self.at += 1

    def tag(self) -> None:
        begin = self.at
        self.at += 1
        if self.byte() == b"/":
            self.at += 1
            self.end(begin)
        else:
            self.start(begin)
        self.at += 1

    def start(self, begin: int) -> None:
        name = self.skip(b">").decode("utf-8", "replace").lower()
        if self.at >= len(self.data):
            raise _cannot(f"Unclosed start tag at byte offset {begin}")
        if name not in KINDS:
            raise _cannot(f'Unsupported start tag "{name}" at byte offset {begin}')
        argument = ""
        self.spaces()
        while self.byte() != b">":
            attribute, value = self.attribute(name, begin)
            argument = _argument(name, attribute, value) or argument
            self.spaces()
        if name == "span" and argument != "spoiler":
            raise _cannot(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self.open.append(_Open(name, argument, self.width, len(self.out)))

    def attribute(self, tag: str, begin: int) -> tuple[str, str]:
        """Take one attribute with its value; `expandable` of a quotation has none."""
        name = self.skip(b"=>").decode("utf-8", "replace")
        if not name:
            raise _cannot(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
        self.spaces()
        if self.byte() == b">" and (tag, name) == ("blockquote", "expandable"):
            return name, ""
        if self.byte() != b"=":
            where = f'"{tag}" at byte offset {begin}'
            raise _cannot(f"Expected equal sign in declaration of an attribute of the tag {where}")
        self.at += 1
        self.spaces()
        if self.at >= len(self.data):
            raise _cannot(f'Unclosed start tag "{tag}" at byte offset {begin}')
        value = self.quoted() if self.byte() in (b'"', b"'") else self.token()
        if self.at >= len(self.data):
            raise _cannot(f"Unclosed start tag at byte offset {begin}")
        return name, value

    def token(self) -> str:
        start = self.at
        while re.fullmatch(rb"[A-Za-z0-9.-]", self.byte()):
            self.at += 1
        if self.at < len(self.data) and self.byte() != b">" and self.byte() not in (b" ", b"\t", b"\r", b"\n"):
            raise _cannot(f"Unexpected end of name token at byte offset {start}")
        return self.data[start : self.at].decode().lower()

    def quoted(self) -> str:
        quote, value = self.byte(), bytearray()

        def put(character: str) -> None:
            value.extend(character.encode())

        self.at += 1
        while self.at < len(self.data) and self.byte() != quote:
            if self.byte() != b"&" or not self.reference(put):
                value += self.byte()
                self.at += 1
        self.at += 1
        return value.decode("utf-8", "replace")

    def end(self, begin: int) -> None:
        if not self.open:
            raise _cannot(f"Unexpected end tag at byte offset {begin}")
        name = self.skip(b">").decode("utf-8", "replace").lower()
        self.spaces()
        if self.byte() != b">":
            raise _cannot(f"Unclosed end tag at byte offset {begin}")
        begun = self.open[-1]
        if name and name != begun.tag:
            expected = f'expected "</{begun.tag}>", found "</{name}>"'
            raise _cannot(f"Unmatched end tag at byte offset {begin}, {expected}")
        self.open.pop()
        if self.width > begun.offset:
            self.close(begun)

    def close(self, begun: _Open) -> None:
        """Note the entity of a tag that has words in it."""
        entity = Entity(KINDS[begun.tag], begun.offset, self.width - begun.offset, begun.argument)
        if begun.tag == "a":
            target = begun.argument or self.out[begun.at :].decode("utf-8", "replace")
            entity = _link(replace(entity, argument=target))
        elif begun.tag == "tg-emoji" and not begun.argument.isdigit():
            raise _cannot("Invalid custom emoji identifier specified")
        elif begun.tag == "span":
            entity = replace(entity, argument="")
        if entity.argument or begun.tag != "a":
            self.entities.append(entity)


def _argument(tag: str, attribute: str, value: str) -> str:
    if (tag, attribute) in (("a", "href"), ("tg-emoji", "emoji-id")):
        return value
    if (tag, attribute) == ("code", "class") and value.startswith("language-"):
        return value.removeprefix("language-")
    if (tag, attribute) == ("span", "class") and value.startswith("tg-"):
        return value.removeprefix("tg-")
    return "expandable" if (tag, attribute) == ("blockquote", "expandable") else ""


def _link(entity: Entity) -> Entity:
    person = _USER_LINK.fullmatch(entity.argument)
    if person is not None:
        return replace(entity, kind="text_mention", argument=person[1])
    return replace(entity, argument=checked_link(entity.argument))


def checked_link(address: str) -> str:
    """Return an address as Telegram keeps it, empty if it is none: a host needs a dot in it."""
    if address.startswith(("tg://", "mailto:", "tel:")):
        return address
    known = address if "://" in address else f"http://{address}"
    try:
        parts = urlsplit(known)
        reachable = parts.scheme.lower() in ("http", "https") and "." in (parts.hostname or "") and parts.port != 0
    except ValueError:
        return ""
    if not reachable or re.search(r"[\s<>\"]", known):
        return ""
    return known if parts.path or parts.query else f"{known}/"


def _cannot(why: str) -> Exception:
    return bad_request(f"can't parse entities: {why}")


def parse_html(text: str) -> Text:
    """Return the text that HTML stands for; raises `Refusal`."""
    parsed = _Html(text).read()
    blocks = {(entity.offset, entity.length) for entity in parsed.entities if entity.kind == "pre"}
    kept: list[Entity] = []
    languages = {(e.offset, e.length): e.argument for e in parsed.entities if e.kind == "code" and e.argument}
    for entity in parsed.entities:
        place = (entity.offset, entity.length)
        if entity.kind == "pre":
            kept.append(replace(entity, argument=languages.get(place, "")))
        elif entity.kind == "code":
            kept += [] if place in blocks and entity.argument else [replace(entity, argument="")]
        else:
            kept.append(entity)
    return Text(parsed.words, tuple(kept))


_FOUND: Final = re.compile(
    r"(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/]))"
    r"|(?P<mention>(?<![\w@])@[A-Za-z][A-Za-z0-9_]{1,31}\b)"
    r"|(?P<url>https?://[^\s<>\"]+\.[^\s<>\"]*[\w/])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+\.[\w.-]*\w)"
)
_OPAQUE: Final = frozenset({"code", "pre", "text_link", "text_mention"})


def with_found(text: Text) -> Text:
    """Return a text as it is shown: trimmed, with the commands, mentions and addresses that Telegram finds itself."""
    trimmed = _trimmed(text)
    closed = [(entity.offset, entity.end) for entity in trimmed.entities if entity.kind in _OPAQUE]
    found = list(trimmed.entities)
    for match in _FOUND.finditer(trimmed.words):
        offset, length = units(trimmed.words[: match.start()]), units(match[0])
        if not any(offset < end and start < offset + length for start, end in closed):
            found.append(Entity(str(match.lastgroup), offset, length))
    ordered = sorted(found, key=lambda entity: (entity.offset, -entity.length))
    return Text(trimmed.words, tuple(ordered[:ENTITIES]))


def _trimmed(text: Text) -> Text:
    """Cut spaces off both ends, and entities to what is left."""
    words = text.words.replace("\r", "").replace("\0", " ")
    bare = words.lstrip()
    before, bare = units(words) - units(bare), bare.rstrip()
    width = units(bare)
    kept = []
    for entity in text.entities:
        start, end = max(entity.offset - before, 0), min(entity.end - before, width)
        if end > start:
            kept.append(replace(entity, offset=start, length=end - start))
    return Text(bare, tuple(kept))


def given_entities(value: list[JsonObject]) -> tuple[Entity, ...]:
    """Return the entities that a call gives beside its text."""
    found = []
    for item in value:
        offset, length = item.get("offset"), item.get("length")
        if not isinstance(offset, int) or not isinstance(length, int):
            raise bad_request("can't parse MessageEntity: Can't find field \"offset\"")
        person = item.get("user")
        user = str(person.get("id", "")) if isinstance(person, dict) else ""
        argument = str(item.get("url") or item.get("language") or item.get("custom_emoji_id") or user)
        found.append(Entity(str(item.get("type")), offset, length, argument))
    return tuple(found)
