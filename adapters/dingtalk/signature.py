r"""Whether a request was made by DingTalk: its signature, checked in constant time before anything is parsed.

Clicks on cards: `x-ddpaas-signature` is the HMAC-SHA256 of the timestamp with the API secret that the callback was
registered with, in base64. Messages to the robot: `sign` is that of `<timestamp>\n<secret>` with the app's secret.
Neither covers the body, so an address of ours must be reached by https alone. Genuine requests are remembered with
their bodies for as long as they could be repeated.
Source: https://open.dingtalk.com/document/development/event-callback-card. Guesses: that a click older than five
minutes is a repeat, and that an hour is right for a message.
"""

import base64
import hashlib
import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.adapter import Callback

CLICK_WINDOW: Final = timedelta(minutes=5)
MESSAGE_WINDOW: Final = timedelta(hours=1)
_TIMESTAMP: Final = re.compile(r"[0-9]{1,16}", re.ASCII)


class Verdict(StrEnum):
    """What is to be thought of a request."""

    GENUINE = "genuine"
    FORGED = "forged"
    OLD = "old"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict, and what is the same only if the very same request is made again."""

    verdict: Verdict
    request: str = ""


class Verifier:
    """Judges requests with one secret. `with_secret`: the secret is signed as well, as it is for messages."""

    def __init__(self, secret: str, names: tuple[str, str], window: timedelta, *, with_secret: bool) -> None:
        self._secret = secret
        self._timestamp, self._signature = names
        self._window = window
        self._with_secret = with_secret
        self._seen: OrderedDict[str, datetime] = OrderedDict()

    def judge(self, request: Callback, now: datetime) -> Judged:
        """Return the verdict, and remember the request if it is genuine."""
        timestamp = request.headers.get(self._timestamp, "")
        if not _TIMESTAMP.fullmatch(timestamp):
            return Judged(Verdict.FORGED)
        signed = f"{timestamp}\n{self._secret}" if self._with_secret else timestamp
        given = request.headers.get(self._signature, "").encode(errors="replace")
        if not hmac.compare_digest(sign(self._secret, signed).encode(), given):
            return Judged(Verdict.FORGED)
        if abs(now.timestamp() - int(timestamp) / 1000) > self._window.total_seconds():
            return Judged(Verdict.OLD)
        name = f"{timestamp}/{hashlib.sha256(request.body).hexdigest()}"
        return Judged(self._first_time(name, now), name)

    def forget(self, judged: Judged) -> None:
        """Take the request for one that was never made: it was not carried out."""
        self._seen.pop(judged.request, None)

    def _first_time(self, name: str, now: datetime) -> Verdict:
        # A timestamp may lie up to one window ahead, and is then good for two.
        while self._seen and now - next(iter(self._seen.values())) > 2 * self._window:
            self._seen.popitem(last=False)
        if name in self._seen:
            return Verdict.REPEATED
        self._seen[name] = now
        return Verdict.GENUINE


def of_clicks(api_secret: str) -> Verifier:
    """Return what judges clicks on cards."""
    names = ("x-ddpaas-signature-timestamp", "x-ddpaas-signature")
    return Verifier(api_secret, names, CLICK_WINDOW, with_secret=False)


def of_messages(client_secret: str) -> Verifier:
    """Return what judges messages to the robot."""
    return Verifier(client_secret, ("timestamp", "sign"), MESSAGE_WINDOW, with_secret=True)


def sign(secret: str, text: str) -> str:
    """Return DingTalk's signature of a text."""
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
