"""What countries say of their days: the library `holidays` behind the domain's own words.

A country and year is worked out when it is first asked for, in a few milliseconds. Regional days count only with their
subdivision. Half holidays are worked. The library is loaded when a calendar names a country.

Some countries swap days: a weekend day is worked for a day off elsewhere. They announce it year by year (China each
November): after the year of `last_known_swap` a calendar has the holidays alone, until the library is renewed.
"""

import importlib
import warnings
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

from bot.domain.calendar import DayKind, NationalDay, Region

if TYPE_CHECKING:
    import holidays

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2099
_SWAPPED: Final = "worked in exchange"


def national(region: Region, day: date) -> NationalDay | None:
    """Return what the region says of the day; None: nothing, or the region is unknown. One of `NationalDays`."""
    return _days(region, day.year).get(day)


def countries() -> Mapping[str, tuple[str, ...]]:
    """Return the known countries by their ISO 3166 codes of two letters, each with its subdivisions."""
    return _countries()


def is_known(region: Region) -> bool:
    """Whether there is such a country, and such a part of it."""
    known = _countries().get(region.country)
    return known is not None and (not region.subdivision or region.subdivision in known)


@cache
def last_known_swap(region: Region) -> int | None:
    """Return the last year of which a day worked in exchange is known; None: the region swaps no days."""
    worked = _worked(region, range(FIRST_YEAR, LAST_YEAR + 1)) if is_known(region) else frozenset()
    return max((day.year for day in worked), default=None)


@cache
def _countries() -> Mapping[str, tuple[str, ...]]:
    found = importlib.import_module("holidays").list_supported_countries(include_aliases=False)
    return {code: tuple(parts) for code, parts in sorted(found.items()) if len(code) == 2}


@cache
def _days(region: Region, year: int) -> Mapping[date, NationalDay]:
    if not is_known(region):
        return {}
    rest = {day: NationalDay(DayKind.REST, name) for day, name in _holidays(region, range(year, year + 1)).items()}
    # A day of December may be worked for one of January: it is announced with the year after.
    worked = _worked(region, range(year, year + 2))
    return rest | {day: NationalDay(DayKind.WORK, _SWAPPED) for day in worked if day.year == year}


def _worked(region: Region, years: range) -> frozenset[date]:
    return frozenset(_holidays(region, years).weekend_workdays)


def _holidays(region: Region, years: range) -> "holidays.HolidayBase":
    with warnings.catch_warnings():
        # Years that the library does not know have no holidays: it says so in a warning.
        warnings.simplefilter("ignore", UserWarning)
        found: holidays.HolidayBase = importlib.import_module("holidays").country_holidays(
            region.country, subdiv=region.subdivision or None, years=years, expand=False, language="en_US"
        )
    return found
