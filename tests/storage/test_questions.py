"""What people ask for is found among very many, whatever is more urgent and however long ago it was."""

from dataclasses import replace

from bot.adapter import MessageRef, Receipt
from bot.domain.delivery import Kind, Place
from bot.domain.event import Severity
from bot.domain.facts import Facts, Tally
from bot.domain.incident import Actor, ChannelId, Deed, Incident, IncidentId, Progress, Responder
from bot.domain.people import AccountId, WorkspaceId
from bot.engine.questions import MOST_LOOKED_AT, mine
from storage import cards, claims, deliveries, incidents, questions, settling
from storage.database import Connection, Database
from storage.deliveries import Room, Wanted
from tests.support.clocks import START

ANA, BO = AccountId(7), AccountId(77)
ACME, OTHER = WorkspaceId(1), WorkspaceId(2)
CHAT = Place(ACME, chat="C1")


def an_incident(number: int, responder: AccountId = BO) -> Incident:
    return Incident(
        id=IncidentId(number),
        channel=ChannelId(1),
        facts=Facts(Severity.CRITICAL, f"disk full on db-{number}", "", {}, tally=Tally(critical=1, total=1)),
        opened_at=START,
        responders=(Responder(responder, 0, START),),
    )


async def test_what_somebody_has_is_found_behind_all_that_is_more_urgent(database: Database) -> None:
    taken = replace(
        an_incident(MOST_LOOKED_AT + 2), progress=Progress.PROCESSING, acknowledged=Deed(Actor(ANA, "acme"), START)
    )
    told = an_incident(MOST_LOOKED_AT + 3, ANA)
    others = [an_incident(number) for number in range(1, MOST_LOOKED_AT + 2)]

    async def work(connection: Connection) -> None:
        await incidents.insert(connection, [*others, taken, told])

    await database.transact(work)
    found = await database.read(lambda connection: mine(connection, ANA))
    assert [incident.id for incident in found.incidents] == [told.id, taken.id]
    assert (await database.read(lambda connection: mine(connection, None))).incidents == ()


async def test_a_message_is_known_by_its_id_its_chat_and_its_workspace(database: Database) -> None:
    number, message = IncidentId(1), MessageRef("C1", "1.0")

    async def work(connection: Connection) -> None:
        [card] = await cards.add_cards(connection, [(number, CHAT)])
        await deliveries.add(connection, [Wanted(number, Kind.CARD, CHAT, 1, 0, 0, START, card=card.id)], START)
        [claimed] = (await claims.claim(connection, "a", START, Room(10, each=10))).claimed
        await settling.delivered(connection, claimed, Receipt(message, "ok"), 1, START)

    await database.transact(work)

    async def asked(workspace: WorkspaceId, one: MessageRef) -> IncidentId | None:
        return await database.read(lambda connection: questions.incident_of(connection, workspace, one))

    assert await asked(ACME, message) == number
    assert await asked(OTHER, message) is None
    assert await asked(ACME, MessageRef("C2", "1.0")) is None
    assert await asked(ACME, MessageRef("C1", "1.1")) is None
