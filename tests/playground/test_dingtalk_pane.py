"""DingTalk as the page draws it, by what it is given and in a real browser."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Page, expect
from starlette.applications import Starlette

from bot.clock import SystemClock
from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.demo import Demo
from bot.playground.dingtalk.interactivity import FAILED
from bot.playground.dingtalk.pane import DingTalkPane
from bot.playground.listener import Listener
from bot.playground.page import routes
from bot.playground.wire import JsonObject, as_object, as_objects
from tests.playground.dingtalk_app import FORM, VALUES, App, Socket
from tests.support.browser import NewPage

ACK = "dtmd://dingtalkclient/sendMessage?content=ack%2042"
HOSTILE = "<img src=x onerror=alert(1)> <script>alert(1)</script> [x](javascript:alert(1)) **b**"


class NoControls:
    """Nobody fires alerts here."""

    def curl(self, base_url: str) -> str:
        return f"curl {base_url}"

    async def fire(self, sample: str) -> str:
        raise LookupError(sample)

    async def recover(self, sample: str) -> str:
        raise LookupError(sample)


@pytest.fixture
def pane(dingtalk: DingTalkServer) -> DingTalkPane:
    return DingTalkPane(dingtalk)


@pytest.fixture
async def url(dingtalk: DingTalkServer, pane: DingTalkPane) -> AsyncIterator[str]:
    """Give the page's address."""
    stopping = asyncio.Event()
    listener = Listener(Starlette(routes=routes([pane], dingtalk.clock, NoControls(), stopping)))
    await listener.start()
    yield f"http://127.0.0.1:{listener.port}/playground"
    stopping.set()
    await listener.close()


@pytest.fixture
async def socket(dingtalk_app: App) -> Socket:
    return await dingtalk_app.connect()


async def fill(dingtalk: DingTalkServer, app: App) -> None:
    """Put a card with a form for Ana, an ActionCard and words of people into the group."""
    ana = dingtalk.workspace.user("ana").id
    model = {"robotCode": dingtalk.client_id, "atUserIds": {ana: "Ana"}}
    private = {ana: {"cardParamMap": {"form": FORM}}}
    await dingtalk.type("bo", "ops-alerts", "is anybody on db-1? @Ana")
    await app.create(imGroupOpenDeliverModel=model, privateData=private)
    await dingtalk.type("ana", "ops-alerts", "looking at it")
    buttons = {"actionTitle1": "Acknowledge", "actionURL1": ACK, "actionTitle2": "Close", "actionURL2": ACK}
    text = "### [P2] Checkout is slow\n> *p99* is <font color=common_red1_color>**2.4 s**</font>\n\n- web-1\n- web-2"
    await app.send("ops-alerts", "sampleActionCard2", title="Checkout is slow", text=text, **buttons)


async def test_a_chat_is_given_as_one_person_sees_it(
    dingtalk: DingTalkServer, dingtalk_app: App, pane: DingTalkPane
) -> None:
    workspace = dingtalk.workspace
    ana, bo, group = workspace.user("ana").id, workspace.user("bo").id, workspace.chat("ops-alerts").id
    await fill(dingtalk, dingtalk_app)
    await dingtalk_app.send_to([bo], "sampleText", content="for bo")
    assert {person["handle"]: person["direct"] for person in pane.people()} == {"ana": 0, "bo": 1, "chen": 0, "dee": 0}
    assert [chat["name"] for chat in pane.chats(bo)] == ["ops-alerts", "elsewhere", "Oncard"]
    shown = [as_objects(pane.conversation(who, group)["messages"]) for who in (ana, bo)]
    kinds = [[block["kind"] for block in as_objects(messages[1]["blocks"])] for messages in shown]
    assert kinds[0] == [*kinds[1], "form"]
    assert as_object(pane.conversation(ana, group)["calls"])["used"] == 3
    with pytest.raises(LookupError):
        pane.conversation(ana, workspace.direct(bo).id)
    pane.conversation(bo, workspace.direct(bo).id)
    assert len(workspace.read) == 1, "what is on the screen is read"


async def test_the_plug_is_the_servers(dingtalk: DingTalkServer, pane: DingTalkPane) -> None:
    seen = []
    for doing in (pane.put_back, pane.pull_plug, pane.put_back):
        await doing()
        seen.append((pane.plugged, dingtalk.plugged))
    assert seen == [(True, True), (False, False), (True, True)]


async def test_what_a_person_does_is_done_and_what_fails_is_said(
    dingtalk: DingTalkServer, dingtalk_app: App, pane: DingTalkPane, socket: Socket
) -> None:
    dingtalk.interactivity.ack_seconds = 0.05
    await fill(dingtalk, dingtalk_app)
    ana, group = dingtalk.workspace.user("ana").id, dingtalk.workspace.chat("ops-alerts").id
    card = dingtalk.workspace.messages(group)[1].id
    doings: list[JsonObject] = [
        {"do": "press", "message": card, "wanted": "Acknowledge", "number": 0},
        {"do": "submit", "message": card, "form": "reassign", "values": {"to": "bo"}},
        {"do": "follow", "url": ACK},
        {"do": "write", "text": "@Oncard help"},
    ]
    said = []
    for doing in doings:
        said.append(await pane.act(ana, {"chat": group, **doing}))
        await socket.next()
    assert [bool(words) for words in said] == [False, False, True, True], "a card's failure is told by DingTalk itself"
    assert pane.conversation(ana, group)["toasts"] == [{"text": FAILED, "failed": True}] * 2
    with pytest.raises(LookupError, match="no button 'Acknowledge'"):
        await pane.act(ana, {**doings[0], "chat": group, "number": 1})
    assert await pane.act(ana, {"chat": group, "do": "write", "text": "just words"}) == ""
    wrongs: list[JsonObject] = [{"do": "explode"}, {"do": "follow", "url": "https://example.com"}]
    for wrong in wrongs:
        with pytest.raises(LookupError):
            await pane.act(ana, {"chat": group, **wrong})
    with pytest.raises(LookupError):
        await pane.act("nobody", doings[0])


