"""What is said of feeds: their titles and events, and where somebody finds their own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cards.card import Note
from cards.words import say

TITLE: Final = "On call: {name}"
SHIFT: Final = "On call: {name} ({role})"
NOBODY: Final = "⚠️ NOBODY on call ({role})"
YOUR_FEED: Final = "[Your shifts as a calendar], to subscribe to: {address}"
KEEP_IT: Final = "Whoever has this address can read your shifts. To make a new one: {command}"
NO_ADDRESS: Final = "There is no address to subscribe to: an admin has to set ONCARD_PUBLIC_URL."


@dataclass(frozen=True, slots=True)
class Head:
    """What a feed is called, in which zone it is best read, and when it was made. `host`: whose UIDs they are.

    `is_own`: it is for the person whose shifts it shows, so that they are named by their schedules.
    """

    title: str
    timezone: str
    stamp: datetime
    host: str = "oncard"
    locale: str = "en"
    is_own: bool = False


def own(address: str, email: str, locale: str) -> Note:
    """Return where somebody finds their own shifts; without an address, why they do not."""
    if not address:
        return Note(say(locale, NO_ADDRESS))
    command = f"oncard schedule feed --account {email} --rotate"
    return Note(say(locale, YOUR_FEED, address=address), rows=(say(locale, KEEP_IT, command=command),))
