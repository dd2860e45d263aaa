"""Calendars whose country is not known, or not for long enough."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Final

from bot.domain.calendar import NationalDays, Region
from bot.domain.definition import Kind
from bot.domain.lint.coverage import AHEAD
from bot.domain.lint.finding import Code, Finding, Where
from bot.domain.organisation import Organisation

FORGOTTEN: Final = 5
"""After so many years without a day that is worked in exchange, a region is taken to swap none any more."""

LastSwap = Callable[[Region], int | None]
"""The last year of which a region's days worked in exchange are known; None: it swaps no days."""


def never_swaps(_: Region) -> None:
    """Say of each region that it swaps no days."""


def judge(organisation: Organisation, now: datetime, last_swap: LastSwap) -> Iterator[Finding]:
    """Yield the calendars whose holidays are not all known in the days to come."""
    this_year, until = now.year, (now + AHEAD).year
    for calendar in organisation.calendars.values():
        region = calendar.region
        if region is None:
            continue
        where = Where(Kind.CALENDAR, calendar.name)
        country = "-".join(filter(None, (region.country, region.subdivision)))
        unknown = [year for year in range(this_year, until + 1) if not _is_known(region, year, organisation.national)]
        if unknown:
            yield Finding(Code.UNKNOWN_HOLIDAYS, where, {"country": country, "year": str(unknown[0])})
            continue
        last = last_swap(region)
        if last is not None and this_year - FORGOTTEN < last < until:
            yield Finding(Code.OUTDATED_HOLIDAYS, where, {"country": country, "year": str(last)})


def _is_known(region: Region, year: int, national: NationalDays) -> bool:
    """Whether anything is known of the year: there is no country without a holiday."""
    first = date(year, 1, 1)
    return any(national(region, first + timedelta(days=days)) is not None for days in range(365))
