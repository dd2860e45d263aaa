"""What a source is: a request of a monitoring system goes in, events come out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.event import Event

Template = str | Mapping[str, str]
"""A text with variables, `Host {{host}}: {{data.check}}`; for labels also a text for each label."""


class PayloadError(Exception):
    """What came in cannot be taken: `field` names the place (`alerts[3].labels`), `message` says how to mend it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Settings:
    """How an integration reads JSON of any shape.

    `fields`: a template for each field of the standard event. `values`: for a path of the posted JSON, or for a field
    of the standard event, what is to stand in place of which value (`{"severity": {"high": "Critical"}}`).
    """

    fields: Mapping[str, Template] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """What a monitoring system sent, and when. Names of headers are lower case.

    Keys and passwords travel in body, query and headers: they are not printed.
    """

    body: bytes = field(repr=False)
    now: datetime
    settings: Settings = field(default_factory=Settings)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a request reports.

    `faults` tell of the alerts of a batch that could not be taken. The others are taken all the same: a page must not
    be lost because of its neighbour. Whoever answers the sender stores the events first, then names the faults.
    """

    events: tuple[Event, ...]
    faults: tuple[PayloadError, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A monitoring system: the name that people know it by, and how to read what it sends.

    `parse` raises PayloadError if nothing at all can be taken.
    """

    title: str
    parse: Callable[[Request], Parsed]


def parsed(events: list[Event], faults: list[PayloadError]) -> Parsed:
    """Return what was read, or raise the first fault if there is nothing else."""
    if faults and not events:
        raise faults[0]
    return Parsed(tuple(events), tuple(faults))
