"""Fallback: by which of a person's ways a page goes out, and when.

A page tells one person once. It has ways in an order: the first begins at once; a later one begins when everything
before it has come to nothing, or at its own time if nobody has acted by then. A way comes to nothing when it is refused
for good, when nothing has accepted it within the deadline, or at once when what it goes by is known to be dark. As soon
as one is accepted, those that only stood behind it are spared; a report that it reached nobody after all calls them
back. Nothing here looks at other people: what happens to one page never changes another.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.delivery import DeliveryId
from bot.domain.frozen import dataclass, replace
from bot.domain.people import AccountId

DEADLINE: Final = timedelta(seconds=30)
SHORTEST_DEADLINE: Final = timedelta(seconds=5)
LONGEST_DEADLINE: Final = timedelta(minutes=10)
# Whoever is later than this was not there when the turn came.
PUNCTUAL: Final = timedelta(seconds=5)


class Standing(StrEnum):
    """How far one way of a page has come."""

    OPEN = "open"
    REACHED = "reached"
    LOST = "lost"
    SPARED = "spared"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class Tried:
    """One way of a page so far.

    `latest`: when it goes out whatever became of those before it; None: only if they come to nothing. `lost_at`: since
    when it is lost. `dark`: what it goes by answers nobody, so that nothing waits for it. `fresh`: nothing has come of
    a first try yet. `accepted`: it was accepted before it was lost.
    """

    standing: Standing = Standing.OPEN
    latest: datetime | None = None
    lost_at: datetime | None = None
    dark: bool = False
    fresh: bool = True
    accepted: bool = False


def plan(began: datetime, ways: Sequence[Tried], deadline: timedelta = DEADLINE) -> tuple[datetime | None, ...]:
    """Return when each way goes out, in their order; None: it is spared, because one before it has reached the person.

    Of a way that has been tried it is when its turn came.
    """
    # When everything before has come to nothing; None: something has reached the person.
    free: datetime | None = began
    turns: list[datetime | None] = []
    for way in ways:
        turn = _first(way.latest, free)
        turns.append(turn)
        if way.standing is Standing.REACHED:
            free = None
        elif free is None or turn is None or way.standing is Standing.TAKEN_BACK:
            continue
        elif way.standing is Standing.LOST:
            free = max(free, _over(way, turn, deadline))
        elif not way.dark:
            free = max(free, turn + deadline)
    return tuple(turns)


@dataclass(frozen=True, slots=True)
class Leg:
    """One way of a page as it stands. No `account`: a chat, which stands before everybody's own ways.

    `waits`: nobody has tried it yet, and it may still be moved.
    """

    id: DeliveryId
    account: AccountId | None
    rank: int
    tried: Tried
    began: datetime
    not_before: datetime
    waits: bool


@dataclass(frozen=True, slots=True)
class Move:
    """When a way goes out that goes out at another time than was thought; None: it is spared."""

    leg: DeliveryId
    at: datetime | None


def reached(leg: Leg, by: DeliveryId) -> Leg:
    """Return the way as it is when that delivery has been accepted."""
    if leg.id != by:
        return leg
    tried = replace(leg.tried, standing=Standing.REACHED, lost_at=None, dark=False, fresh=False, accepted=False)
    return replace(leg, tried=tried, waits=False)


def moves_of(legs: Sequence[Leg], deadline: timedelta) -> Iterator[Move]:
    """Yield what changes for the ways of one page: of each of its people, behind the chats that all of them read."""
    chats = [leg for leg in legs if leg.account is None]
    for account in dict.fromkeys(leg.account for leg in legs if leg.account is not None):
        ways = chats + [leg for leg in legs if leg.account == account]
        # A way that has waited since an earlier turn is older than its page.
        turns = plan(max(leg.began for leg in ways), [leg.tried for leg in ways], deadline)
        for leg, turn in zip(ways, turns, strict=True):
            if leg.account is None or not leg.waits:
                continue
            is_spared = leg.tried.standing is Standing.SPARED
            if turn is None and not is_spared:
                yield Move(leg.id, None)
            elif turn is not None and (is_spared or turn != leg.not_before):
                yield Move(leg.id, turn)


class Verdict(StrEnum):
    """Whether a way that only stands behind others goes out now that its turn has come."""

    GO = "go"
    WAIT = "wait"
    SPARE = "spare"


def verdict(late: timedelta, earlier: Sequence[Tried]) -> Verdict:
    """Return whether a way goes out whose turn came so `late`, as those before it stand at this moment.

    After an outage of our own all ways of a page are due at once: those before it have their time first.
    """
    if any(way.standing is Standing.REACHED for way in earlier):
        return Verdict.SPARE
    is_early = late > PUNCTUAL and any(way.standing is Standing.OPEN and way.fresh for way in earlier)
    return Verdict.WAIT if is_early else Verdict.GO


def _over(way: Tried, turn: datetime, deadline: timedelta) -> datetime:
    """Return when a way that is lost came to nothing: a refusal that came after the deadline delays nobody."""
    lost_at = way.lost_at or turn
    return lost_at if way.accepted else min(lost_at, turn + deadline)


def _first(latest: datetime | None, free: datetime | None) -> datetime | None:
    if latest is None or free is None:
        return latest or free
    return min(latest, free)
