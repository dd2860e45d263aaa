"""Boards: what is folded into one, by whichever process, and what is left of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest
import sqlalchemy as sa

from bot.adapter import MessageRef, Receipt
from bot.domain.board import CALM, BoardId, Pages
from bot.domain.delivery import ON_THE_BOARD, CardId, Dropped, Kind, Lane, Place, State
from bot.domain.event import Severity
from bot.domain.facts import Facts
from bot.domain.incident import ChannelId, Entry, Incident, IncidentId, Progress, Record
from bot.domain.people import AccountId, WorkspaceId
from storage import boards, cards, claims, deliveries, incidents, settling, tables, withdrawals
from storage.boards import Asked
from storage.connection import Parameters, Rows
from storage.database import Connection, Database
from storage.deliveries import LEASE, Claimed, Room, Settled, Wanted
from storage.withdrawals import Withdrawal
from tests.support.clocks import START
from tests.support.databases import NewDatabase, with_schema

CHAT, ANA = Place(WorkspaceId(1), chat="C1"), Place(WorkspaceId(1), account=AccountId(7))
OK = Receipt(MessageRef("C1", "1.0"), "ok")
SECOND = timedelta(seconds=1)
ROOM = Room(10, each=10)


class Storm:
    """Incidents that page one place, and the queue of it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def page(self, *numbers: int, place: Place = CHAT, kind: Kind = Kind.CARD, at: datetime = START) -> None:
        async def work(connection: Connection) -> None:
            new = [IncidentId(number) for number in numbers]
            known = await incidents.find(connection, new)
            facts = Facts(Severity.CRITICAL, "disk full")
            opened = [Incident(number, ChannelId(1), facts, START) for number in new if number not in known]
            await incidents.insert(connection, opened)
            made = [] if kind is Kind.NOTE else await cards.add_cards(connection, [(number, place) for number in new])
            ids: list[CardId | None] = [*(card.id for card in made)] if made else [None] * len(new)
            entry = Entry.NO_RULE if kind is Kind.NOTE else None
            wanted = [
                Wanted(number, kind, place, 1, 0, 0, at, card=card, entry=entry)
                for number, card in zip(new, ids, strict=True)
            ]
            await deliveries.add(connection, wanted, at)

        await self.database.transact(work)

    async def claim(self, token: str = "a", now: datetime = START, room: Room = ROOM) -> list[Claimed]:
        async def work(connection: Connection) -> list[Claimed]:
            await deliveries.reclaim(connection, now)
            taken = await claims.claim(connection, token, now, room)
            await boards.call_up(connection, taken.claimed, now)
            return taken.claimed

        return await self.database.transact(work)

    async def told(self, claimed: Claimed, now: datetime = START) -> None:
        async def work(connection: Connection) -> None:
            await settling.delivered(connection, claimed, OK, None, now)
            await boards.posted(connection, claimed, OK.message)
            await boards.told(connection, claimed, OK, now)

        await self.database.transact(work)

    async def ledger(self, number: int) -> list[Settled]:
        async def work(connection: Connection) -> list[Settled]:
            return await deliveries.ledger(connection, IncidentId(number))

        return await self.database.read(work)

    async def count(self, board: BoardId) -> int:
        async def work(connection: Connection) -> int:
            return (await boards.summary(connection, board)).total

        return await self.database.read(work)

    async def open_boards(self) -> list[BoardId]:
        async def work(connection: Connection) -> list[BoardId]:
            columns = tables.boards.c
            return [BoardId(number) for number in await connection.scalars(sa.select(columns.id))]

        return await self.database.read(work)


@pytest.fixture
def storm(database: Database) -> Storm:
    return Storm(database)


