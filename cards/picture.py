"""The timeline of a schedule as a picture: a row for each role, a column for each day, a bar for each shift.

Data in, bytes of a PNG out; the same data and font give the same bytes. It is drawn at twice the size at which it is
read. Time runs evenly from left to right, so that a day of 23 or 25 hours is as wide as it is long. Somebody keeps
their colour for as long as the same people are in the schedule; the colours can be told apart by whoever sees few, and
black letters can be read on each of them. The same words and hours stand in text beside it: nobody needs the picture.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from bot.domain.wall_clock import instant, local
from cards.chart import HOURS, NOBODY, NOW, OVERRIDDEN, WEEKDAYS, Bar, Chart, Row, Somebody, amount
from cards.lettering import Face, Lettering
from cards.plain import zone
from cards.schedule import role_of
from cards.words import name_of

WIDTH: Final = 1600
MARGIN: Final = 32
GUTTER: Final = 212
TITLE: Final = 92
HEAD: Final = 86
ROW: Final = 64
LAYER: Final = 36
GAP: Final = 10
LEGEND: Final = 44
NARROW: Final = 76
LARGE: Final = (24, 20, 17)
SMALL: Final = (18, 16)
"""Sizes of names: the first that lets them fit."""
MOST_ROWS: Final = 24
MOST_IN_LEGEND: Final = 40

# "Light" of Paul Tol's qualitative schemes (https://personal.sric.nl/~pault/), without its grey.
PALETTE: Final = ("#77aadd", "#ee8866", "#eedd88", "#44bb99", "#ffaabb", "#99ddff", "#bbcc33", "#aaaa00")
PAPER: Final = "#ffffff"
INK: Final = "#1a1a1a"
FAINT: Final = "#5c6066"
RULE: Final = "#d5d8dc"
WEEKEND: Final = "#eceef1"
ALARM: Final = "#c1121f"
NOW_LINE: Final = "#1f3fbf"
_HOUR: Final = timedelta(hours=1)

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A PNG, and what each label in it stands for: (label, text)."""

    png: bytes
    labels: tuple[tuple[str, str], ...] = ()


def draw(chart: Chart, faces: Sequence[Face] = ()) -> Drawing:
    """Return the picture. `faces`: fonts for what the built-in one cannot write. Raises ValueError: no time at all."""
    if chart.start >= chart.end:
        raise ValueError("end: is not after the start")
    return _Painter(chart, Lettering(faces)).paint()


@dataclass(frozen=True, slots=True)
class _Legend:
    """One entry: perhaps a swatch, and what it stands for, from `left` in a line of the legend."""

    text: str
    bar: Bar | None
    left: int
    line: int


