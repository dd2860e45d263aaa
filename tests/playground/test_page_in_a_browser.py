"""The page as a newcomer uses it, in a real browser."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from bot.clock import DemoClock
from bot.playground.slack import SlackServer
from bot.playground.slack.workspace import Draft
from tests.playground.test_page import Site
from tests.support.browser import NewPage


@pytest.fixture
async def site(slack: SlackServer) -> AsyncIterator[Site]:
    slack.pace.enabled = False
    async with Site(slack, DemoClock(datetime(2026, 3, 1, 3, 0, tzinfo=UTC))) as site:
        yield site


async def be(page: Page, name: str) -> None:
    await page.get_by_role("radio", name=name).click()
    await expect(page.get_by_role("radio", name=name)).to_be_checked()


async def test_an_alert_is_fired_acknowledged_by_one_and_seen_by_another(site: Site, page: Page) -> None:
    await page.goto(f"{site.url}/playground")
    await page.get_by_role("button", name="Fire a critical alert").click()
    card = page.get_by_role("article").filter(has_text="Disk almost full")
    await expect(card).to_contain_text("nobody has it")
    await be(page, "Bo")
    await card.get_by_role("button", name="Acknowledge").click()
    await expect(card).to_contain_text("acknowledged by @Bo")
    await expect(page.get_by_text("Only visible to you")).to_be_visible()
    await be(page, "Ana")
    await expect(card).to_contain_text("acknowledged by @Bo")
    await expect(page.get_by_text("Only visible to you")).to_have_count(0)
    await page.get_by_role("navigation").get_by_role("button", name="Oncard").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Oncard")
    await expect(card).to_contain_text("acknowledged by @Bo")


async def test_a_confirmation_is_asked_before_the_click_counts(site: Site, page: Page) -> None:
    await site.oncall.fire("disk")
    await page.goto(f"{site.url}/playground")
    card = page.get_by_role("article")
    await card.get_by_role("button", name="Close").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Its alert is still firing.")
    await dialog.get_by_role("button", name="Keep it").click()
    await expect(dialog).to_have_count(0)
    await expect(card).to_contain_text("nobody has it")
    await card.get_by_role("button", name="Close").click()
    await dialog.get_by_role("button", name="Close it").click()
    await expect(card).to_contain_text("Status closed")


async def test_a_form_is_filled_and_sent(site: Site, page: Page) -> None:
    await site.oncall.fire("latency")
    await page.goto(f"{site.url}/playground")
    await page.get_by_role("button", name="Escalate").click()
    dialog = page.get_by_role("dialog", name="Escalate")
    await dialog.get_by_label("To whom").select_option(label="Chen")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_role("article")).to_contain_text("escalated to @Chen")


async def test_replies_stand_under_their_message(site: Site, page: Page) -> None:
    await site.oncall.fire("disk")
    await site.oncall.remind("disk", "still nobody", aloud=False)
    await page.goto(f"{site.url}/playground")
    card = page.locator(".messages > article")
    await expect(card).to_have_count(1)
    await expect(card.get_by_text("1 reply")).to_be_visible()
    await expect(card.get_by_text("still nobody")).to_be_visible()
    await site.oncall.remind("disk", "now really", aloud=True)
    await expect(card).to_have_count(2)
    await expect(card.first.get_by_text("2 replies")).to_be_visible()
    await expect(card.last).to_contain_text("replied to: Disk almost full on db-1")
    await expect(card.last).to_contain_text("now really")


async def test_a_direct_message_is_counted_until_it_is_read(site: Site, page: Page) -> None:
    await page.goto(f"{site.url}/playground")
    await expect(page.get_by_role("heading", name="All quiet")).to_be_visible()
    await be(page, "Bo")
    await site.oncall.fire("disk")
    await expect(page.get_by_role("radio", name="Ana").get_by_label("1 new direct message")).to_be_visible()
    await page.get_by_role("radio", name="Ana").click()
    await page.get_by_role("navigation").get_by_role("button", name="Oncard").click()
    await expect(page.get_by_role("radio", name="Ana").get_by_label("new direct message")).to_have_count(0)


async def test_hostile_text_stays_text(site: Site, page: Page, page_errors: list[str]) -> None:
    await page.goto(f"{site.url}/playground")
    await page.get_by_role("button", name="Fire: Text that tries").click()
    card = page.get_by_role("article")
    await expect(card).to_contain_text("<script>alert(1)</script>")
    await expect(card).to_contain_text("<b>your</b>")
    assert await card.locator("script, b, img[src=x]").count() == 0
    assert page_errors == []


MARKUP = [
    ("*bold*", "strong", "bold"),
    ("_slanted_", "em", "slanted"),
    ("~gone~", "del", "gone"),
    ("*_both_*", "strong em", "both"),
    ("`*code*`", "code", "*code*"),
    ("```\none\ntwo```", "pre", "one\ntwo"),
    ("&gt; said", "blockquote", "said"),
    ("<https://example.com/a?b=1&amp;c=2|the &lt;graph&gt;>", "a[href='https://example.com/a?b=1&c=2']", "the <graph>"),
    ("<@U00000003>", ".mention", "@Bo"),
    ("<#C00000001>", ".mention", "#ops-alerts"),
    ("<!here>", ".mention.loud", "@here"),
    ("<!date^1772334000^{time}|03:00>", "time", "03:00"),
    (":fire: a_b_c 2*3*4 <javascript:alert(1)|click>", ".b-text", "🔥 a_b_c 2*3*4 click"),
]


async def test_markup_is_drawn(site: Site, page: Page) -> None:
    workspace = site.slack.workspace
    for wire, _, _ in MARKUP:
        workspace.post(workspace.new_message(workspace.channel("ops-alerts").id, workspace.bot.id, Draft(wire)))
    await page.goto(f"{site.url}/playground")
    messages = page.get_by_role("article")
    await expect(messages).to_have_count(len(MARKUP))
    for number, (_, selector, shown) in enumerate(MARKUP):
        await expect(messages.nth(number).locator(f".blocks {selector}")).to_have_text(shown)
    assert await messages.last.locator("a").count() == 0


async def test_what_a_person_writes_reaches_the_chat_and_the_app(slack: SlackServer, site: Site, page: Page) -> None:
    await page.goto(f"{site.url}/playground")
    await page.get_by_role("textbox", name="Message").fill("on my way")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article")).to_contain_text("on my way")
    await page.get_by_role("textbox", name="Message").fill("/oncard who")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article").last).to_contain_text("You typed who")


async def test_the_plug_is_pulled_and_put_back_from_the_page(slack: SlackServer, site: Site, page: Page) -> None:
    await page.goto(f"{site.url}/playground")
    await page.get_by_role("button", name="Pull Slack's plug").click()
    await expect(page.get_by_role("alert")).to_contain_text("Slack is unplugged")
    assert not slack.plugged
    await page.get_by_role("button", name="Plug it in").click()
    await expect(page.get_by_role("alert")).to_be_hidden()
    assert slack.plugged


async def test_other_trouble_has_switches_beside_the_plug(slack: SlackServer, site: Site, page: Page) -> None:
    await page.goto(f"{site.url}/playground")
    switch = page.get_by_role("button", name="Kick the bot (Slack)")
    await expect(switch).to_have_attribute("aria-pressed", "false")
    await switch.click()
    await expect(switch).to_have_attribute("aria-pressed", "true")
    assert not slack.workspace.channel("ops-alerts").bot_member


async def test_a_lost_connection_loses_nothing(site: Site, page: Page, page_errors: list[str]) -> None:
    await page.goto(f"{site.url}/playground")
    await expect(page.get_by_text("live", exact=True)).to_be_visible()
    # What shows a message is loaded with the first one.
    site.slack.workspace.say("ana", "ops-alerts", "said before")
    await expect(page.get_by_role("article").last).to_contain_text("said before")
    await site.vanish()
    await expect(page.get_by_text("reconnecting")).to_be_visible()
    site.slack.workspace.say("ana", "ops-alerts", "said meanwhile")
    await site.come_back()
    await expect(page.get_by_role("article").last).to_contain_text("said meanwhile")
    await expect(page.get_by_text("live", exact=True)).to_be_visible()
    page_errors.clear()  # The browser reports each connection that was refused.


async def test_time_is_made_to_run(site: Site, page: Page) -> None:
    await page.goto(f"{site.url}/playground")
    await page.get_by_role("button", name="+1 min").click()
    await expect(page.get_by_text("time is running")).to_be_visible()
    await expect(page.get_by_text("time is running")).to_have_count(0)


async def test_on_a_phone_nothing_sticks_out_and_the_drawers_open(site: Site, new_page: NewPage) -> None:
    await site.oncall.fire("disk")
    page = await new_page(width=390, height=844, color_scheme="dark")
    await page.goto(f"{site.url}/playground")
    await expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.get_by_role("button", name="Show the controls").click()
    await expect(page.get_by_role("button", name="Fire: Checkout is slow")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Show the chats").click()
    await page.get_by_role("navigation").get_by_role("button", name="elsewhere").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("elsewhere")


async def test_the_keyboard_is_enough(site: Site, page: Page) -> None:
    await site.oncall.fire("disk")
    await page.goto(f"{site.url}/playground")
    button = page.get_by_role("button", name="Acknowledge")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article").first).to_contain_text("acknowledged by @Ana")
    await expect(button).to_be_focused()
    await page.get_by_role("radio", name="Ana").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("radio", name="Bo")).to_be_checked()
    await expect(page.get_by_role("radio", name="Bo")).to_be_focused()
