"""A simulation says who would be told, when, how and why, and why nobody is where that is so."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.domain.calendar import Weekday
from bot.domain.definition import (
    AccountDefinition,
    Body,
    ChannelDefinition,
    ChatDefinition,
    LevelDefinition,
    ProviderDefinition,
    RuleDefinition,
    TargetDefinition,
    TeamDefinition,
    WorkspaceDefinition,
)
from bot.domain.delivery import Dropped, Place, State
from bot.domain.escalation import WhenNobody
from bot.domain.event import Event, Severity
from bot.domain.filters import Condition, Filter
from bot.domain.flow import Arrival
from bot.domain.incident import Acknowledge, Actor, AddResponder, Close, Entry, Happened, Reason, Reassign
from bot.domain.ledger import Asked, Telling, Unreached
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, AccountId, Method, Role, Target, TargetKind
from bot.domain.rehearsal import Failing
from bot.domain.rotation import Unit
from bot.domain.schedule_definition import (
    LayerDefinition,
    OverrideDefinition,
    RotationDefinition,
    ScheduleDefinition,
)
from bot.domain.simulate import Act, Fate, Ground, Hindered, Line, Passed, Simulation, assumed, simulate
from bot.domain.time_filter import Period, TimeFilter
from bot.domain.week_hours import DailyPeriod

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EVENT = Event(Severity.CRITICAL, "disk full", "disk", labels={"service": "db"})


def to(*names: str, **more: Any) -> LevelDefinition:
    """Return a level that tells these people, `team:…` and `schedule:…`."""
    targets = []
    for name in names:
        kind, _, rest = name.rpartition(":")
        targets.append(TargetDefinition(TargetKind(kind or "account"), rest if kind else f"{name}@example.com"))
    return LevelDefinition(tuple(targets), **more)


def organisation(
    *rules: RuleDefinition,
    links: Mapping[str, str] | None = None,
    team: str | None = "sre",
    more: tuple[Body, ...] = (),
) -> Organisation:
    known = {f"{name}@example.com": name for name in ("ana", "bo", "dee")} if links is None else links
    return assumed(
        (
            AccountDefinition("ana@example.com", "Ana", "+49171123450"),
            AccountDefinition("bo@example.com", "Bo", "+49171123451"),
            AccountDefinition("dee@example.com", "Dee", "+49171123452", role=Role.OWNER),
            TeamDefinition("sre", ("bo@example.com",)),
            TeamDefinition("empty"),
            WorkspaceDefinition("acme", "chatty", links={**known, "gone@example.com": "x"}),
            *(ProviderDefinition("main", method, "any") for method in (Method.SMS, Method.VOICE)),
            *more,
            ChannelDefinition("payments", team, rules),
        )
    )


def run(there: Organisation, failing: Failing | None = None, **more: Any) -> Simulation:
    channel = next(iter(there.channels))
    return simulate(there, Arrival(EVENT, channel, "disk"), NIGHT, failing or Failing(), **more)


def place(there: Organisation, name: str) -> Place:
    """Return the place of a person's direct messages, or of a chat."""
    (acme,) = there.workspaces
    account = next((one.id for one in there.people.accounts.values() if one.name == name), None)
    return Place(acme, account=account) if account is not None else Place(acme, chat=name)


def said(found: Simulation, there: Organisation) -> list[tuple[int, str, str, str]]:
    """Return the messages: the second, who, by what, and what becomes of them; without those that are not needed."""
    told = []
    for line in found.lines:
        if isinstance(line.what, Telling) and line.fate is not None and line.fate is not Fate.NOT_NEEDED:
            at = line.what.delivery.place
            who = there.people.accounts[at.account].name if at.account is not None else at.chat or ""
            told.append((int(line.after.total_seconds()), who, there.via(at.workspace), str(line.fate)))
    return told


def entries(found: Simulation) -> list[Entry]:
    return [line.what.record.entry for line in found.lines if isinstance(line.what, Happened)]


def rule(*levels: LevelDefinition, **more: Any) -> RuleDefinition:
    return RuleDefinition("all", levels, **more)


