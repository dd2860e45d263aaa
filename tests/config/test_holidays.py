"""What the library knows of the days of some countries."""

from datetime import date, timedelta

import pytest

from bot.config import holidays
from bot.domain.calendar import Because, Calendar, DayKind, Region, look_up

CHINA, GERMANY, BAVARIA, AMERICA = Region("CN"), Region("DE"), Region("DE", "BY"), Region("US")


def worked(region: Region, year: int) -> list[date]:
    """Return the days that are worked although they are of the weekend."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(366)]
    found = [day for day in days if day.year == year and day.weekday() >= 5]
    return [day for day in found if look_up(Calendar("x", region), day, holidays.national).kind is DayKind.WORK]


def off(region: Region, first: date, last: date) -> bool:
    """Whether all days from the first to the last are for rest."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return all(look_up(Calendar("x", region), day, holidays.national).kind is DayKind.REST for day in days)


# As the State Council announced them: gov.cn, 2024-11-12 and 2025-11-04.
@pytest.mark.parametrize(
    ("year", "swapped"),
    [
        (2025, ["01-26", "02-08", "04-27", "09-28", "10-11"]),
        (2026, ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]),
    ],
)
def test_china_works_the_weekend_days_that_it_swaps(year: int, swapped: list[str]) -> None:
    assert [f"{day:%m-%d}" for day in worked(CHINA, year)] == swapped


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2025, 1, 28), date(2025, 2, 4)),
        (date(2025, 4, 4), date(2025, 4, 6)),
        (date(2025, 5, 1), date(2025, 5, 5)),
        (date(2025, 5, 31), date(2025, 6, 2)),
        (date(2025, 10, 1), date(2025, 10, 8)),
        (date(2026, 1, 1), date(2026, 1, 3)),
        (date(2026, 2, 15), date(2026, 2, 23)),
        (date(2026, 4, 4), date(2026, 4, 6)),
        (date(2026, 5, 1), date(2026, 5, 5)),
        (date(2026, 6, 19), date(2026, 6, 21)),
        (date(2026, 9, 25), date(2026, 9, 27)),
        (date(2026, 10, 1), date(2026, 10, 7)),
    ],
)
def test_china_rests_on_its_holidays_and_not_the_days_around(first: date, last: date) -> None:
    assert off(CHINA, first, last)
    around = (first - timedelta(days=1), last + timedelta(days=1))
    assert [look_up(Calendar("x", CHINA), day, holidays.national).kind for day in around] == [DayKind.WORK] * 2


def test_a_day_of_december_is_worked_for_one_of_january() -> None:
    assert holidays.national(CHINA, date(2011, 12, 31)) is not None
    assert [f"{day:%m-%d}" for day in worked(CHINA, 2011)][-1:] == ["12-31"]


def test_after_the_last_announcement_the_holidays_alone_are_known() -> None:
    known = holidays.last_known_swap(CHINA)
    assert known is not None
    assert known >= 2026
    assert worked(CHINA, known + 1) == []
    assert off(CHINA, date(known + 1, 10, 1), date(known + 1, 10, 3))
    assert holidays.last_known_swap(GERMANY) is None
    assert holidays.last_known_swap(Region("ZZ")) is None


def test_a_regional_day_counts_in_its_region() -> None:
    epiphany, unity = date(2026, 1, 6), date(2026, 10, 2)
    assert holidays.national(GERMANY, epiphany) is None
    found = look_up(Calendar("x", BAVARIA), epiphany, holidays.national)
    assert (found.kind, found.because, found.name) == (DayKind.REST, Because.NATIONAL, "Epiphany")
    assert off(GERMANY, date(2025, 10, 3), date(2025, 10, 3))
    assert holidays.national(BAVARIA, unity) is None


def test_a_holiday_on_a_saturday_is_observed_where_the_country_does() -> None:
    assert off(AMERICA, date(2026, 7, 3), date(2026, 7, 5))
    assert off(AMERICA, date(2026, 11, 26), date(2026, 11, 26))
    assert holidays.national(AMERICA, date(2026, 11, 27)) is None


def test_countries_are_known_by_their_codes() -> None:
    known = holidays.countries()
    assert {"CN", "DE", "US", "JP", "FR"} <= set(known)
    assert all(len(code) == 2 for code in known)
    assert "BY" in known["DE"]
    assert [holidays.is_known(one) for one in (CHINA, BAVARIA, Region("ZZ"), Region("DE", "ZZ"), Region("DEU"))] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("region", [Region("ZZ"), Region("US", "ZZ"), CHINA, Region("BG")])
@pytest.mark.parametrize("year", [1, 1900, 9998])
def test_of_what_is_not_known_nothing_is_said(region: Region, year: int) -> None:
    assert holidays.national(region, date(year, 6, 15)) is None
