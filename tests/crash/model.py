"""The model: what must be true of a run, judged from its history alone. Without I/O; each check yields its violations.

1. No event is lost: each key that was answered with 2xx is an alert of exactly one incident per episode (from its first
   report to its recovery), and its last report is what the incident says.
2. No page is lost: each level that the timeline says was told has its messages in the chat, or a recorded reason.
3. The chat shows the newest state of each incident.
4. Every open incident that is not acknowledged has its next step or a recorded reason why not.
5. Nobody is paged after an acknowledgement, but for what was on its way.
6. Whatever the chat received twice was under way when a process was interrupted, and says that it may be a repeat.
7. In the end nothing is stuck in the queue.
8. What holds for SMS, calls and e-mail beside that: see `ways`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Final

from bot.domain.delivery import Kind, State
from bot.domain.incident import Entry, Idle, Progress
from tests.crash import climbs, repeats, ways
from tests.crash.history import AlertRow, Arrival, History, IncidentRow, Post, Seen

# What a process may find out only now that it runs again on a busy machine.
A_MOMENT: Final = timedelta(seconds=2)


class Law(StrEnum):
    """What can be violated, in the words of the report."""

    EVENT = "lost events"
    PAGE = "lost pages"
    CARD = "stale cards"
    STEP = "incidents without a next step"
    AFTER = "pages after acknowledgement"
    DOUBLE = "doubles that nothing explains"
    STUCK = "stuck claims"
    UNREACHED = "people whom nothing reached, unsaid"
    SPARED = "pages by a way that was to be spared"
    RINGING = "calls that rang on"
    UNHEARD = "answers taken and not carried out"
    OUTCOME = "messages without one outcome"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the model found: the violations of each law, and how many repeats there were with and without a mark."""

    violations: Mapping[Law, tuple[str, ...]] = field(default_factory=dict)
    marked: int = 0
    unmarked: int = 0
    most_at_once: int = 0

    @property
    def is_good(self) -> bool:
        """Whether nothing was violated."""
        return not any(self.violations.values())


def judge(history: History) -> Verdict:
    """Hold a run against the laws."""
    found = repeats.of(history)
    doubles = (*repeats.faults(history, found), *ways.doubled(history))
    checks: Mapping[Law, Callable[[History], Iterable[str]]] = {
        Law.EVENT: events,
        Law.PAGE: pages,
        Law.CARD: cards,
        Law.STEP: next_steps,
        Law.AFTER: after_acknowledgement,
        Law.STUCK: stuck,
        Law.UNREACHED: ways.unreached,
        Law.SPARED: ways.unspared,
        Law.RINGING: ways.ringing,
        Law.UNHEARD: ways.unheard,
        Law.OUTCOME: ways.open_ended,
    }
    violations = {law: tuple(check(history)) for law, check in checks.items()}
    again = [arrival for tries in found.tries.values() for arrival in tries[1:]]
    marked = sum(arrival.is_marked for arrival in again)
    most = max(repeats.by_interruption(history, found).values(), default=0)
    return Verdict({**violations, Law.DOUBLE: doubles}, marked, len(again) - marked, most)


# ---- events ----------------------------------------------------------------------------------------------------------


def events(history: History) -> Iterator[str]:
    """Yield what became of events that was not to become of them."""
    alerts: dict[str, list[AlertRow]] = defaultdict(list)
    for alert in history.alerts:
        alerts[alert.key].append(alert)
    posts = sorted(history.posts, key=lambda post: post.key)
    for key, of_key in groupby(posts, key=lambda post: post.key):
        yield from (f"{key}: {fault}" for fault in _of_key(history, list(of_key), alerts[key]))
    yield from _of_numbers(history)


