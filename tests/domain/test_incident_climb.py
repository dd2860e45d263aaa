"""What happens if nobody acts: levels, loops, empty levels, the end of the rule; and what a changed rule does to it."""

from dataclasses import replace

import pytest

from bot.domain.escalation import Level
from bot.domain.incident import (
    Acknowledge,
    Announce,
    Close,
    Entry,
    Escalate,
    Idle,
    Notify,
    Progress,
    Reassign,
    Record,
    Refresh,
    Snooze,
    Tick,
    Unacknowledge,
    Unreachable,
)
from bot.domain.people import AccountId
from tests.domain.cast import (
    ANA,
    BO,
    BY_ANA,
    BY_BO,
    CHEN,
    DEE,
    MINUTE,
    NOBODY,
    OPS,
    SRE,
    Handling,
    level,
    people,
    person,
    team,
)

EMPTY = level(AccountId(99))
SECOND = 1 / 60


# ---- left alone --------------------------------------------------------------------------------------------------


def test_a_rule_of_three_levels_with_loops_is_told_at_its_instants() -> None:
    night = Handling(
        (
            level(ANA, after=10, loop=(3, 6)),
            replace(level(after=15, loop=(5, 1)), targets=(team(SRE),), chats=(OPS,)),
            level(DEE, after=1, loop=(4, 2)),
        )
    ).after(600)

    assert night.pages == [
        (0, "Ana"),
        (3, "Ana"),
        (6, "Ana"),
        (9, "Ana"),
        (10, "Bo Chen #C1"),
        (15, "Bo Chen #C1"),
        (25, "Dee"),
        (29, "Dee"),
        (33, "Dee"),
    ]
    # The last level is left as long after its last turn as its turns are apart.
    assert night.told_all == [(37, Entry.EXHAUSTED)]
    assert (night.due, night.incident.idle) == (None, Idle.EXHAUSTED)
    assert [record.said for record in night.timeline if record.entry is Entry.NOTIFIED][4:6] == [
        {"level": 2, "turn": 1, "to": "Bo, Chen"},
        {"level": 2, "turn": 2, "to": "Bo, Chen"},
    ]


def test_the_next_level_takes_the_place_of_a_turn_of_the_same_instant() -> None:
    night = Handling((level(ANA, after=5, loop=(5, 3)), level(BO, after=5, loop=(5, 3)))).after(600)

    assert night.pages == [(0, "Ana"), (5, "Bo"), (10, "Bo"), (15, "Bo"), (20, "Bo")]
    assert night.told_all == [(25, Entry.EXHAUSTED)]


def test_a_turn_is_told_if_no_level_takes_its_place() -> None:
    night = Handling((level(ANA, after=5, loop=(5, 3)), EMPTY)).after(600)

    assert night.pages == [(0, "Ana"), (5, "Ana")]
    assert night.told_all == [(5, Entry.EXHAUSTED)]
    assert night.entries[-3:] == [Entry.NOTIFIED, Entry.LEVEL_EMPTY, Entry.EXHAUSTED]


@pytest.mark.parametrize("every", [1, 120])
def test_a_loop_of_no_turns_is_no_loop(every: float) -> None:
    night = Handling((level(ANA, after=5, loop=(every, 0)),)).after(600)

    assert night.pages == [(0, "Ana")]
    assert night.told_all == [(5, Entry.EXHAUSTED)]


def test_levels_that_do_not_wait_are_all_told_at_once() -> None:
    night = Handling((level(ANA, after=0), level(BO, after=0), level(CHEN, after=0))).after(0)

    assert night.pages == [(0, "Ana"), (0, "Bo"), (0, "Chen")]
    assert night.told_all == [(0, Entry.EXHAUSTED)]


def test_a_chat_alone_is_somebody() -> None:
    assert Handling((Level(chats=(OPS,)),), people(reachable=[])).pages == [(0, "#C1")]


# ---- levels that reach nobody ------------------------------------------------------------------------------------


def test_a_level_that_reaches_nobody_is_passed_at_once_and_says_so() -> None:
    nobody = replace(EMPTY, targets=(team(NOBODY), person(CHEN)))
    night = Handling((EMPTY, nobody, level(BO)), people(gone=[CHEN]))

    assert night.pages == [(0, "Bo")]
    assert [record.said for record in night.timeline if record.entry is Entry.LEVEL_EMPTY] == [
        {"level": 1},
        {"level": 2},
    ]