async def test_more_than_ten_incidents_in_one_place_are_claimed_as_one_message(storm: Storm) -> None:
    await storm.page(*range(1, 12))
    await storm.page(*range(1, 11), place=ANA)

    claimed = await storm.claim()

    assert [(one.delivery.kind, one.delivery.place) for one in claimed] == [(Kind.CARD, ANA), (Kind.BOARD, CHAT)]
    (board,) = await storm.open_boards()
    assert await storm.count(board) == 11
    await storm.told(claimed[1])
    assert [(one.state, one.reason, one.said) for one in await storm.ledger(11)] == [
        (State.DELIVERED, ON_THE_BOARD, "ok")
    ]
    assert [one.state for one in await storm.ledger(1)] == [State.DELIVERED, State.SENDING]


async def test_crowds_are_put_together_also_where_there_is_no_room_for_them_yet(storm: Storm) -> None:
    """Whoever has to wait for their turn, as at a platform's pace, may be late then, and what is late is not folded."""
    people = [Place(WorkspaceId(1), account=AccountId(number)) for number in range(1, 6)]
    for number, place in enumerate(people, start=1):
        await storm.page(*range(100 * number, 100 * number + 11), place=place)

    claimed = await storm.claim(room=Room(2, each=2))

    assert [(one.delivery.kind, one.delivery.place) for one in claimed] == [(Kind.BOARD, place) for place in people[:2]]
    for number in range(1, 6):
        assert [one.reason for one in await storm.ledger(100 * number)] == [ON_THE_BOARD]


async def test_what_is_about_one_incident_is_no_crowd(storm: Storm) -> None:
    await storm.page(*range(1, 11))
    await storm.page(1, 2, 3, kind=Kind.NOTE)

    assert [one.delivery.kind for one in await storm.claim()] == [Kind.CARD]


async def test_what_is_taken_back_is_taken_back_no_sooner_than_somebody_acted(storm: Storm) -> None:
    """A process may be held up between its look at the clock and its look at the incidents."""
    await storm.page(*range(1, 16), place=ANA)
    later = START + timedelta(seconds=2)

    async def acknowledge(connection: Connection) -> None:
        taken = replace(
            (await incidents.find(connection, [IncidentId(3)]))[IncidentId(3)],
            progress=Progress.PROCESSING,
            version=2,
            moved=2,
        )
        await incidents.update(connection, [taken])
        await incidents.record(connection, [(IncidentId(3), later, Record(Entry.ACKNOWLEDGED))])

    await storm.database.transact(acknowledge)
    (claimed,) = await storm.claim()

    assert claimed.delivery.kind is Kind.BOARD
    ((state, reason, at),) = [(one.state, one.reason, one.settled_at) for one in await storm.ledger(3)]
    assert (state, reason, at) == (State.WITHDRAWN, Dropped.ACTED, later)


async def test_notes_share_a_board_although_their_incidents_have_no_card_there(storm: Storm) -> None:
    await storm.page(*range(1, 8))
    await storm.page(*range(5, 16), kind=Kind.NOTE)

    (claimed,) = await storm.claim()

    (board,) = await storm.open_boards()
    assert claimed.delivery.kind is Kind.BOARD
    assert await storm.count(board) == 15

    async def work(connection: Connection) -> tuple[int, dict[Entry, int]]:
        pages, _ = await boards.pages(connection, claimed)
        return pages.incidents, dict(pages.notes)

    assert await storm.database.read(work) == (15, {Entry.NO_RULE: 11})


async def test_what_cannot_be_read_is_left_out_and_counted(storm: Storm) -> None:
    await storm.page(*range(1, 16))
    (claimed,) = await storm.claim()
    (board,) = await storm.open_boards()

    async def spoil(connection: Connection) -> None:
        broken = tables.incidents.c.id.in_([2, 15])
        await connection.execute(sa.update(tables.incidents).where(broken).values(body='{"from": "tomorrow"}'))

    async def look(connection: Connection) -> tuple[incidents.Found, incidents.Found]:
        newest = await boards.newest_of(connection, board, Severity.CRITICAL, 2)
        return await boards.oldest(connection, board, 3), newest

    async def pages(connection: Connection) -> tuple[Pages, tuple[IncidentId, ...]]:
        return await boards.pages(connection, claimed)

    await storm.database.transact(spoil)
    oldest, newest = await storm.database.read(look)
    assert ([one.id for one in oldest.incidents], oldest.unreadable) == ([1, 3], (2,))
    assert ([one.id for one in newest.incidents], newest.unreadable) == ([14], (15,))
    goes_out, unreadable = await storm.database.read(pages)
    assert (goes_out.incidents, unreadable) == (15, (15,))
    assert [(one.id, level) for one, level in goes_out.levels] == [(1, 0)], "another stands for whom the level tells"
    assert await storm.count(board) == 15


