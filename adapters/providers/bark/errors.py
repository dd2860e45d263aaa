"""What each answer of a Bark server means: its words first, since 500 is also what Apple's refusal of a key comes as.

The words are those of the server's source (`route_push.go`) and of Apple's reasons, which it passes on.
"""

from collections.abc import Callable
from typing import Final

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import Reply
from bot.outbound.said import retry_after, words_of

DEFAULT_RETRY_AFTER: Final = 10.0
DETAIL_LIMIT: Final = 300

WORDS: Final[tuple[tuple[str, FailureKind], ...]] = (
    ("device key is empty", FailureKind.REFUSED),
    ("failed to get device token", FailureKind.REFUSED),
    ("baddevicetoken", FailureKind.REFUSED),
    ("devicetokennotfortopic", FailureKind.REFUSED),
    ("unregistered", FailureKind.REFUSED),
    ("expiredtoken", FailureKind.REFUSED),
    ("payloadtoolarge", FailureKind.TOO_LONG),
    ("payloadempty", FailureKind.MALFORMED),
    ("request bind failed", FailureKind.MALFORMED),
    ("toomanyrequests", FailureKind.RATE_LIMITED),
    # The server's own credentials at Apple.
    ("expiredprovidertoken", FailureKind.UNAUTHORIZED),
    ("invalidprovidertoken", FailureKind.UNAUTHORIZED),
    ("badcertificate", FailureKind.UNAUTHORIZED),
)
"""The first that stands in the answer's words decides."""

STATUSES: Final[dict[int, FailureKind]] = {
    401: FailureKind.UNAUTHORIZED,
    403: FailureKind.UNAUTHORIZED,
    404: FailureKind.UNAUTHORIZED,
    407: FailureKind.UNREACHABLE,
    413: FailureKind.TOO_LONG,
    429: FailureKind.RATE_LIMITED,
}


def failure_of(reply: Reply, clean: Callable[[str], str]) -> DeliveryFailed:
    """Return what an answer means that is not a success; `clean` takes every secret out of its words."""
    message = reply.json().get("message")
    said = message if isinstance(message, str) else words_of(reply)
    kind = _kind(reply.status, said.lower())
    wait = retry_after(reply, DEFAULT_RETRY_AFTER) if kind is FailureKind.RATE_LIMITED else None
    return DeliveryFailed(kind, clean(f"HTTP {reply.status} {said}".strip())[:DETAIL_LIMIT], retry_after=wait)


def _kind(status: int, said: str) -> FailureKind:
    told = next((kind for words, kind in WORDS if words in said), None) or STATUSES.get(status)
    if told is not None:
        return told
    if 300 <= status < 400:
        # It is not followed: what is configured is not where the server is.
        return FailureKind.UNAUTHORIZED
    return FailureKind.REFUSED if 400 <= status < 500 else FailureKind.UNCERTAIN
