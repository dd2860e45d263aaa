"""Temporary changes that people make: what can be changed, who was on duty before, and how long each held."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.incident import Actor, Deed
from bot.domain.override import (
    Fault,
    MadeOverride,
    OverrideId,
    before,
    fault_of,
    from_now,
    holds,
    overlapping,
    role_of,
)
from bot.domain.rotation import BACKUP, PRIMARY
from bot.domain.schedule import Fallback, Override, ScheduleId, on_call, shifts
from tests.domain.cast import ANA, BO, CHEN, DEE
from tests.domain.rota import DAY, HOUR, A, B, C, D, layer, schedule, utc

NOW = utc(2026, 1, 5, 12)
PLAN = schedule(layer(A, B), replace(layer(C), role=BACKUP))
TODAY = Override(NOW, NOW + 4 * HOUR, D)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (TODAY, None),
        (replace(TODAY, start=NOW - DAY), None),
        (replace(TODAY, end=NOW), Fault.BACKWARDS),
        (replace(TODAY, start=NOW - DAY, end=NOW), Fault.OVER),
        (replace(TODAY, end=NOW + 367 * DAY), Fault.TOO_LONG),
        (replace(TODAY, start=NOW + 367 * DAY, end=NOW + 368 * DAY), Fault.TOO_FAR),
        (replace(TODAY, role="boss"), Fault.NO_ROLE),
        (replace(TODAY, replaces=ANA), None),
        (replace(TODAY, replaces=DEE), Fault.THEMSELVES),
        (replace(TODAY, replaces=BO), Fault.NOT_ON_DUTY),
        (replace(TODAY, replaces=BO, end=NOW + DAY), None),
        (replace(TODAY, replaces=CHEN), Fault.NOT_ON_DUTY),
        (replace(TODAY, replaces=CHEN, role=BACKUP), None),
    ],
)
def test_what_can_be_changed(change: Override, fault: Fault | None) -> None:
    assert fault_of(change, PLAN, NOW) is fault


def test_who_is_on_duty_before_is_said_from_now_on() -> None:
    change = from_now(replace(TODAY, start=NOW - DAY, end=NOW + DAY), NOW)

    assert change.start == NOW
    assert from_now(replace(TODAY, start=NOW + HOUR), NOW).start == NOW + HOUR
    assert [one.accounts for one in before(change, PLAN, NOW)] == [A, B]


def test_a_part_by_a_fallback_is_nobodys_to_give() -> None:
    plan = replace(schedule(layer(())), fallback=Fallback(D))
    (shift,) = shifts(plan, NOW, NOW + HOUR)

    assert shift.accounts == D
    assert not holds(shift, DEE)
    assert fault_of(Override(NOW, NOW + HOUR, B, replaces=DEE), plan, NOW) is Fault.NOT_ON_DUTY


def test_in_which_role_somebody_is() -> None:
    span = (NOW, NOW + HOUR)
    assert [role_of(one, span, PLAN) for one in (ANA, BO, CHEN)] == [PRIMARY, None, BACKUP]


def made(change: Override, removed_after: timedelta | None = None) -> MadeOverride:
    removed = Deed(Actor(BO), change.start + removed_after) if removed_after is not None else None
    return MadeOverride(OverrideId(1), ScheduleId(1), change, Deed(Actor(ANA), NOW), removed=removed)


def test_what_is_removed_held_up_to_then() -> None:
    assert made(TODAY).held == TODAY
    held = made(TODAY, HOUR).held
    assert held == replace(TODAY, end=NOW + HOUR)
    assert made(TODAY, DAY).held == TODAY, "it was over already"
    assert made(TODAY, timedelta(0)).held is None
    plan = replace(PLAN, overrides=(held,))
    assert [one.account for one in on_call(plan, NOW + HOUR)] == [ANA, CHEN], "not at the instant of its removal"


def test_changes_overlap_in_one_role_alone() -> None:
    others = [
        made(replace(TODAY, start=NOW + HOUR)),
        made(replace(TODAY, role=BACKUP)),
        made(replace(TODAY, start=TODAY.end, end=TODAY.end + HOUR)),
        made(replace(TODAY, start=NOW - HOUR, end=NOW)),
    ]
    assert overlapping(TODAY, others) == (others[0],)
