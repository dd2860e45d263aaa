"""However an incident came to have no next step, it goes on: after that it has one, or says why not."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.adrift import FOUND, is_adrift, resumed
from bot.domain.escalation import Level
from bot.domain.incident import (
    Announce,
    ChannelId,
    Entry,
    Idle,
    Incident,
    IncidentId,
    Notify,
    Progress,
    Record,
    Rules,
    Step,
    Tick,
)
from bot.domain.law import step
from bot.domain.people import People
from tests.domain.cast import ANA, BO, FACTS, NIGHT, level, people, person
from tests.domain.rules import levels, staffs

ADRIFT = Incident(IncidentId(1), ChannelId(1), FACTS, NIGHT, "default", level=0)
HOUR = timedelta(hours=1)


def go_on(incident: Incident, rule: list[Level]) -> Step:
    """Return what becomes of it an hour after it was opened."""
    return resumed(incident, Rules(tuple(rule), people()), NIGHT + HOUR)


def told(made: Step) -> list[Notify]:
    """Return who is told."""
    return [effect for effect in made.effects if isinstance(effect, Notify)]


def test_its_level_is_told_again_and_has_its_whole_time() -> None:
    made = go_on(replace(ADRIFT, level=1), [level(ANA), level(BO, after=10)])

    assert [(one.level, one.accounts) for one in told(made)] == [(1, (BO,))]
    assert made.incident.due == NIGHT + HOUR + timedelta(minutes=10)
    entries = [effect for effect in made.effects if isinstance(effect, Record)]
    assert entries[0] == Record(Entry.COMMENTED, said={"text": FOUND})
    assert [one.entry for one in entries] == [Entry.COMMENTED, Entry.NOTIFIED]


def test_who_was_given_it_by_hand_is_told_and_not_the_level() -> None:
    made = go_on(replace(ADRIFT, assigned=(person(BO),)), [level(ANA)])

    assert [one.accounts for one in told(made)] == [(BO,)]


def test_one_that_never_entered_a_level_enters_the_first() -> None:
    made = go_on(replace(ADRIFT, level=-1), [level(ANA), level(BO)])

    assert [one.accounts for one in told(made)] == [(ANA,)]


def test_without_a_rule_the_admins_are_told() -> None:
    made = go_on(ADRIFT, [])

    assert made.incident.idle is Idle.NO_RULE
    assert Announce(Entry.NO_RULE) in made.effects


def test_what_has_a_next_step_or_a_reason_is_not_adrift() -> None:
    assert is_adrift(ADRIFT)
    assert not is_adrift(replace(ADRIFT, repeat_at=NIGHT))
    assert not is_adrift(replace(ADRIFT, snoozed_until=NIGHT))
    assert not is_adrift(replace(ADRIFT, idle=Idle.EXHAUSTED))
    assert not is_adrift(replace(ADRIFT, progress=Progress.PROCESSING))


@given(rule=levels(), who=staffs(), at=st.integers(-1, 5))
def test_afterwards_it_is_adrift_no_more_and_its_next_tick_does_no_harm(
    rule: list[Level], who: People, at: int
) -> None:
    rules = Rules(tuple(rule), who)

    made = resumed(replace(ADRIFT, level=at), rules, NIGHT + HOUR)

    assert not is_adrift(made.incident)
    assert made.incident.version > ADRIFT.version
    later = step(made.incident, Tick(), rules, NIGHT + 2 * HOUR).incident
    assert not is_adrift(later)
