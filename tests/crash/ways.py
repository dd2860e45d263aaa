"""The laws of the other ways to people: SMS, calls, e-mail beside the chat, and what people answer by them.

A. Whom a level tells is reached by at least one of their ways, or somebody acted before, or the timeline says of each
   way that it failed, and that the level did where it reached nobody.
B. Each turn has at most one page per person and method. That a page came twice is judged in `repeats`.
C. A way that only stands behind others is not used once one of those is known to have been accepted, unless a report
   has undone that. What a kill took the knowledge of is not known: such pages are counted apart.
D. A call that rings ends when somebody has acted, but for what a kill or a provider in trouble held up.
E. What people answered, and the provider was told that it was taken, was carried out.
F. Every message has one outcome, an instant and, unless it was delivered, a reason.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain.delivery import Dropped, Kind, State
from bot.domain.incident import Entry
from tests.crash import repeats
from tests.crash.history import Arrival, DeliveryRow, History, Interruption, Ring, Said, Word

# Between the answer to one try and the next: what was being prepared when the answer was stored.
A_MOMENT: Final = timedelta(seconds=2)
# Until what stops a call has had its turn: messages of one place go one after the other, one a second.
RINGS_ON: Final = timedelta(seconds=5)
# A process learns of its death's victims by their leases.
LEASE: Final = timedelta(seconds=62)
_TROUBLED: Final = ("kill", "pause", "hang", "cut", "plug")
QUIET: Final = frozenset({Entry.ACKNOWLEDGED, Entry.CLOSED, Entry.RECOVERED})
_LOUD_AGAIN: Final = frozenset({Entry.UNACKNOWLEDGED, Entry.ESCALATED, Entry.REOPENED, Entry.REASSIGNED})
_ACTED: Final = frozenset({str(Dropped.ACTED), str(Dropped.CLOSED), str(Dropped.SNOOZED), str(Dropped.SUPERSEDED)})


# ---- A and B: who was told -------------------------------------------------------------------------------------------


def unreached(history: History) -> Iterator[str]:
    """Yield who was to be told, and neither was nor is said not to have been."""
    rows = _pages(history)
    for number, incident in history.incidents.items():
        levels, timeline = history.levels.get(incident.channel, ()), history.timeline.get(number, [])
        for said in timeline:
            if said.entry is not Entry.NOTIFIED or said.level >= len(levels):
                continue
            for person in sorted(place[1:] for place in levels[said.level] if place.startswith("@")):
                theirs = [row for row in rows[number, person] if _is_of(row, said)]
                if fault := _fate(theirs, person, said, timeline):
                    yield f"#{number}: {person}, told by level {said.level + 1} at {said.at:%T}, {fault}"
    yield from _spared_for_nothing(history)


def _pages(history: History) -> dict[tuple[int, str], list[DeliveryRow]]:
    found: dict[tuple[int, str], list[DeliveryRow]] = defaultdict(list)
    for row in history.deliveries:
        if row.is_page:
            found[row.incident, row.person].append(row)
    return found


def _is_of(row: DeliveryRow, said: Said) -> bool:
    """Whether a page is this turn's: made for it, or still waiting then, and so taken over by it."""
    waited = row.created_at < said.at and (row.settled_at is None or row.settled_at >= said.at)
    return row.created_at == said.at or (waited and (row.level, row.turn) >= (said.level, said.turn))


def _fate(rows: Sequence[DeliveryRow], person: str, said: Said, timeline: Sequence[Said]) -> str:
    """Return what is wrong with how a person was told; empty: nothing."""
    if not rows:
        return "has no page"
    if any(row.accepted_at is not None or row.reason in _ACTED for row in rows):
        return ""
    if any(row.state not in (State.FAILED, State.WITHDRAWN) for row in rows):
        return ""  # It is not over, which is another law's matter.
    loud = any(one.entry is Entry.NOT_DELIVERED and one.to == person and one.at >= said.at for one in timeline)
    return "" if loud else "was reached by nothing, and the timeline does not say so"


