"""A board survives whoever sends it, and two who take everything at once share it out."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from bot.adapter import DeliveryFailed, FailureKind, MessageRef, Receipt, To
from bot.domain.board import BoardId
from bot.domain.delivery import ON_THE_BOARD, Kind, Place, State
from bot.domain.event import Severity
from bot.domain.incident import Acknowledge, Actor, Entry, IncidentId
from bot.domain.people import AccountId, WorkspaceId
from bot.engine.act import Desk
from bot.engine.heard import Heard, Reply
from bot.engine.sweep import MOST_TOGETHER, Sweep, Sweeper
from cards import plain
from cards.card import Card, Message
from storage import boards, deliveries, incidents, tables
from storage.database import Connection, Database
from storage.deliveries import LEASE, Settled
from tests.engine.stage import Interrupted, Platform, Stage
from tests.support.clocks import ManualClock

MANY = MOST_TOGETHER + 50
KEYS = tuple(f"key {number}" for number in range(MANY))


class Chat(Platform):
    """A platform that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[Message] = []

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        receipt = await super().send(to, message, under=under)
        self.said.append(message)
        return receipt


@pytest.fixture
async def stage(database: Database) -> Stage:
    """Oncard beside one chat."""
    made = Stage(database)
    made.platforms["acme"] = Chat()
    await made.configure({"acme": 1}, ("ana@example.com", "bo@example.com"), linked=False)
    return made


def chat_of(stage: Stage) -> Chat:
    chat = stage.platforms["acme"]
    assert isinstance(chat, Chat)
    return chat


def clock_of(stage: Stage) -> ManualClock:
    assert isinstance(stage.clock, ManualClock)
    return stage.clock


async def pages(stage: Stage) -> list[Settled]:
    """Return the pages to the chat."""

    async def work(connection: Connection) -> list[Settled]:
        ledgers = [await deliveries.ledger(connection, IncidentId(number)) for number in range(1, MANY + 1)]
        return [one for some in ledgers for one in some if one.delivery.place.chat and one.delivery.kind is Kind.CARD]

    return await stage.database.read(work)


async def test_a_sender_that_died_with_the_board_is_followed_by_one_that_says_so(stage: Stage) -> None:
    await stage.fire(*KEYS)
    chat = chat_of(stage)
    chat.hangs = True
    await stage.outbox.start()
    await chat.reached.wait()
    dead, chat.hangs = stage.outbox, False

    clock_of(stage).advance((LEASE + timedelta(seconds=1)).total_seconds())
    await stage.another().drain()

    boards_said = [one for one in chat.said if isinstance(one, Card)]
    assert len(boards_said) == 1
    assert "may be a repeat" in plain.spoken(boards_said[0].status)
    assert {(one.state, one.reason) for one in await pages(stage)} == {(State.DELIVERED, ON_THE_BOARD)}
    chat.released.set()
    await dead.drain()
    assert {(one.state, one.reason) for one in await pages(stage)} == {(State.DELIVERED, ON_THE_BOARD)}


async def test_a_failure_that_is_known_only_after_the_claim_ended_leaves_the_board_to_be_tried_again(
    stage: Stage,
) -> None:
    await stage.configure({"acme": 1})  # Nobody but the chat is told, so nothing else lets the board speak.
    await stage.fire(*KEYS)
    chat = chat_of(stage)
    chat.hangs = True
    await stage.outbox.start()
    await chat.reached.wait()
    clock_of(stage).advance((LEASE + timedelta(seconds=1)).total_seconds())
    await stage.outbox.start()  # It sees that the claim has ended, and puts the message back.

    chat.refusal = DeliveryFailed(FailureKind.UNREACHABLE, "connection reset")
    chat.released.set()
    await stage.outbox.drain()
    chat.hangs, chat.refusal = False, None
    clock_of(stage).advance(60)
    await stage.outbox.drain()

    assert {(one.state, one.reason) for one in await pages(stage)} == {(State.DELIVERED, ON_THE_BOARD)}
    assert len(chat.said) == 1


