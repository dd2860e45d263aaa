"""Taking back what one has just done: whose deed, until when, and what stands then."""

from datetime import timedelta

import pytest

from bot.domain.facts import Facts
from bot.domain.frozen import replace
from bot.domain.incident import (
    Acknowledge,
    Action,
    AddResponder,
    Change,
    Close,
    Comment,
    EndAlerts,
    Entry,
    Escalate,
    Idle,
    Reason,
    Reassign,
    Record,
    Recover,
    Refresh,
    Reopen,
    ReviveAlerts,
    SendAgain,
    Snooze,
    Unacknowledge,
    Undo,
    Withdraw,
)
from bot.domain.undo import handling
from tests.domain.cast import (
    ANA,
    BO,
    BY_ANA,
    BY_BO,
    CHEN,
    DEE,
    FACTS,
    MINUTE,
    NIGHT,
    RECOVERED,
    Handling,
    level,
    person,
)

THREE = (level(ANA, loop=(2, 1)), level(BO), level(CHEN))
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("action", "withdrawn"),
    [
        (Acknowledge(BY_ANA), Entry.ACKNOWLEDGED),
        (Close(BY_ANA, "Disk replaced"), Entry.CLOSED),
        (Snooze(BY_ANA, NIGHT + 60 * MINUTE), Entry.SNOOZED),
        (Reassign(BY_ANA, (person(CHEN),)), Entry.REASSIGNED),
    ],
)
def test_what_was_taken_back_never_was_but_for_the_history(action: Action, withdrawn: Entry) -> None:
    night = Handling(THREE).after(1)
    before = handling(night.incident)

    night.when(action)
    night.now += 59 * SECOND
    night.when(Undo(BY_ANA))

    assert handling(night.incident) == before
    assert SendAgain(withdrawn, NIGHT + MINUTE) in night.effects
    assert Record(Entry.UNDONE, BY_ANA, {"what": str(withdrawn), "to": "Ana"}) in night.effects
    assert night.effects[-1] == Refresh(prompt=True)
    assert night.after(10).pages[-2:] == [(5, "Bo"), (10, "Chen")], "the timers are those of before"


def test_what_fell_due_meanwhile_is_due_at_once() -> None:
    night = Handling(THREE).after(4.5).when(Acknowledge(BY_ANA)).after(1).when(Undo(BY_ANA))
    assert night.due == 5
    assert night.after(0).pages[-1] == (5.5, "Bo")


def test_who_closed_it_by_mistake_has_its_alerts_again() -> None:
    night = Handling(THREE).when(Acknowledge(BY_BO)).when(Close(BY_ANA))
    assert EndAlerts() in night.effects
    night.when(Undo(BY_ANA))
    assert ReviveAlerts() in night.effects
    assert SendAgain(Entry.CLOSED, NIGHT) in night.effects
    assert night.incident.idle is Idle.ACKNOWLEDGED
    assert Record(Entry.UNDONE, BY_ANA, {"what": "closed"}) in night.effects, "it waits for nobody else"


def test_who_reopened_it_by_mistake_has_it_closed_and_pages_nobody_more() -> None:
    night = Handling(THREE).when(Close(BY_BO, "fixed"))
    before = handling(night.incident)
    night.after(1).when(Reopen(BY_ANA)).when(Undo(BY_ANA))
    assert handling(night.incident) == before
    assert night.effects[0] == Withdraw(Entry.UNDONE, cards=True)
    assert EndAlerts() in night.effects


def test_those_it_was_given_to_by_mistake_are_not_paged_any_more() -> None:
    night = Handling(THREE).when(Reassign(BY_ANA, (person(CHEN), person(ANA)))).when(Undo(BY_ANA))
    assert night.effects[0] == Withdraw(Entry.UNDONE, only=(CHEN,))
    night = Handling(THREE).when(Escalate(BY_ANA)).when(Undo(BY_ANA))
    assert night.effects[0] == Withdraw(Entry.UNDONE, only=(BO,))
    night = Handling(THREE).when(Reassign(BY_BO, (person(ANA),))).when(Undo(BY_BO))
    assert not any(isinstance(effect, Withdraw) for effect in night.effects), "Ana had been told before"
    night = Handling(THREE).when(Acknowledge(BY_ANA)).when(Unacknowledge(BY_ANA)).when(Undo(BY_ANA))
    assert night.effects[0] == Withdraw(Entry.UNDONE)


