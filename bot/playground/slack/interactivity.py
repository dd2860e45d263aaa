"""What a person does in Slack, told to the app: clicks, choices, submitted views, slash commands.

Source: https://docs.slack.dev/interactivity/handling-user-interaction and .../reference/interaction-payloads. The
app must acknowledge within 3 s of real time, else the person sees a warning. Nothing is repeated.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

import aiohttp

from bot.playground.slack.blocks import elements_of
from bot.playground.slack.modals import Modals, View
from bot.playground.slack.shapes import message_shape
from bot.playground.slack.socket_mode import SocketHub
from bot.playground.slack.triggers import ResponseUrl, Triggers
from bot.playground.slack.views import view_shape
from bot.playground.slack.workspace import Channel, Message, User, Workspace
from bot.playground.wire import JsonObject, as_object, as_objects, as_text

ACK_SECONDS = 3.0

Heard = Callable[[str, object, object, int | None], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """How the app answered an interaction; `why` says what went wrong if it did not acknowledge in time."""

    via: Literal["socket", "http", "nothing"]
    body: JsonObject
    why: str = ""

    @property
    def acked(self) -> bool:
        """Whether the app acknowledged in time."""
        return not self.why


@dataclass(frozen=True, slots=True)
class Element:
    """An interactive element of a message and where it stands; `attachment` is its number, 0 for none."""

    content: JsonObject
    block_id: str
    attachment: int = 0

    @property
    def label(self) -> str:
        """The words on it."""
        return as_text(as_object(self.content.get("text") or self.content.get("placeholder")).get("text"))


def elements_in(message: Message) -> list[Element]:
    """Return the interactive elements of a message, those in attachments too."""
    found = [Element(e, as_text(b.get("block_id"))) for b in message.draft.blocks for e in elements_of(b)]
    for attachment in message.draft.attachments:
        for block in as_objects(attachment.get("blocks")):
            number = attachment.get("id")
            found += [
                Element(e, as_text(block.get("block_id")), number if isinstance(number, int) else 0)
                for e in elements_of(block)
            ]
    return [element for element in found if element.content.get("type") != "image"]


def find_element(message: Message, wanted: str) -> Element:
    """Return the element with this action_id or these words on it; raises LookupError."""
    elements = elements_in(message)
    for element in elements:
        if wanted in (element.content.get("action_id"), element.label):
            return element
    there = ", ".join(f"{e.label!r} ({e.content.get('action_id')})" for e in elements) or "none"
    raise LookupError(f"no button {wanted!r} on the message; there are: {there}")


def chosen(element: JsonObject, choice: str) -> JsonObject:
    """Return what a person's choice adds to the action of a button or menu; raises LookupError."""
    kind = as_text(element.get("type"))
    if kind in ("users_select", "conversations_select", "channels_select"):
        return {f"selected_{kind.removesuffix('s_select')}": choice}
    if kind not in ("static_select", "overflow", "radio_buttons"):
        return {}
    options = as_objects(element.get("options"))
    options += [o for group in as_objects(element.get("option_groups")) for o in as_objects(group.get("options"))]
    for option in options:
        if choice in (option.get("value"), as_object(option.get("text")).get("text")):
            return {"selected_option": option}
    raise LookupError(f"no option {choice!r}; there are {[o.get('value') for o in options]}")


