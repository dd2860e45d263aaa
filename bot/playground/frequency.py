"""How often a service lets the same be done: so many times within so many seconds, counted per key."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` times within `seconds`; `words` are what the service says beyond that."""

    seconds: float
    most: int
    words: str


class Frequency:
    """Counts, and says which limit stands in the way; switched off, it lets everything pass."""

    def __init__(self, *limits: Limit) -> None:
        self.enabled = True
        self.limits = limits
        self._taken: dict[str, deque[datetime]] = {}

    def take(self, key: str, now: datetime) -> Limit | None:
        """Count one for `key`; if a limit stands in the way, return it and do not count."""
        if not self.enabled:
            return None
        taken = self._taken.setdefault(key, deque())
        longest = max(limit.seconds for limit in self.limits)
        while taken and now - taken[0] >= timedelta(seconds=longest):
            taken.popleft()
        for limit in self.limits:
            since = now - timedelta(seconds=limit.seconds)
            if sum(one > since for one in taken) >= limit.most:
                return limit
        taken.append(now)
        return None
