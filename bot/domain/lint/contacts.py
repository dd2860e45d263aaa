"""Who cannot be told as rules and preferences say: by no way at all, by none that is wanted, or by one of those."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from bot.domain.definition import Kind
from bot.domain.event import Severity
from bot.domain.filter_logic import overlap
from bot.domain.filters import Condition, Field, Filter
from bot.domain.frozen import replace
from bot.domain.lint.finding import Code, Finding, Hindrance, Where
from bot.domain.lint.rules import Followed
from bot.domain.organisation import Organisation
from bot.domain.people import Account, AccountId, ChatLink, Method, Target, TargetKind, TeamId
from bot.domain.schedule import Schedule, ScheduleId
from bot.domain.verification import Obstacle, obstacle

_OF: Final = {
    severity: Filter(((Condition(Field.SEVERITY, (str(severity),)),),))
    for severity in (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
}


@dataclass(slots=True)
class _Told:
    """By which levels somebody may be told of what is so bad; each set of methods of a level with the first of them."""

    by: dict[tuple[Method, ...], Where] = field(default_factory=dict)


def judge(organisation: Organisation, followed: Iterable[Followed], *, finds: bool) -> Iterator[Finding]:
    """Yield who cannot be told. `finds`: whoever no link names will be found in the chat app, as far as is known."""
    links: dict[AccountId, list[ChatLink]] = {}
    for link in organisation.links:
        links.setdefault(link.account, []).append(link)
    for number, told in _told(organisation, followed).items():
        person = organisation.people.accounts[number]
        own = replace(organisation, links=tuple(links.get(number, ())))
        stopped = {method: why for method in Method if (why := _obstacle(person, own, method, finds=finds))}
        yield from _of_person(person, told, stopped)


def _of_person(
    person: Account, told: Mapping[Severity, _Told], stopped: Mapping[Method, Obstacle]
) -> Iterator[Finding]:
    """Yield the worst that is so for a person, and once each way that is wanted and not proven."""
    where = Where(Kind.ACCOUNT, person.email)
    if len(stopped) == len(Method):
        severity, first = next((severity, by) for severity, one in told.items() for by in one.by.values())
        yield Finding(Code.UNREACHABLE_PERSON, where, _proof(person, severity, first, stopped, Method))
        return
    unproven: set[Method] = set()
    for severity, one in told.items():
        for methods, by in one.by.items():
            wanted = methods or tuple(preference.method for preference in person.wants(severity))
            if all(method in stopped for method in wanted):
                yield Finding(Code.NO_VERIFIED_METHOD, where, _proof(person, severity, by, stopped, wanted))
                return
            said = bool(methods) or severity in person.preferences
            more = [method for method in wanted if _is_missed(stopped.get(method), is_said=said)]
            if more and not unproven.issuperset(more):
                unproven.update(more)
                yield Finding(Code.UNVERIFIED_METHOD, where, _proof(person, severity, by, stopped, more))


def _is_missed(why: Obstacle | None, *, is_said: bool) -> bool:
    """Whether a way that does not work would be counted on: it was asked for, or lacks nothing but the proof."""
    return why is not None and (is_said or why is Obstacle.NOT_VERIFIED)


def _proof(
    person: Account, severity: Severity, by: Where, stopped: Mapping[Method, Obstacle], wanted: Iterable[Method]
) -> dict[str, str | Severity | Where | tuple[Hindrance, ...]]:
    by_obstacle: dict[Obstacle, list[Method]] = {}
    for method in wanted:
        by_obstacle.setdefault(stopped[method], []).append(method)
    why = tuple(Hindrance(tuple(methods), found) for found, methods in by_obstacle.items())
    return {"name": person.name, "severity": severity, "by": by, "why": why}


def _obstacle(person: Account, organisation: Organisation, method: Method, *, finds: bool) -> Obstacle | None:
    found = obstacle(person, organisation, method)
    return None if finds and found is Obstacle.NOT_LINKED else found


def _told(organisation: Organisation, followed: Iterable[Followed]) -> Mapping[AccountId, dict[Severity, _Told]]:
    """Return whom rules reach at any time, and of what."""
    by_target: dict[tuple[Target, Severity, tuple[Method, ...]], Where] = {}
    for one in followed:
        severities = [severity for severity, only in _OF.items() if overlap(one.rule.filter, only) is not False]
        for number, level in enumerate(one.rule.levels, start=1):
            for target, severity in product(level.targets, severities):
                by_target.setdefault((target, severity, level.methods), one.where(number))
    found: dict[AccountId, dict[Severity, _Told]] = {}
    for (target, severity, methods), where in by_target.items():
        for account in _named(target, organisation):
            found.setdefault(account, {}).setdefault(severity, _Told()).by.setdefault(methods, where)
    accounts = organisation.people.accounts
    return {number: of for number, of in found.items() if number in accounts and accounts[number].active}


def _named(target: Target, organisation: Organisation) -> frozenset[AccountId]:
    """Return who stands behind the target at any time."""
    if target.kind is TargetKind.ACCOUNT:
        return frozenset({AccountId(target.id)})
    if target.kind is TargetKind.TEAM:
        team = organisation.people.teams.get(TeamId(target.id))
        return frozenset(team.members if team is not None else ())
    schedule = organisation.schedules.get(ScheduleId(target.id))
    return frozenset(_members(schedule, target.role) if schedule is not None and schedule.active else ())


def _members(schedule: Schedule, role: str) -> Iterator[AccountId]:
    layers = [layer for layer in schedule.layers if role in ("", layer.role)]
    changes = [change for change in schedule.overrides if role in ("", change.role)]
    for layer in layers + [change.rotation for change in changes if change.rotation is not None]:
        for group in layer.members:
            yield from group
    for change in changes:
        yield from change.accounts
    yield from schedule.fallback.accounts if schedule.fallback else ()