class Interactivity:
    """Builds payloads and delivers them: by Socket Mode if a socket is connected, else to the request URL if set.

    `ack_seconds` is the deadline for the acknowledgement, in real seconds.
    """

    def __init__(self, workspace: Workspace, sockets: SocketHub, triggers: Triggers, modals: Modals) -> None:
        self._workspace = workspace
        self._sockets = sockets
        self._triggers = triggers
        self._modals = modals
        self.heard: Heard = lambda *_: None
        self.reachable: Callable[[], bool] = lambda: True
        self.address = ""
        self.request_url = ""
        self.commands_url = ""
        self.ack_seconds = ACK_SECONDS

    async def act(self, user: User, message: Message, element: Element, choice: str = "") -> Answer:
        """Click a button, or choose from a menu, of a message."""
        workspace = self._workspace
        channel = workspace.channels[message.channel]
        action = {key: value for key, value in element.content.items() if key not in _NOT_IN_ACTIONS}
        action |= {"block_id": element.block_id, "action_ts": workspace.next_ts(), **chosen(element.content, choice)}
        payload: JsonObject = {
            "type": "block_actions",
            **self._who(user),
            "container": _container(message, element),
            "trigger_id": self._triggers.issue(user.id, workspace.clock.now()),
            "enterprise": None,
            "is_enterprise_install": False,
            "channel": {"id": channel.id, "name": "directmessage" if channel.kind == "im" else channel.name},
            "state": {"values": {}},
            "response_url": self._response_url(channel, user, message.ts),
            "actions": [action],
        }
        if not message.visible_to:
            payload["message"] = message_shape(workspace, message)
        return await self._interactive(payload, accepts_response=False)

    async def submit(self, view: View, values: JsonObject) -> Answer:
        """Submit a modal with `values`: block_id -> action_id -> the element's state."""
        user = self._workspace.users[view.user]
        shape = {**view_shape(self._workspace, view), "state": {"values": values}}
        payload: JsonObject = {
            "type": "view_submission",
            **self._who(user),
            "trigger_id": self._triggers.issue(user.id, self._workspace.clock.now()),
            "view": shape,
            "response_urls": [],
            "is_enterprise_install": False,
            "enterprise": None,
        }
        return await self._interactive(payload, accepts_response=True)

    async def command(self, user: User, channel: Channel, command: str, text: str) -> Answer:
        """Type a slash command."""
        workspace = self._workspace
        payload: JsonObject = {
            "token": "legacy",
            "team_id": workspace.team_id,
            "team_domain": workspace.name.lower(),
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.kind == "im" else channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": workspace.app_id,
            "is_enterprise_install": "false",
            "response_url": self._response_url(channel, user, ""),
            "trigger_id": self._triggers.issue(user.id, workspace.clock.now()),
        }
        form = {key: as_text(value) for key, value in payload.items()}
        return await self._deliver("slash_commands", payload, form, self.commands_url or self.request_url)

    def _who(self, user: User) -> JsonObject:
        workspace = self._workspace
        return {
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": workspace.team_id},
            "team": {"id": workspace.team_id, "domain": workspace.name.lower()},
            "api_app_id": workspace.app_id,
            "token": "legacy",
        }

    def _response_url(self, channel: Channel, user: User, ts: str) -> str:
        key = self._triggers.issue_url(ResponseUrl(channel.id, user.id, ts, self._workspace.clock.now()))
        return f"http://{self.address}/actions/{key}"

    async def _interactive(self, payload: JsonObject, *, accepts_response: bool) -> Answer:
        form = {"payload": json.dumps(payload)}
        return await self._deliver("interactive", payload, form, self.request_url, accepts_response=accepts_response)

    async def _deliver(
        self, kind: str, payload: JsonObject, form: dict[str, str], url: str, *, accepts_response: bool = True
    ) -> Answer:
        if not self.reachable():
            return Answer("nothing", {}, "Slack is unplugged")
        if self._sockets.connected:
            return await self._by_socket(kind, payload, accepts_response=accepts_response)
        if not url:
            return Answer("nothing", {}, "no socket is connected and no request URL is set")
        answer, status = await self._by_http(form, url)
        self.heard(f"http {kind}", payload, answer.body if answer.acked else answer.why, status)
        return answer

    async def _by_socket(self, kind: str, payload: JsonObject, *, accepts_response: bool) -> Answer:
        try:
            async with asyncio.timeout(self.ack_seconds):
                body = await self._sockets.deliver(kind, payload, accepts_response=accepts_response)
        except TimeoutError:
            return Answer("socket", {}, f"no acknowledgement within {self.ack_seconds:g} s")
        except ConnectionError as lost:
            return Answer("socket", {}, str(lost))
        return Answer("socket", body or {})

    async def _by_http(self, form: dict[str, str], url: str) -> tuple[Answer, int | None]:
        body = urlencode(form).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self.signature(body)}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.ack_seconds)) as session,
                session.post(url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                answered = await response.text()
        except TimeoutError:
            return Answer("http", {}, f"no answer within {self.ack_seconds:g} s"), None
        except aiohttp.ClientError as error:
            return Answer("http", {}, f"{type(error).__name__}: {error}"), None
        why = "" if 200 <= response.status < 300 else f"HTTP {response.status}"
        return Answer("http", _json_object(answered), why), response.status

    def signature(self, body: bytes) -> dict[str, str]:
        """Return the headers that prove a request is Slack's: HMAC-SHA256 over version, timestamp and raw body."""
        timestamp = str(int(self._workspace.clock.now().timestamp()))
        secret = self._workspace.tokens.signing_secret.encode()
        digest = hmac.new(secret, f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={digest}"}


_NOT_IN_ACTIONS = frozenset({"options", "option_groups", "confirm", "focus_on_load", "accessibility_label"})


def _container(message: Message, element: Element) -> JsonObject:
    container: JsonObject = {
        "type": "message_attachment" if element.attachment else "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": bool(message.visible_to),
    }
    if element.attachment:
        container |= {"attachment_id": element.attachment, "is_app_unfurl": False}
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    return container


def _json_object(text: str) -> JsonObject:
    try:
        return as_object(json.loads(text))
    except json.JSONDecodeError:
        return {}
