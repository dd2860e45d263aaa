"""How whoever a schedule has on call is named in a sentence."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import commands
from bot.commands import Command, NotUnderstood, Unclear
from bot.domain import incident as happening
from bot.domain.people import AccountId, Target, TargetKind
from bot.domain.rotation import Layer, Unit
from bot.domain.schedule import Schedule, ScheduleId
from cards.assigning import token_of
from tests.support.clocks import START
from tests.test_commands import SPEAKER, account, team

BEGAN = (START - timedelta(days=30)).replace(tzinfo=None)


def layer(name: str, role: str) -> Layer:
    return Layer(name, ((AccountId(1),),), BEGAN, unit=Unit.DAY, role=role)


SCHEDULES = (
    Schedule(ScheduleId(1), "payments", layers=(layer("days", "primary"), layer("nights", "backup"))),
    Schedule(ScheduleId(2), "sre", layers=(layer("days", "primary"), layer("nights", "Night shift"))),
    Schedule(ScheduleId(3), "Core EU"),
    Schedule(ScheduleId(4), "gone", active=False),
)
WITH_SCHEDULES = replace(SPEAKER, schedules=SCHEDULES)


def asked(text: str, *, is_token: bool = False) -> object:
    command = commands.parse(text, is_token=is_token)
    return command if isinstance(command, NotUnderstood) else commands.action(command, WITH_SCHEDULES)


def schedule(number: int, role: str = "") -> Target:
    return Target(TargetKind.SCHEDULE, number, role)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("schedule:payments", (schedule(1),)),
        ("Schedule: Payments", (schedule(1),)),
        ("schedule payments", (schedule(1),)),
        ("值班表：payments/backup", (schedule(1, "backup"),)),
        ("payments", (schedule(1),)),
        ("payments/Backup", (schedule(1, "backup"),)),
        ("to payments/primary and ana", (schedule(1, "primary"), account(1))),
        ("schedule:sre", (schedule(2),)),
        ("team:sre", (team(7),)),
        ("sre/night shift", (schedule(2, "Night shift"),)),
        ("core eu ana", (schedule(3), account(1))),
        ('schedule:"Core EU" sre/primary', (schedule(3), schedule(2, "primary"))),
        ("“core eu/primary”", (schedule(3, "primary"),)),
    ],
)
@pytest.mark.parametrize("verb", ["reassign", "escalate", "add"])
def test_a_schedule_is_named_with_or_without_a_role(verb: str, said: str, meant: tuple[Target, ...]) -> None:
    action = asked(f"{verb} 42 {said}")
    assert isinstance(action, happening.AddResponder if verb == "add" else happening.Reassign)
    assert action.targets == meant


@pytest.mark.parametrize("meant", [account(1), team(7), schedule(1), schedule(1, "backup"), schedule(2, "Night shift")])
def test_what_a_form_says_by_number_means_the_same(meant: Target) -> None:
    action = asked(f"reassign 42 v7 {token_of(meant)} {token_of(account(5))}", is_token=True)
    assert isinstance(action, happening.Reassign)
    assert action.targets == (meant, account(5))


def test_a_name_of_a_team_and_a_schedule_is_unclear() -> None:
    command = commands.parse("add 42 ana sre")
    assert isinstance(command, Command)
    assert commands.action(command, WITH_SCHEDULES) == Unclear("sre", (team(7), schedule(2)), "ana ", "")


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("schedule:paymnts", "No schedule is called “paymnts”. Did you mean payments?"),
        ("schedule zzz", "No schedule is called “zzz”. For example: reassign 42"),
        ("schedule:gone", "No schedule is called “gone”."),
        ("payments/standby", "The schedule payments has no role “standby”. It has: primary, backup."),
        ("schedule:core eu/", "No schedule is called “core”."),
        ("@s9", "Nobody is called “@s9”"),
        ("@s1/standby", "Nobody is called “@s1/standby”"),
        ("@1/backup", "Nobody is called “@1/backup”"),
        ("this/that", "Nobody is called “this/that”"),
        ("paiments", "Nobody is called “paiments”. Did you mean payments?"),
    ],
)
def test_what_no_schedule_is_called_is_answered_in_a_line(said: str, hint: str) -> None:
    answer = asked(f"reassign 42 {said}")
    assert isinstance(answer, NotUnderstood)
    assert str(answer).startswith(hint)
    assert answer.field == "who"


def test_where_people_alone_are_asked_for_no_schedule_is_meant() -> None:
    command = commands.parse("reassign 42 payments")
    assert isinstance(command, Command)
    assert isinstance(commands.action(command, SPEAKER), NotUnderstood)
