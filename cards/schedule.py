"""What is said of schedules: who is on call until when, and the shifts to come.

Pure, as all cards: what is to be said comes in, in the order in which it is to be said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.event import cut
from cards.answers import MOST_NAMED, MOST_ROWS, Readers
from cards.card import Moment, Note, Text
from cards.plain import line
from cards.words import name_of, say

NAME_IN_ROW: Final = 80

PRIMARY: Final = "primary"
BACKUP: Final = "backup"

DOES_SCHEDULE: Final = "who is on call until when, or the shifts of one schedule"
ON_CALL_HEAD: Final = "[On call now]"
NO_SCHEDULES: Final = "No schedule is configured."
NO_SCHEDULE: Final = "No schedule is called {name}. There are: {schedules}."
SERVING_UNTIL: Final = "[{schedule}] · {role}: {who} until {until}"
SERVING: Final = "[{schedule}] · {role}: {who}"
NOBODY_UNTIL: Final = "⚠️ [{schedule}] · {role}: nobody until {until}"
NOBODY: Final = "⚠️ [{schedule}] · {role}: nobody"
SHIFTS_HEAD: Final = "[{schedule}], from {start} to {end}"
SHIFT_ROW: Final = "{start} to {end} · {role}: {who}"
GAP_ROW: Final = "⚠️ {start} to {end} · {role}: nobody"
MORE_SHIFTS: Final = "and {count} more: oncard schedule show {schedule}"
NO_SHIFTS: Final = "Nobody is on call in that time."


@dataclass(frozen=True, slots=True)
class Serving:
    """Who is on call in a role of a schedule; `until`: when that ends, None: not within a year."""

    schedule: str
    role: str
    names: tuple[str, ...]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Turn:
    """Who is on call in a role for some time; nobody: a gap."""

    start: datetime
    end: datetime
    role: str
    names: tuple[str, ...]


def on_call(servings: Sequence[Serving], readers: Readers) -> Note:
    """Return who is on call now in each schedule, until when."""
    if not servings:
        return Note(say(readers.locale, NO_SCHEDULES))
    return Note(say(readers.locale, ON_CALL_HEAD), rows=tuple(serving(one, readers) for one in servings[:MOST_ROWS]))


def serving(one: Serving, readers: Readers) -> Text:
    """Return the line that says who is on call in a role of a schedule, and until when."""
    parts = {"schedule": _short(one.schedule), "role": role_of(one.role, readers.locale)}
    if one.until is None:
        if not one.names:
            return say(readers.locale, NOBODY, **parts)
        return say(readers.locale, SERVING, **parts, who=_names(one.names))
    until = Moment(one.until, readers.timezone, day=True)
    if not one.names:
        return say(readers.locale, NOBODY_UNTIL, **parts, until=until)
    return say(readers.locale, SERVING_UNTIL, **parts, who=_names(one.names), until=until)


def shifts(schedule: str, turns: Sequence[Turn], span: tuple[datetime, datetime], readers: Readers) -> Note:
    """Return the shifts of a schedule between two instants, and its gaps."""
    locale, zone = readers.locale, readers.timezone
    start, end = (Moment(at, zone, day=True) for at in span)
    head = say(locale, SHIFTS_HEAD, schedule=_short(schedule), start=start, end=end)
    rows = [_turn(one, readers) for one in turns] or [say(locale, NO_SHIFTS)]
    hidden = len(rows) - MOST_ROWS
    if hidden > 0:
        rows[MOST_ROWS:] = [say(locale, MORE_SHIFTS, count=hidden, schedule=_short(schedule))]
    return Note(head, rows=tuple(rows))


def no_schedule(name: str, schedules: Sequence[str], locale: str) -> Note:
    """Return that no schedule has this name."""
    if not schedules:
        return Note(say(locale, NO_SCHEDULES))
    known = ", ".join(schedules[:MOST_NAMED])
    return Note(say(locale, NO_SCHEDULE, name=f"“{_short(name)}”", schedules=known))


def role_of(role: str, locale: str) -> str:
    """Return what a role is called: those that everybody has in the reader's language, others as they are written."""
    return name_of(locale, role) if role in (PRIMARY, BACKUP) else _short(role)


def _turn(one: Turn, readers: Readers) -> Text:
    zone = readers.timezone
    start, end = Moment(one.start, zone, day=True), Moment(one.end, zone, day=True)
    role = role_of(one.role, readers.locale)
    if not one.names:
        return say(readers.locale, GAP_ROW, start=start, end=end, role=role)
    return say(readers.locale, SHIFT_ROW, start=start, end=end, role=role, who=_names(one.names))


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED])


def _short(text: str) -> str:
    return cut(line(text), NAME_IN_ROW)
