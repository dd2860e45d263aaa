"""The bodies that monitoring systems send, and what every source must hold to.

`tests/sources/<source>/<case>.<anything>` is a body, `<case>.request.json` what else its request had (`headers`,
`query`, `fields`, `values`), `<case>.events.json` what comes of it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot import sources
from bot.domain import event as limits
from bot.domain.event import Event
from bot.sources import Parsed, PayloadError, Request, Settings
from bot.sources.payload import Json

HERE: Final = Path(__file__).parent
NOW: Final = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    source: str
    file: Path
    request: Request

    @property
    def name(self) -> str:
        return f"{self.source}/{self.file.name.split('.')[0]}"


def cases() -> list[Case]:
    """Return every body of every source, in order."""
    beside = (".events.json", ".request.json")
    files = [file for file in sorted(HERE.glob("*/*.*")) if not file.name.endswith(beside)]
    return [Case(file.parent.name, file, _request(file)) for file in files if file.parent.name != "__pycache__"]


def _request(file: Path) -> Request:
    beside = file.with_name(f"{file.name.split('.')[0]}.request.json")
    said = json.loads(beside.read_bytes()) if beside.exists() else {}
    settings = Settings(said.pop("fields", {}), said.pop("values", {}))
    return Request(file.read_bytes(), NOW, settings, **said)


def parse(source: str, request: Request) -> Parsed:
    """Return what the source makes of the request, having seen that it is sound; a refusal is a fault and no event."""
    found = sources.find(source)
    assert found, f"there is no bot/sources/{source.replace('-', '_')}.py"
    try:
        parsed = found.parse(request)
    except PayloadError as refusal:
        parsed = Parsed((), (refusal,))
    for event in parsed.events:
        _sound(event)
    for fault in parsed.faults:
        assert fault.field
        assert fault.message
        assert "\n" not in str(fault)
    return parsed


def _sound(event: Event) -> None:
    """See that the event can be stored and shown: within all limits, without characters that a database refuses."""
    texts = [event.title, event.description, event.alert_key or "", *event.labels, *event.labels.values()]
    texts += [part for image in event.images for part in (image.src, image.alt, image.href)]
    texts += [part for link in event.links for part in (link.text, link.href)]
    for text in texts:
        assert type(text) is str
        assert "\0" not in text
        text.encode()
    assert event.title == " ".join(event.title.split())
    assert 0 < len(event.title) <= limits.TITLE_LIMIT
    assert len(event.description) <= limits.DESCRIPTION_LIMIT
    assert event.alert_key is None or 0 < len(event.alert_key) <= limits.ALERT_KEY_LIMIT
    assert event.alert_key or not event.is_recovery
    assert len(event.labels) <= limits.LABELS_LIMIT
    assert all(0 < len(name) <= limits.LABEL_KEY_LIMIT for name in event.labels)
    assert all(0 < len(value) <= limits.LABEL_VALUE_LIMIT for value in event.labels.values())
    assert all(address.lower().startswith(("http://", "https://")) for address in _addresses(event))
    assert len(event.images) <= limits.IMAGES_LIMIT
    assert len(event.links) <= limits.LINKS_LIMIT
    assert event.starts_at is None or event.starts_at.tzinfo is UTC
    assert event.fingerprint


def _addresses(event: Event) -> Iterator[str]:
    yield from (link.href for link in event.links)
    yield from (image.src for image in event.images)
    yield from (image.href for image in event.images if image.href)


def written(parsed: Parsed) -> str:
    """Return what came of a request as the text of a golden file."""
    events = [_written(event) for event in parsed.events]
    faults = [{"field": fault.field, "message": fault.message} for fault in parsed.faults]
    return json.dumps({"events": events, "faults": faults}, ensure_ascii=False, indent=2) + "\n"


def _written(event: Event) -> dict[str, object]:
    return {
        "status": event.status,
        "title": event.title,
        "alert_key": event.alert_key,
        "description": event.description,
        "labels": dict(event.labels),
        "images": [[image.src, image.alt, image.href] for image in event.images],
        "links": {link.text: link.href for link in event.links},
        "starts_at": event.starts_at.isoformat() if event.starts_at else None,
    }


def nested(levels: int) -> Json:
    """Return a list in a list in a list."""
    value: Json = []
    for _ in range(levels):
        value = [value]
    return value


JUNK: Final[list[Json]] = [
    None, "", " \n", "x" * 5_000, "\0\ud800", 0, -1, 10**300, float("inf"), float("nan"), True, False, [], {}, [[]],
    ["x"], {"a": {"b": [1, None]}}, {"": ""}, nested(70),
]  # fmt: skip


def damaged(body: Json) -> Iterator[Json]:
    """Yield the body with one node after the other replaced by junk of every kind, or taken away, then restored."""
    yield from JUNK
    yield from _damaged(body, body)


def _damaged(body: Json, node: Json) -> Iterator[Json]:
    if isinstance(node, dict):
        for name, kept in list(node.items()):
            for junk in JUNK:
                node[name] = junk
                yield body
            del node[name]
            yield body
            node[name] = kept
            yield from _damaged(body, kept)
    elif isinstance(node, list):
        for place, kept in enumerate(list(node)):
            for junk in JUNK:
                node[place] = junk
                yield body
            del node[place]
            yield body
            node.insert(place, kept)
            yield from _damaged(body, kept)
