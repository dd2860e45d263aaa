"""What is taken back, whole or for some people only, and what goes out after all."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.delivery import Dropped, Kind, Lane, Place, State
from bot.domain.event import Severity
from bot.domain.facts import Facts
from bot.domain.incident import ChannelId, Incident, IncidentId, Progress
from bot.domain.people import AccountId, WorkspaceId
from storage import cards, deliveries, tables, withdrawals
from storage.database import Connection, Database
from storage.deliveries import Wanted
from storage.withdrawals import Withdrawal
from tests.support.clocks import START

NUMBER = IncidentId(1)
CHAT = Place(WorkspaceId(1), chat="C1")
ANA, BO = (Place(WorkspaceId(1), account=AccountId(number)) for number in (7, 8))
INCIDENT = Incident(NUMBER, ChannelId(1), Facts(Severity.CRITICAL, "Disk full"), START, version=5, moved=5, turned=5)
SECOND = timedelta(seconds=1)
ACTED = Withdrawal(Dropped.ACTED)

Seen = dict[str, tuple[State, Lane, int]]


class Pages:
    """Cards for Ana, Bo and a chat that wait to be sent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, *places: Place, kind: Kind = Kind.CARD) -> None:
        async def work(connection: Connection) -> None:
            rows = await cards.add_cards(connection, [(NUMBER, place) for place in places])
            wanted = [Wanted(NUMBER, kind, row.place, 1, 0, 0, START, card=row.id) for row in rows]
            await deliveries.add(connection, wanted, START)

        await self._database.transact(work)

    async def again(self, place: Place) -> None:
        """Let another page of the same incident wait for a place."""

        async def work(connection: Connection) -> None:
            wanted = Wanted(NUMBER, Kind.REMINDER, place, 2, 0, 0, START)
            await deliveries.add(connection, [wanted], START)

        await self._database.transact(work)

    async def withdraw(self, withdrawal: Withdrawal, after: timedelta = SECOND) -> None:
        async def work(connection: Connection) -> None:
            await withdrawals.withdraw(connection, [NUMBER], withdrawal, START + after)

        await self._database.transact(work)

    async def put_back(self, incident: Incident = INCIDENT, since: timedelta = SECOND) -> None:
        async def work(connection: Connection) -> None:
            await withdrawals.put_back(connection, incident, Dropped.ACTED, START + since)

        await self._database.transact(work)

    async def fold(self) -> None:
        """Let everything wait on a board."""

        async def work(connection: Connection) -> None:
            await connection.execute(sa.update(tables.deliveries).values(board_id=9, claim="a"))

        await self._database.transact(work)

    async def seen(self) -> Seen:
        """Return the state, lane and version of the first message to each place."""

        async def work(connection: Connection) -> Seen:
            query = sa.select(tables.deliveries).order_by(tables.deliveries.c.id.desc())
            rows = await connection.execute(query)
            return {row.place: (State(row.state), Lane(row.lane), row.version) for row in rows}

        return await self._database.read(work)


@pytest.fixture
async def pages(database: Database) -> Pages:
    made = Pages(database)
    await made.add(ANA, BO, CHAT)
    return made


async def test_pages_that_were_withdrawn_go_out_after_all_and_the_chats_card_is_one_again(pages: Pages) -> None:
    before = await pages.seen()
    await pages.withdraw(ACTED)
    assert {state for state, _, _ in (await pages.seen()).values()} == {State.WITHDRAWN, State.PENDING}
    assert (await pages.seen())[CHAT.key] == (State.PENDING, Lane.EDIT, 1)
    await pages.put_back()
    assert await pages.seen() == before


async def test_what_was_withdrawn_before_or_for_another_reason_stays_so(pages: Pages) -> None:
    await pages.withdraw(ACTED, after=timedelta())
    await pages.put_back()
    assert (await pages.seen())[ANA.key][0] is State.WITHDRAWN
    await pages.add(Place(WorkspaceId(1), account=AccountId(9)))
    await pages.withdraw(Withdrawal(Dropped.UNDONE))
    await pages.put_back()
    assert (await pages.seen())["account:9"][0] is State.WITHDRAWN


async def test_only_what_certain_people_would_get_is_taken_back(pages: Pages) -> None:
    await pages.withdraw(Withdrawal(Dropped.UNDONE, only=(AccountId(8),)))
    states = {place: (state, lane) for place, (state, lane, _) in (await pages.seen()).items()}
    assert states == {
        ANA.key: (State.PENDING, Lane.PAGE),
        BO.key: (State.WITHDRAWN, Lane.PAGE),
        CHAT.key: (State.PENDING, Lane.PAGE),
    }


async def test_a_place_that_waits_for_another_page_gets_one(pages: Pages) -> None:
    await pages.withdraw(ACTED)
    await pages.again(ANA)
    await pages.put_back()
    seen = await pages.seen()
    assert (seen[ANA.key][0], seen[BO.key][0]) == (State.WITHDRAWN, State.PENDING)


async def test_pages_of_what_somebody_has_taken_are_of_its_newest_version(pages: Pages) -> None:
    await pages.withdraw(Withdrawal(Dropped.ACTED, cards=True))
    await pages.put_back(replace(INCIDENT, progress=Progress.PROCESSING))
    assert {version for _, _, version in (await pages.seen()).values()} == {5}


async def test_what_waited_on_a_board_goes_out_alone_unless_it_is_taken_again(pages: Pages, database: Database) -> None:
    await pages.fold()
    await pages.withdraw(ACTED)
    await pages.put_back()

    async def work(connection: Connection) -> list[tuple[object, object]]:
        rows = await connection.execute(sa.select(tables.deliveries.c.board_id, tables.deliveries.c.claim))
        return [(row.board_id, row.claim) for row in rows]

    assert await database.read(work) == [(None, None)] * 3
