"""The pane: what one person sees of Feishu and does there, in plain requests and in a real browser."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from playwright.async_api import Page, expect
from starlette.applications import Starlette

from bot.clock import DemoClock
from bot.playground.feishu import FeishuPane, FeishuServer
from bot.playground.feishu.demo import Demo
from bot.playground.listener import Listener
from bot.playground.page import SAMPLES, routes
from bot.playground.wire import JsonObject, as_object, as_objects
from tests.playground.feishu_app import TOKEN, FeishuApp, button, card, form, menu, old_card, plain
from tests.playground.manual_clock import ManualClock

INPUT: JsonObject = {"tag": "input", "name": "note", "label": plain("Note"), "input_type": "multiline_text"}
PERSON: JsonObject = {"tag": "select_person", "name": "to", "placeholder": plain("Whom")}


class NoControls:
    """The demo's hands, tied."""

    def curl(self, base_url: str) -> str:
        return base_url

    async def fire(self, sample: str) -> str:
        return sample

    async def recover(self, sample: str) -> str:
        return sample


@pytest.fixture
def pane(feishu: FeishuServer) -> FeishuPane:
    return FeishuPane(feishu)


@pytest.fixture
async def url(pane: FeishuPane) -> AsyncIterator[str]:
    """Give the address of a page with this pane."""
    clock = DemoClock(datetime(2026, 3, 1, 3, 0, tzinfo=UTC))
    listener = Listener(Starlette(routes=routes([pane], clock, NoControls())))
    await listener.start()
    yield f"http://127.0.0.1:{listener.port}/playground"
    await listener.close()


async def test_a_person_sees_their_chats_and_what_is_theirs(
    feishu: FeishuServer, feishu_app: FeishuApp, pane: FeishuPane
) -> None:
    ana, bo, group = feishu.user("ana").id, feishu.user("bo").id, feishu.chat("ops-alerts").id
    await feishu_app.sent(card(button("Acknowledge")))
    await feishu_app.sent(card(button("Acknowledge")), to=ana)
    body = {"chat_id": group, "open_id": ana, "msg_type": "interactive", "card": old_card()}
    assert await feishu_app.code("POST", "ephemeral/v1/send", body) == 0
    assert [chat["name"] for chat in pane.chats(ana)] == ["ops-alerts", "elsewhere", "secops", "Oncard"]
    assert [chat["name"] for chat in pane.chats(bo)] == ["ops-alerts", "elsewhere"]
    assert [person["direct"] for person in pane.people()] == [1, 0, 0, 0]
    assert [message["ephemeral"] for message in as_objects(pane.conversation(ana, group)["messages"])] == [False, True]
    assert len(as_objects(pane.conversation(bo, group)["messages"])) == 1
    with pytest.raises(LookupError, match="no chat"):
        pane.conversation(bo, feishu.chat("secops").id)


@pytest.mark.parametrize(
    "action", [{"do": "explode"}, {"do": "use"}, {"do": "use", "part": 0}, {"do": "write", "chat": "oc_none"}]
)
async def test_what_is_not_there_is_said(feishu: FeishuServer, pane: FeishuPane, action: JsonObject) -> None:
    with pytest.raises(LookupError):
        await pane.act(feishu.user("ana").id, action)
    with pytest.raises(LookupError, match="nobody"):
        await pane.act("ou_none", {"do": "write"})
    with pytest.raises(LookupError, match="no switch"):
        await pane.switch("explode")


async def test_a_toast_is_shown_for_a_while(
    feishu: FeishuServer, feishu_app: FeishuApp, pane: FeishuPane, clock: ManualClock
) -> None:
    ana, group = feishu.user("ana").id, feishu.chat("ops-alerts").id
    message = await feishu_app.sent(card(button("Acknowledge")))
    assert await pane.act(ana, {"do": "use", "message": message, "part": 0, "values": {}}) == ""
    [toast] = as_objects(pane.conversation(ana, group)["toasts"])
    assert (toast["type"], "200340" in str(toast["content"])) == ("error", True)
    assert pane.conversation(feishu.user("bo").id, group)["toasts"] == []
    clock.advance(61)
    assert pane.conversation(ana, group)["toasts"] == []


async def test_trouble_is_switched_on_and_off(feishu: FeishuServer, feishu_app: FeishuApp, pane: FeishuPane) -> None:
    told: list[str] = []
    stop = pane.watch(lambda: told.append("changed"))
    await pane.switch("rate limit")
    assert [(await feishu_app.send(card())).status_code for _ in range(3)] == [429] * 3
    await pane.switch("rate limit")
    await pane.switch("kick the bot")
    assert pane.switches() == {"rate limit": False, "kick the bot": True}
    assert (await feishu_app.refused(card()))[0] == 230002
    await pane.switch("kick the bot")
    await feishu_app.sent(card())
    assert not feishu.chat("elsewhere").bot_member
    await pane.pull_plug()
    assert not pane.plugged
    await pane.put_back()
    assert told
    stop()


