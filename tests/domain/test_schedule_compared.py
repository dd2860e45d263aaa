"""Schedules that others publish with what comes of them, and ours beside them.

Grafana OnCall: https://github.com/grafana/oncall, `engine/apps/schedules/tests`. PagerDuty:
https://support.pagerduty.com/main/docs/schedule-examples and the pages that a test names. Where we differ, the test
says why.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Final

import pytest

from bot.domain.calendar import WEEK, Weekday
from bot.domain.people import AccountId
from bot.domain.rotation import Group, Handover, Layer, Unit
from bot.domain.schedule import Fallback, Override, Schedule, on_call, shifts, timeline
from bot.domain.week_hours import WeeklyPeriod
from tests.domain.cast import ANA, BO, CHEN, DEE
from tests.domain.rota import (
    DAY,
    FRI,
    HOUR,
    MON,
    SAT,
    SUN,
    THU,
    TUE,
    WED,
    WEEKENDS,
    WORKDAYS,
    A,
    B,
    C,
    D,
    daily,
    layer,
    midnight,
    schedule,
    utc,
    wall,
)

EVA = AccountId(5)
E: Final = (EVA,)
NAMES: Final = {ANA: "A", BO: "B", CHEN: "C", DEE: "D", EVA: "E", AccountId(6): "F"}
MONDAY = utc(2026, 1, 5)
EVERY: Final = frozenset(WEEK)


def final(plan: Schedule, hours: int = 24) -> list[tuple[float, float, str]]:
    """Return the final schedule from the first Monday: from and to which hour, and who; a dash: nobody."""
    found = timeline(plan, MONDAY, MONDAY + hours * HOUR)
    return [
        ((one.start - MONDAY) / HOUR, (one.end - MONDAY) / HOUR, "".join(NAMES[each] for each in one.accounts) or "-")
        for one in found
    ]


def each(group: Group, start: int, hours: int) -> Layer:
    """Return a layer of one group that is on duty each day from an hour on, for so many hours."""
    return layer(group, hours=(daily(start, start + hours),))


def for_hours(group: Group, start: float, hours: float) -> Override:
    """Return an override of the first Monday."""
    return Override(MONDAY + start * HOUR, MONDAY + (start + hours) * HOUR, group)


# ---- Grafana OnCall --------------------------------------------------------------------------------------------------


def test_oncall_final_schedule_events() -> None:
    """The case of `test_final_schedule_events` in test_on_call_schedule.py."""
    first = [each(A, 10, 5), each(B, 11, 2), each(A, 16, 3), each(A, 21, 1), each(B, 22, 2)]
    second = [each(C, 12, 2), each(D, 14, 1), each(D, 17, 1), each(D, 20, 3)]
    plan = schedule(*first, *second, overrides=(for_hours(E, 22, 1), for_hours(A, 22, 0.5)))

    assert final(plan) == [
        (0, 10, "-"),
        # There both A and B are on call from 11 to 12: shifts of one priority do not hide each other. Here a later
        # layer always lies on an earlier one; who is to be on call together is a group of one layer.
        (10, 11, "A"),
        (11, 12, "B"),
        (12, 14, "C"),
        (14, 15, "D"),
        (15, 16, "-"),
        (16, 17, "A"),
        (17, 18, "D"),
        (18, 19, "A"),
        (19, 20, "-"),
        (20, 22, "D"),
        (22, 22.5, "A"),
        (22.5, 23, "E"),
        (23, 24, "B"),
    ]


def test_oncall_splitting_events() -> None:
    """The case of `test_final_schedule_splitting_events`; there A stays on call beside B from 12 to 15."""
    plan = schedule(each(A, 10, 10), each(B, 12, 4), each(C, 15, 3))

    assert final(plan)[1:-1] == [(10, 12, "A"), (12, 15, "B"), (15, 18, "C"), (18, 20, "A")]


def test_oncall_splitting_same_time_events() -> None:
    """The case of `test_final_schedule_splitting_same_time_events`, with the two of one priority as a group."""
    plan = schedule(each((ANA, BO), 10, 10), each(C, 10, 3))

    assert final(plan)[1:-1] == [(10, 13, "C"), (13, 20, "AB")]


@pytest.mark.parametrize(
    ("start", "hours", "change", "expected"),
    [
        # test_final_schedule_override_no_priority_shift
        (10, 5, for_hours(B, 10, 5), [(10, 15, "B")]),
        # test_final_schedule_override_split
        (10, 5, for_hours(B, 10, 4), [(10, 14, "B"), (14, 15, "A")]),
        # test_preview_override_shift
        (9, 9, for_hours(B, 12, 1), [(9, 12, "A"), (12, 13, "B"), (13, 18, "A")]),
    ],
)
def test_oncall_overrides(start: int, hours: int, change: Override, expected: list[tuple[float, float, str]]) -> None:
    """The cases of test_on_call_schedule.py that are named beside each."""
    assert final(schedule(each(A, start, hours), overrides=(change,)))[1:-1] == expected


def test_oncall_preview_of_a_shift_and_of_one_without_users() -> None:
    """The cases of `test_preview_shift` and `test_preview_shift_no_user`: what is nobody hides nobody."""
    assert final(schedule(each(A, 9, 9), each(B, 12, 1)))[1:-1] == [(9, 12, "A"), (12, 13, "B"), (13, 18, "A")]
    assert final(schedule(each(A, 9, 9), each((), 12, 1)))[1:-1] == [(9, 18, "A")]


# How many members, the first day, on which weekdays, what turns are counted in, and who is on duty on each day.
ROLLING: Final = [
    (3, date(2024, 8, 1), frozenset({FRI}), Unit.DAY, 1, ".A......B......C....."),
    (5, date(2024, 8, 5), WORKDAYS, Unit.DAY, 1, "ABCDE..ABCDE.."),
    (4, date(2024, 8, 5), WORKDAYS, Unit.DAY, 2, "AABBC..CDDAA.."),
    (5, date(2024, 8, 5), WORKDAYS, Unit.WEEK, 1, "AAAAA..BBBBB.."),
    (5, date(2024, 8, 26), WORKDAYS, Unit.MONTH, 1, "AAAAA..BBBBB.."),
    (5, date(2024, 8, 8), WORKDAYS, Unit.DAY, 1, "AB..CDEAB..CDE"),
    (5, date(2024, 8, 8), WORKDAYS, Unit.WEEK, 1, "AA..BBBBB..CCC"),
    (5, date(2024, 8, 29), WORKDAYS, Unit.MONTH, 1, "AA..BBBBB..BBB"),
    (3, date(2024, 8, 3), WEEKENDS, Unit.DAY, 1, "AB.....CA.....B"),
    (5, date(2024, 8, 3), WEEKENDS, Unit.DAY, 1, "AB.....CD....."),
    (1, date(2024, 8, 1), WEEKENDS, Unit.DAY, 1, "..AA."),
    (3, date(2024, 8, 1), WEEKENDS, Unit.DAY, 1, "..AB.....CA.....B"),
    (6, date(2024, 8, 1), WEEKENDS, Unit.DAY, 1, "..AB.....CD.....E"),
    (3, date(2024, 8, 1), WEEKENDS, Unit.DAY, 2, "..AA.....BB.....C"),
    (3, date(2024, 8, 3), WEEKENDS, Unit.WEEK, 1, "AA.....BB.....CC.."),
    (3, date(2024, 8, 29), WEEKENDS, Unit.MONTH, 1, "..AB.....BB.....BB"),
]


def by_day(one: Layer, first: date, count: int) -> str:
    """Return who is on duty at noon of each day, a letter for each person; a dot: nobody."""
    noons = [(midnight(first) + day * DAY).replace(hour=12) for day in range(count)]
    plan = schedule(one)
    found = [on_call(plan, utc(noon.year, noon.month, noon.day, 12)) for noon in noons]
    return " ".join("".join(NAMES[each.account] for each in on_duty) or "." for on_duty in found)


def rolling(members: int, first: date, weekdays: frozenset[Weekday], unit: Unit, every: int) -> Layer:
    """Return a rotation as OnCall has it: it counts active days, weeks from Monday, and calendar months."""
    groups: Sequence[Group] = [(account,) for account in NAMES][:members]
    one = layer(*groups, unit=unit, every=every, start=midnight(first))
    return replace(one, weekdays=weekdays, continuous=True, handover=Handover(time(0), MON, 1))


@pytest.mark.parametrize("case", ROLLING)
def test_oncall_rolling_users(case: tuple[int, date, frozenset[Weekday], Unit, int, str]) -> None:
    """The cases of custom_shift_test_cases.py: who has which day, for rotations with a mask of weekdays."""
    members, first, weekdays, unit, every, expected = case
    assert by_day(rolling(members, first, weekdays, unit, every), first, len(expected)) == " ".join(expected)


def test_oncall_rolling_groups_of_different_size() -> None:
    """The case "All Days uneven groups" of custom_shift_test_cases.py."""
    one = layer((ANA, BO), C, start=wall(2024, 8, 14))

    assert by_day(one, date(2024, 8, 14), 9) == "AB C AB C AB C AB C AB"


def test_oncall_every_second_week() -> None:
    """The case "Weekends Start Saturday Weekly Interval 2" of custom_shift_test_cases.py.

    There a shift of every second week leaves the week between to nobody. Here a turn of two weeks lasts two weeks; what
    is to leave a week out says how long the shift is.
    """
    first = date(2024, 8, 3)
    one = rolling(3, first, WEEKENDS, Unit.WEEK, 2)

    assert by_day(replace(one, length=7 * 24), first, 18) == " ".join("AA............BB..")
    assert by_day(one, first, 18) == " ".join("AA.....AA.....BB..")


# ---- PagerDuty -------------------------------------------------------------------------------------------------------


def test_pagerduty_later_layers_hide_earlier_ones_until_the_overlap_ends() -> None:
    """The rule of https://support.pagerduty.com/docs/schedules (Schedule Basics)."""
    plan = schedule(layer(A), each(B, 9, 8))

    assert final(plan) == [(0, 9, "A"), (9, 17, "B"), (17, 24, "A")]


