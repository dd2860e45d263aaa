"""Phones and mailboxes on the page: what people do with them, and what a stranger's mail may not do."""

from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import httpx
import pytest
from playwright.async_api import Locator, Page, expect
from starlette.applications import Starlette

from bot.clock import DemoClock
from bot.playground.listener import Listener
from bot.playground.mailbox import Mailbox
from bot.playground.mailbox.pane import MailPane
from bot.playground.ntfy import NtfyServer
from bot.playground.page import Pane, routes
from bot.playground.phones import Ended, Habit, Phone, Phones
from bot.playground.phones.demo import Demo
from bot.playground.phones.pane import PhonesPane
from bot.playground.twilio import TwilioServer
from tests.playground.manual_clock import ManualClock
from tests.playground.test_tour import Monitoring

ONCARD = "+12015550100"
HOSTILE = """<html><body><h1>Disk full</h1><script>parent.document.title = "taken"</script>
<img src="http://127.0.0.1:9/pixel.png" alt="a picture"><a href="{url}">Acknowledge</a></body></html>"""


@pytest.fixture
def phones(clock: ManualClock) -> Phones:
    made = Phones(clock)
    made.add("ana", "+12015550101")
    made.add("bo", "+12015550102")
    return made


@pytest.fixture
def ana(phones: Phones) -> Phone:
    return phones.phone("ana")


@pytest.fixture
async def twilio(clock: ManualClock, phones: Phones) -> AsyncIterator[TwilioServer]:
    async with TwilioServer(clock, phones, number=ONCARD) as server:
        yield server


@pytest.fixture
async def ntfy(clock: ManualClock, phones: Phones) -> AsyncIterator[NtfyServer]:
    async with NtfyServer(clock, phones) as server:
        server.subscribe("oncall-ana", "ana")
        yield server


@pytest.fixture
async def mailbox(clock: ManualClock) -> AsyncIterator[Mailbox]:
    async with Mailbox(clock) as server:
        yield server


@pytest.fixture(autouse=True)
async def url(
    clock: ManualClock, phones: Phones, twilio: TwilioServer, ntfy: NtfyServer, mailbox: Mailbox
) -> AsyncIterator[str]:
    """Give the address of a page with phones and mailboxes, and without chats; it outlives the browser."""
    by_phone = PhonesPane(phones, ONCARD, {"Twilio": twilio, "ntfy": ntfy}, taps=ntfy)
    panes: list[Pane] = [by_phone, MailPane(mailbox, {name: f"{name}@example.com" for name in ("ana", "bo")})]
    listener = Listener(Starlette(routes=routes(panes, clock, Monitoring())))
    await listener.start()
    yield f"http://127.0.0.1:{listener.port}/playground"
    await listener.close()


@pytest.fixture
async def phone(page: Page, url: str) -> Locator:
    await page.goto(url)
    return page.get_by_role("region", name="Phone", exact=True)


async def test_a_call_is_taken_heard_and_answered_by_a_key(ana: Phone, phone: Locator) -> None:
    call = ana.take_call(ONCARD)
    await phone.get_by_role("button", name="Accept").click()
    await expect(phone.get_by_role("group", name="Keypad").get_by_role("button")).to_have_count(12)
    call.say("Critical: disk full.")
    call.say("To acknowledge, press 1.")
    await expect(phone.get_by_role("log", name="What is said")).to_contain_text("To acknowledge, press 1.")
    await phone.get_by_role("button", name="#", exact=True).click()
    await phone.get_by_role("button", name="1", exact=True).click()
    await expect(phone.get_by_role("status", name="Keys pressed")).to_have_text("#1")
    assert call.pressed == "#1"
    await phone.get_by_role("button", name="Hang up").click()
    await expect(phone.get_by_role("article", name="Call, you pressed #1")).to_be_visible()
    assert call.ended is Ended.HUNG_UP


async def test_a_call_is_declined_sent_to_voicemail_or_let_ring(ana: Phone, phone: Locator) -> None:
    call = ana.take_call(ONCARD)
    await phone.get_by_role("button", name="Decline").click()
    await expect(phone.get_by_role("article", name="You declined a call")).to_be_visible()
    assert call.ended is Ended.DECLINED
    call = ana.take_call(ONCARD)
    await phone.get_by_role("button", name="Send to voicemail").click()
    await expect(phone.get_by_role("article", name="Voicemail took a call")).to_be_visible()
    assert call.machine
    call.end(Ended.FINISHED)
    ana.take_call(ONCARD).end(Ended.NO_ANSWER)
    await expect(phone.get_by_role("article", name="Missed call", exact=True)).to_be_visible()


