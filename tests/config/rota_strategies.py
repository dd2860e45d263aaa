"""Calendars, schedules and conditions of rules of every shape that a file can give."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from bot.config.turns import LAST_DAY
from bot.domain.calendar import WEEK, DayKind, Weekday
from bot.domain.escalation import WhenNobody
from bot.domain.event import Severity
from bot.domain.filters import LABELS, Condition, Field, Filter
from bot.domain.rotation import BACKUP, MOST, PRIMARY, Unit
from bot.domain.schedule_definition import (
    CalendarDefinition,
    FallbackDefinition,
    HandoverDefinition,
    LayerDefinition,
    OverrideDefinition,
    RotationDefinition,
    ScheduleDefinition,
)
from bot.domain.time_filter import Period, TimeFilter
from bot.domain.week_hours import DailyPeriod, WeeklyPeriod

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Asia/Shanghai", "America/St_Johns", "Pacific/Apia"])
CLOCKS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
WEEKDAYS = st.sets(st.sampled_from(WEEK), min_size=1).map(lambda days: tuple(day for day in WEEK if day in days))
ROLES = st.sampled_from([PRIMARY, BACKUP, "中 role", "on"])
FIRST = datetime(2020, 1, 1, tzinfo=UTC)
MINUTES = 20 * 365 * 24 * 60
WALLS = st.integers(0, MINUTES).map(lambda minutes: FIRST.replace(tzinfo=None) + timedelta(minutes=minutes))
HOURS = st.lists(
    st.builds(DailyPeriod, CLOCKS, CLOCKS)
    | st.builds(WeeklyPeriod, st.sampled_from(Weekday), CLOCKS, st.sampled_from(Weekday), CLOCKS),
    max_size=3,
).map(tuple)
TIMES = st.builds(
    TimeFilter,
    timezone=ZONES,
    weekdays=st.just(()) | WEEKDAYS,
    periods=st.lists(st.builds(Period, CLOCKS, CLOCKS), max_size=2, unique=True).map(tuple),
)
NOBODY = st.sampled_from(WhenNobody)
WORDS = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
VALUES = (
    WORDS
    | WORDS.map("{}*".format)
    | WORDS.map("/^{}$/i".format)
    | st.sampled_from(["null", "~", "a: b", "${X}", ":0", "? x"])
)


@st.composite
def groups(draw: st.DrawFn) -> tuple[Condition, ...]:
    """Draw conditions that something can match."""
    fields = st.sampled_from([Field.TITLE, Field.DESCRIPTION, Field.CHANNEL]) | WORDS.map((LABELS + "{}").format)
    said = [
        Condition(field, tuple(draw(st.lists(VALUES, min_size=1, max_size=3, unique=True))), draw(st.booleans()))
        for field in draw(st.lists(fields, min_size=1, max_size=3, unique=True))
    ]
    severity = Condition(Field.SEVERITY, (draw(st.sampled_from(Severity)),), draw(st.booleans()))
    twice = [Condition("labels.twice", ("a*",)), Condition("labels.twice", ("*b",))] if draw(st.booleans()) else []
    return (*said, *([severity] if draw(st.booleans()) else []), *twice)


FILTERS = st.lists(groups(), max_size=3).map(lambda found: Filter(tuple(found)))


@st.composite
def calendar(draw: st.DrawFn, name: str) -> CalendarDefinition:
    """Draw a calendar of that name."""
    region = st.sampled_from([("", ""), ("CN", ""), ("DE", ""), ("DE", "BY")])
    exceptions = st.dictionaries(st.dates(date(2001, 1, 1), date(2098, 1, 1)), st.sampled_from(DayKind), max_size=3)
    country, part = draw(region)
    return CalendarDefinition(name, country, part, draw(WEEKDAYS), draw(exceptions))


@st.composite
def rotations(draw: st.DrawFn, emails: list[str]) -> RotationDefinition:
    """Draw turns of these people."""
    unit = draw(st.sampled_from(Unit))
    turn = st.lists(st.sampled_from(emails), unique=True, max_size=3).map(tuple)
    return RotationDefinition(
        members=tuple(draw(st.lists(turn, min_size=1, max_size=3).filter(any))),
        unit=unit,
        every=draw(st.integers(1, MOST[unit])),
        handover=HandoverDefinition(
            draw(CLOCKS),
            draw(st.sampled_from(Weekday)) if unit is Unit.WEEK else Weekday.MON,
            draw(st.integers(1, 28) | st.just(LAST_DAY)) if unit is Unit.MONTH else 1,
        ),
        timezone=draw(st.none() | ZONES),
        hours=draw(HOURS),
        weekdays=draw(WEEKDAYS),
        continuous=draw(st.booleans()),
        fair=draw(st.booleans()),
        length=draw(st.none() | st.integers(1, 720)),
    )


@st.composite
def overrides(draw: st.DrawFn, emails: list[str], why: st.SearchStrategy[str]) -> OverrideDefinition:
    """Draw a temporary change."""
    begin = draw(st.integers(0, MINUTES))
    end = begin + draw(st.integers(1, 10_000))
    rotation = draw(st.none() | rotations(emails))
    members = draw(st.lists(st.sampled_from(emails), unique=True, min_size=1, max_size=3))
    replaces = draw(st.none() | st.sampled_from(emails))
    return OverrideDefinition(
        start=FIRST + timedelta(minutes=begin),
        end=FIRST + timedelta(minutes=end),
        members=() if rotation else tuple(members),
        rotation=rotation,
        role=draw(ROLES),
        replaces=replaces if [replaces] != members else None,
        why=draw(st.just("") | why),
    )


@st.composite
def schedule(
    draw: st.DrawFn, name: str, emails: list[str], others: list[str], texts: st.SearchStrategy[str]
) -> ScheduleDefinition:
    """Draw a schedule of that name, which may fall back on one of the others."""
    layers = []
    for layer in draw(st.lists(texts, unique_by=str.casefold, max_size=3)) if emails else []:
        start = draw(WALLS)
        lasts = draw(st.none() | st.integers(1, 100_000))
        end = start + timedelta(minutes=lasts) if lasts else None
        layers.append(LayerDefinition(layer, draw(rotations(emails)), start, end, draw(ROLES)))
    accounts = draw(st.lists(st.sampled_from(emails), unique=True, max_size=2)) if emails else []
    other = draw(st.none() | st.sampled_from(others)) if others else None
    return ScheduleDefinition(
        name=name,
        timezone=draw(ZONES),
        layers=tuple(layers),
        overrides=tuple(draw(st.lists(overrides(emails, texts), max_size=2))) if emails else (),
        fallback=FallbackDefinition(tuple(accounts), other) if accounts or other else None,
        notice=draw(st.integers(0, 120).map(lambda minutes: timedelta(minutes=minutes))),
    )


def roles_of(body: ScheduleDefinition) -> list[str]:
    """Return the roles that a level may name."""
    return sorted({layer.role for layer in body.layers} | {change.role for change in body.overrides})