@dataclass(slots=True)
class _Painter:
    """One picture in the making."""

    chart: Chart
    letters: Lettering
    image: Image.Image = field(default_factory=lambda: Image.new("RGB", (1, 1)))
    pen: ImageDraw.ImageDraw = field(init=False)
    zone: ZoneInfo = field(init=False)
    places: dict[int, int] = field(init=False)
    names: dict[int, str] = field(init=False)
    rows: tuple[Row, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.pen = ImageDraw.Draw(self.image)
        self.zone = zone(self.chart.timezone)
        known = {one.number: one.name for one, _ in self.chart.hours}
        known |= {one.number: one.name for row in self.chart.rows for bar in row.bars for one in bar.people}
        self.names = {number: self.letters.written(known[number]) for number in sorted(known)}
        self.places = {number: place for place, number in enumerate(self.names)}
        self.rows = self.chart.rows[:MOST_ROWS]

    def paint(self) -> Drawing:
        legend = list(self._legend())
        lines = max((entry.line for entry in legend), default=-1) + 1
        bottom = TITLE + HEAD + sum(_height(row) + GAP for row in self.rows) + GAP
        height = bottom + lines * LEGEND + MARGIN
        self.image = Image.new("RGB", (WIDTH, height), PAPER)
        self.pen = ImageDraw.Draw(self.image)
        self._title()
        self._days(bottom)
        tops = list(accumulate((_height(row) + GAP for row in self.rows), initial=TITLE + HEAD + GAP))
        for row, top in zip(self.rows, tops, strict=False):
            self._row(row, top)
        self._now(bottom)
        for row, top in zip(self.rows, tops, strict=False):
            for bar in row.bars:
                self._say(bar, self._box(bar, row, top), is_small=row.layer is not None)
        for entry in legend:
            self._entry(entry, bottom + GAP + entry.line * LEGEND)
        file = io.BytesIO()
        self.image.save(file, "PNG", compress_level=6)
        return Drawing(file.getvalue(), tuple((label, text) for text, label in self.letters.labels.items()))

    # Words

    def _word(self, message: str, **parts: str) -> str:
        """Return a word in the reader's language, or in English where no font here can write it."""
        word = name_of(self.chart.locale, message, **parts)
        return word if self.letters.can_write(word) else name_of("en", message, **parts)

    def _write(self, at: tuple[float, float], text: str, size: int, colour: str = INK, anchor: str = "lm") -> None:
        self.pen.text(at, text, fill=colour, font=self.letters.font(text, size), anchor=anchor)

    # The frame

    def _x(self, at: datetime) -> int:
        whole = self.chart.end - self.chart.start
        passed = min(max(at - self.chart.start, timedelta(0)), whole)
        return MARGIN + GUTTER + round((WIDTH - 2 * MARGIN - GUTTER) * (passed / whole))

    def _title(self) -> None:
        days = " ... ".join(dict.fromkeys(self.chart.dates))
        right = f"{days}   {self.chart.timezone}"
        middle = TITLE // 2 + 8
        self._write((WIDTH - MARGIN, middle), right, 26, FAINT, "rm")
        room = WIDTH - 3 * MARGIN - self.letters.width(right, 26)
        self._write((MARGIN, middle), self.letters.fitted(self.letters.written(self.chart.schedule), 38, room), 38)

    def _days(self, bottom: int) -> None:
        """Draw the columns: one for each day of the reader's calendar, the first and the last perhaps cut."""
        days = list(_midnights(self.chart.start, self.chart.end, self.zone))
        for begins, ends in pairwise(days):
            left, right = self._x(begins), self._x(ends)
            day = local(begins, self.zone)
            if day.weekday() >= WEEKDAYS.index("Sat"):
                self.pen.rectangle((left, TITLE, right - 1, bottom), WEEKEND)
            # No line strikes out the date that stands over several narrow columns.
            top = TITLE if day.weekday() == 0 or not self._is_narrow() else TITLE + HEAD
            self.pen.line((left, top, left, bottom), RULE, 2)
            self._hours(day, bottom)
            self._date(day, (ends - begins) / _HOUR, (left, right))
        end = self._x(self.chart.end)
        self.pen.line((end, TITLE, end, bottom), RULE, 2)
        self.pen.line((MARGIN, TITLE + HEAD, end, TITLE + HEAD), RULE, 2)

    def _date(self, day: datetime, hours: float, column: tuple[int, int]) -> None:
        """Write the weekday and the date over a column; where columns are narrow, over Mondays alone."""
        left, right = column
        weekday, date = self._word(WEEKDAYS[day.weekday()]), f"{day:%m-%d}"
        needs = max(self.letters.width(weekday, 24), self.letters.width(date, 22)) + 12
        is_narrow = self._is_narrow()
        if is_narrow and not (day.weekday() == 0 and self._x(self.chart.end) - left > needs):
            return
        if not is_narrow and right - left < needs:
            return
        anchor, middle = ("lm", left + 6) if is_narrow else ("mm", (left + right) / 2)
        self._write((middle, TITLE + 18), weekday, 24, INK, anchor)
        self._write((middle, TITLE + 44), date, 22, FAINT, anchor)
        if hours != 24 and not is_narrow:
            self._write((middle, TITLE + 68), self._word(HOURS, hours=f"{hours:g}"), 20, NOW_LINE, anchor)

    def _is_narrow(self) -> bool:
        """Whether a day is too narrow for its date."""
        return 24 * self._hour() < NARROW

    def _hour(self) -> float:
        """Return how wide an hour is."""
        return (WIDTH - 2 * MARGIN - GUTTER) * (_HOUR / (self.chart.end - self.chart.start))

    def _hours(self, day: datetime, bottom: int) -> None:
        """Draw the hours of a day that has room for them."""
        step = next((step for step in (1, 2, 3, 6) if self._hour() * step >= NARROW), None)
        for hour in range(step or 24, 24, step or 24):
            at = instant(day.replace(hour=hour), self.zone)
            if self.chart.start < at < self.chart.end:
                left = self._x(at)
                self.pen.line((left, TITLE + HEAD - 8, left, bottom), RULE, 1)
                if left + 38 < WIDTH - MARGIN:
                    self._write((left, TITLE + HEAD - 18), f"{local(at, self.zone):%H:%M}", 18, FAINT, "mm")

    def _now(self, bottom: int) -> None:
        if not self.chart.start <= self.chart.now < self.chart.end:
            return
        left, word = self._x(self.chart.now), self._word(NOW)
        top, half = TITLE + HEAD, self.letters.width(word, 20) // 2 + 8
        self.pen.line((left, top, left, bottom), NOW_LINE, 3)
        left = min(left, WIDTH - half)
        self.pen.rounded_rectangle((left - half, top - 26, left + half, top + 2), 6, NOW_LINE)
        self._write((left, top - 13), word, 20, PAPER, "mm")

    # Rows and bars

    def _row(self, row: Row, top: int) -> None:
        bottom = top + _height(row)
        size, indent, colour = (28, 0, INK) if row.layer is None else (20, 18, FAINT)
        named = role_of(row.role, self.chart.locale) if row.layer is None else row.layer
        if row.layer is None and not self.letters.can_write(named):
            named = row.role
        text = self.letters.fitted(self.letters.written(named), size, GUTTER - indent - 16)
        self._write((MARGIN + indent, (top + bottom) / 2), text, size, colour)
        for bar in row.bars:
            self._bar(bar, self._box(bar, row, top))

    def _box(self, bar: Bar, row: Row, top: int) -> Box:
        """Return where a bar is; a narrow one has no room for what sets it off from the next."""
        left, right = self._x(bar.start), self._x(bar.end)
        return left, top, max(left, right - 3 if right - left > 12 else right - 1), top + _height(row)

    def _bar(self, bar: Bar, box: Box) -> None:
        left, top, right, bottom = box
        if not bar.people:
            self._hatch(box)
        for place, one in enumerate(bar.people):
            high = (bottom - top) / len(bar.people)
            begins, ends = top + round(place * high), top + round((place + 1) * high)
            lap, colour = divmod(self.places[one.number], len(PALETTE))
            self.pen.rectangle((left, begins, right, ends), PALETTE[colour])
            for line in range(lap):
                # Where there are more people than colours: lines on the lower edge tell them apart.
                self.pen.line((left, ends - 3 - 6 * line, right, ends - 3 - 6 * line), INK, 3)
        if bar.changed:
            self.pen.rectangle(box, None, INK, 3)
            corner = min(18, bottom - top, right - left)
            self.pen.polygon([(right - corner, top), (right, top), (right, top + corner)], INK)

    def _hatch(self, box: Box) -> None:
        left, top, right, bottom = box
        wide, high = right - left + 1, bottom - top + 1
        patch = Image.new("RGB", (wide, high), PAPER)
        pen = ImageDraw.Draw(patch)
        for x in range(-high, wide, 14):
            pen.line((x, high, x + high, 0), ALARM, 4)
        pen.rectangle((0, 0, wide - 1, high - 1), None, ALARM, 2)
        self.image.paste(patch, (left, top))

    def _say(self, bar: Bar, box: Box, *, is_small: bool) -> None:
        """Write who is on duty, and at which time that began, if there is room."""
        left, top, right, bottom = box
        if not bar.people:
            self._alarm(box)
            return
        edge = 8 if right - left > ROW else 4
        room = right - left - edge - 2
        began = local(bar.start, self.zone)
        clock = "" if is_small or bar.start <= self.chart.start or began.time() == time(0) else f"{began:%H:%M}"
        groups = [bar.people] if is_small or len(bar.people) > 2 else [(one,) for one in bar.people]
        if clock and len(groups) == 1 and self.letters.width(clock, 18) <= room:
            self._write((left + edge, bottom - 16), clock, 18)
            bottom -= 24
        high = (bottom - top) / len(groups)
        for number, people in enumerate(groups):
            text, size = self._fitted(people, SMALL if is_small else LARGE, room)
            wide = self.letters.width(text, size)
            aside = self._beside_now(left + edge, wide, room)
            self._write((aside, top + (number + 0.5) * high), text, size)
            if number == 0 and len(groups) > 1 and clock and aside + wide + self.letters.width(clock, 18) + 18 < right:
                self._write((right - 6, top + high / 2), clock, 18, anchor="rm")

    def _beside_now(self, left: int, wide: int, room: int) -> int:
        """Return where a text begins so that the line of the present does not strike it out, if there is room."""
        now = self._x(self.chart.now)
        is_struck = self.chart.start <= self.chart.now < self.chart.end and left - 4 <= now <= left + wide
        return now + 6 if is_struck and now + 6 + wide <= left + room else left

    def _fitted(self, people: Sequence[Somebody], sizes: Sequence[int], room: int) -> tuple[str, int]:
        """Return the names and their size: whole, or first names where nobody else here is called so, or cut."""
        whole = ", ".join(self.names[one.number] for one in people)
        first = ", ".join(self._first(self.names[one.number]) for one in people)
        for text, size in ((whole, sizes[0]), *((first, size) for size in sizes)):
            if self.letters.width(text, size) <= room:
                return text, size
        return self.letters.fitted(first, sizes[1], room), sizes[1]

    def _alarm(self, box: Box) -> None:
        """Write into a gap that nobody is on duty."""
        left, top, right, bottom = box
        text, middle = self._word(NOBODY), (left + right) // 2
        for size in (24, 20, 18):
            half = self.letters.width(text, size) // 2 + 6
            if 2 * half <= right - left - 4:
                high = size // 2 + 4
                centre = (top + bottom) // 2
                self.pen.rounded_rectangle((middle - half, centre - high, middle + half, centre + high), 6, PAPER)
                self._write((middle, centre), text, size, ALARM, "mm")
                return
        wide = self.letters.width(text, SMALL[-1]) + 4
        if wide <= bottom - top and right - left >= 26:
            self._upright(text, wide, (middle, (top + bottom) // 2))

    def _upright(self, text: str, wide: int, middle: tuple[int, int]) -> None:
        """Write what has no room from left to right, from the bottom up."""
        patch = Image.new("RGB", (wide, 22), PAPER)
        font = self.letters.font(text, SMALL[-1])
        ImageDraw.Draw(patch).text((wide / 2, 11), text, fill=ALARM, font=font, anchor="mm")
        turned = patch.transpose(Image.Transpose.ROTATE_90)
        self.image.paste(turned, (middle[0] - 11, middle[1] - wide // 2))

    def _first(self, name: str) -> str:
        first = name.split(" ", maxsplit=1)[0]
        return first if sum(other.split(" ")[0] == first for other in self.names.values()) == 1 else name

    # The legend

    def _legend(self) -> Iterator[_Legend]:
        """Yield who is in the picture for how long, and what the other marks in it mean, wrapped into lines."""
        entries: list[tuple[str, Bar | None]] = [
            (f"{self.names[one.number]}  {self._amount(hours)}", Bar(self.chart.start, self.chart.end, (one,)))
            for one, hours in self.chart.hours[:MOST_IN_LEGEND]
        ]
        more = len(self.chart.hours) - MOST_IN_LEGEND
        if more > 0:
            entries.append((f"+{more}", None))
        bars = [bar for row in self.rows if row.layer is None for bar in row.bars]
        if self.chart.empty:
            text = f"{self._word(NOBODY)}  {self._amount(self.chart.empty)}"
            entries.append((text, Bar(self.chart.start, self.chart.end, ())))
        changed = next((bar for bar in bars if bar.changed), None)
        if changed is not None:
            entries.append((self._word(OVERRIDDEN), changed))
        left, line = MARGIN, 0
        for text, bar in entries:
            fitted = self.letters.fitted(text, 22, WIDTH - 2 * MARGIN - 60)
            needs = (44 if bar else 0) + self.letters.width(fitted, 22) + 32
            if left > MARGIN and left + needs > WIDTH - MARGIN:
                left, line = MARGIN, line + 1
            yield _Legend(fitted, bar, left, line)
            left += needs

    def _entry(self, entry: _Legend, top: int) -> None:
        left = entry.left
        if entry.bar is not None:
            self._bar(entry.bar, (left, top + 8, left + 32, top + 34))
            left += 44
        self._write((left, top + 21), entry.text, 22)

    def _amount(self, hours: float) -> str:
        return self._word(HOURS, hours=amount(hours))


def _height(row: Row) -> int:
    return ROW if row.layer is None else LAYER


def _midnights(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield when each local day begins, from that of `start` to that after the last."""
    day = datetime.combine(local(start, zone).date(), time(0))
    at = instant(day, zone)
    yield at
    while at < end:
        day += timedelta(days=1)
        at = instant(day, zone)
        yield at.astimezone(UTC)
