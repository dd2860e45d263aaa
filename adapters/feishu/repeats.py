"""Messages that got no answer: the same one, sent again, carries the same key, so that Feishu posts it once.

Feishu keeps a key (`uuid`) for an hour; here it is kept for as long as one message is tried again, since what comes
later is a page of its own, which must be heard. They are remembered in this process only; what another one sends again
may stand there twice, and says so itself. A repeat is the card of the same incident for the same place, or a note that
begins with the one before: what may be a repeat says that in addition.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.adapter import MessageRef, To
from cards.card import Card, Message
from cards.plain import spoken

# The core tries for a quarter of an hour, at most every seven minutes (`bot.domain.delivery`).
KEPT_FOR: Final = timedelta(minutes=25)
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Try:
    """One message under its key. `again`: it was sent before, without an answer."""

    key: str
    to: To
    under: MessageRef | None
    message: Message
    at: datetime
    again: bool = False


class Repeats:
    """The messages that got no answer."""

    def __init__(self) -> None:
        self._lost: dict[str, Try] = {}

    def begin(self, to: To, under: MessageRef | None, message: Message, now: datetime) -> Try:
        """Return the key under which to send it: that of the one that got no answer, if this is the same again."""
        self._lost = {key: one for key, one in self._lost.items() if now - one.at < KEPT_FOR}
        # The newest first: an earlier one may be a page that was given up.
        for one in reversed(self._lost.values()):
            if message.repeat and (one.to, one.under) == (to, under) and _is_same(one.message, message):
                return replace(self._lost.pop(one.key), again=True)
        return Try(secrets.token_hex(16), to, under, message, now)

    def lost(self, one: Try) -> None:
        """Remember that no answer came to it."""
        if len(self._lost) >= MOST:
            del self._lost[next(iter(self._lost))]
        self._lost[one.key] = one


def _is_same(before: Message, now: Message) -> bool:
    if isinstance(before, Card) and isinstance(now, Card):
        return before.number is not None and before.number == now.number
    if isinstance(before, Card) or isinstance(now, Card):
        return False
    said, again = spoken(before.text), spoken(now.text)
    # Not in the middle of a word: “reminder 1” is not “reminder 12”.
    return again.startswith(said) and not again[len(said) :][:1].isalnum() and before.rows == now.rows
