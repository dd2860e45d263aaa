"""Who is to look, and now: set after a commit, so that nothing waits for the next poll."""

import asyncio


class Wakeups:
    """One signal for the outbox and one for the timers of this process."""

    def __init__(self) -> None:
        self.outbox = asyncio.Event()
        self.timers = asyncio.Event()

    def all(self) -> None:
        """Something has changed: whoever sends and whoever watches the time looks again."""
        self.outbox.set()
        self.timers.set()
