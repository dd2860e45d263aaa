"""A Pushover on this machine: messages, emergency receipts with their callback, cancelling, the monthly quota.

    async with PushoverServer(clock, phones) as pushover:
        pushover.add_user("u" * 30, "ana")
        ...                                       # a provider with pushover.api_base_url, pushover.token
        await pushover.tap(phones.phone("ana").pushes[-1].id, "Acknowledge")

https://pushover.net/api and https://pushover.net/api/receipts. Guesses: the exact words of most errors, the shape of a
429, and that an unknown receipt is answered 404.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.clock import Clock
from bot.playground.endpoint import Endpoint, Heard, Told
from bot.playground.phones import Phones, Push
from bot.playground.wire import JsonObject

MESSAGES: Final = "messages"
RECEIPT: Final = "receipt"
CANCEL: Final = "cancel"
LIMITS: Final = "limits"
APP: Final = "Pushover"
ACKNOWLEDGE: Final = "Acknowledge"
MESSAGE_LIMIT: Final = 1024
TITLE_LIMIT: Final = 250
URL_LIMIT: Final = 512
URL_TITLE_LIMIT: Final = 100
SHORTEST_RETRY: Final = 30
LONGEST_EXPIRE: Final = 10800
MONTHLY: Final = 10_000
DEVICE: Final = "phone"
REQUEST: Final = "647d2300-702c-4b38-8b2f-d56326ae460b"
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_KEY: Final = re.compile(r"[A-Za-z0-9]{30}", re.ASCII)

Fields = dict[str, str]


@dataclass(slots=True)
class _Emergency:
    """An alarm that goes on until it is acknowledged, cancelled or expired."""

    receipt: str
    user: str
    phone: str
    callback: str
    expires_at: datetime
    acknowledged_at: datetime | None = None
    called_back_at: datetime | None = None


class _Refused(Exception):
    """A call is refused; `field` is the one that is wrong."""

    def __init__(self, status: int, field: str, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.body: JsonObject = {field: "invalid", "errors": [error], "status": 0, "request": REQUEST}


class PushoverServer(Endpoint):
    """One application with its token. `remaining`: how many messages are left of this month's."""

    def __init__(self, clock: Clock, phones: Phones, port: int = 0) -> None:
        super().__init__(clock, port)
        self.phones = phones
        self.token = "a" * 29 + "1"
        self.remaining = MONTHLY
        self._users: dict[str, str] = {}
        self._emergencies: dict[str, _Emergency] = {}
        self._count = 0
        self.log.hide([self.token])
        self.route(MESSAGES, "POST", "/1/messages.json", self._messages)
        self.route(RECEIPT, "GET", "/1/receipts/{receipt}.json", self._receipt)
        self.route(CANCEL, "POST", "/1/receipts/{receipt}/cancel.json", self._cancel)
        self.route(LIMITS, "GET", "/1/apps/limits.json", self._limits)

    def add_user(self, key: str, name: str) -> None:
        """Give somebody's phone a user key of 30 letters and digits."""
        self._users[key] = name

    async def tap(self, push_id: str, label: str) -> Heard:
        """Acknowledge an alarm, and tell whoever sent it. Raises LookupError: no such alarm, or no such action."""
        emergency = self._emergencies[push_id]
        if label != ACKNOWLEDGE or not self._is_alarming(emergency):
            raise LookupError(f"there is no {label} on {push_id}")
        emergency.acknowledged_at = self.clock.now()
        self.phones.phone(emergency.phone).drop_push(push_id)
        if not emergency.callback:
            return Heard(0)
        emergency.called_back_at = self.clock.now()
        return await self.tell(Told("callback", emergency.callback, urlencode(self._called(emergency)).encode(), _FORM))

    async def claim(self, push_id: str, url: str) -> Heard:
        """Post to `url` that an alarm was acknowledged, as a stranger would, though nobody has acknowledged it."""
        said = self._called(self._emergencies[push_id]) | {"acknowledged": "1"}
        return await self.ask(Told("callback", url, urlencode(said).encode(), _FORM))

    def is_alarming(self, receipt: str) -> bool:
        """Whether the alarm still goes on."""
        return self._is_alarming(self._emergencies[receipt])

    def _is_alarming(self, emergency: _Emergency) -> bool:
        return emergency.acknowledged_at is None and self.clock.now() < emergency.expires_at

    def _called(self, emergency: _Emergency) -> Fields:
        return {
            "receipt": emergency.receipt,
            "acknowledged": "1",
            "acknowledged_at": _unix(emergency.acknowledged_at),
            "acknowledged_by": emergency.user,
            "acknowledged_by_device": DEVICE,
        }

    # What it answers

    async def _messages(self, request: Request) -> Response:
        fields = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        return self._answer(lambda: self._take(fields))

    async def _receipt(self, request: Request) -> Response:
        return self._answer(lambda: self._look(request.query_params.get("token", ""), request.path_params["receipt"]))

    async def _cancel(self, request: Request) -> Response:
        fields = dict(parse_qsl((await request.body()).decode()))
        return self._answer(lambda: self._stop(fields.get("token", ""), request.path_params["receipt"]))

    async def _limits(self, request: Request) -> Response:
        return self._answer(lambda: self._left(request.query_params.get("token", "")))

    def _answer(self, carry_out: Callable[[], JsonObject]) -> Response:
        headers = {
            "X-Limit-App-Limit": str(MONTHLY),
            "X-Limit-App-Remaining": str(self.remaining),
            "X-Limit-App-Reset": _unix(_next_month(self.clock.now())),
        }
        try:
            body = carry_out()
        except _Refused as refused:
            return JSONResponse(refused.body, refused.status, headers=headers)
        headers["X-Limit-App-Remaining"] = str(self.remaining)
        return JSONResponse({"status": 1, "request": REQUEST, **body}, headers=headers)

    def _take(self, fields: Fields) -> JsonObject:
        self._need_token(fields.get("token", ""))
        _check(fields)
        if fields.get("user", "") not in self._users:
            raise _Refused(400, "user", "user identifier is not a valid user, group, or subscribed user key")
        if self.remaining < 1:
            raise _Refused(429, "token", "application is over its message limit, see https://pushover.net/faq")
        self.remaining -= 1
        self._count += 1
        is_alarm = fields.get("priority") == "2"
        receipt = f"r{self._count:029d}"
        name = self._users[fields["user"]]
        if is_alarm:
            until = self.clock.now() + timedelta(seconds=int(fields["expire"]))
            callback = fields.get("callback", "")
            self._emergencies[receipt] = _Emergency(receipt, fields["user"], name, callback, until)
        push = Push(
            id=receipt,
            at=self.clock.now(),
            app=APP,
            title=fields.get("title", "") or "Oncard",
            words=fields["message"],
            url=fields.get("url", ""),
            actions={ACKNOWLEDGE: "acknowledge"} if is_alarm else {},
            alarming=is_alarm,
        )
        self.phones.phone(name).take_push(push)
        return {"receipt": receipt} if is_alarm else {}

    def _look(self, token: str, receipt: str) -> JsonObject:
        emergency = self._find(token, receipt)
        return {
            "acknowledged": int(emergency.acknowledged_at is not None),
            "acknowledged_at": int(_unix(emergency.acknowledged_at)),
            "acknowledged_by": emergency.user if emergency.acknowledged_at else "",
            "acknowledged_by_device": DEVICE if emergency.acknowledged_at else "",
            "expired": int(self.clock.now() >= emergency.expires_at),
            "expires_at": int(_unix(emergency.expires_at)),
            "called_back": int(emergency.called_back_at is not None),
            "called_back_at": int(_unix(emergency.called_back_at)),
        }

    def _stop(self, token: str, receipt: str) -> JsonObject:
        emergency = self._find(token, receipt)
        if not self._is_alarming(emergency):
            raise _Refused(400, "receipt", "receipt is already acknowledged or expired")
        emergency.expires_at = self.clock.now()
        self.phones.phone(emergency.phone).drop_push(receipt)
        return {}

    def _left(self, token: str) -> JsonObject:
        self._need_token(token)
        reset = int(_unix(_next_month(self.clock.now())))
        return {"limit": MONTHLY, "remaining": self.remaining, "reset": reset}

    def _find(self, token: str, receipt: str) -> _Emergency:
        self._need_token(token)
        if receipt not in self._emergencies:
            raise _Refused(404, "receipt", "receipt not found; may be invalid or expired")
        return self._emergencies[receipt]

    def _need_token(self, token: str) -> None:
        if token != self.token:
            raise _Refused(400, "token", "application token is invalid, see https://pushover.net/api")


