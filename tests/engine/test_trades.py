"""Swaps and covers in a chat: asked, taken by one, confirmed in time; everybody's card shows how it stands."""

import asyncio
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.adapter import MessageRef, Receipt, To
from bot.commands.override import EXAMPLE
from bot.commands.trade import COVER
from bot.domain.override import TradeId
from bot.domain.trade import State, Trade
from bot.engine.outbox import Outbox
from bot.engine.trades import Trades
from cards.card import Card, Message
from cards.plain import spoken
from storage import overrides, tables
from storage import trades as stored
from storage.database import Connection, Database
from tests.engine.stage import Interrupted, Platform, Stage
from tests.engine.test_overrides import ROTA, asked, configure, current, heard, on_call
from tests.support.clocks import ManualClock

HOUR = timedelta(hours=1)
MONDAY = datetime.fromisoformat("2026-11-23T08:00Z")
"""When Bo's week begins, and Ana's ends."""


class Chat(Platform):
    """A chat app that keeps what each message says now."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, tuple[str, Message]] = {}

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        receipt = await super().send(to, message, under=under)
        self.shown[receipt.message.id] = (to.id, message)
        return receipt

    async def edit(self, message: MessageRef, card: Card) -> Receipt:
        receipt = await super().edit(message, card)
        self.shown[message.id] = (self.shown[message.id][0], card)
        return receipt

    def of(self, name: str) -> list[Card]:
        """Return the cards that somebody has, as they stand."""
        return [one for to, one in self.shown.values() if to == name and isinstance(one, Card)]


class Scenery:
    """Ana, Bo and Chen in a chat, and the workers."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.chat = Chat()
        self.trades = Trades(stage.database, stage.picture, stage.wakeups, stage.clock)
        self.outbox = Outbox(stage.database, stage.picture, stage.adapters, stage.wakeups, stage.clock)

    async def say(self, text: str, by: str = "ana") -> list[str]:
        said = await asked(self.stage, text, by)
        await self.settle()
        return said

    async def press(self, label: str, by: str) -> list[str]:
        """Press a button on the last card that somebody has."""
        token = next(button.token for button in self.chat.of(by)[-1].buttons if button.label == label)
        reply = await heard(self.stage, token, by, is_token=True)
        await self.settle()
        assert reply.note is not None
        return [spoken(row) for row in (reply.note.text, *reply.note.rows)]

    async def advance(self, time: timedelta) -> None:
        clock = self.stage.clock
        assert isinstance(clock, ManualClock)
        clock.advance(time.total_seconds())
        await self.settle()

    async def settle(self) -> None:
        await self.trades.tick()
        for _ in range(4):
            await self.outbox.drain()
            self.stage.clock.advance(1.5)  # type: ignore[attr-defined]

    async def trade(self, number: int = 1) -> Trade:
        found = await self.stage.database.read(lambda connection: stored.find(connection, TradeId(number)))
        assert found is not None
        return found

    async def on_call(self, at: datetime, role: str = "primary") -> list[str]:
        return on_call(await current(self.stage), at, role)


@pytest.fixture
async def scenery(database: Database) -> Scenery:
    stage = Stage(database)
    await configure(stage, ROTA.replace(", locale: zh", ""))
    made = Scenery(stage)
    organisation = await current(stage)
    (acme,) = organisation.workspaces
    stage.adapters[acme] = made.chat
    return made


NEXT = "2026-11-30 09:00 to 2026-12-07 09:00"


async def test_what_a_platform_tells_again_is_not_taken_again_after_it_was_given_back(scenery: Scenery) -> None:
    await scenery.say(f"cover payments {NEXT}")
    assert (await heard(scenery.stage, "trade 1 take", "bo", trigger="Ev1")).note is not None
    await scenery.say("trade 1 decline", by="bo")
    assert (await heard(scenery.stage, "trade 1 take", "bo", trigger="Ev1")).note is None
    assert (await scenery.trade()).state is State.ASKED