def test_people_who_cannot_be_told_are_nobody() -> None:
    assert Handling((level(ANA), level(BO)), people(reachable=[BO])).pages == [(0, "Bo")]


def test_if_no_level_reaches_anybody_the_team_is_told_at_once_and_a_later_call_begins_anew() -> None:
    night = Handling((EMPTY, EMPTY))
    assert night.told_all == [(0, Entry.EXHAUSTED)]

    night.levels = (level(ANA), level(BO))
    assert night.when(Escalate(BY_ANA)).pages == [(0, "Ana")]


def test_without_a_rule_the_channel_says_so_loudly() -> None:
    night = Handling(())

    assert (night.due, night.incident.idle) == (None, Idle.NO_RULE)
    assert night.effects[1:] == (Record(Entry.NO_RULE), Announce(Entry.NO_RULE), Refresh(prompt=False))
    assert night.when(Snooze(BY_ANA, night.now + MINUTE)).after(1).told_all[-1] == (1, Entry.NO_RULE)


def test_a_level_that_has_become_empty_is_passed_at_its_next_turn() -> None:
    night = Handling((level(ANA, after=60, loop=(5, 6)), level(BO)))
    night.people = people(gone=[ANA])

    assert night.after(5).pages == [(0, "Ana"), (5, "Bo")]
    assert Entry.LEVEL_EMPTY in night.entries


# ---- late, early, twice ------------------------------------------------------------------------------------------


def test_a_tick_before_its_time_or_a_second_one_does_nothing() -> None:
    night = Handling((level(ANA), level(BO)))
    before = night.incident
    assert night.late(5 - SECOND).incident == before
    assert night.effects == ()

    after = night.late(SECOND).incident
    assert after != before
    assert night.late(0).incident == after


def test_a_clock_that_jumps_back_only_makes_it_wait() -> None:
    night = Handling((level(ANA), level(BO)))
    before = night.incident

    assert night.late(-600).incident == before
    assert night.after(605).pages == [(0, "Ana"), (5, "Bo")]


def test_a_level_that_was_due_an_hour_ago_is_told_now_and_has_its_whole_time() -> None:
    night = Handling((level(ANA), level(BO, loop=(2, 1)), level(CHEN))).late(65)

    assert night.pages == [(0, "Ana"), (65, "Bo")]
    assert night.after(5).pages[2:] == [(67, "Bo"), (70, "Chen")]


def test_small_delays_do_not_add_up() -> None:
    night = Handling((level(ANA), level(BO, loop=(2, 1)), level(CHEN))).late(5 + 30 * SECOND)

    assert night.after(4.5).pages == [(0, "Ana"), (5.5, "Bo"), (7, "Bo"), (10, "Chen")]


def test_turns_that_were_missed_are_one() -> None:
    night = Handling((level(ANA, after=60, loop=(5, 3)), level(BO))).late(23)

    assert night.pages == [(0, "Ana"), (23, "Ana")]
    assert night.after(37).pages[2:] == [(28, "Ana"), (33, "Ana"), (60, "Bo")]


def test_turns_that_were_missed_are_one_after_the_last_level_too() -> None:
    night = Handling((level(ANA, loop=(5, 3)),)).late(600)

    assert night.pages == [(0, "Ana"), (600, "Ana")]
    assert night.told_all == [(600, Entry.EXHAUSTED)]


def test_missed_turns_of_people_who_have_left_are_not_told() -> None:
    night = Handling((level(ANA, loop=(5, 3)),))
    night.people = people(gone=[ANA])

    assert night.late(600).pages == [(0, "Ana")]
    assert night.told_all == [(600, Entry.EXHAUSTED)]


# ---- unless: closed ----------------------------------------------------------------------------------------------


