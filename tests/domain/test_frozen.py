"""A changed copy of a value is the same as the standard library's, and the value stays as it was."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.event import Event, Severity
from bot.domain.frozen import replace


@given(st.builds(Event, st.sampled_from(Severity), st.text()), st.text(), st.none() | st.text())
def test_a_changed_copy_is_as_the_standard_library_makes_it(event: Event, title: str, key: str | None) -> None:
    before = dataclasses.astuple(event)

    changed = replace(event, title=title, alert_key=key)

    assert changed == dataclasses.replace(event, title=title, alert_key=key)
    assert dataclasses.astuple(event) == before


def test_a_field_that_is_not_there_cannot_be_changed() -> None:
    unknown = {"colour": "red"}
    with pytest.raises(KeyError, match="colour"):
        replace(Event(Severity.INFO, "disk full"), **unknown)  # type: ignore[arg-type]
