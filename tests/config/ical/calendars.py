"""Calendar files for the tests of the import, and the schedules that they become."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.config.ical.imported import Imported, take_in
from bot.config.ical.people import Finder
from bot.config.ical.read import Frame, parse, zone_of
from bot.config.ical.refused import NotImported
from bot.domain.rotation import PRIMARY
from bot.domain.wall_clock import instant

PEOPLE = ("ana", "bo", "chen", "dee")
EMAILS = {f"{name}@example.com": f"{name}@example.com" for name in PEOPLE}
NAMES = {name: [f"{name}@example.com"] for name in PEOPLE}


def event(start: str, end: str, *more: str, summary: str = "Ana", uid: str = "") -> str:
    """Return an event: each time is what follows the property's name, such as `;VALUE=DATE:20261102`."""
    times = (f"DTSTART{start if start[:1] in ';:' else f':{start}'}", f"DTEND{end if end[:1] in ';:' else f':{end}'}")
    lines = ("BEGIN:VEVENT", f"UID:{uid or summary + start}", *times, f"SUMMARY:{summary}", *more, "END:VEVENT")
    return "\r\n".join(lines)


def calendar(*events: str, head: str = "X-WR-TIMEZONE:Europe/Berlin") -> bytes:
    """Return a file with these events."""
    return "\r\n".join(
        ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", head, *events, "END:VCALENDAR", "")
    ).encode()


def imported(
    data: bytes,
    *,
    start: str = "2026-11-02",
    days: int = 366,
    zone: str = "",
    said: Mapping[str, str] | None = None,
    role: str = PRIMARY,
) -> Imported:
    """Return the schedule that a file becomes, of a span that begins at midnight."""
    read = parse(data)
    in_zone = ZoneInfo(zone) if zone else zone_of(read)
    first = datetime.fromisoformat(start)
    frame = Frame(in_zone, instant(first, in_zone), instant(first + timedelta(days=days), in_zone), role)
    folded = {who.casefold(): email for who, email in (said or {}).items()}
    return take_in(read, "main", frame, Finder(EMAILS, NAMES, folded))


def refusal(
    data: bytes, start: str = "2026-11-02", days: int = 366, zone: str = "", said: Mapping[str, str] | None = None
) -> str:
    """Return why a file is not taken in."""
    try:
        imported(data, start=start, days=days, zone=zone, said=said)
    except NotImported as error:
        return str(error)
    raise AssertionError("it was taken in")


def layers(made: Imported) -> list[tuple[str, list[str]]]:
    """Return the layers of a schedule: when each starts, and who takes turns."""
    found = []
    for layer in made.definition.layers:
        turns = ["+".join(name.partition("@")[0] for name in turn) for turn in layer.rotation.members]
        found.append((f"{layer.start:%Y-%m-%dT%H:%M}", turns))
    return found


def overrides(made: Imported) -> list[str]:
    """Return the overrides of a schedule, in its zone: from when to when, and who."""
    zone = ZoneInfo(made.definition.timezone)
    return [
        f"{change.start.astimezone(zone):%m-%dT%H:%M} {change.end.astimezone(zone):%m-%dT%H:%M} "
        + "+".join(name.partition("@")[0] for name in change.members)
        for change in made.definition.overrides
    ]
