"""`oncard ledger export`: every message that was decided on, row by row, as CSV or JSON.

However many there are, only a few are held at once. No secret is printed, and of numbers and addresses only a part.
"""

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

import click

from bot.cli import session
from bot.cli.who import Instant
from bot.domain.delivery import PAGES, Dropped
from bot.domain.incident import Happened, IncidentId
from bot.domain.ledger import Hop, Sent, Telling, alone, phones_of
from bot.domain.organisation import Organisation
from bot.engine.ledger import MOST_ENTRIES
from bot.main import Service
from storage import incidents, ledger
from storage.database import Connection

PORTION: Final = 1_000
COLUMNS: Final = (
    *("message", "incident", "decided_at", "kind", "about", "level", "turn", "account", "chat", "via"),
    *("outcome", "because", "reason", "said", "settled_at", "not_before", "attempts", "provider", "id", "hops"),
)
# What a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Row = dict[str, object]


@click.group
def command() -> None:
    """Print every message that was decided on, with its fate."""


@command.command
@click.option("--since", metavar="TIME", type=Instant(), help="What was decided at this time or later (ISO 8601).")
@click.option("--until", metavar="TIME", type=Instant(), help="What was decided before this time.")
@click.option("--csv/--json", "as_csv", default=True, help="CSV (unless told otherwise), or a JSON array.")
def export(since: datetime | None, until: datetime | None, as_csv: bool) -> None:
    """Print every message, row by row, oldest first. Phone numbers and e-mail addresses are masked."""

    async def work(service: Service) -> None:
        printer: _Printer = _Csv() if as_csv else _Json()
        organisation = await session.organisation(service)
        number = await _first(service, since) if since is not None else 0
        while True:
            some, timelines = await _portion(service, number)
            asked = (one for one in some if _is_asked(one, since, until))
            printer.rows(_rows(asked, timelines, organisation))
            if len(some) < PORTION or (until is not None and ledger.is_past(some[-1], until)):
                break
            number = some[-1].delivery.id
        printer.end()

    session.run(work)


Timelines = dict[IncidentId, Sequence[Happened]]


async def _first(service: Service, since: datetime) -> int:
    async def work(connection: Connection) -> int:
        return await ledger.first_since(connection, since)

    return await service.database.read(work)


async def _portion(service: Service, number: int) -> tuple[list[Sent], Timelines]:
    async def work(connection: Connection) -> tuple[list[Sent], Timelines]:
        some = await ledger.after(connection, number, PORTION)
        # Only the timeline knows whether somebody gave the incident to others, or a newer message took the place.
        unclear = {
            one.delivery.incident
            for one in some
            if one.reason == Dropped.SUPERSEDED and one.delivery.kind in PAGES and one.delivery.incident
        }
        return some, {one: await incidents.timeline(connection, one, MOST_ENTRIES) for one in sorted(unclear)}

    return await service.database.read(work)


def _is_asked(one: Sent, since: datetime | None, until: datetime | None) -> bool:
    at = one.delivery.created_at
    return (since is None or at >= since) and (until is None or at < until)


def _rows(some: Iterator[Sent], timelines: Timelines, organisation: Organisation) -> Iterator[Row]:
    phones = phones_of(organisation)
    for one in some:
        yield _row(alone(one, timelines.get(one.delivery.incident, ()), phones), organisation)


def _row(telling: Telling, organisation: Organisation) -> Row:
    delivery, sent, end = telling.delivery, telling.sent, telling.ending
    account = organisation.people.accounts.get(delivery.place.account) if delivery.place.account is not None else None
    values = (
        *(delivery.id, delivery.incident or None, _time(delivery.created_at), str(delivery.kind)),
        *(str(delivery.entry) if delivery.entry else None, delivery.level + 1, max(delivery.turn, 0) + 1),
        *(account.name if account else None, delivery.place.chat, organisation.via(delivery.place.workspace) or None),
        *(str(end.outcome), str(end.because), sent.reason or None, sent.said or None),
        *(_time(sent.settled_at), _time(sent.not_before), delivery.attempts, sent.provider or None, sent.id or None),
        [_hop(hop) for hop in telling.hops],
    )
    return dict(zip(COLUMNS, values, strict=True))


def _hop(hop: Hop) -> dict[str, str | None]:
    return {"at": _time(hop.at), "hop": hop.word, "provider": hop.provider, "said": hop.said, "id": hop.id or None}


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at is not None else None


# ---- how it is printed -----------------------------------------------------------------------------------------------


class _Printer(Protocol):
    """Prints rows as they come."""

    def rows(self, rows: Iterator[Row]) -> None:
        """Print some more."""
        ...

    def end(self) -> None:
        """Print what closes it."""
        ...


class _Csv:
    """A table; the hops of a message stand in one cell."""

    def __init__(self) -> None:
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def rows(self, rows: Iterator[Row]) -> None:
        self._writer.writerows([_cell(value) for value in row.values()] for row in rows)

    def end(self) -> None:
        sys.stdout.flush()


class _Json:
    """An array, with one row on each line."""

    def __init__(self) -> None:
        self._joint = "[\n"

    def rows(self, rows: Iterator[Row]) -> None:
        for row in rows:
            sys.stdout.write(f"{self._joint}{json.dumps(row)}")
            self._joint = ",\n"

    def end(self) -> None:
        sys.stdout.write("[]\n" if self._joint == "[\n" else "\n]\n")
        sys.stdout.flush()


def _cell(value: object) -> str:
    if isinstance(value, list):
        return " | ".join(" ".join(str(part) for part in hop.values() if part) for hop in value)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
