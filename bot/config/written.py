"""Definitions in the words of the configuration file, secrets left out: what an export writes and a plan compares."""

from collections.abc import Mapping
from datetime import timedelta
from typing import assert_never

from bot.config import duration
from bot.config.plain import Plain
from bot.config.written_schedule import write_calendar, write_schedule, write_when
from bot.domain.definition import (
    AccountDefinition,
    Body,
    ChannelDefinition,
    IntegrationDefinition,
    LevelDefinition,
    ProviderDefinition,
    RuleDefinition,
    TargetDefinition,
    TeamDefinition,
    WorkspaceDefinition,
)
from bot.domain.escalation import WhenNobody
from bot.domain.people import DEFAULT, Preference
from bot.domain.schedule_definition import CalendarDefinition, ScheduleDefinition


def write(body: Body) -> dict[str, Plain]:
    """Return the object as the file has it.

    Where the file has it says the rest: an integration names its channel, a provider its place in the order.
    """
    match body:
        case AccountDefinition():
            return _account(body)
        case TeamDefinition():
            return {"name": body.name, "members": list(body.members)}
        case CalendarDefinition():
            return write_calendar(body)
        case ScheduleDefinition():
            return write_schedule(body)
        case WorkspaceDefinition():
            return _workspace(body)
        case ProviderDefinition():
            return _provider(body)
        case ChannelDefinition():
            return _channel(body)
        case IntegrationDefinition():
            return _integration(body)
    assert_never(body)


def _account(body: AccountDefinition) -> dict[str, Plain]:
    phone: dict[str, Plain] = {"phone": body.phone} if body.phone else {}
    said: dict[str, Plain] = {"role": str(body.role), "locale": body.locale, "timezone": body.timezone}
    preferences: dict[str, Plain] = {
        str(severity).lower(): [_way(way) for way in body.preferences[severity]]
        for severity in DEFAULT
        if severity in body.preferences
    }
    wanted: dict[str, Plain] = {"preferences": preferences} if preferences else {}
    return {"name": body.name, "email": body.email} | phone | said | wanted


def _way(way: Preference) -> Plain:
    method = str(way.method)
    return method if way.after is None else {"method": method, "after": duration.write(way.after)}


def _provider(body: ProviderDefinition) -> dict[str, Plain]:
    countries: dict[str, Plain] = {"countries": list(body.countries)} if body.countries else {}
    settings: dict[str, Plain] = {name: _setting(name, value) for name, value in body.settings.items()}
    said: dict[str, Plain] = {"order": body.order + 1, "name": body.name, "kind": body.kind}
    return said | countries | settings


def _workspace(body: WorkspaceDefinition) -> dict[str, Plain]:
    settings: dict[str, Plain] = {name: _setting(name, value) for name, value in body.settings.items()}
    links: dict[str, Plain] = {"links": _mapping(body.links)} if body.links else {}
    read: dict[str, Plain] = {"locale": body.locale, "timezone": body.timezone}
    return {"name": body.name, "platform": body.platform} | settings | read | links


def _setting(name: str, value: str) -> str:
    """Return the setting; the time limit is kept in seconds, and written as durations are."""
    return duration.write(timedelta(seconds=int(value))) if name == "timeout" else value


def _channel(body: ChannelDefinition) -> dict[str, Plain]:
    said: dict[str, Plain] = {"name": body.name}
    if body.team is not None:
        said["team"] = body.team
    if body.escalation:
        said["escalation"] = [_rule(rule) for rule in body.escalation]
    return said


def _rule(rule: RuleDefinition) -> dict[str, Plain]:
    said: dict[str, Plain] = {"name": rule.name}
    if not rule.enabled:
        said["enabled"] = False
    when = write_when(rule)
    if when:
        said["when"] = when
    if rule.delay:
        said["delay"] = duration.write(rule.delay)
    return said | {"levels": [_level(level) for level in rule.levels]}


def _level(level: LevelDefinition) -> dict[str, Plain]:
    said: dict[str, Plain] = {}
    if level.targets:
        said["targets"] = [_target(target) for target in level.targets]
    said["methods"] = [str(method) for method in level.methods] if level.methods else "preferences"
    if level.chats:
        said["chats"] = [f"{chat.workspace}/{chat.chat}" for chat in level.chats]
    if level.repeat_every is not None:
        said["repeat"] = {"every": duration.write(level.repeat_every), "times": level.repeat_times}
    said["escalate_after"] = duration.write(level.escalate_after)
    said["unless"] = str(level.unless)
    if level.when_nobody is not WhenNobody.PASS:
        said["when_nobody"] = str(level.when_nobody)
    return said


def _target(target: TargetDefinition) -> str:
    role = f"/{target.role}" if target.role else ""
    return f"{target.kind}:{target.name}{role}"


def _integration(body: IntegrationDefinition) -> dict[str, Plain]:
    said: dict[str, Plain] = {"name": body.name, "channel": body.channel, "source": body.source}
    if body.fields:
        said["fields"] = _mapping(body.fields)
    if body.values:
        said["values"] = {name: _mapping(meanings) for name, meanings in body.values.items()}
    return said


def _mapping(said: Mapping[str, str]) -> dict[str, Plain]:
    return dict(said)
