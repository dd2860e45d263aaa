"""When nothing waits for a service any more, and when it is asked again."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.breaker import OPENS_AFTER, RESTS_FOR, Breaker
from tests.domain.cast import NIGHT

SECOND = timedelta(seconds=1)


def after(*seconds: float) -> Breaker:
    """Return the breaker after calls that came to nothing so many seconds after each other."""
    breaker, at = Breaker(), NIGHT
    for pause in seconds:
        at += timedelta(seconds=pause)
        breaker = breaker.failed(at)
    return breaker


def test_a_service_that_has_failed_a_few_times_over_some_seconds_is_passed_over() -> None:
    assert not Breaker().is_open(NIGHT)
    assert not after(0, 1).is_open(NIGHT + SECOND)
    assert after(0, 1, 2).is_open(NIGHT + 3 * SECOND)


def test_failures_of_one_instant_are_one_trouble() -> None:
    assert not after(*[0] * 50).is_open(NIGHT)


def test_after_a_rest_it_is_asked_again() -> None:
    assert not after(0, 1, 2).is_open(NIGHT + 3 * SECOND + RESTS_FOR)


@given(st.lists(st.floats(0, 100), max_size=OPENS_AFTER - 1), st.floats(-1000, 1000))
def test_few_failures_never_open_it_and_no_clock_does(pauses: list[float], later: float) -> None:
    assert not after(*pauses).is_open(NIGHT + timedelta(seconds=later))


def test_a_clock_that_was_set_back_keeps_nothing_open() -> None:
    assert not after(0, 1, 2).is_open(NIGHT - SECOND)
