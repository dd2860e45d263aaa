"""Why a file of events is not taken in: one line, which names the event and the way to mend it."""

from datetime import date, datetime
from typing import Final

from icalendar import Event

from bot.config.fault import quoted

_UNTOLD: Final = "without a title"


class NotImported(Exception):
    """The file is not taken in; the text says why, and how to mend it."""


def about(event: Event, what: str, mend: str) -> NotImported:
    """Return why an event keeps its file from being taken in."""
    return NotImported(f"the event {name_of(event)}: {what}; {mend}")


def name_of(event: Event) -> str:
    """Return by what an event is found in the file: its title and when it begins."""
    title = str(event.get("SUMMARY") or "").strip()
    start = getattr(event.get("DTSTART"), "dt", None) if "DTSTART" not in dict(event.errors) else None
    said = quoted(title) if title else _UNTOLD
    if isinstance(start, datetime):
        return f"{said} of {start:%Y-%m-%d %H:%M}"
    return f"{said} of {start:%Y-%m-%d}" if isinstance(start, date) else said
