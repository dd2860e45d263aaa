"""The laws of SMS, calls and e-mail can be violated: each on a small made-up run, and none on one that keeps them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain.delivery import Dropped, Kind, State
from bot.domain.incident import Entry
from tests.crash import ways
from tests.crash.history import Arrival, CardRow, History, Ring, Said, Seen, Word
from tests.crash.made_up import ANA, BO, at, killed, night, page
from tests.crash.model import Law, judge
from tests.crash.test_model import VIOLATIONS as OTHERS


def by_lines() -> History:
    """The same night, but the chat refuses Bo, who gets an SMS, whose phone rings, and who writes back.

    Deliveries: 2 is Ana's card, before which her SMS (4) was spared; 3 Bo's card, that failed, 5 his SMS.
    """
    run = night()
    run.deliveries[1] = replace(run.deliveries[1], page=7)
    run.deliveries[2] = replace(
        run.deliveries[2], page=8, state=State.FAILED, reason="refused", message=None, accepted_at=None
    )
    text = replace(page(4, f"sms:{ANA}", 0, 0, 0.3), kind=Kind.PAGE, page=7, rank=1, message=None, accepted_at=None)
    run.deliveries.append(replace(text, state=State.WITHDRAWN, reason=str(Dropped.REACHED)))
    run.deliveries.append(replace(page(5, f"sms:{BO}", 1, 3, 3.5), kind=Kind.PAGE, page=8, rank=1))
    run.arrivals[2] = Arrival(at(3.5), f"sms:{BO}", 1, Seen.PAGE, (f"sms:{BO}", "5"), "disk", delivery=5)
    run.shown.pop((BO, "3"))
    run.cards[2] = CardRow(1, BO, None)
    run.timeline[1].insert(3, Said(at(3.3), Entry.NOT_DELIVERED, to="bo"))
    run.rings = [Ring(1, "bo", at(4), at(12), was_taken=False)]
    run.words = [Word(at(9.9), at(10.1), "bo", 1, "ack", "SM1")]
    return run


def told_by_nothing(run: History) -> None:
    """The SMS to Bo is refused, too."""
    refused = replace(run.deliveries[4], state=State.FAILED, reason="refused", message=None, accepted_at=None)
    run.deliveries[4] = refused
    run.arrivals.pop()


def reached_by_nothing_in_silence(run: History) -> None:
    told_by_nothing(run)
    del run.timeline[1][3]


def without_a_page(run: History) -> None:
    del run.deliveries[2:]


def spared_for_nothing(run: History) -> None:
    run.deliveries[1] = replace(run.deliveries[1], state=State.FAILED, reason="no_answer")


def both_ways(run: History) -> None:
    """Ana gets an SMS though her card has come."""
    run.deliveries[3] = replace(page(4, f"sms:{ANA}", 0, 0, 6), kind=Kind.PAGE, page=7, rank=1)
    run.arrivals.append(Arrival(at(6), f"sms:{ANA}", 1, Seen.PAGE, (f"sms:{ANA}", "4"), "disk", delivery=4))


def rang_on(run: History) -> None:
    run.rings = [replace(run.rings[0], ended=at(20))]


def rings_for_ever(run: History) -> None:
    run.rings = [replace(run.rings[0], ended=None)]


def reply_lost(run: History) -> None:
    run.words = [Word(at(5), at(5.2), "bo", 1, "ack", "SM1")]


def key_lost(run: History) -> None:
    run.words.append(Word(at(1), at(1.2), "ana", 1, "escalate", "CA1"))


def for_no_reason(run: History) -> None:
    run.deliveries[3] = replace(run.deliveries[3], reason="")


def nobody_knows_when(run: History) -> None:
    run.deliveries[4] = replace(run.deliveries[4], settled_at=None)


def never_ended(run: History) -> None:
    run.deliveries[3] = replace(run.deliveries[3], state=State.PENDING, settled_at=None, not_before=at(90))


def delivered_for_a_reason(run: History) -> None:
    run.deliveries[4] = replace(run.deliveries[4], reason="uncertain")


def two_of_one_turn(run: History) -> None:
    run.deliveries.append(replace(run.deliveries[4], id=6, message=(f"sms:{BO}", "6")))
    run.arrivals.append(replace(run.arrivals[2], message=(f"sms:{BO}", "6"), delivery=6))


def of_no_delivery(run: History) -> None:
    run.arrivals.append(replace(run.arrivals[2], message=(f"sms:{BO}", "6"), delivery=0, number=0))


def mailed_twice_in_silence(run: History) -> None:
    """All tries of a mail have one id."""
    run.deliveries[4] = replace(run.deliveries[4], is_uncertain=True)
    run.arrivals.insert(2, replace(run.arrivals[2], at=at(3.2)))
    run.interruptions.append(killed(3.25))


VIOLATIONS = {
    Law.UNREACHED: [reached_by_nothing_in_silence, without_a_page, spared_for_nothing],
    Law.SPARED: [both_ways],
    Law.RINGING: [rang_on, rings_for_ever],
    Law.UNHEARD: [reply_lost, key_lost],
    Law.OUTCOME: [for_no_reason, nobody_knows_when, never_ended, delivered_for_a_reason],
    Law.DOUBLE: [two_of_one_turn, of_no_delivery, mailed_twice_in_silence],
}


@pytest.mark.parametrize(
    ("law", "spoil"),
    [pytest.param(law, spoil, id=spoil.__name__) for law, some in VIOLATIONS.items() for spoil in some],
)
def test_a_violation_is_found(law: Law, spoil: Callable[[History], None]) -> None:
    run = by_lines()
    spoil(run)

    assert judge(run).violations[law]


def test_every_law_can_be_violated() -> None:
    assert set(VIOLATIONS) | set(OTHERS) == set(Law)


def test_a_night_by_lines_is_good() -> None:
    verdict = judge(by_lines())
    assert verdict.is_good, verdict
    assert (verdict.marked, verdict.unmarked) == (0, 0)


def test_who_was_reached_by_nothing_is_no_secret() -> None:
    run = by_lines()
    told_by_nothing(run)
    assert judge(run).is_good


def test_a_report_that_nobody_was_reached_calls_back_what_was_spared() -> None:
    run = by_lines()
    both_ways(run)
    run.deliveries[1] = replace(run.deliveries[1], state=State.FAILED, reason="no_answer", settled_at=at(5.5))
    assert judge(run).is_good


def test_a_way_behind_one_of_which_a_kill_took_the_answer_is_counted_and_allowed() -> None:
    run = by_lines()
    both_ways(run)
    # Her card came, but that was stored only of its second try, after the SMS.
    run.deliveries[1] = replace(run.deliveries[1], is_uncertain=True, settled_at=at(9), accepted_at=at(9))
    run.arrivals.append(Arrival(at(8.9), ANA, 1, Seen.CARD, (ANA, "22"), "disk", is_marked=True))
    run.deliveries[1] = replace(run.deliveries[1], message=(ANA, "22"))
    run.cards[1] = CardRow(1, ANA, (ANA, "22"))
    run.shown[ANA, "22"] = run.shown.pop((ANA, "2"))
    run.interruptions.append(killed(0.4))

    verdict = judge(run)

    assert verdict.is_good, verdict
    assert (ways.unknown(run), verdict.marked) == (1, 1)


def test_a_call_that_rang_on_because_of_a_kill_is_counted_and_allowed() -> None:
    run = by_lines()
    rang_on(run)
    run.interruptions.append(killed(10.5))
    assert judge(run).is_good
    assert ways.rung_on(run) == 1


def test_a_mail_that_comes_twice_after_a_kill_and_says_so_is_allowed() -> None:
    run = by_lines()
    mailed_twice_in_silence(run)
    run.arrivals[3] = replace(run.arrivals[3], is_marked=True)

    verdict = judge(run)

    assert verdict.is_good, verdict
    assert verdict.marked == 1


def test_whoever_answers_what_is_taken_already_has_it_their_way() -> None:
    run = by_lines()
    run.words.append(Word(at(30), at(30.1), "ana", 1, "ack", "SM2"))
    run.words.append(Word(at(30), at(30.1), "ana", 1, "escalate", "SM3"))
    assert judge(run).is_good


def test_whoever_escalates_while_the_next_level_is_told_has_it_their_way() -> None:
    run = by_lines()
    run.words.append(Word(at(2.9), at(3.1), "ana", 1, "escalate", "SM2"))
    assert judge(run).is_good
