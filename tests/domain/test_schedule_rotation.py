"""Whose turn it is: units and custom lengths, weekdays, continuous and fair rotation, hours of the week."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.calendar import WEEK
from bot.domain.people import AccountId
from bot.domain.rotation import Group, Handover, Layer, Unit, member, pieces
from bot.domain.schedule import Schedule, on_call
from bot.domain.shifts import balance
from bot.domain.wall_clock import instant, latest
from bot.domain.week_hours import DailyPeriod, Period, WeeklyPeriod, table_of, time_within
from tests.domain.rota import (
    DAY,
    FRI,
    HOUR,
    MON,
    SAT,
    SUN,
    THU,
    WORKDAYS,
    A,
    B,
    C,
    D,
    daily,
    layer,
    schedule,
    utc,
    wall,
)

MONDAY = utc(2026, 1, 5)
NINE = time(9)
LETTERS: dict[Group, str] = {A: "A", B: "B", C: "C", D: "D"}


def days(one: Layer, count: int, hour: int = 12) -> str:
    """Return who is on duty at an hour of each day from the first Monday, a letter each; a dot: nobody."""
    moments = [MONDAY + day * DAY + hour * HOUR for day in range(count)]
    found = [next(pieces(one, "UTC", at, at + HOUR / 60), None) for at in moments]
    return "".join(
        LETTERS[piece.accounts] if piece is not None and piece.start <= at else "."
        for at, piece in zip(moments, found, strict=True)
    )


def cuts(one: Layer, start: int, end: int) -> list[tuple[float, float]]:
    """Return the pieces of a layer by their hours from the first Monday."""
    found = pieces(one, "UTC", MONDAY + start * HOUR, MONDAY + end * HOUR)
    return [((piece.start - MONDAY) / HOUR, (piece.end - MONDAY) / HOUR) for piece in found]


def test_turns_of_each_unit() -> None:
    assert days(layer(A, B, C), 7) == "ABCABCA"
    assert days(layer(A, B, every=2), 9) == "AABBAABBA"
    assert days(layer(A, B, unit=Unit.WEEK), 15) == "AAAAAAABBBBBBBA"
    assert days(layer(A, B, unit=Unit.MONTH), 58) == "A" * 27 + "B" * 28 + "A" * 3
    assert cuts(layer(A, B, unit=Unit.HOUR, every=5), 0, 24) == [(0, 5), (5, 10), (10, 15), (15, 20), (20, 25)]


def test_a_turn_may_last_any_number_of_hours() -> None:
    assert cuts(layer(A, B, unit=Unit.HOUR, every=84), 0, 170) == [(0, 84), (84, 168), (168, 252)]


def test_the_first_turn_is_the_one_in_which_the_layer_starts() -> None:
    weekly = replace(layer(A, B, unit=Unit.WEEK, start=wall(2026, 1, 8, 10)), handover=Handover(NINE))
    monthly = replace(layer(A, B, unit=Unit.MONTH, start=wall(2026, 1, 8, 10)), handover=Handover(NINE, day=9))

    assert days(weekly, 15) == "...AAAABBBBBBBA"
    assert cuts(weekly, 0, 200) == [(82, 177), (177, 345)]
    assert days(monthly, 6) == "...ABB"
    assert cuts(layer(A, B, unit=Unit.HOUR, every=4, start=wall(2026, 1, 5, 6)), 0, 13) == [(6, 8), (8, 12), (12, 16)]
    assert cuts(layer(A, B, start=wall(2026, 1, 5, 6), at=NINE), 0, 24) == [(6, 9), (9, 33)]


def test_in_a_month_that_is_shorter_the_last_day_counts() -> None:
    one = replace(layer(A, B, unit=Unit.MONTH, start=wall(2026, 1, 31)), handover=Handover(day=31))

    starts = [piece.start for piece in pieces(one, "UTC", utc(2026, 1, 1), utc(2026, 5, 1))]

    assert starts == [utc(2026, 1, 31), utc(2026, 2, 28), utc(2026, 3, 31), utc(2026, 4, 30)]


def test_a_plain_rotation_counts_days_on_which_nobody_is_on_duty() -> None:
    one = replace(layer(A, B, C, D), weekdays=WORKDAYS)

    assert days(one, 14) == "ABCDA..DABCD.."


def test_a_continuous_rotation_counts_active_days_alone() -> None:
    one = replace(layer(A, B, C, D), weekdays=WORKDAYS, continuous=True)

    assert days(one, 14) == "ABCDA..BCDAB.."
    assert days(replace(one, every=2), 14) == "AABBC..CDDAA.."


def test_a_continuous_day_runs_from_hand_over_to_hand_over() -> None:
    plain = replace(layer(A, at=NINE), weekdays=frozenset({FRI}))

    assert cuts(replace(plain, continuous=True), 90, 170) == [(105, 129)]
    assert cuts(plain, 90, 170) == [(96, 105), (105, 120)]


def test_continuous_hours_go_on_after_the_days_between() -> None:
    one = replace(layer(A, B, C, unit=Unit.HOUR, every=12), weekdays=WORKDAYS, continuous=True)

    found = list(pieces(one, "UTC", MONDAY + 4 * DAY, MONDAY + 8 * DAY))

    assert [piece.turn for piece in found] == [8, 9, 10, 11]
    assert found[1].end == MONDAY + 5 * DAY
    assert found[2].start == MONDAY + 7 * DAY


def test_a_continuous_rotation_that_starts_on_another_day_begins_with_the_first_active_one() -> None:
    one = replace(layer(A, B, start=wall(2026, 1, 10, 15)), weekdays=WORKDAYS, continuous=True)

    assert days(one, 10) == "." * 7 + "ABA"


def test_a_shift_may_be_shorter_than_its_turn() -> None:
    assert cuts(replace(layer(A, B, at=NINE, start=wall(2026, 1, 5, 10)), length=8), 0, 48) == [(10, 17), (33, 41)]
    assert cuts(replace(layer(A, B), length=30), 0, 48) == [(0, 24), (24, 48)]


def test_several_periods_of_a_day_may_pass_midnight() -> None:
    one = layer(A, hours=(daily(22, 6), daily(12, 13)), unit=Unit.WEEK)

    # The first is what is left of Sunday's.
    assert cuts(one, 1, 48) == [(0, 6), (12, 13), (22, 30), (36, 37), (46, 54)]


def test_a_period_belongs_to_the_weekday_on_which_it_begins() -> None:
    one = replace(layer(A, hours=(daily(22, 6),), unit=Unit.WEEK), weekdays=frozenset({FRI}))

    assert cuts(one, 24, 168) == [(118, 126)]


def test_periods_of_a_week_may_wrap_it() -> None:
    hours: tuple[Period, ...] = (WeeklyPeriod(FRI, time(18), MON, time(8)), WeeklyPeriod(THU, NINE, THU, time(10)))
    one = layer(A, unit=Unit.MONTH, hours=hours, start=wall(2026, 1, 1))

    assert cuts(one, 0, 180) == [(-54, 8), (81, 82), (114, 176)]
    assert cuts(replace(one, weekdays=frozenset({THU})), 0, 180) == [(81, 82)]
    assert cuts(replace(one, weekdays=frozenset({SUN})), 0, 180) == []


@pytest.mark.parametrize(
    "periods",
    [
        (daily(0, 24),),
        (daily(7, 7),),
        (daily(0, 12), daily(12, 0)),
        (WeeklyPeriod(MON, NINE, MON, NINE),),
        (WeeklyPeriod(SAT, NINE, FRI, time(12)), daily(6, 20), daily(18, 6)),
    ],
)
def test_periods_may_cover_all_of_the_week(periods: tuple[Period, ...]) -> None:
    assert table_of(periods) is None


def test_periods_that_touch_are_one() -> None:
    assert table_of([daily(9, 12), daily(12, 14), daily(11, 13)]) == tuple(
        (day * DAY + 9 * HOUR, day * DAY + 14 * HOUR) for day in range(7)
    )
    assert table_of([DailyPeriod(time(0, 0, 1), time(0, 0, 2))], frozenset({MON})) == (
        (timedelta(seconds=1), timedelta(seconds=2)),
    )


def test_time_is_counted_within_the_hours_of_a_week() -> None:
    zone, night = ZoneInfo("UTC"), table_of([daily(22, 6)])

    assert time_within(night, zone, MONDAY, MONDAY + 23 * HOUR) == 7 * HOUR
    assert time_within(night, zone, MONDAY + 7 * HOUR, MONDAY + 9 * HOUR) == timedelta()
    assert time_within(None, zone, MONDAY, MONDAY + 23 * HOUR) == 23 * HOUR
    assert time_within((), zone, MONDAY, MONDAY + 23 * HOUR) == timedelta()


def test_a_rotation_without_members_has_nobodys_turns() -> None:
    assert member(layer(), 3) == ()
    assert list(pieces(layer(), "UTC", MONDAY, MONDAY + DAY)) == []


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize("continuous", [False, True])
def test_the_age_of_a_layer_costs_nothing(unit: Unit, continuous: bool) -> None:
    hours = (daily(8, 20), daily(22, 6))
    one = replace(layer(A, B, C, unit=unit, start=wall(1990, 1, 1), hours=hours), weekdays=WORKDAYS)
    plan = schedule(replace(one, continuous=continuous), zone="Europe/Berlin")

    assert max(looked_up(plan, utc(year, 7, 1, 10)) for year in (1991, 2026, 2039)) <= 40


def test_what_is_hidden_costs_nothing() -> None:
    hourly, yearly = layer(A, B, unit=Unit.HOUR), layer(C, D, unit=Unit.MONTH, every=12)

    assert looked_up(schedule(hourly, yearly), utc(2026, 7, 1)) <= 40


def looked_up(plan: Schedule, at: datetime) -> int:
    """Return how many local times are turned into instants to say who is on call."""
    before = instant.cache_info()
    assert on_call(plan, at)
    after = instant.cache_info()
    return after.hits + after.misses - before.hits - before.misses


# ---- fair rotation ---------------------------------------------------------------------------------------------------


def test_a_plain_rotation_of_seven_gives_the_weekend_to_the_same_people_and_a_fair_one_to_all() -> None:
    seven = tuple((AccountId(number),) for number in range(1, 8))
    plain = layer(*seven)

    def of_saturdays(one: Layer) -> list[int]:
        return [group[0] for group in (member(one, 5 + 7 * week) for week in range(7))]

    assert of_saturdays(plain) == [6] * 7
    assert of_saturdays(replace(plain, fair=True)) == [6, 7, 1, 2, 3, 4, 5]


def test_two_people_exchange_days_and_nights_each_week() -> None:
    one = replace(layer(A, B, unit=Unit.HOUR, every=12), fair=True)

    assert [member(one, turn) for turn in (0, 1, 12, 13, 14, 15)] == [A, B, A, B, B, A]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 9),
    st.sampled_from(Unit),
    st.integers(1, 30),
    st.one_of(st.just(frozenset(WEEK)), st.frozensets(st.sampled_from(WEEK), min_size=1)),
    st.booleans(),
)
def test_fair_rotation_is_even_in_each_round_and_over_all_hours_of_the_week_in_the_end(
    size: int, unit: Unit, every: int, weekdays: frozenset[object], continuous: bool
) -> None:
    members = tuple((AccountId(number),) for number in range(size))
    one = replace(
        layer(*members, unit=unit, every=every),
        weekdays=frozenset(day for day in WEEK if day in weekdays),
        continuous=continuous,
        fair=True,
    )
    per_day = len(one.weekdays) if continuous else 7
    cycle = {Unit.HOUR: 24 * per_day, Unit.DAY: per_day}.get(unit, 1)
    # However long a turn is, the cycle divides this number of turns.
    order = [member(one, turn) for turn in range(size * cycle)]

    for begin in range(0, len(order), size):
        assert set(order[begin : begin + size]) == set(members)
    # Each kind of turn, by where in the week it falls, comes to everybody equally often.
    kinds = Counter((turn * every % cycle, group) for turn, group in enumerate(order))
    assert len(set(kinds.values())) == 1
    assert len(kinds) == size * len({turn * every % cycle for turn in range(cycle)})


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 8), st.sampled_from((6, 8, 12, 24)), st.integers(1, 6))
def test_after_each_round_hours_differ_by_one_shift_at_most(size: int, hours: int, rounds: int) -> None:
    members = [(AccountId(number),) for number in range(size)]
    one = replace(layer(*members, unit=Unit.HOUR, every=hours, start=wall(2026, 3, 2)), fair=True)
    # Within some of these weeks the clocks of Berlin change.
    begin = utc(2026, 3, 1, 23)
    end = instant(wall(2026, 3, 2) + rounds * size * hours * HOUR, ZoneInfo("Europe/Berlin"))

    loads = balance(schedule(one, zone="Europe/Berlin"), begin, end)

    totals = [load.total for load in loads.values()]
    assert len(totals) == size
    assert max(totals) - min(totals) <= hours * HOUR


@pytest.mark.parametrize(("size", "hours"), [(2, 12), (7, 24), (4, 12), (6, 8), (3, 8), (14, 24)])
def test_after_all_cycles_nights_and_weekends_are_even(size: int, hours: int) -> None:
    members = [(AccountId(number),) for number in range(size)]
    one = layer(*members, unit=Unit.HOUR, every=hours)
    span = size * 7 * DAY

    fair = balance(schedule(replace(one, fair=True)), MONDAY, MONDAY + span).values()
    plain = balance(schedule(one), MONDAY, MONDAY + span).values()

    assert len({(load.total, load.night, load.weekend) for load in fair}) == 1
    assert sum((load.weekend for load in fair), timedelta()) == size * 2 * DAY
    assert size == 3 or len({(load.night, load.weekend) for load in plain}) > 1


@pytest.mark.parametrize("guess", [1, 2, 3])
def test_a_guess_that_a_change_of_the_clocks_makes_wrong_is_put_right(guess: int) -> None:
    hours = (wall(2026, 10, 25) + number * HOUR for number in range(5))
    written = dict(enumerate(hours)).__getitem__
    assert latest(utc(2026, 10, 25, 0, 30), ZoneInfo("Europe/Berlin"), written, guess) == 2
