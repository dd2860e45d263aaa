"""What people may do with an incident, what follows, and why they are sometimes refused."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.event import Severity
from bot.domain.incident import (
    COMMENT_LIMIT,
    Acknowledge,
    Action,
    Actor,
    Change,
    Close,
    Comment,
    Deed,
    EndAlerts,
    Entry,
    Escalate,
    Idle,
    Progress,
    Reason,
    Reassign,
    Record,
    Recover,
    Refresh,
    Refused,
    Reopen,
    ReviveAlerts,
    Snooze,
    Tick,
    Unacknowledge,
    Undelivered,
    Withdraw,
)
from bot.domain.people import AccountId
from tests.domain.cast import (
    ANA,
    BO,
    BY_ANA,
    BY_BO,
    BY_CHEN,
    CHEN,
    FACTS,
    MINUTE,
    NIGHT,
    RECOVERED,
    Handling,
    level,
    minute,
    person,
)

THREE = (level(ANA), level(BO), level(CHEN))


def asleep(night: Handling, minutes: float = 30) -> Handling:
    """Snooze the incident as Ana."""
    return night.when(Snooze(BY_ANA, night.now + minutes * MINUTE))


# ---- acknowledge -------------------------------------------------------------------------------------------------


def test_who_acknowledges_has_it_and_nobody_else_is_paged() -> None:
    night = Handling(THREE).after(2).when(Acknowledge(BY_BO))

    assert night.incident.progress is Progress.PROCESSING
    assert night.incident.acknowledged == Deed(BY_BO, NIGHT + 2 * MINUTE)
    assert night.effects == (
        Withdraw(Entry.ACKNOWLEDGED),
        Record(Entry.ACKNOWLEDGED, BY_BO),
        Refresh(prompt=True),
    )
    assert night.after(600).pages == [(0, "Ana")]
    assert night.incident.idle is Idle.ACKNOWLEDGED


def test_the_second_who_acknowledges_is_told_who_was_first() -> None:
    night = Handling(THREE)
    seen = night.incident.version
    night.when(Acknowledge(BY_ANA, seen))

    assert night.refuses(Acknowledge(BY_BO, seen)) == Refused(Reason.ALREADY_ACKNOWLEDGED, Deed(BY_ANA, NIGHT))


def test_an_old_click_after_somebody_gave_it_back_is_explained_and_not_carried_out() -> None:
    night = Handling(THREE)
    seen = night.incident.version
    night.when(Acknowledge(BY_ANA, seen)).when(Unacknowledge(BY_ANA))

    assert night.refuses(Acknowledge(BY_BO, seen)).reason is Reason.STALE
    assert night.when(Acknowledge(BY_BO, night.incident.version)).incident.progress is Progress.PROCESSING


def test_a_click_is_carried_out_though_somebody_commented_or_the_level_changed_meanwhile() -> None:
    night = Handling(THREE)
    seen = night.incident.version
    night.when(Comment(BY_BO, "Looking")).after(5)

    assert night.when(Acknowledge(BY_ANA, seen)).incident.acknowledged == Deed(BY_ANA, NIGHT + 5 * MINUTE)


def test_what_was_typed_without_looking_at_a_card_is_never_stale() -> None:
    night = Handling(THREE).when(Acknowledge(BY_ANA)).when(Unacknowledge(BY_ANA))

    assert night.when(Acknowledge(BY_BO)).incident.progress is Progress.PROCESSING


# ---- unacknowledge -----------------------------------------------------------------------------------------------


def test_who_gives_it_back_has_its_level_paged_again_with_its_whole_time() -> None:
    night = Handling(THREE).after(7).when(Acknowledge(BY_BO)).after(60).when(Unacknowledge(BY_BO))

    assert night.incident.progress is Progress.TRIGGERED
    assert night.incident.acknowledged is None
    assert night.pages == [(0, "Ana"), (5, "Bo"), (67, "Bo")]
    assert night.after(5).pages[-1] == (72, "Chen")


def test_what_nobody_has_cannot_be_given_back() -> None:
    assert Handling(THREE).refuses(Unacknowledge(BY_ANA)) == Refused(Reason.NOT_ACKNOWLEDGED)


def test_given_back_after_the_last_level_the_last_people_are_paged_again() -> None:
    night = Handling((level(ANA), level(AccountId(99)))).after(5)
    assert night.incident.idle is Idle.EXHAUSTED

    night.when(Acknowledge(BY_BO)).when(Unacknowledge(BY_BO))

    assert night.pages == [(0, "Ana"), (5, "Ana")]
    assert night.incident.exhausted_at is None
    assert night.after(5).told_all == [(5, Entry.EXHAUSTED), (10, Entry.EXHAUSTED)]


# ---- close, reopen -----------------------------------------------------------------------------------------------


def test_who_closes_says_what_fixed_it_and_ends_everything() -> None:
    night = Handling(THREE).when(Close(BY_ANA, "  disk replaced "))

    assert not night.incident.is_open
    assert night.incident.resolution == "disk replaced"
    assert night.incident.closed == Deed(BY_ANA, NIGHT)
    assert (night.incident.due, night.incident.idle) == (None, Idle.CLOSED)
    assert night.effects == (
        Withdraw(Entry.CLOSED, cards=True),
        Record(Entry.CLOSED, BY_ANA, {"resolution": "disk replaced"}),
        EndAlerts(),
        Refresh(prompt=True),
    )
    assert night.after(600).pages == [(0, "Ana")]


def test_closing_needs_no_words_and_cuts_too_many() -> None:
    assert Record(Entry.CLOSED, BY_ANA) in Handling(THREE).when(Close(BY_ANA)).effects
    assert len(Handling(THREE).when(Close(BY_ANA, "x" * 9999)).incident.resolution) == COMMENT_LIMIT


@pytest.mark.parametrize(
    "action",
    [
        Acknowledge(BY_BO),
        Unacknowledge(BY_BO),
        Close(BY_BO),
        Escalate(BY_BO),
        Snooze(BY_BO, NIGHT + MINUTE),
        Reassign(BY_BO, (person(CHEN),)),
    ],
)
def test_what_is_closed_can_only_be_reopened(action: Action) -> None:
    closed = Handling(THREE).when(Close(BY_ANA))
    recovered = Handling(THREE).when(Recover(RECOVERED))

    assert closed.refuses(action) == Refused(Reason.ALREADY_CLOSED, Deed(BY_ANA, NIGHT))
    assert recovered.refuses(action) == Refused(Reason.ALREADY_RECOVERED, Deed(Actor(), NIGHT))


def test_reopened_it_climbs_again_from_the_first_level() -> None:
    night = Handling(THREE).after(7).when(Close(BY_ANA, "fixed")).after(10).when(Reopen(BY_BO))

    assert night.incident.progress is Progress.TRIGGERED
    assert (night.incident.closed, night.incident.resolution) == (None, "")
    assert ReviveAlerts() in night.effects
    assert night.after(5).pages == [(0, "Ana"), (5, "Bo"), (17, "Ana"), (22, "Bo")]


def test_reopened_after_recovery_it_is_no_longer_recovered() -> None:
    night = Handling(THREE).when(Recover(RECOVERED)).when(Reopen(BY_BO))
    assert not night.incident.recovered

    night.when(Close(BY_ANA))
    assert night.refuses(Acknowledge(BY_BO)).reason is Reason.ALREADY_CLOSED


def test_what_is_open_cannot_be_reopened_and_an_old_click_reopens_nothing() -> None:
    night = Handling(THREE)
    assert night.refuses(Reopen(BY_BO)).reason is Reason.NOT_CLOSED

    seen = night.when(Close(BY_ANA)).incident.version
    night.when(Reopen(BY_BO, seen)).when(Close(BY_ANA))
    assert night.refuses(Reopen(BY_CHEN, seen)).reason is Reason.STALE


# ---- escalate ----------------------------------------------------------------------------------------------------


def test_who_escalates_calls_the_next_level_at_once() -> None:
    night = Handling(THREE).after(1).when(Escalate(BY_ANA))

    assert Record(Entry.ESCALATED, BY_ANA, {"level": 2}) in night.effects
    assert night.after(5).pages == [(0, "Ana"), (1, "Bo"), (6, "Chen")]


def test_who_escalates_what_is_acknowledged_wakes_the_next_level() -> None:
    night = Handling(THREE).when(Acknowledge(BY_ANA)).after(30).when(Escalate(BY_ANA))

    assert night.incident.progress is Progress.TRIGGERED
    assert night.pages == [(0, "Ana"), (30, "Bo")]


def test_any_level_can_be_called_by_its_number() -> None:
    assert Handling(THREE).when(Escalate(BY_ANA, level=2)).pages == [(0, "Ana"), (0, "Chen")]
    assert Handling(THREE).when(Escalate(BY_ANA, level=0)).pages == [(0, "Ana"), (0, "Ana")]


@pytest.mark.parametrize("index", [-1, 3])
def test_a_level_that_is_not_there_cannot_be_called(index: int) -> None:
    assert Handling(THREE).refuses(Escalate(BY_ANA, level=index)).reason is Reason.NO_SUCH_LEVEL


def test_after_the_last_level_there_is_nobody_to_call() -> None:
    assert Handling(THREE).after(12).refuses(Escalate(BY_ANA)).reason is Reason.NO_FURTHER_LEVEL
    assert Handling(()).refuses(Escalate(BY_ANA)).reason is Reason.NO_FURTHER_LEVEL


def test_two_people_who_escalate_at_once_call_one_level() -> None:
    night = Handling(THREE)
    seen = night.incident.version
    night.when(Escalate(BY_ANA, seen=seen))

    assert night.refuses(Escalate(BY_BO, seen=seen)).reason is Reason.STALE
    assert night.pages == [(0, "Ana"), (0, "Bo")]


def test_who_escalates_just_after_the_incident_did_so_by_itself_skips_no_level() -> None:
    night = Handling(THREE)
    seen = night.incident.version
    night.after(5)

    assert night.refuses(Escalate(BY_ANA, seen=seen)).reason is Reason.STALE


# ---- snooze ------------------------------------------------------------------------------------------------------


def test_snoozed_it_is_quiet_and_then_its_level_is_paged_again() -> None:
    night = asleep(Handling(THREE).after(7), minutes=60)

    assert night.effects[0] == Withdraw(Entry.SNOOZED)
    assert night.due == 67
    assert night.after(60).pages == [(0, "Ana"), (5, "Bo"), (67, "Bo")]
    assert Entry.SNOOZE_OVER in night.entries
    assert night.after(5).pages[-1] == (72, "Chen")


def test_a_snooze_lasts_a_day_at_most_and_ends_in_the_future() -> None:
    night = Handling(THREE)
    day = timedelta(hours=24)

    assert night.refuses(Snooze(BY_ANA, NIGHT)).reason is Reason.SNOOZE_IN_THE_PAST
    assert night.refuses(Snooze(BY_ANA, NIGHT + day + timedelta(seconds=1))).reason is Reason.SNOOZE_TOO_LONG
    assert night.when(Snooze(BY_ANA, NIGHT + day)).due == 24 * 60


def test_who_acknowledges_ends_the_snooze() -> None:
    night = asleep(Handling(THREE)).when(Acknowledge(BY_ANA))

    assert (night.incident.snoozed_until, night.incident.idle) == (None, Idle.ACKNOWLEDGED)
    assert night.after(600).pages == [(0, "Ana")]
    assert night.when(Unacknowledge(BY_ANA)).pages[-1] == (600, "Ana")


def test_a_snooze_does_not_undo_unless_closed() -> None:
    rule = (level(ANA, after=10, closed=True), level(BO))
    night = asleep(Handling(rule).after(3)).after(1).when(Acknowledge(BY_ANA))

    assert night.due == 14
    assert night.after(60).pages == [(0, "Ana"), (14, "Bo")]


def test_a_snooze_does_not_restart_what_was_over() -> None:
    rule = (level(ANA, after=10, closed=True),)
    exhausted = asleep(Handling(rule).after(11)).when(Acknowledge(BY_ANA))
    by_hand = asleep(Handling(rule).when(Reassign(BY_ANA, (person(BO),), escalation=False))).when(Acknowledge(BY_BO))

    assert (exhausted.due, exhausted.incident.idle) == (None, Idle.ACKNOWLEDGED)
    assert (by_hand.due, by_hand.incident.idle) == (None, Idle.ACKNOWLEDGED)


def test_a_snooze_of_what_is_acknowledged_ends_in_a_page() -> None:
    night = asleep(Handling(THREE).when(Acknowledge(BY_ANA)), minutes=30).after(29)
    quiet = night.incident

    night.after(1)

    assert (quiet.progress, night.incident.progress) == (Progress.PROCESSING, Progress.TRIGGERED)
    assert night.incident.acknowledged is None
    assert night.pages == [(0, "Ana"), (30, "Ana")]


def test_a_snooze_can_be_changed_and_ended_by_escalation_or_closing() -> None:
    assert asleep(asleep(Handling(THREE), 30), 90).due == 90
    assert asleep(Handling(THREE)).when(Escalate(BY_ANA)).pages[-1] == (0, "Bo")
    assert asleep(Handling(THREE)).when(Close(BY_ANA)).due is None


# ---- comment -----------------------------------------------------------------------------------------------------


def test_a_comment_moves_nothing_and_may_come_at_any_time() -> None:
    night = Handling(THREE).after(1)
    due = night.due
    night.when(Comment(BY_ANA, "  Looking at it ", seen=1))

    assert night.effects == (Record(Entry.COMMENTED, BY_ANA, {"text": "Looking at it"}), Refresh(prompt=True))
    assert night.due == due
    assert night.when(Close(BY_ANA)).when(Comment(BY_BO, "Thanks")).entries[-1] is Entry.COMMENTED


def test_a_comment_needs_words_and_is_cut_visibly() -> None:
    assert Handling(THREE).refuses(Comment(BY_ANA, " \n ")).reason is Reason.EMPTY_COMMENT
    (said, _) = Handling(THREE).when(Comment(BY_ANA, "x" * 9999)).effects
    assert isinstance(said, Record)
    assert str(said.said["text"]) == "x" * (COMMENT_LIMIT - 1) + "…"


# ---- what monitoring and platforms say ---------------------------------------------------------------------------


def test_when_all_has_recovered_it_closes_by_itself() -> None:
    night = asleep(Handling(THREE)).when(Recover(RECOVERED))

    assert (night.incident.progress, night.incident.recovered) == (Progress.CLOSED, True)
    assert night.incident.closed == Deed(Actor(), NIGHT)
    assert night.effects == (Withdraw(Entry.RECOVERED, cards=True), Record(Entry.RECOVERED), Refresh(prompt=False))
    assert night.after(600).pages == [(0, "Ana")]


def test_a_recovery_after_closing_by_hand_is_noted_and_says_nothing() -> None:
    night = Handling(THREE).when(Close(BY_ANA))
    version = night.incident.version
    night.when(Recover(RECOVERED))

    assert night.effects == ()
    assert night.incident.version > version
    assert (night.incident.facts, night.incident.recovered) == (RECOVERED, False)
    assert night.incident.closed == Deed(BY_ANA, NIGHT)


def test_new_words_of_its_alerts_refresh_the_card_and_a_new_severity_is_noted() -> None:
    night = Handling(THREE)
    better = replace(FACTS, severity=Severity.WARNING)

    assert night.when(Change(FACTS)).effects == ()
    assert night.when(Change(better)).effects == (
        Record(Entry.SEVERITY, said={"from": "Critical", "to": "Warning"}),
        Refresh(prompt=False),
    )
    assert night.when(Change(replace(better, description="91 %"))).effects == (Refresh(prompt=False),)


def test_a_message_that_was_not_taken_is_on_the_timeline_and_the_card() -> None:
    night = Handling(THREE).when(Undelivered("Ana", "Acme", "not linked"))

    said = {"to": "Ana", "via": "Acme", "why": "not linked"}
    assert night.effects == (Record(Entry.NOT_DELIVERED, said=said), Refresh(prompt=False))
    assert night.due == 5


def test_a_closed_incident_has_no_next_instant() -> None:
    night = Handling(THREE).when(Close(BY_ANA))
    before = night.incident

    assert night.late(600).incident == before
    assert night.when(Tick()).effects == ()


def test_everybody_who_was_told_is_a_responder_of_the_newest_level_that_told_them() -> None:
    night = Handling((level(ANA), level(BO), level(ANA))).after(10)

    assert [(one.account, one.level, minute(one.since)) for one in night.incident.responders] == [
        (ANA, 2, 0),
        (BO, 1, 5),
    ]