def test_each_level_tells_by_preference_and_then_it_is_exhausted() -> None:
    there = organisation(rule(to("ana", repeat_every=MINUTE, repeat_times=1), to("bo", methods=(Method.SMS,))))
    found = run(there)
    assert said(found, there) == [
        (0, "Ana", "acme", "told"),
        (60, "Ana", "acme", "told"),
        (120, "Ana", "sms", "told"),
        (300, "Ana", "voice", "told"),
        (300, "Bo", "sms", "told"),
        (600, "Bo", "acme", "told"),
        (600, "Dee", "acme", "told"),
    ]
    assert entries(found) == [Entry.OPENED, Entry.EXHAUSTED]
    assert {line.at - NIGHT for line in found.lines} == {line.after for line in found.lines}
    assert found.rough_from is None


def test_what_waits_for_its_time_belongs_to_the_later_turn() -> None:
    found = run(organisation(rule(to("ana", repeat_every=MINUTE, repeat_times=1))))
    causes = [line.what.cause for line in found.told if isinstance(line.what, Telling)]
    assert [(one.level, one.turn, one.after) for one in causes if one.asked is Asked.LEVEL] == [
        (1, 1, None),
        (1, 2, None),
        (1, 2, 2 * MINUTE),
        (1, 2, 5 * MINUTE),
    ]


def test_what_is_refused_or_dark_or_not_linked_goes_by_the_next_way_at_once() -> None:
    there = organisation(rule(to("ana", "bo", "dee")), links={"ana@example.com": "ana", "dee@example.com": "dee"})
    found = run(there, Failing(refused=frozenset({place(there, "Dee")}), dark=frozenset({LINES[Method.SMS]})))
    assert [one for one in said(found, there) if one[0] == 0] == [
        (0, "Ana", "acme", "told"),
        (0, "Bo", "acme", "unlinked"),
        (0, "Bo", "sms", "dark"),
        (0, "Bo", "voice", "told"),
        (0, "Dee", "acme", "refused"),
        (0, "Dee", "sms", "dark"),
        (0, "Dee", "voice", "told"),
    ]


def test_whoever_is_not_linked_may_be_found() -> None:
    there = organisation(rule(to("bo")), links={})
    assert said(run(there, Failing(finds=True)), there)[0] == (0, "Bo", "acme", "told")


def test_where_every_way_fails_the_next_level_is_told_at_once() -> None:
    there = organisation(rule(to("ana"), to("bo")))
    ana = next(one.id for one in there.people.accounts.values() if one.name == "Ana")
    ways = frozenset({place(there, "Ana"), *(Place(line, account=ana) for line in LINES.values())})
    found = run(there, Failing(refused=ways))
    assert (0, "Bo", "acme", "told") in said(found, there)
    assert Entry.LEVEL_FAILED in entries(found)


def test_what_is_dark_is_shown_as_of_the_turn_that_tried_it_first() -> None:
    there = organisation(rule(to("ana", repeat_every=MINUTE, repeat_times=2)))
    found = run(there, Failing(dark=frozenset(there.workspaces)))
    dark = [line for line in found.lines if line.fate is Fate.DARK and line.after == timedelta()]
    assert [line.what.cause.turn for line in dark if isinstance(line.what, Telling)] == [1]


def test_from_where_a_next_try_decides_the_times_are_rough() -> None:
    level = to("ana", methods=(Method.IM,))
    there = organisation(rule(level, level), more=(ProviderDefinition("main", Method.PUSH, "any"),))
    # Nobody has a device for pushes.
    found = run(there, Failing(dark=frozenset({*there.workspaces, LINES[Method.SMS], LINES[Method.VOICE]})))
    assert found.rough_from is not None
    assert entries(found) == [Entry.OPENED, Entry.LEVEL_FAILED, Entry.LEVEL_FAILED, Entry.EXHAUSTED]


def test_what_is_dark_is_not_tried_for_ever_where_another_way_reached_the_person() -> None:
    behind = LevelDefinition(chats=(ChatDefinition("acme", "C1"),))
    there = organisation(rule(behind, to("bo", methods=(Method.SMS,))))
    found = run(there, Failing(dark=frozenset(there.workspaces)))
    assert [one for one in said(found, there) if one[1] == "Bo"][:3] == [
        (0, "Bo", "acme", "dark"),
        (0, "Bo", "sms", "told"),
        (300, "Bo", "sms", "told"),
    ]


