"""A stretch of time to come, as people write it: `22:00-06:00`, `tomorrow 9:00 to friday 18:00`, `4h`, `周五到周日`.

Times are in the speaker's zone, and exact when its clocks change. What is written without a date is the first such time
that is not over yet: at one in the morning `22:00-06:00` is the night that runs. A day is a whole day, and up to a day
is up to its end. `until 18:00` and `4h` begin now.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.commands import times
from bot.domain.untold import Span
from bot.domain.wall_clock import instant, local
from cards.plain import zone

_WEEKDAYS: Final = {
    **dict.fromkeys(("mon", "monday", "一"), 0),
    **dict.fromkeys(("tue", "tues", "tuesday", "二"), 1),
    **dict.fromkeys(("wed", "wednesday", "三"), 2),
    **dict.fromkeys(("thu", "thur", "thurs", "thursday", "四"), 3),
    **dict.fromkeys(("fri", "friday", "五"), 4),
    **dict.fromkeys(("sat", "saturday", "六"), 5),
    **dict.fromkeys(("sun", "sunday", "日", "天"), 6),
}
_NIGHTS: Final = {"tonight": 0, "今晚": 0, "明晚": 1}
_AHEAD: Final = {"today": 0, "今天": 0, "tomorrow": 1, "明天": 1, "后天": 2, **_NIGHTS}
_NEXT_WEEK: Final = "下"
_ENGLISH: Final = "|".join(sorted((name for name in _WEEKDAYS if name.isascii()), key=len, reverse=True))
_DAY: Final = (
    rf"\d{{4}}-\d{{2}}-\d{{2}}|(?:{_ENGLISH}|today|tonight|tomorrow)(?![a-z])|今天|今晚|明天|明晚|后天"
    r"|[下本这]?(?:周|星期|礼拜)[一二三四五六日天]"
)
_CLOCK: Final = r"\d{1,2}(?:[:.点时](?:\d{2})?分?)?\s*(?:am|pm)?(?![a-z0-9:])"
# A bare number is a time of day only where it cannot be anything else.
_SURE_CLOCK: Final = r"\d{1,2}(?:[:.点时](?:\d{2})?分?\s*(?:am|pm)?|\s*(?:am|pm))(?![a-z0-9:])"
_TO: Final = r"\s*(?:-|\u2013|\u2014|~|\bto\b|\buntil\b|\btill\b|到|至)\s*"
_LASTS: Final = (
    r"\d{1,6}\s*(?:hours?|hrs?|h|minutes?|mins?|m|days?|d|小时|分钟|天)(?![a-z])"
    r"(?:\s*\d{1,6}\s*(?:minutes?|mins?|m|分钟)(?![a-z]))?"
)


def _point(name: str, clock: str = _CLOCK) -> str:
    """Return what a point of time looks like: a day, a time of day, or both."""
    return rf"(?:(?P<{name}_day>{_DAY})(?:[\s,]*(?:at\s+)?T?(?P<{name}_clock>{_CLOCK}))?|(?P<{name}_only>{clock}))"


_FORMS: Final = tuple(
    # Not within an e-mail address, whatever that begins with; a Chinese word may follow on anything.
    re.compile(
        rf"(?:(?<![A-Za-z0-9@.+_-])|(?=[\u4e00-\u9fff]))(?:from\s+|on\s+|从\s*)?(?:{form})(?![.+-]?[A-Za-z0-9@_])",
        re.IGNORECASE | re.ASCII,
    )
    for form in (
        rf"{_point('since')}{_TO}{_point('until')}",
        rf"{_point('since', _SURE_CLOCK)}[\s,]*(?:for\s+|持续\s*|起\s*)?(?P<lasts>{_LASTS})",
        rf"(?:(?:until|till|til)\s+|直到\s*|到\s*){_point('until')}",
        rf"(?:for\s+(?:the\s+next\s+)?|持续\s*|接下来\s*)?(?P<lasts>{_LASTS})",
        rf"(?P<since_day>{_DAY})",
    )
)
_CLOCK_PARTS: Final = re.compile(r"(\d{1,2})(?:[:.点时](\d{2})?分?)?\s*(am|pm)?", re.ASCII | re.IGNORECASE)
_ONE_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Found:
    """Where in a text a stretch of time stands, and which it is; None: it looks like one and is none."""

    start: int
    end: int
    span: Span | None


@dataclass(frozen=True, slots=True)
class _Point:
    """A day, a time of that day, or both, as they were written; `clock` counts from midnight, so it may be 24 hours."""

    day: str = ""
    clock: timedelta | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of when it begins, when it ends, and how long it lasts."""

    since: _Point | None
    until: _Point | None
    lasts: timedelta | None


