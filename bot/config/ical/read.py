"""A file of events, read: who is on call from when to when by its own word, and which of its events repeat.

The library that follows the rules of repetition is the judge of what the file means; here is only seen to it that it
can be followed at all, and within what time.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import recurring_ical_events  # type: ignore[import-untyped]
from icalendar import Calendar, Component, Event

from bot.config.fault import printable, quoted
from bot.config.ical import rules, zones
from bot.config.ical.event import value
from bot.config.ical.people import Finder
from bot.config.ical.refused import NotImported, about
from bot.domain.rotation import PRIMARY
from bot.domain.wall_clock import instant
from cards.feed_text import GAP, ROLE

LARGEST_FILE: Final = 5 * 1024 * 1024
MOST_EVENTS: Final = 20_000
MOST_OCCURRENCES: Final = 20_000
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2099
LONGEST_REPEATED: Final = timedelta(days=366)

_DEEPEST: Final = 6
_MARKS: Final = re.compile(rb"^[ \t]*(BEGIN|END):[ \t]*(\S*)", re.IGNORECASE | re.MULTILINE)
_TIMES: Final = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
_AROUND: Final = timedelta(days=2)
_MEND: Final = "mend it in the file"
_UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Some time in which people are on call in a role, by one event."""

    start: datetime
    end: datetime
    role: str
    people: frozenset[str]


