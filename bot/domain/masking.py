"""Masks what leads to a person: of a phone number the last three digits stay, of an e-mail address its host."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

HIDDEN: Final = "***"
SHOWN_DIGITS: Final = 3
# Shorter runs of digits are codes and counts.
SHORTEST_NUMBER: Final = 7
_ADDRESS: Final = re.compile(r"[\w.+%-]{1,64}@(?=[\w-])")
_NUMBER: Final = re.compile(r"(?<!\w)\+?\d[\d ().-]{5,}\d")
_OTHER: Final = re.compile(r"\D")


def digits_of(phones: Iterable[str]) -> tuple[str, ...]:
    """Return the digits of these numbers, as `masked` knows them by."""
    return tuple(digits for phone in phones if len(digits := _OTHER.sub("", phone)) >= SHORTEST_NUMBER)


def masked(text: str, known: Sequence[str] = ()) -> str:
    """Return the text with the numbers and addresses in it masked.

    What begins with a plus is a number. Other digits may be a service's own id, and are a number only where they end as
    one of the `known` does (`digits_of`).
    """

    def mask(found: re.Match[str]) -> str:
        digits = _OTHER.sub("", found[0])
        # At home, a nought stands in the place of the country.
        local = digits.lstrip("0")
        is_known = any(one.endswith(local) or local.endswith(one) for one in known)
        if len(local) < SHORTEST_NUMBER or not (found[0].startswith("+") or is_known):
            return found[0]
        return f"{HIDDEN}{digits[-SHOWN_DIGITS:]}"

    return _NUMBER.sub(mask, _ADDRESS.sub(f"{HIDDEN}@", text))
