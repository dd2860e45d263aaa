"""The values of a filter's conditions: what is written, and which texts it matches.

| written | matches |
|---|---|
| `*` | anything: the field is there |
| `/disk|inode/`, `/disk/i` | a text in which RE2 finds the expression; with `i` in any case |
| `db-?.*` | the whole text: `*` is any signs, `?` is one |
| `cidr:10.0.0.0/8` | an address of the network, also one with a port: `10.1.2.3:9100` |
| `num:ge:90` | a number that is greater (`gt`, `ge`) or less (`lt`, `le`) than, or with `e` equal to, the other |
| anything else | exactly this text, in this case |

To match exactly a text that reads as one of the others, write it as an expression: `exactly` does. Each value is read
once. Nothing here raises, whatever the value and the text.
"""

import ipaddress
import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final, assert_never

from bot.domain import regex
from bot.domain.regex import Regex, Unusable

# Room for the longest label, with every sign of it escaped.
LONGEST_VALUE: Final = 5000
# The longest text that can be a number or an address; so that a long one costs nothing.
_LONGEST_NUMBER: Final = 64

_EXPRESSION: Final = re.compile(r"/(.+)/(i?)", re.DOTALL)
_NUMBER: Final = re.compile(r"\s*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)\s*")
_WITH_PORT: Final = re.compile(r"(?:\[([^\[\]]+)\]|([0-9.]+))(?::[0-9]{1,5})?")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Comparison(StrEnum):
    """How a number stands to the one that is written."""

    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


@dataclass(frozen=True, slots=True)
class Anything:
    """Whatever is there."""

    def matches(self, text: str) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Exact:
    """One text."""

    text: str

    def matches(self, text: str) -> bool:
        return text == self.text


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression, or a wildcard as one."""

    expression: Regex

    def matches(self, text: str) -> bool:
        return self.expression.finds(text)


@dataclass(frozen=True, slots=True)
class InNetwork:
    """The addresses of a network."""

    network: Network

    def matches(self, text: str) -> bool:
        found = address(text)
        return found is not None and found in self.network


@dataclass(frozen=True, slots=True)
class Compared:
    """The numbers on one side of another."""

    comparison: Comparison
    than: Decimal

    def matches(self, text: str) -> bool:
        found = number(text)
        return found is not None and self.holds(found)

    def holds(self, found: Decimal) -> bool:
        """Whether it is true of this number."""
        match self.comparison:
            case Comparison.GT:
                return found > self.than
            case Comparison.GE:
                return found >= self.than
            case Comparison.LT:
                return found < self.than
            case Comparison.LE:
                return found <= self.than
        assert_never(self.comparison)


Value = Anything | Exact | Pattern | InNetwork | Compared


@dataclass(frozen=True, slots=True)
class Misread:
    """A value that means nothing: what is wrong with it, and how to mend it."""

    what: str
    mend: str


@lru_cache(maxsize=8192)
def read(written: str) -> Value | Misread:
    """Return what the value means."""
    if not written:
        return Misread("this value is empty", "write `*` for anything, and `not` before the field for nothing")
    if len(written) > LONGEST_VALUE:
        return Misread(f"this value has {len(written)} characters", f"write at most {LONGEST_VALUE}")
    if written == "*":
        return Anything()
    if written.startswith("cidr:"):
        return _network(written.removeprefix("cidr:"))
    if written.startswith("num:"):
        return _comparison(written.removeprefix("num:"))
    expression = _EXPRESSION.fullmatch(written)
    if expression is not None:
        return _expression(expression[1], ignore_case=bool(expression[2]))
    return _wildcard(written) if "*" in written or "?" in written else Exact(written)


def exactly(text: str) -> str:
    """Return the value that matches this text alone, and not what it may look like."""
    return text if isinstance(read(text), Exact) else rf"/\A{regex.escaped(text)}\z/"


def address(text: str) -> Address | None:
    """Return the address that the text is, with or without a port; None: it is none."""
    if len(text) > _LONGEST_NUMBER:
        return None
    found = _WITH_PORT.fullmatch(text)
    try:
        return ipaddress.ip_address((found[1] or found[2]) if found else text)
    except ValueError:
        return None


def number(text: str) -> Decimal | None:
    """Return the number that the text is, in decimal digits; None: it is none."""
    found = _NUMBER.fullmatch(text) if len(text) <= _LONGEST_NUMBER else None
    return Decimal(found[1]) if found else None


def _network(written: str) -> InNetwork | Misread:
    try:
        if "%" not in written:
            return InNetwork(ipaddress.ip_network(written))
    except ValueError:
        pass
    try:
        meant = f"did you mean `cidr:{ipaddress.ip_network(written.partition('%')[0], strict=False)}`?"
    except ValueError:
        meant = "write one such as `cidr:10.0.0.0/8` or `cidr:2001:db8::/32`"
    return Misread("this is no network", meant)


def _comparison(written: str) -> Compared | Misread:
    word, _, than = written.partition(":")
    found = number(than)
    if found is None or word not in tuple(Comparison):
        return Misread("this is no comparison of numbers", "write `num:gt:90`, with `gt`, `ge`, `lt` or `le`")
    return Compared(Comparison(word), found)


def _expression(pattern: str, *, ignore_case: bool) -> Pattern | Misread:
    found = regex.compiled(pattern, ignore_case=ignore_case)
    if isinstance(found, Unusable):
        return Misread(
            f"RE2 refuses this regular expression: {found.why}",
            "RE2 has no look-ahead and no back-references; see github.com/google/re2/wiki/Syntax",
        )
    return Pattern(found)


def _wildcard(written: str) -> Pattern | Misread:
    signs = {"*": ".*", "?": "."}
    parts = (signs.get(part) or regex.escaped(part) for part in re.split(r"([*?])", written))
    found = regex.compiled(rf"(?s)\A{''.join(parts)}\z")
    if isinstance(found, Unusable):
        return Misread("this wildcard is too long", "write a shorter one")
    return Pattern(found)
