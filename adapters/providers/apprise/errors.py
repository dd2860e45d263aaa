"""What it means that Apprise sent nothing: it says so in the words of its log only.

A status of HTTP in these words (`error=401`) tells some apart; ntfy's own code (`error=40101`) begins with it. What
cannot be told apart may have been sent: a thread that was given up goes on by itself.
"""

import re
from collections.abc import Callable
from typing import Final

from bot.adapter import DeliveryFailed, FailureKind

RETRY_AFTER: Final = 30.0
DETAIL_LIMIT: Final = 300
_CODE: Final = re.compile(r"error=([0-9]{3})(?:[0-9]{2})?\b", re.ASCII)

STATUSES: Final[dict[int, FailureKind]] = {
    400: FailureKind.REFUSED,
    401: FailureKind.UNAUTHORIZED,
    403: FailureKind.UNAUTHORIZED,
    404: FailureKind.REFUSED,
    410: FailureKind.REFUSED,
    413: FailureKind.TOO_LONG,
    422: FailureKind.REFUSED,
    429: FailureKind.RATE_LIMITED,
}


def failure_of(words: str, clean: Callable[[str], str]) -> DeliveryFailed:
    """Return what the words of Apprise's log mean; `clean` takes every secret out of them."""
    found = _CODE.search(words)
    kind = STATUSES.get(int(found[1]), FailureKind.UNCERTAIN) if found else FailureKind.UNCERTAIN
    wait = RETRY_AFTER if kind is FailureKind.RATE_LIMITED else None
    said = clean(" ".join(words.split()))[:DETAIL_LIMIT]
    return DeliveryFailed(kind, said or "Apprise does not say why", retry_after=wait)
