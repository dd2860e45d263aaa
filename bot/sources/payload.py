"""Untrusted JSON, tamed: what comes out of here can be read, hashed and stored without a surprise.

`decode` gives plain JSON of bounded depth with finite numbers, and without control characters and halves of characters:
PostgreSQL cannot store some of them, and chat platforms refuse others. The other functions read one value each, and
answer None or nothing where it is not of their kind: whether that is a fault is for the source to say.
"""

import hashlib
import json
import math
import re
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from bot.domain.event import ALERT_KEY_LIMIT, LABEL_VALUE_LIMIT, cut
from bot.sources.source import PayloadError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

DEPTH_LIMIT: Final = 64
INTEGER_DIGITS: Final = 40
# What holds other values.
NESTED: Final = (list, dict)

_UNWANTED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# Those of them that are ASCII.
_CONTROLS: Final = bytes(code for code in range(128) if _UNWANTED.match(chr(code)))
# In JSON's own spelling these may stand for them.
_ESCAPED: Final = re.compile(r"\\[ubf]")
_ADDRESS: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_NOT_IN_A_NAME: Final = re.compile(r"\W")
_STEP: Final = re.compile(r"[^.\[\]]+")
_PLACE: Final = re.compile(r"[0-9]{1,9}")
_BEFORE_UNIX: Final = 1970


def decode(body: bytes) -> Json:
    """Return the JSON of a body; a JSON text that itself holds JSON is opened once more.

    Forgiven are control characters in texts and bytes that are no UTF-8, since hand-written templates of monitoring
    systems insert whatever they find. Infinite numbers, and what nests deeper than 64 levels, become null, integers
    beyond 40 digits text; of equal keys the last one counts.
    """
    written = body.decode(json.detect_encoding(body), "replace")
    value = _loads(written)
    if isinstance(value, str):
        written, value = value, _loads(value)
    # Mostly there is nothing to tame, and to see that once is cheaper than to look at every text.
    is_tame = not _ESCAPED.search(written) and _is_clean(written) and _is_shallow(value, DEPTH_LIMIT)
    return value if is_tame else tame(value)


def _is_clean(written: str) -> bool:
    """Whether nothing unwanted is in the text. Of plain ASCII that is seen ten times as fast without an expression."""
    if written.isascii():
        return len(written.encode().translate(None, _CONTROLS)) == len(written)
    return not _UNWANTED.search(written)


def _is_shallow(value: Json, depth: int) -> bool:
    """Whether nothing in it is deeper than so many levels, looked through level by level."""
    # By class: what was read from JSON is of no other, and to ask so takes half as long.
    boxes: list[Any] = [value] if type(value) in NESTED else []
    while boxes and depth:
        boxes = [item for box in boxes for item in (box.values() if type(box) is dict else box) if type(item) in NESTED]
        depth -= 1
    return not boxes


def _finite(digits: str) -> Json:
    number = float(digits)
    return number if math.isfinite(number) else None


def _integer(digits: str) -> Json:
    return int(digits) if len(digits) <= INTEGER_DIGITS else digits


def _nothing(_name: str) -> None:
    return None


_DECODER: Final = json.JSONDecoder(strict=False, parse_float=_finite, parse_int=_integer, parse_constant=_nothing)


def _loads(written: str) -> Json:
    try:
        value: Json = _DECODER.decode(written)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise PayloadError("body", f"is not JSON: {error.msg} at {place}") from None
    except RecursionError:
        raise PayloadError("body", f"nests too deep: at most {DEPTH_LIMIT} levels are read") from None
    return value


def tame(value: Json, depth: int = DEPTH_LIMIT) -> Json:
    """Return the value as `decode` would give it: also what a mapping says was written by somebody."""
    if isinstance(value, str):
        return _UNWANTED.sub("", value)
    if not isinstance(value, list | dict):
        return value
    if depth == 0:
        return None
    if isinstance(value, list):
        return [tame(item, depth - 1) for item in value]
    return {_UNWANTED.sub("", name): tame(item, depth - 1) for name, item in value.items()}


def text(value: Json) -> str | None:
    """Return a text, number or truth value as text; None for null, blank, lists and objects."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def line(value: Json) -> str | None:
    """Return a value's text on one line, as titles are; None if it has none."""
    written = text(value)
    return " ".join(written.split()) if written else None


def compact(value: Json) -> str:
    """Return the one JSON text of a value, whatever the order of its keys."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def key(value: Json) -> str | None:
    """Return an alert key: a short text as it is, anything else that holds something as its hash, else None."""
    if not holds(value):
        return None
    written = text(value)
    if written and len(written) <= ALERT_KEY_LIMIT:
        return written
    return hashlib.sha256(compact(value).encode()).hexdigest()


def holds(value: Json) -> bool:
    """Whether there is any text, number or truth value in it, however deep."""
    if isinstance(value, dict):
        return any(holds(item) for item in value.values())
    if isinstance(value, list):
        return any(holds(item) for item in value)
    return text(value) is not None


def label_name(name: str) -> str:
    """Return the name as filters and templates can write it: letters of any script, digits and `_`."""
    # Mostly it is one already.
    return name if name.isascii() and name.isidentifier() else _NOT_IN_A_NAME.sub("_", name)


def labels(value: Json) -> dict[str, str]:
    """Return what can be a label: null, blank and nested values are left out, long ones are cut."""
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for name, item in value.items():
            written = text(item)
            if written is not None:
                found.setdefault(label_name(name), cut(written, LABEL_VALUE_LIMIT))
    return found


def address(value: Json) -> str | None:
    """Return an http or https address; None for anything else, since it may end up behind a button."""
    return value if isinstance(value, str) and _ADDRESS.fullmatch(value) else None


def instant(value: Json) -> datetime | None:
    """Return the instant of an ISO 8601 text, UTC unless it says otherwise; None for what is none.

    Go writes "no time" as the year 1 (https://pkg.go.dev/time#Time.IsZero), so no instant lies before 1970.
    """
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else None
        if read is None or read.year < _BEFORE_UNIX:
            return None
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def at(value: Json, path: str) -> Json:
    """Return what is at `data.items[0].name` within a value; None if there is nothing."""
    for step in _STEP.findall(path):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and _PLACE.fullmatch(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
