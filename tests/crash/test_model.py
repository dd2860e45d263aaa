"""The model can fail: each of its laws, on a small made-up run that violates it, and none on one that keeps them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain.delivery import Dropped, Kind, State
from bot.domain.incident import Entry, Idle, Progress
from tests.crash.history import (
    AlertRow,
    Arrival,
    BoardRow,
    CardRow,
    History,
    Interruption,
    Said,
    Seen,
    Shown,
)
from tests.crash.made_up import BO, CHAT, arrival, at, killed, night, page, post
from tests.crash.model import Law, episodes, judge


def on_a_board() -> History:
    """The same night, but a board tells Bo."""
    run = night()
    run.arrivals[2] = Arrival(at(3.2), BO, 0, Seen.BOARD, (BO, "3"), "")
    run.deliveries[2] = replace(run.deliveries[2], board=9)
    run.deliveries.append(replace(page(4, BO, 0, 3, 3.2), incident=0, kind=Kind.BOARD, message=(BO, "3")))
    run.boards, run.open_on_board = [BoardRow(9, (BO, "3"), frozenset({1}))], {(BO, "3"): 1}
    run.shown.pop((BO, "3"))
    run.cards[2] = CardRow(1, BO, None)
    return run


def test_a_run_without_a_fault_is_good() -> None:
    verdict = judge(night())
    assert not any(verdict.violations.values()), verdict
    assert (verdict.is_good, verdict.marked, verdict.unmarked) == (True, 0, 0)


def test_a_run_that_recovers_is_good() -> None:
    run = night()
    run.posts += [post("Ok", attempts=2)]
    run.events = {"disk": 3}
    run.alerts = [AlertRow("disk", 1, is_recovered=True)]
    run.incidents[1] = replace(run.incidents[1], progress=Progress.CLOSED, idle=Idle.CLOSED)
    run.timeline[1].append(Said(at(20), Entry.RECOVERED))
    run.shown = dict.fromkeys(run.shown, Shown(Progress.CLOSED, 4))
    assert judge(run).is_good


def test_a_run_in_which_a_board_tells_is_good() -> None:
    verdict = judge(on_a_board())
    assert verdict.is_good, verdict
    assert (verdict.marked, verdict.unmarked) == (0, 0)


def test_a_board_that_comes_twice_without_a_mark_is_found() -> None:
    run = on_a_board()
    run.arrivals.append(Arrival(at(3.1), BO, 0, Seen.BOARD, (BO, "lost"), ""))
    run.deliveries[3] = replace(run.deliveries[3], is_uncertain=True)
    run.interruptions.append(killed(3.15))
    assert judge(run).violations[Law.DOUBLE]
    run.arrivals[2] = replace(run.arrivals[2], is_marked=True)
    assert judge(run).is_good


# ---- lost events -----------------------------------------------------------------------------------------------------


def no_alert(run: History) -> None:
    run.alerts.clear()


def two_incidents(run: History) -> None:
    run.alerts.append(AlertRow("disk", 1, is_recovered=False))


def without_incident(run: History) -> None:
    run.alerts = [AlertRow("disk", None, is_recovered=False)]


def event_not_stored(run: History) -> None:
    run.events = {}


def event_stored_twice(run: History) -> None:
    run.posts = [post(attempts=2)]
    run.events = {"disk": 2}


def never_answered(run: History) -> None:
    run.posts = [replace(post(), is_answered=False)]


def recovery_lost(run: History) -> None:
    run.posts.append(post("Ok"))
    run.events = {"disk": 2}


def recovered_but_open(run: History) -> None:
    recovery_lost(run)
    run.alerts = [AlertRow("disk", 1, is_recovered=True)]


def closed_by_nobody(run: History) -> None:
    run.incidents[1] = replace(run.incidents[1], progress=Progress.CLOSED)


def change_lost(run: History) -> None:
    run.posts.append(post("Warning"))
    run.events = {"disk": 2}


def number_twice(run: History) -> None:
    run.arrivals[0] = replace(run.arrivals[0], title="memory")


# ---- lost pages ------------------------------------------------------------------------------------------------------


def page_never_made(run: History) -> None:
    run.deliveries = run.deliveries[:2]


def page_never_arrived(run: History) -> None:
    run.arrivals.pop()


def page_made_twice(run: History) -> None:
    run.deliveries.append(page(4, BO, 1, 3, 3.5))
    run.arrivals.append(arrival(BO, 3.5, "4"))


def page_of_no_turn(run: History) -> None:
    run.deliveries.append(page(4, BO, 1, 5, 5.5))
    run.arrivals.append(arrival(BO, 5.5, "4"))


def withdrawn_for_no_reason(run: History) -> None:
    run.arrivals.pop()
    run.deliveries[2] = replace(run.deliveries[2], state=State.WITHDRAWN, message=None)


def withdrawn_for_a_lie(run: History) -> None:
    run.arrivals.pop()
    run.deliveries[2] = replace(run.deliveries[2], state=State.WITHDRAWN, message=None, reason=str(Dropped.CLOSED))


def level_left_out(run: History) -> None:
    run.timeline[1][1] = Said(at(0), Entry.NOTIFIED, 1, 0)


def turn_told_twice(run: History) -> None:
    run.timeline[1].insert(2, Said(at(1), Entry.NOTIFIED, 0, 0))


def level_after_the_acknowledgement(run: History) -> None:
    run.timeline[1].append(Said(at(20), Entry.NOTIFIED, 2, 0))


def exhausted_too_early(run: History) -> None:
    run.incidents[1] = replace(run.incidents[1], progress=Progress.TRIGGERED, idle=Idle.EXHAUSTED)
    run.timeline[1] = [*run.timeline[1][:2], Said(at(3), Entry.EXHAUSTED)]
    run.deliveries[2] = replace(run.deliveries[2], kind=Kind.NOTE)


def exhausted_in_silence(run: History) -> None:
    run.incidents[1] = replace(run.incidents[1], progress=Progress.TRIGGERED, idle=Idle.EXHAUSTED)
    run.timeline[1][-1] = Said(at(10), Entry.EXHAUSTED)


# ---- the rest --------------------------------------------------------------------------------------------------------


def card_shows_an_old_state(run: History) -> None:
    run.shown[CHAT, "1"] = Shown(Progress.TRIGGERED, 4)


def card_shows_an_old_version(run: History) -> None:
    run.shown[CHAT, "1"] = Shown(Progress.PROCESSING, 3)


def card_is_gone(run: History) -> None:
    del run.shown[CHAT, "1"]


def no_next_step(run: History) -> None:
    run.incidents[1] = replace(run.incidents[1], progress=Progress.TRIGGERED, idle=None)


def idle_for_a_lie(run: History) -> None:
    run.incidents[1] = replace(run.incidents[1], progress=Progress.TRIGGERED)


def paged_after_the_acknowledgement(run: History) -> None:
    run.arrivals[2] = arrival(BO, 15, "3")


def reminded_after_the_acknowledgement(run: History) -> None:
    run.arrivals[2] = arrival(CHAT, 15, "3", Seen.PAGE)


def paged_after_a_pause_that_was_over(run: History) -> None:
    run.arrivals[2] = arrival(BO, 25, "3")
    run.interruptions.append(Interruption("pause", at(9), at(12)))


def twice_without_an_interruption(run: History) -> None:
    run.arrivals.append(replace(arrival(BO, 3.1, "4"), is_marked=True))
    run.deliveries[2] = replace(run.deliveries[2], is_uncertain=True)


def twice_without_a_mark(run: History) -> None:
    run.arrivals.append(arrival(BO, 3.1, "4"))
    run.deliveries[2] = replace(run.deliveries[2], is_uncertain=True)
    run.interruptions.append(killed(3.15))


def three_times_for_one_kill(run: History) -> None:
    run.arrivals += [replace(arrival(BO, 3.1 + number / 100, str(number)), is_marked=True) for number in (4, 5)]
    run.deliveries[2] = replace(run.deliveries[2], is_uncertain=True)
    run.interruptions.append(killed(3.15))


def from_nowhere(run: History) -> None:
    run.arrivals.append(arrival(BO, 3.1, "4"))
    run.interruptions.append(killed(3.15))


def held_by_nobody(run: History) -> None:
    run.deliveries.append(replace(page(4, BO, 1, 3, 3.5), state=State.SENDING, settled_at=None, message=None))


def due_and_not_sent(run: History) -> None:
    run.deliveries.append(replace(page(4, BO, 1, 3, 3.5), state=State.PENDING, settled_at=None, message=None))


def board_shows_too_few(run: History) -> None:
    run.boards, run.open_on_board = [BoardRow(9, (BO, "3"), frozenset({1}))], {(BO, "3"): 0}


def board_is_gone(run: History) -> None:
    run.boards = [BoardRow(9, (BO, "3"), frozenset({1}))]


def board_that_never_came(run: History) -> None:
    run.deliveries[2] = replace(run.deliveries[2], board=9)


def told_by_a_board_after_the_acknowledgement(run: History) -> None:
    run.arrivals[2] = Arrival(at(15), BO, 0, Seen.BOARD, (BO, "3"), "")
    run.deliveries[2] = replace(run.deliveries[2], board=9)


VIOLATIONS = {
    Law.EVENT: [
        no_alert,
        two_incidents,
        without_incident,
        event_not_stored,
        event_stored_twice,
        never_answered,
        recovery_lost,
        recovered_but_open,
        closed_by_nobody,
        change_lost,
        number_twice,
    ],
    Law.PAGE: [
        page_never_made,
        page_never_arrived,
        page_made_twice,
        page_of_no_turn,
        withdrawn_for_no_reason,
        withdrawn_for_a_lie,
        level_left_out,
        turn_told_twice,
        level_after_the_acknowledgement,
        exhausted_too_early,
        exhausted_in_silence,
        board_that_never_came,
    ],
    Law.CARD: [
        card_shows_an_old_state,
        card_shows_an_old_version,
        card_is_gone,
        board_shows_too_few,
        board_is_gone,
    ],
    Law.STEP: [no_next_step, idle_for_a_lie],
    Law.AFTER: [
        paged_after_the_acknowledgement,
        reminded_after_the_acknowledgement,
        paged_after_a_pause_that_was_over,
        told_by_a_board_after_the_acknowledgement,
    ],
    Law.DOUBLE: [twice_without_an_interruption, twice_without_a_mark, three_times_for_one_kill, from_nowhere],
    Law.STUCK: [held_by_nobody, due_and_not_sent],
}


@pytest.mark.parametrize(
    ("law", "spoil"),
    [pytest.param(law, spoil, id=spoil.__name__) for law, some in VIOLATIONS.items() for spoil in some],
)
def test_a_violation_is_found(law: Law, spoil: Callable[[History], None]) -> None:
    run = night()
    spoil(run)

    verdict = judge(run)

    assert verdict.violations[law]
    assert not verdict.is_good


def test_a_repeat_after_a_kill_that_says_so_is_counted_and_allowed() -> None:
    run = night()
    run.arrivals[2:] = [arrival(BO, 3.1, "lost"), replace(arrival(BO, 8, "3"), is_marked=True)]
    run.deliveries[2] = replace(run.deliveries[2], is_uncertain=True, settled_at=at(8.1))
    run.interruptions.append(killed(3.15))

    verdict = judge(run)

    assert verdict.is_good, verdict
    assert (verdict.marked, verdict.unmarked, verdict.most_at_once) == (1, 0, 1)


def test_a_message_whose_answer_was_lost_and_that_was_not_sent_again_is_allowed() -> None:
    run = night()
    run.deliveries[2] = replace(
        run.deliveries[2], is_uncertain=True, state=State.WITHDRAWN, reason=str(Dropped.ACTED), message=None
    )
    run.deliveries[2] = replace(run.deliveries[2], settled_at=at(63))
    run.cards[2] = CardRow(1, BO, None)
    run.interruptions.append(killed(3.3))

    verdict = judge(run)

    assert verdict.is_good, verdict
    assert (verdict.marked, verdict.unmarked) == (0, 0)


def test_a_page_that_a_pause_held_up_is_allowed() -> None:
    run = night()
    run.arrivals[2] = arrival(BO, 13.5, "3")
    run.deliveries[2] = replace(run.deliveries[2], settled_at=at(14))
    run.interruptions.append(Interruption("pause", at(9.5), at(13)))
    assert judge(run).is_good


def test_a_page_that_waited_becomes_the_page_of_the_level_that_has_come() -> None:
    run = night()
    run.levels = {"payments": (frozenset({BO}), frozenset({BO}))}
    run.deliveries = [replace(page(3, BO, 1, 0, 3.2), created_at=at(0))]
    run.arrivals, run.cards = run.arrivals[2:], run.cards[2:]
    assert judge(run).is_good


def test_an_episode_begins_with_trouble_and_ends_with_its_recovery() -> None:
    assert episodes([]) == 0
    assert episodes([post("Ok")]) == 0
    assert episodes([post(), post("Warning"), post("Ok"), post("Ok"), post()]) == 2
