"""Whoever was not paged learns why, incident by incident."""

from dataclasses import replace

import pytest

from bot.domain.delivery import ON_THE_BOARD, State
from bot.domain.escalation import Chat, Level
from bot.domain.incident import (
    Acknowledge,
    Action,
    Close,
    Escalate,
    Reassign,
    Recover,
    Snooze,
)
from bot.domain.ledger import Because, reckon
from bot.domain.untold import Ground, Span, Untold, untold
from bot.domain.verification import Obstacle
from tests.domain.cast import (
    ANA,
    BO,
    BY_ANA,
    BY_BO,
    CHEN,
    DEE,
    MINUTE,
    NIGHT,
    RECOVERED,
    SRE,
    level,
    people,
    person,
    team,
)
from tests.domain.nights import ACME, Night, organisation, sent


def grounds(found: Untold) -> list[Ground]:
    return [reason.ground for reason in found.reasons]


def test_who_was_paged_in_the_span_is_told_so() -> None:
    found = Night().untold(ANA, 0, 10, sent(1, State.DELIVERED))
    assert found.is_paged
    assert grounds(found) == [Ground.PAGED]
    assert len(found.tellings) == 1


def test_an_acknowledgement_before_the_level_of_a_person_is_the_reason() -> None:
    night = Night()
    night.after(3).when(Acknowledge(BY_ANA))
    found = night.untold(BO, 0, 30)
    assert [(one.ground, one.at, one.by, one.level) for one in found.reasons] == [
        (Ground.ACKNOWLEDGED, NIGHT + 3 * MINUTE, ANA, 0),
        (Ground.WOULD_BE, NIGHT + 5 * MINUTE, None, 2),
    ]
    # The third level comes after both before it.
    assert night.untold(CHEN, 0, 30).reasons[-1].at == NIGHT + 15 * MINUTE


def test_a_level_that_is_still_to_come_says_when() -> None:
    night = Night()
    night.after(1)
    found = night.untold(BO, 0, 1)
    assert [(one.ground, one.at, one.level) for one in found.reasons] == [(Ground.WOULD_BE, NIGHT + 5 * MINUTE, 2)]


def test_what_happened_after_the_span_is_no_reason() -> None:
    night = Night()
    night.after(8).when(Acknowledge(BY_ANA))
    assert grounds(night.untold(CHEN, 0, 7)) == [Ground.WOULD_BE]
    assert grounds(night.untold(CHEN, 0, 9)) == [Ground.ACKNOWLEDGED, Ground.WOULD_BE]


def test_whom_no_level_names_learns_of_the_rule_and_of_its_next_level() -> None:
    found = Night().untold(DEE, 0, 3)
    assert grounds(found) == [Ground.NOT_NAMED, Ground.WOULD_BE]
    assert found.reasons[-1].level == 2


@pytest.mark.parametrize(
    ("happening", "expected"),
    [
        (Snooze(BY_ANA, NIGHT + 60 * MINUTE), Ground.SNOOZED),
        (Close(BY_ANA), Ground.CLOSED),
        (Recover(RECOVERED), Ground.RECOVERED),
        (Reassign(BY_ANA, (person(CHEN),)), Ground.REASSIGNED),
    ],
)
def test_what_holds_an_incident_is_a_reason_from_before_the_span_too(
    happening: Action | Recover, expected: Ground
) -> None:
    night = Night()
    night.after(2).when(happening)
    assert expected in grounds(night.untold(BO, 0, 4))
    assert expected in grounds(night.untold(BO, 3, 4))


def test_what_let_it_go_on_before_the_span_holds_it_no_more() -> None:
    night = Night()
    night.after(1).when(Acknowledge(BY_ANA)).after(1).when(Escalate(BY_BO, 1))
    assert Ground.ACKNOWLEDGED not in grounds(night.untold(CHEN, 5, 6))


def test_a_rule_that_is_gone_a_person_who_left_and_ways_that_do_not_work_are_reasons() -> None:
    assert grounds(Night(()).untold(ANA, 0, 1)) == [Ground.NO_RULE]
    assert Ground.LEFT in grounds(Night().untold(BO, 0, 1, gone=[BO]))
    night = Night()
    known = replace(organisation(), links=())
    ledger = reckon(night.incident, night.stored, [], known)
    found = untold(ANA, Span(NIGHT, NIGHT + MINUTE), ledger, known)
    obstacles = [one.obstacle for one in found.reasons if one.ground is Ground.CANNOT]
    assert obstacles[0] is Obstacle.NOT_LINKED


def test_a_level_that_was_passed_since_it_reached_nobody_is_a_reason() -> None:
    night = Night(can_be=people(reachable=[ANA, CHEN]))
    night.after(6)
    assert Ground.EMPTY in grounds(night.untold(BO, 0, 10))


def test_a_page_before_the_span_and_one_on_a_board_are_told() -> None:
    before = Night().untold(ANA, 10, 20, sent(1, State.DELIVERED, settled=1))
    assert Ground.PAGED_BEFORE in grounds(before)
    folded = Night().untold(ANA, 0, 20, sent(1, reason=ON_THE_BOARD))
    assert [one.ending.because for one in folded.tellings] == [Because.ON_BOARD]


def test_where_a_level_told_others_they_are_named() -> None:
    found = Night((level(ANA, BO),)).untold(BO, 0, 3)
    assert found.reasons[0].ground is Ground.NOT_AMONG
    assert found.reasons[0].to == "Ana, Bo"


def test_the_team_behind_a_chat_is_named_by_its_rule() -> None:
    found = Night((Level(chats=(Chat(ACME, "C1"),)),)).untold(BO, 0, 3)
    assert Ground.NOT_NAMED not in grounds(found)


def test_whoever_is_of_the_team_of_a_level_is_named_by_it() -> None:
    found = Night((level(ANA), Level((team(SRE),)))).untold(BO, 0, 3)
    assert grounds(found)[-1] is Ground.WOULD_BE
    assert found.reasons[-1].level == 2
    assert Ground.NOT_NAMED not in grounds(found)
