"""The front of the queue: what is taken there is what would be taken if all that waits was looked at."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.board import BoardId
from bot.domain.delivery import Kind, Lane, Place, State
from bot.domain.incident import IncidentId
from bot.domain.people import WorkspaceId
from storage import boards, cards, claims, front, incidents, places, postgresql, tables
from storage.database import Connection, Database
from storage.deliveries import Room
from storage.front import Ahead, Seats
from tests.bench import explain
from tests.engine.stage import prefer_indexes
from tests.support.clocks import START
from tests.support.databases import NewDatabase, with_schema

DEPTH = 3
SECOND = timedelta(seconds=1)
ROOM = Room(8, each=4)


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """A message that waits."""

    lane: int
    after: int
    number: int
    workspace: int
    place: str
    may_go: bool = True


def walked(everything: Sequence[Waiting], depth: int) -> list[Ahead]:
    """Return what a walk of this depth finds."""
    passed: Counter[tuple[int, int]] = Counter()
    found: list[Ahead] = []
    for one in sorted(everything):
        passed[one.workspace, one.lane] += 1
        if passed[one.workspace, one.lane] <= depth:
            workspace = WorkspaceId(one.workspace)
            found.append(Ahead(workspace, one.place, one.number, one.lane, one.may_go, None, has_board=False))
    return found[: front.MOST * depth + 1]


waiting = st.builds(
    lambda *parts: parts,
    st.sampled_from([int(lane) for lane in Lane]),
    st.integers(0, 5),
    st.integers(1, 3),
    st.sampled_from("abcdefgh"),
    st.booleans() | st.just(value=True),
)
rooms = st.builds(
    Room,
    st.integers(0, 6),
    st.integers(1, 4),
    st.sets(st.tuples(st.integers(1, 3).map(WorkspaceId), st.sampled_from(["", *"abcd"])), max_size=4),
    st.dictionaries(st.integers(1, 3).map(WorkspaceId), st.integers(0, 3), max_size=3),
)


@given(st.lists(waiting, max_size=30), rooms, st.integers(1, 8))
def test_what_is_taken_at_the_front_is_what_is_taken_of_all(
    drawn: list[tuple[int, int, int, str, bool]], room: Room, depth: int
) -> None:
    everything = [
        Waiting(lane, after, number, workspace, place, may_go)
        for number, (lane, after, workspace, place, may_go) in enumerate(drawn)
    ]
    seats = Seats(room)
    for one in sorted(everything):
        if one.may_go:
            seats.take(one.workspace, one.place, one.number)

    taken = front.first_of(walked(everything, depth), room, depth)

    assert taken is None or [one.id for one in taken] == seats.ids
    if len(everything) < depth:
        assert taken is not None, "nothing stands behind what was seen"


def test_what_is_full_is_not_waited_for() -> None:
    """However much more waits for a workspace that has what it may have, the front tells what goes to the others."""
    crowd = [Waiting(lane, 0, number, 1, f"C{number}") for number in range(20) for lane in (0, 2)]
    other = Waiting(0, 1, 20, 2, "D")

    for depth in (4, 6):
        taken = front.first_of(walked([*crowd, other], depth), Room(9, each=4), depth)

        assert taken is not None
        assert [one.id for one in taken] == [0, 1, 2, 3, 20]


def _message(number: int, place: str = "A", **values: object) -> dict[str, object]:
    """Return a row of a card that may go out."""
    row: dict[str, object] = {
        "incident_id": number,
        "kind": str(Kind.CARD),
        "lane": int(Lane.PAGE),
        "workspace_id": 1,
        "place": Place(WorkspaceId(1), chat=place).key,
        "chat": place,
        "version": 1,
        "level": 0,
        "turn": 0,
        "state": str(State.PENDING),
        "attempts": 0,
        "uncertain": False,
        "not_before": START,
        "created_at": START,
        "board_id": None,
        "card_id": None,
    }
    return row | values


async def _store(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    await connection.execute(sa.insert(tables.deliveries), rows)


def _some(random: Random, count: int) -> list[dict[str, object]]:
    """Return messages of all kinds, some on a board, some for later, some of a card that is being sent."""
    sending = _message(0, state=str(State.SENDING), card_id=7, place="chat:elsewhere")
    waiting = [
        _message(
            number,
            random.choice("ABCDEF"),
            kind=str(random.choice([Kind.CARD, Kind.CARD, Kind.NOTE, Kind.PAGE, "unheard of"])),
            lane=int(random.choice(list(Lane))),
            workspace_id=random.randint(1, 3),
            state=str(random.choice([State.PENDING, State.PENDING, State.DELIVERED])),
            not_before=START + random.randint(-9, 3) * SECOND,
            board_id=random.choice([None] * 9 + [5]),
            card_id=random.choice([100 + number] * 9 + [7]),
        )
        for number in range(1, count)
    ]
    return [sending, *waiting]


async def _taken_of_all(connection: Connection) -> list[int]:
    seats = Seats(ROOM)
    for spot in await places.look(connection, START, ROOM.busy):
        if spot.head is not None:
            seats.take(spot.workspace, spot.key, spot.head)
    return seats.ids


@pytest.mark.parametrize("count", [2, 12, 60])
async def test_the_databases_find_the_front(database: Database, count: int) -> None:
    random, found = Random(count), 0  # noqa: S311 - The same each time.

    async def work(connection: Connection) -> bool:
        await connection.execute(sa.delete(tables.deliveries))
        await _store(connection, _some(random, count))
        first = front.first_of(await front.look(connection, START, DEPTH), ROOM, DEPTH)
        everything = front.first_of(await front.look(connection, START), ROOM)
        assert everything is not None
        assert [one.id for one in everything] == await _taken_of_all(connection)
        assert first is None or [one.id for one in first] == [one.id for one in everything]
        assert not [one for one in everything if one.pages is None]
        return first is not None

    for _ in range(12):
        found += await database.transact(work)
    assert found == 12 if count == 2 else found < 12


async def test_how_many_pages_wait_is_told_once_for_each_place(database: Database) -> None:
    async def work(connection: Connection) -> list[Ahead]:
        rows = [_message(number, place, not_before=START - number * SECOND) for number, place in enumerate("XABA")]
        edit = _message(4, "C", lane=int(Lane.EDIT))
        of_a_board = _message(5, "D", kind=str(Kind.BOARD), not_before=START - 9 * SECOND)
        await _store(connection, [*rows[1:], edit, of_a_board])
        board = {"id": 9, "workspace_id": 1, "place": "chat:B", "chat": "B", "opened_at": START, "joined_at": START}
        await connection.execute(sa.insert(tables.boards), board)
        return await front.look(connection, START)

    ahead = await database.transact(work)

    assert [(one.key, one.pages, bool(one.has_board)) for one in ahead] == [
        ("chat:D", 0, False),
        ("chat:A", 2, False),
        ("chat:B", 1, True),
        ("chat:A", None, False),
        ("chat:C", 0, False),
    ]


async def test_a_claim_where_hundreds_of_conversations_wait_looks_at_the_front_alone(database: Database) -> None:
    rows = [_message(number, f"C{number % 200}", not_before=START - (600 - number) * SECOND) for number in range(600)]
    await database.transact(lambda connection: _store(connection, rows))

    with explain.listening() as heard:
        taken = await database.transact(lambda connection: claims.claim(connection, "a", START, Room(32, each=12)))

    assert [one.delivery.incident for one in taken.claimed] == list(range(12))
    looks, take = await explain.plans(database, heard)
    assert ("row_number" in looks[0], "UPDATE" in take[0]) == (True, True)


async def test_where_hundreds_of_conversations_are_busy_the_others_are_looked_for_at_once(database: Database) -> None:
    await database.transact(lambda connection: _store(connection, [_message(n, f"C{n}") for n in range(200)]))
    busy = {(WorkspaceId(1), Place(WorkspaceId(1), chat=f"C{number}").key) for number in range(1, 200)}

    with explain.listening() as heard:
        taken = await database.transact(
            lambda connection: claims.claim(connection, "a", START, Room(9, each=9, busy=busy))
        )

    assert [one.delivery.incident for one in taken.claimed] == [0]
    looks, _ = await explain.plans(database, heard)
    assert "row_number" not in looks[0]


async def test_the_front_is_found_by_an_index_of_its_own(schema_url: str) -> None:
    """Whatever the statistics say: of an hour in which nothing waited they tell PostgreSQL that any index will do."""
    await prefer_indexes(schema_url)
    database = Database(schema_url)
    await database.transact(lambda connection: _store(connection, [_message(1)]))

    async def work(connection: Connection) -> None:
        await front.look(connection, START)
        await front.what_waits(connection, START)
        await cards.shown(connection, [IncidentId(1), IncidentId(2)])

    with explain.listening() as heard:
        await database.read(work)

    (_, look), (_, waits), (_, shown) = await explain.plans(database, heard)
    assert "ix_deliveries_open" in shown, "without those that are settled"
    for name, how in (("one", look), ("due", waits), ("later", waits)):
        indexed = rf"ix_deliveries_urgent on deliveries {name}|{name} USING (COVERING )?INDEX ix_deliveries_urgent"
        assert re.search(indexed, how), name
    await database.close()


async def test_what_begins_to_wait_after_a_quiet_hour_is_found_as_ever(database: Database) -> None:
    """PostgreSQL then knows a table in which nothing waits, and takes the smallest index for as good as any other."""

    async def settled(connection: Connection) -> None:
        rows = [_message(number, state=str(State.DELIVERED)) for number in range(3_000)]
        for first in range(0, len(rows), 500):
            await _store(connection, rows[first : first + 500])
        if connection.dialect.name == "postgresql":
            await connection.execute(sa.text("ANALYZE deliveries"))

    async def work(connection: Connection) -> None:
        await front.look(connection, START)
        await front.what_waits(connection, START)
        await places.look(connection, START)
        await claims.claim_new(connection, "a", START, [IncidentId(1)], Room(9, each=9))
        await boards.is_waited_on(connection, BoardId(5))
        await cards.shown(connection, [IncidentId(1), IncidentId(2)])

    await database.transact(settled)
    waiting = [_message(number, f"C{number % 40}", board_id=5 if number < 9 else None) for number in range(400)]
    await database.transact(lambda connection: _store(connection, waiting))
    with explain.listening() as heard:
        await database.transact(work)

    found = await explain.plans(database, heard)
    by_incident = re.compile(
        r"ix_deliveries_open on deliveries(?: (\w+))?|(\w+) USING (?:COVERING )?INDEX ix_deliveries_open"
    )
    *others, shown = [{one or other for one, other in by_incident.findall(how)} for _, how in found]
    assert [names - {"card", "new"} for names in others] == [set()] * len(others), found
    assert shown


_MANY_WAIT = """
INSERT INTO deliveries (incident_id, kind, lane, workspace_id, place, chat, version, level, turn, state, attempts,
    uncertain, not_before, created_at, card_id)
