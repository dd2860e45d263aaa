"""The engine for sources that are data: a `Spec` says where in a body the parts of an event stand.

decode → explode (`each`) → map → fit. A source has one spec or several; each takes what its `each` selects, so a body
may report several kinds of things, and kinds of bodies may share one address.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bot.domain.event import Event, Link, Severity, fit
from bot.sources import payload
from bot.sources.expression import compiled, evaluate
from bot.sources.payload import Json
from bot.sources.source import Parsed, PayloadError, Request, parsed

BATCH_LIMIT: Final = 10_000

_PLAIN_PATH: Final = re.compile(r"[\w.]+")


@dataclass(frozen=True, slots=True)
class Need:
    """What an alert cannot do without: an expression that holds something. Otherwise `field` is at fault."""

    field: str
    expression: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """Where the parts of an event stand; everything but the words is JMESPath.

    `each` gives the list of alerts; null, false or empty text means that the body holds nothing of this kind. The other
    expressions see one alert, and beside its own fields `_body`, `_headers`, `_query` and `_now` (unix seconds).

    - `needs`: without it, it is no alert, and is refused.
    - `key`: one part that is a short text is the alert key itself; else the key is the hash of all parts. If all parts
      are null or empty, the event has no key (a literal among them is never empty).
    - `status`: the alert has recovered if this is one of the words `recovered` (lower case; any case matches).
    - `severity`: candidates; the first whose word `severities` knows (lower case) counts, else `default_severity`.
    - `title`, `description`: candidates; the first that is a text counts. `untitled` stands in for a title.
    - `labels`: objects, merged; the first to name a label wins.
    - `links`: words and address. `starts_at`: an ISO 8601 text.
    """

    each: str
    needs: Need
    key: tuple[str, ...]
    status: str
    recovered: frozenset[str]
    severity: tuple[str, ...]
    severities: Mapping[str, Severity]
    default_severity: Severity = Severity.WARNING
    title: tuple[str, ...]
    untitled: str
    description: tuple[str, ...]
    labels: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()
    starts_at: str = "`null`"
    at: str = field(init=False)

    def __post_init__(self) -> None:
        """Compile every expression, so that a wrong one is found where it is written."""
        links = [address for _, address in self.links]
        lists = (*self.key, *self.severity, *self.title, *self.description, *self.labels, *links)
        for expression in (self.each, self.needs.expression, self.status, self.starts_at, *lists):
            compiled(expression)
        object.__setattr__(self, "at", self.each if _PLAIN_PATH.fullmatch(self.each) else "")


def mapped(title: str, *specs: Spec) -> Callable[[Request], Parsed]:
    """Return the `parse` of a source: `title` is what its bodies are called when one is not of its kind."""
    return partial(_parse, title, specs)


def _parse(title: str, specs: tuple[Spec, ...], request: Request) -> Parsed:
    body = payload.decode(request.body)
    outside: dict[str, Json] = {
        "_body": body,
        "_headers": dict(request.headers),
        "_query": dict(request.query),
        "_now": request.now.timestamp(),
    }
    found = [(spec, evaluate(spec.each, body)) for spec in specs]
    claimed = [(spec, alerts) for spec, alerts in found if alerts or isinstance(alerts, list)]
    if not claimed:
        raise PayloadError(specs[0].at or "body", f"is missing: this is not {title}")
    events: list[Event] = []
    faults: list[PayloadError] = []
    for spec, alerts in claimed:
        for place, alert in _each(spec, alerts):
            try:
                events.append(_event(spec, {**_object(place, alert), **outside}, place))
            except PayloadError as fault:
                faults.append(fault)
    return parsed(events, faults)


def _each(spec: Spec, alerts: Json) -> Iterator[tuple[str, Json]]:
    place = spec.at or "body"
    if not isinstance(alerts, list):
        raise PayloadError(place, "must be a list")
    if len(alerts) > BATCH_LIMIT:
        raise PayloadError(place, f"holds {len(alerts)} alerts; send at most {BATCH_LIMIT} at once")
    return ((f"{spec.at}[{number}]", alert) for number, alert in enumerate(alerts))


def _object(place: str, alert: Json) -> dict[str, Json]:
    if not isinstance(alert, dict):
        raise PayloadError(place, "must be an object")
    return alert


def _event(spec: Spec, scope: dict[str, Json], place: str) -> Event:
    if not payload.holds(evaluate(spec.needs.expression, scope)):
        raise PayloadError(f"{place}.{spec.needs.field}", spec.needs.mend)
    key = _key(spec, scope)
    status = _status(spec, scope)
    if status is Severity.OK and key is None:
        raise PayloadError(place, "has recovered, but nothing in it says which alert to close")
    event = Event(
        status=status,
        title=_first(payload.line, spec.title, scope) or spec.untitled,
        alert_key=key,
        description=(_first(payload.text, spec.description, scope) or "").strip(),
        labels=_labels(spec, scope),
        links=tuple(_links(spec, scope)),
        starts_at=payload.instant(evaluate(spec.starts_at, scope)),
    )
    return fit(event)


def _key(spec: Spec, scope: dict[str, Json]) -> str | None:
    parts = [evaluate(part, scope) for part in spec.key]
    return payload.key(parts[0] if len(parts) == 1 else parts)


def _status(spec: Spec, scope: dict[str, Json]) -> Severity:
    word = payload.line(evaluate(spec.status, scope)) or ""
    if word.lower() in spec.recovered:
        return Severity.OK
    for candidate in spec.severity:
        word = payload.line(evaluate(candidate, scope)) or ""
        if word.lower() in spec.severities:
            return spec.severities[word.lower()]
    return spec.default_severity


def _first(read: Callable[[Json], str | None], candidates: tuple[str, ...], scope: dict[str, Json]) -> str | None:
    readings = (read(evaluate(candidate, scope)) for candidate in candidates)
    return next((reading for reading in readings if reading), None)


def _labels(spec: Spec, scope: dict[str, Json]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for expression in reversed(spec.labels):
        merged.update(payload.labels(evaluate(expression, scope)))
    return merged


def _links(spec: Spec, scope: dict[str, Json]) -> Iterator[Link]:
    for words, expression in spec.links:
        address = payload.address(evaluate(expression, scope))
        if address:
            yield Link(words, address)
