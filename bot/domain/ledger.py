"""The ledger of an incident: which messages were decided on and why, each hop of them, and what became of each.

Each message has one outcome, in one word, with its reason. A message that has none yet waits, and it is said for what.
Nothing is known here that is not stored: what the messages say of themselves, and what the timeline says happened.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.delivery import ON_THE_BOARD, OVER, PAGES, Delivery, Dropped, Kind, Place, State
from bot.domain.frozen import replace
from bot.domain.incident import ADDED, Entry, Happened, Incident
from bot.domain.masking import digits_of, masked
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, AccountId


class Outcome(StrEnum):
    """What became of a message."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not delivered"
    NOT_NEEDED = "not needed"
    TAKEN_BACK = "taken back"
    WAITING = "still waiting"


class Because(StrEnum):
    """The reason of an outcome."""

    ACCEPTED = "accepted"
    REPORTED = "reported"
    ANSWERED = "acted"
    BY_BOARD = "by_board"
    FAILED = "failed"
    REACHED = "reached"
    SHOWN = "shown"
    NEWER = "newer"
    NOT_EDITABLE = "not_editable"
    OVER = "over"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"
    RECOVERED = "recovered"
    SNOOZED = "snoozed"
    REASSIGNED = "reassigned"
    UNDONE = "undone"
    TURN = "turn"
    BEHIND = "behind"
    RETRY = "retry"
    SENDING = "sending"
    ON_BOARD = "on_board"
    OTHER = "other"


class Asked(StrEnum):
    """What a message was decided on for."""

    LEVEL = "level"
    BY_HAND = "by_hand"
    ADDED = "added"
    TEAM = "team"
    ANNOUNCED = "announced"
    OVER = "over"
    CARD = "card"
    STOP = "stop"


