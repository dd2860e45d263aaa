"""The ledger: every message has one outcome with its reason, a cause, and its hops."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.delivery import ON_THE_BOARD, Dropped, Kind, Place, State
from bot.domain.incident import (
    ADDED,
    Acknowledge,
    Action,
    AddResponder,
    Close,
    Entry,
    Escalate,
    Reassign,
    Recover,
    Snooze,
)
from bot.domain.ledger import Asked, Because, Hop, Outcome, Sent, alone, phones_of, reckon
from bot.domain.people import LINES, Method
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
    level,
    person,
)
from tests.domain.nights import ACME, SMS, TO_ANA, VOICE, Night, organisation, sent, told

SECOND = timedelta(seconds=1)


def ends(*some: Sent, night: Night | None = None) -> list[tuple[Outcome, Because]]:
    return [(one.ending.outcome, one.ending.because) for one in told(*some, night=night)]


# ---- the law: one outcome for every message --------------------------------------------------------------------------

REASONS = ["", "refused", "unlinked", "no_answer", "dark", "a_word_of_a_newer_version", ON_THE_BOARD, *Dropped]
ACTIONS: list[Action] = [
    Acknowledge(BY_ANA),
    Close(BY_BO),
    Escalate(BY_BO),
    Reassign(BY_ANA, (person(CHEN),)),
    AddResponder(BY_ANA, (person(DEE),)),
    Snooze(BY_ANA, NIGHT + 60 * MINUTE),
]


@st.composite
def messages(draw: st.DrawFn) -> list[Sent]:
    """Return messages as any history may leave them."""
    places = [Place(ACME, account=ANA), Place(SMS, account=ANA), Place(VOICE, account=BO), Place(ACME, chat="C1")]
    some = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        words = draw(st.lists(st.sampled_from(["attempt", "delivered", "answered", "acted", "no_input"]), max_size=3))
        some.append(
            sent(
                number,
                draw(st.sampled_from(State)),
                draw(st.sampled_from(REASONS)),
                place=draw(st.sampled_from(places)),
                kind=draw(st.sampled_from(Kind)),
                said=draw(st.sampled_from(["", "ok", "no such number +49 171 1234501", "to ana@example.com"])),
                rank=draw(st.integers(0, 4)),
                page=draw(st.sampled_from([None, 1, 2])),
                latest=draw(st.sampled_from([None, 0, 2])),
                at=draw(st.integers(0, 9)),
                settled=draw(st.sampled_from([None, 9.0, 12.0])),
                turn=draw(st.sampled_from([ADDED, 0, 1])),
                entry=draw(st.sampled_from([None, Entry.EXHAUSTED, Entry.ACKNOWLEDGED])),
                attempts=draw(st.integers(0, 2)),
                hops=tuple(Hop(NIGHT + place * MINUTE, word) for place, word in enumerate(words)),
            )
        )
    return some


@settings(max_examples=50, deadline=None)
@given(messages(), st.lists(st.sampled_from(ACTIONS), max_size=3, unique_by=type))
def test_every_message_appears_once_with_one_outcome_and_its_reason(some: list[Sent], actions: list[Action]) -> None:
    night = Night()
    for action in actions:
        night.after(1)
        if night.incident.is_open:
            night.when(action)
    ledger = reckon(night.incident, night.stored, some, organisation())

    assert sorted(one.delivery.id for one in ledger.tellings) == [one.delivery.id for one in some]
    of_recipients = [one.delivery.id for recipient in ledger.recipients for one in recipient.tellings]
    assert sorted(of_recipients) == [one.delivery.id for one in some]
    for one in ledger.tellings:
        assert one.ending.outcome in Outcome
        assert (one.ending.outcome is Outcome.DELIVERED) == (one.sent.state is State.DELIVERED)
        assert (one.ending.outcome is Outcome.NOT_DELIVERED) == (one.sent.state is State.FAILED)
        assert (one.ending.outcome is Outcome.WAITING) == (one.sent.state in (State.PENDING, State.SENDING))
        assert one.hops[0].word == "decided"
        assert {hop.word for hop in one.sent.hops} <= {hop.word for hop in one.hops}
        assert "1234501" not in one.sent.said
        assert "ana@" not in one.sent.said
    times = [one.delivery.created_at for one in ledger.tellings]
    assert times == sorted(times)


@settings(max_examples=50, deadline=None)
@given(messages())
def test_a_message_by_itself_has_the_same_outcome(some: list[Sent]) -> None:
    night = Night()
    together = {one.delivery.id: one.ending.outcome for one in told(*some, night=night)}
    assert {one.delivery.id: alone(one, night.stored, ()).ending.outcome for one in some} == together


# ---- outcomes --------------------------------------------------------------------------------------------------------


def test_who_was_reached_by_one_way_needs_no_other() -> None:
    by_chat = sent(1, State.DELIVERED, said="ok")
    by_mail = sent(2, State.WITHDRAWN, Dropped.REACHED, place=Place(LINES[Method.EMAIL], account=ANA), rank=1)
    _, spared = told(by_chat, by_mail)
    assert (spared.ending.outcome, spared.ending.because) == (Outcome.NOT_NEEDED, Because.REACHED)
    assert spared.ending.via == Place(ACME, account=ANA)


def test_what_another_person_was_reached_by_is_not_said_to_have_reached_this_one() -> None:
    of_bo = sent(1, State.DELIVERED, place=Place(ACME, account=BO))
    of_ana = sent(2, State.WITHDRAWN, Dropped.REACHED, rank=1)
    assert told(of_bo, of_ana)[1].ending.via is None


def test_who_acts_takes_back_what_waits_and_is_named() -> None:
    night = Night()
    night.after(3).when(Acknowledge(BY_BO))
    (one,) = told(sent(1, State.WITHDRAWN, Dropped.ACTED, settled=3), night=night)
    assert (one.ending.outcome, one.ending.because, one.ending.by) == (Outcome.TAKEN_BACK, Because.ACKNOWLEDGED, BO)


@pytest.mark.parametrize(
    ("happening", "reason", "because"),
    [
        (Close(BY_ANA), Dropped.CLOSED, Because.CLOSED),
        (Recover(RECOVERED), Dropped.CLOSED, Because.RECOVERED),
        (Snooze(BY_ANA, NIGHT + 60 * MINUTE), Dropped.SNOOZED, Because.SNOOZED),
        (Reassign(BY_ANA, (person(CHEN),)), Dropped.SUPERSEDED, Because.REASSIGNED),
    ],
)
def test_what_takes_a_message_back_is_told_apart(
    happening: Action | Recover, reason: Dropped, because: Because
) -> None:
    night = Night()
    night.after(3).when(happening)
    (one,) = told(sent(1, State.WITHDRAWN, reason, settled=3), night=night)
    assert (one.ending.outcome, one.ending.because) == (Outcome.TAKEN_BACK, because)
    assert one.ending.by == (None if because is Because.RECOVERED else ANA)
    assert (one.ending.until is not None) == (because is Because.SNOOZED)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (sent(state=State.FAILED, reason="busy"), (Outcome.NOT_DELIVERED, Because.FAILED)),
        (sent(state=State.DELIVERED, reason=ON_THE_BOARD), (Outcome.DELIVERED, Because.BY_BOARD)),
        (sent(state=State.DELIVERED, hops=(Hop(NIGHT, "seen"),)), (Outcome.DELIVERED, Because.REPORTED)),
        (sent(state=State.DELIVERED, hops=(Hop(NIGHT, "acted"),)), (Outcome.DELIVERED, Because.ANSWERED)),
        (sent(state=State.WITHDRAWN, reason=Dropped.SUPERSEDED), (Outcome.NOT_NEEDED, Because.NEWER)),
        (sent(state=State.WITHDRAWN, reason=Dropped.SHOWN, kind=Kind.EDIT), (Outcome.NOT_NEEDED, Because.SHOWN)),
        (sent(state=State.WITHDRAWN, reason=Dropped.ACTED, settled=3), (Outcome.TAKEN_BACK, Because.ACKNOWLEDGED)),
        (sent(state=State.WITHDRAWN, reason="a newer word"), (Outcome.NOT_NEEDED, Because.OTHER)),
        (sent(), (Outcome.WAITING, Because.TURN)),
        (sent(reason=ON_THE_BOARD), (Outcome.WAITING, Because.ON_BOARD)),
        (sent(reason="rate_limited", attempts=1), (Outcome.WAITING, Because.RETRY)),
        (sent(state=State.SENDING), (Outcome.WAITING, Because.SENDING)),
    ],
)
def test_each_state_has_its_word(message: Sent, expected: tuple[Outcome, Because]) -> None:
    assert ends(message) == [expected]
    ending = alone(message, (), ()).ending
    assert (ending.outcome, ending.because) == expected


# ---- why it was decided, and its way ---------------------------------------------------------------------------------


def test_the_ways_of_a_page_say_when_and_behind_which_other_they_go_out() -> None:
    ways = [
        sent(1, latest=0),
        sent(2, place=Place(SMS, account=ANA), kind=Kind.PAGE, rank=1, latest=2),
        sent(3, place=Place(VOICE, account=ANA), kind=Kind.PAGE, rank=2),
    ]
    causes = [one.cause for one in told(*ways)]
    assert [(one.asked, one.level, one.turn) for one in causes] == [(Asked.LEVEL, 1, 1)] * 3
    assert [one.after for one in causes] == [None, 2 * MINUTE, None]
    assert [one.behind for one in causes] == [(), (), (Place(SMS, account=ANA),)]


def test_each_person_is_listed_once_with_all_their_ways_and_each_chat() -> None:
    places = [TO_ANA, Place(ACME, chat="C1"), Place(SMS, account=ANA), Place(ACME, account=BO)]
    some = [sent(number, place=place, at=number) for number, place in enumerate(places, 1)]
    listed = reckon(Night().incident, (), some, organisation()).recipients
    assert [[telling.delivery.id for telling in one.tellings] for one in listed] == [[1, 3], [2], [4]]


def test_the_team_behind_a_chat_is_told_apart_from_the_people_of_a_level() -> None:
    chat, ana = sent(1, place=Place(ACME, chat="C1"), latest=0), sent(2, rank=1)
    assert [one.cause.asked for one in told(chat, ana)] == [Asked.LEVEL, Asked.TEAM]


def test_who_was_added_or_given_it_by_hand_is_not_told_by_a_level() -> None:
    night = Night()
    night.after(2).when(Reassign(BY_ANA, (person(CHEN),))).after(5)
    given = sent(1, place=Place(ACME, account=CHEN), page=None, at=2)
    climbed = sent(2, place=Place(ACME, account=BO), page=None, at=7, in_level=1)
    added = sent(3, place=Place(ACME, account=DEE), page=None, at=7, turn=ADDED)
    assert [one.cause.asked for one in told(given, climbed, added, night=night)] == [
        Asked.BY_HAND,
        Asked.LEVEL,
        Asked.ADDED,
    ]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (sent(kind=Kind.EDIT), Asked.CARD),
        (sent(kind=Kind.CANCEL), Asked.STOP),
        (sent(kind=Kind.NOTE, entry=Entry.EXHAUSTED), Asked.ANNOUNCED),
        (sent(kind=Kind.NOTE, entry=Entry.ACKNOWLEDGED), Asked.OVER),
    ],
)
def test_what_is_no_page_says_what_it_is_for(message: Sent, expected: Asked) -> None:
    assert [one.cause.asked for one in told(message)] == [expected]


def test_the_hops_stand_in_their_order_with_the_words_and_ids_of_the_provider() -> None:
    tries = (Hop(NIGHT + SECOND, "attempt", "spare", "busy"), Hop(NIGHT + 5 * SECOND, "delivered", "main", "ok", "SM1"))
    message = replace(sent(1, State.DELIVERED, said="queued", hops=tries), provider="main", id="SM1")
    message = replace(message, settled_at=NIGHT + 2 * SECOND)
    (one,) = told(message)
    assert [(hop.word, hop.provider, hop.said, hop.id) for hop in one.hops] == [
        ("decided", "", "", ""),
        ("queued", "", "", ""),
        ("attempt", "spare", "busy", ""),
        ("accepted", "main", "queued", "SM1"),
        ("delivered", "main", "ok", "SM1"),
    ]


def test_whom_no_way_leads_to_is_said_to_be_told_nothing() -> None:
    night = Night((level(ANA, BO),))
    ledger = reckon(night.incident, night.stored, [sent(1, State.DELIVERED)], organisation())
    assert [(one.account, one.level) for one in ledger.unreached] == [(BO, 1)]


def test_the_numbers_of_people_are_known_by_their_digits() -> None:
    known = organisation()
    accounts = known.people.accounts
    with_number = {ANA: replace(accounts[ANA], phone="+49 30 123456"), BO: replace(accounts[BO], phone="")}
    found = replace(known, people=replace(known.people, accounts=with_number))
    assert phones_of(found) == ("4930123456",)