async def test_the_demo_tells_how_to_reach_it() -> None:
    demo = Demo(ManualClock())
    await demo.start()
    try:
        variables = demo.variables()
        async with httpx.AsyncClient(base_url=variables["DEMO_FEISHU_API_BASE_URL"]) as http:
            secret = {
                "app_id": variables["DEMO_FEISHU_APP_ID"],
                "app_secret": variables["DEMO_FEISHU_APP_SECRET"],
            }
            assert (await http.post(TOKEN, json=secret)).json()["code"] == 0
        ana = variables["DEMO_FEISHU_USER_ANA"]
        assert [chat["id"] for chat in demo.pane.chats(ana)][:2] == [
            variables["DEMO_FEISHU_CHAT_OPS_ALERTS"],
            variables["DEMO_FEISHU_CHAT_RANDOM"],
        ]
        assert demo.pane.chats(ana)[2]["kind"] == "direct"
    finally:
        await demo.stop()


async def test_a_card_is_drawn_used_and_answered_with_a_toast(
    feishu: FeishuServer, feishu_app: FeishuApp, url: str, page: Page
) -> None:
    columns = {"tag": "column_set", "columns": [{"tag": "column", "elements": [button("Acknowledge", name="ack")]}]}
    asks = button("Close", confirm={"title": plain("Close it?"), "text": plain("It is still firing.")})
    await feishu_app.sent(card(columns, form(menu("for", "2", "8", required=True), PERSON, INPUT), asks))
    await page.goto(url)
    drawn = page.get_by_role("article")
    await expect(drawn.get_by_role("heading")).to_have_text("disk full")
    answer: JsonObject = {"toast": {"type": "success", "content": "<b>Snoozed</b>"}}
    async with feishu_app.connected(lambda _: answer):
        await drawn.get_by_role("combobox", name="For how long").select_option(label="8 hours")
        await drawn.get_by_role("combobox", name="Whom").select_option(label="Bo")
        await drawn.get_by_role("textbox", name="Note").fill("later")
        await drawn.get_by_role("button", name="Snooze").click()
        await expect(page.get_by_text("<b>Snoozed</b>")).to_be_visible()
        await drawn.get_by_role("button", name="Close").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        await drawn.get_by_role("button", name="Close").click()
        await page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
        assert await feishu.wait_for_log(lambda: len(feishu_app.heard) == 2)
    actions = [as_object(as_object(payload["event"])["action"]) for payload in feishu_app.heard]
    assert actions[0]["form_value"] == {"for": "8", "to": feishu.user("bo").id, "note": "later"}
    assert actions[1]["value"] == {"does": "Close"}


MARKUP = [
    ("**bold** *slanted* ~~gone~~", "strong", "bold"),
    ("*slanted*", "em", "slanted"),
    ("~~gone~~", "del", "gone"),
    ("`*code*`", "code", "*code*"),
    ("```\none\ntwo```", "pre", "one\ntwo"),
    ("> said", "blockquote", "said"),
    ("- item", ".fs-item", "item"),
    ("[the &lt;graph&gt;](https://example.com/a?b=1)", "a[href='https://example.com/a?b=1']", "the <graph>"),
    (f"<at id=ou_{2:032x}></at>", ".fs-mention", "@Bo"),
    ("<at id=all></at>", ".fs-mention.loud", "@Everyone"),
    ("<font color='red'>**P1**</font>", ".fs-font.red strong", "P1"),
    (
        "&#42;&#42;a&#42;&#42; 2*3*4 a_b_c \\*x\\* [click](javascript:alert)",
        ".fs-text",
        "**a** 2*3*4 a_b_c *x* click",
    ),
    (
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        ".fs-text",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
    ),
]


async def test_markup_is_drawn_and_hostile_text_stays_text(
    feishu: FeishuServer, feishu_app: FeishuApp, url: str, page: Page, page_errors: list[str]
) -> None:
    feishu.pace.enabled = False
    for wire, _, _ in MARKUP:
        await feishu_app.sent(card({"tag": "markdown", "content": wire}, title=SAMPLES[-1].title))
    await page.goto(url)
    messages = page.get_by_role("article")
    await expect(messages).to_have_count(len(MARKUP))
    for number, (_, selector, shown) in enumerate(MARKUP):
        await expect(messages.nth(number).locator(f".fs-body {selector}").first).to_have_text(shown)
    assert await messages.locator("script, b, img[src=x]").count() == 0
    assert await messages.nth(len(MARKUP) - 2).locator("a").count() == 0
    assert page_errors == []


async def test_what_a_person_writes_reaches_the_app(
    feishu: FeishuServer, feishu_app: FeishuApp, url: str, page: Page
) -> None:
    await feishu_app.sent(
        {"en_us": {"title": "Hands", "content": [[{"tag": "text", "text": "over"}]]}}, msg_type="post"
    )
    await page.goto(url)
    await expect(page.get_by_role("article").first).to_contain_text("over")
    async with feishu_app.connected():
        await page.get_by_role("textbox", name="Message").fill("@Oncard ack 42 for @Bo")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("article").last).to_contain_text("@Oncard ack 42 for @Bo")
        await feishu.delivery.settled()
    assert len(feishu_app.heard) == 1
    answer = {"content": '{"text": "done"}', "msg_type": "text", "reply_in_thread": True}
    asked = feishu.workspace.messages(feishu.chat("ops-alerts").id)[-1].id
    assert await feishu_app.code("POST", f"im/v1/messages/{asked}/reply", answer) == 0
    await expect(page.get_by_text("1 reply")).to_be_visible()
    await page.get_by_role("button", name="Kick the bot (Feishu)").click()
    await expect(page.get_by_role("button", name="Kick the bot (Feishu)")).to_have_attribute("aria-pressed", "true")
    assert not feishu.chat("ops-alerts").bot_member