async def test_only_what_was_there_when_the_message_was_claimed_is_told_by_it(storm: Storm) -> None:
    await storm.page(*range(1, 21))
    (claimed,) = await storm.claim()
    await storm.page(21, 22)
    assert await storm.claim("b") == [], "one message of a board at a time"

    await storm.told(claimed)

    assert [one.state for one in await storm.ledger(20)] == [State.DELIVERED]
    assert [(one.state, one.reason) for one in await storm.ledger(21)] == [(State.PENDING, ON_THE_BOARD)]


async def test_a_page_of_a_later_level_is_not_taken_for_told_by_what_is_on_its_way_already(storm: Storm) -> None:
    await storm.page(*range(1, 21))
    (claimed,) = await storm.claim()
    later = Wanted(IncidentId(3), Kind.CARD, CHAT, 2, 1, 0, START, card=CardId(3))

    async def work(connection: Connection) -> bool:
        return await deliveries.restamp(connection, later)

    assert not await storm.database.transact(work)

    async def postpone(connection: Connection) -> None:
        await boards.note_setback(connection, claimed, ("unreachable", ""))
        await settling.postponed(connection, claimed, ("unreachable", ""), START + SECOND, uncertain=False)

    await storm.database.transact(postpone)
    assert await storm.database.transact(work), "nothing is on its way any more"


async def test_a_message_that_nobody_settled_takes_along_what_has_come_since(storm: Storm) -> None:
    await storm.page(*range(1, 21))
    (dead,) = await storm.claim("dead")
    await storm.page(21)
    assert await storm.claim("b", START + SECOND) == []

    (alive,) = await storm.claim("alive", START + LEASE + SECOND)

    assert alive.delivery.uncertain, "it may be there already, and must say so"
    assert alive.delivery.id == dead.delivery.id
    await storm.told(dead)
    assert [one.state for one in await storm.ledger(1)] == [State.PENDING], "who comes back too late has no claim"
    await storm.told(alive)
    assert [one.state for one in [*await storm.ledger(1), *await storm.ledger(21)]] == [State.DELIVERED] * 2


async def test_a_board_takes_what_comes_until_it_is_calm(storm: Storm) -> None:
    await storm.page(*range(1, 21))
    await storm.told((await storm.claim())[0])
    late = START + CALM
    await storm.page(21, at=late - SECOND)
    await storm.told((await storm.claim("b", late - SECOND))[0], late - SECOND)
    assert [one.reason for one in await storm.ledger(21)] == [ON_THE_BOARD]

    later = late + CALM
    await storm.page(22, at=later)
    assert [one.delivery.kind for one in await storm.claim("c", later)] == [Kind.CARD]


async def test_two_processes_open_one_board(storm: Storm) -> None:
    await storm.page(*range(1, 41))

    claimed = [one for some in await asyncio.gather(*(storm.claim(token) for token in "abcd")) for one in some]

    assert [one.delivery.kind for one in claimed] == [Kind.BOARD]
    (board,) = await storm.open_boards()
    assert await storm.count(board) == 40