async def test_a_cover_is_asked_taken_and_confirmed_by_itself(scenery: Scenery) -> None:
    said = await scenery.say(f"cover payments {NEXT} because of a wedding")
    assert said[0] == (
        "Asked Bo, Chen to take your shift in payments from 2026-11-30 09:00 CET to 2026-12-07 09:00 CET (no. 1)."
    )
    (card,) = scenery.chat.of("bo")
    assert card.title == "Ana asks to be covered: payments · primary"
    assert [button.label for button in card.buttons] == ["Take it", "Not me"]
    assert [button.label for button in scenery.chat.of("ana")[0].buttons] == ["Withdraw"]

    await scenery.press("Take it", by="bo")
    assert all("Taken by Bo" in spoken(card.status) for name in ("ana", "bo") for card in scenery.chat.of(name))
    assert [len(scenery.chat.of(name)) for name in ("ana", "bo", "chen")] == [2, 2, 1], "those concerned are told anew"
    at = datetime.fromisoformat("2026-12-01T00:00Z")
    assert await scenery.on_call(at) == ["Ana"], "not before it is confirmed"

    await scenery.advance(HOUR)
    assert await scenery.on_call(at) == ["Bo"]
    assert (await scenery.trade()).state is State.CONFIRMED
    assert all("Confirmed: Bo is on call then" in spoken(card.status) for card in scenery.chat.of("chen"))
    assert not any(card.buttons for card in scenery.chat.of("ana"))
    assert "Bo for Ana" in (await scenery.say("override list"))[1]


async def test_of_two_who_take_it_at_once_one_has_it_and_the_other_is_told_who(scenery: Scenery) -> None:
    await scenery.say(f"cover payments {NEXT} by bo and chen@example.com")
    stage = scenery.stage
    both = [heard(stage, "trade 1 take", by=name) for name in ("bo", "chen")]
    first, second = [reply.note for reply in await asyncio.gather(*both)]
    assert first is not None
    assert second is not None
    said = sorted((spoken(first.text), spoken(second.text)), key=lambda text: "was faster" in text)
    winner = (await scenery.trade()).taker
    name = (await current(stage)).people.accounts[winner].name if winner is not None else ""
    assert f"Taken by {name}" in said[0]
    assert said[1].startswith(f"{name} was faster and has it since")


async def test_a_swap_is_confirmed_by_being_taken(scenery: Scenery) -> None:
    said = await scenery.say("swap payments with bo@example.com")
    assert said == [
        "Asked Bo to swap: your shift in payments from 2026-11-30 09:00 CET to 2026-12-07 09:00 CET (no. 1).",
        "Their shift: 2026-11-23 09:00 CET to 2026-11-30 09:00 CET",
    ]
    assert await scenery.on_call(MONDAY) == ["Bo"]
    assert "have swapped" in (await scenery.press("Swap", by="bo"))[0]
    assert await scenery.on_call(MONDAY) == ["Ana"]
    assert await scenery.on_call(MONDAY + timedelta(days=7)) == ["Bo"]
    (removed,) = [row for row in await scenery.say("override remove 2") if row.startswith("Removed")]
    assert "no. 2, 1" in removed, "a swap is taken back whole"
    assert await scenery.on_call(MONDAY) == ["Bo"]


async def test_a_swap_of_named_days(scenery: Scenery) -> None:
    said = await scenery.say("swap payments 2026-12-01 with bo for 2026-11-25 because of school")
    assert said[0].endswith("from 2026-12-01 00:00 CET to 2026-12-02 00:00 CET (no. 1).")
    assert said[1] == "Their shift: 2026-11-25 00:00 CET to 2026-11-26 00:00 CET"
    assert (await scenery.say("trade list payments"))[1].startswith("no. 1 · Ana asks Bo to swap: payments · primary")


