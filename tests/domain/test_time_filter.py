"""Time filters against a reference, minute by minute, around every change of the clocks from 2020 to 2040."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.calendar import WEEK, DayKind, Weekday
from bot.domain.time_filter import ALWAYS, FARTHEST, Period, TimeFilter, matches, next_change
from storage.codec import Codec

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ZONES = [
    "Africa/Cairo",  # skips and repeats midnight
    "Africa/Casablanca",  # four changes in some years
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "Antarctica/Troll",  # two hours
    "Asia/Beirut",
    "Asia/Tehran",
    "Asia/Shanghai",  # none
    "Australia/Lord_Howe",  # half an hour
    "Europe/Berlin",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Chatham",  # not at a full hour
]


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """Return the instants from 2020 to 2040 at which the zone's clocks are changed, to the minute."""
    return tuple(_changes(ZoneInfo(zone)))


def _changes(zone: ZoneInfo) -> Iterator[datetime]:
    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(zone).utcoffset()

    day = datetime(2020, 1, 1, tzinfo=UTC)
    while day.year <= 2040:
        if offset(day) != offset(day + DAY):
            yield next(at for n in range(1, 1441) if offset(at := day + n * MINUTE) != offset(at - MINUTE))
        day += DAY


def odd_days_rest(name: str, day: date) -> DayKind:
    """Say that odd days are for rest."""
    return DayKind.REST if day.day % 2 else DayKind.WORK


