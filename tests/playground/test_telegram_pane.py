"""The pane: what a person sees in Telegram and does there, by its interface and in a real browser."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect
from starlette.applications import Starlette
from telegram import Bot, ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, ReplyKeyboardMarkup, ReplyParameters
from telegram.error import Forbidden, RetryAfter

from bot.clock import DemoClock
from bot.playground.listener import Listener
from bot.playground.page import Pane, routes
from bot.playground.page.pane import Switches
from bot.playground.telegram import TelegramPane, TelegramServer
from bot.playground.telegram.demo import Demo
from bot.playground.wire import JsonObject, as_object, as_objects
from tests.playground.manual_clock import ManualClock

KEYS = InlineKeyboardMarkup(
    [
        [InlineKeyboardButton("Acknowledge", callback_data="ack 42 v7", style="success")],
        [InlineKeyboardButton("Runbook", url="https://example.com/runbook")],
    ]
)


class _Nothing:
    """The demo's controls, where there is nothing to fire."""

    def curl(self, base_url: str) -> str:
        return f"curl {base_url}"

    async def fire(self, sample: str) -> str:
        return sample

    async def recover(self, sample: str) -> str:
        return sample


@pytest.fixture
def pane(telegram: TelegramServer) -> TelegramPane:
    return TelegramPane(telegram)


@pytest.fixture
async def site(pane: Pane) -> AsyncIterator[str]:
    """Serve the page with this one pane, and give its address."""
    clock = DemoClock(datetime(2026, 3, 1, 3, 0, tzinfo=UTC))
    listener = Listener(Starlette(routes=routes([pane], clock, _Nothing())))
    await listener.start()
    yield f"http://127.0.0.1:{listener.port}/playground"
    await listener.close()


def shown(pane: TelegramPane, person: str, chat: str) -> list[object]:
    return [message["text"] for message in as_objects(pane.conversation(person, chat)["messages"])]


async def test_each_person_sees_their_groups_and_their_private_chat(
    telegram: TelegramServer, pane: TelegramPane, bot: Bot
) -> None:
    workspace = telegram.workspace
    ana, chen = workspace.user("ana").id, workspace.user("chen").id
    workspace.add_chat("secops", members=["chen"])
    await bot.send_message(ana, "only for Ana")
    assert [chat["name"] for chat in pane.chats(ana)] == ["ops-alerts", "old-group", "forum", "Oncard"]
    assert [chat["name"] for chat in pane.chats(chen)] == ["ops-alerts", "old-group", "forum", "secops", "Oncard"]
    assert {person["handle"]: person["direct"] for person in pane.people()} == {"ana": 1, "bo": 0, "chen": 0, "dee": 0}
    assert shown(pane, ana, ana) == ["only for Ana"]
    with pytest.raises(LookupError):
        pane.conversation(chen, ana)
    assert (pane.conversation(ana, ana)["stopped"], pane.conversation(chen, chen)["stopped"]) == (False, True)


async def test_start_block_and_write(telegram: TelegramServer, pane: TelegramPane) -> None:
    chen = telegram.workspace.user("chen").id
    assert "has not pressed Start" in await pane.act(chen, {"do": "write", "chat": chen, "text": "hello"})
    await pane.act(chen, {"do": "start", "chat": chen})
    await pane.act(chen, {"do": "write", "chat": chen, "text": "hello"})
    assert shown(pane, chen, chen) == ["/start", "hello"]
    await pane.act(chen, {"do": "block", "chat": chen})
    assert (pane.conversation(chen, chen)["stopped"], pane.conversation(chen, chen)["blocked"]) == (True, True)
    with pytest.raises(LookupError, match="nothing is called"):
        await pane.act(chen, {"do": "dance", "chat": chen})


async def test_a_request_for_a_reply_takes_the_next_words(
    telegram: TelegramServer, pane: TelegramPane, bot: Bot
) -> None:
    ops, ana, bo = (telegram.workspace.chat("ops-alerts").id, *(telegram.workspace.user(n).id for n in ("ana", "bo")))
    asked = await telegram.type("ana", "ops-alerts", "/oncard comment 42")
    reply = ReplyParameters(asked.id)
    await bot.send_message(ops, "Say it", reply_markup=ForceReply(selective=True), reply_parameters=reply)
    replying = as_object(pane.conversation(ana, ops)["replying"])
    assert (replying["text"], pane.conversation(bo, ops)["replying"]) == ("Say it", None)
    await pane.act(ana, {"do": "write", "chat": ops, "text": "on it"})
    last = as_objects(pane.conversation(bo, ops)["messages"])[-1]
    assert (last["text"], as_object(last["reply"])["text"]) == ("on it", "Say it")
    assert pane.conversation(ana, ops)["replying"] is None
    await pane.act(bo, {"do": "reply", "chat": ops, "message": asked.id})
    assert as_object(pane.conversation(bo, ops)["replying"])["text"] == "/oncard comment 42"
    await pane.act(bo, {"do": "drop", "chat": ops, "message": asked.id})
    assert pane.conversation(bo, ops)["replying"] is None


