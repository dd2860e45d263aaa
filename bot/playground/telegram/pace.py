"""How fast Telegram lets a bot call.

Published (core.telegram.org/bots/faq): about one message a second per chat with short bursts, 20 a minute per group,
30 a second over all. What counts is read strictly: whatever is visible in a chat, sent, edited, deleted or typed,
shares one budget. The sizes of the bursts are guesses.
"""

import math
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

CHAT_BURST: Final = 8
CHAT_PER_SECOND: Final = 1.0
GROUP_PER_MINUTE: Final = 20
OVERALL_PER_SECOND: Final = 30
MINUTE: Final = timedelta(minutes=1)
WEBHOOK_PAUSE: Final = timedelta(seconds=1)
CLOSE_PAUSE: Final = timedelta(minutes=10)


@dataclass(slots=True)
class _Bucket:
    """Tokens that flow back at `per_second` up to `size`."""

    size: float
    per_second: float
    level: float
    at: datetime

    def fill(self, now: datetime) -> None:
        elapsed = max((now - self.at).total_seconds(), 0.0)
        self.level = min(self.size, self.level + elapsed * self.per_second)
        self.at = now

    def seconds_short(self) -> float:
        return max(1 - self.level, 0) / self.per_second


class Pace:
    """Counts calls and says how long a caller must wait; switched off, it lets everything pass.

    `flood`: as long as it is above 0, every visible call is refused with that many seconds to wait.
    """

    def __init__(self, born: datetime) -> None:
        self.enabled = True
        self.flood = 0
        self._born = born
        self._buckets: dict[str, _Bucket] = {}
        self._minutes: dict[str, deque[datetime]] = {}
        self._webhook_from = born

    def take(self, chat: str, now: datetime) -> int:
        """Count a visible call in a chat, and return the whole seconds to wait if it comes too early, else 0."""
        if self.flood:
            return self.flood
        if not self.enabled:
            return 0
        buckets = [
            self._bucket("", OVERALL_PER_SECOND, OVERALL_PER_SECOND, now),
            self._bucket(chat, CHAT_BURST, CHAT_PER_SECOND, now),
        ]
        wait = max(*(bucket.seconds_short() for bucket in buckets), self._seconds_full(chat, now))
        if wait > 0:
            return max(math.ceil(wait), 1)
        for bucket in buckets:
            bucket.level -= 1
        self._minutes[chat].append(now)
        return 0

    def _seconds_full(self, chat: str, now: datetime) -> float:
        """Return how long a group's last minute stays full; private chats have no such limit."""
        minute = self._minutes.setdefault(chat, deque(maxlen=GROUP_PER_MINUTE))
        if not chat.startswith("-") or len(minute) < GROUP_PER_MINUTE:
            return 0
        return max((minute[0] + MINUTE - now).total_seconds(), 0)

    def take_rare(self, method: str, now: datetime) -> int:
        """Return the seconds to wait before `setwebhook` (one a second) or `close` (not in the first 10 minutes)."""
        if not self.enabled:
            return 0
        if method == "close":
            return max(math.ceil((self._born + CLOSE_PAUSE - now).total_seconds()), 0)
        if method != "setwebhook":
            return 0
        early = now < self._webhook_from
        self._webhook_from = self._webhook_from if early else now + WEBHOOK_PAUSE
        return 1 if early else 0

    def _bucket(self, name: str, size: float, per_second: float, now: datetime) -> _Bucket:
        bucket = self._buckets.setdefault(name, _Bucket(size, per_second, size, now))
        bucket.fill(now)
        return bucket
