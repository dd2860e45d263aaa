"""What a look finds: the same, however much waits and however the database comes to it."""

from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa

from bot.domain.delivery import Kind, Lane, Place, State
from bot.domain.incident import Entry, IncidentId
from bot.domain.people import AccountId, WorkspaceId
from storage import cards, deliveries, places, tables
from storage.claims import claim
from storage.database import Connection, Database
from storage.deliveries import Room, Wanted
from storage.places import Spot
from tests.bench import explain
from tests.engine.stage import prefer_indexes
from tests.support.clocks import START

ACME, GLOBEX = WorkspaceId(1), WorkspaceId(2)
OPS, DBA = Place(ACME, chat="C1"), Place(ACME, chat="C2")
ANA, BO = Place(ACME, account=AccountId(7)), Place(GLOBEX, account=AccountId(8))
FULL = Place(ACME, chat="C3")
LATER = timedelta(seconds=5)


def _wanted(place: Place, kind: Kind, number: int, after: timedelta = timedelta()) -> Wanted:
    entry = Entry.REOPENED if kind is Kind.NOTE else None
    return Wanted(IncidentId(number), kind, place, 1, 0, 0, START + after, entry=entry)


async def _look(database: Database, busy: Collection[tuple[WorkspaceId, str]] = ()) -> list[Spot]:
    async def work(connection: Connection) -> list[Spot]:
        return await places.look(connection, START, busy)

    return [spot for spot in await database.read(work) if spot.pages or spot.head]


async def _fill(database: Database) -> None:
    """Let a crowd wait for one place, and a card that is being sent, a page to come and a note for others."""

    async def store(connection: Connection) -> None:
        (card,) = await cards.add_cards(connection, [(IncidentId(1), DBA)])
        first = Wanted(IncidentId(1), Kind.CARD, DBA, 1, 0, 0, START - LATER, card=card.id)
        await deliveries.add(connection, [first], START)
        assert len((await claim(connection, "another", START, Room(1, each=1))).claimed) == 1
        edit = Wanted(IncidentId(1), Kind.EDIT, DBA, 1, 0, 0, START, card=card.id)
        await deliveries.ask_for_edits(connection, [edit], START)
        crowd = [_wanted(OPS, Kind.CARD, number, -number * timedelta(seconds=1)) for number in range(12)]
        rest = [_wanted(ANA, Kind.CARD, 20, LATER), _wanted(BO, Kind.NOTE, 21, -LATER), _wanted(ANA, Kind.NOTE, 22)]
        await deliveries.add(connection, [*crowd, *rest], START)

    await database.transact(store)


async def _much_waits(database: Database) -> None:
    """Let very many edits wait for one place."""
    columns = {
        "incident_id": 99,
        "kind": str(Kind.EDIT),
        "lane": int(Lane.EDIT),
        "workspace_id": FULL.workspace,
        "place": FULL.key,
        "chat": FULL.chat,
        "version": 1,
        "level": 0,
        "turn": 0,
        "state": str(State.PENDING),
        "attempts": 0,
        "uncertain": False,
        "not_before": START - LATER,
        "created_at": START,
    }

    async def store(connection: Connection) -> None:
        numbers = sa.select(sa.literal(1).label("number")).cte("numbers", recursive=True)
        numbers = numbers.union_all(sa.select(numbers.c.number + 1).where(numbers.c.number < 10_000))
        values = [sa.literal(value, tables.deliveries.c[name].type) for name, value in columns.items()]
        rows = sa.select(*values).select_from(numbers)
        await connection.execute(sa.insert(tables.deliveries).from_select(list(columns), rows, include_defaults=False))

    await database.transact(store)


async def test_a_place_is_seen_as_it_is_however_much_waits_in_another(database: Database) -> None:
    await _fill(database)
    few = await _look(database)

    await _much_waits(database)
    many = await _look(database)

    assert [(spot.place, min(spot.pages, 11), spot.head is not None) for spot in few] == [
        (OPS, 11, True),
        (BO, 1, True),
        (ANA, 1, True),
    ]
    assert [spot for spot in many if spot.place != FULL] == [spot._replace(pages=min(spot.pages, 11)) for spot in few]
    (full,) = (spot for spot in many if spot.place == FULL)
    assert (full.pages, many.index(full)) == (0, 3), "an edit comes behind the pages"


async def test_what_is_busy_is_passed_over_with_little_and_with_much_waiting(database: Database) -> None:
    await _fill(database)
    for much in (False, True):
        if much:
            await _much_waits(database)
        busy = {(GLOBEX, ""), (ACME, OPS.key), (ACME, FULL.key)}

        assert [spot.place for spot in await _look(database, busy)] == [ANA]
        assert await _look(database, {(ACME, ""), (GLOBEX, "")}) == []


async def test_who_looks_by_place_does_so_by_an_index_of_its_own(schema_url: str) -> None:
    """Whatever the statistics say: of an hour in which nothing waited they tell PostgreSQL that any index will do."""
    await prefer_indexes(schema_url)
    database = Database(schema_url)
    await _fill(database)
    with explain.listening() as by_place:
        await _look(database)

    ((_, look),) = await explain.plans(database, by_place)
    assert "ix_deliveries_pending" in look
    assert "ix_deliveries_urgent" not in look
    await database.close()