class Interrupted:
    """A connection after whose first answer something else happens before it is used again."""

    def __init__(self, connection: Connection, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._connection = connection
        self._meanwhile: Callable[[], Awaitable[object]] | None = meanwhile
        self.dialect = connection.dialect

    async def execute(self, statement: sa.Executable, parameters: Parameters = None) -> Rows:
        answer = await self._connection.execute(statement, parameters)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return answer


async def test_what_another_process_has_just_put_onto_a_board_is_not_sent_by_itself(
    new_postgresql_database: NewDatabase,
) -> None:
    database = Database(new_postgresql_database(with_schema))
    storm = Storm(database)
    await storm.page(1)

    async def meanwhile() -> None:
        await storm.page(*range(2, 21))
        assert [one.delivery.kind for one in await storm.claim("another")] == [Kind.BOARD]

    async def work(connection: Connection) -> list[Claimed]:
        interrupted = cast("Connection", Interrupted(connection, meanwhile))
        return (await claims.claim(interrupted, "slow", START, Room(10, each=10))).claimed

    assert await database.transact(work) == []
    assert [(one.state, one.reason) for one in await storm.ledger(1)] == [(State.PENDING, ON_THE_BOARD)]
    await database.close()


async def test_what_waits_on_a_board_is_withdrawn_even_in_a_chat(storm: Storm) -> None:
    await storm.page(*range(1, 21))
    (claimed,) = await storm.claim()

    async def work(connection: Connection) -> None:
        await withdrawals.withdraw(connection, [IncidentId(3)], Withdrawal(Dropped.ACTED), START)

    await storm.database.transact(work)
    await storm.told(claimed)

    assert [(one.state, one.reason) for one in await storm.ledger(3)] == [(State.WITHDRAWN, Dropped.ACTED)]


async def test_a_board_that_is_to_speak_waits_no_longer_than_the_sooner_of_two(storm: Storm) -> None:
    async def work(connection: Connection) -> None:
        for after, lane in ((5, Lane.EDIT), (3, Lane.PAGE), (9, Lane.EDIT)):
            await boards.ask(connection, [Asked(BoardId(1), CHAT, START + after * SECOND, lane)], START)

    await storm.database.transact(work)

    (one,) = await storm.ledger(0)
    assert one.not_before == START + 3 * SECOND


async def test_what_a_platform_has_refused_for_now_keeps_its_pause(storm: Storm) -> None:
    await storm.page(*range(1, 21))
    (claimed,) = await storm.claim()

    async def work(connection: Connection) -> None:
        await settling.postponed(connection, claimed, ("unreachable", ""), START + 60 * SECOND, uncertain=False)
        await boards.ask(connection, [Asked(BoardId(claimed.delivery.card or 0), CHAT, START, Lane.PAGE)], START)

    await storm.database.transact(work)

    (one,) = await storm.ledger(0)
    assert one.not_before == START + 60 * SECOND


async def test_old_boards_are_forgotten_once_nothing_of_them_is_kept(storm: Storm) -> None:
    await storm.page(*range(1, 21))
    await storm.claim()
    (board,) = await storm.open_boards()

    async def forget(connection: Connection) -> int:
        return await boards.forget_old(connection, START + SECOND, 10)

    async def close(connection: Connection) -> None:
        await boards.close(connection, board, START)
        await boards.credit(connection, {(board, AccountId(7)): 20})

    async def clean(connection: Connection) -> None:
        await connection.execute(sa.delete(tables.cards))

    assert await storm.database.transact(forget) == 0, "it is open"
    await storm.database.transact(close)
    assert await storm.database.transact(forget) == 0, "its incidents are kept"
    await storm.database.transact(clean)
    assert await storm.database.transact(forget) == 1
    assert await storm.open_boards() == []


async def test_who_has_taken_most_is_named_first(storm: Storm) -> None:
    async def work(connection: Connection) -> tuple[AccountId, ...]:
        board = BoardId(1)
        await boards.credit(connection, {(board, AccountId(1)): 3, (board, AccountId(2)): 2})
        await boards.credit(connection, {(board, AccountId(2)): 2, (BoardId(2), AccountId(3)): 9})
        return await boards.takers(connection, board)

    assert await storm.database.transact(work) == (2, 1)
