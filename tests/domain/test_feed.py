"""A feed of shifts: each person's part in each, from a month back to a year ahead, the same all month."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.feed import AHEAD, BACK, Duty, Feed, duties, span
from bot.domain.rotation import Unit
from bot.domain.schedule import Fallback, Override, Schedule, ScheduleId, on_call
from tests.domain.cast import ANA, BO, CHEN, DEE, NIGHT
from tests.domain.rota import A, B, C, daily, layer, schedule, utc, wall

WEEKS = schedule(layer(A, B, unit=Unit.WEEK))


def shown(plan: Schedule, feed: Feed | None = None, **others: Schedule) -> list[Duty]:
    """Return what a feed shows at night."""
    return list(duties(feed or Feed(plan.id), {one.id: one for one in (plan, *others.values())}, NIGHT))


@given(st.datetimes(min_value=wall(2020, 1, 1), max_value=wall(2040, 1, 1)))
@settings(max_examples=50)
def test_it_reaches_from_a_month_back_to_a_year_ahead_and_changes_at_the_beginning_of_a_month(at: object) -> None:
    now = utc(*at.timetuple()[:5])  # type: ignore[attr-defined]
    start, end = span(now)
    assert now - BACK - timedelta(days=31) < start <= now - BACK
    assert now + AHEAD < end <= now + AHEAD + timedelta(days=32)
    assert (start.day, end.day) == (1, 1)
    assert span(now + timedelta(hours=1)) in ((start, end), span(now + timedelta(days=2)))


def test_each_person_has_a_part_in_each_shift() -> None:
    both = schedule(layer((ANA, BO), C, unit=Unit.WEEK))
    first, second, third, *_ = shown(both)
    assert [(one.account, one.role) for one in (first, second)] == [(ANA, "primary"), (BO, "primary")]
    assert (first.start, first.end) == (second.start, second.end)
    assert (third.account, third.start) == (CHEN, second.end)


def test_a_shift_that_began_before_the_feed_is_whole() -> None:
    first = shown(WEEKS)[0]
    assert (first.start, first.end) == (utc(2026, 9, 28), utc(2026, 10, 5))
    long = shown(schedule(layer(A, B, unit=Unit.MONTH, every=6, start=wall(2026, 1, 1))))[0]
    assert long.start == utc(2026, 7, 1)


def test_what_began_too_long_ago_stays_cut() -> None:
    forever = schedule(layer(A, unit=Unit.MONTH, every=30, start=wall(2024, 12, 1)))
    assert shown(forever)[0].start == span(NIGHT)[0]


def test_a_gap_is_in_the_feed_of_a_schedule_and_in_nobodys_own() -> None:
    days = schedule(layer(A, hours=(daily(9, 18),)))
    gap, day, *_ = shown(days)
    assert (gap.account, day.account) == (None, ANA)
    assert (gap.start, gap.end) == (utc(2026, 9, 30, 18), utc(2026, 10, 1, 9))
    assert {one.account for one in shown(days, Feed(account=ANA))} == {ANA}


def test_somebodys_own_feed_has_their_shifts_in_all_schedules_or_in_one() -> None:
    other = replace(schedule(layer(B, A, unit=Unit.WEEK)), id=ScheduleId(2), name="other")
    gone = replace(WEEKS, id=ScheduleId(3), active=False)
    of_bo = shown(WEEKS, Feed(account=BO), other=other, gone=gone)
    assert {one.account for one in of_bo} == {BO}
    assert {one.name for one in of_bo} == {"main", "other"}
    assert [one.start for one in of_bo] == sorted(one.start for one in of_bo)
    assert {one.name for one in shown(WEEKS, Feed(other.id, BO), other=other)} == {"other"}
    assert shown(WEEKS, Feed(account=DEE)) == []


@given(st.integers(min_value=0, max_value=400 * 24))
@settings(max_examples=50)
def test_at_each_instant_it_names_who_is_on_call(hours: int) -> None:
    change = Override(utc(2026, 11, 20), utc(2026, 11, 23), (DEE,), replaces=BO)
    nights = replace(layer(C, hours=(daily(22, 6),)), role="backup")
    plan = replace(
        schedule(layer(A, B), nights, overrides=(change,)), fallback=Fallback((DEE,)), timezone="Europe/Berlin"
    )
    at = span(NIGHT)[0] + timedelta(hours=hours, minutes=30)
    named = {(one.role, one.account) for one in shown(plan) if one.start <= at < one.end}
    assert named == {(one.role, one.account) for one in on_call(plan, at)}
