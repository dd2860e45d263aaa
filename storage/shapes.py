"""Shapes of the alerts that came of late: which there are, how often each, and an example of each.

Alerts are read from the newest on, some at a time, so that nobody waits for it for long. What is looked at is bounded:
of each channel the newest, and altogether so many; of more shapes those that came most often are kept.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from bot.domain.event import cut
from bot.domain.facts import Facts
from bot.domain.incident import ChannelId
from bot.domain.lint.shape import Kept, Key, Shape, key
from storage import codec, tables
from storage.database import Connection

MOST_OF_A_CHANNEL: Final = 10_000
MOST_ALTOGETHER: Final = 100_000
MOST_SHAPES: Final = 200
"""Shapes of one channel."""
MOST_SHAPES_ALTOGETHER: Final = 2_000
FARTHEST: Final = 1_000_000
"""So many numbers of alerts back from the newest are looked at, whatever is among them."""
AT_ONCE: Final = 200
# Numbers are given out before rows are written: a little older may stand behind a little newer.
_LATE: Final = timedelta(hours=1)
_LONGEST_TITLE: Final = 200
_LONGEST_DESCRIPTION: Final = 2048


@dataclass(slots=True)
class _Counting:
    """The shapes of one channel so far."""

    kept: Kept
    looked_at: int = 0
    counts: Counter[Key] = field(default_factory=Counter)
    newest: dict[Key, tuple[Facts, datetime]] = field(default_factory=dict)

    def add(self, body: str) -> None:
        """Count an alert that can be read; the first of a shape, which is the newest, is its example."""
        self.looked_at += 1
        try:
            alert = codec.ALERT.read(body)
        except ValueError:
            return
        facts = Facts(alert.severity, alert.title, alert.description, alert.labels)
        shape = key(facts, self.kept)
        self.counts[shape] += 1
        if shape not in self.newest:
            said = cut(alert.title, _LONGEST_TITLE), cut(alert.description, _LONGEST_DESCRIPTION)
            self.newest[shape] = (Facts(alert.severity, *said, alert.labels), alert.last_event_at)

    def shapes(self, channel: ChannelId) -> list[Shape]:
        """Return what came most often."""
        most = self.counts.most_common(MOST_SHAPES)
        return [Shape(channel, example, count, last) for one, count in most for example, last in [self.newest[one]]]


async def seen(connection: Connection, looked_at: Mapping[ChannelId, Kept], since: datetime) -> tuple[Shape, ...]:
    """Return the shapes of the alerts that came since then to these channels, by what is looked at in each."""
    counting = {channel: _Counting(kept) for channel, kept in looked_at.items()}
    alerts = tables.alerts.c
    newest = await connection.scalar(sa.select(sa.func.max(alerts.id)))
    last, left = int(newest or 0) + 1, MOST_ALTOGETHER
    floor = last - FARTHEST
    while left > 0:
        full = [int(number) for number, one in counting.items() if one.looked_at >= MOST_OF_A_CHANNEL]
        query = (
            sa.select(alerts.id, alerts.channel_id, alerts.opened_at, alerts.body)
            .where(alerts.id < last, alerts.id >= floor, alerts.channel_id.not_in(full))
            .order_by(alerts.id.desc())
            .limit(min(AT_ONCE, left))
        )
        rows = (await connection.execute(query)).all()
        for row in rows:
            one = counting.get(ChannelId(row.channel_id))
            if one is not None and row.opened_at >= since and one.looked_at < MOST_OF_A_CHANNEL:
                one.add(row.body)
        if not rows or rows[-1].opened_at < since - _LATE:
            break
        last, left = rows[-1].id, left - len(rows)
    found = [shape for channel, one in counting.items() for shape in one.shapes(channel)]
    return tuple(sorted(found, key=lambda shape: -shape.count)[:MOST_SHAPES_ALTOGETHER])
