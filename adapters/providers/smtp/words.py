"""Our word for a message as it stands in addresses and in names of messages, where letters may lose their case.

A mail server may write the part before the `@` in small letters, and the id of an envelope in capitals. So the word is
written in base 32, which is the same in both.
"""

import base64
import binascii
import re
from typing import Final

# The longest that may stand before the `@` (RFC 5321, 4.5.3.1.1).
LOCAL_LIMIT: Final = 64
_WORD: Final = re.compile(r"[a-z2-7]{8,300}", re.ASCII)
_REFERENCE: Final = re.compile(r"[\w.=~-]{1,180}", re.ASCII)


def written(reference: str) -> str:
    """Return the reference as a word of small letters and digits."""
    return base64.b32encode(reference.encode()).decode().rstrip("=").lower()


def read(word: str) -> str:
    """Return the reference that a word stands for; empty: it is none."""
    found = _WORD.fullmatch(word.lower())
    if found is None:
        return ""
    try:
        reference = base64.b32decode(found[0].upper() + "=" * (-len(found[0]) % 8)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return reference if _REFERENCE.fullmatch(reference) else ""


def return_address(bounce_address: str, reference: str) -> str:
    """Return the address to which alone this message comes back; without room for the word, the address as it is."""
    local, _, domain = bounce_address.rpartition("@")
    whole = f"{local}+{written(reference)}"
    return f"{whole}@{domain}" if len(whole) <= LOCAL_LIMIT else bounce_address
