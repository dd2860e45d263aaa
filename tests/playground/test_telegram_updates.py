"""What the bot is told and how it asks: updates in order, polling, commands, and what people type and click."""

import asyncio

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    Update,
)
from telegram.error import BadRequest, Conflict

from bot.playground.telegram import Answer, Card, Notice, TelegramServer
from tests.playground.manual_clock import ManualClock

KEYS = InlineKeyboardMarkup(
    [
        [InlineKeyboardButton("Acknowledge", callback_data="ack 42 v7")],
        [InlineKeyboardButton("Open", url="https://oncard.example.com/42")],
    ]
)


@pytest.fixture
def ops(telegram: TelegramServer) -> str:
    return telegram.workspace.chat("ops-alerts").id


async def clicked(telegram: TelegramServer, bot: Bot, chat: str, by: str) -> tuple[asyncio.Task[Answer], Update]:
    """Post a card, click on it, and return the click that waits and the update it made."""
    await bot.send_message(chat, "card", reply_markup=KEYS)
    card = await telegram.expect_card("card", chat="ops-alerts")
    click = asyncio.create_task(card.click("Acknowledge", by=by))
    return click, (await bot.get_updates(timeout=5))[0]


async def test_updates_come_in_order_until_they_are_confirmed(telegram: TelegramServer, bot: Bot) -> None:
    for number in range(3):
        await telegram.type("ana", None, str(number))
    first = await bot.get_updates(limit=2)
    assert [update.message.text for update in first if update.message] == ["0", "1"]
    assert first[1].update_id == first[0].update_id + 1
    assert await bot.get_updates(limit=2) == first
    rest = await bot.get_updates(offset=first[1].update_id + 1)
    assert [update.message.text for update in rest if update.message] == ["2"]
    assert await bot.get_updates(offset=rest[0].update_id + 1) == ()
    for number in range(3):
        await telegram.type("ana", None, str(number))
    assert [update.message.text for update in await bot.get_updates(offset=-1) if update.message] == ["2"]


async def test_a_poll_waits_for_what_is_to_come(telegram: TelegramServer, bot: Bot) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.wait_for(telegram.polling.wait_busy(), 15)
    await telegram.type("ana", None, "hello")
    [update] = await poll
    assert update.message is not None
    assert update.message.from_user is not None
    assert (update.message.text, str(update.message.from_user.id)) == ("hello", telegram.workspace.user("ana").id)


async def test_a_second_poller_ends_the_first(telegram: TelegramServer, bot: Bot) -> None:
    telegram.polling.conflict_seconds = 0.02
    first = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.wait_for(telegram.polling.wait_busy(), 15)
    second = asyncio.create_task(bot.get_updates(timeout=20))
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await first
    await telegram.type("ana", None, "hello")
    assert len(await second) == 1
    await bot.set_webhook("http://127.0.0.1:9/telegram")
    with pytest.raises(Conflict, match="while webhook is active"):
        await bot.get_updates()


async def test_a_poller_that_hangs_up_is_forgotten(telegram: TelegramServer, bot: Bot) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.wait_for(telegram.polling.wait_busy(), 15)
    poll.cancel()
    await asyncio.wait_for(telegram.polling.wait_idle(), 15)
    assert not telegram.polling.waiting


async def test_allowed_updates_last_until_others_are_asked_for(telegram: TelegramServer, bot: Bot) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    await telegram.type("ana", None, "unheard")
    telegram.people.block("ana")
    assert await bot.get_updates() == ()
    assert (await bot.get_webhook_info()).allowed_updates == ("callback_query",)
    await bot.get_updates(allowed_updates=[])
    telegram.people.unblock("ana")
    [update] = await bot.get_updates()
    assert update.my_chat_member is not None
    assert update.my_chat_member.old_chat_member.status == "kicked"
    assert update.my_chat_member.new_chat_member.status == "member"


