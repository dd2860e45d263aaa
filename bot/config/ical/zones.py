"""Zones that a file defines itself, taken for those of the tz database that they are meant to be.

Outlook writes the rules of each zone into the file, under names of its own. Times in such a zone can be followed, but
no rotation can be written in it. So it is replaced by the zone that its name stands for, or by the schedule's own, if
their clocks show the same all through the time that is looked at; else it stays what the file says.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

from icalendar import Event
from icalendar.prop import vDDDLists
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from bot.config.ical.event import value

_TIMES: Final = ("DTSTART", "DTEND", "RECURRENCE-ID", "EXDATE", "RDATE")
_ONE_DAY: Final = timedelta(days=1)
# The clocks of no zone are changed but at a full quarter of an hour.
_STEP: Final = timedelta(minutes=15)


def meant(name: str) -> ZoneInfo | None:
    """Return the zone that a name of Outlook's stands for, or one that ends in a zone's name, as Mozilla's do."""
    parts = name.strip("/").split("/")
    endings = ["/".join(parts[place:]) for place in range(1, len(parts))] if name.startswith("/") else []
    for one in filter(None, (WINDOWS_TO_OLSON.get(name), *endings)):
        try:
            return ZoneInfo(one)
        except (OSError, ValueError, LookupError):
            continue
    return None


def of(said: object, moment: object) -> ZoneInfo | None:
    """Return the zone of a property's time: that of the tz database, or what its name stands for; None: none known."""
    zone = getattr(moment, "tzinfo", None)
    if zone is None or isinstance(zone, ZoneInfo):
        return zone
    return meant(str(getattr(said, "params", {}).get("TZID", "")))


def settle(events: Iterable[Event], zone: ZoneInfo, start: datetime, end: datetime) -> None:
    """Put the times of events into zones of the tz database, as far as those are the same between two instants.

    `zone`: the schedule's.
    """
    known: dict[str, tzinfo] = {}
    for said, moment in _moments(events):
        at = moment.dt[0] if isinstance(moment.dt, tuple) else moment.dt
        own = getattr(at, "tzinfo", None)
        name = str(said.params.get("TZID", ""))
        if own is None or isinstance(own, ZoneInfo) or not name:
            continue
        if name not in known:
            candidates = (one for one in (meant(name), zone) if one is not None)
            known[name] = next((one for one in candidates if _are_same(own, one, start, end)), own)
        moment.dt = _moved(moment.dt, known[name])


def _moments(events: Iterable[Event]) -> Iterator[tuple[Any, Any]]:
    """Yield each property that says times, with each time that it says."""
    for event in events:
        for name in _TIMES:
            found = value(event, name)
            for said in found if isinstance(found, list) else [found]:
                for moment in said.dts if isinstance(said, vDDDLists) else [said]:
                    if hasattr(moment, "dt"):
                        yield said, moment


def _moved(moment: Any, zone: tzinfo) -> Any:
    """Return the same reading of the clock in another zone; of a period, its beginning and its end."""
    if isinstance(moment, tuple):
        return tuple(_moved(one, zone) for one in moment)
    return moment.replace(tzinfo=zone) if isinstance(moment, datetime) and moment.tzinfo is not None else moment


def _are_same(one: tzinfo, other: tzinfo, start: datetime, end: datetime) -> bool:
    """Whether the clocks of two zones show the same all the time between two instants."""
    day = start
    before = _offset(one, day)
    while day < end:
        after = _offset(one, day + _ONE_DAY)
        if (before, after) != (_offset(other, day), _offset(other, day + _ONE_DAY)):
            return False
        if before != after and any(_offset(one, at) != _offset(other, at) for at in _quarters(day)):
            return False
        day, before = day + _ONE_DAY, after
    return True


def _quarters(day: datetime) -> Iterator[datetime]:
    return (day + step * _STEP for step in range(_ONE_DAY // _STEP))


def _offset(zone: tzinfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
