"""Calendars, schedules and the conditions of rules in the words of the file."""

from zoneinfo import ZoneInfo

from bot.config import duration, turns
from bot.config.periods import write_weekdays
from bot.config.plain import Plain
from bot.domain import filter_form
from bot.domain.calendar import WEEK, WORKDAYS
from bot.domain.definition import RuleDefinition
from bot.domain.filters import EVERYTHING
from bot.domain.people import TargetKind
from bot.domain.rotation import PRIMARY
from bot.domain.schedule import NOTICE
from bot.domain.schedule_definition import (
    CalendarDefinition,
    FallbackDefinition,
    LayerDefinition,
    OverrideDefinition,
    RotationDefinition,
    ScheduleDefinition,
)


def write_calendar(body: CalendarDefinition) -> dict[str, Plain]:
    """Return the calendar as the file has it."""
    said: dict[str, Plain] = {"name": body.name}
    if body.country:
        said["country"] = body.country
    if body.subdivision:
        said["subdivision"] = body.subdivision
    if body.workdays != WORKDAYS:
        said["workdays"] = [*write_weekdays(body.workdays)]
    if body.exceptions:
        said["exceptions"] = {day.isoformat(): str(kind) for day, kind in sorted(body.exceptions.items())}
    return said


def write_schedule(body: ScheduleDefinition) -> dict[str, Plain]:
    """Return the schedule as the file has it."""
    said: dict[str, Plain] = {"name": body.name, "timezone": body.timezone}
    if body.notice != NOTICE:
        said["handover_notice"] = duration.write(body.notice)
    if body.fallback is not None:
        said["fallback"] = _fallback(body.fallback)
    if body.layers:
        said["layers"] = [_layer(layer) for layer in body.layers]
    if body.overrides:
        said["overrides"] = [_override(change, ZoneInfo(body.timezone)) for change in body.overrides]
    return said


def write_when(rule: RuleDefinition) -> dict[str, Plain]:
    """Return when the rule holds and for which incidents, as the file has it; nothing: always, for all."""
    said: dict[str, Plain] = {}
    when = rule.when
    if when.timezone != "UTC":
        said["timezone"] = when.timezone
    if when.weekdays:
        said["weekdays"] = [*write_weekdays(when.weekdays)]
    if when.periods:
        said["hours"] = [turns.write_daily(period) for period in when.periods]
    if when.calendar:
        said["calendar"] = {when.calendar: str(when.days)}
    if rule.filter != EVERYTHING:
        said["filter"] = _plain(filter_form.write(rule.filter))
    return said


def _plain(value: object) -> Plain:
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else str(value)


def _fallback(body: FallbackDefinition) -> Plain:
    said = [f"{TargetKind.SCHEDULE}:{body.schedule}"] if body.schedule else []
    said += [f"{TargetKind.ACCOUNT}:{email}" for email in body.accounts]
    return said[0] if len(said) == 1 else [*said]


def _layer(body: LayerDefinition) -> dict[str, Plain]:
    said: dict[str, Plain] = {"name": body.name}
    said |= _rotation(body.rotation)
    said["start"] = turns.write_wall(body.start)
    if body.end is not None:
        said["end"] = turns.write_wall(body.end)
    return said | _limits(body.rotation) | _role(body.role)


def _override(body: OverrideDefinition, zone: ZoneInfo) -> dict[str, Plain]:
    said: dict[str, Plain] = {
        "start": turns.write_instant(body.start, zone),
        "end": turns.write_instant(body.end, zone),
    }
    if body.rotation is not None:
        said |= _rotation(body.rotation) | _limits(body.rotation)
    else:
        said["members"] = [*body.members]
    said |= _role(body.role)
    if body.replaces:
        said["replaces"] = body.replaces
    if body.why:
        said["why"] = body.why
    return said


def _role(role: str) -> dict[str, Plain]:
    return {"role": role} if role != PRIMARY else {}


def _rotation(body: RotationDefinition) -> dict[str, Plain]:
    said: dict[str, Plain] = {
        "every": turns.write_every(body.unit, body.every),
        "handover": turns.write_handover(body.unit, body.handover),
    }
    if body.length is not None:
        said["length"] = turns.write_length(body.length)
    members: list[Plain] = [turn[0] if len(turn) == 1 else [*turn] for turn in body.members]
    return {"rotation": said, "members": members}


def _limits(body: RotationDefinition) -> dict[str, Plain]:
    """Return what a rotation is limited to, and how it counts."""
    said: dict[str, Plain] = {}
    if body.timezone is not None:
        said["timezone"] = body.timezone
    if body.hours:
        said["hours"] = [turns.write_hours(period) for period in body.hours]
    if body.weekdays != WEEK:
        said["weekdays"] = [*write_weekdays(body.weekdays)]
    if body.continuous:
        said["continuous"] = True
    if body.fair:
        said["fair"] = True
    return said
