"""Transactions: all or nothing, started over when two collide, and on disk when they return."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bot.domain.incident import IncidentId
from storage import bulk, cards, postgresql, schema, tables
from storage.database import Connection, Database, DatabaseUnusable, is_away, take_any_numbers, take_numbers
from tests.support.clocks import START


async def _last(database: Database) -> int:
    async def work(connection: Connection) -> int:
        query = sa.select(tables.numbers.c.last).where(tables.numbers.c.name == "revision")
        last: int = (await connection.execute(query)).scalar_one()
        return last

    return await database.read(work)


async def _set(connection: Connection, last: int) -> None:
    await connection.execute(sa.update(tables.numbers).where(tables.numbers.c.name == "revision").values(last=last))


@contextlib.contextmanager
def heard() -> Iterator[list[str]]:
    """Hear what is said to databases."""
    said: list[str] = []

    def hear(*heard: Any) -> None:
        said.append(heard[2])

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)


async def test_what_raises_changes_nothing(database: Database) -> None:
    async def work(connection: Connection) -> None:
        await _set(connection, 7)
        raise LookupError("something went wrong after the write")

    with pytest.raises(LookupError):
        await database.transact(work)

    assert await _last(database) == 0


async def test_two_that_insert_the_same_row_at_once_both_come_to_an_end(database: Database) -> None:
    """The second one is started over, and then finds the row there."""

    async def work(connection: Connection) -> str:
        link = {"workspace_id": 1, "user": "U1"}
        found = await connection.scalar(sa.select(tables.links.c.account_id).where(tables.links.c.user == "U1"))
        if found is not None:
            return "found it"
        if not database.is_sqlite:  # Which has one writer, so that no two can be at it.
            await asyncio.sleep(0.01)
        await connection.execute(sa.insert(tables.links).values(**link, account_id=1, origin="email"))
        return "inserted it"

    said = await asyncio.gather(*(database.transact(work) for _ in range(4)))

    assert sorted(said) == ["found it", "found it", "found it", "inserted it"]


async def test_a_transaction_on_sqlite_waits_for_nothing_else(sqlite_url: str) -> None:
    """It would hold the only writer meanwhile."""
    database = Database(sqlite_url)

    async def work(connection: Connection) -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="await nothing but its connection"):
        await database.transact(work)
    await database.close()


async def test_however_many_rows_there_are_the_statements_are_few(database: Database) -> None:
    """The drivers keep what they have prepared by its text, and each text is as large as it has values."""

    async def work(connection: Connection) -> None:
        for count in range(1, 300):
            rows = [{"incident_id": count, "at": START, "body": str(number)} for number in range(count)]
            await bulk.insert(connection, tables.timeline, rows)
            await cards.shown(connection, [IncidentId(number) for number in range(count)])

    with heard() as said:
        await database.transact(work)

    stored = sa.select(tables.timeline.c.incident_id, sa.func.count(sa.distinct(tables.timeline.c.body)))

    async def count(connection: Connection) -> dict[int, int]:
        rows = await connection.execute(stored.group_by(tables.timeline.c.incident_id))
        return {row[0]: row[1] for row in rows}

    assert await database.read(count) == {number: number for number in range(1, 300)}
    assert len(set(said)) < 30


def entry(incident: int, body: str) -> dict[str, object]:
    return {"incident_id": incident, "at": START, "body": body}


def card(number: int, incident: int) -> dict[str, object]:
    return {"id": number, "incident_id": incident, "workspace_id": 1, "place": "C1", "chat": "C1", "account_id": None}


_ENTRIES = sa.select(tables.timeline.c.body).order_by(tables.timeline.c.id)


async def test_what_is_only_added_goes_to_a_server_together_and_in_its_order(database: Database) -> None:
    async def work(connection: Connection) -> None:
        await bulk.insert(connection, tables.timeline, [entry(1, "first"), entry(1, "second")])
        await bulk.insert(connection, tables.cards, [card(1, 1), card(2, 2)])
        await bulk.insert(connection, tables.timeline, [entry(1, "third")])

    async def read(connection: Connection) -> tuple[list[str], int]:
        count = await connection.scalar(sa.select(sa.func.count()).select_from(tables.cards))
        return list(await connection.scalars(_ENTRIES)), int(count)

    with heard() as said:
        await database.transact(work)

    adding = [one for one in said if "INSERT" in one]
    assert len(adding) == (3 if database.is_sqlite else 2)
    assert await database.read(read) == (["first", "second", "third"], 2)


async def test_what_was_added_is_there_for_what_is_asked_next(database: Database) -> None:
    async def work(connection: Connection) -> list[object]:
        asked: tuple[Callable[[], Awaitable[Iterable[object]]], ...] = (
            lambda: connection.execute(_ENTRIES),
            lambda: connection.exec_driver_sql("SELECT body FROM timeline ORDER BY id"),
            lambda: connection.scalars(_ENTRIES),
            lambda: connection.run_sync(lambda plain: plain.execute(_ENTRIES)),
        )
        counts: list[object] = []
        for number, ask in enumerate(asked):
            await bulk.insert(connection, tables.timeline, [entry(1, str(number))])
            counts.append(len(list(await ask())))
        await bulk.insert(connection, tables.timeline, [entry(1, "last")])
        counts.append(await connection.scalar(sa.select(sa.func.count()).select_from(tables.timeline)))
        return counts

    assert await database.transact(work) == [1, 2, 3, 4, 5]


async def test_of_what_is_added_together_nothing_stays_when_one_cannot_be(database: Database) -> None:
    async def work(connection: Connection) -> None:
        await bulk.insert(connection, tables.timeline, [entry(1, "first")])
        await bulk.insert(connection, tables.cards, [card(1, 1), card(1, 2)])

    async def read(connection: Connection) -> list[str]:
        return list(await connection.scalars(_ENTRIES))

    with pytest.raises(DBAPIError):
        await database.transact(work)
    assert await database.read(read) == []


async def test_numbers_whose_order_tells_nothing_are_given_out_once_and_not_asked_for_each_time(
    database: Database,
) -> None:
    async def work(connection: Connection) -> list[int]:
        return await take_any_numbers(connection, "cards", 3)

    async def undone(connection: Connection) -> None:
        await take_any_numbers(connection, "cards", 3)
        raise LookupError("something went wrong after it")

    with heard() as said:
        taken = await asyncio.gather(*(database.transact(work) for _ in range(4)))
        with pytest.raises(LookupError):
            await database.transact(undone)
        for _ in range(40):
            taken.append(await database.transact(work))
        taken.append(await database.transact(lambda connection: take_any_numbers(connection, "cards", 1000)))

    numbers = [number for some in taken for number in some]
    assert len(set(numbers)) == len(numbers) == 44 * 3 + 1000
    asked = [one for one in said if "numbers" in one]
    assert len(asked) == 46 if database.is_sqlite else len(asked) < 12


async def test_many_writers_at_once_lose_nothing(database: Database) -> None:
    async def work(connection: Connection) -> None:
        last = await connection.scalar(
            sa.select(tables.numbers.c.last).where(tables.numbers.c.name == "revision").with_for_update()
        )
        await _set(connection, int(last or 0) + 1)

    await asyncio.gather(*(database.transact(work) for _ in range(50)))

    assert await _last(database) == 50


async def test_numbers_are_given_out_once(database: Database) -> None:
    async def work(connection: Connection) -> list[int]:
        return list(await take_numbers(connection, "incidents", 5))

    taken = [number for some in await asyncio.gather(*(database.transact(work) for _ in range(8))) for number in some]

    assert sorted(taken) == list(range(1, 41))


async def test_sqlite_is_on_disk_before_a_commit_returns(sqlite_url: str) -> None:
    database = Database(sqlite_url)

    async def work(connection: Connection) -> tuple[object, object]:
        durability = (await connection.exec_driver_sql("PRAGMA synchronous")).scalar()
        return durability, (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar()

    try:
        full = 2
        assert await database.transact(work) == (full, "wal")
    finally:
        await database.close()


def test_several_hosts_need_their_ports() -> None:
    with pytest.raises(DatabaseUnusable, match="All ports are required"):
        Database("postgresql+asyncpg://user:hunter2@/oncard?host=a.example.com&host=b.example.com")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:hunter2@db.example.com/oncard",
        "postgresql://user:hunter2@db.example.com/oncard",
        "oncard.db",
        "sqlite+aiosqlite://",
    ],
)
def test_an_address_that_cannot_work_says_which_can_and_shows_no_password(url: str) -> None:
    with pytest.raises(DatabaseUnusable) as raised:
        Database(url)

    assert "sqlite+aiosqlite" in str(raised.value)
    assert "hunter2" not in str(raised.value)


async def test_a_server_that_only_reads_counts_as_away(postgresql_url: str) -> None:
    """As one that has become a standby: the next connection finds the primary."""
    database = Database(postgresql_url)

    async def work(connection: Connection) -> None:
        await connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        await connection.exec_driver_sql("CREATE TABLE more (number int)")

    with pytest.raises(DBAPIError) as raised:
        await database.transact(work)
    await database.close()
    assert is_away(raised.value)


async def test_a_database_that_does_not_answer_says_so() -> None:
    database = Database("postgresql+asyncpg://oncard:hunter2@127.0.0.1:1/oncard")
    try:
        with pytest.raises(DatabaseUnusable) as raised:
            await database.check()
    finally:
        await database.close()

    assert "hunter2" not in str(raised.value)


async def test_the_check_reaches_the_disk(sqlite_url: str) -> None:
    """SQLite writes no page whose content stays the same: a check that changed nothing would not see a full disk."""
    database = Database(sqlite_url)
    await schema.upgrade(database)
    log = Path(f"{sqlite_url.removeprefix('sqlite+aiosqlite:///')}-wal")
    before = log.stat().st_size
    last = await _last(database)

    await database.check()

    assert log.stat().st_size > before
    assert await _last(database) == last
    await database.close()


async def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/var/oncard.db")
    try:
        await schema.upgrade(database)
        await database.check()
    finally:
        await database.close()


async def test_a_connection_that_broke_while_it_was_idle_costs_nobody_anything(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "FRESH", 0.0)
    database, other = Database(postgresql_url), Database(postgresql_url)
    others = sa.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    async def work(connection: Connection) -> int:
        return int(await connection.scalar(sa.text("SELECT pg_backend_pid()")))

    async def end_others(connection: Connection) -> int:
        return int(await connection.scalar(others))

    before = await database.read(work)
    assert await other.transact(end_others) == 1

    assert await database.read(work) != before
    assert await other.transact(end_others) == 1
    assert await database.transact(work) != before
    await database.close()
    await other.close()
