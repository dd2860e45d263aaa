"""An alert: all events with the same key in one channel, until it recovers.

Rules: the same report again changes nothing. A recovery ends every alert of its key, keeps what the alert said, and
only adds labels. An alert that has not recovered within 24 h takes no more reports of trouble: the next one opens a new
alert.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Final

from bot.domain.event import LABELS_LIMIT, Event, Image, Link, Severity
from bot.domain.frozen import dataclass, replace
from bot.domain.incident import AlertId, ChannelId, IncidentId

OLDEST: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Alert:
    """One trouble of one thing. `current`: it still takes events of its key. `last`: the last report's fingerprint."""

    id: AlertId
    channel: ChannelId
    key: str
    incident: IncidentId | None
    severity: Severity
    title: str
    opened_at: datetime
    last_event_at: datetime
    last: str
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    images: tuple[Image, ...] = ()
    links: tuple[Link, ...] = ()
    events: int = 1
    recovered_at: datetime | None = None
    current: bool = True


def opened(event: Event, key: str, where: tuple[AlertId, ChannelId, IncidentId], now: datetime) -> Alert:
    """Return a new alert from the first report of a trouble, in an incident of its own."""
    alert, channel, incident = where
    return Alert(
        id=alert,
        channel=channel,
        key=key,
        incident=incident,
        severity=event.status,
        title=event.title,
        opened_at=now,
        last_event_at=now,
        last=event.fingerprint,
        description=event.description,
        labels=event.labels,
        images=event.images,
        links=event.links,
    )


def too_old(alert: Alert, now: datetime) -> bool:
    """Whether the alert has been open for so long that the next report of trouble opens a new one."""
    return now - alert.opened_at > OLDEST


def take(alert: Alert, event: Event, now: datetime) -> Alert:
    """Return the alert after one more report of the same trouble; the same alert when the report is a repetition."""
    if event.fingerprint == alert.last:
        return alert
    return replace(
        alert,
        severity=event.status,
        title=event.title or alert.title,
        description=event.description,
        labels=event.labels,
        images=event.images,
        links=event.links,
        last_event_at=now,
        last=event.fingerprint,
        events=alert.events + 1,
    )


def recover(alert: Alert, event: Event, now: datetime) -> Alert:
    """Return the alert after its recovery: what it said stays, labels that it did not have are added."""
    added = {key: value for key, value in event.labels.items() if key not in alert.labels}
    room = max(LABELS_LIMIT - len(alert.labels), 0)
    return replace(
        alert,
        labels={**alert.labels, **dict(list(added.items())[:room])},
        last_event_at=now,
        last=event.fingerprint,
        events=alert.events + 1,
        recovered_at=now,
        current=False,
    )
