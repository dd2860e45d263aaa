"""What became of the newest message to each chat, and which alerts of a check stand."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from bot.domain.delivery import Kind, Place, State
from bot.domain.escalation import Chat
from bot.domain.incident import ChannelId, IncidentId
from bot.domain.people import AccountId, WorkspaceId
from bot.domain.trouble import Check, key_of
from storage import deliveries, tables, watch
from storage.database import Connection, Database
from storage.deliveries import Wanted
from tests.bench.explain import listening, plans
from tests.engine.stage import prefer_indexes
from tests.support.clocks import START

ACME = WorkspaceId(1)
C1, C2 = Place(ACME, chat="C1"), Place(ACME, chat="C2")
SECOND = timedelta(seconds=1)


async def settled(
    database: Database, place: Place, at: datetime, why: tuple[str, str] = ("", "1.0"), kind: Kind = Kind.CARD
) -> None:
    """Store a message that arrived at an instant or failed, why in our word and in the platform's."""
    reason, said = why

    async def work(connection: Connection) -> None:
        await deliveries.add(connection, [Wanted(IncidentId(1), kind, place, 1, 0, 0, START)], START)
        state = State.FAILED if reason else State.DELIVERED
        columns = tables.deliveries.c
        this = sa.update(tables.deliveries).where(columns.state == State.PENDING)
        await connection.execute(this.values(state=str(state), reason=reason or None, said=said, settled_at=at))

    await database.transact(work)


async def newest(database: Database, since: datetime = START) -> dict[Chat, str | None]:
    return await database.read(lambda connection: watch.newest_in_chats(connection, since))


async def test_the_newest_message_to_each_chat_counts(database: Database) -> None:
    await settled(database, C1, START + SECOND)
    await settled(database, C1, START + 3 * SECOND, ("refused", "is_archived"))
    await settled(database, C1, START + 2 * SECOND, ("refused", "not_in_channel"))
    await settled(database, C2, START, ("unlinked", "app_access_restricted"))
    assert await newest(database) == {Chat(ACME, "C1"): "is_archived", Chat(ACME, "C2"): "app_access_restricted"}

    await settled(database, C1, START + 4 * SECOND)
    assert await newest(database, START + SECOND) == {Chat(ACME, "C1"): None}


async def test_what_failed_for_another_reason_or_was_no_new_message_in_a_chat_says_nothing(database: Database) -> None:
    await settled(database, C1, START, ("refused", "is_archived"))
    for reason in ("too_long", "malformed", "gone", "uncertain", "unreachable", "unauthorized", "quota"):
        await settled(database, C1, START + SECOND, (reason, "no"))
        await settled(database, C2, START + SECOND, (reason, "no"))
    for kind in (Kind.EDIT, Kind.BOARD):
        await settled(database, C1, START + SECOND, kind=kind)
        await settled(database, C2, START + SECOND, ("refused", "no"), kind)
    await settled(database, Place(ACME, account=AccountId(1)), START, ("refused", "no"))
    assert await newest(database) == {Chat(ACME, "C1"): "is_archived"}


async def test_the_newest_messages_are_found_by_when_they_were_settled(schema_url: str, database: Database) -> None:
    await prefer_indexes(schema_url)
    again = Database(schema_url)
    with listening() as heard:
        await newest(again)
    ((_, how),) = await plans(again, heard)
    assert "ix_deliveries_settled_at" in how
    assert "Seq Scan" not in how
    await again.close()


async def test_the_keys_of_a_check_that_stand(database: Database) -> None:
    keys = {
        key_of(Check.DEAD, "acme", "C1"): (0, False),
        key_of(Check.DEAD, "acme", "C_2"): (7, False),
        key_of(Check.DEAD, "acme", "C3"): (0, True),
        key_of(Check.DEAD, "acme", "C4"): (8, False),
        key_of(Check.DARK, "acme"): (0, False),
    }
    rows = [
        {"id": number, "channel_id": channel, "key": key, "recovered": is_over, "current": True, "body": "{}"}
        for number, (key, (channel, is_over)) in enumerate(keys.items())
    ]

    async def work(connection: Connection) -> set[str]:
        await connection.execute(sa.insert(tables.alerts), [{**row, "opened_at": START} for row in rows])
        return await watch.standing_keys(connection, {ChannelId(0), ChannelId(7)}, Check.DEAD)

    assert await database.transact(work) == {"oncard/chat-dead/acme/C1", "oncard/chat-dead/acme/C_2"}
