"""An app of Feishu as a test plays it: plain HTTP calls, a long connection, and cards."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import httpx
import websockets

from bot.playground.feishu import FeishuServer
from bot.playground.feishu.frame import CONTROL, DATA, Frame, decode, encode
from bot.playground.wire import JsonObject, as_object, as_text

Handler = Callable[[JsonObject], object]
"""Takes an event's payload and returns what the app answers, which is a JSON object if the app is right."""


def plain(content: str) -> JsonObject:
    return {"tag": "plain_text", "content": content}


def button(label: str, **more: object) -> JsonObject:
    behaviours = [{"type": "callback", "value": {"does": label}}]
    return {"tag": "button", "text": plain(label), "behaviors": behaviours, **more}


def card(*elements: Mapping[str, object], title: str = "disk full", **config: object) -> JsonObject:
    """Return a card of JSON 2.0."""
    return {
        "schema": "2.0",
        "config": {"update_multi": True, **config},
        "header": {"title": plain(title), "template": "red"},
        "body": {"elements": list(elements)},
    }


def form(*fields: Mapping[str, object], name: str = "snooze") -> JsonObject:
    submit = button("Snooze", name="go", form_action_type="submit")
    return {"tag": "form", "name": name, "elements": [*fields, submit]}


def menu(name: str, *values: str, **more: object) -> JsonObject:
    options = [{"text": plain(f"{value} hours"), "value": value} for value in values]
    return {"tag": "select_static", "name": name, "placeholder": plain("For how long"), "options": options, **more}


def old_card(*elements: Mapping[str, object], title: str = "disk full", update_multi: bool = True) -> JsonObject:
    """Return a card of JSON 1.0."""
    return {
        "config": {"update_multi": update_multi},
        "header": {"title": plain(title), "template": "red"},
        "elements": list(elements),
    }


class FeishuApp:
    """The app's side of one server."""

    def __init__(self, feishu: FeishuServer) -> None:
        self.feishu = feishu
        # Nothing here is HTTPS: to read the machine's certificates would take longer than most tests.
        no_certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.http = httpx.AsyncClient(base_url=feishu.api_base_url, trust_env=False, verify=no_certificates)
        self.token = ""
        self.heard: list[JsonObject] = []

    async def __aenter__(self) -> Self:
        await self.log_in()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    async def log_in(self) -> JsonObject:
        secret = {"app_id": self.feishu.app_id, "app_secret": self.feishu.app_secret}
        answer: JsonObject = (await self.http.post(TOKEN, json=secret)).json()
        self.token = as_text(answer.get("tenant_access_token"))
        return answer

    async def call(self, verb: str, path: str, body: object = None, **query: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = None if body is None else json.dumps(body)
        return await self.http.request(verb, f"open-apis/{path}", params=query, content=content, headers=headers)

    async def code(self, verb: str, path: str, body: object = None, **query: str) -> int:
        code: int = (await self.call(verb, path, body, **query)).json()["code"]
        return code

    async def send(self, content: JsonObject, *, to: str = "", **more: object) -> httpx.Response:
        """Send a card, or with `msg_type` something else, to the group ops-alerts unless it is to another id."""
        receive_id = to or self.feishu.chat("ops-alerts").id
        kind = "open_id" if receive_id.startswith("ou_") else "email" if "@" in receive_id else "chat_id"
        body = {"receive_id": receive_id, "msg_type": "interactive", "content": json.dumps(content), **more}
        return await self.call("POST", "im/v1/messages", body, receive_id_type=kind)

    async def sent(self, content: JsonObject, *, to: str = "", **more: object) -> str:
        """Send, and return the id of the message."""
        answer = (await self.send(content, to=to, **more)).json()
        assert answer["code"] == 0, answer
        return as_text(answer["data"]["message_id"])

    async def refused(self, content: JsonObject, *, to: str = "", **more: object) -> tuple[int, str]:
        """Send what is not accepted, and return the code and the words."""
        response = await self.send(content, to=to, **more)
        assert response.status_code == 400
        return response.json()["code"], response.json()["msg"]

    async def patch(self, message_id: str, content: JsonObject) -> int:
        return await self.code("PATCH", f"im/v1/messages/{message_id}", {"content": json.dumps(content)})

    async def endpoint(self) -> JsonObject:
        secret = {"AppID": self.feishu.app_id, "AppSecret": self.feishu.app_secret}
        answer: JsonObject = (await self.http.post("callback/ws/endpoint", json=secret)).json()
        return answer

    async def address(self) -> str:
        return as_text(as_object((await self.endpoint())["data"])["URL"])

    @asynccontextmanager
    async def connected(self, handler: Handler | None = None) -> AsyncIterator[websockets.ClientConnection]:
        """Hold a long connection that answers every event with what `handler` returns."""
        before = self.feishu.connections.connected
        async with websockets.connect(await self.address(), proxy=None) as socket:
            await self.feishu.connections.wait_connected(before + 1)
            answering = asyncio.create_task(self._answer(socket, handler or (lambda _: {})))
            try:
                yield socket
            finally:
                answering.cancel()

    async def _answer(self, socket: websockets.ClientConnection, handler: Handler) -> None:
        parts: dict[str, list[bytes]] = {}
        async for data in socket:
            assert isinstance(data, bytes)
            frame = decode(data)
            if frame.method == CONTROL:
                continue
            whole = parts.setdefault(frame.headers["message_id"], [])
            whole.append(frame.payload)
            if len(whole) < int(frame.headers["sum"]):
                continue
            self.heard.append(json.loads(b"".join(parts.pop(frame.headers["message_id"]))))
            answer = handler(self.heard[-1])
            if answer is not None:
                await socket.send(ack(frame, answer))


def ack(frame: Frame, answer: object, code: int = 200) -> bytes:
    """Return the frame that acknowledges another."""
    body: JsonObject = {"code": code, "data": base64.b64encode(json.dumps(answer).encode()).decode()}
    return encode(Frame(DATA, {**frame.headers, "biz_rt": "1"}, json.dumps(body).encode(), frame.service))


TOKEN = "open-apis/auth/v3/tenant_access_token/internal"
