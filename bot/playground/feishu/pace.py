"""How fast Feishu lets an app call, by the tenant's clock.

Five messages a second for each chat and person, five updates a second for each message (230020), and for the app fifty
calls a second and a thousand a minute of each method (99991400, with the header x-ogw-ratelimit-reset). A group robot
has five a second and a hundred a minute (11232). Source: the pages of the methods. Guess: that a window slides.
"""

from collections import deque
from datetime import datetime, timedelta
from typing import Final

EACH: Final = ((5, timedelta(seconds=1)),)
METHOD: Final = ((50, timedelta(seconds=1)), (1000, timedelta(minutes=1)))
ROBOT: Final = ((5, timedelta(seconds=1)), (100, timedelta(minutes=1)))

Limits = tuple[tuple[int, timedelta], ...]


class Pace:
    """Counts calls and says how long a caller must wait; switched off, it lets everything pass."""

    def __init__(self) -> None:
        self.enabled = True
        self._taken: dict[str, deque[datetime]] = {}

    def take(self, what: str, limits: Limits, now: datetime) -> float:
        """Count a call of `what` and return 0, or return the seconds to wait if it comes too early."""
        if not self.enabled:
            return 0.0
        taken = self._taken.setdefault(what, deque())
        while taken and now - taken[0] >= limits[-1][1]:
            taken.popleft()
        for most, window in limits:
            recent = [at for at in taken if now - at < window]
            if len(recent) >= most:
                return (recent[-most] + window - now).total_seconds()
        taken.append(now)
        return 0.0
