"""Giving an incident to whoever a schedule has on call: at each turn, whoever it is then."""

from dataclasses import replace
from datetime import datetime

from bot.domain.incident import AddResponder, Entry, Notify, Reason, Reassign, Record, Refused, Rules
from bot.domain.people import AccountId, Coming, People, Target, TargetKind
from tests.domain.cast import ANA, BO, BY_ANA, CHEN, DEE, MINUTE, NIGHT, Handling, level, minute, people, person

PAYMENTS = Target(TargetKind.SCHEDULE, 7)
BACKUP = Target(TargetKind.SCHEDULE, 7, "backup")
THREE = (level(ANA, loop=(2, 2)), level(BO), level(CHEN))


class Rota(Handling):
    """A night in which Chen hands over to Dee after three minutes, and nobody follows Dee after twenty."""

    @property
    def rules(self) -> Rules:
        """What the law asks, at this minute."""
        return replace(super().rules, people=on_call(self.now))


def on_call(now: datetime) -> People:
    def duty(schedule: int, role: str) -> tuple[AccountId, ...]:
        if (schedule, role) != (7, "") or minute(now) >= 20:
            return ()
        return (CHEN,) if minute(now) < 3 else (DEE,)

    def coming(schedule: int, role: str, after: datetime) -> Coming | None:
        del schedule, after
        return Coming(NIGHT + 60 * MINUTE, (BO,)) if role else None

    return replace(people(), on_duty=duty, comes_on_duty=coming)


def test_at_each_turn_it_is_whoever_is_on_call_then_and_the_later_levels_still_follow() -> None:
    night = Rota(THREE).after(1).when(Reassign(BY_ANA, (PAYMENTS,)))

    assert Record(Entry.REASSIGNED, BY_ANA, {"to": "Chen"}) in night.effects
    assert night.after(9).pages == [(0, "Ana"), (1, "Chen"), (3, "Dee"), (5, "Dee"), (6, "Bo")]


def test_where_nobody_is_on_call_any_more_its_level_takes_over() -> None:
    night = Rota((level(ANA, loop=(30, 1), after=60),)).when(Reassign(BY_ANA, (PAYMENTS,)))

    assert night.after(30).pages == [(0, "Ana"), (0, "Chen"), (30, "Ana")]


def test_whoever_is_on_call_is_added_and_who_comes_later_is_not() -> None:
    night = Rota(THREE).when(AddResponder(BY_ANA, (PAYMENTS, person(ANA))))

    assert Record(Entry.ADDED, BY_ANA, {"to": "Chen", "already": "Ana"}) in night.effects
    assert [one.accounts for one in night.effects if isinstance(one, Notify)] == [(CHEN,)]


def test_where_nobody_is_on_call_it_is_refused_with_who_comes_next() -> None:
    night = Rota(THREE)
    coming = Refused(Reason.NOBODY_ON_CALL, coming=Coming(NIGHT + 60 * MINUTE, (BO,)))

    assert night.refuses(Reassign(BY_ANA, (BACKUP,))) == coming
    assert night.refuses(AddResponder(BY_ANA, (BACKUP,))) == coming
    night.after(20)
    assert night.refuses(AddResponder(BY_ANA, (PAYMENTS,))) == Refused(Reason.NOBODY_ON_CALL)
    assert night.refuses(Reassign(BY_ANA, (person(AccountId(99)),))).reason is Reason.NOBODY