def test_unless_closed_the_next_level_follows_an_acknowledgement_too() -> None:
    night = Handling((level(ANA, loop=(2, 6), closed=True), level(BO, loop=(2, 6), closed=True), level(CHEN)))
    night.after(3).when(Acknowledge(BY_ANA))
    assert (night.due, night.incident.idle) == (5, None)

    night.after(600)

    # What somebody has needs no loop, and the last level asks for no more than an acknowledgement.
    assert night.pages == [(0, "Ana"), (2, "Ana"), (5, "Bo"), (10, "Chen")]
    assert night.incident.progress is Progress.PROCESSING
    assert (night.told_all, night.incident.idle) == ([], Idle.ACKNOWLEDGED)


def test_unless_closed_the_end_of_the_rule_is_loud_though_somebody_has_it() -> None:
    night = Handling((level(ANA, closed=True),)).when(Acknowledge(BY_ANA)).after(600)

    assert night.told_all == [(5, Entry.EXHAUSTED)]
    assert night.incident.progress is Progress.PROCESSING


def test_unless_closed_closing_ends_it() -> None:
    night = Handling((level(ANA, closed=True), level(BO))).when(Acknowledge(BY_ANA)).when(Close(BY_ANA)).after(600)

    assert night.pages == [(0, "Ana")]


def test_acknowledged_and_then_left_by_its_level_it_can_be_given_back() -> None:
    night = Handling((level(ANA, closed=True), level(BO), level(CHEN))).when(Acknowledge(BY_ANA)).after(60)

    assert night.when(Unacknowledge(BY_ANA)).after(5).pages == [(0, "Ana"), (5, "Bo"), (60, "Bo"), (65, "Chen")]


# ---- a turn that reached nobody ----------------------------------------------------------------------------------


def test_if_every_message_of_a_turn_is_refused_the_next_level_is_told_at_once_and_the_admins_too() -> None:
    night = Handling((level(ANA), level(BO))).after(1).when(Unreachable(0, 0))

    assert night.pages == [(0, "Ana"), (1, "Bo")]
    assert night.told_all == [(1, Entry.LEVEL_FAILED)]
    assert Record(Entry.LEVEL_FAILED, said={"level": 1}) in night.effects
    assert night.due == 6


def test_if_the_last_level_reaches_nobody_that_is_the_end_of_the_rule() -> None:
    night = Handling((level(ANA),)).when(Unreachable(0, 0))

    assert night.told_all == [(0, Entry.LEVEL_FAILED), (0, Entry.EXHAUSTED)]
    assert night.when(Unreachable(0, 0)).effects == ()


def test_word_of_an_old_turn_or_of_what_somebody_has_taken_moves_nothing() -> None:
    rule = (level(ANA, loop=(1, 3)), level(BO))
    for night in (
        Handling(rule).after(1),
        Handling(rule).after(5),
        Handling(rule).when(Acknowledge(BY_BO)),
        Handling(rule).when(Snooze(BY_BO, Handling(rule).now + MINUTE)),
        Handling(rule).when(Close(BY_BO)),
    ):
        before = night.incident
        assert night.when(Unreachable(0, 0)).incident == before
        assert night.effects == ()


@pytest.mark.parametrize("closed", [True, False])
def test_a_level_that_was_told_after_the_acknowledgement_and_reached_nobody_is_passed_too(*, closed: bool) -> None:
    night = Handling((level(ANA, closed=True), level(BO, closed=closed), level(CHEN)))
    night.when(Acknowledge(BY_ANA)).after(6).when(Unreachable(1, 0))

    assert night.pages == [(0, "Ana"), (5, "Bo"), (6, "Chen")]
    assert night.told_all == [(6, Entry.LEVEL_FAILED)]


def test_assigned_by_hand_to_somebody_who_is_not_reached_it_does_not_sleep() -> None:
    night = Handling((level(ANA), level(BO))).when(Reassign(BY_ANA, (person(DEE),), escalation=False))

    assert night.when(Unreachable(0, 0)).pages == [(0, "Ana"), (0, "Dee"), (0, "Bo")]
    assert night.told_all == [(0, Entry.LEVEL_FAILED)]
    assert night.due == 5


def test_assigned_by_hand_without_a_rule_to_somebody_who_is_not_reached_the_team_is_told() -> None:
    night = Handling(()).when(Reassign(BY_ANA, (person(DEE),))).when(Unreachable(-1, 0))

    assert night.told_all == [(0, Entry.NO_RULE), (0, Entry.NO_RULE)]
    assert night.incident.idle is Idle.NO_RULE


