"""Phone numbers as Alibaba Cloud writes them: without a plus, and those of mainland China without their country code.

A guess: a reply from `1` and ten more digits is from mainland China. Numbers of North America look the same, but their
replies do not come this way.
"""

import re
from typing import Final

MAINLAND: Final = "+86"
_DOMESTIC: Final = re.compile(r"1[0-9]{10}", re.ASCII)
_ABROAD: Final = re.compile(r"(?:\+|00)?([1-9][0-9]{5,14})", re.ASCII)


def is_mainland(number: str) -> bool:
    """Whether a number in E.164 form is one of mainland China."""
    return number.startswith(MAINLAND)


def theirs(number: str) -> str:
    """Return a number in E.164 form as they want it."""
    return number.removeprefix(MAINLAND) if is_mainland(number) else number.removeprefix("+")


def ours(number: str) -> str:
    """Return a number that they wrote in E.164 form, empty if it is none."""
    shown = number.strip()
    if _DOMESTIC.fullmatch(shown):
        return f"{MAINLAND}{shown}"
    found = _ABROAD.fullmatch(shown)
    return f"+{found[1]}" if found else ""
