"""Swaps and covers: who may do what when, what comes of it by itself, and what can never happen."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.incident import Actor, Deed
from bot.domain.override import TradeId
from bot.domain.people import Account, AccountId, People
from bot.domain.rotation import BACKUP, PRIMARY
from bot.domain.schedule import Fallback, Override, Schedule, ScheduleId, nowhere, on_call
from bot.domain.trade import (
    CONFIRMED_AFTER,
    EXPIRES_AFTER,
    Confirm,
    Decline,
    Event,
    Part,
    Reason,
    Refused,
    Rota,
    State,
    Step,
    Take,
    Tick,
    Trade,
    Which,
    Withdraw,
    ask,
    due,
    next_part,
    not_told,
    part_within,
    step,
)
from tests.domain.cast import ANA, BO, CHEN, DEE
from tests.domain.rota import DAY, HOUR, A, B, C, layer, schedule, utc

NOW = utc(2026, 1, 5, 12)
"""Ana is on duty; Bo from midnight on, Chen after him, day by day."""
PLAN = replace(schedule(layer(A, B, C), replace(layer((DEE,)), role=BACKUP)), id=ScheduleId(1))
PEOPLE = People({one: Account(one, str(one), f"{one}@example.com") for one in (ANA, BO, CHEN, DEE)})
ROTA = Rota(PLAN, nowhere, PEOPLE)
LATER = Part(ANA, PRIMARY, utc(2026, 1, 8), utc(2026, 1, 9))
RUNNING = Part(ANA, PRIMARY, NOW, utc(2026, 1, 6))
BOS = Part(BO, PRIMARY, utc(2026, 1, 6), utc(2026, 1, 7))
COVER = Trade(TradeId(1), ScheduleId(1), Deed(Actor(ANA), NOW), LATER, (BO, CHEN, DEE))
SWAP = replace(COVER, wanted=BOS, candidates=(BO,))


def by(account: AccountId | None) -> Actor:
    return Actor(account, "acme")


def done(trade: Trade, event: Event, now: datetime = NOW, rota: Rota = ROTA) -> Step:
    made = step(trade, event, rota, now)
    assert isinstance(made, Step), made
    return made


def refused(trade: Trade, event: Event, now: datetime = NOW, rota: Rota = ROTA) -> Reason:
    made = step(trade, event, rota, now)
    assert isinstance(made, Refused), made
    return made.reason


def changed(*overrides: Override) -> Rota:
    return replace(ROTA, schedule=replace(PLAN, overrides=overrides))


TAKEN = done(COVER, Take(by(BO))).trade


# ---- asking ----------------------------------------------------------------------------------------------------------


def test_the_shift_that_somebody_is_on_or_their_next() -> None:
    assert next_part(ANA, ROTA, NOW) == RUNNING
    assert next_part(ANA, ROTA, NOW, Which(later=True)) == LATER
    assert next_part(BO, ROTA, NOW, Which(beside=BOS)) == Part(BO, PRIMARY, utc(2026, 1, 9), utc(2026, 1, 10))
    assert next_part(ANA, ROTA, NOW, Which(role=BACKUP)) is None
    assert next_part(ANA, replace(ROTA, schedule=None), NOW) is None
    assert next_part(ANA, replace(ROTA, schedule=replace(PLAN, active=False)), NOW) is None


def test_the_first_duty_in_a_time_for_as_long_as_it_lasts() -> None:
    assert part_within(BO, ROTA, (NOW - DAY, NOW + 9 * DAY), NOW) == BOS
    assert part_within(BO, ROTA, (utc(2026, 1, 6, 22), utc(2026, 1, 7, 6)), NOW) == replace(
        BOS, start=utc(2026, 1, 6, 22)
    )
    assert part_within(ANA, ROTA, (NOW - DAY, NOW + HOUR), NOW) == replace(RUNNING, end=NOW + HOUR)
    assert part_within(ANA, ROTA, (NOW - DAY, NOW), NOW) is None
    assert part_within(CHEN, ROTA, (NOW, NOW + HOUR), NOW) is None
    always = Rota(replace(PLAN, layers=(layer(A),)), nowhere, PEOPLE)
    whole = part_within(ANA, always, (NOW, NOW + 3 * DAY), NOW)
    assert whole == Part(ANA, PRIMARY, NOW, NOW + 3 * DAY), "a hand-over to oneself is none"


def test_what_is_asked_is_asked_of_who_can_take_it() -> None:
    gone = People(dict(PEOPLE.accounts) | {CHEN: Account(CHEN, "Chen", "", active=False)})
    made = ask(replace(COVER, candidates=(ANA, BO, CHEN, DEE)), replace(ROTA, people=gone), NOW)
    assert made == Step(replace(COVER, candidates=(BO, DEE)), heard=(BO, DEE, ANA))
    assert ask(replace(SWAP, candidates=(CHEN,)), ROTA, NOW) == Step(SWAP, heard=(BO, ANA)), "who else could swap it"


@pytest.mark.parametrize(
    ("trade", "rota", "reason"),
    [
        (replace(COVER, candidates=(ANA,)), ROTA, Reason.NOBODY_ELSE),
        (replace(COVER, candidates=()), ROTA, Reason.NOBODY_ELSE),
        (replace(SWAP, wanted=replace(LATER, holder=BO)), ROTA, Reason.OVERLAP),
        (replace(COVER, given=replace(LATER, start=LATER.start - HOUR)), ROTA, Reason.SHIFT_CHANGED),
        (replace(SWAP, wanted=replace(BOS, end=BOS.end + HOUR)), ROTA, Reason.SHIFT_CHANGED),
        (replace(COVER, given=replace(RUNNING, end=NOW)), ROTA, Reason.SHIFT_CHANGED),
        (COVER, replace(ROTA, schedule=None), Reason.SHIFT_CHANGED),
        (
            replace(COVER, candidates=(BO,)),
            replace(ROTA, schedule=replace(PLAN, layers=(layer((ANA, BO)),))),
            Reason.ON_DUTY_THEN,
        ),
        (SWAP, replace(ROTA, schedule=replace(PLAN, layers=(layer(A, (ANA, BO), C),))), Reason.ON_DUTY_THEN),
    ],
)
def test_what_cannot_be_asked(trade: Trade, rota: Rota, reason: Reason) -> None:
    made = ask(trade, rota, NOW)
    assert isinstance(made, Refused)
    assert made.reason is reason


def test_a_duty_by_a_fallback_cannot_be_given_away() -> None:
    empty = Rota(replace(schedule(layer(())), fallback=Fallback(A)), nowhere, PEOPLE)
    assert next_part(ANA, empty, NOW) is None


# ---- a cover ---------------------------------------------------------------------------------------------------------


def test_a_cover_is_taken_and_confirmed_by_who_asked() -> None:
    made = done(COVER, Take(by(BO)))
    assert (made.trade.state, made.trade.taker, made.heard, made.overrides) == (State.TAKEN, BO, (ANA, BO), ())
    made = done(TAKEN, Confirm(by(ANA)), NOW + HOUR / 2)
    assert made.trade.state is State.CONFIRMED
    assert made.overrides == (Override(LATER.start, LATER.end, (BO,), replaces=ANA),)
    plan = replace(PLAN, overrides=made.overrides)
    assert [one.account for one in on_call(plan, LATER.start)] == [BO, DEE]


def test_a_cover_is_confirmed_by_itself_after_an_hour_or_when_the_shift_begins() -> None:
    assert due(TAKEN) == NOW + CONFIRMED_AFTER
    assert refused(TAKEN, Tick(), NOW + CONFIRMED_AFTER - HOUR / 60) is Reason.NOT_DUE
    made = done(TAKEN, Tick(), NOW + CONFIRMED_AFTER)
    assert (made.trade.state, made.heard) == (State.CONFIRMED, (ANA, BO))
    late = done(COVER, Take(by(BO)), LATER.start - HOUR / 4).trade
    assert due(late) == LATER.start
    assert due(made.trade) is None


def test_a_running_shift_changes_hands_as_soon_as_it_is_taken() -> None:
    running = replace(COVER, given=RUNNING)
    assert due(running) == RUNNING.end
    made = done(running, Take(by(BO)), NOW + HOUR)
    assert made.trade.state is State.CONFIRMED
    assert made.overrides == (Override(NOW + HOUR, RUNNING.end, (BO,), replaces=ANA),)


def test_what_nobody_takes_expires() -> None:
    assert due(COVER) == LATER.start
    far = replace(COVER, given=replace(LATER, start=utc(2026, 1, 20), end=utc(2026, 1, 21)))
    assert due(far) == NOW + EXPIRES_AFTER
    made = done(COVER, Tick(), LATER.start)
    assert (made.trade.state, made.trade.ended, made.heard) == (State.EXPIRED, Deed(Actor(), LATER.start), (ANA,))
    assert refused(COVER, Take(by(BO)), LATER.start) is Reason.EXPIRED


def test_who_has_taken_it_may_think_better_of_it() -> None:
    made = done(TAKEN, Decline(by(BO)))
    assert (made.trade.state, made.trade.taken, made.trade.declined) == (State.ASKED, None, (BO,))
    assert made.heard == (ANA, CHEN, DEE)
    again = done(made.trade, Take(by(BO)))
    assert (again.trade.taker, again.trade.declined) == (BO, ())


def test_it_is_declined_when_everybody_has() -> None:
    trade = done(done(TAKEN, Decline(by(CHEN))).trade, Decline(by(DEE)))
    assert (trade.trade.state, trade.heard) == (State.TAKEN, ())
    made = done(trade.trade, Decline(by(BO)))
    assert (made.trade.state, made.trade.taker, made.heard) == (State.DECLINED, None, (ANA,))
    one = done(COVER, Decline(by(BO)))
    assert (one.trade.state, one.heard) == (State.ASKED, ())


def test_who_asked_notices_when_nobody_who_was_asked_can_be_told() -> None:
    made = not_told(replace(COVER, declined=(DEE,)), BO)
    assert made is not None
    assert (made.trade.unreached, made.trade.version, made.heard) == ((BO,), 2, ())
    assert not_told(made.trade, BO) is None
    last = not_told(made.trade, CHEN)
    assert last is not None
    assert last.heard == (ANA,)
    assert not_told(COVER, ANA) is None
    assert not_told(replace(COVER, state=State.WITHDRAWN), BO) is None
    late = not_told(replace(TAKEN, candidates=(BO,)), BO)
    assert late is not None
    assert late.heard == (), "somebody has it"


def test_it_is_withdrawn_by_who_asked() -> None:
    assert done(COVER, Withdraw(by(ANA))).heard == ()
    made = done(TAKEN, Withdraw(by(ANA)), NOW + HOUR)
    assert (made.trade.state, made.heard) == (State.WITHDRAWN, (BO,))
    assert step(made.trade, Take(by(BO)), ROTA, NOW) == Refused(Reason.WITHDRAWN, None, NOW + HOUR)


@pytest.mark.parametrize(
    ("trade", "event", "reason"),
    [
        (COVER, Take(by(ANA)), Reason.OWN),
        (COVER, Decline(by(ANA)), Reason.OWN),
        (replace(COVER, candidates=(BO,)), Take(by(CHEN)), Reason.NOT_ASKED),
        (replace(COVER, candidates=(BO,)), Decline(by(CHEN)), Reason.NOT_ASKED),
        (COVER, Take(by(None)), Reason.NOT_ASKED),
        (COVER, Decline(by(None)), Reason.NOT_ASKED),
        (COVER, Confirm(by(ANA)), Reason.NOT_TAKEN),
        (COVER, Confirm(by(BO)), Reason.NOT_YOURS),
        (COVER, Withdraw(by(BO)), Reason.NOT_YOURS),
        (TAKEN, Take(by(CHEN)), Reason.TAKEN),
        (TAKEN, Take(by(BO)), Reason.YOURS_ALREADY),
        (replace(COVER, declined=(BO,)), Decline(by(BO)), Reason.DECLINED_ALREADY),
        (done(TAKEN, Confirm(by(ANA))).trade, Take(by(CHEN)), Reason.CONFIRMED),
        (done(TAKEN, Confirm(by(ANA))).trade, Tick(), Reason.CONFIRMED),
    ],
)
def test_who_may_do_what(trade: Trade, event: Event, reason: Reason) -> None:
    assert refused(trade, event) is reason


# ---- a swap, and what changes meanwhile ------------------------------------------------------------------------------


def test_a_swap_is_confirmed_by_being_taken() -> None:
    assert due(SWAP) == BOS.start
    made = done(SWAP, Take(by(BO)))
    assert made.trade.state is State.CONFIRMED
    plan = replace(PLAN, overrides=made.overrides)
    assert [on_call(plan, at)[0].account for at in (BOS.start, LATER.start)] == [ANA, BO]


def test_what_has_changed_meanwhile_does_not_change_hands() -> None:
    other = changed(Override(LATER.start + HOUR, LATER.end, (DEE,)))
    assert refused(COVER, Take(by(BO)), rota=other) is Reason.SHIFT_CHANGED
    assert refused(TAKEN, Confirm(by(ANA)), rota=other) is Reason.SHIFT_CHANGED
    made = done(TAKEN, Tick(), NOW + HOUR, other)
    assert (made.trade.state, made.overrides, made.heard) == (State.CHANGED, (), (ANA, BO))
    assert refused(made.trade, Take(by(CHEN))) is Reason.CHANGED
    same = changed(Override(LATER.start, LATER.end, (ANA,)))
    assert done(TAKEN, Confirm(by(ANA)), rota=same).trade.state is State.CONFIRMED, "it is still theirs"
    assert refused(TAKEN, Confirm(by(ANA)), rota=replace(ROTA, people=People())) is Reason.GONE


# ---- what can never happen -------------------------------------------------------------------------------------------

EVENTS = st.one_of(
    *(
        st.builds(kind, st.sampled_from([by(ANA), by(BO), by(CHEN), by(DEE), by(None)]))
        for kind in (Take, Confirm, Decline, Withdraw)
    ),
    st.just(Tick()),
)
CHANGES = st.lists(
    st.builds(
        lambda start, hours, who: Override(NOW + start * HOUR, NOW + (start + hours) * HOUR, (who,)),
        st.integers(0, 90),
        st.integers(1, 48),
        st.sampled_from((ANA, BO, DEE)),
    ),
    max_size=1,
)


@settings(max_examples=100)
@given(
    st.sampled_from((COVER, SWAP, replace(COVER, given=RUNNING))),
    st.lists(st.tuples(EVENTS, st.integers(0, 20), CHANGES), max_size=12),
)
def test_whatever_happens_it_changes_hands_once_to_who_took_it_and_comes_to_an_end(
    trade: Trade, happenings: list[tuple[Event, int, list[Override]]]
) -> None:
    now, plan, handed = NOW, PLAN, 0
    for event, hours, changes in happenings:
        now += hours * HOUR
        plan = replace(plan, overrides=(*plan.overrides, *changes))
        before = plan
        made = step(trade, event, Rota(plan, nowhere, PEOPLE), now)
        if isinstance(made, Refused):
            continue
        assert trade.is_open, "what has ended stays as it is"
        assert made.trade.version > trade.version
        assert bool(made.overrides) is (made.trade.state is State.CONFIRMED)
        trade, plan, handed = (
            made.trade,
            replace(plan, overrides=plan.overrides + made.overrides),
            handed + bool(made.overrides),
        )
        _changes_only_what_was_traded(trade, before, plan, now)
    assert handed == (trade.state is State.CONFIRMED)
    _ends(trade, plan, now)


def _changes_only_what_was_traded(trade: Trade, before: Schedule, after: Schedule, now: datetime) -> None:
    others = {trade.asker: trade.taker, trade.taker: trade.asker}
    for hour in range(0, 100, 3):
        at = NOW + hour * HOUR
        was, became = ([(one.role, one.account) for one in on_call(plan, at)] for plan in (before, after))
        is_in = trade.state is State.CONFIRMED and at >= now and any(one.start <= at < one.end for one in trade.parts)
        expected = [(role, others.get(account, account) if role == PRIMARY else account) for role, account in was]
        assert became == (expected if is_in else was), at


def _ends(trade: Trade, plan: Schedule, now: datetime) -> None:
    """Left alone, everything comes to its end in time."""
    for _ in range(3):
        at = due(trade)
        if at is None:
            break
        made = step(trade, Tick(), Rota(plan, nowhere, PEOPLE), max(at, now))
        assert isinstance(made, Step)
        trade = made.trade
    assert not trade.is_open
    assert trade.ended is not None
    assert trade.ended.at <= max(now, NOW + timedelta(days=7))
