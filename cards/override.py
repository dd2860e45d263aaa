"""What is said of temporary changes of schedules: who is on call instead of whom, by the clocks of who reads it.

Pure, as all cards: what is to be said comes in, in the order in which it is to be said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.domain.event import cut
from bot.domain.override import Fault, OverrideId
from bot.domain.wall_clock import local
from cards import words
from cards.answers import MOST_ROWS, Readers
from cards.card import Button, Moment, Note, Text
from cards.plain import line, zone
from cards.schedule import Turn, role_of
from cards.words import name_of, say

NAME_IN_ROW: Final = 80
WHY_IN_ROW: Final = 120
NAMES_IN_ROW: Final = 5

DOES_OVERRIDE: Final = "who is on call instead, for a time; or which changes there are; or remove one"
SAY_SCHEDULE: Final = "Say of which schedule. There are: {schedules}."
NO_SCHEDULES: Final = "No schedule is configured."
SAY_WHEN: Final = "Say from when to when, as in: {example}"
SAY_ONE_PERSON: Final = "Say who, one person: {example}"
SAY_ROLE: Final = "{schedule} has no such role. There are: {roles}."
SAY_WHICH_OVERRIDE: Final = "Say which one: {example}"

MADE: Final = "[{who}] is on call for {schedule} · {role} from {start} to {end} (no. {number})."
MADE_INSTEAD: Final = (
    "[{who}] is on call for {schedule} · {role} from {start} to {end}, in the place of {other} (no. {number})."
)
WHY: Final = "Because: {why}"
IN_ITS_ZONE: Final = "In the schedule's zone: {start} to {end} ({zone})"
BEFORE: Final = "Before: {who} from {start} to {end}"
BEFORE_NOBODY: Final = "⚠️ Before: nobody from {start} to {end}"
MORE_BEFORE: Final = "and {count} more before"
LIES_ON: Final = "It lies on no. {number}: {who} from {start} to {end}"
UNDO: Final = "Remove it"

LISTED: Final = "[Temporary changes]"
LISTED_NONE: Final = "There are no temporary changes. For example: {example}"
ROW: Final = "no. {number} · {schedule} · {role}: {who} from {start} to {end} · by {by}"
ROW_INSTEAD: Final = "no. {number} · {schedule} · {role}: {who} for {other} from {start} to {end} · by {by}"
MORE_ROWS: Final = "and {count} more: oncard override list"
REMOVED: Final = "[Removed]: no. {numbers}. From now on it is as it was before."
NONE_SUCH: Final = "There is no temporary change no. {number} that still holds."
ALREADY_REMOVED: Final = "{who} has removed no. {number} already, at {at}."

FAULTS: Final = MappingProxyType(
    {
        Fault.BACKWARDS: "It ends before it begins; nothing changed.",
        Fault.OVER: "That is over already; nothing changed. Say a time to come.",
        Fault.TOO_LONG: "That is longer than a year; nothing changed. For good, change the schedule's layers.",
        Fault.TOO_FAR: "That begins in more than a year; nothing changed.",
        Fault.NO_ROLE: "{schedule} has no such role. There are: {roles}.",
        Fault.THEMSELVES: "{other} cannot stand in for themselves; nothing changed.",
        Fault.NOT_ON_DUTY: "{other} is not on call for {schedule} in that time, so nothing changed. Leave them out to "
        "put {who} on call whoever it would be.",
    }
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A change, with names. `timezone`: the schedule's; `by`: who made it, empty: Oncard."""

    number: OverrideId
    schedule: str
    timezone: str
    role: str
    who: str
    start: datetime
    end: datetime
    other: str = ""
    by: str = ""
    why: str = ""


