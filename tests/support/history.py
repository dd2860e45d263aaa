"""What months of use leave in a database, row by row: for the tests of what is kept and what is removed.

Bodies are empty: retention looks at columns only.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from storage import tables
from storage.database import Connection, Database

Rows = dict[str, list[dict[str, Any]]]
TABLES = ("incidents", "alerts", "events", "timeline", "cards", "deliveries")
AT_ONCE = 500
DAY = timedelta(days=1)


@dataclass
class History:
    """Rows by table, made up by `chance`. Ages go back to two years; the numbers begin after `after`."""

    now: datetime
    chance: random.Random
    after: int = 0
    rows: Rows = field(default_factory=lambda: {name: [] for name in TABLES})

    def live(self, incidents: int) -> None:
        """Let so many incidents happen, and some events that belong to none."""
        for _ in range(incidents):
            self._incident(self._next("incidents"))
        for _ in range(incidents // 4):
            self._event(None, self._ago(700 * DAY))

    def _incident(self, number: int) -> None:
        chance = self.chance
        opened = self._ago(730 * DAY)
        closed = opened + chance.random() * min(40 * DAY, self.now - opened) if chance.random() < 0.8 else None
        self._add(
            "incidents",
            channel_id=1,
            progress="Closed" if closed else chance.choice(["Triggered", "Processing"]),
            severity="Critical",
            opened_at=opened,
            closed_at=closed,
            due=None,
            idle="closed" if closed else "no_rule",
            version=1,
            body="{}",
        )
        until = closed or self.now
        for _ in range(chance.choice([1, 1, 1, 3])):
            self._alert(number, opened, until, takes_events=closed is None or chance.random() < 0.02)
        for _ in range(chance.randint(1, 6)):
            self._add("timeline", incident_id=number, at=opened, body="{}")
        for place in range(chance.randint(0, 2)):
            self._add("cards", incident_id=number, workspace_id=1, place=f"chat:{place}")
        for _ in range(chance.randint(0, 5)):
            self._delivery(number, opened, until)

    def _alert(self, incident: int, opened: datetime, until: datetime, *, takes_events: bool) -> None:
        number = self._next("alerts")
        self._add(
            "alerts",
            channel_id=1,
            key=f"key {number}",
            incident_id=incident,
            current=takes_events,
            recovered=not takes_events and self.chance.random() < 0.7,
            opened_at=opened,
            body="{}",
        )
        for _ in range(self.chance.randint(1, 5)):
            self._event(number, opened + self.chance.random() * (until - opened))

    def _event(self, alert: int | None, at: datetime) -> None:
        self._add(
            "events",
            received_at=at,
            request_id="a",
            integration_id=None,
            channel_id=1,
            key="key",
            alert_id=alert,
            outcome="changed",
            body="{}",
        )

    def _delivery(self, incident: int, opened: datetime, until: datetime) -> None:
        settled = None if self.chance.random() < 0.03 else opened + self.chance.random() * (until - opened)
        self._add(
            "deliveries",
            incident_id=incident,
            kind="card",
            lane=0,
            workspace_id=1,
            place="chat:C1",
            version=1,
            level=0,
            turn=0,
            state="delivered" if settled else self.chance.choice(["pending", "sending"]),
            attempts=1,
            uncertain=False,
            not_before=opened,
            created_at=opened,
            settled_at=settled,
        )

    def _add(self, table: str, **values: object) -> None:
        self.rows[table].append({"id": self._next(table), **values})

    def _next(self, table: str) -> int:
        return self.after + len(self.rows[table]) + 1

    def _ago(self, longest: timedelta) -> datetime:
        return self.now - self.chance.random() * longest


async def store(database: Database, rows: Rows) -> None:
    """Write the rows into an empty database."""
    for name in TABLES:
        for some in _portions(rows[name]):

            async def work(
                connection: Connection,
                table: sa.Table = tables.metadata.tables[name],
                some: list[dict[str, Any]] = some,
            ) -> None:
                await connection.execute(sa.insert(table), some)

            await database.transact(work)


async def stored(database: Database) -> dict[str, set[int]]:
    """Return the numbers of the rows that are there, by table."""

    async def work(connection: Connection) -> dict[str, set[int]]:
        known = {name: tables.metadata.tables[name] for name in TABLES}
        return {name: set(await connection.scalars(sa.select(table.c.id))) for name, table in known.items()}

    return await database.read(work)


def _portions(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for first in range(0, len(rows), AT_ONCE):
        yield rows[first : first + AT_ONCE]


def numbers(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, set[object]]:
    """Return the numbers of rows, by table."""
    return {name: {row["id"] for row in some} for name, some in rows.items()}
