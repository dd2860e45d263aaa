"""Schedules in forms and in answers: whom they mean now, by a number that is clear, and who comes next."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.escalation import Level
from bot.domain.incident import Reason, Refused
from bot.domain.people import AccountId, Coming, Target, TargetKind
from bot.domain.rotation import Layer, Unit
from bot.domain.schedule import Schedule, ScheduleId
from cards import assigning, forms, notes
from cards.plain import spoken
from tests.cards.stories import BO, CHEN, LEVELS, NIGHT, Story
from tests.cards.test_forms import labels, organisation

BEGAN = NIGHT - timedelta(days=1)


def layer(role: str, *members: AccountId, start: datetime = BEGAN) -> Layer:
    return Layer(role, (members,), start.replace(tzinfo=None), unit=Unit.DAY, role=role)


SCHEDULES = (
    Schedule(ScheduleId(1), "core", layers=(layer("primary", BO, start=NIGHT + timedelta(days=1)),)),
    Schedule(ScheduleId(2), "payments", layers=(layer("primary", BO), layer("late shift", CHEN, AccountId(99)))),
    Schedule(ScheduleId(3), "gone", active=False),
)
BY_SCHEDULE = Level((Target(TargetKind.SCHEDULE, 2),))
CONFIGURED = replace(organisation(*LEVELS, BY_SCHEDULE), schedules={one.id: one for one in SCHEDULES})


def test_forms_offer_schedules_those_of_the_rule_first_with_who_is_on_call_now() -> None:
    configured = CONFIGURED.at(NIGHT)
    offered = forms.offer(Story().incident, configured, NIGHT)
    for form in (forms.reassign, forms.add, forms.escalate):
        made = form(Story().scene(), offered)
        assert made.fields[-1].name == "schedule"
        assert list(labels(made, "schedule").items()) == [
            ("@s2", "payments: Bo, Chen"),
            ("@s2/primary", "payments/primary: Bo"),
            ('"@s2/late shift"', "payments/late shift: Chen"),
            ("@s1", "core: nobody now"),
        ]


@pytest.mark.parametrize(
    ("target", "label"),
    [
        (Target(TargetKind.ACCOUNT, BO), "Bo (bo@example.com)"),
        (Target(TargetKind.TEAM, 7), "team:sre"),
        (Target(TargetKind.SCHEDULE, 2), "schedule:payments"),
        (Target(TargetKind.SCHEDULE, 2, "primary"), "schedule:payments/primary"),
    ],
)
def test_a_choice_is_called_as_it_can_be_typed(target: Target, label: str) -> None:
    assert assigning.label_of(target, CONFIGURED) == label


def test_where_nobody_is_on_call_it_is_said_who_comes_next() -> None:
    scene = Story().scene()
    coming = Coming(NIGHT + timedelta(hours=6), (BO, AccountId(99)))
    said = spoken(notes.refusal(scene, Refused(Reason.NOBODY_ON_CALL, coming=coming), NIGHT).text)
    assert said.startswith("Nobody is on call there now, so #42 stays as it was. Next: Bo, from ")
    never = spoken(notes.refusal(scene, Refused(Reason.NOBODY_ON_CALL), NIGHT).text)
    assert never == "Nobody is on call there, now or later, so #42 stays as it was."
