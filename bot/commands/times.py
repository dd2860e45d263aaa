"""Times as people write them: `90s`, `1h30m`, `2 hours`, `until 14:00`, `tomorrow 9:00`, `30分钟`, `03:00-04:00`."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from bot.domain.untold import Span
from cards.plain import zone

_UNITS: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "秒"), "seconds"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "分", "分钟"), "minutes"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "时", "小时"), "hours"),
    **dict.fromkeys(("d", "day", "days", "天"), "days"),
}
_FALLING: Final = ("days", "hours", "minutes", "seconds")
_AMOUNT: Final = re.compile(rf"\s*(\d{{1,6}})\s*({'|'.join(sorted(_UNITS, key=len, reverse=True))})", re.ASCII)
_CLOCK: Final = re.compile(r"(\d{1,2})(?:[:.点](\d{2})?)?\s*(am|pm)?", re.ASCII)
_FILLERS: Final = re.compile(r"^(?:(?:until|till|til|at)\b|直到|到)\s*")
_TOMORROW: Final = re.compile(r"^(?:tomorrow|明天)\s*(?:at\s*)?")
_UNTIL: Final = re.compile(r"^(?:until|till|til|at|直到|到)\b|^(?:直到|到)")
_TIME: Final = r"\d{1,2}(?:[:.点](?:\d{2})?)?\s*(?:am|pm)?"
SPAN: Final = re.compile(
    r"(?:(?P<day>yesterday|today|昨天|今天|\d{4}-\d{2}-\d{2})[\s,]*)?"
    rf"(?P<since>{_TIME})\s*(?:-|\u2013|\u2014|~|to|until|到|至)\s*(?P<until>{_TIME})",
    re.ASCII | re.IGNORECASE,
)
"""From one time of day to another, of a day that may be named."""
MORNING: Final = "9:00"
_DAY: Final = timedelta(days=1)


def duration(text: str) -> timedelta | None:
    """Return a time like 90s, 1h30m or 2 hours, larger units first; None: it is not one."""
    text, at = text.strip().lower(), 0
    found: dict[str, int] = {}
    while at < len(text):
        amount = _AMOUNT.match(text, at)
        unit = _UNITS[amount[2]] if amount else ""
        if amount is None or unit in found or any(_FALLING.index(unit) < _FALLING.index(one) for one in found):
            return None
        found[unit] = int(amount[1])
        at = amount.end()
    return timedelta(**found) if found else None


def until(text: str, now: datetime, timezone: str) -> datetime | None:
    """Return the instant that a text means: so long from `now`, or the next time of day in the time zone."""
    said = re.sub(r"\s+", " ", text.strip().lower())
    lasts = duration(re.sub(r"^for ", "", said))
    if lasts is not None:
        return now + lasts
    local = now.astimezone(zone(timezone))
    is_until = _UNTIL.match(said) is not None
    said = _FILLERS.sub("", said)
    is_tomorrow = _TOMORROW.match(said) is not None
    said = _TOMORROW.sub("", said)
    if is_tomorrow:
        return _at(said or MORNING, local + _DAY)
    # A bare number is no time of day unless it says so.
    found = _at(said, local) if is_until or ":" in said else None
    if found is None:
        return None
    return found if found > now else _at(said, local + _DAY)


def span(text: str, now: datetime, timezone: str) -> Span | None:
    """Return from when to when a text means, in the time zone; None: it is not a span.

    Without a day, it is the last one in which the span has begun. One that ends before it begins ends on the next day.
    """
    found = SPAN.fullmatch(text.strip().lower())
    local = now.astimezone(zone(timezone))
    if found is None:
        return None
    day = _day(found["day"], local)
    since = _at(found["since"], day) if day is not None else None
    if since is None or day is None:
        return None
    if found["day"] is None and since > now:
        day -= _DAY
        since = _at(found["since"], day)
    until = _at(found["until"], day)
    if since is None or until is None:
        return None
    if until <= since:
        until = _at(found["until"], day + _DAY) or until
    return Span(since.astimezone(UTC), until.astimezone(UTC))


def _day(said: str | None, local: datetime) -> datetime | None:
    if said in ("yesterday", "昨天"):
        return local - _DAY
    if said in (None, "today", "今天"):
        return local
    try:
        day = date.fromisoformat(str(said))
    except ValueError:
        return None
    return local.replace(year=day.year, month=day.month, day=day.day)


def _at(clock: str, day: datetime) -> datetime | None:
    found = _CLOCK.fullmatch(clock)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (found[3] == "pm")
    if hour > 23 or minute > 59:
        return None
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
