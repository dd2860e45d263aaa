"""The wire itself: forms and JSON, names of methods, the pace over all chats, and leaving a server."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from telegram import Bot
from telegram.error import BadRequest, RetryAfter

from bot.playground.telegram import TelegramServer
from bot.playground.telegram.pace import OVERALL_PER_SECOND, Pace
from bot.playground.wire import JsonObject
from tests.playground.manual_clock import ManualClock


@pytest.fixture
async def http(telegram: TelegramServer) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a plain client of the bot's methods."""
    async with aiohttp.ClientSession(f"{telegram.api_base_url}/bot{telegram.bot_token}/") as http:
        yield http


async def test_forms_json_and_queries_are_read_alike(telegram: TelegramServer, http: aiohttp.ClientSession) -> None:
    ops = int(telegram.workspace.chat("ops-alerts").id)
    keys = '{"inline_keyboard": [[{"text": "Ack", "callback_data": "ack"}]]}'
    nested = {"inline_keyboard": [[{"text": "Ack", "callback_data": "ack"}]]}
    async with http.post("SENDMESSAGE", json={"chat_id": ops, "text": "x", "reply_markup": nested}) as answer:
        by_json: JsonObject = await answer.json()
    async with http.post("sendmessage", data={"chat_id": str(ops), "text": "x", "reply_markup": keys}) as answer:
        by_form: JsonObject = await answer.json()
    async with http.get("sendMessage", params={"chat_id": str(ops), "text": "x", "reply_markup": keys}) as answer:
        by_query: JsonObject = await answer.json()
    sent = [answer["result"] for answer in (by_json, by_form, by_query)]
    assert all(isinstance(message, dict) and message["reply_markup"] == nested for message in sent)
    assert {entry.method for entry in telegram.log} == {"sendMessage"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "Bad Request: can't parse JSON object"),
        (b"[]", "Bad Request: object expected"),
        (b"{}", "Bad Request: message text is empty"),
        (b'{"text": "x"}', "Bad Request: chat_id is empty"),
        (b'{"text": "x", "reply_markup": "{"}', "Bad Request: can't parse reply keyboard markup JSON object"),
    ],
)
async def test_a_faulty_body_is_refused(http: aiohttp.ClientSession, body: bytes, why: str) -> None:
    async with http.post("sendMessage", data=body, headers={"Content-Type": "application/json"}) as answer:
        assert (answer.status, await answer.json()) == (400, {"ok": False, "error_code": 400, "description": why})


def test_30_a_second_over_all_chats(clock: ManualClock) -> None:
    pace = Pace(clock.now())
    waits = [pace.take(str(person), clock.now()) for person in range(OVERALL_PER_SECOND + 1)]
    assert waits == [0] * OVERALL_PER_SECOND + [1]
    clock.advance(1)
    assert pace.take("7", clock.now()) == 0


async def test_a_bot_may_be_closed_after_ten_minutes(bot: Bot, clock: ManualClock) -> None:
    with pytest.raises(RetryAfter, match="0:10:00"):
        await bot.close()
    clock.advance(600)
    assert await bot.close()


async def test_what_people_cannot_do_is_said(telegram: TelegramServer, bot: Bot) -> None:
    people = telegram.people
    with pytest.raises(LookupError, match="is no link to @oncard_bot"):
        people.follow("ana", "https://t.me/other_bot?start=x")
    with pytest.raises(LookupError, match="drops the start parameter"):
        people.press_start("ana", "not allowed!")
    with pytest.raises(LookupError, match="is a supergroup already"):
        people.migrate("ops-alerts", "ana")
    telegram.workspace.add_chat("secops", members=["bo"])
    with pytest.raises(LookupError, match="ana is not in secops"):
        await telegram.type("ana", "secops", "hello")
    with pytest.raises(LookupError, match="no user 'eve'"):
        await telegram.type("eve", None, "hello")
    people.block("ana")
    people.press_start("ana")
    await bot.send_message(telegram.workspace.user("ana").id, "welcome back")
    with pytest.raises(BadRequest):
        await bot.send_message(telegram.workspace.chat("secops").id, "")