def test_where_nothing_answers_the_levels_take_their_time() -> None:
    there = organisation(rule(to("ana"), to("bo")))
    found = run(there, Failing(dark=frozenset({*there.workspaces, *LINES.values()})))
    assert found.told == ()
    assert found.incident.exhausted_at == NIGHT + 10 * MINUTE


def test_a_team_stands_behind_the_chats_of_a_level() -> None:
    (acme, ops) = ("acme", "C1")
    there = organisation(rule(LevelDefinition(chats=(ChatDefinition(acme, ops),))))
    assert said(run(there), there)[:1] == [(0, "C1", "acme", "told")]
    refused = run(there, Failing(refused=frozenset({place(there, "C1")})))
    assert said(refused, there)[:2] == [(0, "C1", "acme", "refused"), (0, "Bo", "acme", "told")]
    team = next(line.what for line in refused.told if isinstance(line.what, Telling))
    assert team.cause.asked is Asked.TEAM


def test_a_chat_that_refuses_all_of_a_workspace() -> None:
    there = organisation(rule(LevelDefinition(chats=(ChatDefinition("acme", "C1"),))), team=None)
    found = run(there, Failing(refusing=frozenset(there.workspaces)))
    assert said(found, there)[:3] == [
        (0, "C1", "acme", "refused"),
        (0, "Dee", "acme", "refused"),
        (0, "Dee", "sms", "told"),
    ]


def test_a_delay_is_waited_for_and_a_level_without_anybody_is_passed() -> None:
    there = organisation(rule(to("team:empty"), to("ana"), delay=MINUTE))
    found = run(there)
    assert said(found, there)[0] == (60, "Ana", "acme", "told")
    assert entries(found)[:3] == [Entry.OPENED, Entry.DELAYED, Entry.LEVEL_EMPTY]


def test_a_level_is_held_until_somebody_is_on_duty() -> None:
    rotation = RotationDefinition((("bo@example.com",),), Unit.DAY, hours=(DailyPeriod(time(9), time(17)),))
    rota = ScheduleDefinition("rota", layers=(LayerDefinition("first", rotation, datetime(2026, 11, 1)),))  # noqa: DTZ001 - In its zone.
    level = to("schedule:rota", when_nobody=WhenNobody.HOLD)
    there = organisation(rule(level), more=(rota,))
    found = run(there)
    assert said(found, there)[0] == (6 * 3600, "Bo", "acme", "told")
    assert Entry.LEVEL_HELD in entries(found)
    assert run(there, until=MINUTE).told == ()


def test_the_catch_all_is_named_as_such() -> None:
    chats = (ChatDefinition("acme", "C1"),)
    levels = (to("team:empty", when_nobody=WhenNobody.CATCH_ALL), to("ana", when_nobody=WhenNobody.CATCH_ALL))
    there = organisation(rule(*levels, LevelDefinition(chats=chats, when_nobody=WhenNobody.CATCH_ALL)))
    found = run(there)
    names = {(line.what.delivery.level, line.catch_all) for line in found.told if isinstance(line.what, Telling)}
    assert names == {(0, True), (1, False), (2, False)}


def test_what_is_cut_off_still_waits() -> None:
    found = run(organisation(rule(to("ana"))), until=MINUTE)
    assert [line.fate for line in found.lines if line.fate][:3] == [Fate.TOLD, Fate.WAITING, Fate.WAITING]


RULES = (
    (RuleDefinition("off", (to("bo"),), enabled=False), Passed("off", Ground.DISABLED)),
    (
        RuleDefinition(
            "day", (to("bo"),), when=TimeFilter(weekdays=(Weekday.SAT,), periods=(Period(time(9), time(17)),))
        ),
        Passed("day", Ground.HOURS),
    ),
    (
        RuleDefinition("db", (to("bo"),), filter=Filter(((Condition("labels.service", ("web",)),),))),
        Passed("db", Ground.FILTER, Condition("labels.service", ("web",)), "db"),
    ),
)


@pytest.mark.parametrize(("first", "passed"), RULES)
def test_a_rule_that_is_not_followed_says_why(first: RuleDefinition, passed: Passed) -> None:
    found = run(organisation(first, rule(to("ana"))))
    assert found.incident.rule == "all"
    assert found.lines[0] == Line(NIGHT, timedelta(), passed)


