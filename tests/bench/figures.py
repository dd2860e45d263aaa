"""Figures of several rounds, and the table that shows them: the median, and the least and the most beside it."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.cli import screen

Rows = Mapping[str, Mapping[str, Sequence[float]]]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of the values do not exceed; NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(math.ceil(share * len(ordered)), len(ordered)) - 1 if share > 0 else 0]


def shown(values: Sequence[float]) -> str:
    """Return the median, and the least and the most where they differ from it."""
    if not values:
        return "-"
    middle, least, most = (_number(value) for value in (statistics.median(values), min(values), max(values)))
    return middle if least == most else f"{middle} ({least}–{most})"


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "-" if math.isnan(value) else "never"
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


@dataclass
class Rounds:
    """What was measured, by row and column, one value for each round."""

    rows: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def note(self, row: str, **figures: float) -> None:
        """Add the figures of one round; a name's underscores are spaces in the heading."""
        for name, value in figures.items():
            self.rows.setdefault(row, {}).setdefault(name.replace("_", " "), []).append(value)

    def print(self, first: str) -> None:
        """Print the table; `first` is the heading over the rows' names."""
        columns = list(dict.fromkeys(name for figures in self.rows.values() for name in figures))
        rows = [[row, *(shown(figures.get(name, ())) for name in columns)] for row, figures in self.rows.items()]
        table([first, *columns], rows)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their headings, with an empty line after them."""
    screen.print_table(headings, rows)
    screen.print_line()


def say(text: str) -> None:
    """Print one line."""
    screen.print_line(text)
