"""The queue: leases, fencing, one pending edit per card, and order."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.adapter import MessageRef, Receipt
from bot.domain.delivery import Dropped, Kind, Lane, Place, State
from bot.domain.incident import IncidentId
from bot.domain.people import AccountId, WorkspaceId
from storage import cards, claims, deliveries, settling, tables, withdrawals
from storage.cards import CardRow
from storage.database import Connection, Database
from storage.deliveries import LEASE, Claimed, Room, Settled, Wanted
from storage.withdrawals import Withdrawal
from tests.storage.test_database import heard
from tests.support.clocks import START

INCIDENT = IncidentId(1)
CHAT = Place(WorkspaceId(1), chat="C1")
ANA = Place(WorkspaceId(1), account=AccountId(7))
OK = Receipt(MessageRef("C1", "1.0"), "ok")
SECOND = timedelta(seconds=1)


class Queue:
    """The queue of one database, a call each."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def card(self, place: Place = CHAT) -> CardRow:
        async def work(connection: Connection) -> CardRow:
            return (await cards.add_cards(connection, [(INCIDENT, place)]))[0]

        return await self.database.transact(work)

    async def add(self, kind: Kind, card: CardRow, after: timedelta = timedelta()) -> None:
        wanted = Wanted(INCIDENT, kind, card.place, 1, 0, 0, START + after, card=card.id)

        async def work(connection: Connection) -> None:
            if kind is Kind.EDIT:
                await deliveries.ask_for_edits(connection, [wanted], START)
            else:
                await deliveries.add(connection, [wanted], START)

        await self.database.transact(work)

    async def claim(self, token: str = "a", after: timedelta = timedelta()) -> list[Claimed]:
        async def work(connection: Connection) -> list[Claimed]:
            await deliveries.reclaim(connection, START + after)
            return (await claims.claim(connection, token, START + after, Room(10, each=10))).claimed

        return await self.database.transact(work)

    async def delivered(self, claimed: Claimed, shown: int = 1) -> bool:
        async def work(connection: Connection) -> bool:
            return await settling.delivered(connection, claimed, OK, shown, START)

        return await self.database.transact(work)

    async def ledger(self) -> list[Settled]:
        async def work(connection: Connection) -> list[Settled]:
            return await deliveries.ledger(connection, INCIDENT)

        return await self.database.read(work)


@pytest.fixture
def queue(database: Database) -> Queue:
    """An empty queue on each database."""
    return Queue(database)


async def test_what_is_claimed_is_nobody_elses_until_the_lease_runs_out(queue: Queue) -> None:
    await queue.add(Kind.CARD, await queue.card())
    (mine,) = await queue.claim("a")

    assert await queue.claim("b", LEASE) == []
    (theirs,) = await queue.claim("b", LEASE + SECOND)

    assert theirs.delivery.uncertain, "it may have gone out before, and must say so"
    assert not await queue.delivered(mine), "who comes back after the lease has no claim any more"
    assert await queue.delivered(theirs)
    (settled,) = await queue.ledger()
    assert (settled.state, settled.delivery.attempts) == (State.DELIVERED, 2)


async def test_a_card_has_one_pending_edit_and_it_keeps_the_sooner_instant(queue: Queue) -> None:
    card = await queue.card()
    for after in (5, 1, 9):
        await queue.add(Kind.EDIT, card, after * SECOND)

    (settled,) = await queue.ledger()

    assert settled.not_before == START + SECOND


async def test_edits_go_to_a_server_beside_what_is_added(queue: Queue) -> None:
    """An edit that waits already keeps the sooner instant, and one transaction may ask for one twice."""
    first, second, third = [await queue.card(Place(WorkspaceId(1), chat=chat)) for chat in ("C1", "C2", "C3")]
    await queue.add(Kind.EDIT, first, SECOND)

    def edit(card: CardRow, after: timedelta) -> Wanted:
        return Wanted(INCIDENT, Kind.EDIT, card.place, 2, 0, 0, START + after, card=card.id)

    async def work(connection: Connection) -> None:
        await deliveries.ask_for_edits(connection, [edit(first, 0 * SECOND), edit(second, SECOND)], START)
        await deliveries.add(connection, [Wanted(INCIDENT, Kind.CARD, CHAT, 2, 0, 0, START, card=third.id)], START)
        await deliveries.ask_for_edits(connection, [edit(second, 0 * SECOND)], START)

    with heard() as said:
        await queue.database.transact(work)

    assert sum("deliveries" in text for text in said) == (3 if queue.database.is_sqlite else 2)
    assert sorted((one.delivery.kind, one.delivery.card, one.not_before) for one in await queue.ledger()) == [
        (Kind.CARD, third.id, START),
        (Kind.EDIT, first.id, START),
        (Kind.EDIT, second.id, START),
    ]


