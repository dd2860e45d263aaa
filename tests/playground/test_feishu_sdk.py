"""The official SDK, unmodified, takes this server for Feishu.

Its import takes seconds and changes the thread it runs in, so it has a thread of its own, and there is one test.
"""

import asyncio
import importlib
import io
import threading
import warnings
from typing import Any

import pytest

from bot.playground.feishu import FeishuServer
from bot.playground.feishu.frame import CONTROL, Frame, decode, encode
from bot.playground.feishu.long_connection import ClientConfig
from tests.playground.feishu_app import FeishuApp, card, form, menu

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes([0, 0, 0, 9, 0, 0, 0, 9])


class Sdk:
    """The SDK's long connection in a thread, as its documentation would have it, but that it can be stopped."""

    def __init__(self, feishu: FeishuServer) -> None:
        self._feishu = feishu
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.heard: list[Any] = []
        self.client: Any = None
        self.frames: Any = None

    async def start(self) -> None:
        self._thread.start()
        await asyncio.to_thread(self._ready.wait)
        await self._feishu.connections.wait_connected()

    async def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lark_oapi: Any = importlib.import_module("lark_oapi")
            client: Any = importlib.import_module("lark_oapi.ws.client")
            self.frames = importlib.import_module("lark_oapi.ws.pb.pbbp2_pb2")
        client.loop = self._loop
        builder = lark_oapi.EventDispatcherHandler.builder("", "")
        handler = (
            builder.register_p2_card_action_trigger(self._clicked)
            .register_p2_im_message_receive_v1(self.heard.append)
            .build()
        )
        self.client = lark_oapi.ws.Client(
            self._feishu.app_id,
            self._feishu.app_secret,
            event_handler=handler,
            domain=self._feishu.api_base_url.rstrip("/"),
            log_level=lark_oapi.LogLevel.CRITICAL,
        )
        self._ready.set()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._loop.run_until_complete(self._until_stopped())
        self._loop.close()

    async def _until_stopped(self) -> None:
        await self.client._connect()  # noqa: SLF001 - start() never ends
        pinging = asyncio.ensure_future(self.client._ping_loop())  # noqa: SLF001
        await self._stopping.wait()
        connection = self.client._conn  # noqa: SLF001
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert pinging in others
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await connection.close()

    def upload(self, image: bytes) -> Any:
        """Upload an image as the SDK's documentation would have it, and return the answer."""
        lark_oapi, im = (importlib.import_module(name) for name in ("lark_oapi", "lark_oapi.api.im.v1"))
        builder = lark_oapi.Client.builder().app_id(self._feishu.app_id).app_secret(self._feishu.app_secret)
        client = builder.domain(self._feishu.api_base_url.rstrip("/")).log_level(lark_oapi.LogLevel.CRITICAL).build()
        body = im.CreateImageRequestBody.builder().image_type("message").image(io.BytesIO(image)).build()
        return client.im.v1.image.create(im.CreateImageRequest.builder().request_body(body).build())

    def _clicked(self, event: Any) -> dict[str, object]:
        self.heard.append(event)
        return {"toast": {"type": "success", "content": f"snoozed for {event.event.action.form_value['for']}"}}


@pytest.mark.timeout(120)  # the import alone can take half a minute on a busy machine
async def test_the_sdk_hears_clicks_and_messages(feishu: FeishuServer, feishu_app: FeishuApp) -> None:
    feishu.connections.client_config = ClientConfig(ping_interval=1)
    feishu.connections.part_bytes = 300
    sdk = Sdk(feishu)
    await sdk.start()
    try:
        await feishu_app.sent(card(form(menu("for", "2"))))
        seen = await feishu.expect_card("disk full", chat="ops-alerts")
        await seen.submit("Snooze", {"for": "2"}, by="ana")
        await feishu.expect_private("ana", "snoozed for 2")
        await feishu.type("bo", "ops-alerts", "@Oncard who", reply_to=seen)
        await feishu.delivery.settled()
        clicked, received = (one.event for one in sdk.heard)
        assert (clicked.operator.open_id, clicked.context.open_message_id) == (feishu.user("ana").id, seen.id)
        assert clicked.action.value == {"does": "Snooze"}
        message = received.message
        assert (message.content, message.parent_id) == ('{"text": "@_user_1 who"}', seen.id)
        assert (message.mentions[0].id.open_id, message.chat_type) == (feishu.workspace.app.open_id, "group")
        assert feishu.connections.pings > 0
        uploaded = await asyncio.to_thread(sdk.upload, PNG)
        assert (uploaded.code, feishu.workspace.images) == (0, {uploaded.data.image_key: PNG})
        assert (await asyncio.to_thread(sdk.upload, b"GIF89a")).code == 234011
        theirs = sdk.frames.Frame()
        theirs.ParseFromString(encode(Frame(CONTROL, {"type": "pong", "é": ""}, b"{}", -7, 2**64 - 1, 5)))
        assert decode(theirs.SerializeToString()) == Frame(CONTROL, {"type": "pong", "é": ""}, b"{}", -7, 2**64 - 1, 5)
    finally:
        await sdk.stop()
