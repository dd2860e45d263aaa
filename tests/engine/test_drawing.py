"""The picture that goes with a schedule: what it shows, by which fonts, and that the words do without it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from PIL import ImageFont
from structlog.testing import capture_logs

from bot.domain.delivery import Place
from bot.domain.incident import Actor
from bot.engine import drawing, fonts, lint
from bot.engine.act import Desk
from bot.engine.heard import Heard
from cards.card import Note
from cards.chart import Chart
from cards.plain import spoken
from storage.database import Database
from tests.engine.stage import Stage
from tests.engine.test_rota import NONE, configure

BIRD = "\U00013171"
"""A name that none of the fonts that are looked for has letters for."""
LAYERED = (
    NONE[: NONE.index("channels:")].replace("name: Dee", f"name: {BIRD}")
    + """\
schedules:
  - name: payments
    timezone: Europe/Berlin
    layers:
      - name: weeks
        rotation: {every: 1w, handover: mon 09:00}
        members: [ana@example.com, bo@example.com]
        start: 2026-11-02
      - name: nights
        rotation: {every: 1d, handover: "09:00"}
        members: [dee@example.com]
        start: 2026-11-02
        hours: ["22:00-06:00"]
      - name: behind
        rotation: {every: 1d}
        members: [dee@example.com]
        start: 2026-11-25
        role: backup
    overrides:
      - {start: 2026-11-24T12:00, end: 2026-11-24T14:00, members: [bo@example.com], why: dentist}
"""
    + NONE[NONE.index("channels:") :]
)
MIDNIGHT = datetime(2026, 11, 20, 23, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def stage(database: Database) -> Stage:
    stage = Stage(database)
    await configure(stage, LAYERED)
    return stage


async def shown(stage: Stage, days: int = 14) -> Chart:
    organisation = await stage.database.read(stage.picture.current)
    (payments,) = organisation.schedules.values()
    now = stage.clock.now()
    span = drawing.days(now, "Europe/Berlin", days)
    return drawing.chart(payments, organisation, span, now, ("en", "Europe/Berlin"))


def desk_of(stage: Stage, font: str = "") -> Desk:
    return Desk(stage.database, stage.picture, stage.wakeups, stage.clock, stage.vault.digest, font=font)


async def ask(stage: Stage, font: str = "", user: str = "ana") -> Note:
    return await hear(desk_of(stage, font), stage, "schedule payments", user)


async def hear(desk: Desk, stage: Stage, said: str, user: str = "ana") -> Note:
    organisation = await stage.database.read(stage.picture.current)
    (acme,) = organisation.workspaces
    account = next(one.id for one in organisation.people.accounts.values() if one.name == "Ana")
    reply = await desk.hear(Heard(said, Actor(account, "acme"), Place(acme, account=account), user=user))
    assert reply.note is not None
    return reply.note


async def test_it_shows_whole_days_of_the_reader_each_role_and_the_layers_that_make_it_up(stage: Stage) -> None:
    chart = await shown(stage)
    assert (chart.start, chart.end) == (MIDNIGHT, MIDNIGHT + 14 * DAY)
    assert [(row.role, row.layer) for row in chart.rows] == [
        ("primary", None),
        ("primary", "weeks"),
        ("primary", "nights"),
        ("backup", None),
    ]
    primary, weeks, nights, backup = chart.rows
    assert [[one.name for one in bar.people] for bar in primary.bars[:3]] == [[BIRD], ["Ana"], [BIRD]]
    assert (weeks.bars[0].start, weeks.bars[0].end) == (MIDNIGHT, MIDNIGHT + 2 * DAY + 9 * DAY / 24)
    assert nights.bars[0].end == MIDNIGHT + DAY / 4
    assert [bar.end - bar.start for bar in primary.bars if bar.changed] == [timedelta(hours=2)]
    assert [bool(bar.people) for bar in backup.bars][:2] == [False, True]
    hours = {one.name: load for one, load in chart.hours}
    assert (sum(hours.values()), chart.empty) == (14 * 24 + 10 * 24, 4 * 24)


async def test_an_answer_in_a_chat_brings_it_and_says_what_its_labels_stand_for(stage: Stage) -> None:
    note = await ask(stage)
    assert note.picture is not None
    assert (note.picture.name, note.picture.png[:4]) == ("payments.png", b"\x89PNG")
    assert note.picture.alt.startswith("payments, 2026-11-21 to 2026-12-04, times in Europe/Berlin. ")
    assert note.picture.alt.endswith(" 352 h, Ana 112 h, Bo 112 h, nobody 96 h.")
    assert spoken(note.rows[0]) == f"In the picture: A {BIRD}"
    assert spoken(note.text).startswith("payments, from 2026-11-21 04:00")


async def test_who_asks_by_sms_gets_the_words_alone(stage: Stage) -> None:
    assert (await ask(stage, user="")).picture is None


@pytest.mark.parametrize(
    ("said", "module", "name"), [("schedule payments", drawing, "shown"), ("lint", lint, "answer")]
)
async def test_what_many_ask_for_at_once_is_worked_out_one_by_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, said: str, module: ModuleType, name: str
) -> None:
    at_work = [0]

    async def work(*_: object) -> Note:
        at_work.append(at_work[-1] + 1)
        await asyncio.sleep(0.02)
        at_work.append(at_work[-1] - 1)
        return Note((said,))

    monkeypatch.setattr(module, name, work)
    desk = desk_of(stage)
    await asyncio.gather(*(hear(desk, stage, said) for _ in range(3)))
    assert at_work == [0, 1, 0, 1, 0, 1, 0]


async def test_a_picture_that_cannot_be_drawn_leaves_the_words(stage: Stage) -> None:
    chart = await shown(stage)
    note = Note(("payments",))
    with capture_logs() as logs:
        assert await drawing.shown(drawing.Sketch(note, replace(chart, end=chart.start)), "") == note
    assert [entry["event"] for entry in logs] == ["picture_not_drawn"]


async def test_words_do_not_wait_for_a_picture_that_takes_too_long(stage: Stage) -> None:
    note = Note(("payments",))
    with capture_logs() as logs:
        assert await drawing.shown(drawing.Sketch(note, await shown(stage)), "", within=0.0) == note
    assert [(entry["event"], entry["error"]) for entry in logs] == [("picture_not_drawn", "TimeoutError")]


def test_a_font_that_is_not_there_costs_a_warning_once(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    with capture_logs() as logs:
        assert fonts.faces(str(broken), (str(tmp_path / "none.ttf"),)) == ()
        assert fonts.faces(str(broken), (str(tmp_path / "none.ttf"),)) == ()
    assert [(entry["event"], entry["path"]) for entry in logs] == [("font_not_usable", str(broken))]


def test_the_font_that_is_named_comes_before_the_usual_ones(tmp_path: Path) -> None:
    data = ImageFont.load_default(16).font_bytes  # type: ignore[union-attr]
    wanted, usual = tmp_path / "wanted.ttf", tmp_path / "usual.ttf"
    wanted.write_bytes(data)
    usual.write_bytes(data)
    found = fonts.faces(str(wanted), (str(usual), str(tmp_path / "none.ttf")))
    assert [Path(str(face(20).path)) for face in found] == [wanted, usual]
