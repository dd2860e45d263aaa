"""What the chat received more than once: which delivery it belongs to, and what explains it.

A message that no delivery names as its own is one whose answer was lost: the process was killed, or held up, between
the chat's taking it and the storing of that. If it is sent again, the repeat must say so.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from bot.adapter import FailureKind
from bot.domain.delivery import Kind
from tests.crash.history import OUTAGE, Arrival, DeliveryRow, History, Interruption, Message, Seen

# From the chat's taking a message to the end of the transaction that stores it, on a busy machine.
IN_FLIGHT: Final = timedelta(seconds=3)
# What the process had written to its sockets before it died.
ON_THE_WIRE: Final = timedelta(seconds=0.5)


_SAID_BY: Final = {
    Seen.CARD: (Kind.CARD, Kind.REMINDER),
    Seen.PAGE: (Kind.CARD, Kind.REMINDER, Kind.PAGE),
    Seen.NOTE: (Kind.NOTE, Kind.LETTER),
    Seen.BOARD: (Kind.BOARD,),
}


@dataclass(slots=True)
class Repeats:
    """The tries of each delivery that the chat took, oldest first; and what belongs to none."""

    tries: dict[int, list[Arrival]] = field(default_factory=dict)
    unexplained: list[Arrival] = field(default_factory=list)
    lost: set[Arrival] = field(default_factory=set)


def of(history: History) -> Repeats:
    """Return which delivery each message belongs to."""
    rows = [row for row in history.deliveries if row.kind is not Kind.EDIT]
    # The first: what was put there, before the edits of it. A page that a board tells has no message of its own.
    by_message: dict[Message, DeliveryRow] = {}
    for row in rows:
        if row.accepted_at is not None and row.message and row.board is None:
            by_message.setdefault(row.message, row)
    tries: dict[int, list[Arrival]] = defaultdict(list)
    found = Repeats()
    at_place: dict[tuple[int, str], list[DeliveryRow]] = defaultdict(list)
    for row in rows:
        at_place[row.incident, row.place].append(row)
    by_id = {row.id: row for row in rows}
    arrivals = sorted(history.arrivals, key=lambda arrival: arrival.at)
    # All tries of a mail have one id: the answer to the last of them was stored.
    last = {arrival.message: arrival for arrival in arrivals}
    for arrival in arrivals:
        named = by_message.get(arrival.message) if last[arrival.message] is arrival else None
        known = by_id.get(arrival.delivery) if arrival.delivery else named
        owner = known or _owner(arrival, at_place[arrival.number, arrival.place], tries)
        if named is None:
            found.lost.add(arrival)
        if owner is None:
            found.unexplained.append(arrival)
        else:
            tries[owner.id].append(arrival)
    found.tries = dict(tries)
    return found


def faults(history: History, found: Repeats) -> Iterator[str]:
    """Yield what was received though nothing explains it, and what was repeated without saying so."""
    for arrival in found.unexplained:
        yield f"{_said(arrival)} belongs to no delivery"
    # Of these it is stored that nobody knows: the answer came too late, or not at all.
    in_doubt = {row.id for row in history.deliveries if row.reason == FailureKind.UNCERTAIN}
    explained = {arrival for number in in_doubt for arrival in found.tries.get(number, ())}
    for arrival in sorted(found.lost - explained, key=lambda arrival: arrival.at):
        if not _behind(arrival, history.interruptions):
            yield f"{_said(arrival)} was taken, but not stored as delivered, though nothing was interrupted then"
    for number, tries in found.tries.items():
        lost = [arrival for arrival in tries if arrival in found.lost]
        causes = {cause for arrival in lost for cause in _behind(arrival, history.interruptions)}
        if len(lost) > len(causes) > 0:
            yield f"delivery {number} was received {len(tries)} times, for {len(causes)} interruptions"
        for arrival in tries[1:]:
            if not arrival.is_marked:
                yield f"{_said(arrival)} is a repeat and does not say so"


def by_interruption(history: History, found: Repeats) -> Counter[Interruption]:
    """Return how many messages each interruption made come again."""
    again = {first for tries in found.tries.values() for first in tries[:-1]}
    return Counter(causes[-1] for arrival in again if (causes := _behind(arrival, history.interruptions)))


def _owner(arrival: Arrival, rows: list[DeliveryRow], tries: dict[int, list[Arrival]]) -> DeliveryRow | None:
    """Return the delivery of which this was a try without an answer: the one with the fewest that we know of."""
    fitting = [
        row
        for row in rows
        if row.kind in _SAID_BY[arrival.seen]
        and (row.is_uncertain or row.reason == FailureKind.UNCERTAIN)
        and row.created_at <= arrival.at
        and (row.settled_at is None or arrival.at <= row.settled_at)
    ]
    return min(fitting, key=lambda row: (len(tries[row.id]), row.id), default=None)


def _behind(arrival: Arrival, interruptions: list[Interruption]) -> list[Interruption]:
    """Return what may have kept the answer from being stored. A database that is away does not: it is waited for."""
    near = (one for one in interruptions if one.began - IN_FLIGHT <= arrival.at <= one.ended + ON_THE_WIRE)
    return [one for one in near if one.what != OUTAGE]


def _said(arrival: Arrival) -> str:
    return f"#{arrival.number}: the {arrival.seen} that {arrival.place} received at {arrival.at:%T.%f}"
