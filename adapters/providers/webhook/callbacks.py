"""What a gateway tells us: whether it is the gateway, and what its paths lead to.

With `signature_header` the body is signed with `callback_secret`; else the secret is the first part of the path. What
follows is our reference, if the gateway was given its address with the message; an address that is written down once in
the gateway's console has none, and then a path leads to it, or to the gateway's own id.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from adapters.providers.webhook.config import WebhookConfig
from adapters.providers.webhook.request import LARGEST
from adapters.providers.webhook.values import found, items, read
from bot.adapter import Answer, Callback
from bot.outbound.callback_secret import told
from bot.sources.payload import Json

FORBIDDEN: Final = Answer(403, b"the secret or the signature is not ours")
TOO_LARGE: Final = Answer(413, b"the body is longer than 64 KiB")
UNREADABLE: Final = Answer(400, b"the body is neither JSON nor a form")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the gateway tells of; `reference` or `id` says of which message."""

    scope: Json
    reference: str
    id: str


def address(config: WebhookConfig, callback: str, reference: str) -> str:
    """Return the address that a gateway is given with a message; empty: it cannot reach us, or has no secret."""
    if not callback or config.callback_secret is None:
        return ""
    if config.signature_header is not None:
        return f"{callback}{reference}"
    return f"{callback}{config.callback_secret.get_secret_value()}/{reference}"


def heard(config: WebhookConfig, request: Callback) -> tuple[Item, ...] | Answer:
    """Return what the gateway tells of, or the answer to what it is not, or cannot be read."""
    rest = _admitted(config, request)
    if rest is None:
        return FORBIDDEN
    if len(request.body) > LARGEST:
        return TOO_LARGE
    scope = read(request.body, request.headers.get("content-type", ""), request.query)
    if scope is None:
        return UNREADABLE
    return tuple(
        Item(one, rest or found(config.report_reference_path, one), found(config.report_id_path, one))
        for one in items(config.items_path, scope)
    )


def _admitted(config: WebhookConfig, request: Callback) -> str | None:
    """Return what follows in the path; None: it is not the gateway."""
    if config.signature_header is None:
        return told(request.path, config.callback_secret)
    if config.callback_secret is None or not request.body or request.query:
        # What is not in the body is not signed.
        return None
    key = config.callback_secret.get_secret_value().encode()
    expected = hmac.new(key, request.body, hashlib.sha256).hexdigest()
    given = request.headers.get(config.signature_header, "").removeprefix("sha256=").lower()
    is_ours = hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
    return request.path.strip("/") if is_ours else None
