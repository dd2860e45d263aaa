"""A bark-server on this machine: `POST /push`, its answers, keys that are unknown or dead, Basic authentication.

The words are those of the server's source (`route_push.go`). A push has no actions: a tap opens its `url`. Guesses: the
words with which Apple's refusals are passed on, and that the payload's 4096 bytes leave 3500 to title and body.
"""

import base64
import json
import re
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from bot.clock import Clock
from bot.playground.endpoint import Endpoint, Heard
from bot.playground.phones import Phones, Push
from bot.playground.wire import JsonObject, as_text

PUSH: Final = "push"
INFO: Final = "info"
APP: Final = "Bark"
CONTENT_BYTES: Final = 3500
LEVELS: Final = ("critical", "active", "timeSensitive", "passive")
_DIGITS: Final = re.compile(r"[0-9]|10", re.ASCII)


class BarkServer(Endpoint):
    """One server. `user`, `password`: what it asks for, empty: nothing. `dead`: keys that Apple knows no more."""

    def __init__(self, clock: Clock, phones: Phones, port: int = 0) -> None:
        super().__init__(clock, port)
        self.phones = phones
        self.user = ""
        self.password = ""
        self.dead: set[str] = set()
        self._keys: dict[str, str] = {}
        self._urls: dict[str, str] = {}
        self._count = 0
        self.route(PUSH, "POST", "/push", self._push)
        self.route(INFO, "GET", "/info", self._info)

    def register(self, key: str, name: str) -> None:
        """Give somebody's phone a device key."""
        self._keys[key] = name

    async def tap(self, push_id: str, label: str) -> Heard:
        """Tap a push: the address that it opens is told. Raises LookupError: there is none; it has no other actions."""
        if label or not self._urls[push_id]:
            raise LookupError(f"{push_id} has no {label or 'address'}")
        return Heard(200, self._urls[push_id])

    async def _info(self, request: Request) -> Response:
        if not self._is_known(request):
            return PlainTextResponse("Unauthorized", 401)
        return JSONResponse({"version": "v2.1.5", "build": "", "arch": "linux/amd64", "devices": len(self._keys)})

    async def _push(self, request: Request) -> Response:
        if not self._is_known(request):
            return PlainTextResponse("Unauthorized", 401)
        try:
            fields = json.loads(await request.body())
        except ValueError as error:
            return self._said(400, f"request bind failed: {error}")
        code, words = self._take(fields if isinstance(fields, dict) else {})
        return self._said(code, words)

    def _take(self, fields: JsonObject) -> tuple[int, str]:
        key = as_text(fields.get("device_key"))
        if not key:
            return 400, "device key is empty"
        if key not in self._keys:
            return 400, f"failed to get device token: failed to get [{key}] device token from database"
        if key in self.dead:
            return 500, "push failed: APNS push failed: BadDeviceToken"
        title, words = as_text(fields.get("title")), as_text(fields.get("body"))
        if len((title + words).encode()) > CONTENT_BYTES:
            return 500, "push failed: APNS push failed: PayloadTooLarge"
        level = as_text(fields.get("level")) or "active"
        self._count += 1
        push_id = f"bark{self._count}"
        self._urls[push_id] = as_text(fields.get("url"))
        loud = level == "critical" and _DIGITS.fullmatch(as_text(fields.get("volume")) or "5") is not None
        push = Push(push_id, self.clock.now(), APP, title, words or "NoContent", self._urls[push_id], alarming=loud)
        self.phones.phone(self._keys[key]).take_push(push)
        return 200, "success"

    def _said(self, code: int, words: str) -> Response:
        return JSONResponse({"code": code, "message": words, "timestamp": int(self.clock.now().timestamp())}, code)

    def _is_known(self, request: Request) -> bool:
        given = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return not self.user or request.headers.get("authorization", "") == f"Basic {given}"
