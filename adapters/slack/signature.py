"""Whether a request was made by Slack: its signature, checked on the raw bytes, before anything is parsed.

The rule: HMAC-SHA256 with the signing secret over `v0:<timestamp>:<body>`, at most five minutes old.
Source: https://docs.slack.dev/authentication/verifying-requests-from-slack. bolt's own check raises on a timestamp that
is no number, logs the body of a forged request, and lets `ssl_check` pass unsigned, so it is not used.
"""

import hashlib
import hmac
import re
from collections import OrderedDict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.adapter import Callback

WINDOW: Final = timedelta(minutes=5)
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


class Verdict(StrEnum):
    """What is to be thought of a request."""

    GENUINE = "genuine"
    FORGED = "forged"
    OLD = "old"
    REPEATED = "repeated"


class Verifier:
    """Judges requests with one signing secret, and remembers the genuine ones for as long as they could be repeated."""

    def __init__(self, signing_secret: str) -> None:
        self._key = signing_secret.encode()
        self._seen: OrderedDict[bytes, datetime] = OrderedDict()

    def judge(self, request: Callback, now: datetime) -> Verdict:
        """Return the verdict, and remember the request if it is genuine."""
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        if not _TIMESTAMP.fullmatch(timestamp):
            return Verdict.FORGED
        given = _signature(request)
        digest = hmac.new(self._key, f"v0:{timestamp}:".encode() + request.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"v0={digest}".encode(), given):
            return Verdict.FORGED
        if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
            return Verdict.OLD
        return self._first_time(given, now)

    def forget(self, request: Callback) -> None:
        """Take a genuine request for one that was never made: it was not carried out."""
        self._seen.pop(_signature(request), None)

    def _first_time(self, signature: bytes, now: datetime) -> Verdict:
        # A timestamp may lie up to one window ahead, and is then good for two.
        while self._seen and now - next(iter(self._seen.values())) > 2 * WINDOW:
            self._seen.popitem(last=False)
        if signature in self._seen:
            return Verdict.REPEATED
        self._seen[signature] = now
        return Verdict.GENUINE


def _signature(request: Callback) -> bytes:
    return request.headers.get("x-slack-signature", "").encode(errors="replace")
