"""Layers out of events that repeat: those of the same shape, one after the other, are the turns of one rotation.

Events are of one shape when they repeat at the same pace, on the same days, from the same time of the day, for as long.
How they are shifted against each other is the order of the turns. A layer never has anybody on call for longer than the
events do as far as their rules say; what it has too much because an event was taken out is cut out of it by `carve`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import reduce
from math import gcd
from typing import Final
from zoneinfo import ZoneInfo

from bot.config.ical.read import Frame, Series
from bot.domain.calendar import WEEK, Weekday
from bot.domain.rotation import HOUR, MOST, Unit
from bot.domain.schedule_definition import HandoverDefinition, LayerDefinition, RotationDefinition
from bot.domain.wall_clock import local
from bot.domain.week_hours import DailyPeriod

ONE_DAY: Final = timedelta(days=1)
MOST_LAYERS: Final = 40
MOST_TURNS: Final = 200
_LONGEST_LENGTH: Final = timedelta(days=30)
_CODES: Final = {day[:2].upper(): day for day in WEEK}


@dataclass(frozen=True, slots=True)
class _Shape:
    """What events have in common that are the turns of one rotation. `cycle`: in so many units each comes again.

    `days`: on which days of the week it comes, if there are several; `first`: the day on which weeks begin for it.
    """

    role: str
    zone: ZoneInfo
    unit: Unit
    cycle: int
    days: tuple[Weekday, ...]
    first: Weekday
    clock: time
    length: timedelta


def layers(series: Iterable[Series], frame: Frame) -> tuple[LayerDefinition, ...]:
    """Return the layers that the events make up, as far as that is possible."""
    shaped: dict[_Shape, list[Series]] = {}
    for one in series:
        shape = _shape(one)
        if shape is not None:
            shaped.setdefault(shape, []).append(one)
    found = [layer for shape, some in shaped.items() if (layer := _layer(shape, some, frame)) is not None]
    return tuple(replace(layer, name=f"rotation {number}") for number, layer in enumerate(found[:MOST_LAYERS], 1))


def carve(layer: LayerDefinition, gap: tuple[datetime, datetime], zone: ZoneInfo) -> Iterator[LayerDefinition]:
    """Yield what is left of a layer when it has nobody on call between two instants: before, and from the next turn on.

    `zone`: the schedule's.
    """
    zone = ZoneInfo(layer.rotation.timezone) if layer.rotation.timezone else zone
    start, end = (local(at, zone) for at in gap)
    if layer.start < start:
        yield replace(layer, end=start)
    slot = layer.rotation.every * (7 if layer.rotation.unit is Unit.WEEK else 1) * ONE_DAY
    base = layer.start
    if layer.rotation.unit is Unit.WEEK:
        base -= (base.weekday() - WEEK.index(layer.rotation.handover.weekday)) % 7 * ONE_DAY
    turns = -((base - end) // slot)
    begins = base + turns * slot
    if layer.end is None or begins < layer.end:
        members = layer.rotation.members
        shift = turns % len(members)
        rotation = replace(layer.rotation, members=members[shift:] + members[:shift])
        yield replace(layer, start=begins, rotation=rotation)


def _shape(series: Series) -> _Shape | None:
    """Return an event's shape; None: it repeats in a way that no rotation has."""
    rule = series.rule
    freq, every = str(rule["FREQ"][0]), int(rule.get("INTERVAL", [1])[0])
    days = [str(day) for day in rule.get("BYDAY", ())]
    clock, length = series.start.time(), series.end - series.start
    if clock.second or clock.microsecond or length <= timedelta(0) or length % timedelta(minutes=1):
        return None
    shape = _Shape(series.role, series.zone, Unit.DAY, every, (), WEEK[0], clock, length)
    if freq == "DAILY":
        return None if days else shape
    if freq != "WEEKLY" or any(day not in _CODES for day in days):
        return None
    shape = replace(shape, unit=Unit.WEEK)
    named = {_CODES[day] for day in days} or {WEEK[series.start.weekday()]}
    if named == {WEEK[series.start.weekday()]}:
        return shape
    first = _CODES.get(str(rule.get("WKST", ["MO"])[0]), WEEK[0])
    in_order = tuple(day for day in WEEK if day in named)
    return replace(shape, days=in_order, first=first) if length <= ONE_DAY else None


def _layer(shape: _Shape, series: Sequence[Series], frame: Frame) -> LayerDefinition | None:
    """Return the rotation of the events of one shape; None: there is none that has them all."""
    unit = 7 * ONE_DAY if shape.unit is Unit.WEEK else ONE_DAY
    cycle = shape.cycle * unit
    begins = [_turn_begins(one, shape) for one in series]
    is_late = max(begins) - min(begins) >= cycle
    origin = max(begins) if is_late else min(begins)
    # A layer need not be older than what was looked at: from where a cycle begins at or before it.
    origin += max((local(frame.start, shape.zone) - origin) // cycle, 0) * cycle
    places = [((begin - origin) % cycle) // unit for begin in begins]
    if any((begin - origin) % unit for begin in begins):
        return None
    slot = reduce(gcd, places, shape.cycle)
    rotation = _rotation(shape, slot, origin, frame)
    if rotation is None or shape.cycle // slot > MOST_TURNS:
        return None
    turns = tuple(
        tuple(sorted(frozenset().union(*(one.people for one, at in zip(series, places, strict=True) if at == place))))
        for place in range(0, shape.cycle, slot)
    )
    start = max(origin, min(one.start for one in series)) if shape.days else origin
    end = min((ends for one in series if (ends := _ends(one, shape, frame)) is not None), default=None)
    if end is not None and end <= start:
        return None
    return LayerDefinition("", replace(rotation, members=turns), start, end, shape.role)


def _turn_begins(series: Series, shape: _Shape) -> datetime:
    """Return the local time with which an event's first turn begins."""
    return _week_begins(series.start, shape) if shape.days else series.start


def _week_begins(wall: datetime, shape: _Shape) -> datetime:
    return wall - (wall.weekday() - WEEK.index(shape.first)) % 7 * ONE_DAY


def _ends(series: Series, shape: _Shape, frame: Frame) -> datetime | None:
    """Return when an event would come once more and does not any longer; None: it goes on for good."""
    if "UNTIL" not in series.rule and "COUNT" not in series.rule:
        return None
    last = local(series.last, series.zone)
    if shape.days:
        last = _week_begins(last, shape)
    cycle = shape.cycle * (7 if shape.unit is Unit.WEEK else 1) * ONE_DAY
    return min(last + cycle, local(frame.end, series.zone))


def _rotation(shape: _Shape, slot: int, origin: datetime, frame: Frame) -> RotationDefinition | None:
    """Return the rotation without its members; None: its turns would be too long, or overlap."""
    whole = slot * (7 * ONE_DAY if shape.unit is Unit.WEEK else ONE_DAY)
    if slot > MOST[shape.unit]:
        return None
    handover = HandoverDefinition(shape.clock)
    if shape.unit is Unit.WEEK:
        handover = replace(handover, weekday=WEEK[origin.weekday()])
    timezone = shape.zone.key if shape.zone.key != frame.zone.key else None
    rotation = RotationDefinition((), shape.unit, slot, handover, timezone)
    if shape.days:
        ends = (datetime.combine(origin.date(), shape.clock) + shape.length).time()
        return replace(rotation, hours=(DailyPeriod(shape.clock, ends),), weekdays=shape.days)
    if shape.length == whole:
        return rotation
    fits = shape.length < whole and not shape.length % HOUR and shape.length <= _LONGEST_LENGTH
    return replace(rotation, length=shape.length // HOUR) if fits else None
