"""How fast each conversation and each workspace may be written to.

A place's rate is the platform's own, with a short burst; a platform that says "wait" is believed. This is courtesy
kept in memory: what a process does not know of others' pace, the platform's refusal tells it, and nothing is lost by
that.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.people import WorkspaceId

BURST: Final = 3
Key = tuple[WorkspaceId, str]
WHOLE: Final = ""
# A place that has been free for this long is forgotten, so that memory stays flat.
_FORGET_AFTER: Final = timedelta(minutes=1)
# What is asked with every alert should not look through all of them each time.
_FORGET_EVERY: Final = timedelta(seconds=10)


class Pace:
    """The pace of all places, as a theoretical instant each: the one at which its whole burst is free again."""

    def __init__(self) -> None:
        self._spent: dict[Key, tuple[datetime, timedelta]] = {}
        self._latest = self._forgot_at = datetime.min.replace(tzinfo=UTC)

    def spend(self, key: Key, rate: float, now: datetime) -> None:
        """One message goes to the place; `rate` is in messages per second."""
        self._follow(now)
        interval = timedelta(seconds=1 / rate)
        spent, _ = self._spent.get(key, (now, interval))
        self._spent[key] = (max(spent, now) + interval, interval * (BURST - 1))

    def give_back(self, key: Key, rate: float) -> None:
        """What was spent was not needed: nothing was sent."""
        if key in self._spent:
            spent, burst = self._spent[key]
            self._spent[key] = (spent - timedelta(seconds=1 / rate), burst)

    def hold(self, key: Key, until: datetime) -> None:
        """The platform says that nothing may go to the place before an instant."""
        spent, burst = self._spent.get(key, (until, timedelta()))
        self._spent[key] = (max(spent, until + burst), burst)

    def busy(self, now: datetime) -> dict[Key, datetime]:
        """Return the places to which nothing may go now, and from when it may."""
        self._follow(now)
        if now - self._forgot_at >= _FORGET_EVERY:
            self._forget(now)
        return {key: at for key, (spent, burst) in self._spent.items() if (at := spent - burst) > now}

    def _follow(self, now: datetime) -> None:
        """A clock that was set back must not keep a place waiting for as long as that."""
        back = self._latest - now
        if back > timedelta():
            self._spent = {key: (spent - back, burst) for key, (spent, burst) in self._spent.items()}
            self._forgot_at = now
        self._latest = now

    def _forget(self, now: datetime) -> None:
        self._forgot_at = now
        old = [key for key, (spent, _) in self._spent.items() if spent + _FORGET_AFTER < now]
        for key in old:
            del self._spent[key]


def next_free(busy: Iterable[datetime], now: datetime, longest: float) -> float:
    """Return in how many seconds the first busy place is free, `longest` at the most."""
    return min((max((at - now).total_seconds(), 0.0) for at in busy), default=longest)