@dataclass(frozen=True, slots=True)
class Series:
    """An event that repeats by one rule. `start`, `end`: local times in its zone; `rule`: as the library has it."""

    role: str
    people: frozenset[str]
    zone: ZoneInfo
    start: datetime
    end: datetime
    rule: Any
    last: datetime
    """When it comes for the last time within the span."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a file says of a span of time."""

    occurrences: tuple[Occurrence, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """In which zone and between which instants a file is read. `role`: of the events that name none."""

    zone: ZoneInfo
    start: datetime
    end: datetime
    role: str = PRIMARY


def parse(data: bytes) -> Calendar:
    """Return the calendar of a file. Raises NotImported."""
    if len(data) > LARGEST_FILE:
        raise NotImported(f"the file is larger than {LARGEST_FILE // 1024**2} MiB; export less of it")
    _measure(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            calendar = Calendar.from_ical(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotImported("the file is not text in UTF-8; save it as such") from error
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        said = printable(str(error).splitlines()[0] if str(error) else type(error).__name__)
        raise NotImported(f"the file is no calendar that can be read ({said}); export it again as one .ics") from error
    if not isinstance(calendar, Calendar):
        raise NotImported("the file holds no BEGIN:VCALENDAR; export it again as one .ics")
    return calendar


def zone_of(calendar: Calendar) -> ZoneInfo:
    """Return in which zone a calendar is to be read: as it says, else that of its first event. Raises NotImported."""
    said = str(calendar.get("X-WR-TIMEZONE", "")).strip()
    try:
        if said:
            return ZoneInfo(said)
    except (OSError, ValueError, LookupError) as error:
        raise NotImported(
            f"its X-WR-TIMEZONE {quoted(said)} is no time zone; write one such as Europe/Berlin in the file"
        ) from error
    found = (zones.of(event.get("DTSTART"), _start(event)) for event in calendar.walk("VEVENT"))
    return next((zone for zone in found if zone is not None), _UTC)


def read(calendar: Calendar, frame: Frame, finder: Finder) -> Found:
    """Return what a calendar says. Raises NotImported for the first event that cannot be understood."""
    events = [event for event in calendar.walk("VEVENT") if isinstance(event, Event)]
    for event in events:
        _check(event)
    rules.check(events, frame.end)
    zone_of(calendar)
    zones.settle(events, frame.zone, frame.start - _AROUND, frame.end + _AROUND)
    occurrences: list[Occurrence] = []
    series: list[Series] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            query = recurring_ical_events.of(calendar, keep_recurrence_attributes=True)
            for one in query.series:
                found = list(_occurrences(one, frame, finder))
                occurrences += found
                series += _repeating(one, frame, finder, found)
                if len(occurrences) > MOST_OCCURRENCES:
                    raise NotImported(f"there are more than {MOST_OCCURRENCES} turns in that time; say fewer --days")
    except (ValueError, LookupError, AttributeError, TypeError, OverflowError) as error:
        said = printable(str(error).splitlines()[0] if str(error) else type(error).__name__)
        raise NotImported(f"its repetitions cannot be followed ({said}); export it again as one .ics") from error
    return Found(tuple(occurrences), tuple(series))


def _start(event: Component) -> object:
    # What cannot be read is a fault of its own.
    return None if "DTSTART" in dict(event.errors) else getattr(event.get("DTSTART"), "dt", None)


def _measure(data: bytes) -> None:
    depth = events = 0
    for mark, name in _MARKS.findall(data):
        depth += 1 if mark.upper() == b"BEGIN" else -1
        events += mark.upper() == b"BEGIN" and name.upper() == b"VEVENT"
        if depth > _DEEPEST:
            raise NotImported("its parts stand within each other too deep; export it again as one .ics")
    if events > MOST_EVENTS:
        raise NotImported(f"it has {events} events, and {MOST_EVENTS} can be taken in; export less of it")
    if not events:
        raise NotImported("it has no events (VEVENT); see that it is the export of a schedule")


def _check(event: Event) -> None:
    """See that an event says when it is. Raises NotImported."""
    for name, why in event.errors:
        if name in _TIMES:
            raise about(event, f"its {name} cannot be read ({printable(why)})", _MEND)
    if "DTSTART" not in event:
        raise about(event, "it does not say when it begins (DTSTART)", "mend or remove it in the file")
    for name in ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID"):
        said = value(event, name)
        if isinstance(said, list):
            raise about(event, f"it has {name} more than once", "remove all but one in the file")
        zone = str(said.params.get("TZID", "")) if said is not None else ""
        if zone and isinstance(said.dt, datetime) and said.dt.tzinfo is None:
            raise about(event, f"{quoted(zone)} is no time zone", "write one such as Europe/Berlin in the file")
    _check_length(event)


def _check_length(event: Event) -> None:
    """See that an event begins, then lasts, then ends. Raises NotImported."""
    start: date = value(event, "DTSTART").dt
    end = _end(event, start)
    if isinstance(start, datetime) is not isinstance(end, datetime):
        raise about(event, "it begins on a day and ends at a time, or the other way", "write both alike in the file")
    if not FIRST_YEAR <= start.year <= end.year <= LAST_YEAR:
        raise about(event, "it is too far away, or ends before it begins", _MEND)
    length = _at(end, _UTC) - _at(start, _UTC)
    if length < timedelta(0):
        raise about(event, "it ends before it begins", _MEND)
    if not length and isinstance(start, datetime):
        raise about(event, "it does not say when it ends", "give it an end in the file, or remove it")
    if "RRULE" in event and length > LONGEST_REPEATED:
        raise about(event, "it lasts for more than a year and repeats", _MEND)


def _end(event: Event, start: date) -> date:
    end, duration = value(event, "DTEND"), value(event, "DURATION")
    try:
        found: date = end.dt if end is not None else start + duration.dt if duration is not None else start
    except OverflowError as error:
        raise about(event, "it lasts too long", _MEND) from error
    return found


def _occurrences(series: Any, frame: Frame, finder: Finder) -> Iterator[Occurrence]:
    """Yield when people are on call by a series, cut to the span."""
    start, end = (at.astimezone(frame.zone) for at in (frame.start - _AROUND, frame.end + _AROUND))
    for number, one in enumerate(series.between(start, end)):
        if number > MOST_OCCURRENCES:
            raise NotImported(f"there are more than {MOST_OCCURRENCES} turns in that time; say fewer --days")
        begins, ends = max(_at(one.start, frame.zone), frame.start), min(_at(one.end, frame.zone), frame.end)
        if begins >= ends:
            continue
        event = one.as_component(keep_recurrence_attributes=False)
        if not _counts(event):
            continue
        yield Occurrence(begins, ends, _role(event, frame), finder.people(event))


def _repeating(series: Any, frame: Frame, finder: Finder, found: list[Occurrence]) -> Iterator[Series]:
    """Yield a series as an event with its rule, if it has one that alone says when it is."""
    core = series.recurrence.core if series.recurrence.has_core else None
    if core is None or len(core.rrules) != 1 or core.rdates or not found:
        return
    event = core.as_component(keep_recurrence_attributes=True)
    if not _counts(event):
        return
    zone = getattr(core.start, "tzinfo", None) or frame.zone
    if zone is UTC:
        zone = _UTC
    if not isinstance(zone, ZoneInfo):
        return
    start, end = _wall(core.start), _wall(core.end)
    last = max(one.start for one in found)
    yield Series(_role(event, frame), finder.people(event), zone, start, end, value(event, "RRULE"), last)


def _counts(event: Event) -> bool:
    """Whether an event puts somebody on call: it was not cancelled, and is none of our gaps."""
    return str(event.get("STATUS", "")).upper() != "CANCELLED" and GAP not in event


def _role(event: Event, frame: Frame) -> str:
    return str(event.get(ROLE) or frame.role)


def _wall(value: date) -> datetime:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a local time


def _at(value: date, zone: ZoneInfo) -> datetime:
    """Return the instant of a date, of a time with a zone, or of one that is local to `zone`."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return instant(_wall(value), zone)
