"""Calendars, schedules, and the conditions of rules: as people write them, what they mean, and what is wrong."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given

from bot.config import turns
from bot.config.define import define
from bot.config.export import export
from bot.config.load import Config, load
from bot.domain.calendar import WEEK, DayKind, Weekday
from bot.domain.definition import (
    ChannelDefinition,
    Definition,
    Kept,
    Kind,
    LevelDefinition,
    RuleDefinition,
    TargetDefinition,
)
from bot.domain.escalation import WhenNobody
from bot.domain.filters import Condition, Filter
from bot.domain.organise import organise
from bot.domain.people import AccountId, Target, TargetKind
from bot.domain.rotation import Handover, Unit
from bot.domain.schedule import ScheduleId, on_call
from bot.domain.schedule_definition import (
    CalendarDefinition,
    FallbackDefinition,
    HandoverDefinition,
    LayerDefinition,
    OverrideDefinition,
    RotationDefinition,
    ScheduleDefinition,
)
from bot.domain.time_filter import Period, TimeFilter
from bot.domain.week_hours import DailyPeriod, WeeklyPeriod
from storage import codec
from tests.config.example import context, definitions, fingerprint
from tests.config.strategies import organisations

PEOPLE = """\
accounts:
  - {name: Ana, email: ana@example.com, role: owner}
  - {name: Bo, email: bo@example.com}
  - {name: Chen, email: chen@example.com}
  - {name: Dee, email: dee@example.com}
"""
FULL = f"""\
{PEOPLE}calendars:
  - name: cn
    country: cn
    exceptions: {{2026-12-24: rest}}
  - name: bavaria
    country: DE
    subdivision: BY
    workdays: [mon-thu, sun]
schedules:
  - name: payments
    timezone: Europe/Berlin
    fallback: account:dee@example.com
    layers:
      - name: primary
        rotation: {{every: 1w, handover: mon 09:00}}
        members: [ana@example.com, [bo@example.com, Chen@example.com]]
        start: 2026-11-02
      - name: nights
        rotation: {{every: 1mo, handover: last 09:00, length: 12h}}
        members: bo@example.com
        start: 2026-11-02T10:00
        end: 2027-01-01
        timezone: Asia/Shanghai
        hours: ["22:00-06:00", "fri 18:00 - sun 24:00"]
        weekdays: mon-fri
        role: backup
        continuous: true
        fair: yes
    overrides:
      - start: 2026-12-24T00:00
        end: 2026-12-27T00:00+09:00
        members: [dee@example.com]
        replaces: ana@example.com
        why: holidays
      - start: 2026-12-28T08:00
        end: 2027-01-27T00:00
        members: [dee@example.com, ana@example.com]
        rotation: {{every: 1w}}
  - name: second
    fallback: [schedule:payments, account:ana@example.com]
channels:
  - name: payments
    escalation:
      - name: china
        enabled: false
        when:
          timezone: Asia/Shanghai
          weekdays: [mon-fri]
          hours: ["09:00-18:00"]
          calendar: {{cn: work}}
          filter: [{{severity: Critical, not labels.env: dev}}]
        delay: 2m
        levels:
          - targets: ["schedule:payments", "schedule:payments/backup"]
            when_nobody: hold
