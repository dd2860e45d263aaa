"""The standard source: the event in Oncard's own words, or JSON of any shape by a field mapping; one, or a list.

Fields and limits are those of https://docs.flashcat.cloud/en/on-call/integration/alert-integration/alert-sources/standard-alert.
Too long is cut, wrong is refused by the name of its field. Kinder than that page: a list needs no field mapping,
`title` may stand for `title_rule`, the status may be written in any case, numbers may stand for text, null stands for
nothing.
"""

from collections.abc import Mapping
from typing import Final

from bot.domain.event import ALERT_KEY_LIMIT, TITLE_LIMIT, Event, Image, Severity, cut, fit
from bot.sources import mapping, payload, title_rule
from bot.sources.payload import Json
from bot.sources.source import Parsed, PayloadError, Request, Source, parsed

BATCH_LIMIT: Final = 100
ECHO_LIMIT: Final = 40

# As most write them, and as the others are understood.
_STATUSES: Final = {spelling: status for status in Severity for spelling in (str(status), status.lower())}
_ONE_OF: Final = "Critical, Warning, Info or Ok"


def _parse(request: Request) -> Parsed:
    body = payload.decode(request.body)
    is_mapped = bool(request.settings.fields or request.settings.values)
    if isinstance(body, list) and len(body) > BATCH_LIMIT:
        raise PayloadError("body", f"holds {len(body)} events; send at most {BATCH_LIMIT} at once")
    events: list[Event] = []
    faults: list[PayloadError] = []
    for number, posted in enumerate(body if isinstance(body, list) else [body]):
        place = f"[{number}]" if isinstance(body, list) else ""
        try:
            if not isinstance(posted, dict):
                raise PayloadError(place or "body", "must be an object")
            said = mapping.apply(request.settings, posted) if is_mapped else posted
            events.append(_event(said, place and f"{place}."))
        except PayloadError as fault:
            faults.append(fault)
    return parsed(events, faults)


def _event(posted: Mapping[str, Json], place: str) -> Event:
    """Return the event of one object; `place` stands before the names of its fields in faults."""
    status = _status(posted.get("event_status"), f"{place}event_status")
    key = _key(posted.get("alert_key"), f"{place}alert_key")
    if status is Severity.OK and key is None:
        raise PayloadError(f"{place}alert_key", "is missing: a recovery must name the alert it closes")
    description = (_text(posted.get("description"), f"{place}description") or "").strip()
    labels = _labels(posted.get("labels"), f"{place}labels")
    images = _images(posted.get("images"), f"{place}images")
    rule = _rule(posted, place)
    if rule is None and status is not Severity.OK:
        raise PayloadError(f"{place}title_rule", "is missing: every alert needs a title")
    title = key or ""
    if rule is not None:
        fields = {"Title": payload.text(posted.get("title")) or "", "Description": description, "EventSeverity": status}
        title = payload.line(title_rule.expand(rule[:TITLE_LIMIT], labels, fields)) or mapping.UNTITLED
    return fit(Event(status, title, key, description, labels, images))


def _status(value: Json, field: str) -> Severity:
    if value is None:
        raise PayloadError(field, f"is missing: send {_ONE_OF}")
    if isinstance(value, str) and value in _STATUSES:
        return _STATUSES[value]
    word = payload.line(value) or ""
    status = _STATUSES.get(word.lower())
    if status is None:
        raise PayloadError(field, f"must be {_ONE_OF}, not {cut(word, ECHO_LIMIT)!r}")
    return status


def _text(value: Json, field: str) -> str | None:
    written = payload.text(value)
    if written is None and isinstance(value, list | dict):
        raise PayloadError(field, "must be text")
    return written


def _key(value: Json, field: str) -> str | None:
    key = _text(value, field)
    if key and len(key) > ALERT_KEY_LIMIT:
        raise PayloadError(field, f"has {len(key)} characters; at most {ALERT_KEY_LIMIT} are possible")
    return key


def _rule(posted: Mapping[str, Json], place: str) -> str | None:
    """Return what the title is made by; a recovery may leave it out, since its alert has a title."""
    plain = _text(posted.get("title"), f"{place}title")
    return _text(posted.get("title_rule"), f"{place}title_rule") or plain


def _labels(value: Json, field: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise PayloadError(field, "must be an object of names and texts")
    for name, item in value.items():
        if isinstance(item, payload.NESTED):
            raise PayloadError(f"{field}.{name}", "must be text")
    return payload.labels(value)


def _images(value: Json, field: str) -> tuple[Image, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise PayloadError(field, "must be a list")
    return tuple(_image(image, f"{field}[{number}]") for number, image in enumerate(value))


def _image(value: Json, field: str) -> Image:
    if not isinstance(value, dict):
        raise PayloadError(field, "must be an object with src")
    src = payload.address(value.get("src"))
    if src is None:
        raise PayloadError(f"{field}.src", "must be an http or https address")
    return Image(
        src=src,
        alt=_text(value.get("alt"), f"{field}.alt") or "",
        href=payload.address(value.get("href")) or "",
    )


SOURCE: Final = Source("Standard alert event", _parse)