async def test_when_the_board_is_refused_every_incident_knows_it(stage: Stage) -> None:
    chat_of(stage).refusal = DeliveryFailed(FailureKind.REFUSED, "not_in_channel")
    await stage.fire(*KEYS)

    await stage.outbox.drain()

    assert {(one.state, one.reason, one.said) for one in await pages(stage)} == {
        (State.FAILED, "refused", "not_in_channel")
    }

    async def work(connection: Connection) -> list[list[Entry]]:
        told = [await incidents.timeline(connection, IncidentId(number), 100) for number in range(1, MANY + 1)]
        return [[item.record.entry for item in some] for some in told]

    assert all(Entry.NOT_DELIVERED in some for some in await stage.database.read(work))


@pytest.mark.parametrize("kind", [FailureKind.TOO_LONG, FailureKind.MALFORMED])
async def test_when_the_boards_content_is_refused_every_page_goes_out_alone(stage: Stage, kind: FailureKind) -> None:
    await stage.configure({"acme": 1})
    chat = chat_of(stage)
    await stage.fire(*KEYS)
    chat.refusal = DeliveryFailed(kind, "msg_too_long")
    await stage.outbox.start()
    await chat.reached.wait()
    chat.refusal = None

    for _ in range(MANY):
        await stage.outbox.drain()
        clock_of(stage).advance(1)

    assert {one.state for one in await pages(stage)} == {State.DELIVERED}
    assert sorted(one.number or 0 for one in chat.said if isinstance(one, Card)) == list(range(1, MANY + 1))
    # Each has a card of its own now, which follows it; there is no board that would have to.
    chat.edits = 0
    await stage.fire(KEYS[0], status=Severity.WARNING)
    clock_of(stage).advance(60)
    await stage.outbox.drain()
    assert chat.edits == 1


