"""A schedule out of a file of events, with the proof that it has the same people on call.

What repeats as rotations do becomes layers. Where they do not say what the events say, changes on top do. In the end
the schedule is written, read back as every configuration is, and compared with the events at every instant at which
either changes; if they differ, there is none.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Final

from icalendar import Calendar

from bot.config import export
from bot.config.context import Context
from bot.config.define import define
from bot.config.ical import cover, layers
from bot.config.ical.cover import Cover, People, Shifts
from bot.config.ical.people import Finder
from bot.config.ical.read import Found, Frame, Occurrence, read
from bot.config.ical.refused import NotImported
from bot.config.load import Config, load
from bot.config.written_schedule import write_schedule
from bot.domain.people import AccountId
from bot.domain.schedule import ScheduleId
from bot.domain.schedule_definition import OverrideDefinition, ScheduleDefinition, ScheduleMaker

MOST_OVERRIDES: Final = 1000
MOST_LAYERS: Final = 50
MOST_CUTS: Final = 8


@dataclass(frozen=True, slots=True)
class Imported:
    """A schedule that was proven. `text`: the section of the file; `instants`: at how many it was compared."""

    definition: ScheduleDefinition
    text: str
    instants: int


def take_in(calendar: Calendar, name: str, frame: Frame, finder: Finder) -> Imported:
    """Return the schedule of that name that says what a calendar says. Raises NotImported."""
    found = read(calendar, frame, finder)
    if not found.occurrences:
        raise NotImported("nobody is on call in that time; say another with --from and --days")
    truth = cover.by_events(found.occurrences, frame.start, frame.end)
    rotations = layers.layers(found.series, frame)
    bare = _carved(ScheduleDefinition(name, frame.zone.key, rotations), truth, frame)
    changes = tuple(_changes(bare, truth, frame))
    if len(changes) > MOST_OVERRIDES:
        raise NotImported(
            f"it takes {len(changes)} changes to say what the file says, and a schedule has at most {MOST_OVERRIDES}; "
            "say fewer --days"
        )
    definition = replace(bare, overrides=changes)
    text = export.section("schedules", [write_schedule(definition)])
    return Imported(definition, text, prove(text, found, frame))


def prove(text: str, found: Found, frame: Frame) -> int:
    """Compare a written schedule with the events; return at how many instants. Raises NotImported where they differ."""
    emails = sorted(frozenset().union(*(one.people for one in found.occurrences)))
    ours = _cover(_read_back(text, emails), emails, frame)
    compared = 0
    for role in sorted({one.role for one in found.occurrences} | set(ours)):
        theirs = _Events([one for one in found.occurrences if one.role == role])
        shifts = ours.get(role, ())
        starts = [shift.start for shift, _ in shifts]
        for at in sorted({frame.start, *starts, *theirs.instants} - {frame.end}):
            place = bisect_right(starts, at) - 1
            says = shifts[place][1] if place >= 0 else People()
            compared += 1
            if says != (wanted := theirs.at(at)):
                raise NotImported(
                    f"the schedule that it makes is another: at {at:%Y-%m-%dT%H:%MZ} {_names(wanted)} is on call by "
                    f"the file as {role}, and {_names(says)} by the schedule; times there must be whole minutes"
                )
    return compared


class _Events:
    """Who is on call at an instant by the events of a role: looked up, not swept."""

    def __init__(self, occurrences: Sequence[Occurrence]) -> None:
        self.instants = {at for one in occurrences for at in (one.start, one.end)}
        self._by_person: dict[str, list[tuple[datetime, datetime]]] = {}
        for one in sorted(occurrences, key=lambda each: each.start):
            for person in one.people:
                known = self._by_person.setdefault(person, [])
                if known and one.start <= known[-1][1]:
                    known[-1] = (known[-1][0], max(known[-1][1], one.end))
                else:
                    known.append((one.start, one.end))

    def at(self, instant: datetime) -> People:
        """Return who is on call."""
        return frozenset(person for person, times in self._by_person.items() if _within(times, instant))


def _within(times: Sequence[tuple[datetime, datetime]], at: datetime) -> bool:
    place = bisect_right(times, at, key=lambda one: one[0]) - 1
    return place >= 0 and at < times[place][1]


def _carved(definition: ScheduleDefinition, truth: Cover, frame: Frame) -> ScheduleDefinition:
    """Return the schedule without the time in which its layers have somebody on call, and the file has nobody.

    The parts of a layer keep its name meanwhile. One that falls into too many parts is none.
    """
    emails, found = _emails(definition), definition.layers
    cuts: Counter[str] = Counter()
    while (excess := _excess(_cover(replace(definition, layers=found), emails, frame), truth)) is not None:
        number, gap = excess
        name = found[number].name
        parts = [*found[:number], *layers.carve(found[number], gap, frame.zone), *found[number + 1 :]]
        # Each time some of it is cut out: that it comes to an end is sure only with a bound.
        cuts[name] += 1
        if cuts[name] > MOST_CUTS or len(parts) > MOST_LAYERS:
            parts = [layer for layer in parts if layer.name != name]
        found = tuple(parts)
    named = (replace(layer, name=f"rotation {place}") for place, layer in enumerate(found, 1))
    return replace(definition, layers=tuple(named))


def _excess(ours: Shifts, truth: Cover) -> tuple[int, tuple[datetime, datetime]] | None:
    """Return the first layer that has somebody on call where nobody is, and from when to when nobody is."""
    for role, shifts in ours.items():
        empty = [stretch for stretch in truth.get(role, ()) if not stretch.people]
        place = 0
        for shift, people in shifts:
            while place < len(empty) and empty[place].end <= shift.start:
                place += 1
            if people and place < len(empty) and empty[place].start < shift.end:
                return shift.posts[0].source.number, (max(shift.start, empty[place].start), empty[place].end)
    return None


def _changes(definition: ScheduleDefinition, truth: Cover, frame: Frame) -> Iterator[OverrideDefinition]:
    """Yield what must lie on top of the layers, so that who is on call is who the file says."""
    ours = _cover(definition, _emails(definition), frame)
    for role, stretches in truth.items():
        shifts = ours.get(role, ())
        starts = [shift.start for shift, _ in shifts]
        pending: OverrideDefinition | None = None
        for stretch in stretches:
            inner = starts[bisect_right(starts, stretch.start) : bisect_left(starts, stretch.end)]
            for start, end in pairwise([stretch.start, *inner, stretch.end]):
                place = bisect_right(starts, start) - 1
                if stretch.people == (shifts[place][1] if place >= 0 else People()):
                    continue
                members = tuple(sorted(stretch.people))
                if pending is not None and (pending.end, pending.members) == (start, members):
                    pending = replace(pending, end=end)
                    continue
                if pending is not None:
                    yield pending
                pending = OverrideDefinition(start, end, members, role=role)
        if pending is not None:
            yield pending


def _emails(definition: ScheduleDefinition) -> list[str]:
    return sorted({email for layer in definition.layers for turn in layer.rotation.members for email in turn})


def _cover(definition: ScheduleDefinition, emails: Sequence[str], frame: Frame) -> Shifts:
    """Return who is on call by a schedule whose people all have these addresses."""
    numbers = {email: AccountId(number) for number, email in enumerate(emails, 1)}
    made = ScheduleMaker(numbers.get, lambda _: None).make(ScheduleId(1), definition, active=True)
    return cover.by_schedule(made, frame.start, frame.end, lambda number: emails[number - 1])


def _read_back(text: str, emails: Sequence[str]) -> ScheduleDefinition:
    """Return the schedule as a configuration file with it is read. Raises NotImported."""
    accounts = [{"name": email, "email": email} for email in emails]
    found = load(export.section("accounts", accounts) + text, Context({}, {}, ()))
    if not isinstance(found, Config):
        raise NotImported(f"the schedule that it makes is none that can be read: {found[0].what}; {found[0].mend}")
    return next(one.body for one in define(found) if isinstance(one.body, ScheduleDefinition))


def _names(people: People) -> str:
    return ", ".join(sorted(people)) or "nobody"
