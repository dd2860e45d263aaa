"""Pushes to iPhones by Bark. What is to wake somebody is a critical alert: it rings for 30 s, on a silent phone too.

There are no buttons and no receipts: a tap opens the page that asks to confirm. The server gives a push no id, so that
ours stands in the receipt. https://bark.day.app/#/en-us/tutorial

A guess: that Apple's 4096 bytes for all of a push leave 2400 for title and body, beside an address of 500.
"""

from collections.abc import Mapping
from typing import Final

from adapters.providers.bark.config import BarkConfig
from adapters.providers.bark.errors import failure_of
from bot.adapter import DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.clock import Clock
from bot.outbound import settings
from bot.outbound.client import HttpClient
from bot.outbound.redaction import Redaction
from bot.provider import Envelope
from cards.push import Limits, Loudness, Push, render

LIMITS: Final = Limits(title=200, body=2200, in_bytes=True)
LEVELS: Final = {Loudness.ALARM: "critical", Loudness.NORMAL: "active", Loudness.QUIET: "passive"}


def connect(name: str, values: Mapping[str, str], clock: Clock) -> "BarkPush":
    """Return the provider. Raises ValueError: a setting is wrong."""
    del clock  # Nothing here waits.
    return BarkPush(name, settings.read(BarkConfig, values, "username"))


class BarkPush:
    """One Bark server: a Provider."""

    def __init__(self, name: str, config: BarkConfig) -> None:
        self._name = name
        self._config = config
        self._redaction = Redaction(*config.secrets)
        self._http = HttpClient(config, self._redaction)

    @property
    def timeout(self) -> float:
        return self._config.timeout + 2

    async def check(self) -> str:
        reply = await self._http.call("GET", "info", headers=self._config.authorization)
        if reply.status != 200:
            raise failure_of(reply, self._redaction)
        version = reply.json().get("version")
        if not isinstance(version, str):
            raise DeliveryFailed(FailureKind.UNCERTAIN, "no answer of a Bark server: is api_base_url right?")
        return f"bark-server {version}"

    async def send(self, envelope: Envelope) -> Receipt:
        push = render(envelope.message, limits=LIMITS, locale=envelope.locale, urgent=envelope.urgent)
        content = {
            "device_key": envelope.to,
            "title": push.title,
            "body": push.body,
            "level": LEVELS[push.loudness],
            "group": self._config.group,
            **({"sound": self._config.sound} if self._config.sound else {}),
            **({"volume": str(self._config.volume), "call": "1"} if push.loudness is Loudness.ALARM else {}),
            **({"url": address} if (address := _address(push, envelope)) else {}),
        }
        reply = await self._http.call("POST", "push", content=content, headers=self._config.authorization)
        if reply.status != 200 or reply.json().get("code") != 200:
            raise failure_of(reply, lambda text: self._redaction(text.replace(envelope.to, "[device key]")))
        return Receipt(MessageRef(self._name, envelope.reference), str(reply.json().get("message") or "pushed"))

    async def close(self) -> None:
        await self._http.close()


def _address(push: Push, envelope: Envelope) -> str:
    """Return what a tap opens: the page of the first button, else what can be read about it."""
    return next((envelope.links[one.token] for one in push.actions if one.token in envelope.links), push.url)
