"""Four chat apps beside each other on the page: one alert in all, one person in all, and an address that keeps it."""

import re
from asyncio import Event
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Locator, Page, Route, expect
from playwright.async_api import TimeoutError as NotInTime
from starlette.applications import Starlette
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from bot.clock import DemoClock
from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.pane import DingTalkPane
from bot.playground.feishu import FeishuPane, FeishuServer
from bot.playground.listener import Listener
from bot.playground.page import Pane, routes, sample
from bot.playground.slack import SlackPane, SlackServer
from bot.playground.slack.workspace import Draft, Message
from bot.playground.telegram import TelegramPane, TelegramServer
from tests.playground.dingtalk_app import App
from tests.playground.feishu_app import FeishuApp, button, card
from tests.support.browser import NewPage

APPS = ("Slack", "Feishu", "DingTalk", "Telegram")
NOBODY = "nobody has it"
KEYS = InlineKeyboardMarkup([[InlineKeyboardButton("Acknowledge", callback_data="ack 1 v1")]])


class FourApps:
    """The least that keeps one card in four groups."""

    def __init__(self, slack: SlackServer, feishu: FeishuApp, dingtalk: App, bot: Bot, group: str) -> None:
        self._slack, self._feishu, self._dingtalk, self._bot, self._group = slack, feishu, dingtalk, bot, group
        self._posted: tuple[Message, str, int] | None = None

    def curl(self, base_url: str) -> str:
        return f"curl {base_url}"

    async def fire(self, name: str) -> str:
        workspace, title = self._slack.workspace, sample(name).title
        new = workspace.new_message(workspace.channel("ops-alerts").id, workspace.bot.id, _draft(title, NOBODY))
        in_feishu = await self._feishu.sent(_card(title, NOBODY))
        await self._dingtalk.create(name)
        await self._dingtalk.update(name, {"title": title, "status": NOBODY})
        in_telegram = await self._bot.send_message(self._group, f"{title}: {NOBODY}", reply_markup=KEYS)
        self._posted = workspace.post(new), in_feishu, in_telegram.message_id
        return f"Fired: {title}"

    async def recover(self, name: str) -> str:
        await self.edit(name, "recovered")
        return "Recovered"

    async def edit(self, name: str, status: str) -> None:
        """Let the card say something else, everywhere."""
        assert self._posted is not None
        in_slack, in_feishu, in_telegram = self._posted
        title = sample(name).title
        self._slack.workspace.edit(in_slack, _draft(title, status))
        assert await self._feishu.patch(in_feishu, _card(title, status)) == 0
        await self._dingtalk.update(name, {"status": status})
        await self._bot.edit_message_text(f"{title}: {status}", self._group, in_telegram, reply_markup=KEYS)


def _draft(title: str, status: str) -> Draft:
    return Draft(f"{title}: {status}")


def _card(title: str, status: str) -> dict[str, object]:
    return card({"tag": "markdown", "content": status}, button("Acknowledge"), title=title)


@pytest.fixture
def four(slack: SlackServer, feishu_app: FeishuApp, dingtalk_app: App, telegram: TelegramServer, bot: Bot) -> FourApps:
    return FourApps(slack, feishu_app, dingtalk_app, bot, telegram.workspace.chat("ops-alerts").id)


@pytest.fixture
async def url(
    four: FourApps, slack: SlackServer, feishu: FeishuServer, dingtalk: DingTalkServer, telegram: TelegramServer
) -> AsyncIterator[str]:
    """Give the address of a page with all four."""
    panes: list[Pane] = [SlackPane(slack), FeishuPane(feishu), DingTalkPane(dingtalk), TelegramPane(telegram)]
    clock = DemoClock(datetime(2026, 3, 1, 3, 0, tzinfo=UTC))
    listener = Listener(Starlette(routes=routes(panes, clock, four)))
    await listener.start()
    yield f"http://127.0.0.1:{listener.port}/playground"
    await listener.close()


def column(page: Page, app: str) -> Locator:
    return page.get_by_role("region", name=app, exact=True)