"""
SCHEDULE = f"{PEOPLE}schedules:\n  - name: payments\n    timezone: Europe/Berlin\n    "
LAYER = f"{SCHEDULE}layers:\n      - name: a\n        members: [ana@example.com]\n        start: 2026-11-02\n        "
WEEKLY = f"{LAYER}rotation: {{every: 1w}}\n        "
CHANGE = f"{SCHEDULE}overrides:\n      - members: [ana@example.com]\n        "
RULE = (
    f"{PEOPLE}calendars: [{{name: cn}}]\nchannels:\n  - name: c\n    escalation:\n      - name: r\n"
    "        levels: [{targets: ['account:ana@example.com']}]\n        "
)


def wall(text: str) -> datetime:
    """Return a local time."""
    return datetime.fromisoformat(text)


def body(kind: Kind, name: str, text: str = FULL) -> object:
    (found,) = [one.body for one in definitions(text) if (one.kind, one.name) == (kind, name)]
    return found


def test_a_schedule_is_what_it_says() -> None:
    primary = LayerDefinition(
        "primary",
        RotationDefinition(
            (("ana@example.com",), ("bo@example.com", "chen@example.com")), handover=HandoverDefinition(time(9))
        ),
        # A date alone is at the hand-over: Ana's first week is whole.
        wall("2026-11-02T09:00"),
    )
    nights = LayerDefinition(
        "nights",
        RotationDefinition(
            members=(("bo@example.com",),),
            unit=Unit.MONTH,
            handover=HandoverDefinition(time(9), day=31),
            timezone="Asia/Shanghai",
            hours=(
                DailyPeriod(time(22), time(6)),
                WeeklyPeriod(Weekday.FRI, time(18), Weekday.MON, time(0)),
            ),
            weekdays=WEEK[:5],
            continuous=True,
            fair=True,
            length=12,
        ),
        wall("2026-11-02T10:00"),
        wall("2027-01-01T09:00"),
        "backup",
    )
    christmas = OverrideDefinition(
        datetime(2026, 12, 23, 23, 0, tzinfo=UTC),
        datetime(2026, 12, 26, 15, 0, tzinfo=UTC),
        ("dee@example.com",),
        replaces="ana@example.com",
        why="holidays",
    )
    # Without a hand-over of its own it changes as it starts: on a Monday at eight.
    january = OverrideDefinition(
        datetime(2026, 12, 28, 7, 0, tzinfo=UTC),
        datetime(2027, 1, 26, 23, 0, tzinfo=UTC),
        rotation=RotationDefinition((("dee@example.com",), ("ana@example.com",)), handover=HandoverDefinition(time(8))),
    )
    assert body(Kind.SCHEDULE, "payments") == ScheduleDefinition(
        "payments",
        "Europe/Berlin",
        (primary, nights),
        (christmas, january),
        FallbackDefinition(("dee@example.com",)),
    )
    assert body(Kind.SCHEDULE, "second") == ScheduleDefinition(
        "second", fallback=FallbackDefinition(("ana@example.com",), "payments")
    )


def test_a_calendar_is_what_it_says() -> None:
    assert body(Kind.CALENDAR, "cn") == CalendarDefinition("cn", "CN", exceptions={date(2026, 12, 24): DayKind.REST})
    bavaria = CalendarDefinition("bavaria", "DE", "BY", (*WEEK[:4], Weekday.SUN))
    assert body(Kind.CALENDAR, "bavaria") == bavaria


def test_a_rule_is_what_it_says() -> None:
    rule = RuleDefinition(
        "china",
        (
            LevelDefinition(
                (
                    TargetDefinition(TargetKind.SCHEDULE, "payments"),
                    TargetDefinition(TargetKind.SCHEDULE, "payments", "backup"),
                ),
                when_nobody=WhenNobody.HOLD,
            ),
        ),
        Filter(((Condition("severity", ("Critical",)), Condition("labels.env", ("dev",), negated=True)),)),
        TimeFilter("Asia/Shanghai", WEEK[:5], (Period(time(9), time(18)),), "cn"),
        timedelta(minutes=2),
        enabled=False,
    )
    assert body(Kind.CHANNEL, "payments") == ChannelDefinition("payments", escalation=(rule,))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("rotation: {every: 8h}", (Unit.HOUR, 8, HandoverDefinition(time(0)))),
        ("rotation: {every: 1d, handover: '09:30'}", (Unit.DAY, 1, HandoverDefinition(time(9, 30)))),
        ("rotation: {every: 2w}", (Unit.WEEK, 2, HandoverDefinition(time(0), Weekday.MON))),
        ("rotation: {every: 2w, handover: '09:30'}", (Unit.WEEK, 2, HandoverDefinition(time(9, 30), Weekday.MON))),
        ("rotation: {every: 1w, handover: Fri 17:00}", (Unit.WEEK, 1, HandoverDefinition(time(17), Weekday.FRI))),
        ("rotation: {every: 3mo}", (Unit.MONTH, 3, HandoverDefinition(day=2))),
        ("rotation: {every: 1mo, handover: 22nd 08:00}", (Unit.MONTH, 1, HandoverDefinition(time(8), day=22))),
        ("rotation: {every: 1mo, handover: last 08:00}", (Unit.MONTH, 1, HandoverDefinition(time(8), day=31))),
    ],
)
def test_turns_are_written_as_people_say_them(said: str, meant: tuple[Unit, int, HandoverDefinition]) -> None:
    schedule = body(Kind.SCHEDULE, "payments", f"{LAYER}{said}\n")
    assert isinstance(schedule, ScheduleDefinition)
    rotation = schedule.layers[0].rotation
    assert (rotation.unit, rotation.every, rotation.handover) == meant


def test_each_day_of_the_month_has_its_name() -> None:
    names = [turns.write_handover(Unit.MONTH, HandoverDefinition(day=day)) for day in range(1, 29)]
    assert names[:4] == ["1st 00:00", "2nd 00:00", "3rd 00:00", "4th 00:00"]
    assert names[10:13] == ["11th 00:00", "12th 00:00", "13th 00:00"]
    assert names[20:23] == ["21st 00:00", "22nd 00:00", "23rd 00:00"]
    assert [turns.read_handover(name).day for name in names] == list(range(1, 29))


def test_a_layer_that_starts_with_an_offset_starts_in_its_own_zone() -> None:
    schedule = body(Kind.SCHEDULE, "payments", f"{WEEKLY}".replace("2026-11-02", "2026-11-02T09:00Z"))
    assert isinstance(schedule, ScheduleDefinition)
    assert schedule.layers[0].start == wall("2026-11-02T10:00")


def test_a_time_that_comes_twice_is_told_apart_by_its_offset() -> None:
    text = f"{CHANGE}start: 2026-10-25T02:30+01:00\n        end: 2026-10-25T04:00\n"
    again = export(definitions(text), fingerprint)
    assert "start: 2026-10-25T02:30+01:00\n" in again
    assert "end: 2026-10-25T04:00\n" in again
    assert definitions(again) == definitions(text)


def test_a_calendar_alone_means_its_workdays() -> None:
    found = definitions(f"{RULE}when: {{calendar: cn}}")[-1].body
    assert isinstance(found, ChannelDefinition)
    assert found.escalation[0].when == TimeFilter(calendar="cn")


@given(organisations())
def test_what_is_stored_is_read_as_it_was(stored: tuple[Definition, ...]) -> None:
    for one in stored:
        written = codec.BODIES[one.kind].write(one.body)
        assert codec.BODIES[one.kind].read(written) == one.body
        assert type(codec.BODIES[one.kind].read(written)) is type(one.body)


def organised(text: str = FULL, *, without: tuple[str, ...] = ()) -> list[Kept]:
    """Return what is kept of the file, numbered from 1, some of it gone."""
    found = load(text, context())
    assert isinstance(found, Config)
    return [Kept(number, one.body, active=one.name not in without) for number, one in enumerate(define(found), start=1)]


def test_the_organisation_has_the_schedules_and_the_calendars() -> None:
    made = organise(1, organised())
    assert sorted(made.calendars) == ["bavaria", "cn"]
    payments = made.schedules[ScheduleId(7)]
    assert [layer.handover for layer in payments.layers] == [Handover(time(9)), Handover(time(9), day=31)]
    assert payments.layers[0].members == ((AccountId(1),), (AccountId(2), AccountId(3)))
    rotating = payments.overrides[1].rotation
    assert rotating is not None
    assert (rotating.start, rotating.end) == (wall("2026-12-28T08:00"), None)
    (rule,) = made.channels[next(iter(made.channels))].rules
    assert rule.levels[0].targets == (
        Target(TargetKind.SCHEDULE, 7),
        Target(TargetKind.SCHEDULE, 7, "backup"),
    )
    assert (rule.levels[0].when_nobody, rule.delay, rule.enabled) == (WhenNobody.HOLD, timedelta(minutes=2), False)
    at = datetime(2026, 11, 10, 12, tzinfo=UTC)
    on_duty = made.at(at).people.resolve([Target(TargetKind.SCHEDULE, 7, "primary")])
    assert on_duty == (AccountId(2), AccountId(3))


def test_who_is_gone_leaves_the_turns_of_the_others_where_they_were() -> None:
    made = organise(1, organised(without=("bo@example.com",)))
    payments = made.schedules[ScheduleId(7)]
    assert payments.layers[0].members == ((AccountId(1),), (AccountId(3),))
    assert payments.layers[1].members == ((),)


def test_a_change_for_somebody_who_is_gone_is_left_out() -> None:
    payments = organise(1, organised(without=("ana@example.com",))).schedules[ScheduleId(7)]
    assert [one.why for one in payments.overrides] == [""]


def test_what_is_gone_is_on_duty_no_more() -> None:
    made = organise(1, organised(without=("payments", "cn")))
    assert on_call(made.schedules[ScheduleId(7)], datetime(2026, 11, 10, tzinfo=UTC)) == ()
    fallback = made.schedules[ScheduleId(8)].fallback
    assert fallback is not None
    assert (fallback.accounts, fallback.schedule) == ((AccountId(1),), None)
    assert list(made.calendars) == ["bavaria"]