async def test_an_edit_waits_for_the_card_and_for_the_edit_before_it(queue: Queue) -> None:
    card = await queue.card()
    await queue.add(Kind.CARD, card)
    await queue.add(Kind.EDIT, card)
    (post,) = await queue.claim("a")
    assert post.delivery.kind is Kind.CARD
    assert await queue.claim("b") == []

    await queue.delivered(post)
    (edit,) = await queue.claim("c")
    await queue.add(Kind.EDIT, card)

    assert await queue.claim("d") == []
    await queue.delivered(edit, shown=2)
    assert [one.delivery.kind for one in await queue.claim("e")] == [Kind.EDIT]


async def test_pages_go_before_edits_and_each_place_gets_one_at_a_time(queue: Queue) -> None:
    chat, ana = await queue.card(CHAT), await queue.card(ANA)
    for card in (chat, ana):
        await queue.add(Kind.CARD, card)
        await queue.delivered((await queue.claim())[0])
    await queue.add(Kind.EDIT, chat)
    await queue.add(Kind.EDIT, ana)
    await queue.add(Kind.REMINDER, chat)

    claimed = await queue.claim()

    assert [(one.delivery.kind, one.delivery.place) for one in claimed] == [(Kind.REMINDER, CHAT), (Kind.EDIT, ANA)]


async def test_a_message_to_come_is_not_claimed_before_its_instant(queue: Queue) -> None:
    await queue.add(Kind.CARD, await queue.card(), 10 * SECOND)

    assert await queue.claim("a", 9 * SECOND) == []
    assert len(await queue.claim("a", 10 * SECOND)) == 1


async def test_withdrawing_leaves_what_chats_are_to_see(queue: Queue) -> None:
    for place in (CHAT, ANA):
        await queue.add(Kind.CARD, await queue.card(place))

    async def work(connection: Connection) -> None:
        await withdrawals.withdraw(connection, [INCIDENT], Withdrawal(Dropped.ACTED), START)

    await queue.database.transact(work)

    states = {one.delivery.place: (one.state, one.reason) for one in await queue.ledger()}
    assert states == {CHAT: (State.PENDING, ""), ANA: (State.WITHDRAWN, Dropped.ACTED)}


async def test_a_lost_edit_gives_way_to_a_newer_one(queue: Queue) -> None:
    """A process died while it edited, and meanwhile the card changed again: one edit is enough."""
    card = await queue.card()
    await queue.add(Kind.CARD, card)
    await queue.delivered((await queue.claim())[0])
    await queue.add(Kind.EDIT, card)
    await queue.claim("dead")
    await queue.add(Kind.EDIT, card)

    (edit,) = await queue.claim("alive", LEASE + SECOND)

    assert edit.delivery.kind is Kind.EDIT
    assert [one.state for one in await queue.ledger()] == [State.DELIVERED, State.WITHDRAWN, State.SENDING]


async def test_a_card_that_nobody_has_seen_when_somebody_acts_is_a_page_no_more(queue: Queue) -> None:
    """It still goes out, with the edits; on a board it would be called out."""
    await queue.add(Kind.CARD, await queue.card())
    other = await queue.card(Place(WorkspaceId(1), chat="C2"))
    await queue.add(Kind.REMINDER, other)

    async def work(connection: Connection) -> list[int]:
        await withdrawals.withdraw(connection, [INCIDENT], Withdrawal(Dropped.ACTED), START)
        columns = tables.deliveries.c
        query = sa.select(columns.lane).where(columns.state == State.PENDING)
        return list(await connection.scalars(query))

    assert await queue.database.transact(work) == [Lane.EDIT]


async def test_who_is_paged_anew_is_paged_by_the_card_that_still_waits(queue: Queue) -> None:
    card = await queue.card()
    await queue.add(Kind.CARD, card)

    async def work(connection: Connection) -> list[int]:
        await withdrawals.withdraw(connection, [INCIDENT], Withdrawal(Dropped.ACTED), START)
        page = Wanted(INCIDENT, Kind.CARD, CHAT, 2, 1, 0, START, card=card.id)
        assert await deliveries.restamp(connection, page)
        return list(await connection.scalars(sa.select(tables.deliveries.c.lane)))

    assert await queue.database.transact(work) == [Lane.PAGE]
