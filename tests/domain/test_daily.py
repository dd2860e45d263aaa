"""When the daily look is due, and when what it found is told."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.daily import AGAIN_AFTER, Looked, day_due, is_worth_telling

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("hour", "timezone", "last", "due"),
    [
        (8, "UTC", None, None),
        (9, "UTC", None, MONDAY),
        (23, "UTC", MONDAY - timedelta(days=1), MONDAY),
        (23, "UTC", MONDAY, None),
        (0, "Asia/Shanghai", None, None),
        (1, "Asia/Shanghai", None, MONDAY),
        (1, "America/Los_Angeles", MONDAY - timedelta(days=1), None),
        (9, "UTC", MONDAY + timedelta(days=1), None),
    ],
)
def test_a_look_is_due_once_a_day_in_the_morning(hour: int, timezone: str, last: date | None, due: date | None) -> None:
    assert day_due(datetime(2026, 11, 23, hour, tzinfo=UTC), timezone, last) == due


def test_what_is_new_is_told_and_what_is_known_again_after_a_week() -> None:
    assert is_worth_telling(Looked(MONDAY, "gap"), None)
    assert not is_worth_telling(Looked(MONDAY), None)
    told = Looked(MONDAY, "gap")
    assert not is_worth_telling(Looked(MONDAY + timedelta(days=1), "gap"), told)
    assert is_worth_telling(Looked(MONDAY + timedelta(days=1), "gap, loop"), told)
    assert is_worth_telling(Looked(MONDAY + AGAIN_AFTER, "gap"), told)


def test_that_all_is_mended_is_told_once() -> None:
    assert is_worth_telling(Looked(MONDAY + timedelta(days=1)), Looked(MONDAY, "gap"))
    assert not is_worth_telling(Looked(MONDAY + timedelta(days=30)), Looked(MONDAY))
