"""What follows from shifts: gaps, hand-overs, balance, and changes between people."""

import re
from dataclasses import replace
from datetime import time, timedelta

import pytest

from bot.domain.people import AccountId
from bot.domain.rotation import BACKUP, PRIMARY, Unit
from bot.domain.schedule import LOOKAHEAD, Fallback, Override, Schedule, ScheduleId, Shift, on_call, shifts
from bot.domain.shifts import Change, Load, balance, cover, gaps, next_handover, swap, without
from tests.domain.cast import ANA, BO, CHEN, DEE
from tests.domain.rota import DAY, HOUR, WORKDAYS, A, B, C, D, daily, layer, schedule, utc, wall

MONDAY = utc(2026, 1, 5)
WEEKLY = schedule(layer(A, B, C, unit=Unit.WEEK))


def first_shifts(plan: Schedule, count: int) -> tuple[Shift, ...]:
    return shifts(plan, MONDAY, MONDAY + 60 * DAY)[:count]


def people(plan: Schedule, days: float) -> tuple[AccountId, ...]:
    return tuple(one.account for one in on_call(plan, MONDAY + days * DAY))


# ---- gaps ------------------------------------------------------------------------------------------------------------


def test_gaps_are_when_a_role_has_nobody() -> None:
    office = replace(layer(A, hours=(daily(9, 17),)), weekdays=WORKDAYS)
    plan = schedule(office, replace(layer(B), role=BACKUP))

    found = gaps(plan, MONDAY + 4 * DAY, MONDAY + 8 * DAY)

    assert [(one.start - MONDAY, one.end - MONDAY, one.role) for one in found] == [
        (4 * DAY, 4 * DAY + 9 * HOUR, PRIMARY),
        (4 * DAY + 17 * HOUR, 7 * DAY + 9 * HOUR, PRIMARY),
        (7 * DAY + 17 * HOUR, 8 * DAY, PRIMARY),
    ]
    assert gaps(replace(plan, fallback=Fallback(C)), MONDAY, MONDAY + 8 * DAY) == ()


def test_a_gap_is_not_cut_by_what_changes_nothing() -> None:
    plan = schedule(
        layer((), A, every=3),
        overrides=(Override(MONDAY, MONDAY + DAY, C, replaces=BO), Override(MONDAY, MONDAY + DAY)),
    )

    assert [one.end - one.start for one in gaps(plan, MONDAY, MONDAY + 6 * DAY)] == [3 * DAY]


# ---- hand-overs ------------------------------------------------------------------------------------------------------


def test_the_next_hand_over_says_who_goes_and_who_comes() -> None:
    assert next_handover(WEEKLY, MONDAY) == (Change(MONDAY + 7 * DAY, PRIMARY, A, B),)
    assert next_handover(WEEKLY, MONDAY + 7 * DAY) == (Change(MONDAY + 14 * DAY, PRIMARY, B, C),)


def test_overrides_are_hand_overs_too() -> None:
    plan = replace(WEEKLY, overrides=(Override(MONDAY + DAY, MONDAY + 2 * DAY, D),))

    assert next_handover(plan, MONDAY) == (Change(MONDAY + DAY, PRIMARY, A, D),)
    assert next_handover(plan, MONDAY + DAY) == (Change(MONDAY + 2 * DAY, PRIMARY, D, A),)


def test_roles_that_change_at_the_same_instant_are_named_together() -> None:
    plan = schedule(layer(A, B), replace(layer(B, A), role=BACKUP), replace(layer(C, D, every=2), role="boss"))

    assert next_handover(plan, MONDAY) == (
        Change(MONDAY + DAY, PRIMARY, A, B),
        Change(MONDAY + DAY, BACKUP, B, A),
    )


def test_a_gap_is_a_hand_over_to_nobody() -> None:
    plan = schedule(layer(A, hours=(daily(9, 17),)))

    assert next_handover(plan, MONDAY + 10 * HOUR) == (Change(MONDAY + 17 * HOUR, PRIMARY, A, ()),)
    assert next_handover(plan, MONDAY + 20 * HOUR) == (Change(MONDAY + 33 * HOUR, PRIMARY, (), A),)


def test_who_takes_over_from_themselves_hands_nothing_over() -> None:
    assert next_handover(schedule(layer(A)), MONDAY) == ()
    assert next_handover(schedule(layer((ANA, BO), (BO, ANA))), MONDAY) == ()
    assert next_handover(schedule(layer(A), layer(B, start=wall(2028, 1, 1))), MONDAY) == ()
    assert next_handover(schedule(layer(A), layer(B, start=wall(2028, 1, 1))), utc(2028, 1, 2) - LOOKAHEAD) != ()


def test_a_schedule_that_is_not_active_hands_nothing_over() -> None:
    assert next_handover(replace(WEEKLY, active=False), MONDAY) == ()


# ---- balance ---------------------------------------------------------------------------------------------------------


