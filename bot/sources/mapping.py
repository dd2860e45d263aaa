"""Field and value mapping: JSON of any shape is read as a standard event.

`{"event_status": "{{severity}}", "alert_key": "{{host}}::{{check}}"}` says where the fields of the event stand. A
variable is a path (`data.items[0].name`), nothing more: users write it, and a path can neither hang nor grow. Alone, it
keeps its type, so `"labels": "{{tags}}"` takes all tags; among other text it becomes text. Where no variable of a text
has a value, the field has none.

Whatever is posted makes an event, since the sender's shape is not ours to refuse: what is missing or of no use gets a
default (status Warning). Only a recovery without a key is refused, for it could close nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.domain.event import DESCRIPTION_LIMIT, Severity
from bot.sources import payload
from bot.sources.payload import Json
from bot.sources.source import Settings, Template

FIELDS: Final = ("title", "title_rule", "description", "event_status", "alert_key", "labels")
_TITLES: Final = ("title_rule", "title")
UNTITLED: Final = "Alert without a title"

_VARIABLE: Final = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
_STATUSES: Final = {status.lower(): status.value for status in Severity}


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake in a mapping: where (`fields.titel`), and how to mend it."""

    path: str
    message: str


def faults(settings: Settings) -> tuple[Fault, ...]:
    """Return what is wrong with a mapping, for whoever checks a configuration."""
    return tuple(_faults(settings))


def _faults(settings: Settings) -> Iterator[Fault]:
    for name, template in settings.fields.items():
        path = f"fields.{name}"
        if name not in FIELDS:
            yield Fault(path, f"is no field of an event: use one of {', '.join(FIELDS)}")
        elif name != "labels" and not isinstance(template, str):
            yield Fault(path, "must be text: only labels may be given one by one")
    for value, status in settings.values.get("event_status", {}).items():
        if status.lower() not in _STATUSES:
            yield Fault(f"values.event_status.{value}", f"must be one of {', '.join(Severity)}, not {status}")


def apply(settings: Settings, posted: dict[str, Json]) -> dict[str, Json]:
    """Return the standard event that the posted JSON stands for.

    Fields that the mapping does not name are taken from the posted JSON, if it has them under their own name.
    """
    said = {name: _rendered(settings, template, posted) for name, template in settings.fields.items()}
    event = {**posted, **said}
    event |= {name: payload.tame(_translated(settings, name, event[name])) for name in FIELDS if name in event}
    names = (*(name for name in _TITLES if name in said), *_TITLES)
    titles = (_written(event.get(name)) for name in names)
    description = _written(event.get("description"))
    status = (payload.text(event.get("event_status")) or "").strip().lower()
    return {
        "title_rule": next(filter(None, titles), (description or UNTITLED).strip().split("\n")[0]),
        "description": description,
        "event_status": _STATUSES.get(status, Severity.WARNING.value),
        "alert_key": payload.key(event.get("alert_key")),
        "labels": dict(payload.labels(event.get("labels"))),
        "images": _images(event.get("images")),
    }


def _rendered(settings: Settings, template: Template, posted: dict[str, Json]) -> Json:
    if not isinstance(template, str):
        return {name: _rendered(settings, label, posted) for name, label in template.items()}
    alone = _VARIABLE.fullmatch(template.strip())
    if alone:
        return _value(settings, alone[1], posted)
    paths = _VARIABLE.findall(template)
    words = {path: payload.text(_value(settings, path, posted)) for path in paths}
    if paths and not any(words.values()):
        return None
    return _VARIABLE.sub(lambda variable: (words[variable[1]] or "")[:DESCRIPTION_LIMIT], template)


def _value(settings: Settings, path: str, posted: dict[str, Json]) -> Json:
    value = payload.at(posted, path)
    return value if path in FIELDS else _translated(settings, path, value)


def _translated(settings: Settings, name: str, value: Json) -> Json:
    """Return what the table of that path or field has for a value, whatever its case; else the value itself."""
    table = {word.lower(): meaning for word, meaning in settings.values.get(name, {}).items()}
    return table.get((payload.text(value) or "").lower(), value)


def _written(value: Json) -> str | None:
    return payload.text(value) or (payload.compact(value) if payload.holds(value) else None)


def _images(value: Json) -> Json:
    images = [image for image in value if isinstance(image, dict)] if isinstance(value, list) else []
    return [
        {"src": image["src"], "alt": payload.text(image.get("alt")), "href": image.get("href")}
        for image in images
        if payload.address(image.get("src"))
    ]
