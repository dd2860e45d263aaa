"""A card or a note as an SMS: one line of plain words that fits a number of segments, counted as networks count.

1. A segment holds 160 units of GSM-7 or 70 of UCS-2; of two and more each holds 153 or 67. One character that GSM-7
   lacks makes the whole message UCS-2, so our own words use none, and typographic signs become plain ones.
2. What cannot be done without stands first and is never cut: how bad it is, which incident, what to reply. Then comes
   the title, and only it is cut. Where it would have no room, what is least needed is left out: the link, that it may
   be a repeat, the reply hint.
3. Nothing is cut inside of what a person sees as one character.

3GPP TS 23.038 (the alphabet). A guess: that a network which counts otherwise counts no more than this does.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cards.card import Card, Message, Note, Tone
from cards.plain import line, spoken
from cards.words import MAY_REPEAT, name_of, say

REPLY: Final = "Reply 1 {number} to acknowledge, 2 {number} to escalate"
REPEAT: Final = "{head} (may be a repeat)"
STATES: Final[Mapping[Tone, str]] = MappingProxyType(
    {Tone.TAKEN: "{head} acknowledged", Tone.QUIET: "{head} snoozed", Tone.DONE: "{head} over"}
)

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
_GSM: Final = _BASIC | _EXTENDED
# Whole, and in parts, of which each begins with a header: GSM-7, then UCS-2.
_GSM_UNITS: Final = (160, 153)
_UCS_UNITS: Final = (70, 67)

_CUT: Final = ".."
_SEVERITY_UNITS: Final = 20
# With less of it a title says nothing, so that what stands beside it goes first.
_TITLE_UNITS: Final = 24

_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′´`", "'"),
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("‐‑‒–—―−·•", "-"),
        **dict.fromkeys("\u034f\u115f\u1160\u200c\u200d\u3164\uffa0", ""),
        "…": "...",
        "→": "->",
    }
)
_VARIANTS: Final = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_PICTURES: Final = (range(0x2190, 0x2C00), range(0x1F000, 0x20000))
_FLAGS: Final = range(0x1F1E6, 0x1F200)
_SKINS: Final = range(0x1F3FB, 0x1F400)
_JAMO: Final = (range(0x1160, 0x1200), range(0xD7B0, 0xD800))
_AM: Final = "\u0e33\u0eb3"


@dataclass(frozen=True, slots=True)
class Segments:
    """How a network counts a text: `units` are septets, or with `unicode` pairs of bytes."""

    unicode: bool
    units: int
    segments: int


def measure(text: str) -> Segments:
    """Count a text. Nothing that takes two units is split between two segments; an empty text is one segment."""
    unicode = not _GSM.issuperset(text)
    widths = [_width(character, unicode=unicode) for character in text]
    units = sum(widths)
    whole, part = _UCS_UNITS if unicode else _GSM_UNITS
    if units <= whole:
        return Segments(unicode, units, 1)
    segments, left = 1, part
    for width in widths:
        if width > left:
            segments, left = segments + 1, part
        left -= width
    return Segments(unicode, units, segments)


NOWHERE: Final[Mapping[str, str]] = MappingProxyType({})


def text(  # noqa: PLR0913 - All but the message are named, and most calls give two.
    message: Message,
    *,
    locale: str,
    segments: int = 2,
    reply: bool = False,
    links: bool = True,
    addresses: Mapping[str, str] = NOWHERE,
) -> str:
    """Return a message of at most so many segments, at least one; never an empty one.

    `reply`: say what to write back, where the message is about one incident that is not over. `links`: give its first
    address, if it fits whole; `addresses`, where the tokens of its buttons can be confirmed, come before others.
    """
    room = max(segments, 1)
    found = _address(message, addresses) if links else ""
    body = _body(message, locale)
    shown = ""
    for head, tail in _around(message, locale, reply=reply, found=found):
        shown, kept = _fit(head, body, tail, room)
        if shown and (kept == body or _units(kept) >= _TITLE_UNITS):
            break
    return shown or _CUT


def fields(message: Message, locale: str) -> Mapping[str, str]:
    """Return what a template of a gateway can be filled with, uncut; empty where the message has no such thing."""
    if isinstance(message, Note):
        said = _body(message, locale)
        return {"number": "", "severity": "", "title": said, "summary": _repeated("", message, locale, said)}
    return {
        "number": "" if message.number is None else str(message.number),
        "severity": _clean(message.severity_word),
        "title": _clean(message.title),
        "summary": _repeated("", message, locale, _clean(message.summary)),
    }


# ---- what is said ----------------------------------------------------------------------------------------------------


def _around(message: Message, locale: str, *, reply: bool, found: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before and after the title, from all that is wanted to the least."""
    bare = _head(message, locale)
    hint = _hint(message, locale) if reply else ""
    yield _repeated(bare, message, locale), _joined(hint, found)
    yield _repeated(bare, message, locale), hint
    yield bare, hint
    yield bare, ""


