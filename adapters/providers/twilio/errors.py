"""What each of Twilio's error codes means for what happens next: one table, for what it refuses and what fails later.

https://www.twilio.com/docs/api/errors. Read on Twilio's pages: 13224, 13227, 21215, 32205, 21611, 21617, 21658, 21730,
30003, 60220; the other codes are known from the source of other programs and from lists, so partly guesses: 30022,
30023, 30034, 63038 most of all. A code that no row has counts by its HTTP status.
"""

from collections.abc import Mapping
from typing import Final

from bot.adapter import DeliveryFailed, FailureKind
from bot.outbound.client import Reply
from bot.outbound.redaction import Redaction
from bot.outbound.said import retry_after, words_of

# Seconds to wait where Twilio asks for patience without saying how long.
DEFAULT_RETRY_AFTER: Final = 10.0
DETAIL_LIMIT: Final = 300
NOT_FOUND: Final = 20404
NO_SUCH_CALLBACK: Final = frozenset({21205, 21609})

KINDS: Final[Mapping[int, FailureKind]] = {
    # It may pass.
    20429: FailureKind.RATE_LIMITED,
    21611: FailureKind.RATE_LIMITED,
    30022: FailureKind.RATE_LIMITED,
    30023: FailureKind.RATE_LIMITED,
    20500: FailureKind.UNCERTAIN,
    20503: FailureKind.UNCERTAIN,
    21730: FailureKind.UNREACHABLE,
    30001: FailureKind.UNREACHABLE,
    # This number cannot be reached so.
    13224: FailureKind.REFUSED,
    21201: FailureKind.REFUSED,
    21211: FailureKind.REFUSED,
    21214: FailureKind.REFUSED,
    21216: FailureKind.REFUSED,
    21217: FailureKind.REFUSED,
    21604: FailureKind.REFUSED,
    21608: FailureKind.REFUSED,
    21610: FailureKind.REFUSED,
    21612: FailureKind.REFUSED,
    21614: FailureKind.REFUSED,
    30003: FailureKind.REFUSED,
    30004: FailureKind.REFUSED,
    30005: FailureKind.REFUSED,
    30006: FailureKind.REFUSED,
    60200: FailureKind.REFUSED,
    # The account, what it may do, how it is configured.
    13227: FailureKind.UNAUTHORIZED,
    20003: FailureKind.UNAUTHORIZED,
    20404: FailureKind.UNAUTHORIZED,
    21205: FailureKind.UNAUTHORIZED,
    21210: FailureKind.UNAUTHORIZED,
    21212: FailureKind.UNAUTHORIZED,
    21215: FailureKind.UNAUTHORIZED,
    21408: FailureKind.UNAUTHORIZED,
    21603: FailureKind.UNAUTHORIZED,
    21606: FailureKind.UNAUTHORIZED,
    21609: FailureKind.UNAUTHORIZED,
    30002: FailureKind.UNAUTHORIZED,
    30007: FailureKind.UNAUTHORIZED,
    30034: FailureKind.UNAUTHORIZED,
    32205: FailureKind.UNAUTHORIZED,
    60220: FailureKind.UNAUTHORIZED,
    63038: FailureKind.QUOTA,
    # What was to be sent.
    21602: FailureKind.MALFORMED,
    21617: FailureKind.TOO_LONG,
    21658: FailureKind.TOO_LONG,
    # A call that is over cannot be ended.
    21220: FailureKind.GONE,
}

_STATUSES: Final[Mapping[int, FailureKind]] = {
    401: FailureKind.UNAUTHORIZED,
    402: FailureKind.QUOTA,
    403: FailureKind.UNAUTHORIZED,
    404: FailureKind.UNAUTHORIZED,
    413: FailureKind.TOO_LONG,
    429: FailureKind.RATE_LIMITED,
}

WORDS: Final[Mapping[int, str]] = {
    21610: "the person has written STOP to this number and must write START",
    30001: "the queue is full",
    30002: "the account is suspended",
    30003: "the phone is off or out of reach",
    30004: "the message was blocked",
    30005: "the number is unknown or no longer in use",
    30006: "a landline, or a network that takes no SMS",
    30007: "filtered by the network: look at contents and registration",
    30008: "for an unknown reason",
    30022: "too many messages for this registration",
    30023: "the daily limit of this registration is spent",
    30034: "the number is not registered for SMS to this country",
    30410: "the network did not answer",
}
"""What Twilio does not say in a receipt, which holds only the code."""


class TwilioFailed(DeliveryFailed):
    """A failure with Twilio's own `code`, 0 where it gave none."""

    def __init__(self, kind: FailureKind, detail: str, code: int = 0, *, retry_after: float | None = None) -> None:
        super().__init__(kind, detail[:DETAIL_LIMIT], retry_after=retry_after)
        self.code = code


def failure_of(reply: Reply, clean: Redaction) -> TwilioFailed:
    """Return what an answer means that is no success."""
    body = reply.json()
    given, message = body.get("code"), body.get("message")
    code = given if isinstance(given, int) else 0
    kind = KINDS.get(code) or _kind_of(reply.status)
    words = f"{code} {message}" if code else f"HTTP {reply.status} {words_of(reply)}".strip()
    known = f" ({WORDS[code]})" if code in WORDS else ""
    wait = retry_after(reply, DEFAULT_RETRY_AFTER) if kind is FailureKind.RATE_LIMITED else None
    return TwilioFailed(kind, clean(f"{words}{known}"), code, retry_after=wait)


def words_for(code: str) -> str:
    """Return what a receipt's error code says."""
    known = WORDS.get(int(code)) if code.isdecimal() else None
    return f"error {code}, {known}" if known else f"error {code}"


def _kind_of(status: int) -> FailureKind:
    if status < 400:
        # A redirect is no Twilio; a success without what it should hold may be one.
        return FailureKind.UNAUTHORIZED if status >= 300 else FailureKind.UNCERTAIN
    return _STATUSES.get(status, FailureKind.REFUSED if status < 500 else FailureKind.UNCERTAIN)
