"""Cards and notes go where they are meant to, change in place, and are known again."""

import pytest
from aiohttp import web

from adapters.telegram.adapter import TelegramAdapter
from bot.adapter import Adapter, DeliveryFailed, Diagnoses, Edit, FailureKind, MessageRef, TakesCallbacks, To
from bot.playground.telegram.server import TelegramServer
from bot.playground.wire import as_object
from cards.card import Note, Person
from tests.adapters.telegram.conftest import Make
from tests.adapters.telegram.desk import Desk, Proxy, a_card, answering, listening


async def test_who_we_are(adapter: TelegramAdapter, telegram: TelegramServer) -> None:
    identity = await adapter.check()
    assert (identity.workspace, identity.bot) == ("Oncard", "@oncard_bot")
    assert telegram.log.calls("getUpdates") == []


def test_what_it_can_do(make: Make) -> None:
    polls = make()
    as_core: Adapter = polls
    assert isinstance(polls, TakesCallbacks)
    assert isinstance(polls, Diagnoses)
    can = as_core.capabilities
    assert (can.edit, can.buttons, can.forms, can.threads, can.mention) == (Edit.ALWAYS, True, True, True, True)
    assert (can.alone, can.called, can.ephemeral) == (True, False, False)
    assert make(ephemeral=True).capabilities.ephemeral
    called = make(webhook_secret="s" * 20, webhook_url="https://oncard.example.com/im/telegram/acme").capabilities
    assert (called.alone, called.called) == (False, True)


def test_a_group_stays_within_twenty_messages_a_minute(adapter: TelegramAdapter) -> None:
    burst = 3  # bot.engine.pacing
    assert burst + 60 * adapter.capabilities.chat_rate <= 20


async def test_a_card_goes_into_a_group_and_changes_in_place(
    adapter: TelegramAdapter, telegram: TelegramServer, ops: str
) -> None:
    sent = await adapter.send(To(ops), a_card())
    card = await telegram.expect_card("disk full", chat="ops")
    assert card.text == "🔴 Critical · #42 disk full\nNobody has it yet"
    assert (sent.message, sent.said) == (MessageRef(ops, str(card.id)), "ok")
    edited = await adapter.edit(sent.message, a_card((), title="disk half full"))
    await card.shows("half full")
    assert edited.message == sent.message
    assert card.buttons == []


async def test_a_person_is_written_to_by_their_id(adapter: TelegramAdapter, telegram: TelegramServer, ana: str) -> None:
    sent = await adapter.send(To(ana, direct=True), a_card())
    card = await telegram.expect_dm("ana", "disk full")
    assert sent.message == MessageRef(ana, str(card.id))
    await adapter.edit(sent.message, a_card(title="disk fine"))
    await card.shows("disk fine")


async def test_a_reminder_stands_under_its_card(adapter: TelegramAdapter, telegram: TelegramServer, ops: str) -> None:
    sent = await adapter.send(To(ops), a_card())
    await adapter.send(To(ops), Note(("Still open",), aloud=True), under=sent.message)
    reminder = await telegram.expect_card("Still open", chat="ops")
    assert str(reminder.message.reply_to) == sent.message.id


async def test_a_reminder_under_a_card_that_was_deleted_goes_out(
    adapter: TelegramAdapter, telegram: TelegramServer, ops: str
) -> None:
    await adapter.send(To(ops), Note(("Still open",)), under=MessageRef(ops, "4711"))
    assert (await telegram.expect_card("Still open", chat="ops")).message.reply_to == 0


async def test_whoever_must_notice_is_mentioned_by_id(
    adapter: TelegramAdapter, telegram: TelegramServer, ops: str, ana: str
) -> None:
    await adapter.send(To(ops), a_card(mentions=(Person("Ana", ana, notify=True),)))
    card = await telegram.expect_card("disk full", chat="ops")
    assert [e.argument for e in card.message.draft.entities if e.kind == "text_mention"] == [ana]


async def test_a_bad_mention_costs_the_mention_and_not_the_page(
    adapter: TelegramAdapter, telegram: TelegramServer, ops: str
) -> None:
    people = (Person("Eve", "999999", notify=True), Person("Mallory", "U1", notify=True))
    await adapter.send(To(ops), a_card(mentions=people))
    assert "Eve" in (await telegram.expect_card("disk full", chat="ops")).text