def test_alerts_and_comments_stand_in_nobodys_way() -> None:
    worse = replace(FACTS, description="93 %")
    night = Handling(THREE).when(Acknowledge(BY_ANA))
    shown = night.incident.version
    night.when(Change(worse)).when(Comment(BY_BO, "Looking")).when(Undo(BY_ANA, seen=shown))
    assert night.incident.facts == worse
    assert night.incident.acknowledged is None


def test_what_cannot_be_taken_back_says_why() -> None:
    assert Handling(THREE).refuses(Undo(BY_ANA)).reason is Reason.NOTHING_TO_UNDO
    night = Handling(THREE).when(Acknowledge(BY_ANA))
    assert night.refuses(Undo(BY_BO)).reason is Reason.NOT_YOURS_TO_UNDO
    assert night.refuses(Undo(BY_BO)).deed == night.incident.acknowledged
    night.now += 61 * SECOND
    assert night.refuses(Undo(BY_ANA)).reason is Reason.TOO_LATE_TO_UNDO
    night.when(Unacknowledge(BY_BO))
    assert night.refuses(Undo(BY_ANA)).reason is Reason.NOT_YOURS_TO_UNDO, "Bo acted since"


def test_the_button_of_an_earlier_deed_takes_nothing_back_of_a_later_one() -> None:
    night = Handling(THREE).when(Acknowledge(BY_ANA))
    first = night.incident.version
    night.when(Close(BY_ANA))
    assert night.refuses(Undo(BY_ANA, seen=first)).reason is Reason.STALE
    night.when(Undo(BY_ANA, seen=night.incident.version))
    assert night.incident.idle is Idle.ACKNOWLEDGED
    assert night.refuses(Undo(BY_ANA)).reason is Reason.NOTHING_TO_UNDO, "the first deed is not taken back with it"


def test_after_the_incident_has_gone_on_by_itself_it_is_not_turned_back() -> None:
    night = Handling((level(ANA, after=0.5), level(BO))).when(Reassign(BY_ANA, (person(DEE),))).after(0.75)
    assert night.refuses(Undo(BY_ANA)).reason is Reason.WENT_ON
    night = Handling(THREE).when(Acknowledge(BY_ANA)).when(Recover(RECOVERED))
    assert night.refuses(Undo(BY_ANA)).reason is Reason.ALREADY_RECOVERED
    night = Handling(THREE).when(Close(BY_ANA)).when(Recover(RECOVERED))
    assert night.refuses(Undo(BY_ANA)).reason is Reason.NOTHING_TO_UNDO, "nobody would ever end it"


def test_a_click_from_a_card_that_shows_what_was_taken_back_is_stale() -> None:
    night = Handling(THREE).when(Acknowledge(BY_ANA))
    shown = night.incident.version
    night.when(Undo(BY_ANA))
    assert night.refuses(Close(BY_BO, seen=shown)).reason is Reason.STALE


def test_who_was_added_by_mistake_is_left_out_again_and_all_else_goes_on() -> None:
    night = Handling((level(ANA, after=0.5), level(BO))).when(AddResponder(BY_ANA, (person(CHEN), person(BO))))
    night.after(0.75).when(Undo(BY_ANA))
    assert [responder.account for responder in night.incident.responders] == [ANA, BO], "Bo has come with his level"
    assert night.effects[0] == Withdraw(Entry.UNDONE, only=(CHEN,))
    assert night.incident.level == 1


def test_facts_are_no_part_of_how_it_is_handled() -> None:
    night = Handling(THREE)
    assert handling(replace(night.incident, facts=Facts(FACTS.severity, "other"))) == handling(night.incident)
