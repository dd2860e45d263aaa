"""What a gateway's answer means: its own code by the configured table, else the status of HTTP.

A gateway may answer 200 and say no in its body: `success_path` says where. A body that has nothing there is of
something else, a page of a proxy perhaps, so that nobody knows what became of the message.
"""

from collections.abc import Callable, Mapping
from typing import Final

from adapters.providers.webhook.config import WebhookConfig
from adapters.providers.webhook.request import LARGEST
from adapters.providers.webhook.values import found, read
from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import Reply
from bot.outbound.said import retry_after, words_of

DEFAULT_RETRY_AFTER: Final = 5.0
DETAIL_LIMIT: Final = 300

STATUSES: Final[Mapping[int, FailureKind]] = {
    401: FailureKind.UNAUTHORIZED,
    402: FailureKind.QUOTA,
    403: FailureKind.UNAUTHORIZED,
    407: FailureKind.UNREACHABLE,
    413: FailureKind.TOO_LONG,
    429: FailureKind.RATE_LIMITED,
}


def id_of(config: WebhookConfig, reply: Reply, clean: Callable[[str], str]) -> str:
    """Return the gateway's id of what it took, empty where it gives none. Raises DeliveryFailed: it did not take it."""
    if len(reply.body) > LARGEST:
        raise DeliveryFailed(FailureKind.UNCERTAIN, f"HTTP {reply.status} and an answer of more than 64 KiB")
    body = read(reply.body, reply.headers.get("content-type", ""))
    said = found(config.success_path, body)
    wanted = {one.strip().casefold() for one in config.success_values.split(",")}
    if config.is_success(reply.status) and (config.success_path is None or said.casefold() in wanted):
        return found(config.id_path, body)
    code = found(config.error_path, body)
    kind = _kind(config, reply.status, code, is_no=bool(said))
    wait = retry_after(reply, DEFAULT_RETRY_AFTER) if kind is FailureKind.RATE_LIMITED else None
    words = " ".join(part for part in (f"HTTP {reply.status}", code, words_of(reply)) if part)
    raise DeliveryFailed(kind, clean(words)[:DETAIL_LIMIT], retry_after=wait)


def _kind(config: WebhookConfig, status: int, code: str, *, is_no: bool) -> FailureKind:
    told = config.kinds.get(code.casefold()) if code else None
    known = told or config.kinds.get(str(status)) or STATUSES.get(status)
    if known is not None:
        return known
    if 300 <= status < 400:
        # It is not followed: what is configured is not where the gateway is.
        return FailureKind.UNAUTHORIZED
    if status < 300:
        return FailureKind.REFUSED if is_no or code else FailureKind.UNCERTAIN
    return FailureKind.UNCERTAIN if status >= 500 else FailureKind.REFUSED
