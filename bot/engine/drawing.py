"""What the picture of a schedule shows, and the picture itself, drawn beside all other work."""

import asyncio
import importlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final

import structlog

from bot.domain.organisation import Organisation
from bot.domain.people import AccountId
from bot.domain.rotation import pieces
from bot.domain.schedule import Origin, Schedule, Shift, roles, timeline
from bot.domain.shifts import balance
from bot.domain.wall_clock import instant, local
from cards.card import Note
from cards.chart import Bar, Chart, Row, Somebody, as_picture, labels
from cards.plain import zone

DAYS: Final = 14
"""How many days a picture shows, unless somebody says otherwise."""
MOST_DAYS: Final = 92
"""Of more days nothing could be read."""
LONGEST: Final = 5.0
"""So many seconds the words wait for their picture at most, such as where its font is on a disk that hangs."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sketch:
    """An answer whose picture is still to be drawn."""

    note: Note
    chart: Chart


def days(now: datetime, timezone: str, count: int = DAYS) -> tuple[datetime, datetime]:
    """Return so many whole days of a zone, from today on."""
    where = zone(timezone)
    today = datetime.combine(local(now, where).date(), time(0))
    return instant(today, where), instant(today + timedelta(days=count), where)


def chart(
    wanted: Schedule,
    organisation: Organisation,
    span: tuple[datetime, datetime],
    now: datetime,
    reader: tuple[str, str],
) -> Chart:
    """Return what a picture shows of a schedule between two instants. `reader`: their language and time zone."""
    locale, timezone = reader
    find = organisation.schedules.get
    found = timeline(wanted, *span, find)
    hours = {
        _somebody(account, organisation): load.total / timedelta(hours=1)
        for account, load in balance(wanted, *span, find).items()
    }
    return Chart(
        wanted.name,
        timezone,
        *span,
        now,
        tuple(row for role in roles(wanted) for row in _rows(wanted, role, found, organisation, span)),
        tuple(sorted(hours.items(), key=lambda one: (-one[1], one[0].number))),
        locale,
    )


async def shown(sketch: Sketch, font: str, within: float = LONGEST) -> Note:
    """Return the answer with its picture; without, where it cannot be drawn in time: its words say all.

    `font`: ONCARD_FONT; `within`: so many seconds.
    """
    try:
        async with asyncio.timeout(within):
            return await asyncio.to_thread(_drawn, sketch, font)
    except Exception as error:
        log.exception("picture_not_drawn", schedule=sketch.chart.schedule, error=type(error).__name__)
        return sketch.note


def _drawn(sketch: Sketch, font: str) -> Note:
    # What draws takes memory that most processes never need: it is loaded with the first picture.
    faces = importlib.import_module("bot.engine.fonts").faces(font)
    drawing = importlib.import_module("cards.picture").draw(sketch.chart, faces)
    note = replace(sketch.note, picture=as_picture(sketch.chart, drawing.png))
    if not drawing.labels:
        return note
    return replace(note, rows=(labels(drawing.labels, sketch.chart.locale), *note.rows))


def _rows(
    wanted: Schedule,
    role: str,
    found: Collection[Shift],
    organisation: Organisation,
    span: tuple[datetime, datetime],
) -> Iterator[Row]:
    """Yield what is so in a role and, where more than one layer or an override makes it so, what each layer says."""
    bars = tuple(_bar(shift, organisation) for shift in found if shift.role == role)
    yield Row(role, bars)
    layers = [layer for layer in wanted.layers if layer.role == role]
    if len(layers) + any(bar.changed for bar in bars) <= 1:
        return
    start, end = span
    for layer in layers:
        yield Row(
            role,
            tuple(
                Bar(max(piece.start, start), min(piece.end, end), _people(piece.accounts, organisation))
                for piece in pieces(layer, wanted.timezone, start, end)
            ),
            layer.name,
        )


def _bar(shift: Shift, organisation: Organisation) -> Bar:
    changed = any(post.source.origin is Origin.OVERRIDE for post in shift.posts)
    return Bar(shift.start, shift.end, _people(shift.accounts, organisation), changed)


def _people(accounts: Iterable[AccountId], organisation: Organisation) -> tuple[Somebody, ...]:
    return tuple(_somebody(account, organisation) for account in accounts)


def _somebody(account: AccountId, organisation: Organisation) -> Somebody:
    return Somebody(int(account), organisation.people.accounts[account].name)
