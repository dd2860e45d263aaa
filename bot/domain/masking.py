"""Masks what leads to a person: of a phone number its last three digits stay, of an e-mail address where it is kept."""

import re
from collections.abc import Iterable
from typing import Final

HIDDEN: Final = "***"
SHOWN_DIGITS: Final = 3
# Shorter runs of digits are codes and counts.
SHORTEST_NUMBER: Final = 7
_ADDRESS: Final = re.compile(r"[\w.+%-]{1,64}@(?=[\w-])")
_NUMBER: Final = re.compile(r"(?<!\w)\+?\d[\d ().-]{5,}\d")
_OTHER: Final = re.compile(r"\D")


def masked(text: str, phones: Iterable[str] = ()) -> str:
    """Return the text with the numbers and addresses in it masked.

    What begins with a plus is a number. Other digits may be a service's own id, and are one only where they end as one
    of `phones` does.
    """
    known = [digits for phone in phones if len(digits := _OTHER.sub("", phone)) >= SHORTEST_NUMBER]

    def mask(found: re.Match[str]) -> str:
        digits = _OTHER.sub("", found[0])
        is_known = any(one.endswith(digits) or digits.endswith(one) for one in known)
        if len(digits) < SHORTEST_NUMBER or not (found[0].startswith("+") or is_known):
            return found[0]
        return f"{HIDDEN}{digits[-SHOWN_DIGITS:]}"

    return _NUMBER.sub(mask, _ADDRESS.sub(f"{HIDDEN}@", text))