def test_where_no_rule_matches_all_of_them_say_why_and_team_and_admins_are_told() -> None:
    there = organisation(*(one for one, _ in RULES))
    found = run(there)
    assert [line.what for line in found.lines if isinstance(line.what, Passed)] == [passed for _, passed in RULES]
    assert Entry.NO_RULE in entries(found)
    assert said(found, there) == [(0, "Bo", "acme", "told"), (0, "Dee", "acme", "told")]


def test_a_recovery_opens_nothing() -> None:
    there = organisation(rule(to("ana")))
    with pytest.raises(ValueError, match="recovery"):
        simulate(there, Arrival(Event(Severity.OK, "", "disk"), next(iter(there.channels)), "disk"), NIGHT)


# ---- who acts when ---------------------------------------------------------------------------------------------------


def person(there: Organisation, name: str) -> AccountId:
    return next(one.id for one in there.people.accounts.values() if one.name == name)


def hindered(found: Simulation) -> list[tuple[int, Reason]]:
    return [
        (int(one.after.total_seconds()), one.what.refused.reason)
        for one in found.lines
        if isinstance(one.what, Hindered)
    ]


def test_who_acknowledges_stops_what_still_waits_and_what_recovers_closes() -> None:
    there = organisation(rule(to("ana", repeat_every=MINUTE, repeat_times=6), to("bo")))
    ana = Actor(person(there, "Ana"))
    acts = (Act(10 * MINUTE, None), Act(3 * MINUTE / 2, Acknowledge(ana)), Act(2 * MINUTE, Acknowledge(ana)))
    found = run(there, acts=(*acts, Act(11 * MINUTE, None)))

    assert said(found, there) == [
        (0, "Ana", "acme", "told"),
        (60, "Ana", "acme", "told"),
        (90, "Ana", "sms", "stopped"),
        (90, "Ana", "voice", "stopped"),
    ]
    assert entries(found) == [Entry.OPENED, Entry.ACKNOWLEDGED, Entry.RECOVERED]
    assert hindered(found) == [(120, Reason.ALREADY_ACKNOWLEDGED), (660, Reason.ALREADY_RECOVERED)]
    assert [one.is_idle for one in found.lines if one.fate is Fate.STOPPED] == [True, True]
    assert (found.incident.recovered, found.acts[0].after) == (True, 3 * MINUTE / 2)


def test_who_was_paged_by_a_line_hears_once_that_it_is_over_unless_they_ended_it() -> None:
    there = organisation(rule(to("ana", "bo", methods=(Method.SMS,))))
    ana = Actor(person(there, "Ana"))
    acts = (Act(MINUTE, Acknowledge(ana)), Act(2 * MINUTE, Close(ana)))
    found = run(there, acts=acts)

    assert said(found, there) == [
        (0, "Ana", "sms", "told"),
        (0, "Bo", "sms", "told"),
        (60, "Bo", "acme", "told"),
    ]


def test_what_is_due_at_the_same_instant_comes_before_an_act() -> None:
    there = organisation(rule(to("ana"), to("bo")))
    found = run(there, acts=(Act(5 * MINUTE, Acknowledge(Actor(person(there, "Ana")))),))
    assert [(at, who) for at, who, *_ in said(found, there)][-1] == (300, "Bo")
    assert entries(found)[-1] is Entry.ACKNOWLEDGED


def test_the_lines_of_one_instant_stand_in_the_order_of_what_brings_them_about() -> None:
    by_text = (Method.SMS,)
    there = organisation(rule(to("ana", "bo", methods=by_text), to("dee", methods=by_text)))
    ana, bo = (Actor(person(there, name)) for name in ("Ana", "Bo"))
    found = run(there, acts=[Act(5 * MINUTE, deed) for deed in (Acknowledge(ana), Close(ana), Close(bo))])

    names = {one.id: one.name for one in there.people.accounts.values()}
    lines = [line for line in found.lines if line.fate is not Fate.NOT_NEEDED and line.after]
    rows = []
    for line in lines:
        if isinstance(line.what, Telling) and line.what.delivery.place.account is not None:
            rows.append(f"{names[line.what.delivery.place.account]} {line.what.delivery.kind} {line.fate}")
        else:
            rows.append(str(line.what.record.entry) if isinstance(line.what, Happened) else "refused")
    assert {line.after for line in lines} == {5 * MINUTE}
    assert rows == [
        "Dee page told",
        "acknowledged",
        "Bo note told",
        "Dee note told",
        "closed",
        "refused",
    ]