async def test_the_switches_are_the_servers_lasting_trouble(
    dingtalk: DingTalkServer, dingtalk_app: App, pane: DingTalkPane
) -> None:
    changes: list[None] = []
    stop = pane.watch(lambda: changes.append(None))
    codes = {
        "rate limit": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi",
        "out of calls": "Forbidden.AccessDenied.ApiCountLimitForOrg",
        "kick the bot": "invalidParameter.robotCode.notExsit",
    }
    assert pane.switches() == dict.fromkeys(codes, False)
    for name, code in codes.items():
        await pane.switch(name)
        assert pane.switches()[name]
        assert (await dingtalk_app.send("ops-alerts", "sampleText", content="x"))["code"] == code
        await pane.switch(name)
        assert "code" not in await dingtalk_app.send("ops-alerts", "sampleText", content="x")
    with pytest.raises(LookupError):
        await pane.switch("explode")
    stop()
    assert changes
    assert not dingtalk.workspace.chat("elsewhere").bot_member, "where it was not before it is not put"


async def test_a_card_its_form_and_an_action_card_are_used_in_a_browser(
    dingtalk: DingTalkServer, dingtalk_app: App, socket: Socket, url: str, page: Page
) -> None:
    await fill(dingtalk, dingtalk_app)
    await page.goto(url)
    card = page.get_by_role("article").filter(has_text="disk full")
    await expect(card.get_by_role("heading")).to_have_text("disk full")
    await card.get_by_label("To whom").select_option(label="Chen")
    await card.get_by_label("Why").fill("she knows the disk")
    await card.get_by_role("button", name="Send").click()
    frame = await socket.next()
    params = json.loads(frame["data"]["content"])["cardPrivateData"]["params"]
    assert params["form"]["to"] == {"index": 1, "value": "chen"}
    private = {"cardParamMap": {"form": "", "toast": "Given to Chen."}}
    public = {"cardParamMap": {"status": "Chen has it", "status_colour": "green"}}
    options = {"updateCardDataByKey": True, "updatePrivateDataByKey": True}
    answer = {"cardUpdateOptions": options, "cardData": public, "userPrivateData": private}
    await socket.ack(frame, {"response": answer})
    await expect(card).to_contain_text("Chen has it")
    await expect(card.get_by_label("To whom")).to_have_count(0)
    await expect(page.get_by_text("Given to Chen.")).to_be_visible()
    slow = page.get_by_role("article").filter(has_text="Checkout is slow")
    await expect(slow.locator("blockquote strong")).to_have_text("2.4 s")
    await slow.get_by_role("button", name="Acknowledge").click()
    frame = await socket.next()
    assert frame["data"]["text"]["content"] == " ack 42 "
    await socket.ack(frame)
    await expect(page.get_by_role("article").last).to_contain_text("@Oncard ack 42")
    await card.get_by_role("button", name="Acknowledge").click()
    frame = await socket.next()
    assert json.loads(frame["data"]["content"])["cardPrivateData"]["actionIds"] == ["ack"]
    await socket.ack(frame, code=500)
    await expect(page.locator(".toast.bad")).to_have_text(FAILED)
    await page.get_by_role("button", name="Kick the bot").click()
    await expect(page.get_by_role("button", name="Kick the bot")).to_have_attribute("aria-pressed", "true")


async def test_hostile_text_stays_text_and_a_phone_is_wide_enough(
    dingtalk: DingTalkServer, dingtalk_app: App, url: str, new_page: NewPage
) -> None:
    values = {**VALUES, "title": HOSTILE, "body": HOSTILE, "facts": json.dumps([{"k": HOSTILE, "v": HOSTILE}])}
    await dingtalk_app.create(cardData={"cardParamMap": values})
    button = {"singleTitle": HOSTILE, "singleURL": "javascript:alert(1)"}
    await dingtalk_app.send("ops-alerts", "sampleActionCard", title="t", text=HOSTILE, **button)
    await dingtalk.type("ana", "ops-alerts", HOSTILE)
    page = await new_page(width=390, height=844, color_scheme="dark")
    await page.goto(url)
    messages = page.get_by_role("article")
    await expect(messages).to_have_count(3)
    for number in range(3):
        await expect(messages.nth(number)).to_contain_text("<script>alert(1)</script>")
    assert await page.locator("article script, article img[src=x], article a[href^='javascript']").count() == 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_the_demo_gives_what_the_adapter_needs_to_reach_it() -> None:
    demo = Demo(SystemClock())
    await demo.start()
    given = demo.variables()
    async with httpx.AsyncClient(base_url=given["DEMO_DINGTALK_API_BASE_URL"]) as http:
        app = {"appKey": given["DEMO_DINGTALK_CLIENT_ID"], "appSecret": given["DEMO_DINGTALK_CLIENT_SECRET"]}
        assert "accessToken" in (await http.post("v1.0/oauth2/accessToken", json=app)).json()
    await demo.stop()
    assert given["DEMO_DINGTALK_CARD_TEMPLATE_ID"].endswith(".schema")
    ana, ops = given["DEMO_DINGTALK_USER_ANA"], given["DEMO_DINGTALK_CHAT_OPS_ALERTS"]
    assert demo.pane.people()[0]["id"] == ana
    assert ops in [chat["id"] for chat in demo.pane.chats(ana)]
