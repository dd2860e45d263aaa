"""Who is on call: what lies on top of what, what stands in a gap, and that every answer agrees with every other."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.calendar import WEEK
from bot.domain.people import AccountId
from bot.domain.rotation import BACKUP, PRIMARY, Handover, Layer, Unit
from bot.domain.schedule import (
    LOOKAHEAD,
    Fallback,
    OnDuty,
    Origin,
    Override,
    Schedule,
    ScheduleId,
    Shift,
    Source,
    on_call,
    roles,
    shifts,
    timeline,
)
from bot.domain.week_hours import DailyPeriod, WeeklyPeriod
from tests.domain.cast import ANA, BO, CHEN, DEE
from tests.domain.rota import (
    DAY,
    HOUR,
    SECOND,
    WORKDAYS,
    ZONES,
    A,
    B,
    C,
    D,
    daily,
    found_by_hand,
    layer,
    schedule,
    transitions,
    utc,
    wall,
)

MONDAY = utc(2026, 1, 5)


def told(plan: Schedule, hour: float, others: Mapping[ScheduleId, Schedule] | None = None) -> tuple[AccountId, ...]:
    """Return who is on call so many hours into the first Monday."""
    return tuple(one.account for one in on_call(plan, MONDAY + hour * HOUR, (others or {}).get))


def written(found: tuple[Shift, ...]) -> list[tuple[float, float, tuple[AccountId, ...], str]]:
    """Return shifts by their hours from the first Monday, their people, and what put them there."""
    return [
        (
            (shift.start - MONDAY) / HOUR,
            (shift.end - MONDAY) / HOUR,
            shift.accounts,
            " and ".join(dict.fromkeys(f"{post.source.origin} {post.source.name}".strip() for post in shift.posts)),
        )
        for shift in found
    ]


def test_a_later_layer_lies_on_top_of_an_earlier_one_within_its_hours() -> None:
    plan = schedule(layer(A), layer(B, hours=(daily(9, 17),)))

    assert written(shifts(plan, MONDAY, MONDAY + DAY)) == [
        (0, 9, A, "layer layer 0"),
        (9, 17, B, "layer layer 1"),
        (17, 24, A, "layer layer 0"),
    ]
    assert on_call(plan, MONDAY + 10 * HOUR) == (
        OnDuty(BO, PRIMARY, Source(Origin.LAYER, "layer 1", 1), MONDAY + 17 * HOUR),
    )
    assert on_call(plan, MONDAY + 8 * HOUR)[0].until == MONDAY + 9 * HOUR


def test_roles_are_independent_of_each_other() -> None:
    plan = schedule(layer(A), replace(layer(B, hours=(daily(9, 17),)), role=BACKUP), replace(layer(C), role="boss"))

    assert roles(plan) == (PRIMARY, BACKUP, "boss")
    assert [(one.account, one.role) for one in on_call(plan, MONDAY + 10 * HOUR)] == [
        (ANA, PRIMARY),
        (BO, BACKUP),
        (CHEN, "boss"),
    ]
    assert told(plan, 20) == (ANA, CHEN)


def test_a_group_is_on_duty_together() -> None:
    assert told(schedule(layer((ANA, BO), C)), 1) == (ANA, BO)


def test_overrides_lie_on_top_of_all_layers_and_later_ones_on_earlier_ones() -> None:
    changes = (
        Override(MONDAY + 8 * HOUR, MONDAY + 12 * HOUR, C, why="trip"),
        Override(MONDAY + 10 * HOUR, MONDAY + 11 * HOUR, D, why="lunch"),
    )
    plan = schedule(layer(A), layer(B, hours=(daily(9, 17),)), overrides=changes)

    assert written(shifts(plan, MONDAY + 7 * HOUR, MONDAY + 13 * HOUR)) == [
        (7, 8, A, "layer layer 0"),
        (8, 10, C, "override trip"),
        (10, 11, D, "override lunch"),
        (11, 12, C, "override trip"),
        (12, 13, B, "layer layer 1"),
    ]


def test_an_override_that_ends_as_it_begins_changes_nothing() -> None:
    noon = MONDAY + 12 * HOUR
    plan = schedule(layer(A), overrides=(Override(noon, noon, C),))

    assert written(shifts(plan, MONDAY, MONDAY + 24 * HOUR)) == [(0, 24, A, "layer layer 0")]


def test_an_override_may_rotate() -> None:
    rotation = layer(C, D, unit=Unit.HOUR, every=2, hours=(daily(9, 15),))
    plan = schedule(layer(A), overrides=(Override(MONDAY + 10 * HOUR, MONDAY + 14 * HOUR, rotation=rotation),))

    assert written(shifts(plan, MONDAY + 8 * HOUR, MONDAY + 16 * HOUR)) == [
        (8, 10, A, "layer layer 0"),
        (10, 12, D, "override"),
        (12, 14, C, "override"),
        (14, 16, A, "layer layer 0"),
    ]


def test_an_override_of_one_person_leaves_the_others() -> None:
    change = Override(MONDAY, MONDAY + 2 * DAY, D, replaces=ANA)
    plan = schedule(layer((ANA, BO), (BO, CHEN)), overrides=(change,))

    assert set(told(plan, 1)) == {DEE, BO}
    assert told(plan, 25) == (BO, CHEN)


def test_who_covers_for_somebody_of_their_own_group_is_there_once() -> None:
    plan = schedule(layer((ANA, BO)), overrides=(Override(MONDAY, MONDAY + DAY, B, replaces=ANA),))

    assert told(plan, 1) == (BO,)


def test_what_is_nobody_hides_nobody() -> None:
    nobody = (Override(MONDAY, MONDAY + DAY), Override(MONDAY + DAY, MONDAY, C))
    empty = layer()
    plan = schedule(layer(A), layer((), B), empty, replace(layer(C), weekdays=frozenset()), overrides=nobody)

    assert told(plan, 1) == (ANA,)
    assert told(plan, 25) == (BO,)


def test_a_schedule_that_is_not_active_has_nobody_and_no_gaps() -> None:
    plan = replace(schedule(layer(A)), active=False, fallback=Fallback(B))

    assert on_call(plan, MONDAY) == ()
    assert timeline(plan, MONDAY, MONDAY + DAY) == ()


def test_a_layer_begins_and_ends_by_its_own_clock() -> None:
    one = replace(layer(A, start=wall(2026, 1, 5, 9)), end=wall(2026, 1, 6, 9), timezone="Asia/Shanghai")

    assert written(shifts(schedule(one), MONDAY - DAY, MONDAY + 9 * DAY)) == [
        (1, 16, A, "layer layer 0"),
        (16, 25, A, "layer layer 0"),
    ]


# ---- gaps and fallback -----------------------------------------------------------------------------------------------


def test_in_a_gap_nobody_is_on_call() -> None:
    plan = schedule(layer(A, hours=(daily(9, 17),)))

    assert on_call(plan, MONDAY) == ()
    assert [one.posts == () for one in timeline(plan, MONDAY, MONDAY + DAY)] == [True, False, True]


def test_the_fallback_is_on_call_in_a_gap_until_it_ends() -> None:
    plan = replace(schedule(layer(A, hours=(daily(9, 17),))), fallback=Fallback((CHEN, DEE)))

    assert on_call(plan, MONDAY + 18 * HOUR) == tuple(
        OnDuty(account, PRIMARY, Source(Origin.FALLBACK, "main"), MONDAY + 33 * HOUR) for account in (CHEN, DEE)
    )
    assert written(shifts(plan, MONDAY, MONDAY + DAY))[2] == (17, 24, (CHEN, DEE), "fallback main")


def test_an_empty_schedule_has_its_fallback_and_no_end_in_sight() -> None:
    plan = replace(schedule(), fallback=Fallback(C))

    assert on_call(plan, MONDAY) == (OnDuty(CHEN, PRIMARY, Source(Origin.FALLBACK, "main"), None),)
    late = replace(plan, layers=(layer(A, start=wall(2028, 1, 1)),))
    assert on_call(late, MONDAY)[0].until is None
    assert on_call(late, utc(2028, 1, 1) - LOOKAHEAD + SECOND)[0].until == utc(2028, 1, 1)


def test_another_schedule_is_asked_in_a_gap_and_then_its_fallback_and_then_our_accounts() -> None:
    second, third = ScheduleId(2), ScheduleId(3)
    plan = replace(schedule(layer(A, hours=(daily(9, 17),))), fallback=Fallback(D, second))
    others = {
        second: replace(
            schedule(layer(B, hours=(daily(17, 20),))), id=second, name="eve", fallback=Fallback((), third)
        ),
        third: replace(schedule(layer(C, hours=(daily(20, 22),))), id=third, name="late"),
    }

    assert [told(plan, hour, others) for hour in (10, 18, 21, 23)] == [A, B, C, D]
    assert written(shifts(plan, MONDAY, MONDAY + DAY, others.get)) == [
        (0, 9, D, "fallback main"),
        (9, 17, A, "layer layer 0"),
        (17, 20, B, "fallback eve"),
        (20, 22, C, "fallback eve"),
        (22, 24, D, "fallback main"),
    ]
    assert on_call(plan, MONDAY + 18 * HOUR, others.get)[0].until == MONDAY + 20 * HOUR


def test_the_same_role_of_the_other_schedule_stands_in_or_its_first() -> None:
    second = ScheduleId(2)
    other = replace(schedule(layer(A), replace(layer(B), role=BACKUP)), id=second)
    for role, expected in ((BACKUP, BO), ("boss", ANA)):
        plan = replace(schedule(replace(layer(()), role=role)), fallback=Fallback((), second))
        assert told(plan, 1, {second: other}) == (expected,)


def test_schedules_that_fall_back_on_each_other_end_in_a_gap() -> None:
    first, second = ScheduleId(1), ScheduleId(2)
    others = {
        first: replace(schedule(), fallback=Fallback((), second)),
        second: replace(schedule(), id=second, fallback=Fallback((), first)),
    }

    assert told(others[first], 1, others) == ()
    assert shifts(others[first], MONDAY, MONDAY + DAY, others.get) == ()
    assert told(replace(others[first], fallback=Fallback((), first)), 1, others) == ()


def test_a_schedule_that_is_gone_or_not_active_stands_in_for_nobody() -> None:
    second = ScheduleId(2)
    plan = replace(schedule(), fallback=Fallback(C, second))
    off = replace(schedule(layer(A)), id=second, active=False)

    assert told(plan, 1) == told(plan, 1, {second: off}) == (CHEN,)


def test_between_an_instant_and_itself_there_is_nothing() -> None:
    assert timeline(schedule(layer(A)), MONDAY, MONDAY) == ()


# ---- whatever the schedule -------------------------------------------------------------------------------------------

PERIOD_CLOCKS = st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
DAYS = st.sampled_from(WEEK)
PERIODS = st.one_of(
    st.builds(DailyPeriod, PERIOD_CLOCKS, PERIOD_CLOCKS),
    st.builds(WeeklyPeriod, DAYS, PERIOD_CLOCKS, DAYS, PERIOD_CLOCKS),
)
GROUPS = st.sampled_from((A, B, C, D, (ANA, BO), (CHEN, DEE), ()))
ROLES = st.sampled_from((PRIMARY, PRIMARY, BACKUP))
STARTS = st.integers(0, 400 * 48).map(lambda halves: wall(2025, 1, 1) + halves * HOUR / 2)
LAYERS = st.builds(
    Layer,
    st.just("drawn"),
    st.lists(GROUPS, max_size=5).map(tuple),
    STARTS,
    st.sampled_from(Unit),
    st.integers(1, 30),
    st.builds(Handover, PERIOD_CLOCKS, DAYS, st.integers(1, 31)),
    st.one_of(st.none(), st.sampled_from(ZONES)),
    ROLES,
    st.one_of(st.none(), STARTS.map(lambda start: start + 300 * DAY)),
    st.lists(PERIODS, max_size=3).map(tuple),
    st.one_of(st.just(frozenset(WEEK)), st.just(WORKDAYS), st.frozensets(DAYS, min_size=1)),
    st.booleans(),
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 80)),
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Schedule, timedelta]:
    """Draw a schedule in a zone, and how far into 2025 and 2026 it is looked at: often near a change of its clocks."""
    zone = draw(st.sampled_from(ZONES))
    changes = [at - utc(2025, 1, 1) for at in transitions(zone) if at.year in (2025, 2026)]
    into = draw(st.one_of(*(st.just(change) for change in changes), st.integers(0, 700).map(lambda days: days * DAY)))
    moments = st.integers(-72, 72).map(lambda hours: utc(2025, 1, 1) + into + hours * HOUR / 2)
    override = st.builds(
        Override,
        moments,
        moments,
        GROUPS,
        st.one_of(st.none(), LAYERS),
        ROLES,
        st.one_of(st.none(), st.sampled_from((ANA, BO, CHEN, DEE))),
    )
    layers = draw(st.lists(LAYERS, max_size=4))
    return Schedule(ScheduleId(1), "drawn", zone, tuple(layers), tuple(draw(st.lists(override, max_size=4)))), into


@settings(max_examples=50, deadline=None)
@given(situations())
def test_who_is_on_call_is_what_one_finds_by_hand(situation: tuple[Schedule, timedelta]) -> None:
    plan, into = situation
    for minutes in range(-1440, 1441, 411):
        at = utc(2025, 1, 1) + into + timedelta(minutes=minutes)
        for role in roles(plan):
            found = {one.account for one in on_call(plan, at) if one.role == role}
            assert found == found_by_hand(plan, role, at), (role, at)


@settings(max_examples=50, deadline=None)
@given(situations(), st.booleans())
def test_shifts_and_who_is_on_call_agree_at_each_instant(situation: tuple[Schedule, timedelta], falls: bool) -> None:
    plan, into = situation
    other = replace(plan, id=ScheduleId(2), overrides=(), layers=tuple(reversed(plan.layers)), fallback=Fallback(A))
    if falls:
        plan = replace(plan, fallback=Fallback(B, other.id), layers=plan.layers[:1])
    start = utc(2025, 1, 1) + into - 36 * HOUR
    end = start + 72 * HOUR
    found = timeline(plan, start, end, {other.id: other}.get)

    assert [shift.start for shift in found] == sorted(shift.start for shift in found)
    for role in roles(plan):
        own = [shift for shift in found if shift.role == role]
        assert (own[0].start, own[-1].end) == (start, end)
        assert all(earlier.end == later.start for earlier, later in pairwise(own))
        for shift in own[:40]:
            for at in (shift.start, shift.start + (shift.end - shift.start) / 2, shift.end - SECOND / 1000):
                on_duty = [one for one in on_call(plan, at, {other.id: other}.get) if one.role == role]
                assert tuple((one.account, one.source) for one in on_duty) == tuple(
                    (post.account, post.source) for post in shift.posts
                )
                assert all(min(one.until or end, end) == shift.end for one in on_duty)