async def test_what_comes_after_a_board_whose_content_was_refused_may_share_a_board_again(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    chat = chat_of(stage)
    await stage.fire(*KEYS[:11])
    chat.refusal = DeliveryFailed(FailureKind.TOO_LONG, "msg_too_long")
    await stage.outbox.start()
    await chat.reached.wait()
    chat.refusal = None
    await stage.outbox.drain()
    await stage.fire(*KEYS[11:30])

    for _ in range(20):
        await stage.outbox.drain()
        clock_of(stage).advance(1)

    cards = [one for one in chat.said if isinstance(one, Card)]
    assert sorted(one.number or 0 for one in cards) == list(range(12))
    assert next(one for one in cards if one.number is None).title.startswith("19 ")


async def test_of_those_that_hear_that_the_board_was_refused_one_cannot_be_read(stage: Stage) -> None:
    """All the others know it, and the checker tells of the one."""
    chat_of(stage).refusal = DeliveryFailed(FailureKind.REFUSED, "not_in_channel")
    await stage.fire(*KEYS)
    await spoil(stage, 3)

    with capture_logs() as logs:
        await stage.outbox.drain()

    assert {one.state for one in await pages(stage)} == {State.FAILED}

    async def work(connection: Connection) -> list[int]:
        told = [
            (number, await incidents.timeline(connection, IncidentId(number), 100)) for number in range(1, MANY + 1)
        ]
        return [number for number, some in told if Entry.NOT_DELIVERED not in [item.record.entry for item in some]]

    assert await stage.database.read(work) == [3]
    assert [3] in [one["incidents"] for one in logs if one["event"] == "failure_not_told_to_unreadable"]
    await stage.watchdog.round()
    (told,) = (await stage.troubles.standing(["oncard/incident-unreadable"]))["oncard/incident-unreadable"]
    assert told.alert.labels["incidents"] == "#3"


async def test_two_who_take_everything_at_once_share_it_out(stage: Stage) -> None:
    await stage.fire(*KEYS)
    await stage.outbox.drain()
    organisation = await stage.database.read(stage.picture.current)
    people = {account.name: account.id for account in organisation.people.accounts.values()}
    workspace = next(iter(organisation.workspaces))
    desk = Desk(stage.database, stage.picture, stage.wakeups, stage.clock, stage.vault.digest)
    (board,) = [one for one in chat_of(stage).said if isinstance(one, Card)]
    token = board.buttons[0].token

    async def take(name: str) -> Reply:
        return await desk.hear(_heard(token, people[name], workspace))

    replies = await asyncio.gather(take("ana"), take("bo"))
    later = await take("bo")

    counts = [int(plain.spoken(one.note.text).split()[0]) for one in replies if one.is_done and one.note]
    assert sum(counts) == MANY
    assert not later.is_done
    assert later.note is not None
    assert "acknowledged already" in plain.spoken(later.note.text)

    async def work(connection: Connection) -> int:
        found = (await incidents.newest(connection, most=MANY, open_only=True)).incidents
        assert len(await boards.takers(connection, BoardId(int(token.split()[1])))) == len(counts)
        return sum(one.acknowledged is not None for one in found)

    assert await stage.database.read(work) == MANY


async def spoil(stage: Stage, *numbers: int) -> None:
    """Let these incidents be stored as nobody can read them."""

    async def work(connection: Connection) -> None:
        broken = tables.incidents.c.id.in_(numbers)
        await connection.execute(sa.update(tables.incidents).where(broken).values(body="{}"))

    await stage.database.transact(work)


async def test_a_board_is_sent_although_some_of_its_incidents_cannot_be_read(stage: Stage) -> None:
    await stage.configure({"acme": 1})
    await stage.fire(*KEYS)
    await spoil(stage, 1, MANY)

    with capture_logs() as logs:
        await stage.outbox.drain()

    (board,) = chat_of(stage).said
    assert isinstance(board, Card)
    assert str(MANY) in board.title
    assert {(one.state, one.reason) for one in await pages(stage)} == {(State.DELIVERED, ON_THE_BOARD)}
    assert [one["incidents"] for one in logs if one["event"] == "board_leaves_out_unreadable"] == [[1, MANY]]


async def test_everything_is_taken_but_what_cannot_be_read(stage: Stage) -> None:
    await stage.fire(*KEYS)
    await stage.outbox.drain()
    organisation = await stage.database.read(stage.picture.current)
    ana = next(account.id for account in organisation.people.accounts.values() if account.name == "ana")
    (board,) = [one for one in chat_of(stage).said if isinstance(one, Card)]
    await spoil(stage, 3, MANY)

    with capture_logs() as logs:
        desk = Desk(stage.database, stage.picture, stage.wakeups, stage.clock, stage.vault.digest)
        reply = await desk.hear(_heard(board.buttons[0].token, ana, next(iter(organisation.workspaces))))

    assert reply.note is not None
    assert plain.spoken(reply.note.text).split()[0] == str(MANY - 2)
    assert [one["incident"] for one in logs if one["event"] == "incident_not_taken"] == [3, MANY]

    async def left(connection: Connection) -> int:
        return (await boards.summary(connection, BoardId(int(board.buttons[0].token.split()[1])))).untaken

    assert await stage.database.read(left) == 2


async def test_a_database_that_is_away_is_not_asked_for_each_incident(schema_url: str) -> None:
    database = Interrupted(schema_url)
    stage = Stage(database)
    stage.platforms["acme"] = Chat()
    await stage.configure({"acme": 1})
    await stage.fire(*KEYS)
    await stage.outbox.drain()
    (card,) = chat_of(stage).said
    assert isinstance(card, Card)
    board = BoardId(int(card.buttons[0].token.split()[1]))
    sweeper = Sweeper(database, stage.picture, stage.clock)
    database.transactions = 2

    with pytest.raises(ConnectionRefusedError):
        await sweeper.take(Sweep(board, Acknowledge(Actor(AccountId(1), "acme")), None))

    assert database.transactions == 1
    await database.close()


def _heard(token: str, account: AccountId, workspace: WorkspaceId) -> Heard:
    return Heard(token, Actor(account, "acme"), Place(workspace, account=account), is_token=True)
