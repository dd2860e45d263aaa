"""Who comes on duty is told once, in time, and somebody always learns that nobody has the pager."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.escalation import Level
from bot.domain.handover import (
    KEPT_FOR,
    PATIENCE,
    CallBackup,
    Confirm,
    Cover,
    Effect,
    Event,
    Gone,
    Handover,
    Keep,
    News,
    Occasion,
    Refresh,
    Refused,
    Seen,
    Stage,
    Step,
    Tell,
    Tick,
    Why,
    step,
)
from bot.domain.incident import ChannelId
from bot.domain.organisation import Channel, Organisation
from bot.domain.people import Account, AccountId, People, Role, Target, TargetKind, Team, TeamId
from bot.domain.rotation import Unit
from bot.domain.rule import Rule
from bot.domain.schedule import Fallback, Override, Schedule, ScheduleId, on_call, roles
from bot.domain.takeover import LATEST, Crew, Part, Takeover, channels_of, next_of, upcoming
from tests.domain.cast import ANA, BO, CHEN, DEE
from tests.domain.rota import A, B, C, D, daily, layer, schedule, utc

MINUTE = timedelta(minutes=1)
AT = utc(2026, 1, 6)
NOTICE = 10 * MINUTE
DAY_END = utc(2026, 1, 7)
TAKEOVER = Takeover(BO, AT, NOTICE, (Part(ScheduleId(1), "primary", DAY_END),), Crew((ANA,), (CHEN,), (DEE,)))
PLANNED = Handover(TAKEOVER)


def organisation(*schedules: Schedule, channels: tuple[Channel, ...] = ()) -> Organisation:
    accounts = {
        number: Account(number, name, f"{name}@example.com", role=Role.OWNER if number == DEE else Role.MEMBER)
        for number, name in ((ANA, "ana"), (BO, "bo"), (CHEN, "chen"), (DEE, "dee"))
    }
    teams = {TeamId(1): Team(TeamId(1), "sre", (CHEN,))}
    return Organisation(
        1,
        People(accounts, teams),
        schedules={one.id: one for one in schedules},
        channels={one.id: one for one in channels},
    )


def channel(*targets: Target, number: int = 1, team: TeamId | None = None, active: bool = True) -> Channel:
    rule = Rule("all", (Level(targets, ()),))
    return Channel(ChannelId(number), f"channel {number}", team, (rule,), active)


def told(effects: tuple[Effect, ...]) -> list[tuple[Occasion, tuple[AccountId, ...]]]:
    return [(one.occasion, one.to) for one in effects if isinstance(one, Tell)]


def after(handover: Handover, *events: tuple[Event, timedelta]) -> Handover:
    """Return what has become of it after these events, each so long after the hand-over."""
    for event, offset in events:
        made = step(handover, event, AT + offset)
        assert isinstance(made, Step)
        handover = made.handover
    return handover


def refusal(handover: Handover, event: Event, offset: timedelta) -> Why | None:
    made = step(handover, event, AT + offset)
    return made.why if isinstance(made, Refused) else None


TICKED = tuple((Tick(), offset * MINUTE) for offset in (-10, -5, 0))
NOTICED = after(PLANNED, *TICKED[:1])
REMINDED = after(PLANNED, *TICKED[:2])
TOLD = after(PLANNED, *TICKED)


# ---- who comes on duty -----------------------------------------------------------------------------------------------


def test_whoever_was_not_on_duty_just_before_comes_on_duty() -> None:
    found = upcoming(organisation(schedule(layer(A, B))), AT - 12 * timedelta(hours=1), AT + MINUTE)
    part = Part(ScheduleId(1), "primary", DAY_END)
    assert found == (Takeover(BO, AT, NOTICE, (part,), Crew((ANA,), (), (DEE,))),)


def test_a_hand_over_to_the_same_person_is_none() -> None:
    same = schedule(layer(A, A), layer((*A, *B), hours=(daily(0, 6),)))
    found = upcoming(organisation(same), AT - LATEST, AT + MINUTE)
    assert [one.account for one in found] == [BO]
    assert found[0].crew.outgoing == ()
    assert found[0].crew.backups == (ANA,)


def test_an_override_counts_and_what_it_takes_away_is_no_hand_over() -> None:
    change = Override(AT, AT + 60 * MINUTE, C, replaces=BO)
    found = upcoming(organisation(schedule(layer(A, B), overrides=(change,))), AT - 30 * MINUTE, AT + 90 * MINUTE)
    assert [(one.account, one.at) for one in found] == [(CHEN, AT), (BO, AT + 60 * MINUTE)]


def test_several_schedules_at_one_instant_are_one_with_the_longest_notice() -> None:
    second = replace(schedule(layer(C, B)), id=ScheduleId(2), notice=60 * MINUTE)
    (found,) = upcoming(organisation(schedule(layer(A, B)), second), AT - 30 * MINUTE, AT + MINUTE)
    assert found.notice == 60 * MINUTE
    assert [part.schedule for part in found.parts] == [1, 2]
    assert found.crew.outgoing == (ANA, CHEN)


def test_schedules_without_notice_and_those_that_are_gone_tell_nobody() -> None:
    silent = replace(schedule(layer(A, B)), notice=timedelta())
    gone = replace(schedule(layer(A, B)), id=ScheduleId(2), active=False)
    assert upcoming(organisation(silent, gone), AT - MINUTE, AT + MINUTE) == ()


def test_what_is_over_again_is_left_out() -> None:
    change = Override(AT, AT + 10 * MINUTE, C, replaces=BO)
    found = upcoming(organisation(schedule(layer(A, B), overrides=(change,))), AT + 20 * MINUTE, AT + 30 * MINUTE)
    assert [(one.account, one.at) for one in found] == [(BO, AT + 10 * MINUTE)]
    brief = schedule(layer(A), layer(B, hours=(daily(0, 1),)))
    assert [one.account for one in upcoming(organisation(brief), AT + 59 * MINUTE, AT + 59 * MINUTE)] == [BO]
    assert [one.account for one in upcoming(organisation(brief), AT + 60 * MINUTE, AT + 61 * MINUTE)] == [ANA]


def test_a_shift_without_an_end_in_sight_has_none() -> None:
    last = schedule(replace(layer(A), start=utc(2026, 1, 6).replace(tzinfo=None), unit=Unit.MONTH, every=30))
    (found,) = upcoming(organisation(last), AT - MINUTE, AT + MINUTE)
    assert found.parts[0].until is None
    assert Handover(found).ends is None


def test_others_in_other_roles_are_the_backup_before_those_in_the_same() -> None:
    plan = schedule(layer((*A,), (*B, *C)), replace(layer(D), role="backup"))
    found = upcoming(organisation(plan), AT - MINUTE, AT + MINUTE)
    assert {one.account: one.crew.backups for one in found} == {BO: (DEE, CHEN), CHEN: (DEE, BO)}


def test_whoever_a_fallback_puts_on_duty_comes_on_duty_too() -> None:
    plan = replace(schedule(layer(A, hours=(daily(8, 24),))), fallback=Fallback(D))
    (found,) = upcoming(organisation(plan), AT - MINUTE, AT + MINUTE)
    assert (found.account, found.crew.outgoing) == (DEE, (ANA,))


def test_the_team_of_the_channels_concerned_and_the_admins_are_the_others() -> None:
    named = Target(TargetKind.SCHEDULE, 1)
    channels = (
        channel(named, team=TeamId(1)),
        channel(Target(TargetKind.SCHEDULE, 1, "backup"), number=2),
        channel(Target(TargetKind.ACCOUNT, ANA), Target(TargetKind.SCHEDULE, 2), number=3),
        channel(named, number=4, active=False),
    )
    known = organisation(schedule(layer(A, B)), channels=channels)
    (found,) = upcoming(known, AT - MINUTE, AT + MINUTE)
    assert [one.id for one in channels_of(found.parts, known)] == [1]
    assert found.crew.others == (CHEN, DEE)


@settings(max_examples=25)
@given(st.data())
def test_each_comes_on_duty_exactly_when_they_were_not_just_before(data: st.DataObject) -> None:
    groups = st.lists(st.sampled_from([A, B, C, (*A, *B), ()]), min_size=1, max_size=4)
    layers = [layer(*data.draw(groups), unit=Unit.HOUR, every=data.draw(st.integers(1, 5))) for _ in range(2)]
    change = Override(
        AT + data.draw(st.integers(-3, 8)) * 20 * MINUTE, AT + 200 * MINUTE, data.draw(st.sampled_from([C, D]))
    )
    plan = schedule(*layers, overrides=(change,))
    now, end = AT, AT + timedelta(hours=6)
    found = {(one.account, one.at) for one in upcoming(organisation(plan), now, end)}
    for role in roles(plan):
        instants = [now - LATEST + number * 20 * MINUTE for number in range(21)]
        for before, at in pairwise(instants):
            on_duty = [{one.account for one in on_call(plan, when) if one.role == role} for when in (before, at)]
            for account in on_duty[1] - on_duty[0]:
                is_over = not any(
                    one.account == account and at <= now for one in on_call(plan, max(now, at)) if one.role == role
                )
                assert (account, at) in found or (at <= now and is_over)
        for account, at in found:
            assert account in {one.account for one in on_call(plan, at)}
            assert account not in {one.account for one in on_call(plan, at - timedelta.resolution)}
    for account in (ANA, BO, CHEN, DEE):
        coming = upcoming(organisation(plan), now, end)
        first = next(((one.at, one.parts) for one in coming if one.account == account and one.at > now), None)
        assert next_of(account, organisation(plan), now, end) == first


def test_the_next_shift_of_somebody_is_in_all_that_begins_then() -> None:
    second = replace(schedule(layer(C, B)), id=ScheduleId(2))
    silent = replace(schedule(layer(C, B)), id=ScheduleId(3), notice=timedelta())
    found = next_of(BO, organisation(second, schedule(layer(A, B)), silent), AT - MINUTE, AT + MINUTE)
    assert found is not None
    assert (found[0], sorted(part.schedule for part in found[1])) == (AT, [1, 2])
    assert next_of(DEE, organisation(second), AT - MINUTE, AT + MINUTE) is None


# ---- in time ---------------------------------------------------------------------------------------------------------


def test_left_alone_each_is_told_once_in_order_and_at_the_right_instants() -> None:
    handover, heard = PLANNED, []
    while handover.due is not None:
        due = handover.due
        made = step(handover, Tick(), due)
        assert isinstance(made, Step)
        heard += [((due - AT) / MINUTE, *one) for one in told(made.effects)]
        handover = made.handover
    assert heard == [
        (-10, Occasion.NOTICE, (BO,)),
        (-5, Occasion.REMINDER, (BO,)),
        (0, Occasion.OUTGOING, (ANA,)),
        (0, Occasion.BACKUP, (CHEN,)),
    ]
    assert handover.stage is Stage.TOLD


def test_of_a_short_notice_half_is_waited() -> None:
    short = Handover(replace(TAKEOVER, notice=4 * MINUTE))
    assert after(short, (Tick(), -4 * MINUTE)).due == AT - 2 * MINUTE


def test_where_nobody_hands_over_and_there_is_no_backup_the_team_and_the_admins_are_told() -> None:
    lonely = Handover(replace(TAKEOVER, crew=Crew(others=(DEE,))))
    made = step(after(lonely, *TICKED[:2]), Tick(), AT)
    assert isinstance(made, Step)
    assert told(made.effects) == [(Occasion.OTHERS, (DEE,))]


def test_a_notice_that_comes_late_leaves_the_same_time_to_answer() -> None:
    late = after(PLANNED, (Tick(), 20 * MINUTE))
    assert late.stage is Stage.NOTICED
    assert late.due == AT + 20 * MINUTE + PATIENCE / 2
    assert after(late, (Tick(), 23 * MINUTE)).due == AT + 20 * MINUTE + PATIENCE


def test_who_was_away_over_both_instants_reminds_and_tells_at_once() -> None:
    made = step(NOTICED, Tick(), AT + 3 * MINUTE)
    assert isinstance(made, Step)
    assert [occasion for occasion, _ in told(made.effects)] == [Occasion.REMINDER, Occasion.OUTGOING, Occasion.BACKUP]


@pytest.mark.parametrize("handover", [PLANNED, NOTICED, REMINDED])
def test_nobody_is_told_of_what_is_over_for_an_hour(handover: Handover) -> None:
    made = step(handover, Tick(), AT + LATEST + MINUTE)
    assert isinstance(made, Step)
    assert (made.effects, made.handover.stage, made.handover.due) == ((), Stage.PASSED, None)


EVENTS = st.one_of(
    st.just(Tick()),
    st.just(Tick()),
    st.just(Gone()),
    st.just(News()),
    st.builds(Seen, st.sampled_from([TAKEOVER, replace(TAKEOVER, crew=Crew()), replace(TAKEOVER, notice=30 * MINUTE)])),
    st.builds(Confirm, st.sampled_from([ANA, BO, CHEN])),
    st.builds(Keep, st.sampled_from([ANA, BO, CHEN, DEE])),
    st.builds(CallBackup, st.sampled_from([ANA, BO, CHEN, DEE])),
)


@settings(max_examples=100)
@given(st.lists(st.tuples(EVENTS, st.integers(-30, 90)), max_size=25))
def test_whatever_happens_nobody_is_told_twice_and_nothing_after_it_is_settled(
    happened: list[tuple[Event, int]],
) -> None:
    """The clock may jump both ways."""
    handover, heard = PLANNED, []
    for event, minutes in happened:
        before = handover
        made = step(handover, event, AT + minutes * MINUTE)
        if isinstance(made, Refused):
            assert isinstance(event, Confirm | Keep | CallBackup)
            continue
        handover = made.handover
        said = told(made.effects)
        heard += [occasion for occasion, _ in said]
        if said and not isinstance(event, CallBackup):
            assert before.stage in (Stage.PLANNED, Stage.NOTICED, Stage.REMINDED)
        if handover != before:
            assert handover.version > before.version
            assert handover.noticed_at is None or made.effects or handover.stage is Stage.PASSED
        else:
            assert not made.effects
        if Occasion.NOTICE in [occasion for occasion, _ in said]:
            assert -LATEST <= AT - (AT + minutes * MINUTE) <= before.takeover.notice
    assert len(heard) == len(set(heard))


@settings(max_examples=50)
@given(st.lists(st.integers(1, 120), min_size=1), st.integers(2, 120))
def test_ticks_at_any_instants_tell_within_the_notice_unless_all_come_too_late(gaps: list[int], notice: int) -> None:
    handover = Handover(replace(TAKEOVER, notice=notice * MINUTE))
    now = AT - timedelta(hours=3)
    heard: dict[Occasion, datetime] = {}
    for gap in gaps:
        now += gap * MINUTE
        was_due = handover.due is not None and handover.due <= now
        made = step(handover, Tick(), now)
        assert isinstance(made, Step)
        assert was_due == (made.handover != handover), "whatever is due is done, and nothing else"
        handover = made.handover
        heard |= {occasion: now for occasion, _ in told(made.effects)}
    if now >= AT - notice * MINUTE:
        assert (Occasion.NOTICE in heard) is (handover.noticed_at is not None)
        assert handover.noticed_at is not None or handover.passed
    if Occasion.OUTGOING in heard:
        assert heard[Occasion.NOTICE] < heard[Occasion.REMINDER] <= heard[Occasion.OUTGOING]
        assert heard[Occasion.OUTGOING] >= AT


# ---- what people decide ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("handover", [NOTICED, REMINDED, TOLD])
def test_who_confirms_is_asked_nothing_more_and_every_message_shows_it(handover: Handover) -> None:
    made = step(handover, Confirm(BO), AT + 2 * MINUTE)
    assert isinstance(made, Step)
    assert (made.handover.stage, made.handover.due, made.effects) == (Stage.CONFIRMED, None, (Refresh(),))
    assert refusal(made.handover, Confirm(BO), 3 * MINUTE) is Why.ALREADY_CONFIRMED
    assert refusal(made.handover, Keep(CHEN), 3 * MINUTE) in (Why.ALREADY_CONFIRMED, Why.NOT_YOURS)


def test_only_who_was_asked_can_confirm_and_only_who_was_told_decide() -> None:
    assert refusal(NOTICED, Confirm(ANA), timedelta()) is Why.NOT_YOURS
    assert refusal(REMINDED, Keep(ANA), -MINUTE) is Why.NOT_YOURS
    assert refusal(REMINDED, CallBackup(ANA), -MINUTE) is Why.NOT_YOURS
    assert refusal(TOLD, Keep(AccountId(99)), MINUTE) is Why.NOT_YOURS
    assert refusal(TOLD, CallBackup(CHEN), MINUTE) is Why.NOT_YOURS


def test_who_keeps_the_pager_is_in_the_place_of_the_other_for_an_hour() -> None:
    now = 2 * MINUTE
    made = step(TOLD, Keep(ANA), AT + now)
    assert isinstance(made, Step)
    assert made.effects == (Cover(ANA, AT + now, AT + now + KEPT_FOR), Refresh())
    assert refusal(made.handover, Confirm(BO), 3 * MINUTE) is Why.KEPT
    assert refusal(made.handover, CallBackup(ANA), 3 * MINUTE) is Why.KEPT
    assert after(made.handover, (Gone(), 3 * MINUTE)).stage is Stage.KEPT


def test_nobody_keeps_it_for_longer_than_the_shift() -> None:
    brief = replace(TOLD, takeover=replace(TAKEOVER, parts=(Part(ScheduleId(1), "primary", AT + 20 * MINUTE),)))
    made = step(brief, Keep(CHEN), AT)
    assert isinstance(made, Step)
    assert made.effects[0] == Cover(CHEN, AT, AT + 20 * MINUTE)
    assert refusal(brief, Confirm(BO), 20 * MINUTE) is Why.OVER
    endless = replace(TOLD, takeover=replace(TAKEOVER, parts=(Part(ScheduleId(1), "primary", None),)))
    made = step(endless, Keep(CHEN), AT)
    assert isinstance(made, Step)
    assert made.effects[0] == Cover(CHEN, AT, AT + KEPT_FOR)


def test_the_backup_is_called_once() -> None:
    made = step(TOLD, CallBackup(ANA), AT + MINUTE)
    assert isinstance(made, Step)
    assert told(made.effects) == [(Occasion.PAGE, (CHEN,))]
    assert refusal(made.handover, CallBackup(ANA), 2 * MINUTE) is Why.ALREADY_CALLED
    alone = replace(TOLD, takeover=replace(TAKEOVER, crew=Crew((ANA,))))
    assert refusal(alone, CallBackup(ANA), MINUTE) is Why.NO_BACKUP


# ---- when the schedules change ---------------------------------------------------------------------------------------


def test_a_shift_that_is_taken_away_is_withdrawn_in_place() -> None:
    assert after(PLANNED, (Gone(), -20 * MINUTE)).due is None
    made = step(NOTICED, Gone(), AT - MINUTE)
    assert isinstance(made, Step)
    assert (made.handover.stage, made.effects) == (Stage.WITHDRAWN, (Refresh(),))
    assert refusal(made.handover, Confirm(BO), timedelta()) is Why.WITHDRAWN
    assert after(made.handover, (Gone(), timedelta())) == made.handover


def test_one_that_comes_back_goes_on_where_it_was_without_a_second_notice() -> None:
    withdrawn = after(NOTICED, (Gone(), -8 * MINUTE))
    back = after(withdrawn, (Seen(TAKEOVER), -7 * MINUTE))
    assert (back.stage, back.due) == (Stage.NOTICED, AT - 5 * MINUTE)


def test_who_has_confirmed_hears_of_it_before_the_shift_and_keeps_it_after() -> None:
    confirmed = after(NOTICED, (Confirm(BO), -8 * MINUTE))
    assert after(confirmed, (Gone(), -MINUTE)).stage is Stage.WITHDRAWN
    assert after(confirmed, (Gone(), MINUTE)) == confirmed


def test_who_has_confirmed_is_asked_again_for_what_is_added_before_the_shift() -> None:
    confirmed = after(NOTICED, (Confirm(BO), -8 * MINUTE))
    more = replace(TAKEOVER, parts=(*TAKEOVER.parts, Part(ScheduleId(2), "primary", None)))
    added = after(confirmed, (Seen(more), -7 * MINUTE))
    assert (added.stage, added.due) == (Stage.NOTICED, AT - 5 * MINUTE)
    assert after(added, (Confirm(BO), -6 * MINUTE), (Seen(TAKEOVER), -5 * MINUTE)).stage is Stage.CONFIRMED
    assert after(confirmed, (Seen(more), MINUTE)).stage is Stage.CONFIRMED


def test_what_the_schedules_say_anew_shows_and_what_they_repeat_does_not() -> None:
    assert step(NOTICED, Seen(TAKEOVER), AT) == Step(NOTICED)
    other = replace(TAKEOVER, crew=Crew((DEE,)))
    made = step(NOTICED, Seen(other), AT - 8 * MINUTE)
    assert isinstance(made, Step)
    assert (made.handover.takeover, made.effects) == (other, (Refresh(),))


def test_news_show_on_what_was_sent_and_on_nothing_else() -> None:
    assert step(PLANNED, News(), AT) == Step(PLANNED)
    made = step(NOTICED, News(), AT)
    assert isinstance(made, Step)
    assert made.effects == (Refresh(),)
    assert made.handover == replace(NOTICED, version=NOTICED.version + 1)
