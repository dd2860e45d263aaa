"""Regular expressions that take linear time, whatever is written in them: RE2's.

Never raises: an expression that RE2 refuses is an answer, and any text can be searched, also one that is no Unicode.
"""

from dataclasses import dataclass
from typing import Any, Final

import re2  # type: ignore[import-untyped]

# RE2's own count of a compiled expression. Above it a search is still linear, but slow: `((a{0,99}){0,99})`.
LARGEST: Final = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Regex:
    """A compiled expression."""

    compiled: Any

    def finds(self, text: str) -> bool:
        """Whether the expression is found anywhere in the text."""
        return self.compiled.search(_encoded(text)) is not None


@dataclass(frozen=True, slots=True)
class Unusable:
    """An expression that cannot be used, and why in RE2's words."""

    why: str


def compiled(pattern: str, *, ignore_case: bool = False) -> Regex | Unusable:
    """Return the expression, ready to search with; or why it cannot be used."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = not ignore_case
    try:
        made = re2.compile(_encoded(pattern), options)
    except re2.error as error:
        return Unusable(error.args[0].decode(errors="replace"))
    return Regex(made) if made.programsize <= LARGEST else Unusable("the expression is too large")


def escaped(text: str) -> str:
    """Return the expression that finds exactly this text."""
    return bytes(re2.escape(_encoded(text))).decode()


def _encoded(text: str) -> bytes:
    """Return the text in UTF-8; half of a surrogate pair becomes the sign for what cannot be read."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
