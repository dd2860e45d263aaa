"""Take-overs: who comes on duty at which instant, in which roles of which schedules, and whom else that concerns.

Whoever is on duty in a role and was not just before takes over. A hand-over to the same person is none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from bot.domain.organisation import Channel, Organisation
from bot.domain.people import AccountId, TargetKind
from bot.domain.rotation import Group
from bot.domain.schedule import Schedule, ScheduleId, on_call, roles, walk

LATEST: Final = timedelta(hours=1)
"""So far back it is still of use to know of one."""

LONGEST_SHIFT: Final = timedelta(days=62)
"""How far ahead the end of a shift is looked for."""


@dataclass(frozen=True, slots=True)
class Part:
    """A role of a schedule that somebody comes on duty in. `until`: when that ends; None: not in sight."""

    schedule: ScheduleId
    role: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Crew:
    """Who else a hand-over concerns.

    `outgoing`: who goes off duty by it. `backups`: who is on duty beside the new one, those in other roles first.
    `others`: who is told when there is nobody of both: the teams of the channels concerned, and the admins.
    """

    outgoing: Group = ()
    backups: Group = ()
    others: Group = ()


@dataclass(frozen=True, slots=True)
class Takeover:
    """Somebody comes on duty at an instant who was not in that role just before: in these roles of these schedules."""

    account: AccountId
    at: datetime
    notice: timedelta
    parts: tuple[Part, ...]
    crew: Crew = Crew()


def upcoming(organisation: Organisation, now: datetime, end: datetime) -> tuple[Takeover, ...]:
    """Return who comes on duty from `LATEST` ago until `end`, by the instant; what is over again already is left out.

    A hand-over to the same person is none, and of several at one instant to one person one is made. Schedules that give
    no notice have none.
    """
    found: dict[tuple[datetime, AccountId], list[tuple[Schedule, Part, Crew]]] = {}
    for schedule in organisation.schedules.values():
        if schedule.active and schedule.notice:
            for at, account, part, crew in _of_schedule(schedule, organisation, now, end):
                found.setdefault((at, account), []).append((schedule, part, crew))
    return tuple(
        Takeover(
            account,
            at,
            max(schedule.notice for schedule, _, _ in parts),
            tuple(sorted((part for _, part, _ in parts), key=lambda one: (one.schedule, one.role))),
            _joined([crew for _, _, crew in parts], account),
        )
        for (at, account), parts in sorted(found.items())
    )


def next_of(
    account: AccountId, organisation: Organisation, now: datetime, end: datetime
) -> tuple[datetime, tuple[Part, ...]] | None:
    """Return when somebody comes on duty next, and in what; None: not before `end`. No schedule is walked further."""
    found: list[tuple[datetime, Part]] = []
    for schedule in organisation.schedules.values():
        for role in roles(schedule) if schedule.active and schedule.notice else ():
            turns = pairwise(walk(schedule, role, now, end, organisation.schedules.get))
            comes = (one for before, one in turns if account in one.accounts and account not in before.accounts)
            first = next(comes, None)
            if first is not None:
                until = _until(schedule, role, account, first.start, organisation)
                found.append((first.start, Part(schedule.id, role, until)))
    soonest = min((at for at, _ in found), default=None)
    return (soonest, tuple(part for at, part in found if at == soonest)) if soonest is not None else None


def channels_of(parts: Sequence[Part], organisation: Organisation) -> tuple[Channel, ...]:
    """Return the channels any rule of which tells whoever is on duty in one of these roles."""
    return tuple(
        channel
        for channel in organisation.channels.values()
        if channel.active
        and any(
            target.kind is TargetKind.SCHEDULE
            and any(target.id == part.schedule and target.role in ("", part.role) for part in parts)
            for rule in channel.rules
            for level in rule.levels
            for target in level.targets
        )
    )


def _of_schedule(
    schedule: Schedule, organisation: Organisation, now: datetime, end: datetime
) -> Iterator[tuple[datetime, AccountId, Part, Crew]]:
    find = organisation.schedules.get
    for role in roles(schedule):
        for before, shift in pairwise(walk(schedule, role, now - LATEST, end, find)):
            outgoing = tuple(one for one in before.accounts if one not in shift.accounts)
            for account in (one for one in shift.accounts if one not in before.accounts):
                part = Part(schedule.id, role, _until(schedule, role, account, shift.start, organisation))
                if part.until is None or part.until > now:
                    yield shift.start, account, part, _crew(schedule, part, shift.start, outgoing, organisation)


def _until(
    schedule: Schedule, role: str, account: AccountId, at: datetime, organisation: Organisation
) -> datetime | None:
    ahead = walk(schedule, role, at, at + LONGEST_SHIFT, organisation.schedules.get)
    return next((shift.start for shift in ahead if account not in shift.accounts), None)


def _crew(schedule: Schedule, part: Part, at: datetime, outgoing: Group, organisation: Organisation) -> Crew:
    on_duty = on_call(schedule, at, organisation.schedules.get)
    beside = sorted(on_duty, key=lambda one: one.role == part.role)
    told = [organisation.told_about(channel.id) for channel in channels_of((part,), organisation)]
    others = [account for accounts in told for account in accounts] or organisation.people.admins()
    return Crew(outgoing, tuple(one.account for one in beside), tuple(others))


def _joined(crews: Sequence[Crew], incoming: AccountId) -> Crew:
    """Return all of them, each once and in one place only: whoever hands over is no backup as well."""
    outgoing = _each_once([crew.outgoing for crew in crews], (incoming,))
    backups = _each_once([crew.backups for crew in crews], (incoming, *outgoing))
    return Crew(outgoing, backups, _each_once([crew.others for crew in crews], (incoming, *outgoing, *backups)))


def _each_once(groups: Sequence[Group], but: Group) -> Group:
    return tuple(dict.fromkeys(account for group in groups for account in group if account not in but))