async def test_a_running_shift_changes_hands_at_once(scenery: Scenery) -> None:
    await scenery.say("cover payments")
    now = scenery.stage.clock.now()
    assert await scenery.on_call(now) == ["Ana"]
    await scenery.advance(HOUR)
    await scenery.press("Take it", by="chen")
    assert await scenery.on_call(scenery.stage.clock.now()) == ["Chen"]
    assert await scenery.on_call(now) == ["Ana"], "what has been stays"
    assert await scenery.on_call(MONDAY) == ["Bo"]


async def test_what_is_declined_withdrawn_or_expired_leaves_the_shift(scenery: Scenery) -> None:
    await scenery.say(f"cover payments {NEXT} by bo")
    await scenery.press("Not me", by="bo")
    assert (await scenery.trade()).state is State.DECLINED
    assert "Declined by everybody" in spoken(scenery.chat.of("ana")[-1].status)
    await scenery.say(f"cover payments {NEXT} by bo")
    await scenery.press("Take it", by="bo")
    assert "Withdrawn by Ana" in (await scenery.press("Withdraw", by="ana"))[0]
    assert (await scenery.say("trade 2 take", by="bo"))[0].startswith("That was withdrawn at")
    await scenery.say("cover payments 2026-11-22")
    await scenery.advance(timedelta(days=1))
    assert (await scenery.trade(3)).state is State.EXPIRED
    assert "nobody took it" in spoken(scenery.chat.of("ana")[-1].status)
    assert await scenery.say("trade list") == [f"No request is open. For example: {COVER}"]
    assert await scenery.on_call(datetime.fromisoformat("2026-12-01T00:00Z")) == ["Ana"]


async def test_whoever_has_taken_it_may_think_better_of_it(scenery: Scenery) -> None:
    await scenery.say(f"cover payments {NEXT}")
    await scenery.press("Take it", by="bo")
    await scenery.press("Not after all", by="bo")
    assert (await scenery.trade()).state is State.ASKED
    await scenery.press("Take it", by="chen")
    assert "is on call then" in (await scenery.press("Confirm now", by="ana"))[0]
    assert await scenery.on_call(datetime.fromisoformat("2026-12-01T00:00Z")) == ["Chen"]


async def test_what_has_changed_meanwhile_does_not_change_hands(scenery: Scenery) -> None:
    await scenery.say(f"cover payments {NEXT}")
    await scenery.press("Take it", by="bo")
    await scenery.say("override payments dee@example.com 2026-12-02", by="chen")
    refused = await scenery.press("Confirm now", by="ana")
    assert refused == ["The schedule has changed: Ana is not on call then any more. Nothing changed hands."]
    await scenery.advance(HOUR)
    assert (await scenery.trade()).state is State.CHANGED
    assert "Nothing changed" in spoken(scenery.chat.of("bo")[-1].status)
    assert await scenery.on_call(datetime.fromisoformat("2026-12-01T00:00Z")) == ["Ana"]


REFUSED = [
    ("cover payments 2026-11-25", "ana", "You are not on call for payments in that time"),
    ("cover payments", "wu", "You are not on call for payments in that time"),
    ("cover payments by ana", "ana", "There is nobody else in this schedule to ask"),
    ("cover payments by nobody", "ana", "nobody"),
    ("cover payments tomorrow by", "ana", "Say which shift"),
    ("cover payments whenever", "ana", "Say which shift"),
    ("cover nowhere", "ana", "Say which shift"),
    ("swap payments with dee", "ana", "Dee is not on call for payments in that time"),
    ("swap payments 2026-11-25 with bo", "ana", "You are not on call for payments in that time"),
    ("swap payments", "ana", "Say with whom"),
    ("swap payments with bo for nothing", "ana", "Say with whom"),
    ("swap payments with nobody", "ana", "nobody"),
    ("trade", "ana", "No request is open"),
    ("trade 7 take", "ana", "There is no request no. 7"),
    ("trade seven", "ana", "For example: trade 7 take"),
    ("trade list nowhere", "ana", "No request is open"),
]


async def test_what_cannot_be_asked_says_why(scenery: Scenery) -> None:
    for said, by, why in REFUSED:
        assert why in (await asked(scenery.stage, said, by))[0], said
    assert await scenery.stage.database.read(stored.open_ones) == []


