"""The picture of a schedule: what stands where, in which colour; no letter that is a box, and nothing too large."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image, ImageFont

from cards.chart import Bar, Chart, Row, Somebody, as_picture, labels
from cards.lettering import Font, Lettering, built_in
from cards.picture import (
    ALARM,
    FAINT,
    GUTTER,
    HEAD,
    INK,
    MARGIN,
    NOW_LINE,
    PALETTE,
    PAPER,
    ROW,
    TITLE,
    WEEKEND,
    WIDTH,
    draw,
)
from cards.plain import spoken

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ANA, BO, CHEN = Somebody(1, "Ana Sousa"), Somebody(2, "Bo"), Somebody(3, "陈伟")
BAR_TOP = TITLE + HEAD + 10


def dejavu(size: int) -> Font:
    """Return a font with accents and Cyrillic, which most systems bring along."""
    return ImageFont.truetype("DejaVuSans.ttf", size)


def has_dejavu() -> bool:
    try:
        dejavu(16)
    except OSError:
        return False
    return True


def chart(*rows: Row, days: float = 14, people: Sequence[Somebody] = (), **changes: object) -> Chart:
    made = Chart(
        "payments",
        "UTC",
        MONDAY,
        MONDAY + days * DAY,
        MONDAY + 36 * HOUR,
        rows,
        tuple((one, 24.0 * one.number) for one in people),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def turns(people: Sequence[Somebody], count: int, long: timedelta = DAY) -> tuple[Bar, ...]:
    return tuple(Bar(MONDAY + n * long, MONDAY + (n + 1) * long, (people[n % len(people)],)) for n in range(count))


def read(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    assert (image.format, image.mode, image.width) == ("PNG", "RGB", WIDTH)
    assert len(png) < 200_000
    return image


def x(at: datetime, of: Chart) -> int:
    """Return where an instant is."""
    return MARGIN + GUTTER + round((WIDTH - 2 * MARGIN - GUTTER) * ((at - of.start) / (of.end - of.start)))


def colour(image: Image.Image, left: int, top: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*image.getpixel((left, top)))  # type: ignore[misc]


def column(image: Image.Image, left: int) -> set[str]:
    """Return the colours that are met between the top and the rows, from there to the right edge."""
    return {colour(image, at, TITLE + HEAD - 18) for at in range(left - 38, WIDTH - MARGIN)}


def test_each_shift_is_a_bar_in_the_colour_of_its_person_from_its_beginning_to_its_end() -> None:
    shown = chart(Row("primary", turns((ANA, BO), 14)), people=(ANA, BO))
    image = read(draw(shown).png)
    for day in range(14):
        left = x(MONDAY + day * DAY, shown)
        assert colour(image, left + 2, BAR_TOP + 2) == PALETTE[day % 2]
        assert colour(image, left - 4, BAR_TOP + 2) == (PALETTE[(day - 1) % 2] if day else PAPER)


def test_somebody_keeps_their_colour_whoever_else_is_on_duty_in_the_time_that_is_shown() -> None:
    alone = chart(Row("primary", (Bar(MONDAY, MONDAY + 14 * DAY, (BO,)),)), people=(ANA, BO))
    assert colour(read(draw(alone).png), x(MONDAY + 7 * DAY, alone), BAR_TOP + 2) == PALETTE[1]


def test_weekends_are_shaded_and_the_present_is_a_line() -> None:
    shown = chart(Row("primary", ()))
    image = read(draw(shown).png)
    assert [colour(image, x(MONDAY + (n + 0.5) * DAY, shown), BAR_TOP + 2) for n in (4, 5, 6, 7)] == [
        PAPER,
        WEEKEND,
        WEEKEND,
        PAPER,
    ]
    assert colour(image, x(shown.now, shown), BAR_TOP + 20) == NOW_LINE
    past = read(draw(replace(shown, now=MONDAY - HOUR)).png)
    assert NOW_LINE not in {colour(past, left, BAR_TOP + 20) for left in range(WIDTH)}


@pytest.mark.parametrize("days", [0.2, 0.5, 3, 14, 60])
def test_a_gap_is_hatched_in_red_whatever_its_width(days: float) -> None:
    shown = chart(Row("primary", (Bar(MONDAY, MONDAY + DAY, (ANA,)), Bar(MONDAY + DAY, MONDAY + (1 + days) * DAY, ()))))
    image = read(draw(replace(shown, end=MONDAY + 62 * DAY)).png)
    at = x(MONDAY + (1 + days / 2) * DAY, replace(shown, end=MONDAY + 62 * DAY))
    assert ALARM in {colour(image, at, top) for top in range(BAR_TOP, BAR_TOP + ROW)}


def test_an_override_has_a_frame_and_a_corner() -> None:
    shown = chart(Row("primary", (Bar(MONDAY, MONDAY + DAY, (ANA,), changed=True),)))
    image = read(draw(shown).png)
    left, right = x(MONDAY, shown), x(MONDAY + DAY, shown)
    assert (colour(image, left, BAR_TOP + 30), colour(image, right - 5, BAR_TOP + 5)) == (INK, INK)
    assert colour(image, left + 5, BAR_TOP + 5) == PALETTE[0]


def test_those_who_are_on_duty_together_share_the_bar() -> None:
    shown = chart(
        Row(
            "primary",
            (Bar(MONDAY, MONDAY + 7 * DAY, (ANA, BO)), Bar(MONDAY + 7 * DAY, MONDAY + 14 * DAY, (ANA, BO, CHEN))),
        )
    )
    image = read(draw(shown).png)
    for at, count in ((MONDAY + 6 * DAY, 2), (MONDAY + 13 * DAY, 3)):
        left = x(at, shown)
        found = {colour(image, left, BAR_TOP + round((n + 0.5) * ROW / count)) for n in range(count)}
        assert found == set(PALETTE[:count])


def test_the_time_of_a_hand_over_is_written_where_there_is_room() -> None:
    for people, top in (((ANA,), BAR_TOP + ROW - 16), ((ANA, BO), BAR_TOP + 16)):
        shown = chart(Row("primary", (Bar(MONDAY + 9 * HOUR, MONDAY + 7 * DAY, people),)), now=MONDAY - DAY)
        other = chart(Row("primary", (Bar(MONDAY, MONDAY + 7 * DAY, people),)), now=MONDAY - DAY)
        left, right = x(MONDAY + 9 * HOUR, shown), x(MONDAY + 7 * DAY, shown)
        places = range(left, left + 60) if len(people) == 1 else range(right - 60, right - 4)
        written, not_written = (
            {colour(image, at, top) for at in places} for image in (read(draw(one).png) for one in (shown, other))
        )
        assert INK in written
        assert INK not in not_written


def test_a_day_of_23_hours_is_as_wide_as_it_is_long_and_says_so() -> None:
    zone = ZoneInfo("Europe/Paris")
    start, end = (datetime(2026, 3, day, tzinfo=zone).astimezone(UTC) for day in (27, 31))
    shown = chart(Row("primary", ()), timezone="Europe/Paris", start=start, end=end, now=start - DAY)
    image = read(draw(shown).png)
    rules = [datetime(2026, 3, day, tzinfo=zone).astimezone(UTC) for day in (28, 29, 30)]
    assert [rules[n + 1] - rules[n] for n in range(2)] == [24 * HOUR, 23 * HOUR]
    for rule in rules:
        assert colour(image, x(rule, shown), TITLE + 4) == "#d5d8dc"
    said = {colour(image, left, TITLE + 68) for left in range(x(rules[1], shown), x(rules[2], shown))}
    assert NOW_LINE in said
    assert NOW_LINE not in {colour(image, left, TITLE + 68) for left in range(x(rules[1], shown))}


def test_the_layers_below_a_role_are_drawn_smaller() -> None:
    rows = (
        Row("primary", turns((ANA,), 14)),
        Row("primary", turns((BO,), 14), "weeks"),
        Row("backup", turns((CHEN,), 14)),
    )
    shown = chart(*rows)
    image = read(draw(shown).png)
    left = x(MONDAY + DAY, shown) + 2
    tops = (BAR_TOP, BAR_TOP + ROW + 10, BAR_TOP + ROW + 10 + 36 + 10)
    assert [colour(image, left, top + 2) for top in tops] == list(PALETTE[:3])


def test_more_people_than_colours_are_told_apart_by_lines() -> None:
    people = [Somebody(n, f"Person {n}") for n in range(1, 13)]
    shown = chart(Row("primary", turns(people, 12)), people=people)
    image = read(draw(shown).png)
    first, ninth = (x(MONDAY + n * DAY, shown) + 40 for n in (0, 8))
    assert colour(image, first, BAR_TOP + 2) == colour(image, ninth, BAR_TOP + 2) == PALETTE[0]
    assert colour(image, first, BAR_TOP + ROW - 3) == PALETTE[0]
    assert colour(image, ninth, BAR_TOP + ROW - 3) == INK


@pytest.mark.parametrize(("days", "count"), [(1, 1), (1, 0), (2, 2), (14, 12), (60, 12), (92, 50)])
def test_any_number_of_people_and_days_makes_a_picture(days: int, count: int) -> None:
    people = [Somebody(n, f"Maximiliane Wolfeschlegelstein-Hausenbergerdorff {n}") for n in range(count)]
    bars = turns(people, days * 2, DAY / 2) if people else (Bar(MONDAY, MONDAY + days * DAY, ()),)
    shown = chart(Row("primary", bars), Row("primary", bars, "a layer with a name that is far too long for its place"))
    image = read(draw(replace(shown, end=MONDAY + days * DAY, hours=tuple((one, 1.5) for one in people))).png)
    assert 300 < image.height < 1700


def test_no_schedule_makes_a_picture_that_is_too_high() -> None:
    rows = [Row(f"role {n}", turns((ANA, BO), 14)) for n in range(80)]
    assert read(draw(chart(*rows)).png).height < 3000


def test_what_no_font_can_write_is_a_label_and_never_a_box() -> None:
    names = (CHEN, Somebody(4, "李 (ops)"), Somebody(5, "Élodie Gonçalves"), Somebody(6, "陈伟"))
    drawn = draw(chart(Row("值班", turns(names, 14), None), people=names, schedule="支付"))
    # In the order in which they are met; the same words have the same label.
    assert dict(drawn.labels) == {"A": "陈伟", "B": "李 (ops)", "C": "支付", "D": "值班"}
    assert spoken(labels(drawn.labels, "en")) == "In the picture: A 陈伟 · B 李 (ops) · C 支付 · D 值班"
    assert Lettering().written("Élodie Gonçalves") == "Elodie Goncalves"


@pytest.mark.skipif(not has_dejavu(), reason="this machine has no DejaVu Sans")
def test_a_font_that_has_the_letters_is_used_for_what_the_built_in_one_lacks() -> None:
    name = Somebody(7, "Жанна Ångström")
    drawn = draw(chart(Row("primary", turns((name,), 14)), people=(name,)), (dejavu,))
    assert drawn.labels == ()
    letters = Lettering((dejavu,))
    assert letters.font("Жанна", 20).getname()[0] == "DejaVu Sans"
    assert letters.font("Ana", 20).getname() == built_in(20).getname()
    assert letters.written("陈伟") == "A"


@pytest.mark.skipif(not has_dejavu(), reason="this machine has no DejaVu Sans")
def test_what_would_come_out_backwards_is_a_label() -> None:
    assert Lettering((dejavu,), turns=True).written("דוד כהן") == "דוד כהן"
    letters = Lettering((dejavu,), turns=False)
    assert [letters.written(name) for name in ("דוד כהן", "محمد", "Жанна")] == ["A", "B", "Жанна"]


def test_each_name_is_measured_once_however_often_the_shift_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []
    getlength = ImageFont.FreeTypeFont.getlength

    def counted(font: Font, text: str) -> float:
        measured.append(text)
        return getlength(font, text)

    monkeypatch.setattr(ImageFont.FreeTypeFont, "getlength", counted)
    people = tuple(Somebody(n, f"Person {n}") for n in range(10))
    hours = tuple(Bar(MONDAY + n * HOUR, MONDAY + (n + 1) * HOUR, people) for n in range(14 * 24))
    draw(chart(Row("primary", hours), people=people))
    assert len(measured) < len(hours)


def test_words_that_no_font_can_write_are_in_english() -> None:
    shown = chart(Row("primary", (Bar(MONDAY, MONDAY + 14 * DAY, ()),)), locale="zh")
    drawn = draw(shown)
    assert drawn.labels == ()
    assert drawn.png == draw(replace(shown, locale="en")).png


def test_there_is_a_label_for_everything_that_needs_one() -> None:
    letters = Lettering()
    assert [letters.written(f"班{n}") for n in (1, 2, 1)] == ["A", "B", "A"]
    assert [letters.written(f"班{n}") for n in range(3, 54)][-29:-26] == ["Y", "Z", "AA"]
    assert letters.written("班 last") == "BB"


def test_labels_that_are_too_many_to_be_told_are_not_passed_over_in_silence() -> None:
    labelled = [(str(n), f"班{n}") for n in range(21)]
    assert spoken(labels(labelled[:20], "en")).endswith(" · 19 班19")
    assert spoken(labels(labelled, "en")).endswith(" · 19 班19 · …")


def test_a_time_that_begins_and_ends_within_a_day_has_columns_that_are_cut() -> None:
    whole = chart(Row("primary", ()), days=1, start=MONDAY + 10.4 * HOUR, end=MONDAY + 20.5 * HOUR, now=MONDAY)
    image = read(draw(whole).png)
    assert colour(image, x(MONDAY + 12 * HOUR, whole), BAR_TOP + 20) == "#d5d8dc"
    until_noon = replace(whole, end=MONDAY + 12 * HOUR + timedelta(minutes=1))
    assert FAINT not in column(read(draw(until_noon).png), x(MONDAY + 12 * HOUR, until_noon))
    two_weeks = chart(Row("primary", ()), start=MONDAY + 23 * HOUR)
    assert colour(read(draw(two_weeks).png), x(MONDAY + DAY, two_weeks), TITLE + 4) == "#d5d8dc"


def test_the_legend_is_counted_where_it_would_be_too_long() -> None:
    people = [Somebody(n, f"Person {n}") for n in range(60)]
    short, long = (draw(chart(Row("primary", ()), people=people[:count])).png for count in (40, 60))
    assert 0 <= read(long).height - read(short).height <= 44


def test_the_same_data_make_the_same_bytes() -> None:
    shown = chart(Row("primary", turns((ANA, BO), 14)), people=(ANA, BO))
    assert draw(shown).png == draw(shown).png


def test_a_zone_that_is_not_known_is_utc_and_no_time_is_no_picture() -> None:
    shown = chart(Row("primary", turns((ANA,), 14)))
    assert len(read(draw(replace(shown, timezone="Mars/Base")).png).getcolors(1 << 20) or []) > 5
    with pytest.raises(ValueError, match="end: is not after the start"):
        draw(replace(shown, end=MONDAY))


def test_a_picture_says_in_words_what_it_shows() -> None:
    bars = (Bar(MONDAY, MONDAY + 13 * DAY, (ANA,)), Bar(MONDAY + 13 * DAY, MONDAY + 14 * DAY, ()))
    shown = chart(Row("primary", bars), Row("primary", (Bar(MONDAY, MONDAY + DAY, ()),), "weeks"), people=(ANA, BO))
    made = as_picture(replace(shown, schedule="a/b c"), b"png")
    assert (made.name, made.png) == ("a-b-c.png", b"png")
    assert made.alt == "a/b c, 2026-11-23 to 2026-12-06, times in UTC. Ana Sousa 24 h, Bo 48 h, nobody 24 h."
    assert as_picture(replace(shown, schedule="\u200b"), b"").name == "schedule.png"
    covered = as_picture(chart(Row("primary", bars[:1]), people=(ANA,)), b"png")
    assert covered.alt.endswith("Ana Sousa 24 h.")
    many = tuple((Somebody(n, "n" * 60), 1.0) for n in range(50))
    assert len(as_picture(replace(shown, hours=many), b"").alt) <= 900


def test_a_text_is_cut_where_it_does_not_fit_and_left_out_where_nothing_of_it_would() -> None:
    letters = Lettering()
    assert letters.fitted("Ana Sousa", 20, 500) == "Ana Sousa"
    cut = letters.fitted("Ana Sousa", 20, 60)
    assert cut.startswith("An")
    assert cut.endswith("…")
    assert letters.width(cut, 20) <= 60
    assert letters.fitted("Ana Sousa", 20, 12) == ""


def test_the_example_in_the_documentation_is_such_a_picture() -> None:
    assert read((Path(__file__).parents[2] / "docs" / "schedule.png").read_bytes()).height > 300
