"""What is wrong with a schedule as it is written."""

from dataclasses import replace

import pytest

from bot.domain.rotation import Handover, Unit
from bot.domain.schedule import Fallback, Override, Schedule, ScheduleId
from bot.domain.schedule_faults import faults
from tests.domain.cast import ANA
from tests.domain.rota import DAY, A, B, layer, schedule, utc, wall

MONDAY = utc(2026, 1, 5)
ONE = layer(A, B)
FINE = schedule(ONE, layer(B), overrides=(Override(MONDAY, MONDAY + DAY, B, replaces=ANA),))


def test_a_schedule_that_can_be_used_has_no_faults() -> None:
    assert faults(FINE) == ()
    assert faults(replace(FINE, fallback=Fallback(A, ScheduleId(2)))) == ()
    assert faults(replace(FINE, overrides=(Override(MONDAY, MONDAY + DAY, rotation=ONE),))) == ()
    assert faults(schedule(replace(layer(A, unit=Unit.HOUR, every=720), timezone="Asia/Shanghai", length=8))) == ()
    assert faults(schedule(replace(ONE, end=wall(2027, 1, 1)))) == ()


@pytest.mark.parametrize(
    ("wrong", "field", "why"),
    [
        (replace(FINE, name=""), "name", "is empty"),
        (replace(FINE, timezone="Mars/Olympus"), "timezone", "'Mars/Olympus' is unknown: write an IANA name"),
        (replace(FINE, timezone="../etc/passwd"), "timezone", "is unknown"),
        (replace(FINE, timezone=""), "timezone", "'' is unknown"),
        (replace(FINE, timezone="Europe"), "timezone", "is unknown"),
        (replace(FINE, layers=(ONE, ONE)), "layers", "2 are named 'one'"),
        (schedule(replace(ONE, timezone="CEST")), "layers[0].timezone", "'CEST' is unknown"),
        (schedule(ONE, layer((), ())), "layers[1].members", "are nobody"),
        (schedule(layer(A, every=0)), "layers[0].every", "is 0: write 1 to 30 for day"),
        (schedule(layer(A, unit=Unit.HOUR, every=721)), "layers[0].every", "write 1 to 720 for hour"),
        (schedule(replace(ONE, handover=Handover(day=32))), "layers[0].handover.day", "is 32: write 1 to 31"),
        (schedule(replace(ONE, length=0)), "layers[0].length", "is 0"),
        (schedule(replace(ONE, end=ONE.start)), "layers[0].end", "is not after the start"),
        (schedule(replace(ONE, weekdays=frozenset())), "layers[0].weekdays", "are none"),
        (replace(FINE, overrides=(Override(MONDAY, MONDAY, A),)), "overrides[0].end", "is not after the start"),
        (replace(FINE, overrides=(Override(MONDAY, MONDAY + DAY),)), "overrides[0].accounts", "one of the two"),
        (
            replace(FINE, overrides=(Override(MONDAY, MONDAY + DAY, A, replaces=ANA),)),
            "overrides[0].replaces",
            "is who takes over",
        ),
        (
            replace(FINE, overrides=(Override(MONDAY, MONDAY + DAY, A, rotation=ONE),)),
            "overrides[0].accounts",
            "one of the two",
        ),
        (
            replace(FINE, overrides=(Override(MONDAY, MONDAY + DAY, rotation=layer()),)),
            "overrides[0].rotation.members",
            "are nobody",
        ),
        (replace(FINE, fallback=Fallback((), FINE.id)), "fallback.schedule", "is the schedule itself"),
    ],
)
def test_a_fault_names_the_field_and_the_mend(wrong: Schedule, field: str, why: str) -> None:
    (fault,) = faults(wrong)

    assert fault.field == field
    assert why in fault.why
    assert ": " in fault.why