async def test_what_a_phone_does_by_itself_is_chosen(ana: Phone, phone: Locator) -> None:
    await phone.get_by_label("When Ana is called").select_option("busy")
    await expect(phone.get_by_label("When Ana is called")).to_have_value("busy")
    assert ana.habit is Habit.BUSY
    ana.take_call(ONCARD)
    await expect(phone.get_by_role("article", name="Missed call: you were busy")).to_be_visible()


async def test_a_text_is_read_and_answered_by_its_owner_alone(page: Page, ana: Phone, phone: Locator) -> None:
    ana.take_text(ONCARD, "#1 disk full - https://oncall.example.com/links/abc <b>now</b>")
    text = phone.get_by_role("article", name="SMS from Oncard")
    await expect(text).to_contain_text("<b>now</b>")
    await expect(text.get_by_role("link")).to_have_attribute("href", "https://oncall.example.com/links/abc")
    await phone.get_by_role("textbox", name="SMS to Oncard").fill("1")
    await page.keyboard.press("Enter")
    await expect(phone.get_by_role("article", name="SMS to Oncard")).to_contain_text("1")
    assert (ana.texts[-1].other, ana.texts[-1].words) == (ONCARD, "1")
    await page.get_by_role("radio", name="Bo").click()
    await expect(phone.get_by_role("article")).to_have_count(0)


async def test_a_push_lights_up_and_its_buttons_do_what_they_say(ntfy: NtfyServer, phone: Locator, page: Page) -> None:
    nowhere = {"action": "http", "label": "Acknowledge", "url": "http://127.0.0.1:9/act", "clear": True}
    opens = {"action": "view", "label": "Close", "url": "https://oncall.example.com/links/abc"}
    body = {"topic": "oncall-ana", "title": "disk full", "message": "db-1", "priority": 5, "actions": [nowhere, opens]}
    async with httpx.AsyncClient() as http:
        assert (await http.post(ntfy.api_base_url, json=body)).is_success
    push = phone.get_by_role("article", name="Push: disk full")
    await expect(push.get_by_role("link", name="Close")).to_have_attribute("href", opens["url"])
    await push.get_by_role("button", name="Acknowledge").click()
    await expect(page.get_by_text("The app could not do it")).to_be_visible()
    await push.get_by_role("button", name="Dismiss: disk full").click()
    await expect(push).to_have_count(0)


async def test_a_service_goes_down_and_comes_back(page: Page, twilio: TwilioServer, phone: Locator) -> None:
    switch = page.get_by_role("button", name="Twilio is down (Phone)")
    await switch.click()
    await expect(phone.get_by_role("alert")).to_contain_text("Twilio is down")
    assert not twilio.plugged
    await switch.click()
    await expect(phone.get_by_role("alert")).to_be_hidden()
    assert twilio.plugged


async def test_a_mail_is_shown_without_rights_and_its_links_open_beside_the_page(
    page: Page, mailbox: Mailbox, url: str, page_errors: list[str]
) -> None:
    await page.goto(url)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Oncard <oncard@example.com>", "ana@example.com", "disk full"
    mail.set_content("Disk full")
    mail.add_alternative(HOSTILE.format(url=url), subtype="html")
    await aiosmtplib.send(mail, hostname=mailbox.host, port=mailbox.port, start_tls=False)
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_role("heading", name="Disk full")).to_be_visible()
    async with page.expect_popup() as opened:
        await frame.get_by_role("link", name="Acknowledge").click()
    await expect(await opened.value, "it opens beside").to_have_title("Oncard playground")
    await expect(page).to_have_title("Oncard playground")
    assert len(page_errors) == 2, "the script was not run, the picture was not fetched"
    page_errors.clear()
    async with httpx.AsyncClient(base_url=url) as http:
        asked = {"pane": "mailbox", "name": "0"}
        document = await http.get("/document", params={**asked, "as": "ana"})
        assert document.headers["content-security-policy"].startswith("sandbox allow-popups ")
        assert (await http.get("/document", params={**asked, "as": "bo"})).status_code == 404
        assert (await http.get("/document", params={**asked, "pane": "phones", "as": "ana"})).status_code == 404


async def test_time_goes_its_usual_way_once_a_phone_rings() -> None:
    clock = DemoClock()
    demo = Demo(clock)
    await demo.start()
    clock.run(3600, within=60)
    was_fast = clock.fast
    demo.phones.phone("ana").take_call(ONCARD)
    assert (was_fast, clock.fast) == (True, False)
    before = clock.now()
    assert (clock.now() - before).total_seconds() < 3
    await demo.stop()
