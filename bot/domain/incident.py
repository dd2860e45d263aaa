"""An incident: what it is, what can happen to it, and what can follow.

Data only, in and out of the law: `bot.domain.law` decides what becomes of an incident.
"""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType

from bot.domain.escalation import Chat, Level, Reset
from bot.domain.facts import Facts
from bot.domain.frozen import dataclass
from bot.domain.growing import Growing
from bot.domain.people import AccountId, Coming, Method, People, Target

IncidentId = NewType("IncidentId", int)
AlertId = NewType("AlertId", int)
ChannelId = NewType("ChannelId", int)

LONGEST_SNOOZE: Final = timedelta(hours=24)
COMMENT_LIMIT: Final = 2048
# A tick this late still counts from the instant it was due, so that small delays do not add up over the levels.
PUNCTUAL: Final = timedelta(seconds=30)
UNDO_WITHIN: Final = timedelta(seconds=60)
# The turn of a page to somebody who was added by hand: it is no turn of the level's loop, and nobody waits for it.
ADDED: Final = -1


class Progress(StrEnum):
    """How far the handling has come. The strings are the wire format too."""

    TRIGGERED = "Triggered"
    PROCESSING = "Processing"
    CLOSED = "Closed"


class Idle(StrEnum):
    """Why an open incident has no next instant."""

    NO_RULE = "no_rule"
    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"
    BY_HAND = "assigned_by_hand"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, and through which door (a workspace's name, `cli`, `api`); no account: Oncard or the monitoring."""

    account: AccountId | None = None
    via: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """That somebody did something, and when."""

    by: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Responder:
    """Somebody whom the incident was assigned to, and by which level (counted from 0); None: by hand."""

    account: AccountId
    level: int | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """How far the handling has come, and what happens next if nobody acts.

    `level` counts from 0 (-1: none entered yet), `turn` counts the notifications of this level. `climbs`: False while
    those whom it was assigned to by hand shall have it without the rule's later levels.
    """

    progress: Progress = Progress.TRIGGERED
    level: int = -1
    turn: int = 0
    repeat_at: datetime | None = None
    escalate_at: datetime | None = None
    snoozed_until: datetime | None = None
    idle: Idle | None = None
    responders: tuple[Responder, ...] = ()
    assigned: tuple[Target, ...] = ()
    climbs: bool = True
    acknowledged: Deed | None = None
    closed: Deed | None = None
    recovered: bool = False
    resolution: str = ""
    exhausted_at: datetime | None = None

    @property
    def due(self) -> datetime | None:
        """Return the next instant at which somebody must look; None: `idle` says why not."""
        if self.snoozed_until is not None:
            return self.snoozed_until
        if self.repeat_at is None or self.escalate_at is None:
            return self.repeat_at or self.escalate_at
        return min(self.repeat_at, self.escalate_at)

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self.progress is not Progress.CLOSED


@dataclass(frozen=True, slots=True)
class Undoable:
    """What somebody did last, and how it was handled `before`: they may take it back `until` then.

    `version` is the one that the deed left. `has_climbed`: before it, a level was entered after progress had changed.
    """

    entry: "Entry"
    deed: Deed
    until: datetime
    version: int
    before: Handling
    has_climbed: bool


@dataclass(frozen=True, slots=True)
class Incident(Handling):
    """One incident: what is the matter, and how it is handled.

    `moved` is the version at which progress last changed, `turned` the one at which progress or level did. `resets`:
    what its alert puts in the place of what levels of the rule name.
    """

    id: IncidentId
    channel: ChannelId
    facts: Facts
    opened_at: datetime
    rule: str | None = None
    version: int = 1
    moved: int = 1
    turned: int = 1
    undo: Undoable | None = None
    resets: tuple[Reset, ...] = ()


# ---- what can happen: data in ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Somebody takes it. `seen`, here and below: the version on the card that was clicked; None when typed."""

    by: Actor
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Unacknowledge:
    """Somebody gives it back: its level is notified again."""

    by: Actor
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Somebody says that it is over."""

    by: Actor
    resolution: str = ""
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Reopen:
    """Somebody says that it is not over: it climbs again from the first level."""

    by: Actor
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Escalate:
    """Somebody calls the next level, or the one named (from 0)."""

    by: Actor
    level: int | None = None
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Snooze:
    """Somebody wants it quiet until an instant; then its level is notified again."""

    by: Actor
    until: datetime
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Reassign:
    """Somebody gives it to others. With `escalation` the rule's later levels still follow."""

    by: Actor
    targets: tuple[Target, ...]
    escalation: bool = True
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class AddResponder:
    """Somebody has others told too, beside those who have it: its level and its timers stay as they are."""

    by: Actor
    targets: tuple[Target, ...]
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """Somebody takes back what they have just done. `seen`: the version that it left."""

    by: Actor
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """Somebody says something about it."""

    by: Actor
    text: str
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Its alerts say something new."""

    facts: Facts


@dataclass(frozen=True, slots=True)
class Recover:
    """All its alerts have recovered; `facts` counts them so."""

    facts: Facts


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Every message of this turn of this level was refused for good."""

    level: int
    turn: int


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message was not taken: `to` whom, `via` which workspace, `why` in the platform's words."""

    to: str
    via: str
    why: str

    @property
    def record(self) -> "Record":
        """Return the entry of the timeline."""
        return Record(Entry.NOT_DELIVERED, said={"to": self.to, "via": self.via, "why": self.why})


Action = Acknowledge | Unacknowledge | Close | Reopen | Escalate | Snooze | Reassign | AddResponder | Undo | Comment
Fact = Change | Recover | Tick | Unreachable | Undelivered
Happening = Action | Fact


# ---- what follows: data out --------------------------------------------------------------------------------------


class Entry(Growing):
    """What the timeline says happened."""

    OPENED = "opened"
    NOTIFIED = "notified"
    NO_RULE = "no_rule"
    RESET = "reset"
    DELAYED = "delayed"
    LEVEL_EMPTY = "level_empty"
    LEVEL_HELD = "level_held"
    LEVEL_FAILED = "level_failed"
    EXHAUSTED = "exhausted"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    CLOSED = "closed"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    SNOOZED = "snoozed"
    SNOOZE_OVER = "snooze_over"
    REASSIGNED = "reassigned"
    ADDED = "added"
    UNDONE = "undone"
    COMMENTED = "commented"
    SEVERITY = "severity"
    RECOVERED = "recovered"
    NOT_DELIVERED = "not_delivered"


@dataclass(frozen=True, slots=True)
class Record:
    """An entry of the timeline. `said` holds plain values only."""

    entry: Entry
    by: Actor = Actor()
    said: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Happened:
    """An entry as it stands in the timeline."""

    at: datetime
    record: Record


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell these people and chats now. No methods: each person's own preferences. `turn` ADDED: whoever was added."""

    level: int
    turn: int
    accounts: tuple[AccountId, ...]
    chats: tuple[Chat, ...]
    methods: tuple[Method, ...] = ()


@dataclass(frozen=True, slots=True)
class Refresh:
    """Every card of this incident shows its newest state. `prompt`: a person waits for it."""

    prompt: bool


@dataclass(frozen=True, slots=True)
class Withdraw:
    """What has not gone out yet must not go out: pages, and with `cards` also cards that no chat has seen yet.

    `only`: what these people would get, and nothing else.
    """

    reason: Entry
    cards: bool = False
    only: tuple[AccountId, ...] = ()


@dataclass(frozen=True, slots=True)
class SendAgain:
    """What was withdrawn for this `reason`, at this instant or later, goes out after all."""

    reason: Entry
    since: datetime


@dataclass(frozen=True, slots=True)
class Announce:
    """The channel's team and the admins must know."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class EndAlerts:
    """Its alerts take no more events: the next event is a new alert."""


@dataclass(frozen=True, slots=True)
class ReviveAlerts:
    """Its alerts that never recovered take events again."""


Effect = Record | Notify | Refresh | Withdraw | SendAgain | Announce | EndAlerts | ReviveAlerts


class Reason(StrEnum):
    """Why an action was refused."""

    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    ALREADY_CLOSED = "already_closed"
    ALREADY_RECOVERED = "already_recovered"
    NOT_CLOSED = "not_closed"
    STALE = "stale"
    NO_SUCH_LEVEL = "no_such_level"
    NO_FURTHER_LEVEL = "no_further_level"
    SNOOZE_TOO_LONG = "snooze_too_long"
    SNOOZE_IN_THE_PAST = "snooze_in_the_past"
    NOBODY = "nobody"
    NOBODY_ON_CALL = "nobody_on_call"
    EMPTY_COMMENT = "empty_comment"
    RESPONDERS_ALREADY = "responders_already"
    NOTHING_TO_UNDO = "nothing_to_undo"
    NOT_YOURS_TO_UNDO = "not_yours_to_undo"
    TOO_LATE_TO_UNDO = "too_late_to_undo"
    WENT_ON = "went_on"


@dataclass(frozen=True, slots=True)
class Refused:
    """The action changes nothing; `deed` is what stands in its way, where somebody's deed does.

    `coming`: who will be on call next, where nobody is now.
    """

    reason: Reason
    deed: Deed | None = None
    coming: Coming | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What the incident became, and what follows."""

    incident: Incident
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What a step depends on besides the incident: the levels of its rule, and who is there to be told.

    `delay`: so long a new incident tells nobody. `catch_all`: who must know when nobody else does. `reached`, by level:
    whether it tells anybody, and `told`, by level and turn: what telling comes to; kept for the other incidents that
    follow the same rule at the same instant.
    """

    levels: tuple[Level, ...]
    people: People
    delay: timedelta = timedelta(0)
    catch_all: tuple[AccountId, ...] = ()
    reached: dict[int, bool] = field(default_factory=dict, compare=False, repr=False)
    told: dict[tuple[int, int], tuple[Record, Notify, Refresh]] = field(default_factory=dict, compare=False, repr=False)
