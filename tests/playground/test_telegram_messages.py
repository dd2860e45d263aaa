"""Messages through the unmodified SDK: what is sent, edited and deleted, and what is refused and how."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from telegram import Bot, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.constants import ChatAction
from telegram.error import BadRequest, ChatMigrated, EndPointNotFound, Forbidden, InvalidToken, RetryAfter

from bot.playground.telegram import TelegramServer
from tests.playground.manual_clock import ManualClock


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(label, callback_data=label) for label in labels]])


async def refusal(call: Awaitable[object], error: type[Exception] = BadRequest) -> str:
    """Make a call that is refused, and return the words for it, all small: the SDK changes their case."""
    with pytest.raises(error) as refused:
        await call
    assert type(refused.value) is error
    return str(refused.value).lower()


@pytest.fixture
def ops(telegram: TelegramServer) -> str:
    return telegram.workspace.chat("ops-alerts").id


async def test_a_card_is_sent_clicked_on_and_edited_in_place(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    sent = await bot.send_message(
        ops,
        "<b>disk &lt;full&gt;</b>",
        parse_mode="HTML",
        reply_markup=keyboard("Acknowledge", "Close"),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    assert (sent.text, sent.text_html) == ("disk <full>", "<b>disk &lt;full&gt;</b>")
    assert sent.link_preview_options == LinkPreviewOptions(is_disabled=True)
    assert sent.from_user is not None
    assert sent.from_user.username == "oncard_bot"
    card = await telegram.expect_card("DISK", chat="ops-alerts")
    assert (card.text, card.buttons, card.edits) == ("disk <full>", ["Acknowledge", "Close"], 0)
    edited = await bot.edit_message_text("Ana has it", ops, sent.message_id, reply_markup=keyboard("Close"))
    assert isinstance(edited, type(sent))
    assert edited.edit_date is not None
    await card.shows("ana")
    await card.offers("Close")
    await bot.edit_message_reply_markup(ops, sent.message_id)
    await card.offers()
    await card.hides("disk")
    assert card.edits == 2


async def test_what_cannot_be_edited_or_deleted_is_said(
    telegram: TelegramServer, bot: Bot, ops: str, clock: ManualClock
) -> None:
    telegram.pace.enabled = False
    sent = await bot.send_message(ops, "one", reply_markup=keyboard("a"))
    same = bot.edit_message_text("one", ops, sent.message_id, reply_markup=keyboard("a"))
    assert await refusal(same) == (
        "message is not modified: specified new message content and reply markup are exactly the same as a current "
        "content and reply markup of the message"
    )
    assert (await refusal(bot.edit_message_reply_markup(ops, sent.message_id, reply_markup=keyboard("a")))).startswith(
        "message is not modified"
    )
    assert await refusal(bot.edit_message_text("two", ops, 99)) == "message to edit not found"
    hers = await telegram.type("ana", "ops-alerts", "hello")
    assert await refusal(bot.edit_message_text("two", ops, hers.id)) == "message can't be edited"
    asked = await bot.send_message(ops, "why?", reply_markup=ForceReply())
    assert await refusal(bot.edit_message_text("two", ops, asked.message_id)) == "message can't be edited"
    assert await refusal(bot.delete_message(ops, 99)) == "message to delete not found"
    assert await refusal(bot.delete_message(ops, hers.id)) == "message can't be deleted for everyone"
    clock.advance(49 * 3600)
    assert (await refusal(bot.delete_message(ops, sent.message_id))).startswith("message can't be deleted")
    await bot.edit_message_text("still editable", ops, sent.message_id)
    telegram.people.place_bot("ops-alerts", "ana", "administrator")
    assert await bot.delete_message(ops, hers.id)
    assert [m.draft.text for m in telegram.workspace.messages(ops)] == ["still editable", "why?"]


TEXTS = [
    ({"text": " \n "}, "text must be non-empty"),
    ({"text": "<b></b>", "parse_mode": "HTML"}, "text must be non-empty"),
    ({"text": "x" * 4097}, "message is too long"),
    ({"text": "🔴" * 2049}, "message is too long"),
    ({"text": "x" * 32769}, "text is too long"),
    ({"text": "x", "parse_mode": "Wiki"}, "unsupported parse_mode"),
    ({"text": "<b>x", "parse_mode": "HTML"}, "can't parse entities: Can't find end tag corresponding to start tag b"),
    ({"text": "x", "reply_parameters": ReplyParameters(99)}, "message to be replied not found"),
]


@pytest.mark.parametrize(("arguments", "why"), TEXTS)
async def test_a_text_is_refused(bot: Bot, ops: str, arguments: dict[str, Any], why: str) -> None:
    assert await refusal(bot.send_message(ops, **arguments)) == why.lower()


async def test_4096_characters_are_counted_after_the_markup(bot: Bot, ops: str) -> None:
    sent = await bot.send_message(ops, f"<b>{'&amp;' * 4096}</b>", parse_mode="HTML")
    assert sent.text == "&" * 4096
    assert await refusal(bot.edit_message_text("x" * 4097, ops, sent.message_id)) == "message_too_long"


def _button(**given: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "x", **given}]]}


KEYBOARDS: list[tuple[object, str]] = [
    (_button(callback_data="é" * 33), "BUTTON_DATA_INVALID"),
    (
        _button(callback_data=""),
        "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ),
    (_button(callback_data="x", style="pink"), "can't parse inline keyboard button: invalid button style specified"),
    (_button(text="", callback_data="x"), "inline keyboard button text must be non-empty"),
    (_button(url="nowhere"), "inline keyboard button URL 'nowhere' is invalid: Wrong HTTP URL"),
    (_button(url="http://localhost/x"), "inline keyboard button URL 'http://localhost/x' is invalid: Wrong HTTP URL"),
    ({"inline_keyboard": [[{"callback_data": "x"}]]}, "can't parse inline keyboard button: Can't find field \"text\""),
    ({"inline_keyboard": ["x"]}, 'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'),
    ({"inline_keyboard": [["x"]]}, "can't parse inline keyboard button: InlineKeyboardButton must be an Object"),
    ({"keyboard": [[7]]}, "can't parse keyboard button: KeyboardButton must be a String or an Object"),
    (keyboard(*"abcdefghi"), "reply markup is too long"),
    ([], "Object expected as reply markup"),
    (
        {"inline_keyboard": [[{"text": "x", "callback_data": "x"}] for _ in range(101)]},
        "reply markup is too long",
    ),
]


@pytest.mark.parametrize(("markup", "why"), KEYBOARDS)
async def test_a_keyboard_is_refused(bot: Bot, ops: str, markup: Any, why: str) -> None:
    said = await refusal(bot.send_message(ops, "x", api_kwargs={"reply_markup": markup}))
    assert said == why.lower()


async def test_64_bytes_and_100_buttons_are_taken(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    row = [InlineKeyboardButton("x", callback_data="é" * 32) for _ in range(8)]
    link = [InlineKeyboardButton("Open", url="http://127.0.0.1:8080/x") for _ in range(4)]
    sent = await bot.send_message(ops, "x", reply_markup=InlineKeyboardMarkup([*[row] * 12, link]))
    assert sent.reply_markup is not None
    assert len((await telegram.expect_card("x", chat="ops-alerts")).buttons) == 100


async def test_a_reply_stands_under_its_message_and_may_do_without(bot: Bot, ops: str) -> None:
    first = await bot.send_message(ops, "card")
    second = await bot.send_message(ops, "again", reply_parameters=ReplyParameters(first.message_id))
    assert second.reply_to_message is not None
    assert second.reply_to_message.text == "card"
    alone = ReplyParameters(99, allow_sending_without_reply=True)
    assert (await bot.send_message(ops, "alone", reply_parameters=alone)).reply_to_message is None


async def test_people_who_cannot_be_written_to(telegram: TelegramServer, bot: Bot) -> None:
    workspace = telegram.workspace
    ana, bo, chen = (workspace.user(name).id for name in ("ana", "bo", "chen"))
    assert (await bot.send_message(ana, "hello")).chat.type == "private"
    cannot = await refusal(bot.send_message(chen, "x"), Forbidden)
    assert cannot == "forbidden: bot can't initiate conversation with a user"
    telegram.people.block("bo")
    assert await refusal(bot.send_message(bo, "x"), Forbidden) == "forbidden: bot was blocked by the user"
    workspace.deactivate("ana")
    assert await refusal(bot.send_message(ana, "x"), Forbidden) == "forbidden: user is deactivated"
    other = await refusal(bot.send_message(workspace.bot.id, "x"), Forbidden)
    assert other == "forbidden: bots can't send messages to bots"
    assert await refusal(bot.send_message(987654321, "x")) == "chat not found"
    for chat in ("ops-alerts", "old-group", "forum"):
        telegram.people.kick_bot(chat, "bo")
    assert await refusal(bot.send_message(chen, "x")) == "chat not found"


async def test_groups_that_cannot_be_written_to(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    people, old = telegram.people, telegram.workspace.chat("old-group").id
    people.place_bot("ops-alerts", "ana", "restricted")
    assert await refusal(bot.send_message(ops, "x")) == "not enough rights to send text messages to the chat"
    people.place_bot("ops-alerts", "ana", "left")
    gone = await refusal(bot.send_message(ops, "x"), Forbidden)
    assert gone == "forbidden: bot is not a member of the supergroup chat"
    people.kick_bot("ops-alerts", "ana")
    kicked = await refusal(bot.get_chat(ops), Forbidden)
    assert kicked == "forbidden: bot was kicked from the supergroup chat"
    people.kick_bot("old-group", "ana")
    kicked = await refusal(bot.edit_message_text("x", old, 1), Forbidden)
    assert kicked == "forbidden: bot was kicked from the group chat"
    people.delete_group("old-group")
    assert await refusal(bot.send_message(old, "x"), Forbidden) == "forbidden: the group chat was deleted"


async def test_a_group_that_became_a_supergroup_tells_its_new_id(telegram: TelegramServer, bot: Bot) -> None:
    old = telegram.workspace.chat("old-group").id
    new = telegram.people.migrate("old-group", "ana")
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(old, "x")
    assert str(moved.value.new_chat_id) == new.id == telegram.workspace.chat("old-group").id
    assert (await bot.send_message(moved.value.new_chat_id, "x")).chat.type == "supergroup"
    updates = [update.message for update in await bot.get_updates()]
    assert [message.migrate_to_chat_id for message in updates if message] == [int(new.id), None]
    assert [message.migrate_from_chat_id for message in updates if message] == [None, int(old)]


async def test_a_topic_must_be_there_and_open(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    forum = telegram.workspace.chat("forum").id
    topic = telegram.people.add_topic("forum", "db-1", "ana")
    sent = await bot.send_message(forum, "x", message_thread_id=topic.id)
    assert (sent.message_thread_id, sent.is_topic_message) == (topic.id, True)
    assert await refusal(bot.send_message(forum, "x", message_thread_id=77)) == "message thread not found"
    telegram.people.close_topic("forum", topic.id, "ana")
    assert await refusal(bot.send_message(forum, "x", message_thread_id=topic.id)) == "topic_closed"
    assert (await bot.send_message(ops, "x", message_thread_id=77)).message_thread_id is None


async def test_20_a_minute_in_a_group_and_one_a_second_in_a_chat(
    telegram: TelegramServer, bot: Bot, ops: str, clock: ManualClock
) -> None:
    async def wait(call: Awaitable[object]) -> float:
        with pytest.raises(RetryAfter) as early:
            await call
        assert isinstance(early.value.retry_after, timedelta)
        return early.value.retry_after.total_seconds()

    sent = await bot.send_message(ops, "1")
    for number in range(2, 9):
        await bot.edit_message_text(str(number), ops, sent.message_id)
    assert await wait(bot.send_chat_action(ops, ChatAction.TYPING)) == 1
    for number in range(9, 21):
        clock.advance(1)
        await bot.edit_message_text(str(number), ops, sent.message_id)
    assert await wait(bot.delete_message(ops, sent.message_id)) == 48
    await bot.send_message(telegram.workspace.user("ana").id, "others are not concerned")
    clock.advance(48)
    assert await bot.delete_message(ops, sent.message_id)


async def test_a_flooded_bot_waits_as_long_as_it_is_told(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    telegram.pace.flood = 30
    with pytest.raises(RetryAfter, match="0:00:30"):
        await bot.send_message(ops, "x")
    await bot.get_me()
    telegram.pace.flood = 0
    await bot.send_message(ops, "x")


async def test_the_token_is_checked(telegram: TelegramServer, bot: Bot) -> None:
    async with aiohttp.ClientSession(telegram.api_base_url) as http:
        for path, status, why in (
            ("/bot7000000002:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/getMe", 401, "Unauthorized"),
            ("/botnonsense/getMe", 401, "Unauthorized: invalid token specified"),
            ("/bot", 404, "Not Found"),
        ):
            async with http.post(path) as answer:
                assert (answer.status, (await answer.json())["description"]) == (status, why)
    telegram.workspace.tokens.revoked = True
    assert await refusal(bot.get_me(), InvalidToken) == "unauthorized"
    telegram.workspace.tokens.revoked = False
    assert await refusal(bot.do_api_request("makeCoffee"), EndPointNotFound) == (
        "endpoint 'makecoffee' not found in bot api"
    )
    assert await bot.log_out()
    assert await refusal(bot.get_me()) == "logged out"
