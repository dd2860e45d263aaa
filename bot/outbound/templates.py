"""Texts that a service has approved beforehand: only their variables are ours, and each may hold little.

A variable is written `name=source:longest:charset:fallback`, or without `name=` where the service counts them; what
stands behind the source may be left out. Sources are the fields of a message as an SMS, and the code that it brings
somebody, for which services want a template of its own. `longest` is in characters,
`charset` is `text` or `digits`. Services refuse what looks like an address and what is no plain writing, so that is
taken out; a number that does not fit is not cut, it would be another number. What is empty after all of that becomes
the fallback, because no service takes an empty variable.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.adapter import DeliveryFailed, FailureKind
from cards.card import Card, Message
from cards.sms import fields

SOURCES: Final = ("number", "severity", "title", "summary", "code")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}", re.ASCII)
_LENGTH: Final = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_SCHEME: Final = re.compile(r"(?:[a-z][a-z0-9+.-]{0,15})?://", re.IGNORECASE | re.ASCII)
# A number with a fraction keeps its point; any other before a word makes it look like a host.
_DOT: Final = re.compile(r"(?<![\w.])\d{1,9}\.\d{1,9}(?![\w.])|\.(?=\w)")
_REFUSED: Final = frozenset("【】{}")
_VARIATIONS: Final = range(0xFE00, 0xFE10)


class Charset(StrEnum):
    """What a variable may be written with."""

    TEXT = "text"
    DIGITS = "digits"


FALLBACKS: Final = {Charset.TEXT: "-", Charset.DIGITS: "0"}


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a template; `name` is empty where the service goes by their order."""

    name: str
    source: str
    longest: int
    charset: Charset
    fallback: str


def read_variables(text: str, *, named: bool, longest: int) -> tuple[Variable, ...]:
    """Read variables that are separated by commas; `longest` is for those that do not say.

    Raises ValueError, which says what is wrong with which of them.
    """
    read = tuple(_variable(one.strip(), named=named, longest=longest) for one in text.split(",") if one.strip())
    names = [one.name for one in read]
    twice = next((name for name in names if named and names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"the variable {twice} is there twice")
    return read


def fields_of(message: Message, locale: str) -> Mapping[str, str]:
    """Return what variables can be filled with; empty where the message has no such thing."""
    return {**fields(message, locale), "code": code_of(message)}


def code_of(message: Message) -> str:
    """Return the code that a message brings somebody, empty: it brings none.

    Raises DeliveryFailed for what says that something is over: a template that calls for somebody would be a lie.
    """
    if isinstance(message, Card):
        return ""
    if message.over:
        raise DeliveryFailed(FailureKind.REFUSED, "no template here says that something is over")
    return message.code


def fill(variables: tuple[Variable, ...], fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return the value of each variable; none is empty and none is longer than it may be."""
    return tuple(_value(one, fields.get(one.source, "")) for one in variables)


def plain(text: str) -> str:
    """Return a text without what services refuse in a variable: pictures, brackets of signatures, addresses."""
    spaced = "".join(one if one.isprintable() else " " for one in unicodedata.normalize("NFKC", text))
    written = "".join(one for one in spaced if _is_writing(one))
    joined = _DOT.sub(lambda found: found[0] if len(found[0]) > 1 else "_", _SCHEME.sub(" ", written))
    return " ".join(joined.split())


def _variable(written: str, *, named: bool, longest: int) -> Variable:
    name, is_named, rest = written.partition("=") if named else ("", "=", written)
    if not is_named or (named and _NAME.fullmatch(name.strip()) is None):
        raise ValueError(f"{written!r} must begin with the variable's name, such as number=number:6:digits")
    source, length, charset, fallback = (*(part.strip() for part in rest.split(":", 3)), "", "", "")[:4]
    if source not in SOURCES:
        raise ValueError(f"{written!r}: the source must be one of {', '.join(SOURCES)}")
    if length and _LENGTH.fullmatch(length) is None:
        raise ValueError(f"{written!r}: the length must be a number from 1 to 999")
    if charset not in ("", *Charset):
        raise ValueError(f"{written!r}: the charset must be one of {', '.join(Charset)}")
    kind = Charset(charset or Charset.TEXT)
    most = int(length) if length else longest
    fallback = fallback or FALLBACKS[kind]
    if len(fallback) > most or (kind is Charset.DIGITS and not _is_number(fallback)):
        raise ValueError(f"{written!r}: the fallback does not keep to the length and the charset itself")
    return Variable(name.strip(), source, most, kind, fallback)


def _value(variable: Variable, text: str) -> str:
    shown = plain(text)
    if variable.charset is Charset.TEXT:
        return shown[: variable.longest].rstrip() or variable.fallback
    return shown if _is_number(shown) and len(shown) <= variable.longest else variable.fallback


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_writing(character: str) -> bool:
    if character in _REFUSED or ord(character) in _VARIATIONS:
        return False
    return character.isascii() or unicodedata.category(character)[0] in "LMNP"
