"""What a call says: the incident, what the keys do, and what came of a key, in short sentences that can be heard.

A voice reads what is written, so nothing here is markup; a number is said as a number, and a code digit by digit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.event import cut
from cards.card import Card, Message, Text
from cards.plain import line, spoken
from cards.script import Script
from cards.words import name_of

# What somebody woken can follow; about twenty seconds.
TITLE_LIMIT: Final = 120
WORDS_LIMIT: Final = 300

HELLO: Final = "This is Oncard."
INCIDENT: Final = "{severity} incident number {number}: {title}."
MAY_REPEAT: Final = "You may have had this call before."
TO_ACKNOWLEDGE: Final = "To acknowledge, press {key}."
TO_ESCALATE: Final = "To call the next level, press {key}."
TO_CONFIRM: Final = "To show that you hear this, press {key}."
TO_HEAR_AGAIN: Final = "To hear this again, press {key}."
NO_KEYS: Final = "Please acknowledge it in the chat."
WRONG_KEY: Final = "That key does nothing."
ASK_PIN: Final = "Enter your PIN."
WRONG_PIN: Final = "That PIN is wrong."
TOO_MANY_PINS: Final = "That was wrong too often. Please acknowledge it in the chat."
NOTHING_PRESSED: Final = "Nothing was pressed, so nothing has changed. Others will be told if nobody acknowledges."
UNKNOWN: Final = "This call is not about anything that is still known. Goodbye."
GOODBYE: Final = "Goodbye."


@dataclass(frozen=True, slots=True)
class Keys:
    """What the keys of a call do. `code`: two digits that are spoken, and pressed in the place of `acknowledge`."""

    acknowledge: str = "1"
    escalate: str = "2"
    again: str = "0"
    code: str = ""

    @classmethod
    def of(cls, settings: Mapping[str, str], code: str = "") -> "Keys":
        """Return the keys as a provider is configured."""
        acknowledge, escalate = settings.get("acknowledge_key", "1"), settings.get("escalate_key", "2")
        return cls(acknowledge, escalate, settings.get("again_key", "0"), code)

    @property
    def digits(self) -> int:
        """Return how many keys are waited for."""
        return len(self.code) or 1

    def means(self, pressed: str) -> str:
        """Return what was pressed: `ack`, `escalate`, `again`, or nothing of these."""
        if self.code:
            # Every key is pressed twice then, so that all of them are as long as the code.
            known = {self.code: "ack", self.escalate * 2: "escalate", self.again * 2: "again"}
        else:
            known = {self.acknowledge: "ack", self.escalate: "escalate", self.again: "again"}
        return known.get(pressed, "")

    def said(self, locale: str) -> tuple[str, ...]:
        """Return what the keys do, as it is spoken."""
        often = 2 if self.code else 1
        acknowledge = " ".join(self.code or self.acknowledge)
        return (
            name_of(locale, TO_ACKNOWLEDGE, key=acknowledge),
            name_of(locale, TO_ESCALATE, key=" ".join(self.escalate * often)),
            name_of(locale, TO_HEAR_AGAIN, key=" ".join(self.again * often)),
        )


def opening(message: Message, locale: str, keys: Keys | None) -> Script:
    """Return what a call says first; no `keys`: nobody outside reaches us, so that no key can be taken."""
    said = (name_of(locale, HELLO), *_about(message, locale))
    if not isinstance(message, Card) and message.code and message.buttons and keys is not None:
        # What brings a code and asks whether it has come is answered by one key, whatever the code is.
        to_confirm = name_of(locale, TO_CONFIRM, key=keys.acknowledge)
        return Script((*said, to_confirm), locale, digits=1, again=1)
    if not isinstance(message, Card):
        return Script(said, locale, digits=0, again=1)
    if keys is None or message.number is None:
        return Script((*said, name_of(locale, NO_KEYS)), locale, digits=0, again=1)
    return Script((*said, *keys.said(locale)), locale, digits=keys.digits, again=1)


def once_more(script: Script, why: str) -> Script:
    """Return the script with a sentence before it."""
    return Script((name_of(script.locale, why), *script.lines), script.locale, script.digits, again=0)


def ask_pin(length: int, locale: str, *, again: bool = False) -> Script:
    """Return the question for somebody's PIN, after a wrong one with that it was wrong."""
    asked = (name_of(locale, WRONG_PIN), name_of(locale, ASK_PIN)) if again else (name_of(locale, ASK_PIN),)
    return Script(asked, locale, digits=length, again=0)


def last_words(text: Text | str, locale: str) -> Script:
    """Return what is said before the call ends."""
    said = name_of(locale, text) if isinstance(text, str) else cut(spoken(text), WORDS_LIMIT)
    return Script((said, name_of(locale, GOODBYE)), locale, digits=0, again=0)


def _about(message: Message, locale: str) -> tuple[str, ...]:
    if not isinstance(message, Card):
        rows = tuple(cut(spoken(row), WORDS_LIMIT) for row in message.rows)
        said = (cut(spoken(message.text), WORDS_LIMIT), *rows)
    elif message.number is None:
        said = (cut(line(message.summary), WORDS_LIMIT),)
    else:
        title = cut(line(message.title), TITLE_LIMIT)
        said = (name_of(locale, INCIDENT, severity=message.severity_word, number=message.number, title=title),)
    return (*said, name_of(locale, MAY_REPEAT)) if message.repeat else said