def made(one: Shown, before: Sequence[Turn], under: Sequence[Shown], readers: Readers) -> Note:
    """Return what was changed, who was on call before, and on which other changes it lies, with what removes it."""
    locale = readers.locale
    rows: list[Text] = [] if not one.why else [say(locale, WHY, why=cut(line(one.why), WHY_IN_ROW))]
    rows += in_its_zone(one.timezone, (one.start, one.end), readers)
    room = MOST_ROWS - len(rows) - len(under[:3]) - 1
    rows += [_before(turn, readers) for turn in before[:room]]
    if len(before) > room:
        rows.append(say(locale, MORE_BEFORE, count=len(before) - room))
    rows += [
        say(locale, LIES_ON, number=other.number, who=_short(other.who), **_span(other, readers)) for other in under[:3]
    ]
    remove = Button(name_of(locale, UNDO), f"override remove {one.number}")
    said = say(locale, MADE_INSTEAD if one.other else MADE, **_parts(one, readers))
    return Note(said, rows=tuple(rows), buttons=(remove,), done=True)


def in_its_zone(timezone: str, span: tuple[datetime, datetime], readers: Readers) -> list[Text]:
    """Return the line that says a span in the schedule's own zone, if its clocks show something else there."""
    theirs, own = ([local(at, zone(name)) for at in span] for name in (timezone, readers.timezone))
    if theirs == own:
        return []
    start, end = (f"{at:%Y-%m-%d %H:%M}" for at in theirs)
    return [say(readers.locale, IN_ITS_ZONE, start=start, end=end, zone=timezone)]


def refused(fault: Fault, schedule: str, roles: Sequence[str], names: tuple[str, str], locale: str) -> Note:
    """Return why nothing changed. `names`: who was to be on call, and who they were to stand in for."""
    who, other = names
    parts = {"schedule": _short(schedule), "roles": ", ".join(roles), "who": _short(who), "other": _short(other)}
    return Note(say(locale, FAULTS[fault], **parts))


def listing(changes: Sequence[Shown], example: str, readers: Readers) -> Note:
    """Return the changes that still hold, or will."""
    locale = readers.locale
    if not changes:
        return Note(say(locale, LISTED_NONE, example=example))
    rows = [say(locale, ROW_INSTEAD if one.other else ROW, **_parts(one, readers)) for one in changes]
    hidden = len(rows) - MOST_ROWS
    if hidden > 0:
        rows[MOST_ROWS:] = [say(locale, MORE_ROWS, count=hidden)]
    return Note(say(locale, LISTED), rows=tuple(rows))


def removed(changes: Sequence[Shown], readers: Readers) -> Note:
    """Return that changes hold no longer."""
    numbers = ", ".join(str(one.number) for one in changes)
    rows = tuple(say(readers.locale, ROW_INSTEAD if one.other else ROW, **_parts(one, readers)) for one in changes)
    return Note(say(readers.locale, REMOVED, numbers=numbers), rows=rows, done=True)


def none_such(number: int, locale: str) -> Note:
    """Return that no change of this number holds."""
    return Note(say(locale, NONE_SUCH, number=number))


def already_removed(number: int, who: str, at: datetime, readers: Readers) -> Note:
    """Return that somebody was faster."""
    moment = Moment(at, readers.timezone, day=True)
    return Note(say(readers.locale, ALREADY_REMOVED, number=number, who=_short(who), at=moment))


def _before(turn: Turn, readers: Readers) -> Text:
    start, end = (Moment(at, readers.timezone, day=True) for at in (turn.start, turn.end))
    if not turn.names:
        return say(readers.locale, BEFORE_NOBODY, start=start, end=end)
    return say(readers.locale, BEFORE, who=_short(", ".join(turn.names[:NAMES_IN_ROW])), start=start, end=end)


def _parts(one: Shown, readers: Readers) -> dict[str, str | Moment]:
    return {
        "number": str(one.number),
        "schedule": _short(one.schedule),
        "role": role_of(one.role, readers.locale),
        "who": _short(one.who),
        "other": _short(one.other),
        "by": _short(one.by) if one.by else name_of(readers.locale, words.ONCARD),
        **_span(one, readers),
    }


def _span(one: Shown, readers: Readers) -> dict[str, str | Moment]:
    return {name: Moment(at, readers.timezone, day=True) for name, at in (("start", one.start), ("end", one.end))}


def _short(text: str) -> str:
    return cut(line(text), NAME_IN_ROW)
