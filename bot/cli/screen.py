"""What the commands print: tables and lines for people, JSON for scripts.

Rules: no colour unless standard output is a terminal, nor where NO_COLOR is set. What does not go to a terminal is
never wrapped or cut. What an alert says is data: it comes through `one_line`, so that no terminal obeys it.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import click
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot.domain.event import Severity
from bot.domain.incident import Progress
from cards import plain

# Wider than anything: what is piped is not folded.
_UNBOUNDED: Final = 1_000_000
COLOURS: Final = {
    Severity.CRITICAL: "bold red",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
    Severity.OK: "green",
    Progress.TRIGGERED: "red",
    Progress.PROCESSING: "yellow",
    Progress.CLOSED: "green",
}

Cell = str | Text


def print_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2))


def print_line(text: Cell = "", style: str = "") -> None:
    """Print one line."""
    _print(_cell(text, style))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[Cell]], *, rigid: int = 0, indent: int = 0) -> None:
    """Print rows under their headings, if these say anything. The first `rigid` columns never fold."""
    console = _console()
    is_headed = any(headings)
    frame = box.SIMPLE_HEAD if is_headed and console.is_terminal else None
    table = Table(box=frame, pad_edge=False, show_header=is_headed, show_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=place < rigid)
    for row in rows:
        table.add_row(*(_cell(cell) for cell in row))
    _print(table, indent)


def coloured(word: Severity | Progress) -> Text:
    """Return a severity or a progress in its colour."""
    return Text(str(word), COLOURS[word])


def one_line(text: str) -> str:
    """Return what an alert or a person said on one line that no terminal obeys."""
    return plain.line(text)


def instant(at: datetime) -> str:
    """Return an instant as tables show it, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _cell(text: Cell, style: str = "") -> Text:
    return text if isinstance(text, Text) else Text(text, style)


def _console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _UNBOUNDED
    return console


def _print(what: Text | Table, indent: int = 0) -> None:
    console = _console()
    if console.is_terminal:
        console.print(Padding(what, (0, 0, 0, indent)))
        return
    with console.capture() as captured:
        console.print(what)
    for line in captured.get().splitlines():
        click.echo(" " * indent + line.rstrip())
