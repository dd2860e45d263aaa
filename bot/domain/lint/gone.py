"""What definitions name and is there no more: the picture of the organisation leaves it out, so that nobody misses it.

Also the teams without anybody.
"""

from collections.abc import Iterable, Iterator

from bot.domain.definition import (
    BODIES,
    Body,
    ChannelDefinition,
    IntegrationDefinition,
    Kept,
    Kind,
    LevelDefinition,
    TeamDefinition,
    name_of,
)
from bot.domain.lint.finding import Code, Finding, Where
from bot.domain.schedule_definition import RotationDefinition, ScheduleDefinition

_Named = tuple[Where, Kind, str]


def judge(kept: Iterable[Kept]) -> Iterator[Finding]:
    """Yield each name that nothing active bears, once for each object or level that uses it; and the empty teams."""
    bodies = [one.body for one in kept if one.active]
    kinds = {body: kind for kind, body in BODIES.items()}
    there = {(kinds[type(body)], name_of(body)) for body in bodies}
    for body in bodies:
        for where, kind, name in dict.fromkeys(_names(body)):
            if (kind, name) not in there:
                yield Finding(Code.TARGET_GONE, where, {"kind": str(kind), "name": name})
        if isinstance(body, TeamDefinition) and not any((Kind.ACCOUNT, one) in there for one in body.members):
            yield Finding(Code.EMPTY_TEAM, Where(Kind.TEAM, body.name), {"members": len(body.members)})


def _names(body: Body) -> Iterator[_Named]:
    match body:
        case TeamDefinition():
            yield from _people(Where(Kind.TEAM, body.name), body.members)
        case ScheduleDefinition():
            yield from _of_schedule(body)
        case ChannelDefinition():
            yield from _of_channel(body)
        case IntegrationDefinition():
            yield Where(Kind.INTEGRATION, body.name), Kind.CHANNEL, body.channel
        case _:
            # The others name nobody but who the links are of, and those do no harm.
            return


def _of_schedule(body: ScheduleDefinition) -> Iterator[_Named]:
    where = Where(Kind.SCHEDULE, body.name)
    for layer in body.layers:
        yield from _people(where, _members(layer.rotation))
    for change in body.overrides:
        yield from _people(where, change.members)
        yield from _people(where, _members(change.rotation) if change.rotation else ())
        yield from _people(where, (change.replaces,) if change.replaces else ())
    if body.fallback:
        yield from _people(where, body.fallback.accounts)
        if body.fallback.schedule:
            yield where, Kind.SCHEDULE, body.fallback.schedule


def _of_channel(body: ChannelDefinition) -> Iterator[_Named]:
    if body.team:
        yield Where(Kind.CHANNEL, body.name), Kind.TEAM, body.team
    for rule in body.escalation:
        if not rule.enabled:
            continue
        if rule.when.calendar:
            yield Where(Kind.CHANNEL, body.name, rule.name), Kind.CALENDAR, rule.when.calendar
        for number, level in enumerate(rule.levels, start=1):
            yield from _of_level(Where(Kind.CHANNEL, body.name, rule.name, number), level)


def _of_level(where: Where, level: LevelDefinition) -> Iterator[_Named]:
    for target in level.targets:
        yield where, Kind(target.kind), target.name
    for chat in level.chats:
        yield where, Kind.WORKSPACE, chat.workspace


def _members(rotation: RotationDefinition) -> Iterator[str]:
    for turn in rotation.members:
        yield from turn


def _people(where: Where, emails: Iterable[str]) -> Iterator[_Named]:
    for email in emails:
        yield where, Kind.ACCOUNT, email
