"""Events and clicks over HTTP: encrypted, signed, and told again."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.playground.feishu import FeishuServer
from bot.playground.listener import Listener
from bot.playground.wire import JsonObject, as_object
from tests.playground.feishu_app import FeishuApp, button, card
from tests.playground.manual_clock import ManualClock


class Site:
    """The app's callback address."""

    def __init__(self, feishu: FeishuServer) -> None:
        self.feishu = feishu
        self.heard: list[JsonObject] = []
        self.signed: list[bool] = []
        self.answer: Response = JSONResponse({})
        self.released = asyncio.Event()
        self.released.set()
        self.listener = Listener(Starlette(routes=[Route("/events", self.take, methods=["POST"])]))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.port}/events"

    async def take(self, request: Request) -> Response:
        raw = await request.body()
        body = json.loads(raw)
        if "encrypt" in body:
            body = decrypted(body["encrypt"], self.feishu.encrypt_key)
        stamp = request.headers.get("X-Lark-Request-Timestamp", "") + request.headers.get("X-Lark-Request-Nonce", "")
        proof = hashlib.sha256((stamp + self.feishu.encrypt_key).encode() + raw).hexdigest()
        self.signed.append(request.headers.get("X-Lark-Signature") == proof)
        self.heard.append(body)
        await self.released.wait()
        if body.get("type") == "url_verification" and body["token"] == self.feishu.verification_token:
            return JSONResponse({"challenge": body["challenge"]})
        return self.answer


def decrypted(text: str, key: str) -> JsonObject:
    data = base64.b64decode(text)
    cipher = Cipher(algorithms.AES256(hashlib.sha256(key.encode()).digest()), modes.CBC(data[:16])).decryptor()
    unpadder = PKCS7(128).unpadder()
    plain = unpadder.update(cipher.update(data[16:]) + cipher.finalize()) + unpadder.finalize()
    return as_object(json.loads(plain))


@pytest.fixture
async def site(feishu: FeishuServer) -> AsyncIterator[Site]:
    site = Site(feishu)
    await site.listener.start()
    feishu.deliver_by_http(site.url)
    yield site
    await site.listener.close()


async def test_an_address_is_tried_with_a_challenge(feishu: FeishuServer, site: Site) -> None:
    assert await feishu.challenge(site.url)
    assert site.signed == [False]
    feishu.deliver_by_http(site.url, encrypted=False)
    assert await feishu.challenge(site.url)
    assert not await feishu.challenge(f"{site.url}/none")
    await site.listener.pull()
    assert not await feishu.challenge(site.url)


@pytest.mark.parametrize("encrypted", [True, False])
async def test_an_event_is_signed_if_it_is_encrypted(feishu: FeishuServer, site: Site, encrypted: bool) -> None:
    feishu.deliver_by_http(site.url, encrypted=encrypted)
    await feishu.type("ana", None, "who")
    await feishu.delivery.settled()
    assert site.signed == [encrypted]
    [payload] = site.heard
    header = as_object(payload["header"])
    assert (payload["schema"], header["event_type"]) == ("2.0", "im.message.receive_v1")
    assert (header["token"], header["app_id"]) == (feishu.verification_token, feishu.app_id)
    assert header["create_time"] == "1772366400000"


async def test_a_click_goes_to_its_own_address_and_is_answered(
    feishu: FeishuServer, feishu_app: FeishuApp, site: Site
) -> None:
    await feishu_app.sent(card(button("Acknowledge")))
    feishu.deliver_by_http("http://127.0.0.1:9/none", card_url=site.url)
    site.answer = JSONResponse({"toast": {"type": "success", "content": "yours"}})
    await (await feishu.expect_card("disk full", chat="ops-alerts")).click("Acknowledge", by="ana")
    await feishu.expect_private("ana", "yours")
    assert as_object(site.heard[0]["header"])["create_time"] == "1772366400000000"
    site.answer = PlainTextResponse("")
    assert (await feishu.click("ana", (await feishu.expect_card("disk", chat="ops-alerts")).id, 0)).acked


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (PlainTextResponse("no", 500), 200671),
        (PlainTextResponse("", 302), 200671),
        (PlainTextResponse("fine"), 200672),
        (JSONResponse([]), 200672),
        ("late", 200341),
        ("gone", 200342),
    ],
)
async def test_a_click_that_is_answered_wrongly(
    feishu: FeishuServer, feishu_app: FeishuApp, site: Site, answer: Response | str, code: int
) -> None:
    message = await feishu_app.sent(card(button("Acknowledge")))
    if isinstance(answer, Response):
        site.answer = answer
    elif answer == "late":
        feishu.delivery.ack_seconds = 0.05
        site.released.clear()
    else:
        await site.listener.pull()
    assert (await feishu.click("ana", message, "Acknowledge")).code == code
    await feishu.expect_private("ana", str(code))
    site.released.set()


async def test_an_event_that_is_not_taken_comes_again(feishu: FeishuServer, site: Site, clock: ManualClock) -> None:
    site.answer = PlainTextResponse("no", 500)
    await feishu.type("ana", None, "who")
    await feishu.wait_for_log(lambda: len(feishu.log.calls("http event")) == 1)
    site.answer = JSONResponse({})
    clock.advance(15)
    await feishu.delivery.settled()
    first, second = site.heard
    assert first == second