async def fits(page: Page) -> bool:
    """Return whether nothing is wider than its place, neither on the page nor in a column."""
    wide: bool = await page.evaluate(
        "[document.documentElement, ...document.querySelectorAll('.messages, .lab')]"
        ".some((each) => each.scrollWidth > each.clientWidth)"
    )
    return not wide


async def test_an_alert_shows_in_every_app_and_a_click_in_one_changes_all(
    four: FourApps, telegram: TelegramServer, bot: Bot, url: str, new_page: NewPage
) -> None:
    page = await new_page(width=1600, height=900)
    await page.goto(url)
    await page.get_by_role("button", name="Fire a critical alert").click()
    for app in APPS:
        await expect(column(page, app).get_by_role("article")).to_contain_text(NOBODY)
    await expect(page.get_by_role("button", name="Fire a critical alert")).to_be_hidden()
    assert await fits(page)

    await page.get_by_role("radio", name="Bo").click()
    await expect(page.get_by_role("radio", name="Bo")).to_be_checked()
    await column(page, "Telegram").get_by_role("button", name="Acknowledge").click()
    click = (await bot.get_updates(timeout=5))[-1].callback_query
    assert click is not None
    assert str(click.from_user.id) == telegram.workspace.user("bo").id
    await click.answer("It is yours")
    await four.edit("disk", "Bo has it")
    for app in APPS:
        await expect(column(page, app).get_by_role("article")).to_contain_text("Bo has it")
    await column(page, "Feishu").get_by_role("textbox", name="Message").fill("thanks")
    await page.keyboard.press("Enter")
    await expect(column(page, "Feishu").get_by_role("article").last).to_have_attribute("aria-label", re.compile("^Bo,"))


async def test_what_was_drawn_for_one_person_is_never_clicked_for_another(
    four: FourApps, telegram: TelegramServer, bot: Bot, url: str, page: Page
) -> None:
    await four.fire("disk")
    await page.goto(url)
    key = column(page, "Telegram").get_by_role("button", name="Acknowledge")
    await key.click(trial=True)
    held = Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await page.route("**/playground/chat?*", hold)
    await page.get_by_role("radio", name="Bo").click()
    await expect(page.get_by_role("radio", name="Bo")).to_be_checked()
    with pytest.raises(NotInTime, match="element is inert"):
        await key.click(timeout=200)
    held.set()
    await key.click()
    click = (await bot.get_updates(timeout=5))[-1].callback_query
    assert click is not None
    assert str(click.from_user.id) == telegram.workspace.user("bo").id
    await click.answer("It is yours")


async def test_the_address_keeps_the_view_and_the_chats(
    four: FourApps, dingtalk: DingTalkServer, url: str, page: Page
) -> None:
    await four.fire("disk")
    await page.goto(url)
    await page.get_by_role("group", name="Chats in Slack").get_by_role("button", name="elsewhere").click()
    await expect(column(page, "Slack").get_by_role("heading", name="All quiet")).to_be_visible()
    await column(page, "Feishu").get_by_role("button", name="Feishu", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("ops-alerts")
    await page.reload()
    await expect(column(page, "Feishu").get_by_role("article")).to_contain_text(NOBODY)
    await expect(column(page, "Slack")).to_have_count(0)
    await page.go_back()
    await expect(column(page, "Slack").get_by_role("heading", name="All quiet")).to_be_visible()
    await expect(column(page, "Telegram").get_by_role("article")).to_contain_text(NOBODY)

    await page.get_by_role("button", name="Pull DingTalk's plug").click()
    await expect(column(page, "DingTalk").get_by_role("alert")).to_contain_text("DingTalk is unplugged")
    assert not dingtalk.plugged
    switch = page.get_by_role("button", name="Rate limit (Telegram)")
    await switch.press("Enter")
    await expect(switch).to_have_attribute("aria-pressed", "true")
    await expect(switch).to_be_focused()

    await page.set_viewport_size({"width": 390, "height": 844})
    assert await fits(page)
    await column(page, "Telegram").get_by_role("button", name="Acknowledge").scroll_into_view_if_needed()
    await expect(column(page, "Telegram").get_by_role("button", name="Acknowledge")).to_be_in_viewport()
