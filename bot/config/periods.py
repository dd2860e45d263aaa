"""Times of the day and days of the week as people write them: `09:00-18:00`, `22:00-06:00`, `mon-fri`, `sat`."""

import re
from collections.abc import Iterable
from datetime import time
from typing import Final

from bot.domain.calendar import WEEK, Weekday
from bot.domain.time_filter import Period

_PERIOD: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s*-\s*(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
_DAYS: Final = re.compile(r"([a-z]{3})(?:\s*-\s*([a-z]{3}))?")


def read_period(text: str) -> Period | None:
    """Return the period; None: this is none. Both `24:00` and `00:00` end the day; an earlier end is of the next."""
    found = _PERIOD.fullmatch(text)
    if found is None:
        return None
    begin_hour, begin_minute, end_hour, end_minute = (int(part or 0) for part in found.groups())
    return Period(time(begin_hour, begin_minute), time(end_hour, end_minute))


def write_period(period: Period) -> str:
    """Return the period as it is written."""
    end = f"{period.end:%H:%M}" if period.end != time() else "24:00"
    return f"{period.begin:%H:%M}-{end}"


def read_weekdays(texts: Iterable[str]) -> tuple[Weekday, ...] | None:
    """Return the days in the order of the week, each once; None: a text is neither a day nor a range of days."""
    days: set[Weekday] = set()
    for text in texts:
        found = _DAYS.fullmatch(text.lower())
        first, last = (found[1], found[2] or found[1]) if found else ("", "")
        if first not in WEEK or last not in WEEK:
            return None
        begin, end = WEEK.index(Weekday(first)), WEEK.index(Weekday(last))
        days |= {WEEK[n % 7] for n in range(begin, end + 1 if end >= begin else end + 8)}
    return tuple(day for day in WEEK if day in days)


def write_weekdays(days: Iterable[Weekday]) -> list[str]:
    """Return the days as they are written: three or more in a row as a range."""
    rows: list[list[Weekday]] = []
    for day in sorted(set(days), key=WEEK.index):
        if rows and WEEK.index(day) == WEEK.index(rows[-1][-1]) + 1:
            rows[-1].append(day)
        else:
            rows.append([day])
    return [text for row in rows for text in ([f"{row[0]}-{row[-1]}"] if len(row) > 2 else map(str, row))]
