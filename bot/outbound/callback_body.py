"""What a service tells in the body of a callback: JSON objects, alone or several in an array, and what is in them.

Nothing here raises: what is of another type reads as empty. A text comes without what no database takes, half a
character or a zero, and not endlessly long.
"""

import json
from collections.abc import Mapping
from typing import Final

LONGEST: Final = 2000


def items_of(body: bytes) -> list[dict[str, object]] | None:
    """Return the objects of a body; None: it is no JSON, or neither an object nor an array."""
    try:
        read: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(read, dict):
        return [read]
    return [one for one in read if isinstance(one, dict)] if isinstance(read, list) else None


def text_of(item: Mapping[str, object], *names: str) -> str:
    """Return the first of these fields that is a text or a whole number and not empty, as text."""
    found = (_text(item.get(name)) for name in names)
    return next((one for one in found if one), "")


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).encode("utf-8", "replace").decode().replace("\0", "")[:LONGEST]