async def test_what_stays_the_same_is_no_failure(adapter: TelegramAdapter, ops: str) -> None:
    sent = await adapter.send(To(ops), a_card())
    edited = await adapter.edit(sent.message, a_card())
    assert edited.message == sent.message
    assert "nothing had changed" in edited.said


@pytest.mark.parametrize("number", ["4711", "", "one", "1.2", "-1"])
async def test_a_message_that_is_not_there_is_gone(adapter: TelegramAdapter, ops: str, number: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.edit(MessageRef(ops, number), a_card())
    assert caught.value.kind is FailureKind.GONE


@pytest.mark.parametrize("refused", ["can't parse entities: x", "MESSAGE_TOO_LONG", "BUTTON_DATA_INVALID"])
async def test_refused_content_goes_out_once_more_as_a_plain_line(
    adapter: TelegramAdapter, telegram: TelegramServer, ops: str, refused: str
) -> None:
    telegram.faults.refuse("sendMessage", 400, f"Bad Request: {refused}")
    sent = await adapter.send(To(ops), a_card())
    card = await telegram.expect_card("disk full", chat="ops")
    assert card.text == "Critical: disk full (#42) · Nobody has it yet"
    assert refused.lower() in sent.said
    telegram.faults.refuse("editMessageText", 400, f"Bad Request: {refused}")
    await adapter.edit(sent.message, a_card(title="disk fine"))
    await card.shows("Critical: disk fine (#42)")


async def test_a_plain_line_that_is_refused_is_not_sent_again(
    adapter: TelegramAdapter, telegram: TelegramServer, ops: str
) -> None:
    telegram.faults.refuse("sendMessage", 400, "Bad Request: can't parse entities: x", times=2)
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.send(To(ops), a_card())
    assert caught.value.kind is FailureKind.MALFORMED
    assert len(telegram.log.calls("sendMessage")) == 2


async def test_a_group_that_became_a_supergroup_is_followed_and_told(
    adapter: TelegramAdapter, telegram: TelegramServer
) -> None:
    old = telegram.workspace.add_chat("small", kind="group")
    before = await adapter.send(To(old.id), a_card())
    new = telegram.people.migrate("small", "ana")
    sent = await adapter.send(To(old.id), Note(("Still open",)), under=before.message)
    assert sent.message.chat == new.id
    assert new.id in sent.said
    assert (await telegram.expect_card("Still open", chat=new.id)).message.reply_to == 0
    calls = len(telegram.log.calls("sendMessage"))
    await adapter.send(To(old.id), Note(("Once more",)), under=before.message)
    assert (await telegram.expect_card("Once more", chat=new.id)).message.reply_to == 0
    assert len(telegram.log.calls("sendMessage")) == calls + 1


async def test_a_card_in_a_group_that_was_has_to_be_sent_anew(make: Make) -> None:
    body = {"ok": False, "error_code": 400, "description": "x", "parameters": {"migrate_to_chat_id": -1001}}
    async with answering(lambda _: web.json_response(body, status=400)) as base:
        with pytest.raises(DeliveryFailed) as caught:
            await make(api_base_url=base).edit(MessageRef("-1", "2"), a_card())
    assert caught.value.kind is FailureKind.GONE
    assert "-1001" in caught.value.detail


async def test_no_address_is_looked_at(adapter: TelegramAdapter, telegram: TelegramServer, ops: str) -> None:
    await adapter.send(To(ops), a_card())
    asked = as_object(telegram.log.calls("sendMessage")[0].request)
    assert asked["link_preview_options"] == '{"is_disabled": true}'
    assert asked["parse_mode"] == "HTML"


async def test_everything_goes_through_the_proxy(make: Make, ops: str) -> None:
    async with Proxy() as proxy:
        adapter = make(proxy=proxy.address)
        await adapter.send(To(ops), a_card())
        async with listening(adapter, Desk()):
            pass
        await adapter.close()
    assert {"POST sendMessage", "POST getUpdates"} <= set(proxy.asked)


async def test_it_can_be_closed_twice_and_before_anything(make: Make) -> None:
    adapter = make()
    await adapter.close()
    await adapter.close()
