"""What each answer of Pushover means: the field that it calls invalid, its words, the HTTP status.

https://pushover.net/api#response: 4xx is final, a repeat changes nothing; 429 is the month's quota; after 5xx one may
try again in 5 s at the earliest. Guesses: the words, where the page does not give them.
"""

from collections.abc import Callable
from typing import Final

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import Reply
from bot.outbound.said import words_of

RETRY_AFTER: Final = 5.0
DETAIL_LIMIT: Final = 300

FIELDS: Final[dict[str, FailureKind]] = {
    "token": FailureKind.UNAUTHORIZED,
    "user": FailureKind.REFUSED,
    "device": FailureKind.REFUSED,
    "receipt": FailureKind.GONE,
    "message": FailureKind.MALFORMED,
    "title": FailureKind.MALFORMED,
    "url": FailureKind.MALFORMED,
    "url_title": FailureKind.MALFORMED,
    # What is configured, or comes of it.
    "callback": FailureKind.UNAUTHORIZED,
    "sound": FailureKind.UNAUTHORIZED,
    "retry": FailureKind.UNAUTHORIZED,
    "expire": FailureKind.UNAUTHORIZED,
}
"""By the field that the answer calls invalid."""

STATUSES: Final[dict[int, FailureKind]] = {
    401: FailureKind.UNAUTHORIZED,
    403: FailureKind.UNAUTHORIZED,
    407: FailureKind.UNREACHABLE,
    413: FailureKind.TOO_LONG,
    429: FailureKind.QUOTA,
}


def failure_of(reply: Reply, clean: Callable[[str], str], *, retry_after: float | None = None) -> DeliveryFailed:
    """Return what an answer means that is not a success; `retry_after`: seconds until the quota is new."""
    body = reply.json()
    errors = body.get("errors")
    said = "; ".join(str(one) for one in errors) if isinstance(errors, list) and errors else words_of(reply)
    kind = _kind(reply.status, [name for name, value in body.items() if value == "invalid"], said.lower())
    wait = {FailureKind.QUOTA: retry_after, FailureKind.UNCERTAIN: RETRY_AFTER, FailureKind.UNREACHABLE: RETRY_AFTER}
    return DeliveryFailed(kind, clean(f"HTTP {reply.status} {said}".strip())[:DETAIL_LIMIT], retry_after=wait.get(kind))


def _kind(status: int, invalid: list[str], said: str) -> FailureKind:
    if status in STATUSES:
        return STATUSES[status]
    if 300 <= status < 400:
        # It is not followed: what is configured is not where Pushover is.
        return FailureKind.UNAUTHORIZED
    if status >= 500 or status < 300:
        return FailureKind.UNCERTAIN
    # A word about the token explains the rest: without it nothing else is right.
    known = [FIELDS[name] for name in ("token", *invalid) if name in invalid and name in FIELDS]
    kind = known[0] if known else FailureKind.REFUSED
    return FailureKind.TOO_LONG if kind is FailureKind.MALFORMED and "too long" in said else kind