def _check(fields: Fields) -> None:
    """Raise what a message is refused with for its content."""
    if _KEY.fullmatch(fields.get("user", "")) is None:
        raise _Refused(400, "user", "user identifier is invalid")
    if not fields.get("message"):
        raise _Refused(400, "message", "message cannot be blank")
    for name, limit in (("message", MESSAGE_LIMIT), ("title", TITLE_LIMIT), ("url", URL_LIMIT)):
        if len(fields.get(name, "")) > limit:
            raise _Refused(400, name, f"{name} is too long, must be {limit} characters or less")
    if len(fields.get("url_title", "")) > URL_TITLE_LIMIT:
        raise _Refused(400, "url_title", f"url title is too long, must be {URL_TITLE_LIMIT} characters or less")
    if fields.get("priority", "0") not in ("-2", "-1", "0", "1", "2"):
        raise _Refused(400, "priority", "priority is invalid")
    if fields.get("priority") == "2":
        _check_alarm(fields)


def _check_alarm(fields: Fields) -> None:
    for name in ("expire", "retry"):
        if not fields.get(name, "").isdigit():
            raise _Refused(400, name, f"{name} must be supplied with priority=2")
    if int(fields["retry"]) < SHORTEST_RETRY:
        raise _Refused(400, "retry", f"retry must be at least {SHORTEST_RETRY} seconds")
    if int(fields["expire"]) > LONGEST_EXPIRE:
        raise _Refused(400, "expire", f"expire must be at most {LONGEST_EXPIRE} seconds")


def _unix(at: datetime | None) -> str:
    return str(int(at.timestamp())) if at else "0"


def _next_month(now: datetime) -> datetime:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
