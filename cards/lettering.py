"""Lettering of a picture: which font has the letters of a text, how wide it is, what of it fits.

A font that has no letter shows a box in its place, which says nothing. What no font here can write is written without
its accents, and what that does not mend is replaced by a label (A, B, C, ...): whoever shows the picture says beside it
what the labels stand for.
"""

import string
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, cast

from PIL import ImageFont, features

from cards.plain import isolated, line

Font = ImageFont.FreeTypeFont
Face = Callable[[int], Font]
"""A font at a size in pixels."""

ELLIPSIS: Final = "…"
# Of a name, one letter and the dots say nothing.
FEWEST: Final = 2
_PROBE: Final = 24
# A noncharacter: no font has it.
_NOTHING: Final = "\U0010ffff"
_JOINERS: Final = frozenset("\u200c\u200d")


@lru_cache
def built_in(size: int) -> Font:
    """Return the font that comes along: the letters of ASCII alone."""
    # What it returns without a size is of another class.
    return cast("Font", ImageFont.load_default(size))


class Lettering:
    """Writes with the built-in font, and what that lacks with the first of `faces` that has it."""

    def __init__(self, faces: Sequence[Face] = (), *, turns: bool | None = None) -> None:
        """`turns`: whether letters from right to left come out so; unless said, if the library for it is here."""
        self._turns = features.check("raqm") if turns is None else turns
        self._faces: tuple[Face, ...] = (built_in, *faces)
        self._known: dict[str, Face | None] = {}
        self._drawn: dict[tuple[Face, str], bool] = {}
        self._widths: dict[tuple[str, int], int] = {}
        self.labels: dict[str, str] = {}
        """What each label in the picture stands for, by the text."""

    def can_write(self, text: str) -> bool:
        """Whether one font has every letter of the text, and they come out in their order."""
        return self._face(text) is not None and (self._turns or isolated(text) == text)

    def written(self, text: str) -> str:
        """Return the text on one line, without its accents or as its label where no font can write it."""
        text = unicodedata.normalize("NFC", line(text))
        if self.can_write(text):
            return text
        bare = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
        if self.can_write(bare):
            return bare
        if text not in self.labels:
            self.labels[text] = _label(len(self.labels))
        return self.labels[text]

    def font(self, text: str, size: int) -> Font:
        """Return the font of a text that can be written."""
        return (self._face(text) or built_in)(size)

    def width(self, text: str, size: int) -> int:
        """Return how many pixels wide the text is; of a picture's thousand bars, most hold one of a few names."""
        key = text, size
        if key not in self._widths:
            self._widths[key] = -int(-self.font(text, size).getlength(text) // 1)
        return self._widths[key]

    def fitted(self, text: str, size: int, width: int) -> str:
        """Return as much of the text as fits into so many pixels; nothing where that says nothing."""
        if self.width(text, size) <= width:
            return text
        # Of so many letters it fits, of one more it does not.
        fits = bisect_right(range(len(text)), width, key=lambda end: self.width(text[:end] + ELLIPSIS, size)) - 1
        return text[:fits].rstrip() + ELLIPSIS if fits >= FEWEST else ""

    def _face(self, text: str) -> Face | None:
        if text not in self._known:
            letters = [letter for letter in set(text) - _JOINERS if not letter.isspace()]
            able = (face for face in self._faces if all(self._has(face, letter) for letter in letters))
            self._known[text] = next(able, None)
        return self._known[text]

    def _has(self, face: Face, letter: str) -> bool:
        key = face, letter
        if key not in self._drawn:
            font = face(_PROBE)
            self._drawn[key] = _ink(font, letter) not in (b"", _ink(font, _NOTHING))
        return self._drawn[key]


def _ink(font: Font, letter: str) -> bytes:
    return bytes(font.getmask(letter))


def _label(number: int) -> str:
    """Return A, B, ..., Z, AA, AB, ... for 0, 1, ..."""
    before, letter = divmod(number, len(string.ascii_uppercase))
    return (_label(before - 1) if before else "") + string.ascii_uppercase[letter]
