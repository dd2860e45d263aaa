"""Pushes by ntfy: a message in the person's topic, whose actions their phone carries out.

A tap on an action posts the button's sentence to our callback, from the phone: it must be able to reach us. What needs
a question first, and everything where nobody reaches us by callbacks, opens the page that asks to confirm instead.
https://docs.ntfy.sh/publish/#publish-as-json
"""

from collections.abc import Iterator, Mapping
from typing import Final

from adapters.providers.ntfy.config import NtfyConfig
from adapters.providers.ntfy.errors import failure_of
from bot.adapter import Answer, Callback, DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.clock import Clock
from bot.outbound import settings
from bot.outbound.client import HttpClient, Reply
from bot.outbound.redaction import Redaction
from bot.provider import Envelope, ProviderInbox
from cards.push import TOKEN_BYTES, Action, Limits, Loudness, Push, render

LIMITS: Final = Limits(title=250, body=4000, actions=3, in_bytes=True)
PRIORITIES: Final = {Loudness.ALARM: 5, Loudness.NORMAL: 3, Loudness.QUIET: 2}
ACT: Final = "act"


def connect(name: str, values: Mapping[str, str], clock: Clock) -> "NtfyPush":
    """Return the provider. Raises ValueError: a setting is wrong."""
    del clock  # Nothing here waits.
    return NtfyPush(name, settings.read(NtfyConfig, values, "token"))


class NtfyPush:
    """One ntfy server: a Provider that is CalledBack."""

    def __init__(self, name: str, config: NtfyConfig) -> None:
        self._name = name
        self._config = config
        self._redaction = Redaction(*config.secrets)
        self._http = HttpClient(config, self._redaction)

    @property
    def timeout(self) -> float:
        return self._config.timeout + 2

    async def check(self) -> str:
        reply = await self._http.call("GET", "v1/account", headers=self._config.authorization)
        if reply.status != 200:
            raise failure_of(reply, self._redaction)
        user = reply.json().get("username")
        return "anybody: the server knows us by our address" if user in (None, "*") else str(user)

    async def send(self, envelope: Envelope) -> Receipt:
        push = render(envelope.message, limits=LIMITS, locale=envelope.locale, urgent=envelope.urgent)
        content = {
            "topic": envelope.to,
            "title": push.title,
            "message": push.body,
            "priority": PRIORITIES[push.loudness],
            "tags": list(push.tags),
            "actions": list(_actions(push, envelope)),
            **({"click": click} if (click := _click(push, envelope)) else {}),
        }
        reply = await self._http.call("POST", "", content=content, headers=self._config.authorization)
        if reply.status != 200:
            raise failure_of(reply, lambda text: self._redaction(text.replace(envelope.to, "[topic]")))
        return Receipt(MessageRef(self._name, _id_of(reply)), "published")

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        reference, _, verb = request.path.strip("/").rpartition("/")
        token = request.body[: TOKEN_BYTES + 1].decode(errors="replace")
        if request.method != "POST" or verb != ACT or not reference or "/" in reference:
            return Answer(404, b"there is nothing here")
        if not inbox.knows(reference):
            return Answer(401, b"this is no message of ours")
        if not token.isprintable() or not 0 < len(token.encode()) <= TOKEN_BYTES:
            return Answer(400, b"the body is the sentence of a button")
        said = await inbox.seen(reference, token)
        # Without 2xx the push stays on the screen: nobody shall believe that something was done.
        return Answer(200, said.encode()) if said else Answer(409, b"nothing was done: look at the incident")

    async def close(self) -> None:
        await self._http.close()


def _id_of(reply: Reply) -> str:
    number = reply.json().get("id")
    if not isinstance(number, str) or not number:
        raise DeliveryFailed(FailureKind.UNCERTAIN, "the answer lacks the message's id: is api_base_url that of ntfy?")
    return number


def _click(push: Push, envelope: Envelope) -> str:
    """Return what a tap on the push itself opens: the page of its first button, else what can be read about it."""
    return next((envelope.links[one.token] for one in push.actions if one.token in envelope.links), push.url)


def _actions(push: Push, envelope: Envelope) -> Iterator[dict[str, object]]:
    for action in push.actions:
        address = envelope.links.get(action.token, "")
        if envelope.callback and not (action.confirm and address):
            yield _posted(action, f"{envelope.callback}{envelope.reference}/{ACT}")
        elif address:
            yield {"action": "view", "label": action.label, "url": address, "clear": False}


def _posted(action: Action, url: str) -> dict[str, object]:
    return {
        "action": "http",
        "label": action.label,
        "url": url,
        "method": "POST",
        "headers": {"Content-Type": "text/plain; charset=utf-8"},
        "body": action.token,
        # The push leaves the screen once we have answered 2xx, and only then.
        "clear": True,
    }
