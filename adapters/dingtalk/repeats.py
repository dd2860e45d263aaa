"""Cards that got no answer: the same one, sent again, carries the same outTrackId, so that DingTalk makes it once.

They are remembered in this process only; what another one sends again may stand there twice, and says so itself. A
repeat is a message of which the core knows that it was tried before (`repeat`): the card of the same incident for the
same place, or a note that begins like the one before. What the core sends for the first time is a page of its own,
which must be heard.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.adapter import To
from cards.card import Card, Message
from cards.plain import spoken

OURS: Final = "oncard-"
KEPT_FOR: Final = timedelta(hours=1)
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Try:
    """One message under its outTrackId. `again`: it was sent before, without an answer."""

    track: str
    to: To
    message: Message
    at: datetime
    again: bool = False


class Repeats:
    """The cards that got no answer."""

    def __init__(self) -> None:
        self._lost: dict[str, Try] = {}

    def begin(self, to: To, message: Message, now: datetime) -> Try:
        """Return the id under which to send it: that of the one that got no answer, if this is the same again."""
        self._lost = {track: one for track, one in self._lost.items() if now - one.at < KEPT_FOR}
        for one in self._lost.values():
            if message.repeat and one.to == to and _is_same(one.message, message):
                return replace(self._lost.pop(one.track), message=message, again=True)
        return Try(new_track(), to, message, now)

    def lost(self, one: Try) -> None:
        """Remember that no answer came to it."""
        if len(self._lost) >= MOST:
            del self._lost[next(iter(self._lost))]
        self._lost[one.track] = one


def new_track() -> str:
    """Return an outTrackId that nobody has used."""
    return f"{OURS}{secrets.token_hex(16)}"


def _is_same(before: Message, now: Message) -> bool:
    if isinstance(before, Card) and isinstance(now, Card):
        return before.number is not None and before.number == now.number
    if isinstance(before, Card) or isinstance(now, Card):
        return False
    return spoken(now.text).startswith(spoken(before.text)) and before.rows == now.rows