async def test_what_a_platform_tells_again_is_not_asked_again(scenery: Scenery) -> None:
    first = await heard(scenery.stage, f"cover payments {NEXT}", trigger="Ev01")
    again = await heard(scenery.stage, f"cover payments {NEXT}", trigger="Ev01")
    assert first.note is not None
    assert again.note is None
    assert len(await scenery.stage.database.read(stored.open_ones)) == 1


async def test_what_is_over_for_long_is_forgotten(scenery: Scenery) -> None:
    await scenery.say(f"cover payments {NEXT}")
    await scenery.press("Take it", by="bo")
    await scenery.press("Confirm now", by="ana")
    database, now = scenery.stage.database, scenery.stage.clock.now()
    assert await database.transact(lambda connection: stored.forget_old(connection, now - HOUR, 250)) == 0
    assert await database.transact(lambda connection: stored.forget_old(connection, now + HOUR, 250)) == 1
    assert (await scenery.say("trade 1"))[0] == "There is no request no. 1."
    end = datetime.fromisoformat("2026-12-07T08:00Z")
    assert await database.transact(lambda connection: overrides.forget_old(connection, end, 250)) == 0
    assert await database.transact(lambda connection: overrides.forget_old(connection, end + HOUR, 250)) == 1
    assert await scenery.say("override list") == [f"There are no temporary changes. For example: {EXAMPLE}"]


async def test_one_that_cannot_be_read_keeps_no_other_waiting(scenery: Scenery) -> None:
    await scenery.say("cover payments tomorrow")
    await scenery.say("cover payments tomorrow")

    async def newer(connection: Connection) -> None:
        await connection.execute(sa.update(tables.trades).where(tables.trades.c.id == 1).values(body="{}"))

    await scenery.stage.database.transact(newer)
    await scenery.advance(timedelta(days=1))
    assert (await scenery.trade(2)).state is State.EXPIRED
    assert await scenery.trades.tick() == 0


async def test_who_asked_reads_that_nobody_could_be_told(scenery: Scenery) -> None:
    scenery.chat.refused = {"bo"}
    await scenery.say(f"cover payments {NEXT} by bo")
    await scenery.advance(HOUR / 60)
    assert (await scenery.trade()).unreached == ((await scenery.trade()).candidates[0],)
    card = scenery.chat.of("ana")[-1]
    assert ("⚠️ Not reached", "Bo") in [(fact.name, spoken(fact.value)) for fact in card.facts]
    assert len(scenery.chat.of("ana")) == 2, "a message of its own"


async def test_the_worker_goes_on_when_the_database_was_away(schema_url: str) -> None:
    database = Interrupted(schema_url)
    stage = Stage(database)
    await configure(stage, ROTA.replace(", locale: zh", ""))
    scenery = Scenery(stage)
    await asked(stage, "cover payments tomorrow")
    scenery.stage.clock.advance(86400)  # type: ignore[attr-defined]
    database.transactions = 1
    worker = asyncio.create_task(scenery.trades.run())
    async with asyncio.timeout(15):
        while (await scenery.trade()).state is not State.EXPIRED:
            scenery.stage.clock.advance(1)  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)  # Rows tell nobody when they change.
    assert not database.transactions
    worker.cancel()
    await asyncio.wait([worker])
    await database.close()


async def test_a_swap_is_for_a_shift_in_the_same_role_where_they_have_one(scenery: Scenery) -> None:
    mirrored = ROTA.replace("members: [chen@example.com]", "members: [bo@example.com, ana@example.com]")
    await configure(scenery.stage, mirrored)
    said = await scenery.say("swap payments with bo@example.com")
    assert "your shift in payments from 2026-11-23 09:00 CET" in said[0]
    assert said[1] == "Their shift: 2026-11-30 09:00 CET to 2026-12-07 09:00 CET"
    assert [part.role for part in (await scenery.trade()).parts] == ["backup", "backup"]
