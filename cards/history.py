"""The timeline in words: one line for each entry that a reader of the card should know of.

Not every entry has a line: what the rest of the card says already, and what concerns nobody, has none.
"""

from datetime import datetime
from typing import Final

from bot.domain.event import cut
from bot.domain.incident import Entry, Happened, Record
from cards import words
from cards.assigning import reset_form
from cards.card import Moment, Part, Text
from cards.words import say

TEXT_IN_LINE: Final = 140
# What an entry says under these names; one that is missing is an empty word, never a reason to send no card.
_SAID: Final = ("level", "to", "already", "from", "via", "why", "text", "resolution", "key", "unknown", "of")


def line_of(record: Record, who: Text, locale: str, timezone: str) -> Text:
    """Return what the entry says happened, `who` did it; empty when the card needs no line for it.

    `said` is read as the law writes it.
    """
    form = _form(record)
    return say(locale, form, who=who, **parts_of(record, timezone)) if form else ()


def _form(record: Record) -> str:
    if record.entry is Entry.NOTIFIED:
        first = record.said.get("turn", 1) == 1
        return (words.TOLD if record.said.get("to") else words.TOLD_LEVEL) if first else ""
    if record.entry is Entry.CLOSED and record.said.get("resolution"):
        return words.CLOSED_BECAUSE
    if record.entry is Entry.NOT_DELIVERED and not record.said.get("via"):
        return words.NOT_REACHED
    if record.entry is Entry.RESET:
        return reset_form(record)
    if record.entry is Entry.UNDONE:
        return words.TAKEN_BACK.get(str(record.said.get("what", "")), words.TOOK_BACK)
    return words.HISTORY.get(record.entry, "")


def parts_of(record: Record, timezone: str) -> dict[str, Part]:
    """Return what the entry says, by the names that messages use."""
    parts: dict[str, Part] = {name: cut(str(record.said.get(name, "")), TEXT_IN_LINE) for name in _SAID}
    until = str(record.said.get("until", ""))
    return parts | {"until": Moment(datetime.fromisoformat(until), timezone, day=True) if until else ""}


def newest(timeline: tuple[Happened, ...], entry: Entry) -> Happened | None:
    """Return the last time that something happened."""
    return next((item for item in reversed(timeline) if item.record.entry is entry), None)
