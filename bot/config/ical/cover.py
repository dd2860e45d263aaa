"""Who is on call at each instant, as lists of stretches: by the events of a file, and by a schedule."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.config.ical.read import Occurrence
from bot.domain.people import AccountId
from bot.domain.schedule import Schedule, Shift, timeline

People = frozenset[str]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some time in which the same people are on call in a role; nobody: a gap."""

    start: datetime
    end: datetime
    people: People


Cover = Mapping[str, tuple[Stretch, ...]]
"""By role, what follows each other without a hole from the beginning of the span to its end."""

Shifts = Mapping[str, tuple[tuple[Shift, People], ...]]
"""By role, the shifts and the gaps of a schedule, each with who is on call in it."""


def by_events(occurrences: Iterable[Occurrence], start: datetime, end: datetime) -> Cover:
    """Return who is on call by the events: whoever any of them names."""
    by_role: dict[str, list[tuple[datetime, int, People]]] = {}
    for one in occurrences:
        by_role.setdefault(one.role, []).extend(((one.start, 1, one.people), (one.end, -1, one.people)))
    return {role: tuple(_swept(marks, start, end)) for role, marks in by_role.items()}


def by_schedule(schedule: Schedule, start: datetime, end: datetime, email: Callable[[AccountId], str]) -> Shifts:
    """Return who is on call by a schedule. `email`: by which address somebody is known."""
    found: dict[str, list[tuple[Shift, People]]] = {}
    for shift in timeline(schedule, start, end):
        found.setdefault(shift.role, []).append((shift, frozenset(email(one) for one in shift.accounts)))
    return {role: tuple(some) for role, some in found.items()}


def _swept(marks: list[tuple[datetime, int, People]], start: datetime, end: datetime) -> Iterator[Stretch]:
    """Yield the stretches between the instants at which somebody comes or goes; neighbours differ."""
    counts: Counter[str] = Counter()
    last = Stretch(start, start, People())
    for at, change, who in sorted(marks, key=lambda mark: mark[0]):
        people = frozenset(counts)
        if at > last.end:
            if people != last.people and last.end > last.start:
                yield last
                last = Stretch(last.end, last.end, people)
            last = Stretch(last.start, at, people)
        counts.update(dict.fromkeys(who, change))
        counts = +counts
    if last.end > last.start:
        yield last
    if last.end < end:
        yield Stretch(last.end, end, People())
