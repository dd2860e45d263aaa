"""Rules of repetition: which of them are taken in. Those that could keep us busy for ever are not."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from icalendar import Event, vRecur

from bot.config.ical.event import value
from bot.config.ical.refused import about

Rule = Mapping[str, list[Any]]
MOST_STEPS: Final = 10_000_000
"""So many days, hours and so on are gone through at most, of all events together."""

_ALWAYS: Final = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"})
_BY_DATE: Final = _ALWAYS | {"BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"}
_KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "HOURLY": _ALWAYS,
    "DAILY": _ALWAYS | {"BYDAY"},
    "WEEKLY": _ALWAYS | {"BYDAY"},
    "MONTHLY": _BY_DATE,
    "YEARLY": _BY_DATE,
}
# How many steps of a rule fall into a year; months and years are gone through by their days.
_STEPS: Final = {"HOURLY": 8766, "DAILY": 366, "WEEKLY": 53, "MONTHLY": 366, "YEARLY": 366}
_LAST_YEAR: Final = 9999
_MOST_EVERY: Final = 1000
_ONE_BY_ONE: Final = "write its events one by one in the file"


def check(events: Iterable[Event], until: datetime) -> None:
    """See that the rules of the events can be followed up to an instant. Raises NotImported."""
    steps = 0
    for event in events:
        if "RRULE" in event:
            steps += _steps(event, until)
        if "EXRULE" in event:
            raise about(event, "it has an EXRULE, which no program writes any more", "replace it by EXDATE")
        if steps > MOST_STEPS:
            raise about(event, "it repeats too often, or from too long ago", "begin it later, or write it less often")


def _steps(event: Event, until: datetime) -> int:
    """Return how many steps it takes to follow an event's rule."""
    rule = value(event, "RRULE")
    if isinstance(rule, list):
        raise about(event, f"it has {len(rule)} rules of repetition", "make an event of each")
    if not isinstance(rule, vRecur):
        raise about(event, "its RRULE is no rule", "mend it in the file")
    freq = str(rule.get("FREQ", [""])[0])
    if freq not in _KNOWN:
        raise about(event, f"it repeats {freq or 'by no rule'}", "nobody is on call so: " + _ONE_BY_ONE)
    unknown = sorted(rule.keys() - _KNOWN[freq])
    if unknown:
        raise about(event, f"its rule has {unknown[0]}, which is not taken in with {freq}", _ONE_BY_ONE)
    if "COUNT" in rule and "UNTIL" in rule:
        raise about(event, "its rule has both COUNT and UNTIL", "remove one of them")
    every = _every(event, rule)
    year: int = value(event, "DTSTART").dt.year
    years = max((_LAST_YEAR if _may_never_come(rule, freq, every) else until.year) - year + 1, 1)
    return years * _STEPS[freq] // (every if freq in ("HOURLY", "DAILY", "WEEKLY") else 1)


def _every(event: Event, rule: Rule) -> int:
    every = rule.get("INTERVAL", [1])[0]
    if not isinstance(every, int) or not 1 <= every <= _MOST_EVERY:
        raise about(event, f"its INTERVAL is {every}", f"write 1 to {_MOST_EVERY}")
    return int(every)


def _may_never_come(rule: Rule, freq: str, every: int) -> bool:
    """Whether a rule may mean no day at all, so that it is followed to the end of all years."""
    if freq == "DAILY":
        return "BYDAY" in rule and every % 7 == 0
    ordinals = [str(day)[:-2] for day in rule.get("BYDAY", ())]
    is_rare = any(ordinal.lstrip("+-") not in ("", "1", "2", "3", "4") for ordinal in ordinals)
    return is_rare or "BYSETPOS" in rule or {"BYMONTH", "BYMONTHDAY"} <= rule.keys()
