"""What the tests of schedules share: zones and the changes of their clocks, and short ways to write layers.

And who is on call as one would find it by hand, a turn at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.calendar import WEEK
from bot.domain.people import AccountId
from bot.domain.rotation import Group, Handover, Layer, Unit
from bot.domain.schedule import Override, Schedule, ScheduleId
from bot.domain.wall_clock import instant, local
from bot.domain.week_hours import DailyPeriod, Period
from tests.domain.cast import ANA, BO, CHEN, DEE

A, B, C, D = (ANA,), (BO,), (CHEN,), (DEE,)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)
MON, TUE, WED, THU, FRI, SAT, SUN = WEEK
WORKDAYS: Final = frozenset(WEEK[:5])
WEEKENDS: Final = frozenset(WEEK[5:])
ZONES: Final = (
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Juba",
    "America/Asuncion",
    "America/Chihuahua",
    "America/Havana",
    "America/Los_Angeles",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Whitehorse",
    "Antarctica/Troll",
    "Asia/Almaty",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Jerusalem",
    "Asia/Shanghai",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/Chisinau",
    "Europe/Dublin",
    "Europe/London",
    "Europe/Volgograd",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Easter",
    "Pacific/Fiji",
    "Pacific/Norfolk",
    "UTC",
)
FIRST_YEAR: Final = 2020
LAST_YEAR: Final = 2040


@cache
def transitions(name: str) -> tuple[datetime, ...]:
    """Return every instant from 2020 to 2040 at which the clocks of a zone change."""
    zone = ZoneInfo(name)
    found: list[datetime] = []
    at, end = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    offset = _offset(at, zone)
    while at < end:
        before, after = at, at + DAY
        at, then = after, _offset(after, zone)
        if then != offset:
            while after - before > SECOND:
                middle = before + timedelta(seconds=(after - before) // SECOND // 2)
                before, after = (middle, after) if _offset(middle, zone) == offset else (before, middle)
            found.append(after)
        offset = then
    return tuple(found)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return local(at, zone) - at.replace(tzinfo=None)


def utc(*numbers: int) -> datetime:
    """Return an instant: year, month, day, hour and so on, in UTC."""
    return wall(*numbers).replace(tzinfo=UTC)


def wall(*numbers: int) -> datetime:
    """Return a local time: year, month, day, hour and so on."""
    year, month, day, hour, minute = (*numbers, 0, 0)[:5]
    return datetime(year, month, day, hour, minute)  # noqa: DTZ001 - a local time


def daily(begin: int, end: int) -> DailyPeriod:
    """Return a period of the day by its hours."""
    return DailyPeriod(time(begin % 24), time(end % 24))


def layer(
    *members: Group,
    unit: Unit = Unit.DAY,
    every: int = 1,
    start: datetime = datetime(2026, 1, 5),  # noqa: DTZ001 - a local time, of a Monday
    at: time = time(0),
    hours: tuple[Period, ...] = (),
) -> Layer:
    """Return a layer that starts on a Monday and hands over each midnight, but for what is said."""
    return Layer("one", members, start, unit, every, Handover(at), hours=hours)


def schedule(*layers: Layer, zone: str = "UTC", overrides: tuple[Override, ...] = ()) -> Schedule:
    """Return a schedule of these layers, each named by its place."""
    named = tuple(replace(one, name=f"layer {number}") for number, one in enumerate(layers))
    return Schedule(ScheduleId(1), "main", zone, named, overrides)


# ---- by hand ---------------------------------------------------------------------------------------------------------


def found_by_hand(plan: Schedule, role: str, at: datetime) -> set[AccountId]:
    """Return who is on duty in a role without the fallback: each layer is walked from its start, turn by turn."""
    on_duty: set[AccountId] = set()
    for one in plan.layers:
        if one.role == role:
            on_duty = set(group_by_hand(one, plan.timezone, at)) or on_duty
    for change in plan.overrides:
        if change.role != role or not change.start <= at < change.end:
            continue
        accounts = change.accounts
        if change.rotation is not None:
            accounts = group_by_hand(change.rotation, plan.timezone, at)
        if accounts and change.replaces is None:
            on_duty = set(accounts)
        elif accounts and change.replaces in on_duty:
            on_duty = on_duty - {change.replaces} | set(accounts)
    return on_duty


def group_by_hand(one: Layer, timezone: str, at: datetime) -> Group:
    """Return who of a layer is on duty."""
    zone = ZoneInfo(one.timezone or timezone)
    if at < instant(one.start, zone) or (one.end is not None and at >= instant(one.end, zone)):
        return ()
    if not one.members or not is_open_by_hand(one, zone, at):
        return ()
    handovers = handovers_by_hand(one)
    turn, begun, following = 0, next(handovers), next(handovers)
    while instant(following, zone) <= at:
        turn, begun, following = turn + 1, following, next(handovers)
    if one.length is not None and at >= instant(begun + one.length * HOUR, zone):
        return ()
    return one.members[order_by_hand(one, turn)]


def handovers_by_hand(one: Layer) -> Iterator[datetime]:
    """Yield the local times of the hand-overs, from the last that is not after the start of the layer."""
    clock = timedelta(hours=one.handover.time.hour, minutes=one.handover.time.minute)
    before = [one.start.date() - DAY * back for back in range(65)]
    before = [day for day in before if midnight(day) + clock <= one.start]
    if one.unit is Unit.MONTH:
        days = counted_from(next(day for day in before if is_handover_day(day, one)), one)
        return (midnight(day) + clock for day in islice(days, 0, None, one.every))
    if one.unit is Unit.WEEK:
        days = counted_from(next(day for day in before if WEEK[day.weekday()] is one.handover.weekday), one)
        return (midnight(day) + clock for day in islice(days, 0, None, one.every))
    days = counted_from(before[0], one)
    if one.unit is Unit.DAY:
        return (midnight(day) + clock for day in islice(days, 0, None, one.every))
    hours = (midnight(day) + clock + HOUR * hour for day in days for hour in range(24))
    turns = list(islice(hours, 0, 24, one.every))
    skipped = max([number for number, hour in enumerate(turns) if hour <= one.start] or [0]) * one.every
    hours = (midnight(day) + clock + HOUR * hour for day in counted_from(before[0], one) for hour in range(24))
    return islice(hours, skipped, None, one.every)


def counted_from(day: date, one: Layer) -> Iterator[date]:
    """Yield the days on which turns may change, from that day on."""
    continuous = one.weekdays if one.continuous else frozenset(WEEK)
    while True:
        is_counted = {
            Unit.HOUR: WEEK[day.weekday()] in continuous,
            Unit.DAY: WEEK[day.weekday()] in continuous,
            Unit.WEEK: WEEK[day.weekday()] is one.handover.weekday,
            Unit.MONTH: is_handover_day(day, one),
        }
        if is_counted[one.unit]:
            yield day
        day += DAY


def is_handover_day(day: date, one: Layer) -> bool:
    """Whether turns of months change on that day."""
    is_last = (day + DAY).month != day.month
    return day.day == one.handover.day or (is_last and one.handover.day > day.day)


def midnight(day: date) -> datetime:
    """Return the local time with which a day begins."""
    return datetime.combine(day, time(0))


def is_open_by_hand(one: Layer, zone: ZoneInfo, at: datetime) -> bool:
    """Whether an instant is in the hours of a layer: every period that began in the last eight days is looked at."""
    whole_day = one.handover.time if one.continuous else time(0)
    periods: Sequence[Period] = one.hours or (DailyPeriod(whole_day, whole_day),)
    today = local(at, zone).date()
    for day in (today + DAY * ahead for ahead in range(-8, 2)):
        for period in periods:
            if WEEK[day.weekday()] not in one.weekdays:
                continue
            last = day
            if isinstance(period, DailyPeriod):
                last += DAY if period.end <= period.begin else timedelta(0)
            else:
                if WEEK[day.weekday()] is not period.first:
                    continue
                while WEEK[last.weekday()] is not period.last or (last == day and period.end <= period.begin):
                    last += DAY
            begins, ends = datetime.combine(day, period.begin), datetime.combine(last, period.end)
            if instant(begins, zone) <= at < instant(ends, zone):
                return True
    return False


def order_by_hand(one: Layer, turn: int) -> int:
    """Return the place of the member who has a turn.

    Fair rotation is as `rotation` says; its cycle is counted, not computed.
    """
    size = len(one.members)
    days = len(one.weekdays) if one.continuous else 7
    span = {Unit.HOUR: 24 * days, Unit.DAY: days}.get(one.unit, 1)
    cycle = next(turns for turns in range(1, 1000) if turns * one.every % span == 0)
    block = next(turns for turns in range(size, 100000, size) if turns % cycle == 0)
    return (turn + (turn // block if one.fair and block < size * cycle else 0)) % size
