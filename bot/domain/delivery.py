"""Deliveries: whether a message is still wanted, and what follows when it was not taken.

Both are decided from the present state, so that after an outage nothing stale is sent, and a retry never runs for its
own sake. One delivery is one message to one place; what happens to it never changes what another place receives.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final, NewType, Self

from bot.domain.frozen import dataclass
from bot.domain.growing import Growing
from bot.domain.incident import ADDED, Entry, Incident, IncidentId, Progress
from bot.domain.people import AccountId, WorkspaceId

DeliveryId = NewType("DeliveryId", int)
CardId = NewType("CardId", int)
PageId = NewType("PageId", int)

FIRST_PAUSE: Final = timedelta(seconds=1)
LONGEST_PAUSE: Final = timedelta(seconds=60)
# A platform that stays away: its pages are tried until the incident moves on, but not for ever.
LONGEST_TRY: Final = timedelta(hours=24)
# However long a platform asks us to wait: a page is worth another question by then.
LONGEST_HOLD: Final = timedelta(minutes=5)
# An answer that says neither yes nor no may hide a message that arrived: a few repeats, ever more rarely, and then
# another way must be found. A platform that hangs for minutes must not lose a page, so the repeats last for a while.
MOST_UNCERTAIN: Final = 6
LONGEST_DOUBT: Final = timedelta(minutes=15)
RAREST_REPEAT: Final = timedelta(minutes=5)
# What machines change is shown after this pause, so that a burst of changes is one edit.
MERGE: Final = timedelta(seconds=1)


class Kind(Growing):
    """What is sent."""

    CARD = "card"
    REMINDER = "reminder"
    NOTE = "note"
    EDIT = "edit"
    BOARD = "board"
    PAGE = "page"
    CANCEL = "cancel"
    LETTER = "letter"


LETTER_CHANGE: Final = 1
"""The `version` of what changes a letter's message; of what brings the letter it is 0."""

PAGES: Final = (Kind.CARD, Kind.REMINDER, Kind.PAGE)
"""What tells somebody that they are needed. `PAGE`: by a line, where there is no card that could change."""


OVER: Final = (Entry.ACKNOWLEDGED, Entry.CLOSED, Entry.RECOVERED)
"""What a note tells those who were paged by a line: that it is over, or in other hands."""

# A call or an alarm that nobody stops ends by itself.
LONGEST_ALARM: Final = timedelta(hours=3)
# Why a page has no message of its own: it was told by a board, or will be.
ON_THE_BOARD: Final = "on_the_board"


class Lane(IntEnum):
    """Which goes first when not everything can go at once."""

    PAGE = 0
    EDIT = 2