def test_pagerduty_restriction_to_weekday_nights() -> None:
    """The example of articles/202830160, Setting up Restrictions for On-Call Shifts: 19:00 to 07:00 every weekday.

    Its page says that nobody is on call on the weekend. A night belongs to the day on which it begins, so Friday's ends
    on Saturday at 07:00; that is what a restriction of PagerDuty with a start and a duration does too.
    """
    plan = schedule(replace(layer(A, unit=Unit.WEEK, hours=(daily(19, 7),)), weekdays=WORKDAYS))

    nights = [(24 * day + 19.0, 24 * day + 31.0) for day in range(5)]
    assert [(start, end) for start, end, who in final(plan, 168) if who != "-"] == nights
    assert final(plan, 168)[-1] == (4 * 24 + 31, 168, "-")
    assert all(who != "-" for _, _, who in final(replace(plan, fallback=Fallback(B)), 168))


def test_pagerduty_basic_nine_to_five() -> None:
    """Example 1 of schedule-examples: a daily rotation with hand-off at 9:00 and hours from 9:00 to 17:00.

    Its text wants weekdays alone, its settings restrict the hours of each day: those would have Saturday and Sunday
    too. Here the weekdays are said, and the rotation is continuous, so that the weekend uses up nobody's turn.
    """
    one = layer(A, B, C, hours=(daily(9, 17),), at=time(9), start=wall(2026, 1, 5, 9))
    plan = schedule(replace(one, weekdays=WORKDAYS, continuous=True))
    as_set = schedule(one)

    found = shifts(plan, MONDAY, MONDAY + 14 * DAY)
    assert [NAMES[shift.accounts[0]] for shift in found] == list("ABCABCABCA")
    assert {((shift.start - MONDAY) % DAY / HOUR, (shift.end - MONDAY) % DAY / HOUR) for shift in found} == {(9, 17)}
    assert [NAMES[shift.accounts[0]] for shift in shifts(as_set, MONDAY, MONDAY + 7 * DAY)] == list("ABCABCA")


