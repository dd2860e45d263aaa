"""Who is to look, and now: set after a commit, so that nothing waits for the next poll.

Here it is said to the workers of this process. What other processes should know as well is collected until the bell
(`bot.engine.bell`) takes it to them.
"""

import asyncio
from collections.abc import Iterable
from enum import StrEnum


class Wakeup(StrEnum):
    """Who is to look."""

    OUTBOX = "outbox"
    TIMERS = "timers"
    LEASES = "leases"


class Wakeups:
    """One signal for the outbox, one for the timers, and one for whoever waits for a lease."""

    def __init__(self) -> None:
        self.outbox = asyncio.Event()
        self.timers = asyncio.Event()
        self.leases = asyncio.Event()
        self.abroad = asyncio.Event()
        """Set while there is something that other processes should know."""
        self._for_others: set[Wakeup] = set()
        self._kept: frozenset[Wakeup] = frozenset()
        self._not_looked_at: set[Wakeup] = set()

    def keep(self, *who: Wakeup) -> None:
        """These look here first at what comes up here, and `tell` the others themselves if they leave some of it."""
        self._kept = frozenset(who)

    def is_new(self, who: Wakeup) -> bool:
        """Whether something has come up here for one that is kept since this was last asked."""
        is_new = who in self._not_looked_at
        self._not_looked_at.discard(who)
        return is_new

    def all(self) -> None:
        """Something has changed: whoever sends and whoever watches the time looks again, here and elsewhere."""
        self.wake(Wakeup.OUTBOX, Wakeup.TIMERS)

    def wake(self, *who: Wakeup) -> None:
        """There is something to do for these: they look again here, and elsewhere if it is not `kept` here."""
        self.hear(who)
        self._not_looked_at.update(self._kept.intersection(who))
        self.tell(*(one for one in who if one not in self._kept))

    def lease_is_free(self) -> None:
        """A lease was given back: whoever waits for it, here or elsewhere, may take it."""
        self.wake(Wakeup.LEASES)

    def hear(self, who: Iterable[Wakeup]) -> None:
        """Another process says that these are to look."""
        events = {Wakeup.OUTBOX: self.outbox, Wakeup.TIMERS: self.timers, Wakeup.LEASES: self.leases}
        for one in who:
            events[one].set()

    def take_for_others(self) -> frozenset[Wakeup]:
        """Return what other processes should know, which is from here on the caller's to tell."""
        self.abroad.clear()
        taken = frozenset(self._for_others)
        self._for_others.clear()
        return taken

    def tell(self, *who: Wakeup) -> None:
        """There is something to do for these in other processes."""
        if who:
            self._for_others.update(who)
            self.abroad.set()
