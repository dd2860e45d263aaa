"""Pictures in the panes of the apps that a picture is uploaded to first, drawn for whoever sees the message alone."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from PIL import Image
from playwright.async_api import Page, expect
from starlette.applications import Starlette

from adapters.dingtalk.adapter import connect as connect_dingtalk
from adapters.feishu.adapter import connect as connect_feishu
from bot.adapter import ShowsPictures, To
from bot.clock import DemoClock
from bot.playground.dingtalk import DingTalkServer
from bot.playground.dingtalk.pane import DingTalkPane
from bot.playground.feishu import FeishuPane, FeishuServer
from bot.playground.listener import Listener
from bot.playground.page import routes
from cards.card import Picture

CLOCK = DemoClock(datetime(2026, 3, 1, 3, 0, tzinfo=UTC))


class Nothing:
    """No alerts: the page is only looked at."""

    def curl(self, base_url: str) -> str:
        return f"curl {base_url}"

    async def fire(self, sample: str) -> str:
        return sample

    async def recover(self, sample: str) -> str:
        return sample


@pytest.fixture
async def feishu_app(feishu: FeishuServer) -> AsyncIterator[ShowsPictures]:
    values = {"app_id": feishu.app_id, "app_secret": feishu.app_secret, "api_base_url": feishu.api_base_url}
    adapter = connect_feishu({**values, "encrypt_key": feishu.encrypt_key}, CLOCK)
    yield adapter
    await adapter.close()


@pytest.fixture
async def dingtalk_app(dingtalk: DingTalkServer) -> AsyncIterator[ShowsPictures]:
    values = {"client_id": dingtalk.client_id, "client_secret": dingtalk.client_secret}
    adapter = connect_dingtalk({**values, "api_base_url": dingtalk.api_base_url}, CLOCK)
    yield adapter
    await adapter.close()


def picture() -> Picture:
    """Return a picture of 80 by 50 pixels."""
    kept = io.BytesIO()
    Image.new("RGB", (80, 50), "teal").save(kept, "PNG")
    return Picture("payments.png", "payments: Ana 24 h", kept.getvalue())


async def test_a_picture_is_drawn_where_it_was_sent(
    feishu: FeishuServer,
    dingtalk: DingTalkServer,
    feishu_app: ShowsPictures,
    dingtalk_app: ShowsPictures,
    page: Page,
) -> None:
    await feishu_app.show(To(feishu.workspace.chat("ops-alerts").id), picture())
    await dingtalk_app.show(To(dingtalk.workspace.chat("ops-alerts").id), picture())
    listener = Listener(Starlette(routes=routes([FeishuPane(feishu), DingTalkPane(dingtalk)], CLOCK, Nothing())))
    await listener.start()
    try:
        url = f"http://127.0.0.1:{listener.port}/playground"
        await page.goto(url)
        for app in ("Feishu", "DingTalk"):
            shown = page.get_by_role("region", name=app, exact=True).locator("img.photo")
            await expect(shown).to_have_js_property("naturalWidth", 80)
        await expect(page.locator("img.photo").first).to_have_attribute("alt", "payments: Ana 24 h")
        async with httpx.AsyncClient() as http:
            for pane in ("feishu", "dingtalk"):
                asked = {"pane": pane, "as": "nobody", "name": "img_v3_none"}
                assert (await http.get(f"{url}/picture", params=asked)).status_code == 404
    finally:
        # So that it hears nothing of the server's end.
        await page.goto("about:blank")
        await listener.close()
