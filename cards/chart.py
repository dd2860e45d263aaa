"""What the picture of a schedule shows, and the words that go with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.event import cut
from cards.card import Picture, Text
from cards.plain import line, zone
from cards.words import name_of, say

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NOW: Final = "now"
NOBODY: Final = "nobody"
OVERRIDDEN: Final = "override"
HOURS: Final = "{hours} h"
ALT: Final = "{schedule}, {first} to {last}, times in {zone}. {hours}."
LABELS: Final = "In the picture: {labels}"

# What platforms take of the words beside a picture, with room to spare.
MOST_ALT: Final = 900
MOST_LABELS: Final = 20
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person in the picture; `number` tells apart who are called the same."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Some time in which these people are on duty; nobody: a gap. `changed`: by an override."""

    start: datetime
    end: datetime
    people: tuple[Somebody, ...]
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """The bars of a role; with a `layer`, those that this layer alone would have, drawn smaller."""

    role: str
    bars: tuple[Bar, ...]
    layer: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """What is to be drawn, between two instants, for a reader. `hours`: how long each is on duty, in hours."""

    schedule: str
    timezone: str
    start: datetime
    end: datetime
    now: datetime
    rows: tuple[Row, ...]
    hours: tuple[tuple[Somebody, float], ...] = ()
    locale: str = "en"

    @property
    def empty(self) -> float:
        """Return for how many hours a role has nobody."""
        bars = [bar for row in self.rows if row.layer is None for bar in row.bars if not bar.people]
        return sum((bar.end - bar.start for bar in bars), timedelta(0)) / _HOUR

    @property
    def dates(self) -> tuple[str, str]:
        """Return the first and the last day."""
        first, last = self.start, self.end - timedelta.resolution
        return f"{first.astimezone(zone(self.timezone)):%Y-%m-%d}", f"{last.astimezone(zone(self.timezone)):%Y-%m-%d}"


def amount(hours: float) -> str:
    """Return a number of hours as it is read at a glance."""
    return f"{round(hours, 1):g}"


def as_picture(chart: Chart, png: bytes) -> Picture:
    """Return the picture with its name and with what it says in words."""
    first, last = chart.dates
    name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in line(chart.schedule))
    said = name_of(
        chart.locale,
        ALT,
        schedule=line(chart.schedule),
        first=first,
        last=last,
        zone=chart.timezone,
        hours=", ".join(_hours(chart)),
    )
    return Picture(f"{cut(name, 60) or 'schedule'}.png", cut(said, MOST_ALT), png)


def labels(labelled: Sequence[tuple[str, str]], locale: str) -> Text:
    """Return the line that says what the labels of a picture stand for: (label, text)."""
    said = [f"{label} {cut(text, 60)}" for label, text in labelled[:MOST_LABELS]]
    # Whoever looks for a label that is not among them sees that there are more.
    return say(locale, LABELS, labels=" · ".join([*said, "…"] if len(labelled) > MOST_LABELS else said))


def _hours(chart: Chart) -> Iterator[str]:
    for one, hours in chart.hours:
        yield f"{line(one.name)} {name_of(chart.locale, HOURS, hours=amount(hours))}"
    if chart.empty:
        yield f"{name_of(chart.locale, NOBODY)} {name_of(chart.locale, HOURS, hours=amount(chart.empty))}"
