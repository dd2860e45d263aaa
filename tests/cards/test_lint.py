"""What is said of findings: whole sentences in each language, the worst first; and the page's table of them is true."""

import re
from pathlib import Path
from typing import Final

import pytest

from bot.domain.event import Severity
from bot.domain.lint import Code, Finding, Grade
from bot.domain.lint.shape import SEEN_WITHIN
from cards import lint
from cards.answers import Readers
from cards.card import Tone
from cards.plain import spoken
from tests.domain.linting import CASES, NOW, Case

PAGE: Final = (Path(__file__).parents[2] / "docs/lint.md").read_text()
ANA: Final = Readers("en", "Europe/Paris", NOW)
EVERY: Final = tuple(sorted((one for name in CASES for one in Case(name).findings), key=lambda one: one.rank))


def example(code: Code) -> Finding:
    """Return the first finding of that code in the file that is named for it."""
    return next(one for one in Case(str(code)).findings if one.code is code)


def row(code: Code) -> str:
    """Return the line of the page's table."""
    one = example(code)
    said = f"{lint.where(one.where, 'en')}: {lint.why(one, 'en')}"
    cells = (
        f"`{code}`",
        str(code.grade),
        Case(str(code)).text.splitlines()[0].lstrip("# "),
        said,
        lint.mend(one, "en"),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


@pytest.mark.parametrize("code", Code)
def test_the_page_has_each_code_with_what_is_said_of_its_case(code: Code) -> None:
    assert row(code) in PAGE.splitlines(), f"docs/lint.md: write {row(code)}"


def test_the_page_has_no_other_codes() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE) == [str(code) for code in Code]


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_a_finding_is_said_without_anything_left_to_fill_in(locale: str) -> None:
    for one in EVERY:
        said = spoken(lint.row(one, locale))
        assert not re.search(r"[{}<>]|\bFinding\b|datetime", said), said
        assert bool(re.search("[一-鿿]", said.replace(one.where.name, ""))) is (locale == "zh")


def test_a_gap_is_said_in_the_zone_of_its_schedule_with_the_level_that_counts_on_it() -> None:
    said = lint.why(example(Code.COVERAGE_GAP), "en")
    assert said == (
        "channel “payments”, rule “work”, level 2 counts on it, and nobody is on call (any role) from 2026-11-22 18:00 "
        "UTC to 2026-11-23 09:00 UTC, 2026-11-23 18:00 UTC to 2026-11-24 09:00 UTC, 2026-11-24 18:00 UTC to 2026-11-25 "
        "09:00 UTC and 87 more"
    )


def test_a_shape_is_said_with_how_often_and_when_it_was_seen() -> None:
    assert SEEN_WITHIN.days == 30
    said = lint.why(example(Code.ALERT_WITHOUT_RULE), "en")
    assert "Info “certificate” (team=web) 340 times, the last at 2026-11-22 00:00 UTC" in said
    assert said.index("certificate") < said.index("disk full")


def test_the_worst_come_first_and_what_is_too_much_is_counted() -> None:
    note = lint.note(EVERY, ANA)
    assert spoken(note.text) == f"Configuration: {len(EVERY)} findings, the worst first"
    assert len(note.rows) == lint.MOST_SHOWN + 1
    assert spoken(note.rows[-1]) == f"and {len(EVERY) - lint.MOST_SHOWN} more: oncard lint"
    card = lint.card(EVERY, ANA)
    assert (card.number, card.tone, card.severity) == (None, Tone.WARNING, Severity.WARNING)
    assert card.title == card.summary == f"Configuration: {len(EVERY)} findings"
    errors = sum(one.grade is Grade.ERROR for one in EVERY)
    assert [(one.name, len(one.lines), spoken(one.lines[-1])) for one in card.listings] == [
        ("May leave somebody untold", 6, f"and {errors - 5} more: oncard lint"),
        ("Not as it seems, or of no use", 6, f"and {len(EVERY) - errors - 5} more: oncard lint"),
    ]
    assert "oncard lint" in spoken(card.status)


def test_a_card_without_errors_is_no_warning_and_one_without_findings_is_done() -> None:
    note = example(Code.UNUSED_SCHEDULE)
    card = lint.card([note], ANA)
    assert (card.title, card.tone) == ("Configuration: 1 finding", Tone.INFO)
    assert [one.name for one in card.listings] == ["Not as it seems, or of no use"]
    assert [spoken(one) for one in lint.note([note], ANA).rows] == [spoken(lint.row(note, "en"))]
    done = lint.card([], ANA)
    assert (done.title, done.tone, done.listings) == ("Configuration: 0 findings", Tone.DONE, ())
    assert spoken(lint.note([], ANA).text) == spoken(done.status)


def test_a_long_proof_is_cut_and_a_short_example_has_no_labels() -> None:
    one = example(Code.SCHEDULE_LOOP)
    assert lint.why(one, "en").endswith("days → nights → days")
    long = Finding(one.code, one.where, {"path": tuple(f"schedule {number}" for number in range(50))})
    assert lint.why(long, "en").endswith("schedule 9 …")
    assert "“any other title” would" in lint.why(example(Code.NO_CATCH_ALL_RULE_AT_TIMES), "en")
    assert "(team=other)" in lint.why(example(Code.NO_CATCH_ALL_RULE), "en")
