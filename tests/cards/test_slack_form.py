"""Any form is a window that Slack takes, and what is filled in is read as it was meant."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.slack.modals import view_faults
from cards import slack_form
from cards.card import Message, Note
from cards.form import Choice, Field, Form
from cards.slack_form import answer_of, answered, error_of, later, loading, render_form
from tests.cards import strategies
from tests.cards.slack_limits import check_mrkdwn, size
from tests.cards.strategies import too_long_everywhere


@settings(deadline=None, max_examples=50)
@given(strategies.forms)
def test_any_form_is_a_window_that_slack_takes(form: Form) -> None:
    view = render_form(form, "{}")
    assert view_faults(view) == []
    for block in view["blocks"]:  # type: ignore[attr-defined]  # A list, as the check has shown.
        if block["type"] == "section":
            check_mrkdwn(block["text"]["text"])


@settings(deadline=None, max_examples=50)
@given(st.one_of(strategies.cards, strategies.notes))
def test_any_answer_is_a_window_that_slack_takes(message: Message) -> None:
    assert view_faults(answered(message)) == []


def test_a_card_that_is_too_long_everywhere_fits_into_a_window() -> None:
    assert view_faults(answered(too_long_everywhere())) == []


@pytest.mark.parametrize("window", [loading, later, lambda: answered(Note(()))])
def test_what_stands_in_a_window_meanwhile_is_one_too(window: Callable[[], dict[str, object]]) -> None:
    view = window()
    assert view_faults(view) == []


def test_a_field_is_people_a_choice_or_text() -> None:
    fields = (
        Field("who", "Person", (Choice("Ana", "@1"),), people=True),
        Field("level", "Level", (Choice("Level 2", "level 2"), Choice("?", "x" * 151), Choice("!", ""))),
        Field("text", "Words", hint="Disk replaced", lines=True, required=True),
        Field("none", "Words", (Choice("?", "x" * 151),)),
    )
    view = render_form(Form("Title", "close 42 v7", ("about",), fields, "Close", "Cancel"), "kept")
    blocks: Any = view["blocks"]
    about, *inputs = blocks
    assert about["text"]["text"] == "about"
    elements = {one["block_id"]: one["element"] for one in inputs}
    assert elements["who"]["type"] == "users_select"
    assert [option["value"] for option in elements["level"]["options"]] == ["level 2"]
    assert elements["text"]["placeholder"]["text"] == "Disk replaced"
    assert "placeholder" not in elements["none"]
    assert [one["optional"] for one in inputs] == [True, True, False, True]
    assert view["private_metadata"] == "kept"


def test_what_is_wrong_with_a_field_is_one_plain_line() -> None:
    assert error_of(Note(("Say\nfor how long",))) == "Say for how long"
    assert error_of(Note(())) == "…"
    assert size(error_of(Note(("🔥" * 900,)))) <= slack_form.ERROR_LIMIT


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"type": "static_select", "selected_option": {"value": "level 2"}}, "level 2"),
        ({"type": "static_select", "selected_option": {}}, ""),
        ({"type": "static_select", "selected_option": None}, ""),
        ({"type": "users_select", "selected_user": "U1"}, "<@U1>"),
        ({"type": "users_select", "selected_user": None}, ""),
        ({"type": "plain_text_input", "value": "disk"}, "disk"),
        ({"type": "plain_text_input", "value": None}, ""),
    ],
)
def test_what_was_filled_in_is_read(state: dict[str, object], expected: str) -> None:
    assert answer_of(state) == expected
