"""An ntfy on this machine, as its server answers: publishing by JSON, its limits, its error codes, taps on actions.

    async with NtfyServer(clock, phones) as ntfy:
        ntfy.subscribe("oncall-ana", "ana")
        ...                                       # a provider with ntfy.api_base_url
        await ntfy.tap(phones.phone("ana").pushes[-1].id, "Acknowledge")

The codes and words are those of the server's source (`server/errors.go`). An action is carried out by the phone, from
where it is, and its push leaves the screen only when the answer was 2xx. Guesses: none are known.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.clock import Clock
from bot.playground.endpoint import Endpoint, Heard, Told
from bot.playground.phones import Phones, Push
from bot.playground.wire import JsonObject, as_object, as_objects, as_text

MESSAGE_BYTES: Final = 4096
MOST_ACTIONS: Final = 3
BURST: Final = 60
REFILL_SECONDS: Final = 5.0
PUBLISH: Final = "publish"
APP: Final = "ntfy"
_TOPIC: Final = re.compile(r"[-_A-Za-z0-9]{1,64}", re.ASCII)
_DOCS: Final = "https://ntfy.sh/docs/publish/"
_ACTIONS_INVALID: Final = (40018, "invalid request: actions invalid", f"{_DOCS}#action-buttons")


@dataclass(frozen=True, slots=True)
class _Shown:
    """A message on a phone: whose, and its actions by label."""

    phone: str
    actions: Mapping[str, JsonObject] = field(default_factory=dict)


class _Refused(Exception):
    def __init__(self, code: int, error: str, link: str = "") -> None:
        super().__init__(error)
        body: JsonObject = {"code": code, "http": code // 100, "error": error}
        self.body = {**body, "link": link} if link else body
        self.status = code // 100


class NtfyServer(Endpoint):
    """One server. `token`: what may publish; `open`: anybody may. `daily`: how many messages a day has, None: any."""

    def __init__(self, clock: Clock, phones: Phones, port: int = 0, *, token: str = "") -> None:
        super().__init__(clock, port)
        self.phones = phones
        self.token = token
        self.forbidden: set[str] = set()
        self.daily: int | None = None
        self._topics: dict[str, list[str]] = {}
        self._shown: dict[str, _Shown] = {}
        self._level = float(BURST)
        self._filled_at: datetime = clock.now()
        self._count = 0
        self.log.hide([token])
        self.route(PUBLISH, "POST", "/", self._publish)
        self.route("health", "GET", "/v1/health", self._health)
        self.route("account", "GET", "/v1/account", self._account)

    def subscribe(self, topic: str, name: str) -> None:
        """Let somebody's phone listen to a topic."""
        self._topics.setdefault(topic, []).append(name)

    async def tap(self, push_id: str, label: str) -> Heard:
        """Tap an action; of one that opens an address, that is told. Raises LookupError: it is not on any screen."""
        shown = self._shown[push_id]
        action = shown.actions[label]
        url = as_text(action.get("url"))
        if action.get("action") == "view":
            return Heard(200, url)
        headers = {name: as_text(value) for name, value in as_object(action.get("headers")).items()}
        body = as_text(action.get("body")).encode()
        heard = await self.tell(Told("tap", url, body, headers, as_text(action.get("method")) or "POST"))
        if heard.is_ok and action.get("clear") is True:
            self.phones.phone(shown.phone).drop_push(push_id)
        return heard

    def address(self, push_id: str, label: str) -> str:
        """Return what a tap on an action opens, empty: nothing. Raises LookupError: it is not on any screen."""
        action = self._shown[push_id].actions[label]
        return as_text(action.get("url")) if action.get("action") == "view" else ""

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"healthy": True})

    async def _account(self, request: Request) -> Response:
        try:
            self._admit(request)
        except _Refused as refused:
            return JSONResponse(refused.body, refused.status)
        named = "authorization" in request.headers
        return JSONResponse({"username": "oncard" if named else "*", "role": "user" if named else "anonymous"})

    async def _publish(self, request: Request) -> Response:
        try:
            self._admit(request, publishes=True)
            message = _read(await request.body())
            if message["topic"] in self.forbidden:
                raise _Refused(40301, "forbidden", f"{_DOCS}#authentication")
            self._count_message()
        except _Refused as refused:
            return JSONResponse(refused.body, refused.status)
        return JSONResponse(self._show(message))

    def _admit(self, request: Request, *, publishes: bool = False) -> None:
        given = request.headers.get("authorization", "")
        is_wrong = given and given != f"Bearer {self.token}"
        if is_wrong or (not self.token and given):
            raise _Refused(40101, "unauthorized", f"{_DOCS}#authentication")
        if publishes and self.token and not given:
            raise _Refused(40301, "forbidden", f"{_DOCS}#authentication")

    def _count_message(self) -> None:
        """Take one from the visitor's bucket, which fills by one in 5 s up to 60."""
        now = self.clock.now()
        filled = (now - self._filled_at).total_seconds() / REFILL_SECONDS
        self._level, self._filled_at = min(self._level + filled, BURST), now
        limits = f"{_DOCS}#limitations"
        if self._level < 1:
            raise _Refused(42901, "limit reached: too many requests, please be nice", limits)
        if self.daily is not None and self._count >= self.daily:
            raise _Refused(42908, "limit reached: too many messages", limits)
        self._level, self._count = self._level - 1, self._count + 1

    def _show(self, message: JsonObject) -> JsonObject:
        now = self.clock.now()
        number = f"ntfy{self._count:08d}"
        topic, priority = as_text(message["topic"]), message.get("priority", 3)
        actions = {as_text(one.get("label")): one for one in as_objects(message.get("actions"))}
        for place, name in enumerate(self._topics.get(topic, ())):
            push_id = number if not place else f"{number}-{place}"
            self._shown[push_id] = _Shown(name, actions)
            push = Push(
                id=push_id,
                at=now,
                app=APP,
                title=as_text(message.get("title")) or topic,
                words=as_text(message.get("message")),
                url=as_text(message.get("click")),
                actions={label: as_text(one.get("action")) for label, one in actions.items()},
                alarming=priority == 5,
            )
            self.phones.phone(name).take_push(push)
        until = int((now + timedelta(hours=12)).timestamp())
        return {"id": number, "time": int(now.timestamp()), "expires": until, "event": "message", **message}


