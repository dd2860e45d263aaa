"""Pushes by Pushover. What is to wake somebody is an emergency: it sounds until it is acknowledged on the phone.

An acknowledgement there is one here. Pushover tells it by a callback that it does not sign: so we ask it about the
receipt before we believe it. The button's sentence stands in the callback's path behind our reference, which nobody can
make up. An alarm of many incidents takes none of them when it is silenced: it counts as seen, and its page takes them.
https://pushover.net/api and https://pushover.net/api/receipts

Guesses: that Pushover calls back again when we answer 503, and that a callback may be as long as an address (512).
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from adapters.providers.pushover.config import PushoverConfig
from adapters.providers.pushover.errors import failure_of
from bot.adapter import Answer, Callback, DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.clock import Clock
from bot.outbound import settings
from bot.outbound.client import HttpClient, Reply
from bot.outbound.redaction import Redaction
from bot.provider import Envelope, Progress, ProviderInbox, Report
from cards.push import TOKEN_BYTES, Limits, Loudness, Push, render

LIMITS: Final = Limits(title=250, body=1024)
URL_LIMIT: Final = 512
URL_TITLE_LIMIT: Final = 100
PRIORITIES: Final = {Loudness.ALARM: "2", Loudness.NORMAL: "0", Loudness.QUIET: "-1"}
ACT: Final = "act"
SEEN: Final = "seen"
_RECEIPT: Final = re.compile(r"[A-Za-z0-9]{30}", re.ASCII)
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def connect(name: str, values: Mapping[str, str], clock: Clock) -> "PushoverPush":
    """Return the provider. Raises ValueError: a setting is wrong."""
    return PushoverPush(name, settings.read(PushoverConfig, values, "app_token"), clock)


class PushoverPush:
    """One application: a Provider that Cancels and is CalledBack."""

    def __init__(self, name: str, config: PushoverConfig, clock: Clock) -> None:
        self._name = name
        self._config = config
        self._clock = clock
        self._token = config.app_token.get_secret_value()
        self._redaction = Redaction(self._token)
        self._http = HttpClient(config, self._redaction)

    @property
    def timeout(self) -> float:
        return self._config.timeout + 2

    async def check(self) -> str:
        reply = await self._http.call("GET", "1/apps/limits.json", params={"token": self._token})
        left, limit = (self._taken(reply).get(name) for name in ("remaining", "limit"))
        return f"{left} of {limit} messages left this month"

    async def send(self, envelope: Envelope) -> Receipt:
        push = render(envelope.message, limits=LIMITS, locale=envelope.locale, urgent=envelope.urgent)
        fields = {
            "token": self._token,
            "user": envelope.to,
            "title": push.title,
            "message": push.body,
            "priority": PRIORITIES[push.loudness],
            **({"sound": self._config.sound} if self._config.sound else {}),
            **_page(push, envelope),
            **(self._alarm(push, envelope) if push.loudness is Loudness.ALARM else {}),
        }
        reply = await self._post("1/messages.json", fields)
        body = self._taken(reply, envelope.to)
        number = body.get("receipt") or body.get("request")
        if not isinstance(number, str):
            raise DeliveryFailed(FailureKind.UNCERTAIN, "the answer names neither a receipt nor a request")
        left = reply.headers.get("x-limit-app-remaining", "")
        said = f"queued, {left} messages left this month" if left.isdigit() else "queued"
        return Receipt(MessageRef(self._name, number), said)

    async def cancel(self, id: str) -> str:  # noqa: A002 - As the protocol has it.
        if _RECEIPT.fullmatch(id) is None:
            raise DeliveryFailed(FailureKind.GONE, "it was no alarm: there is nothing to stop")
        reply = await self._post(f"1/receipts/{id}/cancel.json", {"token": self._token})
        if reply.status in (400, 404) and reply.json().get("token") != "invalid":
            raise DeliveryFailed(FailureKind.GONE, failure_of(reply, self._redaction).detail)
        self._taken(reply)
        return "cancelled"

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        reference, _, rest = request.path.strip("/").partition("/")
        verb, _, packed = rest.partition("/")
        token = _unpacked(packed)
        receipt = dict(parse_qsl(request.body[:4096].decode(errors="replace"))).get("receipt", "")
        if request.method != "POST" or not reference or verb not in (ACT, SEEN) or (verb == ACT) != bool(token):
            return Answer(404, b"there is nothing here")
        if _RECEIPT.fullmatch(receipt) is None:
            return Answer(400, b"receipt is none")
        try:
            device = await self._acknowledged(receipt)
        except DeliveryFailed:
            return Answer(503, b"Pushover could not be asked about the receipt")
        if device is None:
            return Answer(403, b"it was not acknowledged")
        if not token:
            await inbox.reported(Report(Progress.SEEN, f"acknowledged on {device}", reference, receipt))
            return Answer(200)
        return Answer(200, (await inbox.seen(reference, token)).encode())

    async def close(self) -> None:
        await self._http.close()

    async def _acknowledged(self, receipt: str) -> str | None:
        """Return the device on which it was acknowledged; None: it was not. Raises DeliveryFailed."""
        reply = await self._http.call("GET", f"1/receipts/{receipt}.json", params={"token": self._token})
        if reply.status in (400, 404):
            return None
        body = self._taken(reply)
        return str(body.get("acknowledged_by_device")) if body.get("acknowledged") == 1 else None

    async def _post(self, path: str, fields: Mapping[str, str]) -> Reply:
        return await self._http.call("POST", path, content=urlencode(fields).encode(), headers=_FORM)

    def _taken(self, reply: Reply, to: str = "") -> dict[str, object]:
        """Return the answer's body. Raises DeliveryFailed: it was not taken."""
        body = reply.json()
        if reply.status != 200 or body.get("status") != 1:
            clean = self._redaction if not to else lambda text: self._redaction(text.replace(to, "[user]"))
            raise failure_of(reply, clean, retry_after=self._until_reset(reply))
        return body

    def _until_reset(self, reply: Reply) -> float | None:
        reset = reply.headers.get("x-limit-app-reset", "")
        if not (reset.isascii() and reset.isdigit() and len(reset) <= 11):
            return None
        return max(int(reset) - self._clock.now().timestamp(), 0.0)

    def _alarm(self, push: Push, envelope: Envelope) -> dict[str, str]:
        """Return what makes it an emergency; where nobody reaches us, nobody hears of the acknowledgement."""
        alarm = {"retry": str(self._config.retry), "expire": str(self._config.expire)}
        if not envelope.callback:
            return alarm
        token = _acknowledging(push)
        path = f"{envelope.reference}/{ACT}/{_packed(token)}" if token else f"{envelope.reference}/{SEEN}"
        return {**alarm, "callback": f"{envelope.callback}{path}"}


def _acknowledging(push: Push) -> str:
    """Return the sentence of the button that takes the incident; empty: there is none."""
    return next((one.token for one in push.actions if one.token.startswith("ack ")), "")


def _page(push: Push, envelope: Envelope) -> dict[str, str]:
    """Return the address under the message: the page of its first button, else what can be read about it."""
    for action in push.actions:
        address = envelope.links.get(action.token, "")
        if 0 < len(address) <= URL_LIMIT:
            return {"url": address, "url_title": action.label[:URL_TITLE_LIMIT]}
    return {"url": push.url} if push.url else {}


def _packed(token: str) -> str:
    """Return a sentence so that it stands in a path."""
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


def _unpacked(packed: str) -> str:
    """Return the sentence; empty: it is none."""
    try:
        token = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return token if token.isprintable() and len(token.encode()) <= TOKEN_BYTES else ""
