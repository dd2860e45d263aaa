"""What is said where somebody tries whether Oncard can be talked to at all."""

from typing import Final

from cards.card import Button, Note, Style
from cards.words import name_of, say

DOES_PING: Final = "see whether Oncard hears you"
HEARD: Final = "Oncard hears you."
PRESS: Final = "“oncard doctor” tries whether a click comes back. Nothing is wrong: press the button."
PRESSED: Final = "Pressed"


def heard(locale: str = "en") -> Note:
    """Return that what somebody said or pressed has arrived."""
    return Note(say(locale, HEARD))


def press(token: str, locale: str = "en") -> Note:
    """Ask a chat for a click that changes nothing; `token` comes back by it."""
    return Note(say(locale, PRESS), buttons=(Button(name_of(locale, PRESSED), token, Style.PRIMARY),))
