"""An app of a DingTalk organisation, by plain HTTP and a plain WebSocket, and the card that its tests share."""

import json
from types import TracebackType
from typing import Any, Self

import aiohttp
import httpx

from bot.playground.dingtalk import DingTalkServer
from bot.playground.wire import JsonObject

CARD_TOPIC = "/v1.0/card/instances/callback"
ROBOT_TOPIC = "/v1.0/im/bot/messages/get"
SUBSCRIPTIONS = [
    {"type": "CALLBACK", "topic": CARD_TOPIC},
    {"type": "CALLBACK", "topic": ROBOT_TOPIC},
    {"type": "EVENT", "topic": "*"},
]
TEMPLATE: JsonObject = {
    "name": "Incident",
    "variables": [
        *({"name": n, "type": "string"} for n in ("title", "colour", "status", "status_colour", "body", "submit")),
        {"name": "open", "type": "bool"},
        *({"name": n, "type": "json"} for n in ("facts", "buttons", "params")),
        {"name": "form", "type": "json", "private": True},
        {"name": "toast", "type": "string", "private": True},
    ],
    "layout": [
        {"kind": "header", "title": "title", "colour": "colour"},
        {"kind": "tag", "text": "status", "colour": "status_colour"},
        {"kind": "markdown", "text": "body"},
        {"kind": "fields", "items": "facts"},
        {"kind": "divider"},
        {"kind": "buttons", "items": "buttons", "when": "open"},
        {"kind": "form", "id": "reassign", "fields": "form", "submit": "submit", "params": "params"},
        {"kind": "toast", "text": "toast"},
    ],
}
BUTTONS = json.dumps(
    [
        {"text": "Acknowledge", "color": "blue", "action": "ack", "params": {"token": "ack 42 v7"}},
        {"text": "Runbook", "color": "grey", "url": "https://example.com/runbook"},
        {"text": "Who", "color": "grey", "url": "dtmd://dingtalkclient/sendMessage?content=who%20is%20on"},
    ]
)
FORM = json.dumps(
    {
        "fields": [
            {"name": "token", "type": "TEXT", "hidden": True, "defaultValue": "reassign 42 v7"},
            {
                "name": "to",
                "label": "To whom",
                "type": "SELECT",
                "required": True,
                "requiredMsg": "Say to whom",
                "options": [{"text": "Bo", "value": "bo"}, {"text": "Chen", "value": "chen"}],
            },
            {"name": "why", "label": "Why", "type": "TEXTAREA", "placeholder": "in a few words"},
            {"name": "quiet", "label": "Do not page", "type": "CHECKBOX"},
            {"name": "by", "label": "By", "type": "TEXT", "readOnly": True, "defaultValue": "Ana"},
        ]
    }
)
VALUES = {
    "title": "disk full",
    "colour": "red",
    "status": "nobody has it",
    "status_colour": "red",
    "body": "**db-1** is at 97 %",
    "facts": json.dumps([{"k": "Service", "v": "db"}]),
    "buttons": BUTTONS,
    "open": "true",
    "submit": "Send",
}


def as_space(kind: str, identity: str) -> str:
    return f"dtv1.card//{kind}.{identity}"


class App:
    """Calls the API with the app's token; `code` is what the last call was refused with."""

    def __init__(self, server: DingTalkServer) -> None:
        self.server = server
        self.http = httpx.AsyncClient(base_url=server.api_base_url)
        self.sockets = aiohttp.ClientSession()

    async def __aenter__(self) -> Self:
        answer = await self.call("POST v1.0/oauth2/accessToken", appKey=self.server.client_id, appSecret=self.secret)
        self.http.headers["x-acs-dingtalk-access-token"] = str(answer["accessToken"])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.sockets.close()
        await self.http.aclose()

    @property
    def secret(self) -> str:
        return self.server.client_secret

    async def ask(self, method: str, **arguments: object) -> httpx.Response:
        verb, path = method.split()
        if verb == "GET":
            return await self.http.get(path, params={key: str(value) for key, value in arguments.items()})
        return await self.http.request(verb, path, json=arguments)

    async def call(self, method: str, **arguments: object) -> JsonObject:
        body: JsonObject = (await self.ask(method, **arguments)).json()
        return body

    async def code(self, method: str, **arguments: object) -> object:
        """Return what a call is refused with."""
        return (await self.call(method, **arguments)).get("code")

    def card(self, track: str = "inc-1", chat: str = "ops-alerts", **changed: object) -> dict[str, object]:
        """Return the arguments that create a card in a group."""
        space = as_space("IM_GROUP", self.server.workspace.chat(chat).id)
        return {
            "cardTemplateId": next(t.id for t in self.server.workspace.templates.values() if t.name == "Incident"),
            "outTrackId": track,
            "callbackType": "STREAM",
            "userIdType": 1,
            "cardData": {"cardParamMap": VALUES},
            "openSpaceId": space,
            "imGroupOpenDeliverModel": {"robotCode": self.server.client_id},
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT", "robotCode": self.server.client_id},
            **changed,
        }

    async def create(self, track: str = "inc-1", chat: str = "ops-alerts", **changed: object) -> JsonObject:
        return await self.call("POST v1.0/card/instances/createAndDeliver", **self.card(track, chat, **changed))

    async def update(self, track: str, values: dict[str, str], *, by_key: bool = True) -> JsonObject:
        options = {"updateCardDataByKey": True} if by_key else {}
        data = {"cardParamMap": values}
        return await self.call("PUT v1.0/card/instances", outTrackId=track, cardData=data, cardUpdateOptions=options)

    async def send(self, chat: str, key: str, **param: object) -> JsonObject:
        return await self.call(
            "POST v1.0/robot/groupMessages/send",
            robotCode=self.server.client_id,
            openConversationId=self.server.workspace.chat(chat).id,
            msgKey=key,
            msgParam=json.dumps(param),
        )

    async def send_to(self, users: list[str], key: str, **param: object) -> JsonObject:
        return await self.call(
            "POST v1.0/robot/oToMessages/batchSend",
            robotCode=self.server.client_id,
            userIds=users,
            msgKey=key,
            msgParam=json.dumps(param),
        )

    async def connect(self) -> "Socket":
        """Open a Stream connection."""
        answer = await self.call(
            "POST v1.0/gateway/connections/open",
            clientId=self.server.client_id,
            clientSecret=self.secret,
            subscriptions=SUBSCRIPTIONS,
            ua="test",
            localIp="127.0.0.1",
        )
        before = self.server.stream.open
        socket = Socket(await self.sockets.ws_connect(f"{answer['endpoint']}?ticket={answer['ticket']}"))
        await self.server.stream.wait_open(before + 1)
        return socket


class Socket:
    """One Stream connection, frame by frame."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self.websocket = websocket

    async def next(self) -> dict[str, Any]:
        """Return the next frame, its data read."""
        frame: dict[str, Any] = json.loads(await self.websocket.receive_str(timeout=15))
        frame["data"] = json.loads(frame["data"])
        return frame

    async def ack(self, frame: dict[str, Any], data: object = None, *, code: int = 200) -> None:
        headers = {"messageId": frame["headers"]["messageId"], "contentType": "application/json"}
        answer = {"code": code, "headers": headers, "message": "OK", "data": json.dumps(data)}
        await self.websocket.send_str(json.dumps(answer))

    async def closed(self) -> bool:
        """Wait until the other side closes, and return whether it did so without a frame before."""
        message = await self.websocket.receive(timeout=15)
        return message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
