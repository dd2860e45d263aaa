"""Boards: where many incidents wait for one place, they share one message there instead of having a card each.

1. A place has at most one board that takes pages. It is opened when more than `FOLD_FROM` incidents wait for the place,
   and takes whatever comes there until nothing has come for `CALM`.
2. A page on a board is told by a message that is heard: the one that puts the board there or, once it stands, a call
   under it. Between two of them lies `AGAIN`; what a page says is on the board long before, by edits that nobody hears.
3. A board shows its incidents as they are. It is over when none of them is open and no page waits on it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from bot.domain.delivery import Dropped, Place
from bot.domain.event import Severity
from bot.domain.incident import ChannelId, Entry, Idle, Incident, IncidentId, Progress

# To the queue a board is a card: both are numbered in one series.
BoardId = NewType("BoardId", int)

FOLD_FROM: Final = 10
CALM: Final = timedelta(minutes=10)
AGAIN: Final = timedelta(minutes=1)
# What machines change on a board is shown so often at most, and after its first minute less often: a platform also
# counts the edits of all messages together.
REDRAW: Final = timedelta(seconds=3)
REDRAW_LATER: Final = timedelta(seconds=10)

# What comes to a board in a storm is put there together, so that each page does not cost a write of its own.
FOLD_EVERY: Final = timedelta(seconds=0.5)


class Form(StrEnum):
    """How a board speaks: it is put into its place, it calls under its message, or its message changes unheard."""

    POST = "post"
    CALL = "call"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Board:
    """The message that many incidents share in one place.

    `joined_at`: when it last took a page; `told_at`: when it was last heard; None: no message of it stands there.
    """

    id: BoardId
    place: Place
    opened_at: datetime
    joined_at: datetime
    told_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """How many incidents of a board are alike, and the number of the newest of them."""

    channel: ChannelId
    severity: Severity
    progress: Progress
    idle: str
    count: int
    newest: IncidentId


@dataclass(frozen=True, slots=True)
class Summary:
    """What is on a board."""

    lots: tuple[Lot, ...] = ()

    @property
    def total(self) -> int:
        """Return how many incidents there are."""
        return sum(lot.count for lot in self.lots)

    @property
    def open(self) -> int:
        """Return how many are not closed."""
        return self._count(Progress.TRIGGERED) + self._count(Progress.PROCESSING)

    @property
    def untaken(self) -> int:
        """Return how many nobody has acknowledged."""
        return self._count(Progress.TRIGGERED)

    @property
    def taken(self) -> int:
        """Return how many somebody has acknowledged, and that are not closed yet."""
        return self._count(Progress.PROCESSING)

    @property
    def newest(self) -> IncidentId:
        """Return the highest number of them: what a reader can have seen."""
        return max((lot.newest for lot in self.lots), default=IncidentId(0))

    @property
    def severities(self) -> Mapping[Severity, int]:
        """Return how many open ones there are of each severity."""
        counts: Counter[Severity] = Counter()
        for lot in self.lots:
            counts[lot.severity] += lot.count * (lot.progress is not Progress.CLOSED)
        return +counts

    @property
    def channels(self) -> tuple[ChannelId, ...]:
        """Return the channels they are of, those with most first."""
        counts: Counter[ChannelId] = Counter()
        for lot in self.lots:
            counts[lot.channel] += lot.count
        return tuple(channel for channel, _ in counts.most_common())

    def idle(self, why: Idle) -> int:
        """Return how many nobody has acknowledged for which nothing happens any more, for this reason."""
        return sum(lot.count for lot in self.lots if lot.progress is Progress.TRIGGERED and lot.idle == why)

    def _count(self, progress: Progress) -> int:
        return sum(lot.count for lot in self.lots if lot.progress is progress)


@dataclass(frozen=True, slots=True)
class Pages:
    """What goes out with a message of a board: of how many incidents, and how many notes of what they tell.

    `newest`: the newest of these incidents. `levels`: incidents of which each stands for those whose people are told
    alike, with the level that tells them.
    """

    incidents: int = 0
    newest: Incident | None = None
    notes: Mapping[Entry, int] = field(default_factory=dict)
    levels: tuple[tuple[Incident, int], ...] = ()


def folds(incidents: int, board: Board | None, now: datetime) -> bool:
    """Whether pages of so many incidents that wait for a place go onto a board; `board`: the one that stands there."""
    if board is not None and is_taking(board, now):
        return incidents > 0
    return incidents > FOLD_FROM


def is_taking(board: Board, now: datetime) -> bool:
    """Whether the board takes whatever comes to its place."""
    return board.closed_at is None and now - board.joined_at < CALM


def may_tell(board: Board, now: datetime) -> bool:
    """Whether the board may be heard now. A clock that was set back keeps nobody from being told."""
    return board.told_at is None or not timedelta() <= now - board.told_at < AGAIN


def tells_at(board: Board, now: datetime) -> datetime:
    """Return when the board may be heard next."""
    return now if board.told_at is None or may_tell(board, now) else board.told_at + AGAIN


def speaks_at(board: Board, now: datetime) -> datetime:
    """Return when the board speaks that has just taken pages: at once where it may be heard, else as it is redrawn."""
    return min(tells_at(board, now), redraws_at(board, now))


def redraws_at(board: Board, now: datetime) -> datetime:
    """Return when the board shows what machines have changed now; what was never shown is shown at once."""
    if board.told_at is None:
        return now
    return now + (REDRAW if now - board.opened_at < AGAIN else REDRAW_LATER)


def form_of(board: Board, summary: Summary, pages: int, *, can_edit: bool) -> Form | Dropped:
    """Return how the board speaks when so many pages go out with its message, or why it has nothing to say.

    A chat sees a board though somebody has taken everything on it; one person alone does not need it any more.
    """
    if board.told_at is not None:
        if pages:
            return Form.CALL
        return Form.EDIT if can_edit else Dropped.NOT_EDITABLE
    if pages or (summary.open and board.place.chat is not None):
        return Form.POST
    return Dropped.ACTED if summary.open else Dropped.CLOSED
