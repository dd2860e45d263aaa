"""An event: one report of a monitoring system, in Oncard's own words.

Sources make events, everything behind them reads events. The limits are those of the standard source: what is too
long is cut here, once, so that nothing behind need ask.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Final

from bot.domain.frozen import dataclass, replace

TITLE_LIMIT: Final = 512
DESCRIPTION_LIMIT: Final = 2048
ALERT_KEY_LIMIT: Final = 255
LABELS_LIMIT: Final = 50
LABEL_KEY_LIMIT: Final = 128
LABEL_VALUE_LIMIT: Final = 2048
IMAGES_LIMIT: Final = 20
IMAGE_ALT_LIMIT: Final = 128
IMAGE_HREF_LIMIT: Final = 256
IMAGE_SRC_LIMIT: Final = 256
LINKS_LIMIT: Final = 10
LINK_TEXT_LIMIT: Final = 128
LINK_HREF_LIMIT: Final = 2048


class Severity(StrEnum):
    """How bad it is; `Ok` is recovery. The strings are the wire format too."""

    CRITICAL = "Critical"
    WARNING = "Warning"
    INFO = "Info"
    OK = "Ok"

    @property
    def rank(self) -> int:
        """Return 0 for Ok up to 3 for Critical."""
        return _RANKS[self]


_RANKS: Final = {Severity.OK: 0, Severity.INFO: 1, Severity.WARNING: 2, Severity.CRITICAL: 3}


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that came with an alert: `src` is shown, `href` is where a click on it leads."""

    src: str
    alt: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A place to read more: the graph, the runbook."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Event:
    """One report of a source about one thing it watches.

    `alert_key` is None when the source names none: then each event is a new alert. `starts_at` is the source's own
    word for when the trouble began, kept because it tells a new trouble from a repeated report of an old one.
    """

    status: Severity
    title: str
    alert_key: str | None = None
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    images: tuple[Image, ...] = ()
    links: tuple[Link, ...] = ()
    starts_at: datetime | None = None

    @property
    def is_recovery(self) -> bool:
        """Whether the source says that the trouble is over."""
        return self.status is Severity.OK

    @property
    def fingerprint(self) -> str:
        """Return the same text for the same report, however often a sender repeats it."""
        said = [self.alert_key or "", self.status, self.title, self.description, str(self.starts_at or "")]
        said += chain.from_iterable(sorted(self.labels.items()))
        if self.links or self.images:
            # A label has a name, so what begins with none is no label.
            said += ("", str(len(self.links)))
            said += chain.from_iterable((link.text, link.href) for link in self.links)
            said += chain.from_iterable((one.src, one.alt, one.href) for one in self.images)
        # What sources take out of every text, and no database would store, cannot be mistaken for a part of one.
        return hashlib.blake2b("\0".join(said).encode(errors="replace"), digest_size=16).hexdigest()


def cut(text: str, limit: int) -> str:
    """Return `text` within `limit` characters; an ellipsis says that something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def fit(event: Event) -> Event:
    """Return the event within all limits: what is too long is cut, what is too much is left out."""
    if _fits(event):
        return event
    return replace(
        event,
        title=cut(event.title, TITLE_LIMIT),
        description=cut(event.description, DESCRIPTION_LIMIT),
        labels=_fit_labels(event.labels),
        images=_fit_images(event.images),
        links=_fit_links(event.links),
    )


def _fits(event: Event) -> bool:
    """Whether all limits are kept, as they mostly are. Pictures and links are looked at one by one anyway."""
    if len(event.title) > TITLE_LIMIT or len(event.description) > DESCRIPTION_LIMIT or event.images or event.links:
        return False
    for key, value in event.labels.items():
        if not (0 < len(key) <= LABEL_KEY_LIMIT and 0 < len(value) <= LABEL_VALUE_LIMIT):
            return False
    return len(event.labels) <= LABELS_LIMIT


def _fit_labels(labels: Mapping[str, str]) -> Mapping[str, str]:
    kept = [(key, value) for key, value in labels.items() if key and len(key) <= LABEL_KEY_LIMIT and value]
    return {key: cut(value, LABEL_VALUE_LIMIT) for key, value in kept[:LABELS_LIMIT]}


def _fit_images(images: tuple[Image, ...]) -> tuple[Image, ...]:
    """Cut what may be cut; a picture whose address is too long is left out, since half an address shows nothing."""
    by_alt = {
        cut(image.alt, IMAGE_ALT_LIMIT) or image.src: Image(
            src=image.src, alt=cut(image.alt, IMAGE_ALT_LIMIT), href=image.href[:IMAGE_HREF_LIMIT]
        )
        for image in images
        if 0 < len(image.src) <= IMAGE_SRC_LIMIT
    }
    return tuple(by_alt.values())[:IMAGES_LIMIT]


def _fit_links(links: tuple[Link, ...]) -> tuple[Link, ...]:
    whole = [link for link in links if 0 < len(link.href) <= LINK_HREF_LIMIT]
    return tuple(Link(cut(link.text, LINK_TEXT_LIMIT), link.href) for link in whole)[:LINKS_LIMIT]