def find(text: str, now: datetime, timezone: str) -> Found | None:
    """Return the first stretch of time that stands in a text, those that say more first; None: there is none."""
    for form in _FORMS:
        said = form.search(text)
        if said is not None:
            return Found(said.start(), said.end(), _read(said.groupdict(), now, zone(timezone)))
    return None


def _read(named: dict[str, str | None], now: datetime, where: ZoneInfo) -> Span | None:
    try:
        said = _Said(_of(named, "since"), _of(named, "until"), times.duration(named.get("lasts") or ""))
        # What names no date may have begun yesterday, or may be over for today.
        found = [_span(said, now, shift * _ONE_DAY, where) for shift in (-1, 0, 1)]
    except (ValueError, OverflowError):
        return None
    spans = [one for one in found if one.since < one.until]
    return next((one for one in spans if one.until > now), spans[-1] if spans else None)


def _of(named: dict[str, str | None], name: str) -> _Point | None:
    """Return the point of that name; None: nothing is said of it. Raises ValueError when it is none."""
    day = (named.get(f"{name}_day") or "").lower()
    clock = named.get(f"{name}_clock") or named.get(f"{name}_only")
    if clock is None:
        if day in _NIGHTS:
            raise ValueError(f"{day}: when that begins is not known")
        return _Point(day) if day else None
    said = _CLOCK_PARTS.fullmatch(clock.strip())
    if said is None:
        raise ValueError(f"{clock}: is no time of day")
    hour, minute = int(said[1]), int(said[2] or 0)
    if said[3]:
        hour = time(hour % 12 + 12 * (said[3].lower() == "pm") if 1 <= hour <= 12 else 60).hour
    if (hour, minute) != (24, 0):
        time(hour, minute)
    return _Point(day, timedelta(hours=hour, minutes=minute))


def _span(said: _Said, now: datetime, shift: timedelta, where: ZoneInfo) -> Span:
    """Return from when to when it is; what names no date is looked for from today on, or from `shift` later."""
    today, since, until = local(now, where).date(), said.since, said.until
    begins, day = now, today + shift
    if since is not None:
        day = _date(since.day, today, today + shift)
        begins = instant(_wall(day, since.clock or timedelta(0)), where)
    if said.lasts is not None:
        return Span(begins, begins + said.lasts)
    ends = until or _Point(since.day if since is not None else "")
    last = _wall(_date(ends.day, today, day), _ONE_DAY if ends.clock is None else ends.clock)
    # By what is written: an hour that the clocks leave out lasts no time, and not a day.
    is_before = since is not None and last <= _wall(day, since.clock or timedelta(0))
    if is_before and not _is_dated(ends.day):
        last += _WEEK if ends.day else _ONE_DAY
    return Span(begins, instant(last, where))


def _is_dated(word: str) -> bool:
    """Whether a word means one day, whenever it is looked for from."""
    return word in _AHEAD or word.startswith(_NEXT_WEEK) or word[:1].isdigit()


def _wall(day: date, clock: timedelta) -> datetime:
    return datetime.combine(day, time(0)) + clock


def _date(word: str, today: date, base: date) -> date:
    """Return the day that a word means; a weekday is the first one from `base` on."""
    if not word:
        return base
    if word in _AHEAD:
        return today + timedelta(days=_AHEAD[word])
    weekday = _WEEKDAYS.get(word if word.isascii() else word[-1])
    if weekday is None:
        return date.fromisoformat(word)
    if word.startswith(_NEXT_WEEK):
        return today + timedelta(days=7 - today.weekday() + weekday)
    return base + timedelta(days=(weekday - base.weekday()) % 7)