def _read(body: bytes) -> JsonObject:
    """Return a message, or raise what the server refuses it with."""
    try:
        message = json.loads(body)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise _Refused(40017, "invalid request: request body must be message JSON", f"{_DOCS}#publish-as-json")
    if _TOPIC.fullmatch(as_text(message.get("topic"))) is None:
        raise _Refused(40009, "invalid request: topic invalid")
    if message.get("priority", 3) not in (1, 2, 3, 4, 5):
        raise _Refused(40007, "invalid priority parameter", f"{_DOCS}#message-priority")
    if len(as_text(message.get("message")).encode()) > MESSAGE_BYTES:
        # It would be an attachment, which needs a server that keeps files.
        raise _Refused(40014, "invalid request: attachments not allowed", f"{_DOCS}#attachments")
    _check_actions(message.get("actions", []))
    return message


def _check_actions(actions: object) -> None:
    code, words, link = _ACTIONS_INVALID
    listed = as_objects(actions)
    if len(listed) > MOST_ACTIONS:
        raise _Refused(code, f"{words}, only {MOST_ACTIONS} actions allowed", link)
    for action in listed:
        kind = as_text(action.get("action"))
        if kind not in ("view", "broadcast", "http"):
            raise _Refused(code, f"{words}, parameter 'action' cannot be '{kind}'", link)
        if not as_text(action.get("label")):
            raise _Refused(code, f"{words}, parameter 'label' is required", link)
        if kind in ("view", "http") and not as_text(action.get("url")):
            raise _Refused(code, f"{words}, parameter 'url' is required for action '{kind}'", link)