async def test_trouble_is_switched_on_and_off(telegram: TelegramServer, pane: TelegramPane, bot: Bot) -> None:
    assert isinstance(pane, Switches)
    ops = telegram.workspace.chat("ops-alerts").id
    await pane.switch("rate limit")
    with pytest.raises(RetryAfter):
        await bot.send_message(ops, "x")
    await pane.switch("rate limit")
    await pane.switch("kick the bot")
    assert pane.switches() == {"rate limit": False, "kick the bot": True}
    with pytest.raises(Forbidden):
        await bot.send_message(ops, "x")
    await pane.switch("kick the bot")
    await bot.send_message(ops, "x")
    assert "Ana added Oncard" in [m["service"] for m in as_objects(pane.conversation(_ana(telegram), ops)["messages"])]
    with pytest.raises(LookupError):
        await pane.switch("make coffee")


def _ana(telegram: TelegramServer) -> str:
    return telegram.workspace.user("ana").id


async def test_a_click_that_nobody_answers_is_said(telegram: TelegramServer, pane: TelegramPane, bot: Bot) -> None:
    telegram.click_seconds = 0.01
    ops = telegram.workspace.chat("ops-alerts").id
    sent = await bot.send_message(ops, "card", reply_markup=KEYS)
    click: JsonObject = {"do": "click", "chat": ops, "message": sent.message_id, "button": "ack 42 v7"}
    assert await pane.act(_ana(telegram), click) == "Nothing happened: no answer within 0.01 s."


async def test_the_demo_gives_what_the_configuration_needs(clock: ManualClock) -> None:
    demo = Demo(clock)
    await demo.start()
    variables = demo.variables()
    await demo.stop()
    assert set(variables) == {
        "DEMO_TELEGRAM_BOT_TOKEN",
        "DEMO_TELEGRAM_API_BASE_URL",
        *(f"DEMO_TELEGRAM_USER_{name}" for name in ("ANA", "BO", "CHEN", "DEE")),
        *(f"DEMO_TELEGRAM_CHAT_{name}" for name in ("OPS_ALERTS", "RANDOM")),
    }
    assert demo.pane.platform == "telegram"


async def test_a_card_is_clicked_in_the_browser(telegram: TelegramServer, site: str, bot: Bot, page: Page) -> None:
    ops = telegram.workspace.chat("ops-alerts").id
    hostile = (
        "<b>Disk &lt;script&gt;alert(1)&lt;/script&gt;</b> <a href='tg://user?id=500000001'>Ana</a> <code>x</code>"
    )
    await bot.send_message(ops, hostile, parse_mode="HTML", reply_markup=KEYS)
    await page.goto(f"{site}#ops-alerts")
    card = page.get_by_role("article").filter(has_text="Disk <script>alert(1)</script>")
    await expect(card.locator("strong", has_text="Disk")).to_have_text("Disk <script>alert(1)</script>")
    assert await card.locator("script").count() == 0
    assert await card.get_by_role("link", name="Runbook").get_attribute("href") == "https://example.com/runbook"
    await card.get_by_role("button", name="Acknowledge").click()
    query = (await bot.get_updates(timeout=5))[-1].callback_query
    assert query is not None
    await bot.answer_callback_query(query.id, "Link your account <i>first</i>", show_alert=True)
    alert = page.get_by_role("dialog", name="Alert")
    await expect(alert).to_contain_text("Link your account <i>first</i>")
    await alert.get_by_role("button", name="OK").click()
    await expect(alert).to_have_count(0)
    await page.get_by_role("radio", name="Bo").click()
    await expect(page.get_by_role("radio", name="Bo")).to_be_checked()
    await card.get_by_role("button", name="Acknowledge").click()
    query = (await bot.get_updates(offset=-1, timeout=5))[-1].callback_query
    assert query is not None
    await bot.answer_callback_query(query.id, "It is yours")
    await expect(page.get_by_text("It is yours")).to_be_visible()
    await page.get_by_role("textbox", name="Message").fill("/oncard who")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article").last).to_contain_text("/oncard who")
    await _in_the_private_chat(telegram, bot, page)


async def _in_the_private_chat(telegram: TelegramServer, bot: Bot, page: Page) -> None:
    """Press Start, use a reply keyboard, and reply to a request."""
    await page.get_by_role("radio", name="Chen").click()
    await page.get_by_role("navigation").get_by_role("button", name="Oncard").click()
    await expect(page.get_by_text("cannot write to you until you press Start")).to_be_visible()
    await page.get_by_role("button", name="Start").click()
    await expect(page.get_by_role("article")).to_contain_text("/start")
    chen = telegram.workspace.user("chen").id
    await bot.send_message(chen, "Which?", reply_markup=ReplyKeyboardMarkup([["help", "who"]]))
    await page.get_by_role("group", name="Reply keyboard").get_by_role("button", name="who").click()
    await expect(page.get_by_role("article").last).to_contain_text("who")
    await bot.send_message(chen, "Why?", reply_markup=ForceReply())
    await expect(page.get_by_role("group", name="Replying to Oncard")).to_contain_text("Why?")
    await page.get_by_role("textbox", name="Message").fill("because")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article").last).to_contain_text("Why?")
    await expect(page.get_by_role("group", name="Replying to Oncard")).to_have_count(0)
