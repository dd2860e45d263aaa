"""Giving an incident to others: who is told, and whether the rule's later levels still follow."""

import pytest

from bot.domain.incident import (
    Acknowledge,
    Entry,
    Idle,
    Reason,
    Reassign,
    Record,
    Responder,
    Snooze,
    Unacknowledge,
    Withdraw,
)
from bot.domain.people import AccountId, Target
from tests.domain.cast import (
    ANA,
    BO,
    BY_ANA,
    BY_BO,
    CHEN,
    DEE,
    MINUTE,
    NIGHT,
    NOBODY,
    SRE,
    Handling,
    level,
    people,
    person,
    team,
)

THREE = (level(ANA), level(BO), level(CHEN))


def test_who_reassigns_gives_it_to_others_and_the_later_levels_still_follow() -> None:
    night = Handling(THREE).after(1).when(Reassign(BY_ANA, (team(SRE), person(BO))))

    assert night.effects[:2] == (
        Withdraw(Entry.REASSIGNED),
        Record(Entry.REASSIGNED, BY_ANA, {"to": "Bo, Chen"}),
    )
    assert night.incident.responders == (
        Responder(BO, None, NIGHT + MINUTE),
        Responder(CHEN, None, NIGHT + MINUTE),
    )
    assert night.after(5).pages == [(0, "Ana"), (1, "Bo Chen"), (6, "Bo")]
    assert night.incident.assigned == ()


def test_the_loop_of_the_level_is_for_those_it_was_given_to() -> None:
    night = Handling((level(ANA, loop=(2, 1)), level(BO))).when(Reassign(BY_ANA, (person(CHEN),)))

    assert night.after(5).pages == [(0, "Ana"), (0, "Chen"), (2, "Chen"), (5, "Bo")]


def test_without_escalation_it_stays_with_them_whatever_comes() -> None:
    night = Handling(THREE).when(Reassign(BY_ANA, (person(DEE),), escalation=False))
    assert night.incident.idle is Idle.BY_HAND

    night.after(60).when(Snooze(BY_ANA, night.now + 30 * MINUTE)).after(60)
    assert night.incident.idle is Idle.BY_HAND
    night.when(Acknowledge(BY_BO)).when(Unacknowledge(BY_BO)).after(600)

    assert night.pages == [(0, "Ana"), (0, "Dee"), (90, "Dee"), (120, "Dee")]
    assert night.incident.idle is Idle.BY_HAND


def test_without_a_rule_it_can_be_given_to_somebody() -> None:
    night = Handling(()).when(Reassign(BY_ANA, (person(BO),)))

    assert night.pages == [(0, "Bo")]
    assert night.incident.idle is Idle.BY_HAND
    assert night.when(Acknowledge(BY_BO)).when(Unacknowledge(BY_BO)).pages == [(0, "Bo"), (0, "Bo")]


def test_after_the_last_level_it_can_be_given_to_somebody_and_is_exhausted_again() -> None:
    night = Handling((level(ANA),)).after(5).when(Reassign(BY_ANA, (person(BO),)))
    assert night.incident.exhausted_at is None

    night.after(5)
    assert night.pages == [(0, "Ana"), (5, "Bo")]
    assert night.told_all == [(5, Entry.EXHAUSTED), (10, Entry.EXHAUSTED)]


def test_given_to_somebody_before_any_level_told_anybody_the_later_levels_still_follow() -> None:
    night = Handling((level(AccountId(99)), level(AccountId(99))))
    night.levels = THREE

    night.when(Reassign(BY_ANA, (person(DEE),)))

    assert night.after(5).pages == [(0, "Dee"), (5, "Bo")]


@pytest.mark.parametrize("targets", [(), (person(AccountId(99)),), (team(NOBODY),)])
def test_it_cannot_be_given_to_nobody(targets: tuple[Target, ...]) -> None:
    assert Handling(THREE).refuses(Reassign(BY_ANA, targets)).reason is Reason.NOBODY


def test_it_cannot_be_given_to_who_has_left_or_cannot_be_told() -> None:
    gone = Handling(THREE, people(gone=[BO]))
    mute = Handling(THREE, people(reachable=[ANA]))

    assert gone.refuses(Reassign(BY_ANA, (person(BO),))).reason is Reason.NOBODY
    assert mute.refuses(Reassign(BY_ANA, (person(BO),))).reason is Reason.NOBODY
