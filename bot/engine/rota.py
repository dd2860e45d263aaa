"""Schedules as they are shown: who is on call in each until when, and the shifts between two instants."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain.organisation import Channel, Organisation
from bot.domain.people import AccountId, TargetKind
from bot.domain.schedule import LOOKAHEAD, Schedule, ScheduleId, roles, timeline, walk
from cards.schedule import Serving, Turn

SHOWN: Final = timedelta(days=14)
"""How far ahead the shifts of a schedule are shown, unless somebody says otherwise."""


def active(organisation: Organisation) -> Sequence[Schedule]:
    """Return the schedules that there are, by their names."""
    return sorted((one for one in organisation.schedules.values() if one.active), key=lambda one: one.name)


def serving(schedules: Iterable[Schedule], organisation: Organisation, now: datetime) -> list[Serving]:
    """Return who is on call in each role of the schedules, and until when."""
    return [_serving(one, role, organisation, now) for one in schedules for role in roles(one)]


def serving_in(channels: Iterable[Channel], organisation: Organisation, now: datetime) -> list[Serving]:
    """Return who is on call in each role of the schedules that the channels' rules name now, each once."""
    named: dict[tuple[Schedule, str], None] = {}
    for channel in channels:
        rule = organisation.rule_at(channel.id, now)
        for target in (target for level in (rule.levels if rule else ()) for target in level.targets):
            found = organisation.schedules.get(ScheduleId(target.id)) if target.kind is TargetKind.SCHEDULE else None
            if found is not None and found.active:
                named |= dict.fromkeys((found, role) for role in roles(found) if target.role in ("", role))
    return [_serving(schedule, role, organisation, now) for schedule, role in named]


def turns(schedule: Schedule, organisation: Organisation, span: tuple[datetime, datetime]) -> list[Turn]:
    """Return the shifts of a schedule between two instants, and its gaps."""
    return [
        Turn(shift.start, shift.end, shift.role, names(shift.accounts, organisation))
        for shift in timeline(schedule, *span, organisation.schedules.get)
    ]


def names(accounts: Iterable[AccountId], organisation: Organisation) -> tuple[str, ...]:
    """Return what the accounts are called."""
    return tuple(organisation.people.accounts[one].name for one in accounts)


def _serving(schedule: Schedule, role: str, organisation: Organisation, now: datetime) -> Serving:
    on_duty = organisation.duty(schedule.id, role, now)
    if on_duty:
        until = on_duty[0].until
    else:
        shifts = walk(schedule, role, now, now + LOOKAHEAD, organisation.schedules.get)
        until = next((shift.start for shift in shifts if shift.posts), None)
    return Serving(schedule.name, role, names((one.account for one in on_duty), organisation), until)
