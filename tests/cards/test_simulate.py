"""What is said of a simulation: each line and each suppression has its words, and a long one fits into a note."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.definition import ChatDefinition, LevelDefinition, RuleDefinition
from bot.domain.escalation import WhenNobody
from bot.domain.filters import Condition, Filter
from bot.domain.flow import Arrival
from bot.domain.incident import Acknowledge, Actor
from bot.domain.ledger import Telling, Unreached
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, AccountId
from bot.domain.rehearsal import Failing
from bot.domain.schedule import Origin, Source
from bot.domain.simulate import Act, Duty, Fate, Ground, Line, Passed
from bot.domain.simulate import simulate as run_simulation
from cards import simulate
from cards.card import Note
from cards.ledger import Eye
from cards.plain import spoken
from tests.domain.test_simulate import EVENT, MINUTE, NIGHT, organisation, person, place, rule, run, to


def rows(note: Note) -> list[str]:
    return [spoken(row) for row in note.rows]


def what_if(there: Organisation, failing: Failing | None = None, locale: str = "en") -> Note:
    return simulate.what_if(run(there, failing), Eye(locale, "UTC", there))


def test_who_would_be_told_is_said_line_by_line() -> None:
    there = organisation(rule(to("ana", repeat_every=MINUTE, repeat_times=1)))
    note = what_if(there, Failing(refused=frozenset({place(there, "Dee")})))
    assert spoken(note.text) == (
        "If Critical came to payments at 2026-11-21 03:00 UTC, and nobody reacted: 6 messages · Ana, Bo, Dee"
    )
    assert rows(note) == [
        "+0:00 · the incident opens, by rule “all”",
        "+0:00 · Ana · acme (level 1 of rule “all”, turn 1): told",
        "+1:00 · Ana · acme (level 1 of rule “all”, turn 2): told",
        "+2:00 · Ana · SMS (level 1 of rule “all”, turn 2, after 2 min if nobody acts): told",
        "+5:00 · Every level told, nobody acknowledged",
        "+5:00 · Ana · call (level 1 of rule “all”, turn 2, after 5 min if nobody acts): told",
        "+5:00 · Bo · acme (word for the team and the admins): told",
        "+5:00 · Dee · acme (word for the team and the admins): refused, by assumption",
        "+5:00 · Dee · SMS (word for the team and the admins, if acme fails): told",
    ]


def test_what_does_not_fit_is_counted() -> None:
    there = organisation(rule(to("ana", "bo", "dee", repeat_every=MINUTE, repeat_times=6)))
    said = rows(what_if(there))
    assert len(said) == simulate.MOST_SHOWN + 1
    assert said[-1].endswith("more lines")


def test_where_nobody_is_told_it_says_so() -> None:
    there = organisation()
    note = what_if(there, Failing(refusing=frozenset({*there.workspaces, *LINES.values()})))
    assert spoken(note.text).endswith("nobody would be told")
    assert rows(note)[:2] == [
        "+0:00 · the incident opens; no rule is for it",
        "+0:00 · Nobody told: no escalation rule",
    ]


def test_the_catch_all_chats_and_rough_times_are_named() -> None:
    chats = LevelDefinition(chats=(ChatDefinition("acme", "C1"),))
    there = organisation(rule(to("team:empty", when_nobody=WhenNobody.CATCH_ALL), chats))
    caught = "the level names nobody who can be told, so those who must know are"
    assert f"+0:00 · Bo · acme (level 1 of rule “all”, turn 1, {caught}): told" in rows(what_if(there))
    found = run(there)
    eye = Eye("en", "UTC", there)
    assert spoken(simulate.rough(found, "en")) == ""
    rough = type(found)(found.incident, found.ledger, (), NIGHT + timedelta(hours=1, minutes=2, seconds=3))
    assert rows(simulate.what_if(rough, eye)) == ["from +1:02:03 on, times depend on when what is dark is tried again"]
    assert "C1" in spoken(simulate.head(found, eye))


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (Condition("severity", ("Info",)), "severity is Critical, not Info"),
        (Condition("severity", ("Critical",), negated=True), "severity is Critical, which it excludes"),
        (Condition("labels.env", ("a", "b", "c", "d")), "there is no labels.env, a / b / c … is wanted"),
    ],
)
def test_a_filter_says_what_is_not_true(condition: Condition, why: str) -> None:
    other = RuleDefinition("other", (to("bo"),), filter=Filter(((condition,),)))
    there = organisation(other, rule(to("ana")))
    assert rows(what_if(there))[0] == f"+0:00 · rule “other” is not followed: {why}"


def test_other_reasons_have_their_words() -> None:
    for ground in Ground:
        assert simulate.passed(Passed("other", ground), "en")
        assert simulate.passed(Passed("other", ground), "zh") != simulate.passed(Passed("other", ground), "en")


def test_somebody_whom_no_way_leads_to_is_named_and_messages_speak_for_themselves() -> None:
    there = organisation(rule(to("ana")))
    found, eye = run(there), Eye("en", "UTC", there)
    nowhere = Unreached(NIGHT, AccountId(1), 1)
    assert spoken(simulate.row(Line(NIGHT, timedelta(), nowhere), found, eye)) == (
        "+0:00 · 03:00 UTC · Ana (level 1): not delivered · no way to them is known"
    )
    telling = next(one.what for one in found.told if isinstance(one.what, Telling))
    assert simulate.happening(telling, found, eye) == ()
    assert spoken(simulate.row(Line(NIGHT, timedelta(), telling), found, eye)).endswith("still waiting")


def test_every_fate_has_its_words_in_chinese() -> None:
    there = organisation(rule(to("ana")))
    assert set(simulate.FATES) == set(Fate)
    assert rows(what_if(there, locale="zh"))[0] == "+0:00 · 故障触发，采用策略“all”"


def test_who_acts_is_in_line_and_what_is_refused_says_why() -> None:
    there = organisation(rule(to("ana"), to("bo")))
    ana, bo = (Actor(person(there, name)) for name in ("Ana", "Bo"))
    acts = (
        Act(MINUTE, Acknowledge(ana)),
        Act(2 * MINUTE, Acknowledge(bo)),
        Act(3 * MINUTE, None),
        Act(4 * MINUTE, None),
    )
    note = simulate.what_if(run(there, acts=acts), Eye("en", "UTC", there))
    assert spoken(note.text).startswith("If Critical came to payments at 2026-11-21 03:00 UTC, and nobody reacted but ")
    assert rows(note) == [
        "+0:00 · the incident opens, by rule “all”",
        "+0:00 · Ana · acme (level 1 of rule “all”, turn 1): told",
        "+1:00 · Ana acknowledged it",
        "+2:00 · Bo could do nothing: Already acknowledged by Ana 1 min ago; nothing changed.",
        "+3:00 · Recovered",
        "+4:00 · the monitoring says once more that it is over: nothing follows",
    ]


def test_by_which_schedule_somebody_is_on_call_is_named() -> None:
    sources = [
        (Source(Origin.LAYER, "weekdays"), "primary", "on call by schedule payments (layer weekdays)"),
        (Source(Origin.OVERRIDE, "a swap"), "backup", "on call by schedule payments/backup (override a swap)"),
        (Source(Origin.OVERRIDE, ""), "primary", "on call by schedule payments (override)"),
        (Source(Origin.FALLBACK, "core"), "primary", "on call by schedule payments (fallback core)"),
    ]
    for source, role, expected in sources:
        assert simulate.on_call_by(Duty("payments", role, source), "en") == expected
    there = organisation(rule(to("ana")))
    found = run(there)
    told = next(one for one in found.told)
    duty = replace(told, duty=Duty("payments", "primary", sources[0][0]))
    assert spoken(simulate.row(duty, found, Eye("en", "UTC", there))) == (
        "+0:00 · Ana · acme (level 1 of rule “all”, turn 1, on call by schedule payments (layer weekdays)): told"
    )


def test_which_label_says_whom_a_level_tells_is_a_line() -> None:
    there = organisation(rule(to("ana")))
    key = "layer_person_reset_0_emails"
    channel = next(iter(there.channels))
    team = "layer_person_reset_0_team_names"
    labels = {key: "bo@example.com,eve@example.com", key.replace("0", "3"): "bo@example.com", team: "night watch"}
    event = replace(EVENT, labels=labels)
    found = run_simulation(there, Arrival(event, channel, "disk"), NIGHT)
    assert rows(simulate.what_if(found, Eye("en", "UTC", there)))[1:5] == [
        f"+0:00 · Level 1 tells Bo, as {key} says; not known or not to be told: eve@example.com",
        f"+0:00 · Level 1 keeps its own: nobody whom {team} names can be told: night watch",
        "+0:00 · There is no level 4 for layer_person_reset_3_emails: the rule has 1",
        "+0:00 · Bo · acme (level 1 of rule “all”, turn 1): told",
    ]