def _spared_for_nothing(history: History) -> Iterator[str]:
    """A way that was spared stands behind one that has reached the person to the end."""
    groups: dict[int, list[DeliveryRow]] = defaultdict(list)
    for row in history.deliveries:
        if row.page is not None:
            groups[row.page].append(row)
    for rows in groups.values():
        for row in rows:
            before = [one for one in rows if one.rank < row.rank and one.person in ("", row.person)]
            if row.reason == Dropped.REACHED and not any(one.state is State.DELIVERED for one in before):
                yield f"#{row.incident}: delivery {row.id} to {row.place} was spared, but nothing before it has arrived"


def doubled(history: History) -> Iterator[str]:
    """Yield the turns that have two pages for one place."""
    made = Counter((row.incident, row.place, row.created_at) for row in history.deliveries if row.is_page)
    for (number, place, at), count in made.items():
        if count > 1:
            yield f"#{number}: {place} has {count} pages of one turn, of {at:%T}"


# ---- C: ways that only stand behind others ---------------------------------------------------------------------------


def unspared(history: History) -> Iterator[str]:
    """Yield the pages by a way that was to be spared."""
    for arrival, row, before in _behind(history):
        known = [one for one in before if _stood(one, arrival.at)]
        if known:
            one = known[0]
            since = (arrival.at - one.accepted_at).total_seconds() if one.accepted_at else 0
            yield (
                f"#{row.incident}: {row.place} was paged at {arrival.at:%T} (delivery {row.id}, attempt of "
                f"{row.attempts}) {since:.1f} s after {one.place} was accepted (delivery {one.id})"
            )


def unknown(history: History) -> int:
    """Return how many pages went by a way behind others of which one had been taken, but nobody could know."""
    tries = repeats.of(history).tries
    return sum(
        any(
            one.at < arrival.at and not _stood(row, arrival.at) and not _undone(row)
            for row in before
            for one in tries.get(row.id, ())
        )
        for arrival, _, before in _behind(history)
    )


def _behind(history: History) -> Iterator[tuple[Arrival, DeliveryRow, list[DeliveryRow]]]:
    """Yield what was received by ways that only stand behind others, with those others."""
    groups: dict[int, list[DeliveryRow]] = defaultdict(list)
    by_id = {row.id: row for row in history.deliveries}
    for row in history.deliveries:
        if row.page is not None:
            groups[row.page].append(row)
    for number, tries in repeats.of(history).tries.items():
        owner = by_id[number]
        if owner.is_page and owner.page is not None and owner.latest is None:
            before = [one for one in groups[owner.page] if one.rank < owner.rank and one.person in ("", owner.person)]
            for arrival in tries:
                yield arrival, owner, before


def _stood(row: DeliveryRow, at: datetime) -> bool:
    """Whether it was stored well before an instant that a way had been accepted, and nothing had undone that."""
    if row.accepted_at is None or row.accepted_at > at - A_MOMENT:
        return False
    return row.state is State.DELIVERED or (row.settled_at is not None and row.settled_at > at)


def _undone(row: DeliveryRow) -> bool:
    return row.accepted_at is not None and row.state is State.FAILED


# ---- D: calls --------------------------------------------------------------------------------------------------------


def ringing(history: History) -> Iterator[str]:
    """Yield the calls that went on ringing though somebody had acted, and nothing held up the end of it."""
    for ring, act in _rung_on(history):
        if not _troubled(history.interruptions, ring.began, act.at + RINGS_ON):
            late = "to this hour" if ring.ended is None else f"{(ring.ended - act.at).total_seconds():.1f} s"
            whose = f"#{ring.number}: the phone of {ring.person}"
            yield f"{whose} rang on for {late} after it was {act.entry} at {act.at:%T}"