def test_whom_no_way_leads_to_stands_after_the_act_that_gave_it_to_them() -> None:
    ana = AccountDefinition("ana@example.com", "Ana", "+49171123450")
    others = (AccountDefinition("bo@example.com", "Bo"), AccountDefinition("dee@example.com", "Dee"))
    channel = ChannelDefinition("payments", None, (rule(to("ana", "bo")),))
    there = assumed((ana, *others, ProviderDefinition("main", Method.SMS, "any"), channel))
    given = Reassign(Actor(), tuple(Target(TargetKind.ACCOUNT, person(there, name)) for name in ("Ana", "Dee")))
    assert [
        there.people.accounts[line.what.account].name
        if isinstance(line.what, Unreached)
        else str(line.what.record.entry)
        for line in run(there, acts=(Act(timedelta(), given),)).lines
        if isinstance(line.what, Unreached | Happened) and not line.after
    ] == ["opened", "Bo", "reassigned", "Dee"]


def test_given_to_others_nothing_more_goes_to_those_who_had_it() -> None:
    there = organisation(rule(to("ana"), to("dee")))
    sre = Target(TargetKind.TEAM, next(iter(there.people.teams)))
    found = run(there, acts=(Act(MINUTE, Reassign(Actor(person(there, "Dee")), (sre,))),))
    told = [(at, who) for at, who, _, fate in said(found, there) if fate == "told"]
    assert {who for at, who in told if 60 <= at < 360} == {"Bo"}
    assert (360, "Dee") in told, "the later levels still follow"


def test_a_chat_that_has_not_seen_the_card_still_waits_for_it_after_an_act_and_word_does_not_go_out_late() -> None:
    level = LevelDefinition(chats=(ChatDefinition("acme", "C1"),), escalate_after=MINUTE)
    there = organisation(rule(level, to("ana", "bo")))
    (acme,) = there.workspaces
    acts = (Act(7 * MINUTE, Acknowledge(Actor())), Act(20 * MINUTE, Acknowledge(Actor())))
    found = run(there, Failing(dark=frozenset({acme})), acts=acts)
    fates = {one.fate for one in found.lines if isinstance(one.what, Telling)}
    assert Fate.DARK in fates
    assert found.incident.acknowledged is not None
    notes = [one.sent for one in found.ledger.tellings if one.delivery.entry is Entry.EXHAUSTED]
    assert {(one.state, one.reason) for one in notes if one.delivery.place.workspace == acme} == {
        (State.WITHDRAWN, str(Dropped.ACTED))
    }
    chats = [one.sent.state for one in found.ledger.tellings if one.delivery.place.chat is not None]
    assert chats == [State.PENDING]


def test_whoever_a_schedule_has_on_call_is_named_with_what_put_them_there() -> None:
    rotation = RotationDefinition((("ana@example.com", "bo@example.com"),), Unit.DAY)
    began = datetime(2026, 11, 20)  # noqa: DTZ001 - In the schedule's zone.
    change = OverrideDefinition(NIGHT, NIGHT + 9 * MINUTE, ("dee@example.com",), role="backup", why="a swap")
    layers = (LayerDefinition("nights", rotation, began), LayerDefinition("second", rotation, began, role="backup"))
    rota = ScheduleDefinition("rota", layers=layers, overrides=(change,))
    there = organisation(rule(to("ana", "schedule:rota")), more=(rota,))
    number = next(iter(there.schedules))
    backup = Target(TargetKind.SCHEDULE, number, "backup")
    added = run(there, acts=(Act(10 * MINUTE / 4, AddResponder(Actor(), (backup,))),))

    names = {one.id: one.name for one in there.people.accounts.values()}
    found = {
        (names[one.what.delivery.place.account], one.duty.role, one.duty.source.name)
        for one in added.told
        if one.duty is not None and isinstance(one.what, Telling) and one.what.delivery.place.account is not None
    }
    assert found == {("Bo", "primary", "nights"), ("Dee", "backup", "a swap")}
    assert {one.duty.schedule for one in added.told if one.duty is not None} == {"rota"}
