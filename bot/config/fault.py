"""Faults of a configuration file: what is wrong, on which line, and how to mend it.

A fault never holds a secret. What it quotes is the file's own text: of a `${NAME}` the name is shown, never the value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from pydantic_core import PydanticCustomError

SAID: Final = "\0said\0"
"""Stands in a fault's text for the value as the file has it; `quoted` takes its place when the line is known."""

LONGEST_QUOTE: Final = 80
_MOST_CHOICES: Final = 8


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing to mend. Lines count from 1."""

    line: int
    what: str
    mend: str = ""

    def said(self, file: str) -> str:
        """Return the fault as the command line prints it."""
        return f"{file}:{self.line}: {self.what}" + (f"; {self.mend}" if self.mend else "")


def refusal(what: str, mend: str) -> PydanticCustomError:
    """Return what a reader raises to refuse a value; `SAID` in the texts stands for the value."""
    return PydanticCustomError("fault", "{what}", {"what": what, "mend": mend})


def quoted(text: str) -> str:
    """Return `text` in backquotes, short and fit to print."""
    return f"`{printable(text)}`"


def printable(text: str) -> str:
    """Return `text` on one line, cut where it gets long, with nothing that a terminal would obey."""
    cut = text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"
    return "".join(sign if sign.isprintable() else "?" for sign in cut)


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return how to mend a word that is not known: the known one that it resembles, else the words of `otherwise`."""
    by_folded = {one.casefold(): one for one in known}
    close = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return f"did you mean {quoted(by_folded[close[0]])}?" if close else otherwise


def one_of(known: Iterable[str]) -> str:
    """Return the words that say what there is to choose from, if that is little enough to read."""
    names = list(known)
    shown = ", ".join(quoted(name) for name in names[:_MOST_CHOICES])
    return f"{shown} and {len(names) - _MOST_CHOICES} more" if len(names) > _MOST_CHOICES else shown