def minutes_of(when: TimeFilter, day: date) -> set[tuple[date, int]]:
    """Return every minute of the wall, by date and number, that belongs to the filter because it counts this day."""
    if when.weekdays and day.strftime("%a").lower() not in when.weekdays:
        return set()
    if when.calendar and odd_days_rest(when.calendar, day) != when.days:
        return set()
    found = set()
    for period in when.periods or (Period(time(), time()),):
        begin, end = (at.hour * 60 + at.minute for at in (period.begin, period.end))
        for minute in range(begin, end if end > begin else end + 1440):
            found.add((day + DAY * (minute // 1440), minute % 1440))
    return found


class Reference:
    """The same filter as a set of minutes of the wall, for some days."""

    def __init__(self, when: TimeFilter, around: datetime, days: int) -> None:
        self.zone = ZoneInfo(when.timezone)
        near = [around.date() + n * DAY for n in range(-days - 2, days + 3)]
        self.minutes = set().union(*(minutes_of(when, day) for day in near))

    def matches(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        return (local.date(), local.hour * 60 + local.minute) in self.minutes


SOME = [
    TimeFilter(periods=(Period(time(0, 30), time(2, 30)), Period(time(22), time(1)))),
    TimeFilter(weekdays=(Weekday.SUN,), periods=(Period(time(2, 15), time(2, 45)), Period(time(23, 30), time(3)))),
    TimeFilter(weekdays=(Weekday.SAT, Weekday.FRI)),
    TimeFilter(calendar="odd", days=DayKind.REST, periods=(Period(time(1), time(0)),)),
]


@pytest.mark.parametrize("zone", ZONES)
def test_around_every_change_of_the_clocks_it_is_as_the_wall_says(zone: str) -> None:
    most = 0
    for number, change in enumerate(changes(zone)):
        when = TimeFilter(zone, *_parts(SOME[number % len(SOME)]))
        reference = Reference(when, change, 1)
        minutes = [change + n * MINUTE for n in range(-300, 300)]
        expected = [reference.matches(at) for at in minutes]
        assert [matches(when, at, odd_days_rest) for at in minutes] == expected, (when, change)

        changed = [at for at, before, now in zip(minutes[1:], expected, expected[1:], strict=False) if before != now]
        found = [next_change(when, at, odd_days_rest) for at in (minutes[0], *changed)][: len(changed)]
        assert found == changed, (when, change)
        most = max(most, len(changed))
    assert most > 1 or not changes(zone)


def _parts(
    when: TimeFilter,
) -> tuple[tuple[Weekday, ...], tuple[Period, ...], str, DayKind]:
    return when.weekdays, when.periods, when.calendar, when.days


def test_the_changes_are_many() -> None:
    counts = {zone: len(changes(zone)) for zone in ZONES}
    assert counts["Europe/Berlin"] == counts["America/New_York"] == counts["Pacific/Auckland"] == 42
    assert counts["Asia/Shanghai"] == 0
    assert counts["Africa/Casablanca"] > 40
    assert sum(counts.values()) > 450


at_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
periods = st.builds(Period, at_times, at_times)
transitions = st.sampled_from([(zone, n) for zone in ZONES for n in range(44)])


@st.composite
def filters(draw: st.DrawFn, zone: str) -> TimeFilter:
    """Return a time filter of the zone."""
    return TimeFilter(
        zone,
        tuple(draw(st.lists(st.sampled_from(WEEK), max_size=4, unique=True))),
        tuple(draw(st.lists(periods, max_size=3))),
        draw(st.sampled_from(["", "odd"])),
        draw(st.sampled_from(DayKind)),
    )


@settings(max_examples=30)
@given(data=st.data(), near=transitions, away=st.integers(-2000, 2000), second=st.sampled_from([0, 0.5, 59]))
def test_the_next_change_is_where_the_reference_changes(
    data: st.DataObject, near: tuple[str, int], away: int, second: float
) -> None:
    zone, number = near
    known = changes(zone) or (datetime(2030, 3, 31, 1, tzinfo=UTC),)
    minute = known[number % len(known)] + away * MINUTE
    at = minute + timedelta(seconds=second)
    when = data.draw(filters(zone))
    reference = Reference(when, minute, 10)

    now = reference.matches(minute)
    assert matches(when, at, odd_days_rest) is now

    later = (minute + n * MINUTE for n in range(1, 3 * 1440))
    expected = next((one for one in later if reference.matches(one) is not now), None)
    found = next_change(when, at, odd_days_rest)
    if expected is not None:
        assert found == expected
    else:
        assert found is None or found >= minute + 3 * DAY


def berlin(*when: int, fold: int = 0) -> datetime:
    """Return an instant by the wall in Berlin."""
    year, month, day, hour, minute = when
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin"), fold=fold).astimezone(UTC)


def night(begin: time, end: time, *days: Weekday) -> TimeFilter:
    """Return a filter of one period in Berlin."""
    return TimeFilter("Europe/Berlin", days, (Period(begin, end),))


def test_a_period_that_begins_in_a_skipped_hour_begins_at_the_first_instant_after() -> None:
    # 2026-03-29: at 02:00 the clocks show 03:00.
    when, before = night(time(2, 30), time(4)), berlin(2026, 3, 29, 1, 59)
    assert not matches(when, before, odd_days_rest)
    assert next_change(when, before, odd_days_rest) == before + MINUTE == berlin(2026, 3, 29, 3, 0)
    assert next_change(when, before + MINUTE, odd_days_rest) == berlin(2026, 3, 29, 4, 0)


def test_a_period_within_a_skipped_hour_is_left_out() -> None:
    when = night(time(2, 15), time(2, 45))
    assert next_change(when, berlin(2026, 3, 29, 0, 0), odd_days_rest) == berlin(2026, 3, 30, 2, 15)


def test_both_times_of_a_repeated_hour_belong() -> None:
    # 2026-10-25: at 03:00 the clocks show 02:00 again.
    when = night(time(2, 15), time(2, 45))
    at = berlin(2026, 10, 25, 0, 0)
    found = []
    for _ in range(4):
        at = next_change(when, at, odd_days_rest) or at
        found.append(at)
    quarters = [berlin(2026, 10, 25, 2, minute, fold=fold) for fold in (0, 1) for minute in (15, 45)]
    assert found == quarters


def test_a_period_that_passes_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    when = night(time(22), time(6), Weekday.FRI)
    assert not matches(when, berlin(2026, 11, 20, 5, 0), odd_days_rest)
    assert matches(when, berlin(2026, 11, 20, 22, 0), odd_days_rest)
    assert matches(when, berlin(2026, 11, 21, 5, 59), odd_days_rest)
    assert not matches(when, berlin(2026, 11, 21, 6, 0), odd_days_rest)
    assert not matches(when, berlin(2026, 11, 21, 22, 0), odd_days_rest)


def test_a_calendar_decides_by_the_day_in_the_filters_zone() -> None:
    asked: list[tuple[str, date]] = []

    def kinds(name: str, day: date) -> DayKind:
        asked.append((name, day))
        return DayKind.WORK

    when = TimeFilter("Asia/Shanghai", calendar="cn", days=DayKind.WORK)
    assert matches(when, datetime(2026, 2, 13, 16, 30, tzinfo=UTC), kinds)
    assert asked == [("cn", date(2026, 2, 14))]


def test_an_empty_filter_always_holds_and_never_changes() -> None:
    now = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    assert matches(ALWAYS, now, odd_days_rest)
    assert next_change(ALWAYS, now, odd_days_rest) is None


def test_what_changes_too_far_away_does_not_change() -> None:
    now = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)

    def kinds(_: str, day: date) -> DayKind:
        return DayKind.REST if day >= (now + FARTHEST + 2 * DAY).date() else DayKind.WORK

    when = TimeFilter(calendar="odd")
    assert next_change(when, now, kinds) is None
    assert next_change(when, now + 5 * DAY, kinds) == datetime(2027, 12, 28, tzinfo=UTC)


@given(filters("Europe/Berlin"))
def test_a_time_filter_is_stored_and_read_again(when: TimeFilter) -> None:
    codec = Codec(TimeFilter)
    assert codec.read(codec.write(when)) == when
