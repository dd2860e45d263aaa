"""What is said of schedules fits everywhere, whatever they and their people are called."""

import json
from datetime import timedelta
from types import ModuleType

import pytest

from cards import dingtalk, feishu, schedule, slack, telegram
from cards.answers import MOST_ROWS, Readers
from cards.plain import spoken
from cards.schedule import Serving, Turn
from tests.cards.stories import NAMES, NIGHT

READERS = Readers("en", "Europe/Paris", NIGHT, NAMES)
HOUR = timedelta(hours=1)


def test_who_is_on_call_for_good_has_no_end() -> None:
    said = schedule.serving(Serving("payments", "primary", ("Ana", "Bo"), None), READERS)
    assert spoken(said) == "payments · primary: Ana, Bo"


def test_more_shifts_than_fit_are_counted() -> None:
    turns = [Turn(NIGHT + n * HOUR, NIGHT + (n + 1) * HOUR, "primary", ("Ana",)) for n in range(MOST_ROWS + 5)]
    note = schedule.shifts("payments", turns, (NIGHT, NIGHT + 20 * HOUR), READERS)
    assert len(note.rows) == MOST_ROWS + 1
    assert spoken(note.rows[-1]) == "and 5 more: oncard schedule show payments"


def test_no_shift_at_all_is_said() -> None:
    note = schedule.shifts("payments", [], (NIGHT, NIGHT + HOUR), READERS)
    assert [spoken(row) for row in note.rows] == ["Nobody is on call in that time."]


@pytest.mark.parametrize("app", [slack, telegram, feishu, dingtalk], ids=lambda app: app.__name__)
def test_a_long_account_of_hostile_names_is_rendered(app: ModuleType) -> None:
    name = "<@U1> *x* \u202e" + "n" * 300
    turns = [Turn(NIGHT, NIGHT + HOUR, name, (name,) * 30)] * 40
    for note in (
        schedule.shifts(name, turns, (NIGHT, NIGHT + HOUR), READERS),
        schedule.on_call([Serving(name, name, (name,) * 30, NIGHT)] * 40, READERS),
    ):
        shown = json.dumps(app.render(note), default=str)
        assert "nnn" in shown
