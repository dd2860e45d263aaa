"""The only reader of the time and the only sleeper.

Everything else is given `now`, or a `Clock` to wait on, so that tests and the demo can make time run.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from, and how to wait for it."""

    def now(self) -> datetime:
        """Return the present instant, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait until `seconds` of this clock have passed."""
        ...

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for `event`, but no longer than `seconds` of this clock; return whether it is set."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0))

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await event.wait()
        except TimeoutError:
            return event.is_set()
        return True


class DemoClock:
    """A clock that runs at the speed of the real one, and can be made to run fast for a stretch.

    It never jumps: every instant of a stretch is passed through, so what falls due in it happens in its order.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._origin = start or datetime.now(UTC)
        self._since = time.monotonic()
        self._rate = 1.0
        self._fast_until: datetime | None = None
        self._changed = asyncio.Event()

    def now(self) -> datetime:
        elapsed = time.monotonic() - self._since
        fast = self._origin + timedelta(seconds=elapsed * self._rate)
        if self._fast_until is None or fast <= self._fast_until:
            return fast
        spent_fast = (self._fast_until - self._origin).total_seconds() / self._rate
        return self._fast_until + timedelta(seconds=elapsed - spent_fast)

    @property
    def fast(self) -> bool:
        """Whether time is running faster than the real one at this instant."""
        return self._fast_until is not None and self.now() < self._fast_until

    def run(self, seconds: float, *, within: float) -> None:
        """Let `seconds` pass within `within` real seconds, then go on at the usual speed."""
        if seconds <= 0 or within <= 0:
            raise ValueError("a stretch of time is longer than 0 s")
        self._origin = self.now()
        self._since = time.monotonic()
        self._rate = max(seconds / within, 1.0)
        self._fast_until = self._origin + timedelta(seconds=seconds)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def steady(self) -> None:
        """Go on at the usual speed from this instant, whatever is left of a stretch."""
        if self.fast:
            self._origin = self.now()
            self._since = time.monotonic()
            self._rate, self._fast_until = 1.0, None
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()

    async def sleep(self, seconds: float) -> None:
        await self.wait(asyncio.Event(), seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        until = self.now() + timedelta(seconds=max(seconds, 0))
        while not event.is_set():
            left = self._real_seconds_until(until)
            if left <= 0:
                return False
            await _first_of(event, self._changed, left)
        return True

    def _real_seconds_until(self, until: datetime) -> float:
        now = self.now()
        if not self.fast or self._fast_until is None:
            return (until - now).total_seconds()
        fast_part = min(until, self._fast_until) - now
        slow_part = max(until - self._fast_until, timedelta())
        return fast_part.total_seconds() / self._rate + slow_part.total_seconds()


async def _first_of(event: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    """Return as soon as one of the two is set, or after `seconds` of real time."""
    waiters = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(other.wait())]
    try:
        await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
