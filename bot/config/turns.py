"""The single values of schedules and calendars: lengths of turns, hand-overs, hours, days and local times, and back.

`read_…` refuse what they cannot read, with the way to mend it; `write_…` give what `read_…` take.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.config import duration, periods
from bot.config.fault import SAID, refusal
from bot.config.values import Between, name, plain_text
from bot.domain import time_filter
from bot.domain.calendar import WEEK, DayKind, Weekday
from bot.domain.rotation import HOUR, Unit
from bot.domain.schedule_definition import HandoverDefinition
from bot.domain.wall_clock import instant, local
from bot.domain.week_hours import DailyPeriod, Period, WeeklyPeriod

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
LAST_DAY: Final = 31
LAST_COMMON_DAY: Final = 28
LONGEST_LENGTH: Final = timedelta(days=30)

_UNITS: Final = {"h": Unit.HOUR, "d": Unit.DAY, "w": Unit.WEEK, "mo": Unit.MONTH}
_LETTERS: Final = {unit: letters for letters, unit in _UNITS.items()}
_EVERY: Final = re.compile(r"([0-9]{1,3})(h|d|w|mo)")
_CLOCK: Final = r"([01][0-9]|2[0-3]):([0-5][0-9])"
_HANDOVER: Final = re.compile(rf"(?:(\S+)\s+)?{_CLOCK}")
_ORDINAL: Final = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)")
_WEEKLY: Final = re.compile(rf"([a-z]{{3}})\s+{_CLOCK}\s*-\s*([a-z]{{3}})\s+(?:{_CLOCK}|24:00)")
_TIME: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?)?")
_FLAGS: Final = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class HandoverWords:
    """A hand-over as it is written: on a weekday, on a day of the month, or on neither."""

    at: time
    weekday: Weekday | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class When:
    """A date or a time as it is written: local to a zone that is known later, or with an offset of its own."""

    value: datetime
    is_date: bool = False

    def wall(self, zone: ZoneInfo, at: time = time()) -> datetime:
        """Return the local time in the zone; of a date alone, at that time of the day."""
        if self.is_date:
            return datetime.combine(self.value.date(), at)
        return local(self.value, zone) if self.value.tzinfo else self.value

    def at(self, zone: ZoneInfo) -> datetime:
        """Return the instant."""
        return self.value.astimezone(UTC) if self.value.tzinfo else instant(self.value, zone)


def read_every(text: str) -> tuple[Unit, int]:
    """Return what a turn's length is counted in, and how many of it."""
    found = _EVERY.fullmatch(text)
    if found is None:
        raise refusal(f"{SAID} is no length of a turn", "write one such as `8h`, `1d`, `2w` or `1mo`")
    return _UNITS[found[2]], int(found[1])


def write_every(unit: Unit, every: int) -> str:
    """Return the length of a turn."""
    return f"{every}{_LETTERS[unit]}"


def read_length(text: str) -> int:
    """Return a number of hours."""
    found = Between(HOUR, LONGEST_LENGTH).read(text)
    if found % HOUR:
        raise refusal(f"{SAID} is not in whole hours", "write one such as `12h`")
    return found // HOUR


def write_length(hours: int) -> str:
    """Return a number of hours."""
    return duration.write(hours * HOUR)


def read_handover(text: str) -> HandoverWords:
    """Return when turns change."""
    found = _HANDOVER.fullmatch(text)
    mend = "write `09:00`, `mon 09:00`, `1st 09:00` or `last 09:00`"
    if found is None:
        raise refusal(f"{SAID} is no time of a hand-over", mend)
    clock, day = time(int(found[2]), int(found[3])), (found[1] or "").lower()
    if not day:
        return HandoverWords(clock)
    if day in WEEK:
        return HandoverWords(clock, weekday=Weekday(day))
    if day == "last":
        return HandoverWords(clock, day=LAST_DAY)
    ordinal = _ORDINAL.fullmatch(day)
    if ordinal is None or not 1 <= int(ordinal[1]) <= LAST_DAY:
        raise refusal(f"{SAID} is no time of a hand-over", mend)
    if int(ordinal[1]) > LAST_COMMON_DAY:
        raise refusal(f"not every month has the day of {SAID}", "write `last 09:00` for the last day of each month")
    return HandoverWords(clock, day=int(ordinal[1]))


def handover(unit: Unit, words: HandoverWords | None, start: datetime) -> HandoverDefinition:
    """Return when turns change; what is not said is as the rotation starts, at this local time."""
    clock = words.at if words else start.time()
    if unit is Unit.WEEK:
        day = words.weekday if words else None
        return HandoverDefinition(clock, weekday=day or WEEK[start.weekday()])
    if unit is Unit.MONTH:
        return HandoverDefinition(clock, day=(words.day if words else None) or min(start.day, LAST_COMMON_DAY))
    return HandoverDefinition(clock)


