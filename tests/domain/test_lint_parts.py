"""What the lint takes for certain about times holds at each instant; what is enormous or gone does not stop it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import lint
from bot.domain.calendar import WEEK, DayKind
from bot.domain.escalation import Level
from bot.domain.event import Severity
from bot.domain.facts import Facts
from bot.domain.filters import Condition, Filter
from bot.domain.incident import ChannelId
from bot.domain.lint import Code, rules
from bot.domain.lint.hours import cover, first_hole, spells
from bot.domain.lint.shape import key, looked_at
from bot.domain.organisation import Channel, Organisation
from bot.domain.people import AccountId, Target, TargetKind, TeamId
from bot.domain.rule import Rule
from bot.domain.schedule import Fallback, Schedule, ScheduleId
from bot.domain.time_filter import Period, TimeFilter, matches
from tests.domain.cast import ANA, OPS, people, person, team
from tests.domain.linting import NOW

PAYMENTS: Final = ChannelId(1)
TIMES: Final = st.sampled_from([time(0), time(2, 30), time(8), time(12), time(20), time(23, 59)])
FILTERS: Final = st.builds(
    TimeFilter,
    # Of which the first repeats and skips an hour within the weeks that are looked at.
    st.sampled_from(["Europe/Berlin", "Europe/Berlin", "UTC"]),
    st.lists(st.sampled_from(WEEK), unique=True, max_size=5).map(tuple),
    st.lists(st.builds(Period, TIMES, TIMES), max_size=2).map(tuple),
    st.sampled_from(["", "", "odd"]),
    st.sampled_from(DayKind),
)
INSTANTS: Final = st.integers(0, 2 * 7 * 24 * 6).map(
    lambda at: datetime(2026, 10, 18, tzinfo=UTC) + timedelta(minutes=10) * at
)


def odd(calendar: str, day: date) -> DayKind:
    """Say that days of odd numbers are worked."""
    del calendar
    return DayKind.WORK if day.day % 2 else DayKind.REST


@settings(max_examples=100)
@given(st.lists(FILTERS, max_size=3), FILTERS, st.lists(INSTANTS, min_size=5, max_size=20))
def test_times_that_are_covered_are_so_at_each_instant(
    wide: list[TimeFilter], narrow: TimeFilter, instants: list[datetime]
) -> None:
    if cover(wide, narrow):
        assert all(any(matches(one, at, odd) for one in wide) for at in instants if matches(narrow, at, odd))


@settings(max_examples=50)
@given(FILTERS, st.lists(INSTANTS, max_size=20))
def test_a_filter_holds_in_its_spells_and_at_no_other_time(when: TimeFilter, instants: list[datetime]) -> None:
    start, end = datetime(2026, 10, 18, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    found = spells(when, start, end, odd)
    assert all(any(begin <= at < until for begin, until in found) is matches(when, at, odd) for at in instants)


def test_a_day_and_a_night_cover_each_other_and_leave_no_hole() -> None:
    day = TimeFilter("Europe/Berlin", periods=(Period(time(8), time(20)),))
    night = TimeFilter("Europe/Berlin", periods=(Period(time(20), time(8)),))
    whole, evening = TimeFilter("Europe/Berlin", WEEK), NOW + timedelta(hours=18)
    assert cover([day, night], whole)
    assert not cover([day], whole)
    assert not cover([replace(day, timezone="UTC"), night], whole)
    assert first_hole([day, night], NOW, odd) is None
    assert first_hole([whole], NOW, odd) is None
    assert first_hole([day], NOW + timedelta(hours=10), odd) == evening


def a_rule(name: str, filtering: Filter, *levels: Level) -> Rule:
    return Rule(name, levels or (Level(chats=(OPS,)),), filtering)


def codes(*configured: Rule, schedules: Mapping[ScheduleId, Schedule] = MappingProxyType({})) -> list[Code]:
    channels = {PAYMENTS: Channel(PAYMENTS, "payments", rules=configured)}
    organisation = Organisation(0, people(reachable=[ANA]), channels, schedules=schedules)
    return [one.code for one in lint.findings(organisation, (), NOW)]


def test_filters_too_large_to_compare_are_not_said_to_be_shadowed() -> None:
    many = Filter(tuple((Condition("labels.host", (f"db{number}",)),) for number in range(50)))
    alike = [a_rule(f"rule {number}", many) for number in range(2)]
    assert codes(*alike, a_rule("rest", Filter())) == [Code.SHADOWED_RULE]
    # Each begins as the first does, and takes one thing more: so none of them is shadowed by those before.
    wider = [
        a_rule(f"wider {number}", Filter((*many.groups, (Condition("labels.host", (f"web{number}",)),))))
        for number in range(2)
    ]
    assert len(many.groups) * sum(len(one.filter.groups) for one in [*alike[:1], *wider]) > rules.MOST_COMPARED
    assert codes(alike[0], *wider, alike[1], a_rule("rest", Filter())) == []


def test_an_expression_that_cannot_be_read_matches_nothing() -> None:
    broken = Filter(((Condition("title", ("/(/",)),),))
    assert codes(a_rule("broken", broken), a_rule("rest", Filter())) == [Code.RULE_NEVER_MATCHES]


def test_a_shape_is_what_the_filters_of_a_channel_tell_apart() -> None:
    asked = Filter(((Condition("labels.team", ("db",)), Condition("title", ("disk*",))),))
    off = replace(a_rule("off", Filter(((Condition("labels.host", ("db1",)),),))), enabled=False)
    kept = looked_at(Channel(PAYMENTS, "payments", rules=(a_rule("disks", asked), off)))
    full = Facts(Severity.CRITICAL, "disk full", labels={"team": "db", "host": "db1"})
    alike = replace(full, title="disk slow", description="any", labels={"host": "db2", "team": "db"})
    assert key(full, kept) == key(alike, kept)
    others = [
        replace(full, severity=Severity.INFO),
        replace(full, title="cpu"),
        replace(full, labels={"team": "web", "host": "db1"}),
        replace(full, labels={"team": "db"}),
    ]
    assert len({key(one, kept) for one in (full, *others)}) == 5


def test_what_is_gone_or_refers_to_itself_reaches_nobody_and_stops_nothing() -> None:
    gone = Target(TargetKind.SCHEDULE, 9)
    off = Target(TargetKind.SCHEDULE, 8)
    schedules = {
        ScheduleId(8): Schedule(ScheduleId(8), "off", active=False),
        ScheduleId(7): Schedule(ScheduleId(7), "alone", fallback=Fallback((), ScheduleId(7))),
    }
    level = Level((gone, off, team(TeamId(99)), person(AccountId(99))))
    assert codes(a_rule("rule", Filter(), level), schedules=schedules) == [
        Code.RULE_REACHES_NOBODY,
        Code.SCHEDULE_LOOP,
    ]