def test_pagerduty_irregular_schedule_of_six() -> None:
    """The case "Complex Irregular Schedules" of schedule-examples: weekly turns in two layers.

    One is for four days of the week, the other for three, and it is staggered by three weeks. Each day has one person;
    each of six has a week of either kind in six.
    """
    six = [(account,) for account in NAMES]
    four = tuple(WeeklyPeriod(day, time(0), WEEK[(WEEK.index(day) + 1) % 7], time(0)) for day in (SUN, TUE, THU, SAT))
    three = tuple(WeeklyPeriod(day, time(0), WEEK[WEEK.index(day) + 1], time(0)) for day in (MON, WED, FRI))
    sunday = Handover(time(0), SUN)
    one = replace(layer(*six, unit=Unit.WEEK, hours=four, start=wall(2026, 1, 4)), handover=sunday)
    other = replace(layer(*six[3:], *six[:3], unit=Unit.WEEK, hours=three, start=wall(2026, 1, 4)), handover=sunday)

    assert by_day(one, date(2026, 1, 4), 14).replace(" ", "") == "A.A.A.AB.B.B.B"
    found = [by_day(schedule_layer, date(2026, 1, 4), 42).split() for schedule_layer in (one, other)]
    assert all((first == ".") != (second == ".") for first, second in zip(*found, strict=True))
    assert {found[0].count(name) for name in "ABCDEF"} == {4}
    assert {found[1].count(name) for name in "ABCDEF"} == {3}
    plan = schedule(one, other)
    days = [NAMES[on_call(plan, utc(2026, 1, 4, 12) + day * DAY)[0].account] for day in range(7)]
    assert "".join(days) == "ADADADA"


