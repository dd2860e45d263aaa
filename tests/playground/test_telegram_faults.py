"""Trouble on demand, as the unmodified SDK meets it."""

import asyncio
from typing import Final

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Conflict, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.playground.telegram import TelegramServer

SEND: Final = "sendMessage"


@pytest.fixture
def ops(telegram: TelegramServer) -> str:
    return telegram.workspace.chat("ops-alerts").id


def sent(telegram: TelegramServer, ops: str) -> int:
    return len(telegram.workspace.messages(ops))


async def test_the_next_calls_are_refused_then_all_is_well(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    telegram.faults.refuse(SEND, 400, "Bad Request: CHAT_WRITE_FORBIDDEN", times=2)
    for _ in range(2):
        with pytest.raises(BadRequest, match=r"(?i)chat_write_forbidden"):
            await bot.send_message(ops, "x")
    await bot.send_message(ops, "x")
    assert sent(telegram, ops) == 1


async def test_a_fault_can_be_for_one_chat_or_person_only(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    telegram.faults.refuse(SEND, 400, "Bad Request: x", chat="ops-alerts")
    telegram.faults.rate_limit(SEND, 7200, chat="ana")
    await bot.send_message(telegram.workspace.chat("forum").id, "x")
    with pytest.raises(RetryAfter, match="2:00:00"):
        await bot.send_message(telegram.workspace.user("ana").id, "x")
    with pytest.raises(BadRequest):
        await bot.send_message(ops, "x")


async def test_gateways_restarts_and_nonsense(telegram: TelegramServer, bot: Bot) -> None:
    telegram.faults.status("getMe", 502)
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.get_me()
    telegram.faults.restart()
    with pytest.raises(NetworkError, match="restart"):
        await bot.get_me()
    telegram.faults.garble("getMe")
    with pytest.raises(TelegramError, match="Invalid server response"):
        await bot.get_me()
    telegram.faults.conflict()
    for _ in range(3):
        with pytest.raises(Conflict):
            await bot.get_updates()
    telegram.faults.clear()
    assert await bot.get_updates() == ()


@pytest.mark.parametrize(("applied", "messages"), [(True, 1), (False, 0)])
async def test_a_cut_call_may_or_may_not_have_been_applied(
    telegram: TelegramServer, bot: Bot, ops: str, applied: bool, messages: int
) -> None:
    telegram.faults.cut(SEND, applied=applied)
    with pytest.raises(NetworkError):
        await bot.send_message(ops, "x")
    assert sent(telegram, ops) == messages
    assert telegram.log.calls(SEND)[0].response == "connection cut"


async def test_a_call_hangs_until_it_is_released_or_given_up(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    hold = telegram.faults.hang(SEND)
    sending = asyncio.create_task(bot.send_message(ops, "x"))
    await asyncio.wait_for(hold.reached.wait(), 15)
    assert sent(telegram, ops) == 0
    hold.release()
    await sending
    telegram.faults.hang(SEND)
    with pytest.raises(TimedOut):
        await bot.send_message(ops, "y", read_timeout=0.02)
    assert await telegram.wait_for_log(lambda: telegram.log.calls(SEND)[-1].status is None)
    assert sent(telegram, ops) == 1


async def test_a_stalled_poll_never_answers(telegram: TelegramServer, bot: Bot) -> None:
    hold = telegram.faults.stall()
    await telegram.type("ana", None, "waits")
    for _ in range(2):
        with pytest.raises(TimedOut):
            await bot.get_updates(read_timeout=0.03)
    await bot.get_me()
    hold.release()
    telegram.faults.clear()
    assert len(await bot.get_updates()) == 1


async def test_pulled_and_put_back_it_is_the_same_telegram(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("Ack", callback_data="ack")]])
    await bot.send_message(ops, "card", reply_markup=keys)
    port = telegram.port
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await telegram.pull_plug()
    with pytest.raises(NetworkError):
        await poll
    with pytest.raises(NetworkError):
        await bot.get_me()
    answer = await telegram.click("ana", "ops-alerts", telegram.workspace.messages(ops)[0].id, "Ack")
    assert (answer.acked, answer.why) == (False, "Telegram is unplugged")
    await telegram.put_back()
    assert (telegram.plugged, telegram.port) == (True, port)
    await bot.send_message(ops, "after")
    assert sent(telegram, ops) == 2


async def test_the_log_holds_no_token(telegram: TelegramServer, bot: Bot, ops: str) -> None:
    await bot.send_message(ops, f"the token is {telegram.bot_token}")
    assert telegram.bot_token not in "\n".join(map(str, telegram.log))
    assert telegram.log.calls(SEND)[0].request == {"chat_id": ops, "text": "the token is [redacted]"}
