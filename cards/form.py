"""A form, without markup: what is asked of one person before something is done.

Whatever a platform makes of it (a window, fields in a card, buttons that follow, a text to answer), what comes back is
one sentence of the chat grammar: the form's token, and after it what was chosen or written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.event import cut
from cards.card import Text
from cards.plain import lines

LONGEST_ANSWER: Final = 2000


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be chosen; `value` is what it means in the sentence."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question. `name` is unique in its form and made of ASCII letters.

    With `choices` one of them is chosen, otherwise text is written; `people`: the choices are persons, so that a
    platform that knows its users may let one of them be picked instead, as `<@user>`. `hint` is an example of an
    answer. `lines`: the text may have several.
    """

    name: str
    label: str
    choices: tuple[Choice, ...] = ()
    people: bool = False
    hint: str = ""
    lines: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What is asked of one person. `token` begins the sentence that is sent back; `title` is at most 24 characters."""

    title: str
    token: str
    text: Text
    fields: tuple[Field, ...]
    submit: str
    cancel: str


def sentence(token: str, answers: Mapping[str, str]) -> str:
    """Return what a filled-in form says: its token, and what was chosen or written, in the order of its fields."""
    said = [cut(lines(answer).strip(), LONGEST_ANSWER) for answer in answers.values()]
    return " ".join([token, *(answer for answer in said if answer)])