def _head(message: Message, locale: str) -> str:
    if isinstance(message, Note):
        return ""
    severity = _shortened(_clean(message.severity_word), _SEVERITY_UNITS)
    if message.number is None:
        return severity
    head = f"{severity} #{message.number}".strip()
    return name_of(locale, STATES[message.tone], head=head) if message.tone in STATES else head


def _repeated(head: str, message: Message, locale: str, said: str = "") -> str:
    marked = name_of(locale, REPEAT, head=head).strip() if message.repeat else head
    return f"{marked} {said}".strip()


def _body(message: Message, locale: str) -> str:
    if isinstance(message, Card):
        return _clean(message.title)
    # The note says itself, at its end, what the head says.
    doubled = _clean(spoken(say(locale, MAY_REPEAT))) if message.repeat else ""
    said = _clean(spoken(message.text)).removesuffix(doubled).rstrip()
    return "; ".join(row for row in (said, *(_clean(spoken(row)) for row in message.rows)) if row)


def _hint(message: Message, locale: str) -> str:
    if isinstance(message, Note) or message.number is None or message.tone is Tone.DONE:
        return ""
    return name_of(locale, REPLY, number=message.number)


def _address(message: Message, addresses: Mapping[str, str]) -> str:
    """Return the first address that a phone opens and that GSM-7 can write."""
    confirmed = [addresses[button.token] for button in message.buttons if button.token in addresses]
    links = [line(link.href) for link in message.links] if isinstance(message, Card) else []
    return next((one for one in (*confirmed, *links) if _is_address(one)), "")


def _is_address(found: str) -> bool:
    opened = found.startswith(("https://", "http://")) and " " not in found
    return opened and found.isascii() and _GSM.issuperset(found)


def _joined(*parts: str) -> str:
    return " - ".join(part for part in parts if part)


# ---- what fits -------------------------------------------------------------------------------------------------------


def _fit(head: str, body: str, tail: str, segments: int) -> tuple[str, str]:
    """Return the whole with as much of the body as fits, and how much that was; empty where not even the rest does."""
    shown = _whole(head, body, tail)
    if measure(shown).segments <= segments:
        return shown, body
    clusters = _clusters(body)
    low, high = -1, len(clusters) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if measure(_whole(head, _cut(clusters[:middle]), tail)).segments <= segments:
            low = middle
        else:
            high = middle - 1
    kept = "".join(clusters[: max(low, 0)])
    return (_whole(head, _cut(clusters[:low]), tail), kept) if low >= 0 else ("", "")


def _whole(head: str, body: str, tail: str) -> str:
    return _joined(": ".join(part for part in (head, body) if part), tail)


def _cut(clusters: Sequence[str]) -> str:
    return "".join(clusters).rstrip() + _CUT


def _shortened(said: str, units: int) -> str:
    """Return as many whole characters of a word as have so many units, however they are written."""
    kept = ""
    for cluster in _clusters(said):
        if _units(kept + cluster) > units:
            break
        kept += cluster
    return kept


def _units(said: str) -> int:
    return measure(said).units


def _width(character: str, *, unicode: bool) -> int:
    return 1 + (ord(character) > 0xFFFF if unicode else character in _EXTENDED)


def _clusters(said: str) -> list[str]:
    """Split a text into what a person sees as one character each, well enough to cut between them."""
    found: list[str] = []
    for character in said:
        if found and _belongs(character, found[-1]):
            found[-1] += character
        else:
            found.append(character)
    return found


def _belongs(character: str, before: str) -> bool:
    code = ord(character)
    if code in _FLAGS:
        return len(before) == 1 and ord(before) in _FLAGS
    extends = unicodedata.category(character).startswith("M") or code in _SKINS or character in _AM
    return extends or _is_in(code, _JAMO)


# ---- what is sent ----------------------------------------------------------------------------------------------------


def _clean(said: str) -> str:
    """Return foreign words on one line, without what cannot be seen, and if it helps without pictures and niceties."""
    plain = line("".join(c for c in line(said).translate(_PLAIN) if not _is_hidden(ord(c))))
    words = line("".join(c for c in plain if not _is_in(ord(c), _PICTURES)))
    return words if words and _GSM.issuperset(words) else plain


def _is_hidden(code: int) -> bool:
    # The last two code points of each plane are no characters.
    return code & 0xFFFE == 0xFFFE or _is_in(code, _VARIANTS)


def _is_in(code: int, ranges: Iterable[range]) -> bool:
    return any(code in one for one in ranges)