DECIDED: Final = "decided"
QUEUED: Final = "queued"
ACCEPTED: Final = "accepted"
ACTED: Final = "acted"
# What a provider reports that says more than that it has taken the message, the most first.
_REPORTS: Final = ("seen", "answered", "delivered")


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a message on its way, in the words of whoever took it; `id`: theirs of the message."""

    at: datetime
    word: str
    provider: str = ""
    said: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it is stored. `reason`: ours; `said`: the words of the platform or the provider."""

    delivery: Delivery
    state: State
    reason: str
    said: str
    not_before: datetime
    settled_at: datetime | None
    provider: str = ""
    id: str = ""
    hops: tuple[Hop, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a message was decided on. `level` and `turn` count from 1.

    `after`: so long after the page began it goes out if nobody has acted, or at once; None: nothing says so. `behind`:
    it goes out only if these come to nothing.
    """

    asked: Asked
    level: int = 0
    turn: int = 0
    after: timedelta | None = None
    behind: tuple[Place, ...] = ()
    entry: Entry | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of a message. `by`: who acted; `via`: by which other way they were told; `word`: ours for it."""

    outcome: Outcome
    because: Because
    at: datetime | None = None
    by: AccountId | None = None
    via: Place | None = None
    until: datetime | None = None
    word: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """One message: what it was for, its way, and how it ended."""

    sent: Sent
    cause: Cause
    hops: tuple[Hop, ...]
    ending: Ending

    @property
    def delivery(self) -> Delivery:
        """The message."""
        return self.sent.delivery

    @property
    def is_page(self) -> bool:
        """Whether it tells somebody that they are needed."""
        return self.delivery.kind in PAGES


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody, or a chat, with every message that was for them, oldest first."""

    place: Place
    tellings: tuple[Telling, ...]


@dataclass(frozen=True, slots=True)
class Unreached:
    """Somebody whom a level was to tell, and to whom no way led: there is no message. `level` counts from 1.

    `decision`: which of the ledger's decisions it was, from 0.
    """

    at: datetime
    account: AccountId
    level: int
    decision: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """The account of one incident."""

    incident: Incident
    decisions: tuple[Happened, ...]
    tellings: tuple[Telling, ...]
    unreached: tuple[Unreached, ...] = ()

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """Return who was told or was to be, in the order in which it was first decided."""
        found: dict[tuple[object, ...], list[Telling]] = {}
        for telling in self.tellings:
            place = telling.delivery.place
            who = (place.account,) if place.account is not None else (place.workspace, place.chat)
            found.setdefault(who, []).append(telling)
        return tuple(Recipient(some[0].delivery.place, tuple(some)) for some in found.values())


def reckon(
    incident: Incident, timeline: Sequence[Happened], sent: Iterable[Sent], organisation: Organisation
) -> Ledger:
    """Return the account of an incident. Numbers and addresses in foreign words are masked."""
    phones = [account.phone for account in organisation.people.accounts.values() if account.phone]
    messages = [
        _masked(one, phones) for one in sorted(sent, key=lambda one: (one.delivery.created_at, one.delivery.id))
    ]
    pages: dict[int, list[Sent]] = {}
    for one in messages:
        if one.delivery.page is not None:
            pages.setdefault(one.delivery.page, []).append(one)
    tellings = [
        Telling(
            one,
            _cause(one.delivery, pages.get(one.delivery.page or 0, ()), timeline),
            _hops(one),
            _ending(one, pages.get(one.delivery.page or 0, ()), timeline),
        )
        for one in messages
    ]
    return Ledger(incident, tuple(timeline), tuple(tellings), _unreached(timeline, tellings, organisation))


def _unreached(
    timeline: Sequence[Happened], tellings: Sequence[Telling], organisation: Organisation
) -> tuple[Unreached, ...]:
    paged = {one.delivery.place.account for one in tellings if one.is_page}
    found: dict[AccountId, Unreached] = {}
    for place, item in enumerate(timeline):
        if item.record.entry not in (Entry.NOTIFIED, Entry.ADDED):
            continue
        named = set(str(item.record.said.get("to", "")).split(", "))
        level = int(item.record.said.get("level", 0))
        for account in organisation.people.accounts.values():
            if account.name in named and account.id not in paged:
                found.setdefault(account.id, Unreached(item.at, account.id, level, place))
    return tuple(found.values())


def phones_of(organisation: Organisation) -> tuple[str, ...]:
    """Return by what the numbers of people are known in what platforms and providers say."""
    return digits_of(account.phone for account in organisation.people.accounts.values() if account.phone)


def alone(sent: Sent, timeline: Sequence[Happened], phones: Sequence[str]) -> Telling:
    """Return a message as far as it is known by itself: not by which other way its person was reached.

    `timeline`: of its incident, if it is at hand: it says who acted.
    """
    one = _masked(sent, phones)
    return Telling(one, _cause(one.delivery, (), timeline), _hops(one), _ending(one, (), timeline))


def _masked(one: Sent, phones: Sequence[str]) -> Sent:
    hops = tuple(replace(hop, said=masked(hop.said, phones)) for hop in one.hops)
    return replace(one, said=masked(one.said, phones), hops=hops)


# ---- why it was decided ----------------------------------------------------------------------------------------------


def _cause(delivery: Delivery, page: Sequence[Sent], timeline: Sequence[Happened]) -> Cause:
    if delivery.kind is Kind.EDIT:
        return Cause(Asked.CARD)
    if delivery.kind is Kind.CANCEL:
        return Cause(Asked.STOP)
    before = _before(delivery, page)
    last = max((one.delivery.rank for one in before), default=0)
    nearest = tuple(one.delivery.place for one in before if one.delivery.rank == last)
    after = delivery.latest - delivery.created_at if delivery.latest is not None and before else None
    behind = nearest if delivery.latest is None else ()
    if delivery.kind is Kind.NOTE:
        is_over = delivery.entry in OVER
        return Cause(Asked.OVER if is_over else Asked.ANNOUNCED, behind=behind, entry=delivery.entry)
    if delivery.turn == ADDED:
        return Cause(Asked.ADDED, after=after, behind=behind)
    asked = Asked.BY_HAND if _is_by_hand(delivery, timeline) else Asked.LEVEL
    if delivery.place.account is not None and any(one.delivery.place.account is None for one in page):
        asked = Asked.TEAM
    return Cause(asked, delivery.level + 1, delivery.turn + 1, after, behind)


def _before(delivery: Delivery, page: Sequence[Sent]) -> list[Sent]:
    """Return the ways of the same page that stand before this one: the person's own, and the chats."""
    whose = (None, delivery.place.account)
    return [one for one in page if one.delivery.rank < delivery.rank and one.delivery.place.account in whose]


def _is_by_hand(delivery: Delivery, timeline: Sequence[Happened]) -> bool:
    """Whether it went to those to whom somebody had assigned the incident, in the place of a level."""
    is_given, level = False, None
    for item in timeline:
        if item.at > delivery.created_at:
            break
        entry = item.record.entry
        if entry is Entry.REASSIGNED:
            is_given, level = True, None
        elif entry in (Entry.ESCALATED, Entry.REOPENED, Entry.UNDONE):
            is_given = False
        elif entry is Entry.NOTIFIED and is_given:
            told = item.record.said.get("level")
            level = told if level is None else level
            is_given = told == level
    return is_given and level == delivery.level + 1


# ---- its way ---------------------------------------------------------------------------------------------------------


def _hops(sent: Sent) -> tuple[Hop, ...]:
    delivery = sent.delivery
    found = list(sent.hops)
    if sent.state is State.DELIVERED and sent.settled_at is not None:
        found.append(Hop(sent.settled_at, ACCEPTED, sent.provider, sent.said, sent.id))
    found.sort(key=lambda hop: hop.at)
    if found or delivery.attempts or sent.state in (State.SENDING, State.FAILED):
        first = min([sent.not_before, *(hop.at for hop in found)])
        found.insert(0, Hop(max(first, delivery.created_at), QUEUED))
    return (Hop(delivery.created_at, DECIDED), *found)


# ---- how it ended ----------------------------------------------------------------------------------------------------


def _ending(sent: Sent, page: Sequence[Sent], timeline: Sequence[Happened]) -> Ending:
    match sent.state:
        case State.DELIVERED:
            return _delivered(sent)
        case State.FAILED:
            return Ending(Outcome.NOT_DELIVERED, Because.FAILED, sent.settled_at, word=sent.reason, said=sent.said)
        case State.WITHDRAWN:
            return _withdrawn(sent, page, timeline)
        case _:
            return _waiting(sent, page)


def _delivered(sent: Sent) -> Ending:
    words = {hop.word: hop for hop in sent.hops}
    if ACTED in words:
        acted = words[ACTED]
        return Ending(Outcome.DELIVERED, Because.ANSWERED, acted.at, word=ACTED, said=acted.said)
    report = next((words[word] for word in _REPORTS if word in words), None)
    if report is not None:
        return Ending(Outcome.DELIVERED, Because.REPORTED, report.at, word=report.word, said=report.said)
    because = Because.BY_BOARD if sent.reason == ON_THE_BOARD else Because.ACCEPTED
    return Ending(Outcome.DELIVERED, because, sent.settled_at, said=sent.said)


# Why a message is not sent, and whose deed on the timeline says by whom.
_NOT_NEEDED: Final = {
    Dropped.SHOWN: Because.SHOWN,
    Dropped.NOT_EDITABLE: Because.NOT_EDITABLE,
    Dropped.OVER: Because.OVER,
}
_DEEDS: Final[dict[str, tuple[Entry, ...]]] = {
    Dropped.ACTED: (Entry.ACKNOWLEDGED,),
    Dropped.CLOSED: (Entry.CLOSED, Entry.RECOVERED),
    Dropped.SNOOZED: (Entry.SNOOZED,),
    Dropped.UNDONE: (Entry.UNDONE, Entry.UNACKNOWLEDGED, Entry.REOPENED, Entry.ESCALATED, Entry.SNOOZE_OVER),
}
_TAKEN_BACK: Final[dict[str, Because]] = {
    Dropped.ACTED: Because.ACKNOWLEDGED,
    Dropped.CLOSED: Because.CLOSED,
    Dropped.SNOOZED: Because.SNOOZED,
    Dropped.UNDONE: Because.UNDONE,
}


def _withdrawn(sent: Sent, page: Sequence[Sent], timeline: Sequence[Happened]) -> Ending:
    reason, at = sent.reason, sent.settled_at
    if reason == Dropped.REACHED:
        reached = next((one for one in _before(sent.delivery, page) if one.state is State.DELIVERED), None)
        via = reached.delivery.place if reached is not None else None
        return Ending(Outcome.NOT_NEEDED, Because.REACHED, at, via=via)
    if reason in _NOT_NEEDED:
        return Ending(Outcome.NOT_NEEDED, _NOT_NEEDED[Dropped(reason)], at)
    if reason == Dropped.SUPERSEDED:
        given = latest(timeline, (Entry.REASSIGNED,), at) if sent.delivery.kind in PAGES else None
        if given is not None and given.at == at:
            return Ending(Outcome.TAKEN_BACK, Because.REASSIGNED, at, given.record.by.account)
        return Ending(Outcome.NOT_NEEDED, Because.NEWER, at)
    if reason not in _DEEDS:
        return Ending(Outcome.NOT_NEEDED, Because.OTHER, at, word=reason, said=sent.said)
    deed = latest(timeline, _DEEDS[reason], at)
    because = _TAKEN_BACK[reason]
    if deed is None:
        return Ending(Outcome.TAKEN_BACK, because, at)
    if deed.record.entry is Entry.RECOVERED:
        because = Because.RECOVERED
    until = until_of(deed)
    return Ending(Outcome.TAKEN_BACK, because, at, deed.record.by.account, until=until)


def _waiting(sent: Sent, page: Sequence[Sent]) -> Ending:
    delivery = sent.delivery
    if sent.state is State.SENDING:
        return Ending(Outcome.WAITING, Because.SENDING)
    if sent.reason == ON_THE_BOARD:
        return Ending(Outcome.WAITING, Because.ON_BOARD)
    if delivery.attempts:
        return Ending(Outcome.WAITING, Because.RETRY, until=sent.not_before, word=sent.reason, said=sent.said)
    before = _before(delivery, page)
    if before and delivery.latest is None:
        via = max(before, key=lambda one: one.delivery.rank).delivery.place
        return Ending(Outcome.WAITING, Because.BEHIND, via=via, until=sent.not_before)
    return Ending(Outcome.WAITING, Because.TURN, until=sent.not_before)


# ---- the timeline ----------------------------------------------------------------------------------------------------


def latest(timeline: Sequence[Happened], entries: Iterable[Entry], at: datetime | None) -> Happened | None:
    """Return the last of these entries at or before an instant; None: there is none."""
    wanted = frozenset(entries)
    found = (item for item in reversed(timeline) if item.record.entry in wanted and (at is None or item.at <= at))
    return next(found, None)


def until_of(item: Happened) -> datetime | None:
    """Return until when a snooze was to last; None: the entry says nothing of the kind."""
    said = str(item.record.said.get("until", ""))
    return datetime.fromisoformat(said) if said else None


def by_line(place: Place) -> bool:
    """Whether a message goes by a provider, and not by a chat app."""
    return place.workspace in LINES.values()