# ---- people leave, rules change ----------------------------------------------------------------------------------


def test_assigned_by_hand_to_somebody_who_leaves_its_level_takes_over() -> None:
    rule = (level(ANA, loop=(2, 6), after=60), level(BO))
    looping = Handling(rule).when(Reassign(BY_ANA, (person(DEE),)))
    given_back = Handling(rule).when(Reassign(BY_ANA, (person(DEE),), escalation=False)).when(Acknowledge(BY_BO))
    snoozed = Handling(rule).when(Reassign(BY_ANA, (person(DEE),), escalation=False))
    snoozed.when(Snooze(BY_ANA, snoozed.now + 2 * MINUTE))
    for night in (looping, given_back, snoozed):
        night.people = people(gone=[DEE])

    assert looping.after(2).pages[-1] == (2, "Ana")
    assert given_back.when(Unacknowledge(BY_BO)).pages[-1] == (0, "Ana")
    assert snoozed.after(2).pages[-1] == (2, "Ana")
    for night in (looping, given_back, snoozed):
        assert (night.incident.assigned, night.incident.idle) == ((), None)
        assert night.due is not None


def test_each_level_is_staffed_as_it_is_when_it_is_told() -> None:
    night = Handling((level(ANA), level(BO)))
    night.levels = (level(ANA), level(CHEN))

    assert night.after(5).pages == [(0, "Ana"), (5, "Chen")]


def test_a_rule_that_is_removed_while_the_incident_climbs_is_missed_loudly() -> None:
    night = Handling((level(ANA), level(BO)))
    night.levels = ()

    assert night.after(600).told_all == [(5, Entry.NO_RULE)]
    assert night.incident.idle is Idle.NO_RULE


def test_a_rule_that_becomes_shorter_is_over_loudly_and_its_last_level_is_the_one_to_call_again() -> None:
    night = Handling((level(ANA), level(BO), level(CHEN, after=60, loop=(2, 6)))).after(10)
    night.levels = (level(ANA),)
    night.after(600)

    assert night.told_all == [(12, Entry.EXHAUSTED)]
    assert night.when(Acknowledge(BY_BO)).when(Unacknowledge(BY_BO)).pages[-1] == (610, "Ana")


def test_a_rule_that_becomes_shorter_while_somebody_has_it_pages_its_last_level_when_given_back() -> None:
    night = Handling((level(ANA), level(BO), level(CHEN))).after(10).when(Acknowledge(BY_BO))
    night.levels = (level(ANA), level(DEE))

    assert night.when(Unacknowledge(BY_BO)).pages[-1] == (10, "Dee")


def test_a_rule_that_becomes_shorter_while_somebody_must_close_it_ends_loudly() -> None:
    night = Handling((level(ANA), level(BO, closed=True), level(CHEN))).after(5).when(Acknowledge(BY_BO))
    night.levels = (level(ANA),)

    assert night.after(5).told_all == [(10, Entry.EXHAUSTED)]


def test_a_rule_that_becomes_longer_goes_on() -> None:
    night = Handling((level(ANA),))
    night.levels = (level(ANA), level(BO))

    assert night.after(5).pages == [(0, "Ana"), (5, "Bo")]


def test_a_loop_that_is_removed_ends_after_the_turn_that_was_set() -> None:
    night = Handling((level(ANA, after=60, loop=(5, 6)), level(BO)))
    night.levels = (level(ANA, after=60), level(BO))

    assert night.after(60).pages == [(0, "Ana"), (5, "Ana"), (60, "Bo")]


def test_a_notification_carries_the_methods_of_its_level() -> None:
    (told,) = (effect for effect in Handling((level(ANA),)).effects if isinstance(effect, Notify))

    assert (told.level, told.turn, told.accounts, told.chats, told.methods) == (0, 0, (ANA,), (), ())


def test_ticks_after_the_end_are_silent() -> None:
    night = Handling((level(ANA),)).after(5)

    assert night.when(Tick()).effects == ()
    assert night.told_all == [(5, Entry.EXHAUSTED)]
