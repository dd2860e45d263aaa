"""Linking codes: what a person reads in one chat account and types in another.

Eight signs of an alphabet without those that look alike are 40 bits: nobody finds one by trying within its ten minutes.
"""

import re
from datetime import timedelta
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH: Final = 8
LASTS: Final = timedelta(minutes=10)
_GROUP: Final = 4
_BETWEEN: Final = re.compile(r"[\s\-‐-―]+")


def written(code: str) -> str:
    """Return a code as it is shown: `ABCD-EFGH`."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def plain(text: str) -> str:
    """Return what somebody typed as a code is compared: in capital letters, without what stands between its signs."""
    return _BETWEEN.sub("", text).upper()