def write_handover(unit: Unit, said: HandoverDefinition) -> str:
    """Return when turns change."""
    clock = f"{said.at:%H:%M}"
    if unit is Unit.WEEK:
        return f"{said.weekday} {clock}"
    if unit is Unit.MONTH:
        return f"{_ordinal(said.day)} {clock}"
    return clock


def read_hours(text: str) -> Period:
    """Return a period of each day, or one of the week."""
    daily = periods.read_period(text)
    if daily is not None:
        return DailyPeriod(daily.begin, daily.end)
    found = _WEEKLY.fullmatch(text.lower())
    if found is None or found[1] not in WEEK or found[4] not in WEEK:
        raise refusal(f"{SAID} is no period", "write one such as `09:00-18:00`, `22:00-06:00` or `fri 18:00-mon 09:00`")
    last = Weekday(found[4]) if found[5] else WEEK[(WEEK.index(Weekday(found[4])) + 1) % len(WEEK)]
    end = time(int(found[5] or 0), int(found[6] or 0))
    return WeeklyPeriod(Weekday(found[1]), time(int(found[2]), int(found[3])), last, end)


def write_hours(period: Period) -> str:
    """Return the period."""
    if isinstance(period, DailyPeriod):
        return write_daily(time_filter.Period(period.begin, period.end))
    return f"{period.first} {period.begin:%H:%M}-{period.last} {period.end:%H:%M}"


def read_daily(text: str) -> time_filter.Period:
    """Return a period of each day."""
    found = periods.read_period(text)
    if found is None:
        raise refusal(f"{SAID} is no period of the day", "write one such as `09:00-18:00` or `22:00-06:00`")
    return found


write_daily = periods.write_period


def read_weekdays(value: object) -> tuple[Weekday, ...]:
    """Return the days that a text or a list of texts names, in the order of the week."""
    texts = [plain_text(one) for one in value] if isinstance(value, list) else [plain_text(value)]
    found = periods.read_weekdays(texts)
    if not found:
        raise refusal("these are no days of the week", "write a list such as `[mon-fri]` or `[sat, sun]`")
    return found


def read_when(text: str) -> When:
    """Return a date or a time."""
    found = _TIME.fullmatch(text)
    try:
        value = datetime.fromisoformat(text) if found else None
    except ValueError:
        value = None
    if found is None or value is None:
        raise refusal(f"{SAID} is no date or time", "write one such as `2026-11-02` or `2026-11-02T09:00`")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise refusal(f"{SAID} is too far away", f"write a year from {FIRST_YEAR} to {LAST_YEAR}")
    return When(value, is_date=found[2] is None)


def read_instant(text: str) -> When:
    """Return a time."""
    found = read_when(text)
    if found.is_date:
        raise refusal(f"{SAID} says no time of the day", f"write it too: `{text}T00:00`")
    return found


def write_wall(wall: datetime) -> str:
    """Return a local time."""
    return f"{wall:%Y-%m-%dT%H:%M}"


def write_instant(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant as a local time of the zone; with its offset where the clocks show that time once more."""
    wall = local(at, zone)
    return write_wall(wall) if instant(wall, zone) == at else at.astimezone(zone).isoformat(timespec="minutes")


def read_day(text: str) -> date:
    """Return a date."""
    found = read_when(text)
    if not found.is_date:
        raise refusal(f"{SAID} is no date", "write one such as `2026-12-24`")
    return found.value.date()


def read_kind(value: object) -> DayKind:
    """Return what a day is for."""
    text = plain_text(value)
    if text not in tuple(DayKind):
        raise refusal(f"{SAID} is no kind of day", "write `work` or `rest`")
    return DayKind(text)


def read_flag(text: str) -> bool:
    """Return whether something is so."""
    if text not in _FLAGS:
        raise refusal(f"{SAID} is neither true nor false", "write `true` or `false`")
    return _FLAGS[text]


def schedule_name(text: str) -> str:
    """Return the name of a schedule, or of a role in one: it stands before or after a `/`."""
    if "/" in name(text):
        raise refusal(f"the name {SAID} holds a `/`", "a `/` parts a schedule from a role: write another sign")
    return text


def _ordinal(day: int) -> str:
    if day > LAST_COMMON_DAY:
        return "last"
    return f"{day}{({1: 'st', 2: 'nd', 3: 'rd'}).get(day % 10 if day not in (11, 12, 13) else 0, 'th')}"
