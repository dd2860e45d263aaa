"""What happened in a run, as plain values; the model reads nothing else.

What was posted, what the chat and the providers received, what was done to the processes, and what the database holds
at the end. A place is `#` and a chat's id, `@` and the first name of a person in their direct conversation, or a method
before that: `sms:@ana`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from bot.domain.delivery import PAGES, Kind, State
from bot.domain.incident import Entry, Progress

OUTAGE: Final = "outage"
"""An interruption of the database, not of a process."""

Message = tuple[str, str]
"""A message by the ids of its conversation and of itself."""


class Seen(StrEnum):
    """What a message is for those who read it."""

    CARD = "card"
    PAGE = "page"
    NOTE = "note"
    BOARD = "board"


@dataclass(frozen=True, slots=True)
class Post:
    """One event as a sender sent it, in the order of its key. `attempts` counts the tries until it was answered."""

    key: str
    status: str
    title: str
    description: str
    attempts: int
    is_answered: bool

    @property
    def is_recovery(self) -> bool:
        """Whether it says that the trouble is over."""
        return self.status == "Ok"


@dataclass(frozen=True, slots=True)
class Interruption:
    """A moment from which on what a process had under way is cut off, or held up until `ended`."""

    what: str
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that the chat or a provider took. `is_marked`: it says of itself that it may be a repeat.

    `number` is that of its incident; 0: it is a board's, about many. `delivery`: which one it is, where it says so.
    """

    at: datetime
    place: str
    number: int
    seen: Seen
    message: Message
    title: str
    is_marked: bool = False
    delivery: int = 0

    @property
    def is_direct(self) -> bool:
        """Whether one person is told by it."""
        return self.place.startswith("@")


@dataclass(frozen=True, slots=True)
class Ring:
    """A call on somebody's phone, about one incident. `was_taken`: somebody, or a machine, picked it up."""

    number: int
    person: str
    began: datetime
    ended: datetime | None
    was_taken: bool


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody answered by phone, and that the provider was told it was taken. `verb`: `ack` or `escalate`."""

    began: datetime
    ended: datetime
    person: str
    number: int
    verb: str
    trigger: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a card in the chat shows now."""

    progress: Progress
    version: int


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A board as it is stored: the message by which it stands in its place, and the incidents on it."""

    id: int
    message: Message | None
    incidents: frozenset[int]


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert as it is stored."""

    key: str
    incident: int | None
    is_recovered: bool


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident as it is stored."""

    number: int
    channel: str
    title: str
    severity: str
    description: str = ""
    progress: Progress = Progress.TRIGGERED
    version: int = 1
    due: datetime | None = None
    idle: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """An entry of a timeline; level and turn count from 0, where it has them. `to`: who could not be told."""

    at: datetime
    entry: Entry
    level: int = 0
    turn: int = 0
    to: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as it is stored. `board`: the one that tells it, in the place of a message of its own.

    `page`, `rank`, `latest`: which of several ways of a page it is. `accepted_at`: when it was stored that somebody had
    taken it, though a report may have undone that since.
    """

    id: int
    incident: int
    kind: Kind
    place: str
    level: int
    turn: int
    state: State
    created_at: datetime
    not_before: datetime
    settled_at: datetime | None = None
    attempts: int = 1
    is_uncertain: bool = False
    reason: str = ""
    message: Message | None = None
    board: int | None = None
    page: int | None = None
    rank: int = 0
    latest: datetime | None = None
    accepted_at: datetime | None = None

    @property
    def is_page(self) -> bool:
        """Whether it tells a level."""
        return self.kind in PAGES

    @property
    def person(self) -> str:
        """Whom it goes to; empty: to a chat."""
        return self.place.partition("@")[2]


@dataclass(frozen=True, slots=True)
class CardRow:
    """The live message of an incident in a place, as it is stored."""

    incident: int
    place: str
    message: Message | None


@dataclass(slots=True)
class History:
    """A whole run. `levels`: for each channel the places that each level of its rule tells.

    `shown` is what the cards show, `open_on_board` how many open incidents the boards do.
    """

    ended_at: datetime
    levels: Mapping[str, tuple[frozenset[str], ...]]
    posts: list[Post] = field(default_factory=list)
    interruptions: list[Interruption] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    shown: dict[Message, Shown] = field(default_factory=dict)
    alerts: list[AlertRow] = field(default_factory=list)
    events: Mapping[str, int] = field(default_factory=dict)
    incidents: dict[int, IncidentRow] = field(default_factory=dict)
    timeline: dict[int, list[Said]] = field(default_factory=dict)
    deliveries: list[DeliveryRow] = field(default_factory=list)
    cards: list[CardRow] = field(default_factory=list)
    boards: list[BoardRow] = field(default_factory=list)
    open_on_board: dict[Message, int] = field(default_factory=dict)
    rings: list[Ring] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
