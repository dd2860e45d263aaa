"""How fast Slack lets an app call.

Methods have tiers, counted per method; new messages are counted per channel, about one a second with a short burst, and
over the whole workspace. Sources: https://docs.slack.dev/apis/web-api/rate-limits; the size of the burst and the
workspace's cap are not published, these are careful guesses.
"""

import math
from dataclasses import dataclass
from datetime import datetime

CHANNEL_BURST = 5
CHANNEL_PER_SECOND = 1.0
WORKSPACE_PER_MINUTE = 300


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
    """Counts calls and says how long a caller must wait; switched off, it lets everything pass."""

    def __init__(self) -> None:
        self.enabled = True
        self._buckets: dict[str, _Bucket] = {}

    def take(self, method: str, per_minute: int, channel: str, now: datetime) -> int | None:
        """Count a call, or return the whole seconds to wait if it comes too early.

        `per_minute` is the method's tier; `channel` is set where messages are counted per channel.
        """
        if not self.enabled:
            return None
        buckets = [self._bucket(method, per_minute, per_minute / 60, now)]
        if channel:
            buckets.append(self._bucket(f"{method} {channel}", CHANNEL_BURST, CHANNEL_PER_SECOND, now))
        wait = max(bucket.seconds_short() for bucket in buckets)
        if wait > 0:
            return max(math.ceil(wait), 1)
        for bucket in buckets:
            bucket.level -= 1
        return None

    def _bucket(self, name: str, size: float, per_second: float, now: datetime) -> _Bucket:
        bucket = self._buckets.setdefault(name, _Bucket(size, per_second, size, now))
        bucket.fill(now)
        return bucket