def test_balance_counts_hours_nights_and_weekends_in_the_zone_of_the_schedule() -> None:
    plan = schedule(layer(A, B, unit=Unit.WEEK, at=time(9), start=wall(2026, 1, 5, 9)), zone="Asia/Shanghai")
    monday_at_nine = utc(2026, 1, 5, 1)

    assert balance(plan, monday_at_nine, monday_at_nine + 7 * DAY) == {
        ANA: Load(7 * DAY, 7 * 8 * HOUR, 2 * DAY),
        BO: Load(),
    }


def test_balance_counts_everybody_who_is_on_duty_and_the_hours_that_there_are() -> None:
    plan = replace(
        schedule(layer((ANA, BO), hours=(daily(22, 6),)), replace(layer(C), role=BACKUP), zone="Europe/Berlin"),
        overrides=(Override(utc(2026, 3, 28, 21), utc(2026, 3, 28, 22), D),),
    )

    # The night from the 28th to the 29th of March, a Saturday, has seven hours.
    assert balance(plan, utc(2026, 3, 28, 20), utc(2026, 3, 29, 6)) == {
        ANA: Load(6 * HOUR, 6 * HOUR, 6 * HOUR),
        BO: Load(6 * HOUR, 6 * HOUR, 6 * HOUR),
        CHEN: Load(10 * HOUR, 7 * HOUR, 10 * HOUR),
        DEE: Load(HOUR, HOUR, HOUR),
    }


# ---- changes between people ------------------------------------------------------------------------------------------


def test_a_cover_puts_one_person_in_the_place_of_another_for_a_shift() -> None:
    plan = schedule(layer((ANA, BO), C))
    (first,) = first_shifts(plan, 1)

    covered = replace(plan, overrides=(cover(first, ANA, DEE, "dentist"),))

    assert set(people(covered, 0.5)) == {DEE, BO}
    assert [people(covered, day) for day in (1.5, 2.5)] == [C, (ANA, BO)]
    assert on_call(covered, MONDAY)[0].source.name == "dentist"


def test_a_swap_exchanges_two_shifts_and_nothing_else() -> None:
    first, second, _ = first_shifts(WEEKLY, 3)

    swapped = replace(WEEKLY, overrides=swap(first, ANA, second, BO, "wedding"))

    assert [people(swapped, 7 * week + 3) for week in range(6)] == [B, A, C, A, B, C]
    assert [people(WEEKLY, 7 * week + 3) for week in range(6)] == [A, B, C, A, B, C]
    before, after = (balance(one, MONDAY, MONDAY + 21 * DAY) for one in (WEEKLY, swapped))
    assert before == after


def test_a_swap_between_roles_may_be_of_the_same_time() -> None:
    plan = schedule(layer(A), replace(layer(B), role=BACKUP))
    first, backup = first_shifts(plan, 2)

    assert people(replace(plan, overrides=swap(first, ANA, backup, BO)), 0.5) == (BO, ANA)


def test_changes_between_people_who_cannot_make_them_are_refused() -> None:
    first, second, third = first_shifts(WEEKLY, 3)
    with pytest.raises(ValueError, match=re.escape("of: is not on duty in that shift: name somebody who is")):
        cover(first, BO, CHEN)
    with pytest.raises(ValueError, match=re.escape("by: is the person to be covered: name somebody else")):
        cover(first, ANA, ANA)
    with pytest.raises(ValueError, match=re.escape("by: is not on duty in the other shift")):
        swap(first, ANA, second, CHEN)
    with pytest.raises(ValueError, match=re.escape("of: is not on duty in that shift")):
        swap(first, CHEN, second, BO)
    with pytest.raises(ValueError, match=re.escape("other: overlaps the shift")):
        swap(third, CHEN, replace(third, end=third.end - HOUR), CHEN)


def test_the_turns_of_who_has_left_stay_and_are_nobodys() -> None:
    rotation = layer(B, C)
    plan = replace(
        schedule(layer(D, unit=Unit.WEEK), layer(A, (BO, CHEN), C)),
        overrides=(
            Override(MONDAY + 2 * DAY, MONDAY + 3 * DAY, B),
            Override(MONDAY + 3 * DAY, MONDAY + 4 * DAY, rotation=rotation),
        ),
        fallback=Fallback((BO, DEE), ScheduleId(2)),
    )

    left = without(plan, {BO})

    assert [people(plan, day) for day in range(6)] == [A, (BO, CHEN), B, C, (BO, CHEN), C]
    assert [people(left, day) for day in range(6)] == [A, C, C, C, C, C]
    assert people(without(plan, {ANA}), 0) == D
    assert left.fallback == Fallback(D, ScheduleId(2))
    assert without(WEEKLY, ()) == WEEKLY


def test_a_night_is_eight_hours_but_when_the_clocks_change() -> None:
    plan = schedule(layer(A), zone="Europe/Berlin")
    nights = [balance(plan, at, at + 12 * HOUR)[ANA].night for at in (utc(2026, 3, 28, 18), utc(2026, 10, 24, 18))]

    assert nights == [timedelta(hours=7), timedelta(hours=9)]