async def test_a_click_is_answered_with_a_toast(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    click, update = await clicked(telegram, bot, ops, "ana")
    query = update.callback_query
    assert query is not None
    assert (query.data, query.from_user.first_name) == ("ack 42 v7", "Ana")
    assert query.message is not None
    assert query.message.message_id == (await telegram.expect_card("card", chat="ops-alerts")).id
    with pytest.raises(BadRequest, match=r"(?i)message_too_long"):
        await bot.answer_callback_query(query.id, "x" * 201)
    await bot.answer_callback_query(query.id, "It is yours now")
    assert await click == Answer("It is yours now")
    seen = await telegram.expect_private("ana", "yours")
    assert isinstance(seen, Notice)
    assert (seen.text, seen.alert, list(seen.buttons)) == ("It is yours now", False, [])
    with pytest.raises(AssertionError, match="Bo was shown nothing"):
        await telegram.expect_private("bo", "yours", within=0.01)


async def test_a_click_may_be_answered_by_an_alert_or_a_link(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    click, update = await clicked(telegram, bot, ops, "chen")
    assert update.callback_query is not None
    await bot.answer_callback_query(update.callback_query.id, "No", show_alert=True)
    assert await click == Answer("No", alert=True)
    click, _ = await clicked(telegram, bot, ops, "chen")
    newest = (await bot.get_updates())[-1].callback_query
    assert newest is not None
    with pytest.raises(BadRequest, match=r"(?i)url_invalid"):
        await bot.answer_callback_query(newest.id, url="https://example.com")
    await bot.answer_callback_query(newest.id, url="https://t.me/oncard_bot?start=tok-1_x")
    link = (await click).url
    telegram.people.follow("chen", link)
    message = (await bot.get_updates())[-1].message
    assert message is not None
    assert (message.text, message.chat.type) == ("/start tok-1_x", "private")
    assert message.entities[0].type == "bot_command"
    await bot.send_message(telegram.workspace.user("chen").id, "linked")


async def test_an_old_click_cannot_be_answered_and_is_lost_after_150_s(
    telegram: TelegramServer, bot: Bot, ops: str, clock: ManualClock
) -> None:
    click, update = await clicked(telegram, bot, ops, "ana")
    assert update.callback_query is not None
    clock.advance(31)
    with pytest.raises(BadRequest, match="uery is too old and response timeout expired or query id is invalid"):
        await bot.answer_callback_query(update.callback_query.id)
    assert len(await bot.get_updates()) == 1
    clock.advance(120)
    assert await bot.get_updates() == ()
    click.cancel()


async def test_a_click_that_nobody_answers_is_told_to_the_person(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    telegram.click_seconds = 0.02
    await bot.send_message(ops, "card", reply_markup=KEYS)
    card = await telegram.expect_card("card", chat="ops-alerts")
    with pytest.raises(AssertionError, match=r"not answered: no answer within 0\.02 s"):
        await card.click("ack 42 v7", by="ana")
    assert (await card.click("Open", by="ana")).url == "https://oncard.example.com/42"
    with pytest.raises(LookupError, match="no button 'Close'"):
        await card.click("Close", by="ana")


async def test_the_message_of_a_click_may_be_inaccessible(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    telegram.people.inaccessible = True
    click, update = await clicked(telegram, bot, ops, "ana")
    assert update.callback_query is not None
    message = update.callback_query.message  # The SDK makes a message of it that has no content.
    assert isinstance(message, Message)
    assert (str(message.chat.id), message.text, message.date.timestamp()) == (ops, None, 0)
    click.cancel()


async def test_in_a_group_the_bot_hears_what_is_meant_for_it(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    sent = await bot.send_message(ops, "card")
    for text in ("hello", "/oncard@other_bot x", "mail me: oncard_bot@example.com"):
        await telegram.type("ana", "ops-alerts", text)
    for text in ("/oncard ack 42", "/oncard@oncard_bot ack", "@oncard_bot ack @bo @dee", "mine"):
        await telegram.type("ana", "ops-alerts", text, reply_to=sent.message_id if text == "mine" else 0)
    messages = [update.message for update in await bot.get_updates() if update.message]
    assert [message.text for message in messages] == [
        "/oncard ack 42",
        "/oncard@oncard_bot ack",
        "@oncard_bot ack @bo Dee",
        "mine",
    ]
    assert [entity.type for entity in messages[2].entities] == ["mention", "mention", "text_mention"]
    assert messages[2].entities[2].user is not None
    assert str(messages[2].entities[2].user.id) == telegram.workspace.user("dee").id
    assert messages[3].reply_to_message is not None
    assert messages[3].reply_to_message.message_id == sent.message_id
    telegram.people.place_bot("ops-alerts", "ana", "administrator")
    await telegram.type("ana", "ops-alerts", "hello")
    [standing, hello] = (await bot.get_updates())[-2:]
    assert standing.my_chat_member is not None
    assert standing.my_chat_member.new_chat_member.status == "administrator"
    assert hello.message is not None
    assert hello.message.text == "hello"


async def test_a_request_for_a_reply_is_replied_to(telegram: TelegramServer, bot: Bot) -> None:
    ana = telegram.workspace.user("ana").id
    await bot.send_message(ana, "Why?", reply_markup=ForceReply(selective=True, input_field_placeholder="Reason"))
    card = await telegram.expect_dm("ana", "why")
    await card.reply("false alarm", by="ana")
    [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.reply_to_message is not None
    assert update.message.reply_to_message.text == "Why?"


async def test_the_bot_hears_of_being_added_and_kicked(telegram: TelegramServer, bot: Bot) -> None:
    telegram.people.kick_bot("old-group", "ana")
    telegram.people.add_bot("old-group", "bo")
    kicked, added, service = await bot.get_updates()
    assert kicked.my_chat_member is not None
    assert kicked.my_chat_member.new_chat_member.status == "kicked"
    assert added.my_chat_member is not None
    assert added.my_chat_member.new_chat_member.status == "member"
    assert service.message is not None
    assert service.message.new_chat_members[0].username == "oncard_bot"
    with pytest.raises(LookupError, match="has not pressed Start"):
        await telegram.type("chen", None, "hello")


async def test_a_poison_update_cannot_be_read(telegram: TelegramServer, bot: Bot) -> None:
    telegram.people.poison()
    await telegram.type("ana", None, "behind it")
    with pytest.raises((TypeError, KeyError, ValueError, AttributeError)):
        await bot.get_updates()
    assert [update.kind for update in telegram.updates.waiting()] == ["message", "message"]


async def test_commands_are_published_by_scope(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    await bot.set_my_commands([BotCommand("start", "Begin")])
    await bot.set_my_commands([BotCommand("oncard", "Incidents")], scope=BotCommandScopeAllGroupChats())
    assert [command.command for command in await bot.get_my_commands()] == ["start"]
    shown = telegram.commands.shown(telegram.workspace.chat("ops-alerts"))
    assert [command["command"] for command in shown] == ["oncard"]
    assert await bot.get_my_commands(scope=BotCommandScopeChat(ops)) == ()
    await bot.delete_my_commands()
    assert await bot.get_my_commands() == ()
    with pytest.raises(BadRequest, match=r"(?i)bot_command_invalid"):
        await bot.set_my_commands([BotCommand("Oncard!", "x")])


async def test_an_ephemeral_message_is_for_one_person(
    telegram: TelegramServer, bot: Bot, ops: str, clock: ManualClock
) -> None:
    click, update = await clicked(telegram, bot, ops, "ana")
    assert update.callback_query is not None
    person = update.callback_query.from_user.id
    given = {"receiver_user_id": person, "callback_query_id": update.callback_query.id}
    sent = await bot.send_message(
        ops, "To whom?", reply_markup=KEYS, api_kwargs={"ephemeral_message_parameters": given}
    )
    assert sent.api_kwargs["ephemeral_message_id"] == 1
    card = await telegram.expect_private("ana", "to whom?")
    assert isinstance(card, Card)
    assert card.buttons == ["Acknowledge", "Open"]
    assert [m.draft.text for m in telegram.workspace.messages(ops, reader=telegram.workspace.user("bo").id)] == ["card"]
    place = {"chat_id": ops, "receiver_user_id": person, "ephemeral_message_id": 1}
    assert await bot.do_api_request("editEphemeralMessageText", {**place, "text": "Chen is told"})
    await card.shows("chen is told")
    assert await bot.do_api_request("deleteEphemeralMessage", place)
    clock.advance(16)
    with pytest.raises(BadRequest, match=r"(?i)ephemeral_message_forbidden"):
        await bot.send_message(ops, "late", api_kwargs={"ephemeral_message_parameters": given})
    telegram.workspace.ephemeral = False
    public = await bot.send_message(ops, "an old server", api_kwargs={"ephemeral_message_parameters": given})
    assert "ephemeral_message_id" not in public.api_kwargs
    await telegram.expect_card("an old server", chat="ops-alerts")
    click.cancel()


async def test_an_ephemeral_command_is_seen_by_its_author_alone(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    commands = [{"command": "oncard", "description": "Incidents", "is_ephemeral": True}]
    await bot.set_my_commands([], api_kwargs={"commands": commands})
    await telegram.type("ana", "ops-alerts", "/oncard who")
    [update] = await bot.get_updates()
    assert update.message is not None
    assert update.message.api_kwargs["ephemeral_message_id"] == 1
    assert telegram.workspace.messages(ops) == []
    receiver = {"receiver_user_id": int(telegram.workspace.user("ana").id)}
    await bot.send_message(ops, "Ana is on call", api_kwargs={"ephemeral_message_parameters": receiver})
    await telegram.expect_private("ana", "on call")


async def test_chats_and_members_are_told(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    assert (await bot.get_chat(ops)).title == "ops-alerts"
    ana = int(telegram.workspace.user("ana").id)
    assert (await bot.get_chat(ana)).username == "ana"
    assert (await bot.get_chat_member(ops, ana)).status == "member"
    assert (await bot.get_chat_member(ops, bot.id)).status == "member"
    private = telegram.workspace.add_chat("secops", members=["bo"]).id
    assert (await bot.get_chat_member(private, ana)).status == "left"
    with pytest.raises(BadRequest, match="nvalid user_id specified"):
        await bot.get_chat_member(ops, 99)