def _of_key(history: History, posts: list[Post], alerts: list[AlertRow]) -> Iterator[str]:
    unanswered = [post for post in posts if not post.is_answered]
    if unanswered:
        yield f"{len(unanswered)} events were never answered"
        return
    said = [(post.status, post.title, post.description) for post in posts]
    new = sum(before != after for before, after in pairwise([None, *said]))
    stored = history.events.get(posts[0].key, 0)
    # A repetition is not stored; a recovery that is sent again finds nothing to recover, and that is.
    most = new + sum(post.attempts - 1 for post in posts if post.is_recovery)
    if not new <= stored <= most:
        yield f"{new} to {most} different events were answered, {stored} are stored"
    wanted = episodes(posts)
    if len(alerts) != wanted:
        yield f"{wanted} episodes were answered, {len(alerts)} alerts are stored"
        return
    numbers = [alert.incident for alert in alerts]
    if None in numbers or len(set(numbers)) != len(numbers):
        yield f"its alerts belong to the incidents {numbers}"
        return
    for alert in alerts[:-1]:
        if not alert.is_recovered:
            yield f"an earlier alert, of incident #{alert.incident}, has not recovered"
    yield from _end_of_key(history, posts, alerts[-1])


def episodes(posts: Iterable[Post]) -> int:
    """Return how often trouble began: a report of it first, or after a recovery."""
    count, is_firing = 0, False
    for post in posts:
        count += not post.is_recovery and not is_firing
        is_firing = not post.is_recovery
    return count


def _end_of_key(history: History, posts: list[Post], alert: AlertRow) -> Iterator[str]:
    """The last alert and its incident say what was reported last."""
    last = posts[-1]
    incident = history.incidents.get(alert.incident or 0)
    if incident is None:
        yield f"incident #{alert.incident} is not there"
        return
    if alert.is_recovered != last.is_recovery:
        yield f"the last report was {last.status}, the alert of incident #{incident.number} disagrees"
    is_closed = incident.progress is Progress.CLOSED
    by_hand = any(said.entry is Entry.CLOSED for said in history.timeline.get(incident.number, ()))
    if last.is_recovery and not is_closed:
        yield f"incident #{incident.number} has recovered and is not closed"
    if not last.is_recovery and is_closed and not by_hand:
        yield f"incident #{incident.number} is closed, and neither its alert nor anybody said so"
    told = (last.status, last.title, last.description)
    if not last.is_recovery and told != (incident.severity, incident.title, incident.description):
        yield f"incident #{incident.number} does not say what was reported last: {told}"


def _of_numbers(history: History) -> Iterator[str]:
    """In the chat, one number is one incident."""
    for arrival in history.arrivals:
        incident = history.incidents.get(arrival.number)
        if arrival.seen is not Seen.BOARD and (incident is None or incident.title != arrival.title):
            yield f"the chat was told of #{arrival.number} {arrival.title!r}, which is not stored so"


# ---- pages -----------------------------------------------------------------------------------------------------------


def pages(history: History) -> Iterator[str]:
    """Yield what was not told, or was told out of order."""
    received = {arrival.message: arrival for arrival in history.arrivals}
    rows = defaultdict(list)
    for row in history.deliveries:
        rows[row.incident].append(row)
        if row.is_page and row.state is State.DELIVERED:
            arrival = received.get(row.message) if row.message else None
            number = row.incident if row.board is None else 0
            if arrival is None or (arrival.number, arrival.place) != (number, row.place):
                yield f"#{row.incident}: delivery {row.id} to {row.place} counts as delivered, the chat has it not"
    for number, incident in history.incidents.items():
        faults = climbs.faults(
            climbs.Climb(
                incident, history.timeline.get(number, []), rows[number], history.levels.get(incident.channel, ())
            )
        )
        yield from (f"#{number}: {fault}" for fault in faults)


# ---- cards, next steps, queue ----------------------------------------------------------------------------------------


