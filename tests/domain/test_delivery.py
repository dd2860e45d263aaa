"""Whether a message is still wanted is decided from the present state; what follows a failed try, from the failure."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.delivery import (
    FIRST_PAUSE,
    LETTER_CHANGE,
    LONGEST_DOUBT,
    LONGEST_PAUSE,
    LONGEST_TRY,
    MOST_UNCERTAIN,
    RAREST_REPEAT,
    CardId,
    Delivery,
    DeliveryId,
    Dropped,
    Kind,
    Place,
    Setback,
    next_try,
    unwanted,
)
from bot.domain.incident import Acknowledge, Close, Comment, Incident, Recover, Reopen, Snooze, Unacknowledge
from bot.domain.people import WorkspaceId
from tests.domain.cast import ANA, BO, BY_ANA, BY_BO, MINUTE, NIGHT, OPS, RECOVERED, Handling, level

ACME = WorkspaceId(1)
DIRECT, CHAT = Place(ACME, account=ANA), Place(ACME, chat=OPS.chat)
RULE = (level(ANA, loop=(1, 3), closed=True), level(BO))


def message(incident: Incident, kind: Kind = Kind.CARD, place: Place = DIRECT) -> Delivery:
    """Return a message about the incident as it is now."""
    return Delivery(
        DeliveryId(1),
        incident.id,
        kind,
        place,
        incident.version,
        incident.level,
        incident.turn,
        NIGHT,
        card=CardId(1),
    )


PAGES = [(Kind.CARD, DIRECT), (Kind.REMINDER, DIRECT), (Kind.REMINDER, CHAT), (Kind.NOTE, DIRECT)]


# ---- is it still wanted? -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "place"), PAGES)
def test_who_acknowledges_stops_every_page_not_yet_sent(kind: Kind, place: Place) -> None:
    night = Handling(RULE)
    page = message(night.incident, kind, place)
    assert unwanted(page, night.incident, None) is None

    night.when(Acknowledge(BY_BO))

    assert unwanted(page, night.incident, None) is Dropped.ACTED


@pytest.mark.parametrize(("kind", "place"), PAGES)
def test_a_page_of_a_level_that_follows_an_acknowledgement_goes_out(kind: Kind, place: Place) -> None:
    night = Handling(RULE).when(Acknowledge(BY_ANA)).after(5)
    assert night.pages == [(0, "Ana"), (5, "Bo")]

    page = message(night.incident, kind, place)

    assert unwanted(page, night.incident, None) is None
    assert unwanted(page, night.when(Comment(BY_ANA, "Looking")).incident, None) is None


@pytest.mark.parametrize(("kind", "place"), [*PAGES, (Kind.CARD, CHAT)])
def test_what_is_closed_pages_nobody_and_shows_no_new_card(kind: Kind, place: Place) -> None:
    for over in (Close(BY_ANA), Recover(RECOVERED)):
        night = Handling(RULE)
        page = message(night.incident, kind, place)
        assert unwanted(page, night.when(over).incident, None) is Dropped.CLOSED


@pytest.mark.parametrize(("kind", "place"), PAGES)
def test_what_is_snoozed_pages_nobody_until_the_snooze_is_over(kind: Kind, place: Place) -> None:
    night = Handling(RULE)
    page = message(night.incident, kind, place)

    night.when(Snooze(BY_ANA, NIGHT + MINUTE))
    assert unwanted(page, night.incident, None) is Dropped.SNOOZED
    night.after(1)
    assert unwanted(message(night.incident, kind, place), night.incident, None) is None


def test_the_live_card_of_a_chat_comes_though_somebody_acted() -> None:
    night = Handling(RULE)
    card = message(night.incident, Kind.CARD, CHAT)

    assert unwanted(card, night.when(Snooze(BY_ANA, NIGHT + MINUTE)).incident, None) is None
    assert unwanted(card, night.when(Acknowledge(BY_ANA)).incident, None) is None


def test_a_second_card_for_a_chat_is_a_page_under_the_first_and_stops_like_one() -> None:
    """Two levels used the chat before its first card had gone out, as after a crash while that was being sent."""
    night = Handling(RULE)
    second = message(night.incident, Kind.CARD, CHAT)
    assert unwanted(second, night.incident, 1) is None

    night.when(Acknowledge(BY_BO))

    assert unwanted(second, night.incident, 1) is Dropped.ACTED
    assert unwanted(second, night.when(Close(BY_BO)).incident, 1) is Dropped.CLOSED


def test_what_was_given_back_or_reopened_pages_again() -> None:
    given_back = Handling(RULE).when(Acknowledge(BY_ANA)).when(Unacknowledge(BY_ANA)).incident
    reopened = Handling(RULE).when(Close(BY_ANA)).when(Reopen(BY_ANA)).incident

    for incident in (given_back, reopened):
        assert unwanted(message(incident), incident, None) is None


def test_a_reminder_that_waited_stands_for_the_turns_and_levels_that_have_come_meanwhile() -> None:
    # One message waits for each place at the most; the turns that come while it waits make no second one.
    night = Handling(RULE).after(1)
    waiting = message(night.incident, Kind.REMINDER, CHAT)

    assert unwanted(waiting, night.after(1).incident, 3) is None
    assert unwanted(waiting, night.after(5).incident, 3) is None


@pytest.mark.parametrize(("shown", "expected"), [(None, None), (1, None), (3, Dropped.SHOWN), (4, Dropped.SHOWN)])
def test_an_edit_is_wanted_until_the_card_shows_the_newest_state(shown: int | None, expected: Dropped | None) -> None:
    closed = replace(Handling(RULE).when(Close(BY_ANA)).incident, version=3)

    assert unwanted(message(closed, Kind.EDIT), closed, shown) is expected


# ---- when is it tried again? -------------------------------------------------------------------------------------


def tried(attempts: int, number: int = 10) -> Delivery:
    """Return a page after so many tries. Its number spreads the pauses: 10 by nothing."""
    page = message(Handling(RULE).incident)
    return replace(page, id=DeliveryId(number), attempts=attempts)


def pause(delivery: Delivery, setback: Setback, now: datetime = NIGHT) -> float | None:
    """Return the pause before the next try, in seconds."""
    at = next_try(delivery, setback, now)
    return None if at is None else (at - now).total_seconds()


AWAY, HANGS = Setback(again=True), Setback(again=True, uncertain=True)


def test_a_refusal_for_good_is_not_tried_again() -> None:
    assert next_try(tried(1), Setback(again=False), NIGHT) is None
    assert next_try(tried(1), Setback(again=False, retry_after=MINUTE), NIGHT) is None


def test_the_pauses_grow_and_end_at_a_minute() -> None:
    assert [pause(tried(attempts), AWAY) for attempts in (0, 1, 2, 3, 7, 8, 1000)] == [1, 1, 2, 4, 60, 60, 60]


def test_a_platform_that_says_how_long_to_wait_is_believed() -> None:
    assert pause(tried(5), Setback(again=True, retry_after=4 * MINUTE)) == 240
    assert pause(tried(5), Setback(again=True, retry_after=600 * MINUTE)) == 300, "but asked again within 5 minutes"


def test_a_platform_that_stays_away_is_tried_for_a_day() -> None:
    assert next_try(tried(2000), AWAY, NIGHT + LONGEST_TRY - timedelta(seconds=1)) is not None
    assert next_try(tried(2000), AWAY, NIGHT + LONGEST_TRY) is None


def test_what_may_have_arrived_is_repeated_ever_more_rarely() -> None:
    assert [pause(tried(attempts), HANGS) for attempts in (1, 2, 3, 4, 5, 6)] == [1, 4, 16, 64, 256, 300]


def test_a_page_outlives_some_minutes_in_which_a_platform_does_not_answer() -> None:
    now, attempts = NIGHT, 1
    while (again := next_try(tried(attempts), HANGS, now)) is not None:
        now, attempts = again + timedelta(seconds=10), attempts + 1

    assert now - NIGHT >= LONGEST_DOUBT
    assert MOST_UNCERTAIN <= attempts <= MOST_UNCERTAIN + 3


def test_a_first_doubt_after_a_long_outage_is_no_reason_to_give_up_at_once() -> None:
    assert next_try(tried(1), HANGS, NIGHT + LONGEST_DOUBT) is not None
    assert next_try(tried(MOST_UNCERTAIN), HANGS, NIGHT + LONGEST_DOUBT - MINUTE) is not None
    assert next_try(tried(MOST_UNCERTAIN), HANGS, NIGHT + LONGEST_DOUBT) is None


@pytest.mark.parametrize(("kind", "version"), [(Kind.EDIT, 7), (Kind.LETTER, LETTER_CHANGE)])
def test_an_edit_is_tried_until_it_is_known_to_show(kind: Kind, version: int) -> None:
    edit = replace(tried(MOST_UNCERTAIN), kind=kind, version=version)
    assert next_try(edit, HANGS, NIGHT + LONGEST_TRY - MINUTE) is not None
    assert next_try(edit, HANGS, NIGHT + LONGEST_TRY) is None


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.booleans(), st.integers(0, 86_399))
def test_a_try_comes_later_and_never_much_later(attempts: int, number: int, uncertain: bool, age: int) -> None:
    now = NIGHT + timedelta(seconds=age)
    at = next_try(tried(attempts, number), Setback(again=True, uncertain=uncertain), now)

    longest = RAREST_REPEAT if uncertain else LONGEST_PAUSE
    assert at is None or FIRST_PAUSE <= at - now <= longest * 1.5
    assert uncertain or at is not None


def test_what_failed_together_does_not_come_back_together() -> None:
    assert len({next_try(tried(9, number), AWAY, NIGHT) for number in range(10)}) == 10


def test_a_place_has_one_key() -> None:
    assert (DIRECT.key, CHAT.key) == ("account:1", "chat:C1")
    assert [Place.of(ACME, one.key) for one in (DIRECT, CHAT)] == [DIRECT, CHAT]