def rung_on(history: History) -> int:
    """Return how many calls rang on because a kill or a provider in trouble kept their end from being told."""
    return sum(_troubled(history.interruptions, ring.began, act.at + RINGS_ON) for ring, act in _rung_on(history))


def _rung_on(history: History) -> Iterator[tuple[Ring, Said]]:
    for ring in history.rings:
        if ring.was_taken:
            continue
        until = ring.ended or history.ended_at
        timeline = history.timeline.get(ring.number, [])
        for act in timeline:
            if act.entry in QUIET and ring.began <= act.at and act.at + RINGS_ON < until:
                again = any(one.entry in _LOUD_AGAIN and act.at <= one.at <= until for one in timeline)
                if not again:
                    yield ring, act
                break


def _troubled(interruptions: Sequence[Interruption], since: datetime, until: datetime) -> bool:
    """Whether something that could hold up a provider's answer, or ours, fell into a span."""
    near = (one for one in interruptions if one.what in _TROUBLED)
    return any(one.began <= until and since - A_MOMENT <= one.ended for one in near)


# ---- E: answers ------------------------------------------------------------------------------------------------------


def unheard(history: History) -> Iterator[str]:
    """Yield what people answered that was taken, and has changed nothing."""
    for word in history.words:
        if not _carried_out(word, history.timeline.get(word.number, []), len(_levels(history, word.number))):
            asked = f"{word.verb} by {word.person} at {word.began:%T}"
            yield f"#{word.number}: {asked} was taken by {word.ended:%T}, and was not carried out"


def _levels(history: History, number: int) -> tuple[frozenset[str], ...]:
    incident = history.incidents.get(number)
    return history.levels.get(incident.channel, ()) if incident is not None else ()


def _carried_out(word: Word, timeline: Sequence[Said], levels: int) -> bool:
    """Whether it is so: at the time it was quiet, or became so; or the next level was told, or there is none."""
    until = word.ended + timedelta(milliseconds=100)
    if any(word.began <= said.at <= until and _answers(word.verb, said.entry) for said in timeline):
        return True
    before = [said for said in timeline if said.at < word.began]
    standing = next((said.entry for said in reversed(before) if said.entry in QUIET | _LOUD_AGAIN), None)
    if standing in QUIET:
        return True
    level = next((said.level for said in reversed(before) if said.entry is Entry.NOTIFIED), 0)
    meanwhile = (said for said in timeline if word.began <= said.at <= until and said.entry is Entry.NOTIFIED)
    if word.verb == "escalate" and any(said.level > level for said in meanwhile):
        return True  # Its hour had come while the answer was on its way.
    is_last = level >= levels - 1 or any(said.entry is Entry.EXHAUSTED for said in before)
    return word.verb == "escalate" and is_last


def _answers(verb: str, entry: Entry) -> bool:
    return entry in QUIET or (verb == "escalate" and entry in (Entry.ESCALATED, Entry.EXHAUSTED))


# ---- F: outcomes -----------------------------------------------------------------------------------------------------


def open_ended(history: History) -> Iterator[str]:
    """Yield the messages without one outcome."""
    for row in history.deliveries:
        what = f"#{row.incident}: the {row.kind} {row.id} to {row.place} is {row.state}"
        if row.state in (State.PENDING, State.SENDING):
            yield f"{what} in the end"
        elif row.settled_at is None:
            yield f"{what}, nobody knows since when"
        elif row.state is State.DELIVERED and row.reason and not row.board:
            yield f"{what}, and because of {row.reason} it is not"
        elif row.state is State.DELIVERED and not (row.message or row.board):
            yield f"{what} as no message"
        elif row.state is not State.DELIVERED and not row.reason:
            yield f"{what} for no reason"


def reached_by(history: History) -> Counter[str]:
    """Return by how many pages of each method people were reached."""
    return Counter(
        row.place.partition("@")[0].rstrip(":") or "chat"
        for row in history.deliveries
        if row.is_page and row.state is State.DELIVERED and row.person and row.kind is not Kind.BOARD
    )
