"""What gateways say, as something that paths lead into: JSON, a form, or the query of an address."""

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from bot.sources.expression import evaluate
from bot.sources.payload import Json

_FORM: Final = "application/x-www-form-urlencoded"


def read(body: bytes, content_type: str, query: str = "") -> Json:
    """Return what a body says, with what stands in the query beside it; null where nothing can be read."""
    asked: dict[str, Json] = dict(parse_qsl(query, keep_blank_values=True))
    text = body.decode(errors="replace")
    if content_type.partition(";")[0].strip().lower() == _FORM:
        return {**asked, **dict(parse_qsl(text, keep_blank_values=True))}
    try:
        said: Json = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        return asked or None
    return {**asked, **said} if isinstance(said, Mapping) else said


def found(path: str | None, scope: Json) -> str:
    """Return the text, number or truth value at a path; empty: there is none."""
    return maybe(path, scope) or ""


def maybe(path: str | None, scope: Json) -> str | None:
    """Return the text, number or truth value at a path, which may be an empty text; None: there is none."""
    value = evaluate(path, scope) if path is not None else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def items(path: str | None, scope: Json) -> list[Json]:
    """Return the things that a callback tells of, at a path or as a whole."""
    listed = evaluate(path, scope) if path is not None else scope
    return listed if isinstance(listed, list) else [listed]