class State(StrEnum):
    """How far a delivery has come; the last three are its outcomes."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes in a workspace: a chat, or the direct conversation with an account."""

    workspace: WorkspaceId
    chat: str | None = None
    account: AccountId | None = None

    @property
    def key(self) -> str:
        """Return one word for the place, unique in its workspace."""
        return f"account:{self.account}" if self.chat is None else f"chat:{self.chat}"

    @classmethod
    def of(cls, workspace: WorkspaceId, key: str) -> Self:
        """Return the place that has this `key`."""
        kind, _, name = key.partition(":")
        return cls(workspace, chat=name) if kind == "chat" else cls(workspace, account=AccountId(int(name)))


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one place. `version` is the incident's when it was decided; `entry` says what a note tells.

    `uncertain`: an earlier try may have arrived, so this one says that it may be a repeat. `page`: it is one of several
    ways of this page (`bot.domain.fallback`), counted by `rank`. `not_before`: when its turn came; `latest`: when it
    comes in any case. `waited`: it has given those before it some more time already.
    """

    id: DeliveryId
    incident: IncidentId
    kind: Kind
    place: Place
    version: int
    level: int
    turn: int
    created_at: datetime
    card: CardId | None = None
    entry: Entry | None = None
    attempts: int = 0
    uncertain: bool = False
    page: PageId | None = None
    rank: int = 0
    not_before: datetime | None = None
    latest: datetime | None = None
    waited: bool = False

    @property
    def is_change(self) -> bool:
        """Whether it changes a message, and brings none."""
        return self.kind is Kind.EDIT or (self.kind is Kind.LETTER and self.version == LETTER_CHANGE)


class Dropped(StrEnum):
    """Why a message that was decided on is not sent."""

    ACTED = "somebody_acted"
    CLOSED = "incident_closed"
    SNOOZED = "incident_snoozed"
    SUPERSEDED = "a_later_turn_replaces_it"
    UNDONE = "the_action_was_taken_back"
    SHOWN = "the_card_shows_it_already"
    NOT_EDITABLE = "the_message_cannot_be_changed"
    REACHED = "reached_by_another_way"
    OVER = "it_is_over_already"


WITHDRAWN: Final[Mapping[Entry, Dropped]] = {
    Entry.ACKNOWLEDGED: Dropped.ACTED,
    Entry.CLOSED: Dropped.CLOSED,
    Entry.RECOVERED: Dropped.CLOSED,
    Entry.SNOOZED: Dropped.SNOOZED,
    Entry.REASSIGNED: Dropped.SUPERSEDED,
    Entry.UNDONE: Dropped.UNDONE,
}
"""Why a message is not sent that was taken back for this."""


def unwanted(delivery: Delivery, incident: Incident, shown: int | None) -> Dropped | None:
    """Return why the delivery is stale; None: it is to be sent. `shown`: the version on its card, if it has one."""
    if delivery.kind is Kind.EDIT:
        return Dropped.SHOWN if shown is not None and shown >= incident.version else None
    if delivery.kind is Kind.CANCEL:
        return None
    if delivery.kind is Kind.NOTE and delivery.entry in OVER:
        return Dropped.UNDONE if incident.progress is Progress.TRIGGERED else None
    # The first card of a chat is shown though somebody has acted; where it stands already, this is a page under it.
    if delivery.kind is Kind.CARD and delivery.place.chat is not None and shown is None:
        return None if incident.is_open else Dropped.CLOSED
    if not incident.is_open:
        return Dropped.CLOSED
    if incident.moved > delivery.version and incident.progress is Progress.PROCESSING:
        return Dropped.ACTED
    # Somebody who is added while it is quiet is told all the same: that is what they were added for.
    if incident.snoozed_until is not None and delivery.turn != ADDED:
        return Dropped.SNOOZED
    return None


@dataclass(frozen=True, slots=True)
class Setback:
    """What a failed try means. `again`: another can help; `uncertain`: the message may have arrived all the same.

    `has_other_way`: the page can still go out by another way.
    """

    again: bool
    uncertain: bool = False
    retry_after: timedelta | None = None
    has_other_way: bool = False


def next_try(delivery: Delivery, setback: Setback, now: datetime) -> datetime | None:
    """Return when to try again; None: no more, this way has failed. `delivery.attempts` counts the try that failed."""
    if not setback.again or now - delivery.created_at >= LONGEST_TRY:
        return None
    # Where another way stands open, nobody is told twice by this one.
    if setback.uncertain and setback.has_other_way:
        return None
    doubt_is_over = delivery.attempts >= MOST_UNCERTAIN and now - delivery.created_at >= LONGEST_DOUBT
    # An edit that may have arrived does no harm a second time, and without it the card would stay behind.
    if setback.uncertain and doubt_is_over and not delivery.is_change:
        return None
    if setback.retry_after is not None:
        return now + min(setback.retry_after, LONGEST_HOLD)
    doublings = min(max(delivery.attempts - 1, 0), 10)
    if setback.uncertain:
        pause = min(FIRST_PAUSE * (1 << 2 * doublings), RAREST_REPEAT)
    else:
        pause = min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
    # Spread by the delivery's own number, so that those which failed together do not come back together.
    return now + pause * (1 + (delivery.id % 10) / 20)
