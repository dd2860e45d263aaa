"""Which levels and rules reach nobody: not now, and at no time of the days to come that are looked at."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.escalation import Level, WhenNobody
from bot.domain.lint.coverage import AHEAD
from bot.domain.lint.finding import Code, Finding
from bot.domain.lint.rules import Followed
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId, Target, TargetKind
from bot.domain.schedule import ScheduleId, roles, walk


def judge(organisation: Organisation, followed: Sequence[Followed], now: datetime) -> Iterator[Finding]:
    """Yield the rules that reach nobody and, of the others, the levels."""
    looking = _Looking(organisation, now)
    for one in followed:
        levels = one.rule.levels
        empty = [number for number, level in enumerate(levels, start=1) if not looking.reaches(level, one)]
        if len(empty) == len(levels):
            yield Finding(Code.RULE_REACHES_NOBODY, one.where(), {"levels": len(levels)})
            continue
        for number in empty:
            code = Code.EMPTY_LAST_LEVEL if number == len(levels) else Code.EMPTY_LEVEL
            yield Finding(code, one.where(number), {"next": number + 1})


class _Looking:
    """Looks at each schedule once: most are named by many levels."""

    def __init__(self, organisation: Organisation, now: datetime) -> None:
        self._organisation = organisation
        self._now = now
        self._serves: dict[tuple[int, str], bool] = {}

    def reaches(self, level: Level, one: Followed) -> bool:
        """Whether the level tells a chat, or anybody who can be told, now or later."""
        people = self._organisation.people
        if level.chats:
            return True
        if level.when_nobody is WhenNobody.CATCH_ALL and people.can_be_told(
            self._organisation.told_about(one.channel.id)
        ):
            return True
        fixed = [target for target in level.targets if target.kind is not TargetKind.SCHEDULE]
        if people.can_be_told(people.resolve(fixed)):
            return True
        return any(self._has_somebody(target) for target in level.targets if target.kind is TargetKind.SCHEDULE)

    def _has_somebody(self, target: Target) -> bool:
        at = (target.id, target.role)
        if at not in self._serves:
            self._serves[at] = self._organisation.people.can_be_told(self._on_duty(target))
        return self._serves[at]

    def _on_duty(self, target: Target) -> Iterator[AccountId]:
        """Yield who is on duty at any time of the days to come, as they come."""
        organisation = self._organisation
        schedule = organisation.schedules.get(ScheduleId(target.id))
        if schedule is None or not schedule.active:
            return
        for role in (target.role,) if target.role else roles(schedule):
            for shift in walk(schedule, role, self._now, self._now + AHEAD, organisation.schedules.get):
                yield from shift.accounts
