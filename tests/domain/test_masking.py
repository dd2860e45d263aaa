"""What leads to a person is masked wherever it is printed for others."""

import pytest

from bot.domain.masking import digits_of, masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to +49 171 1234500: busy", "to ***500: busy"),
        ("01711234500 is not reachable", "***500 is not reachable"),
        ("no mailbox ana.li@example.com here", "no mailbox ***@example.com here"),
        ("message 1763761009.123456 of SM0123456789", "message 1763761009.123456 of SM0123456789"),
        ("error 21211 at 2026-11-21 03:00:00", "error 21211 at 2026-11-21 03:00:00"),
    ],
)
def test_what_leads_to_a_person_is_masked_and_nothing_else(text: str, expected: str) -> None:
    assert masked(text, digits_of(["+491711234500"])) == expected