def evening(*days: Weekday) -> tuple[WeeklyPeriod, ...]:
    """Return the periods from 17:00 on these days to 8:00 on the next."""
    return tuple(WeeklyPeriod(day, time(17), WEEK[(WEEK.index(day) + 1) % 7], time(8)) for day in days)


def test_pagerduty_two_users_with_separate_weekends() -> None:
    """The case "Complex Schedule for 2 Users on a 2-Day Rotation with Separate Weekends" of schedule-examples.

    Its list gives Friday's night to both users: to one with Thursday's, to the other with Saturday. The weekend's layer
    is the later one, so it is the other's.
    """
    plan = schedule(
        layer(A, unit=Unit.WEEK, hours=evening(TUE, WED)),
        layer(B, unit=Unit.WEEK, hours=evening(THU, FRI)),
        layer(A, unit=Unit.WEEK, hours=(WeeklyPeriod(FRI, time(17), SUN, time(8)),)),
        layer(B, unit=Unit.WEEK, hours=(WeeklyPeriod(SUN, time(8), MON, time(8)), *evening(MON))),
    )

    def at(day: Weekday, hour: int) -> datetime:
        return MONDAY + (7 + WEEK.index(day)) * DAY + hour * HOUR

    found = {
        (day, hour): "".join(NAMES[one.account] for one in on_call(plan, at(day, hour)))
        for day in WEEK
        for hour in (3, 12, 20)
    }
    nights = {(TUE, 20): "A", (WED, 3): "A", (WED, 20): "A", (THU, 3): "A", (THU, 20): "B", (FRI, 3): "B"}
    weekend = {(FRI, 20): "A", (SAT, 3): "A", (SAT, 12): "A", (SAT, 20): "A", (SUN, 3): "A", (SUN, 12): "B"}
    monday = {(SUN, 20): "B", (MON, 3): "B", (MON, 20): "B", (TUE, 3): "B"}
    assert found == dict.fromkeys(found, "") | nights | weekend | monday


def test_pagerduty_follow_the_sun() -> None:
    """The case "Follow the Sun" at https://community.pagerduty.com/pagerduty-user-onboarding-13/follow-the-sun-schedules-396.

    There the schedule is in UTC, because hours of different zones leave holes or overlap when clocks change on
    different days; so it is here when it is written so. With a zone for each layer the hours follow each region's
    clocks: what overlaps goes to the later layer, and a fallback has what is left.
    """
    in_utc = schedule(
        layer(A, hours=(daily(6, 14),)), layer(B, hours=(daily(14, 22),)), layer(C, hours=(daily(22, 6),))
    )
    berlin = replace(layer(A, hours=(daily(8, 17),)), timezone="Europe/Berlin")
    new_york = replace(layer(B, hours=(daily(11, 20),)), timezone="America/New_York")
    regions = schedule(berlin, new_york)

    assert len(timeline(in_utc, MONDAY, MONDAY + 365 * DAY)) == len(shifts(in_utc, MONDAY, MONDAY + 365 * DAY))
    winter, between = (
        [shift.start - day for shift in shifts(regions, day, day + DAY)] for day in (utc(2026, 1, 5), utc(2026, 3, 16))
    )
    assert winter == [timedelta(hours=7), timedelta(hours=16)]
    # From the 8th to the 29th of March New York's clocks are ahead of Berlin's change: its hours begin an hour earlier.
    assert between == [timedelta(hours=7), timedelta(hours=15)]
