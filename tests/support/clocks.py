"""A clock that stands still until a test moves it."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


class ManualClock:
    """Time that passes when the test says so; whoever sleeps wakes when their instant has come."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        """Return the instant that the test has set."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Let it be that instant; it may also be an earlier one, as after a correction of the machine's clock."""
        self._now = instant
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self.set(self._now + timedelta(seconds=seconds))

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has let so many seconds pass."""
        await self.wait(asyncio.Event(), seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for the event, or until the test has let so many seconds pass."""
        until = self._now + timedelta(seconds=seconds)
        while not event.is_set() and self._now < until:
            waiters = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._moved.wait())]
            try:
                await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for waiter in waiters:
                    waiter.cancel()
        return event.is_set()


class WatchedClock(ManualClock):
    """A clock that notes in `waits` for how many seconds it was asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait as any clock of the tests, and let others go on even if there is nothing to wait for."""
        self.waits.append(seconds)
        await asyncio.sleep(0)
        return await super().wait(event, seconds)


class SetBackClock(ManualClock):
    """A clock whose time of day can be set back; whoever waits is woken after the seconds they asked for all the same.

    So do a machine's timers when somebody sets its clock.
    """

    def __init__(self) -> None:
        super().__init__()
        self.behind = timedelta()

    def now(self) -> datetime:
        """Return the time of day, `behind` what has passed."""
        return super().now() - self.behind
