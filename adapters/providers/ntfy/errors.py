"""What each answer of ntfy means: its own code, else the HTTP status.

The codes are those of the server's source (`server/errors.go`); the first three digits are the HTTP status.
"""

from collections.abc import Callable
from typing import Final

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import Reply
from bot.outbound.said import retry_after, words_of

DEFAULT_RETRY_AFTER: Final = 5.0
DETAIL_LIMIT: Final = 300

CODES: Final[dict[int, FailureKind]] = {
    # The topic, which is the person's address.
    40009: FailureKind.REFUSED,
    40010: FailureKind.REFUSED,
    # Our content.
    40007: FailureKind.MALFORMED,
    40011: FailureKind.MALFORMED,
    40017: FailureKind.MALFORMED,
    40018: FailureKind.MALFORMED,
    40021: FailureKind.MALFORMED,
    40024: FailureKind.MALFORMED,
    # A message of more than 4096 bytes becomes an attachment.
    40014: FailureKind.TOO_LONG,
    41301: FailureKind.TOO_LONG,
    41303: FailureKind.TOO_LONG,
    40101: FailureKind.UNAUTHORIZED,
    40301: FailureKind.UNAUTHORIZED,
    40401: FailureKind.UNAUTHORIZED,
    42901: FailureKind.RATE_LIMITED,
    # Of the day, for messages, topics and attachments; and an address that gave a wrong password too often.
    42904: FailureKind.QUOTA,
    42905: FailureKind.QUOTA,
    42908: FailureKind.QUOTA,
    42909: FailureKind.UNAUTHORIZED,
}
STATUSES: Final[dict[int, FailureKind]] = {
    401: FailureKind.UNAUTHORIZED,
    403: FailureKind.UNAUTHORIZED,
    404: FailureKind.UNAUTHORIZED,
    407: FailureKind.UNREACHABLE,
    413: FailureKind.TOO_LONG,
    429: FailureKind.RATE_LIMITED,
}


def failure_of(reply: Reply, clean: Callable[[str], str]) -> DeliveryFailed:
    """Return what an answer means that is not 200; `clean` takes every secret out of its words."""
    body = reply.json()
    code, error = body.get("code"), body.get("error")
    known = code if isinstance(code, int) and not isinstance(code, bool) else 0
    kind = CODES.get(known) or STATUSES.get(reply.status) or _unknown(reply.status)
    said = error if isinstance(error, str) else words_of(reply)
    detail = clean(f"{known or f'HTTP {reply.status}'} {said}".strip())[:DETAIL_LIMIT]
    wait = retry_after(reply, DEFAULT_RETRY_AFTER) if kind is FailureKind.RATE_LIMITED else None
    return DeliveryFailed(kind, detail, retry_after=wait)


def _unknown(status: int) -> FailureKind:
    if 300 <= status < 400:
        # It is not followed: what is configured is not where the server is.
        return FailureKind.UNAUTHORIZED
    return FailureKind.REFUSED if 400 <= status < 500 else FailureKind.UNCERTAIN
