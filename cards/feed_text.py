"""A feed of shifts as iCalendar (RFC 5545, and RFC 7986 for how often it is to be asked for).

Of people it holds the names alone. An event's UID follows from whose shift it is and when it begins, and its DTSTAMP
from the beginning of the feed: what is not changed is the same text, whenever and by whichever process it is made.
Times are in UTC, so that no program needs to know our zones.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from icalendar import Calendar, vText
from icalendar.parser import Contentline

from bot.domain.feed import Duty
from bot.domain.people import AccountId
from cards.feed import NOBODY, SHIFT, TITLE, Head
from cards.plain import line
from cards.schedule import role_of
from cards.words import name_of

NAME: Final = "X-ONCARD-NAME"
ROLE: Final = "X-ONCARD-ROLE"
GAP: Final = "X-ONCARD-GAP"
"""By these we know our own events again: whose they are, in which role, and that nobody is on call."""

_END: Final = b"END:VCALENDAR\r\n"


def render(head: Head, duties: Sequence[Duty], name: Callable[[AccountId], str]) -> bytes:
    """Return the feed. `name`: what somebody is called."""
    calendar = Calendar()
    title = name_of(head.locale, TITLE, name=line(head.title))
    calendar.add("PRODID", "-//Oncard//On call//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("NAME", title)
    calendar.add("X-WR-CALNAME", title)
    calendar.add("X-WR-TIMEZONE", head.timezone)
    calendar.add("REFRESH-INTERVAL", timedelta(hours=1), {"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", "PT1H")
    frame: bytes = calendar.to_ical()
    # The library's own events take twenty times as long, and there may be thousands.
    events = "".join(_event(head, duty, name) for duty in duties).encode()
    return frame.removesuffix(_END) + events + _END


def _event(head: Head, duty: Duty, name: Callable[[AccountId], str]) -> str:
    role = role_of(duty.role, head.locale)
    if duty.account is None:
        summary = name_of(head.locale, NOBODY, role=role)
        own = f"{GAP}:TRUE"
    else:
        person = line(name(duty.account))
        shown = line(duty.name) if head.is_own else person
        summary = name_of(head.locale, SHIFT, name=shown, role=role)
        own = _text(NAME, person)
    lines = (
        "BEGIN:VEVENT",
        f"UID:{_uid(duty, head.host)}",
        f"DTSTAMP:{_instant(head.stamp)}",
        f"DTSTART:{_instant(duty.start)}",
        f"DTEND:{_instant(duty.end)}",
        _text("SUMMARY", summary),
        own,
        _text(ROLE, duty.role),
        # Whoever is on call can still be invited.
        "TRANSP:TRANSPARENT",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "END:VEVENT",
    )
    return "".join(f"{one}\r\n" for one in lines)


def _instant(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


@lru_cache(maxsize=4096)
def _text(name: str, value: str) -> str:
    """Return a line that holds a text, escaped and folded."""
    written = Contentline(f"{name}:{vText(value).to_ical().decode()}")  # type: ignore[no-untyped-call]
    folded: bytes = written.to_ical()  # type: ignore[no-untyped-call]
    return folded.decode()


def _uid(duty: Duty, host: str) -> str:
    parts = (duty.schedule, duty.role, duty.account or 0, duty.start.isoformat())
    said = hashlib.sha256("\n".join(str(part) for part in parts).encode(errors="replace")).hexdigest()
    return f"{said[:32]}@{host}"