def cards(history: History) -> Iterator[str]:
    """Yield the cards that show something else than what is."""
    for card in history.cards:
        incident = history.incidents[card.incident]
        if card.message is None:
            continue
        shown = history.shown.get(card.message)
        if shown is None:
            yield f"#{incident.number} in {card.place}: the card is not in the chat"
        elif (shown.progress, shown.version) != (incident.progress, incident.version):
            is_ = f"{incident.progress} v{incident.version}"
            yield f"#{incident.number} in {card.place}: shows {shown.progress} v{shown.version}, is {is_}"
    for board in history.boards:
        shows = history.open_on_board.get(board.message) if board.message else None
        is_open = sum(history.incidents[number].progress is not Progress.CLOSED for number in board.incidents)
        if board.message and shows != is_open:
            yield f"board {board.id}: shows {shows} open incidents, of its {len(board.incidents)} there are {is_open}"


def next_steps(history: History) -> Iterator[str]:
    """Yield the open incidents that nobody will look at again, for no reason that was written down."""
    for incident in history.incidents.values():
        waits = incident.progress is Progress.TRIGGERED
        if waits and incident.due is None and incident.idle is None:
            yield f"#{incident.number} is open, not due, and has no reason why"
        if waits and incident.idle in (Idle.ACKNOWLEDGED, Idle.CLOSED):
            yield f"#{incident.number} is {incident.progress}, but idle because it is {incident.idle}"


def stuck(history: History) -> Iterator[str]:
    """Yield what is neither settled nor will be by itself."""
    for row in history.deliveries:
        if row.state is State.SENDING:
            yield f"#{row.incident}: delivery {row.id} to {row.place} is being sent by nobody"
        elif row.state is State.PENDING and row.not_before <= history.ended_at:
            yield f"#{row.incident}: delivery {row.id} to {row.place} has been due since {row.not_before:%T}"


# ---- after an acknowledgement ----------------------------------------------------------------------------------------

_REMINDS: Final = (Kind.REMINDER, Kind.PAGE)
_QUIET: Final = frozenset({Entry.ACKNOWLEDGED, Entry.CLOSED, Entry.RECOVERED})
_MOVES: Final = _QUIET | {Entry.UNACKNOWLEDGED, Entry.ESCALATED, Entry.REOPENED, Entry.REASSIGNED}


def after_acknowledgement(history: History) -> Iterator[str]:
    """Yield the pages that came after somebody had taken or ended the incident, and were not on their way by then."""
    for number, arrival in _paging(history):
        acts = [said for said in history.timeline.get(number, ()) if said.at <= arrival.at and said.entry in _MOVES]
        if not acts or acts[-1].entry not in _QUIET:
            continue
        quiet_from = acts[-1].at + A_MOMENT
        if arrival.at > quiet_from and not _held_up(history, quiet_from, arrival.at):
            late = (arrival.at - acts[-1].at).total_seconds()
            yield f"#{number}: {arrival.place} was paged {late:.1f} s after it was {acts[-1].entry}"


def _paging(history: History) -> Iterator[tuple[int, Arrival]]:
    """Yield each page with its incident. The first card of a chat is none: it is shown though somebody has acted."""
    received = {arrival.message: arrival for arrival in history.arrivals}
    for arrival in history.arrivals:
        if arrival.seen is Seen.PAGE or (arrival.seen is Seen.CARD and arrival.is_direct):
            yield arrival.number, arrival
    for row in history.deliveries:
        told = received.get(row.message) if row.message and row.board is not None else None
        if told is not None and (row.kind in _REMINDS or (row.kind is Kind.CARD and told.is_direct)):
            yield row.incident, told


def _held_up(history: History, since: datetime, until: datetime) -> bool:
    """Whether what was on its way at one instant may have come only at another."""
    return any(one.began <= since and until <= one.ended + A_MOMENT for one in history.interruptions)


def count_by_progress(incidents: Iterable[IncidentRow]) -> Counter[str]:
    """Return how many incidents ended how."""
    return Counter(str(incident.progress) for incident in incidents)