SELECT n / 20, 'card', 0, 1, 'chat:C' || n % 200, 'C' || n % 200, 1, 0, 0, 'pending', 0, false, :at, :at, n
FROM generate_series(1, :count) n
"""
_MANY_ARE_OPEN = """
INSERT INTO incidents (id, channel_id, progress, severity, opened_at, due, version, body)
SELECT n, 1, 'Triggered', 'Critical', :at, :at, 1, '{}' FROM generate_series(1, :count) n
"""


async def _add_many(connection: Connection, statement: str, at: datetime, count: int) -> None:
    instant = sa.bindparam("at", type_=tables.Instant())
    await connection.execute(sa.text(statement).bindparams(instant), {"at": at, "count": count})


async def test_postgresql_plans_what_is_asked_all_the_time_once(new_postgresql_database: NewDatabase) -> None:
    """To plan it takes as long as to find it."""
    database = Database(new_postgresql_database(with_schema))

    async def fill(connection: Connection) -> None:
        await _add_many(connection, _MANY_WAIT, START, 20_000)
        await _add_many(connection, _MANY_ARE_OPEN, START + SECOND, 20_000)
        await connection.execute(sa.text("ANALYZE"))

    async def ask(connection: Connection) -> list[int]:
        for _ in range(9):
            await front.look(connection, START)
            await front.what_waits(connection, START)
            await places.look(connection, START, {(WorkspaceId(1), "chat:C1")})
            await incidents.what_is_up(connection)
            await incidents.due(connection, START, 100)
        asked = "SELECT generic_plans FROM pg_prepared_statements WHERE generic_plans + custom_plans = 9"
        return list(await connection.scalars(sa.text(asked)))

    await database.transact(fill)
    counts = await database.transact(ask)

    assert counts == [4] * 5, "five times it plans for the values, to learn what that promises"
    await database.close()


async def test_a_plan_of_a_day_with_few_rows_does_not_outlive_it(
    new_postgresql_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL read the whole table then, and would go on with that in a storm until it has counted the rows."""
    monkeypatch.setattr(postgresql, "PLANS_HOLD", 0.0)
    database = Database(new_postgresql_database(with_schema))

    async def quiet(connection: Connection) -> None:
        await _store(connection, [_message(number, state=str(State.DELIVERED)) for number in range(30)])
        await connection.execute(sa.text("ANALYZE deliveries"))

    async def look(connection: Connection) -> None:
        for _ in range(9):
            await front.look(connection, START)

    async def plan(connection: Connection) -> str:
        name = "SELECT name FROM pg_prepared_statements WHERE generic_plans > 3 AND parameter_types[2] IS NULL"
        asked = f"EXPLAIN EXECUTE {await connection.scalar(sa.text(name))} (now())"
        return "\n".join(await connection.scalars(sa.text(asked)))

    await database.transact(quiet)
    await database.transact(look)
    before = await database.transact(plan)
    await database.transact(lambda connection: _add_many(connection, _MANY_WAIT, START, 3_000))
    after = await database.transact(plan)

    assert ("Seq Scan on deliveries" in before, "Seq Scan on deliveries" in after) == (True, False)
    await database.close()


@pytest.mark.parametrize(("query", "compiles"), [("", "off"), ("prepared_statement_cache_size=0", "on")])
async def test_plans_are_not_compiled_but_nothing_is_set_for_others_behind_a_pooler(
    new_postgresql_database: NewDatabase, query: str, compiles: str
) -> None:
    url = new_postgresql_database(with_schema)
    database = Database(f"{url}{'&' if '?' in url else '?'}{query}" if query else url)

    async def ask(connection: Connection) -> str:
        return str(await connection.scalar(sa.text("SELECT current_setting('jit')")))

    assert (await database.read(ask), await database.transact(ask)) == (compiles, compiles)
    await database.close()


async def test_what_waits_is_told_but_for_what_is_on_a_board(database: Database) -> None:
    async def work(connection: Connection) -> tuple[object, ...]:
        nothing = await front.what_waits(connection, START)
        await _store(connection, [_message(1, not_before=START + SECOND), _message(2, not_before=START, board_id=5)])
        later = await front.what_waits(connection, START)
        return nothing, later, await front.what_waits(connection, START + SECOND)

    assert await database.transact(work) == ((False, None), (False, START + SECOND), (True, None))
