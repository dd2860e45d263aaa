"""What a level does when nobody is on duty, and what a rule holds back at first."""

from datetime import datetime, timedelta

from bot.domain.escalation import Level, WhenNobody
from bot.domain.frozen import replace
from bot.domain.incident import (
    Acknowledge,
    Entry,
    Idle,
    Incident,
    Notify,
    Progress,
    Record,
    Recover,
    Rules,
    Step,
    Tick,
)
from bot.domain.law import start, step
from bot.domain.people import AccountId, Coming, Target, TargetKind
from tests.domain.cast import ANA, BO, BY_ANA, DEE, FACTS, MINUTE, NIGHT, RECOVERED, level, people

SCHEDULE = Target(TargetKind.SCHEDULE, 7)
MORNING = NIGHT + timedelta(hours=5)


def staffed(*on_duty: AccountId, again: datetime | None = None, levels: tuple[Level, ...] = ()) -> Rules:
    """Return rules by a schedule that has these on duty now, and somebody `again` then."""

    def now(*_: object) -> tuple[AccountId, ...]:
        return on_duty

    def then(*_: object) -> Coming | None:
        return Coming(again, (BO,)) if again is not None else None

    everybody = replace(people(), on_duty=now, comes_on_duty=then)
    return Rules(levels, everybody, catch_all=(DEE,))


def opened(rules: Rules) -> Step:
    return start(Incident(1, 1, FACTS, opened_at=NIGHT, rule="all"), rules, NIGHT)  # type: ignore[arg-type]


def told(made: Step) -> list[tuple[AccountId, ...]]:
    return [effect.accounts for effect in made.effects if isinstance(effect, Notify)]


def said(made: Step) -> list[Entry]:
    return [effect.entry for effect in made.effects if isinstance(effect, Record)]


def by_schedule(when_nobody: WhenNobody = WhenNobody.PASS) -> Level:
    return Level((SCHEDULE,), when_nobody=when_nobody)


def test_whoever_is_on_duty_is_told() -> None:
    assert told(opened(staffed(ANA, levels=(by_schedule(),)))) == [(ANA,)]


def test_a_level_that_nobody_is_on_duty_for_is_passed_at_once() -> None:
    made = opened(staffed(levels=(by_schedule(), level(BO))))

    assert (told(made), said(made)[1:]) == ([(BO,)], [Entry.LEVEL_EMPTY, Entry.NOTIFIED])


def test_a_level_can_be_held_until_the_next_shift() -> None:
    levels = (by_schedule(WhenNobody.HOLD), level(BO))
    made = opened(staffed(again=MORNING, levels=levels))
    assert (told(made), said(made)[1:], made.incident.due) == ([], [Entry.LEVEL_HELD], MORNING)

    early = step(made.incident, Tick(), staffed(again=MORNING, levels=levels), NIGHT + MINUTE)
    assert early == Step(made.incident)
    then = step(made.incident, Tick(), staffed(ANA, levels=levels), MORNING)
    assert (told(then), then.incident.level, then.incident.turn) == ([(ANA,)], 0, 0)
    assert then.incident.escalate_at == MORNING + 5 * MINUTE


def test_a_level_is_held_no_longer_than_until_somebody_is_on_duty_after_all() -> None:
    levels = (by_schedule(WhenNobody.HOLD), level(BO))
    made = opened(staffed(again=MORNING, levels=levels))

    sooner = step(made.incident, Tick(), staffed(again=NIGHT + 9 * MINUTE, levels=levels), NIGHT + MINUTE)
    assert isinstance(sooner, Step)
    assert (told(sooner), sooner.incident.due) == ([], NIGHT + 9 * MINUTE)
    at_once = step(made.incident, Tick(), staffed(ANA, again=MORNING, levels=levels), NIGHT + MINUTE)
    assert isinstance(at_once, Step)
    assert (told(at_once), at_once.incident.turn) == ([(ANA,)], 0)
    assert at_once.incident.escalate_at == NIGHT + 6 * MINUTE


def test_a_level_whose_next_shift_falls_away_is_passed() -> None:
    levels = (by_schedule(WhenNobody.HOLD), level(BO))
    made = opened(staffed(again=MORNING, levels=levels))

    assert told(step(made.incident, Tick(), staffed(levels=levels), MORNING)) == [(BO,)]


def test_a_level_that_cannot_be_held_because_nobody_ever_comes_is_passed() -> None:
    assert told(opened(staffed(levels=(by_schedule(WhenNobody.HOLD), level(BO))))) == [(BO,)]


def test_who_acknowledges_while_a_level_is_held_is_not_told_again() -> None:
    levels = (by_schedule(WhenNobody.HOLD),)
    made = opened(staffed(again=MORNING, levels=levels))
    taken = step(made.incident, Acknowledge(BY_ANA), staffed(again=MORNING, levels=levels), NIGHT + MINUTE)

    assert isinstance(taken, Step)
    assert (taken.incident.due, taken.incident.idle) == (None, Idle.ACKNOWLEDGED)


def test_a_level_can_tell_those_who_must_know_when_nobody_is_on_duty() -> None:
    assert told(opened(staffed(levels=(by_schedule(WhenNobody.CATCH_ALL), level(BO))))) == [(DEE,)]
    assert told(opened(staffed(ANA, levels=(by_schedule(WhenNobody.CATCH_ALL),)))) == [(ANA,)]


def test_a_rule_may_hold_its_first_notification_back() -> None:
    rules = replace(staffed(ANA, levels=(by_schedule(),)), delay=2 * MINUTE)
    made = opened(rules)
    assert (told(made), said(made), made.incident.due) == ([], [Entry.OPENED, Entry.DELAYED], NIGHT + 2 * MINUTE)

    then = step(made.incident, Tick(), rules, NIGHT + 2 * MINUTE)
    assert (told(then), then.incident.level) == ([(ANA,)], 0)


def test_what_recovers_while_it_is_held_back_has_told_nobody() -> None:
    rules = replace(staffed(ANA, levels=(by_schedule(),)), delay=2 * MINUTE)
    made = opened(rules)

    over = step(made.incident, Recover(RECOVERED), rules, NIGHT + MINUTE)
    assert (told(over), over.incident.progress) == ([], Progress.CLOSED)


def test_without_a_level_nothing_is_held_back() -> None:
    assert Entry.NO_RULE in said(opened(Rules((), people(), delay=MINUTE)))
