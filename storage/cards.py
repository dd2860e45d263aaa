"""Cards: where an incident is shown, by which message, and which version of it that message shows."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from bot.adapter import MessageRef
from bot.domain.board import BoardId
from bot.domain.delivery import PAGES, CardId, Place, State
from bot.domain.frozen import dataclass
from bot.domain.incident import Happened, Incident, IncidentId
from bot.domain.people import AccountId, WorkspaceId
from storage import bulk, incidents, tables
from storage.database import Connection, take_any_numbers
from storage.definitions import REVISION


@dataclass(frozen=True, slots=True)
class CardRow:
    """The live message of an incident in one place.

    `message` is None until it was sent, `shown` the version it shows. `board`: where the incident is shown as well, or
    instead.
    """

    id: CardId
    incident: IncidentId
    place: Place
    message: MessageRef | None = None
    shown: int | None = None
    board: BoardId | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """Where incidents are shown already, and where a message is still on its way.

    `waiting`: places to which a page has not gone out yet. `being_sent`: cards whose message may just now be going out.
    """

    cards: Mapping[IncidentId, list[CardRow]] = field(default_factory=dict)
    waiting: frozenset[tuple[IncidentId, WorkspaceId, str]] = frozenset()
    being_sent: frozenset[CardId] = frozenset()


@dataclass(frozen=True, slots=True)
class About:
    """What a message is about: an incident, its card there, and what revision is configured, read at one instant.

    `entries`: the last of its timeline as they are written, the newest first; None: they were not asked for.
    """

    incident: Incident
    card: CardRow | None
    revision: int
    entries: tuple[tuple[datetime, str], ...] | None = None


# The columns of a new row.
_NEW: Final = ("id", "incident_id", "workspace_id", "place", "chat", "account_id")
# In the databases' own words, with one value for all numbers: put together for their number it would cost each of them.
# And in one statement: to a server and back takes longer than to find them there.
_THESE: Final[Mapping[str, str]] = {
    "sqlite": "IN (SELECT value FROM json_each(?1))",
    "postgresql": "= ANY($1::bigint[])",
}
_SHOWN: Final[Mapping[str, str]] = {
    kind: f"""
SELECT incident_id, workspace_id, id AS card, board_id, chat, account_id, message_chat, message_id, shown,
    NULL AS place, NULL AS state FROM cards WHERE incident_id {these}
UNION ALL
SELECT incident_id, workspace_id, card_id, board_id, NULL, NULL, NULL, NULL, NULL, place, state FROM deliveries
WHERE incident_id {these} AND state IN ('pending', 'sending') AND version >= 0 AND kind IN {tuple(map(str, PAGES))}
ORDER BY card
"""  # noqa: S608 - Words of our own.
    for kind, these in _THESE.items()
}
_ABOUT: Final = (
    sa.select(tables.incidents.c.body, REVISION.label("revision"), tables.cards)
    .select_from(tables.incidents.outerjoin(tables.cards, tables.cards.c.id == sa.bindparam("card")))
    .where(tables.incidents.c.id == sa.bindparam("incident"))
)
# One statement, with its timeline as two arrays: to a server and back takes longer than to find it there.
_ABOUT_AND_TOLD: Final = _ABOUT.add_columns(
    *(
        sa.func.array(
            incidents.LAST_ENTRIES.with_only_columns(column).scalar_subquery(), type_=ARRAY(column.type)
        ).label(name)
        for name, column in (("instants", tables.timeline.c.at), ("entries", tables.timeline.c.body))
    )
)


async def shown(connection: Connection, incidents: Collection[IncidentId]) -> Shown:
    """Return where these incidents are shown, and what of them is still on its way, as of one instant."""
    found: dict[IncidentId, list[CardRow]] = {incident: [] for incident in incidents}
    waiting: set[tuple[IncidentId, WorkspaceId, str]] = set()
    being_sent: set[CardId] = set()
    kind = connection.dialect.name
    numbers = sorted(incidents)
    some = numbers if kind == "postgresql" else json.dumps(numbers)
    # As tuples: where there are many, to ask each row for its columns by their names takes longer than to read them.
    for row in await connection.exec_driver_sql(_SHOWN[kind], (some,)):
        incident, workspace, card, board, chat, account, message_chat, message_id, version, page_to, state = row
        if state is None:
            message = MessageRef(message_chat, message_id) if message_id else None
            place = Place(workspace, chat, account or None)
            found[incident].append(CardRow(card, incident, place, message, version, board or None))
        else:
            if state == State.PENDING:
                waiting.add((incident, workspace, page_to))
            if board is None and card is not None:
                being_sent.add(card)
    return Shown(found, frozenset(waiting), frozenset(being_sent))


async def add_cards(connection: Connection, places: Sequence[tuple[IncidentId, Place]]) -> list[CardRow]:
    """Make a card for each place, not sent yet."""
    if not places:
        return []
    ids = await take_any_numbers(connection, "cards", len(places))
    made = [CardRow(CardId(number), incident, place) for number, (incident, place) in zip(ids, places, strict=True)]
    rows = [
        (one.id, one.incident, one.place.workspace, one.place.key, one.place.chat, one.place.account) for one in made
    ]
    await bulk.insert_values(connection, tables.cards, _NEW, rows)
    return made


async def about(connection: Connection, incident: IncidentId, card: CardId | None, entries: int) -> About:
    """Return an incident with one of its cards, and so many entries of its timeline where they cost nothing more.

    Raises Unreadable, and LookupError: there is no such incident.
    """
    is_server = connection.dialect.name == "postgresql"
    which = {"incident": incident, "card": card, **({"most": entries} if is_server else {})}
    row = (await connection.execute(_ABOUT_AND_TOLD if is_server else _ABOUT, which)).one_or_none()
    if row is None:
        raise LookupError(f"there is no incident #{incident}")
    (read,) = incidents.all_of([(incident, row.body)])
    told = tuple(zip(row.instants, row.entries, strict=True)) if is_server else None
    return About(read, _card(row) if row.id is not None else None, int(row.revision or 0), told)


async def timeline(connection: Connection, about: About, most: int) -> tuple[Happened, ...]:
    """Return the last entries of the incident's timeline, oldest first: those that came along, else as many as that."""
    if about.entries is not None:
        return incidents.happened(about.entries)
    return await incidents.timeline(connection, about.incident.id, most)


async def forget_message(connection: Connection, card: CardId) -> None:
    """The platform has lost the message: the card must be sent anew."""
    await connection.execute(
        sa.update(tables.cards).where(tables.cards.c.id == card).values(message_chat=None, message_id=None, shown=None)
    )


def place_row(place: Place) -> Mapping[str, object]:
    """Return a place as the columns that cards and deliveries have for it."""
    return {
        "workspace_id": place.workspace,
        "place": place.key,
        "chat": place.chat,
        "account_id": place.account,
    }


def place_of(row: sa.Row[tuple[object, ...]]) -> Place:
    """Return the place that these columns name."""
    return Place(WorkspaceId(row.workspace_id), row.chat, AccountId(row.account_id) if row.account_id else None)


def _card(row: sa.Row[tuple[object, ...]]) -> CardRow:
    message = MessageRef(row.message_chat, row.message_id) if row.message_id else None
    board = BoardId(row.board_id) if row.board_id else None
    return CardRow(CardId(row.id), IncidentId(row.incident_id), place_of(row), message, row.shown, board)
