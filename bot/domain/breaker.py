"""A breaker: when a service has answered nobody for a while, nothing waits for it until it does again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# So many calls in a row, over such a time, have come to nothing.
OPENS_AFTER: Final = 3
OPENS_WITHIN: Final = timedelta(seconds=2)
# After it, one call may find out whether it is back.
RESTS_FOR: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Breaker:
    """How a service has answered lately: how many calls in a row came to nothing, the first of them and the last."""

    failures: int = 0
    since: datetime | None = None
    last: datetime | None = None

    def failed(self, now: datetime) -> "Breaker":
        """Return the breaker after another call that came to nothing."""
        return Breaker(self.failures + 1, self.since or now, now)

    def is_open(self, now: datetime) -> bool:
        """Whether nothing should wait for it now."""
        if self.since is None or self.last is None or self.failures < OPENS_AFTER:
            return False
        # A clock that was set back opens nothing, and keeps nothing open.
        return self.last - self.since >= OPENS_WITHIN and timedelta() <= now - self.last < RESTS_FOR
