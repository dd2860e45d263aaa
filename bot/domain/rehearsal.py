"""The queue in memory: what becomes of messages while time only seems to pass, and nothing is sent.

The service keeps its messages in a table and asks the platforms; here they are kept in a mapping, and what a platform
would answer is assumed. Everything that is decided in between is decided by the functions that the service calls:
`pages_of`, `plan`, `moves_of`, `verdict`, `unwanted`, `next_try`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain import fallback
from bot.domain.delivery import (
    LONGEST_ALARM,
    OVER,
    PAGES,
    WITHDRAWN,
    Delivery,
    DeliveryId,
    Dropped,
    Kind,
    PageId,
    Place,
    Setback,
    State,
    next_try,
    unwanted,
)
from bot.domain.fallback import Leg, Standing, Tried, Verdict, moves_of
from bot.domain.frozen import replace
from bot.domain.incident import Entry, Incident, Notify, Withdraw
from bot.domain.ledger import Hop, Sent
from bot.domain.organisation import Organisation
from bot.domain.pages import Planned, legs_of, pages_of
from bot.domain.people import LINES, AccountId, WorkspaceId
from bot.domain.reach import quiet_ways

TRIED: Final = "attempt"
_LINES: Final = frozenset(LINES.values())
_STANDINGS: Final = {
    State.PENDING: Standing.OPEN,
    State.SENDING: Standing.OPEN,
    State.DELIVERED: Standing.REACHED,
    State.FAILED: Standing.LOST,
}


class Answer(StrEnum):
    """What is answered to a message, as the simulation assumes."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNLINKED = "unlinked"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Failing:
    """What fails: workspaces and lines that have answered nobody for a while, or refuse all, and places that refuse.

    `finds`: whoever is linked nowhere is found when the chat app is asked for them.
    """

    dark: frozenset[WorkspaceId] = frozenset()
    refusing: frozenset[WorkspaceId] = frozenset()
    refused: frozenset[Place] = frozenset()
    finds: bool = False

    def answer(self, place: Place, organisation: Organisation) -> Answer:
        """Return what is answered at this place."""
        if place.workspace in self.dark:
            return Answer.DARK
        if place.workspace in self.refusing or place in self.refused:
            return Answer.REFUSED
        is_direct = place.account is not None and place.workspace not in _LINES and not self.finds
        if is_direct and place.account not in organisation.users_in(place.workspace):
            return Answer.UNLINKED
        return Answer.ACCEPTED

    def works(self, organisation: Organisation) -> bool:
        """Whether anything answers."""
        there = {one.id for one in organisation.workspaces.values() if one.active}
        there |= {LINES[one.method] for one in organisation.providers}
        return bool(there - self.dark)


class Queue:
    """The messages of one incident, by their numbers."""

    def __init__(self, failing: Failing) -> None:
        self._failing = failing
        self._messages: dict[DeliveryId, Sent] = {}
        self._pages = 0
        # As they were when they were first tried: what comes to nothing may be a later turn's message after that.
        self._tried: dict[DeliveryId, Delivery] = {}

    @property
    def messages(self) -> tuple[Sent, ...]:
        """Return every message so far, in the order in which they were decided on."""
        return tuple(self._messages.values())

    def first_tried(self, number: DeliveryId) -> Delivery | None:
        """Return a message as it was when it was first tried; None: it never was."""
        return self._tried.get(number)

    def next_after(self, now: datetime) -> datetime | None:
        """Return the next instant at which a message may change anything; None: there is none.

        What is dark stays so: tried again, it is dark again.
        """
        waits = [one.not_before for one in self._messages.values() if one.state is State.PENDING]
        return min((at for at in waits if at > now), default=None)

    def waits(self, now: datetime) -> bool:
        """Whether a message is to go out at this instant."""
        return self._next_due(now) is not None

    @property
    def is_quiet(self) -> bool:
        """Whether nothing waits that has not been tried."""
        return not any(one.state is State.PENDING and one.reason != Answer.DARK for one in self._messages.values())

    def notify(self, incident: Incident, effect: Notify, organisation: Organisation, now: datetime) -> None:
        """Put in the messages of a notification; what waits for its place already is this page from now on."""
        planned = pages_of(incident, effect, organisation, now)
        first = self._pages + 1
        self._pages += planned.groups
        joined: list[PageId] = []
        for leg in planned.legs:
            page = PageId(first + leg.group) if leg.group is not None else None
            wanted = self._page(incident, effect, leg, page, now)
            waiting = next((one for one in self._messages.values() if _waits_for(one, leg.place)), None)
            if waiting is None:
                self._add(wanted)
            else:
                latest = waiting.delivery.latest or wanted.latest
                joins = replace(waiting.delivery, version=wanted.version, level=wanted.level, turn=wanted.turn)
                self._put(replace(waiting, delivery=replace(joins, page=page, rank=wanted.rank, latest=latest)))
                joined += [page] if page is not None else []
        self._follow(joined, organisation.deadline, now)

    def withdraw(self, effect: Withdraw, now: datetime) -> None:
        """Take back the pages that have not gone out and, with its `cards`, the cards that no chat has seen yet."""
        reason = WITHDRAWN[effect.reason]
        for sent in self.messages:
            if _is_taken_back(sent, effect, reason):
                self._put(replace(sent, state=State.WITHDRAWN, reason=str(reason), settled_at=now))

    def over(
        self, incident: Incident, entry: Entry, actor: AccountId | None, organisation: Organisation, now: datetime
    ) -> None:
        """Put in the notes that tell those who were paged by a line that it is over.

        Not whoever acted, nor who has the incident's card in a direct message.
        """
        if entry not in OVER or not organisation.providers:
            return
        own = [one for one in self.messages if one.delivery.place.account is not None]
        shown = {one.delivery.place.account for one in own if _is_shown(one)}
        since = now - LONGEST_ALARM
        for account in dict.fromkeys(one.delivery.place.account for one in own if _went_out(one, since)):
            if account is not None and account != actor and account not in shown and not self._knows(account):
                self.word(incident, entry, account, organisation, now, voice=False)

    def _knows(self, account: AccountId) -> bool:
        """Whether somebody has heard that it is over since they were last paged by a line."""
        theirs = [one.delivery for one in self.messages if one.delivery.place.account == account]
        words = [one.id for one in theirs if one.kind is Kind.NOTE and one.entry in OVER]
        return max(words, default=0) > max((one.id for one in theirs if one.kind is Kind.PAGE), default=0)

    def word(  # noqa: PLR0913 - What is said, to whom, of what, and when.
        self,
        incident: Incident,
        entry: Entry,
        account: AccountId,
        organisation: Organisation,
        now: datetime,
        *,
        voice: bool = True,
    ) -> None:
        """Put in the notes that tell somebody something, the quietest way first and others behind it."""
        found = quiet_ways(account, organisation, voice=voice)
        is_page = len(found) > 1
        self._pages += is_page
        page = PageId(self._pages) if is_page else None
        for leg in legs_of(found, now, 0 if is_page else None, organisation):
            note = self._message(incident, leg, Kind.NOTE, now)
            self._add(replace(note, level=incident.level, turn=incident.turn, page=page, entry=entry))

    def due(self, now: datetime, incident: Callable[[], Incident]) -> Iterator[Delivery]:
        """Yield what goes out now, each as it is tried: none that is stale, or stands behind a success.

        `incident`: as it is when the message is looked at.
        """
        while (sent := self._next_due(now)) is not None:
            stale = unwanted(sent.delivery, incident(), None)
            if stale is not None:
                self._put(replace(sent, state=State.WITHDRAWN, reason=str(stale), settled_at=now))
                continue
            tried = self._claim(sent, now)
            if tried is not None:
                yield tried

    def settle(self, delivery: Delivery, organisation: Organisation, now: datetime) -> Answer:
        """Store what is answered to a message, and let what stands behind it go out, or spare it."""
        answer = self._failing.answer(delivery.place, organisation)
        sent = self._messages[delivery.id]
        hops = sent.hops or ((Hop(now, TRIED),) if answer is not Answer.ACCEPTED else ())
        sent = replace(sent, hops=hops, reason="" if answer is Answer.ACCEPTED else str(answer))
        if answer is Answer.ACCEPTED:
            self._put(replace(sent, state=State.DELIVERED, settled_at=now))
        elif answer is Answer.DARK and (again := next_try(_first(delivery), Setback(again=True), now)) is not None:
            self._put(replace(sent, state=State.PENDING, not_before=again))
        else:
            self._put(replace(sent, state=State.FAILED, settled_at=now))
        self._follow([delivery.page], organisation.deadline, now)
        return answer

    def reached_nobody(self, page: Delivery, organisation: Organisation) -> bool:
        """Whether everything that was decided together with this page has come to nothing."""
        works = self._failing.works(organisation)
        alike = [one for one in self._messages.values() if _is_like(one.delivery, page)]
        return all(
            one.state is State.FAILED or (works and one.state is State.PENDING and one.reason == Answer.DARK)
            for one in alike
        )

    def _page(self, incident: Incident, effect: Notify, leg: Planned, page: PageId | None, now: datetime) -> Delivery:
        is_shown = any(_is_shown(one) and one.delivery.place == leg.place for one in self._messages.values())
        by_chat = Kind.REMINDER if is_shown else Kind.CARD
        made = self._message(incident, leg, Kind.PAGE if leg.place.workspace in _LINES else by_chat, now)
        latest = leg.latest if page is not None else None
        return replace(made, level=effect.level, turn=effect.turn, page=page, latest=latest)

    def _message(self, incident: Incident, leg: Planned, kind: Kind, now: datetime) -> Delivery:
        number = DeliveryId(len(self._messages) + 1)
        version, rank = incident.version, leg.rank or 0
        return Delivery(
            number, incident.id, kind, leg.place, version, 0, 0, created_at=now, rank=rank, not_before=leg.at
        )

    def _add(self, delivery: Delivery) -> None:
        self._put(Sent(delivery, State.PENDING, "", "", delivery.not_before or delivery.created_at, None))

    def _put(self, sent: Sent) -> None:
        self._messages[sent.delivery.id] = replace(sent, delivery=replace(sent.delivery, not_before=sent.not_before))

    def _next_due(self, now: datetime) -> Sent | None:
        waits = (one for one in self._messages.values() if one.state is State.PENDING)
        return next((one for one in waits if one.not_before <= now), None)

    def _claim(self, sent: Sent, now: datetime) -> Delivery | None:
        """Return the message as it is tried now; None: another way has done its work."""
        delivery = sent.delivery
        if self._verdict(delivery, now) is Verdict.SPARE:
            self._put(replace(sent, state=State.WITHDRAWN, reason=str(Dropped.REACHED), settled_at=now))
            return None
        tried = replace(delivery, attempts=delivery.attempts + 1)
        self._put(replace(sent, state=State.SENDING, delivery=tried))
        self._tried.setdefault(delivery.id, tried)
        return tried

    def _verdict(self, delivery: Delivery, now: datetime) -> Verdict:
        if delivery.page is None or (delivery.latest is not None and delivery.latest <= now):
            return Verdict.GO
        whose = (None, delivery.place.account)
        before = [
            _leg(one).tried
            for one in self._messages.values()
            if one.delivery.page == delivery.page
            and one.delivery.rank < delivery.rank
            and one.delivery.place.account in whose
        ]
        # Here nothing is ever late: there is no process that could have been away.
        return fallback.verdict(timedelta(), before)

    def _follow(self, touched: Iterable[PageId | None], deadline: timedelta, now: datetime) -> None:
        for page in {one for one in touched if one is not None}:
            legs = [_leg(one) for one in self._messages.values() if one.delivery.page == page]
            legs.sort(key=lambda leg: (leg.rank, leg.id))
            for move in moves_of(legs, deadline):
                sent = self._messages[move.leg]
                if move.at is None:
                    self._put(replace(sent, state=State.WITHDRAWN, reason=str(Dropped.REACHED), settled_at=now))
                else:
                    self._put(replace(sent, state=State.PENDING, reason="", settled_at=None, not_before=move.at))


def _leg(sent: Sent) -> Leg:
    """Return a message as one way of its page."""
    delivery = sent.delivery
    spared = sent.state is State.WITHDRAWN and sent.reason == Dropped.REACHED
    standing = Standing.SPARED if spared else _STANDINGS.get(sent.state, Standing.TAKEN_BACK)
    tried = Tried(
        standing=standing,
        latest=delivery.latest,
        lost_at=sent.settled_at if standing is Standing.LOST else None,
        dark=sent.reason == Answer.DARK,
        fresh=delivery.attempts == 0 or (sent.state is State.SENDING and delivery.attempts == 1),
    )
    waits = (sent.state is State.PENDING and delivery.attempts == 0) or spared
    account = delivery.place.account
    return Leg(delivery.id, account, delivery.rank, tried, delivery.created_at, sent.not_before, waits)


def _waits_for(sent: Sent, place: Place) -> bool:
    return sent.state is State.PENDING and sent.delivery.kind in PAGES and sent.delivery.place == place


def _is_shown(sent: Sent) -> bool:
    """Whether the incident's card stands where this message went."""
    return sent.state is State.DELIVERED and sent.delivery.kind is Kind.CARD


def _went_out(sent: Sent, since: datetime) -> bool:
    """Whether this is a page by a line that was taken."""
    delivery = sent.delivery
    return sent.state is State.DELIVERED and delivery.kind is Kind.PAGE and delivery.created_at >= since


def _is_taken_back(sent: Sent, effect: Withdraw, reason: Dropped) -> bool:
    delivery = sent.delivery
    if delivery.kind not in PAGES or (effect.only and delivery.place.account not in effect.only):
        return False
    if sent.state is State.PENDING:
        return effect.cards or delivery.kind is not Kind.CARD or delivery.place.account is not None
    # Of those who are to hear no more of it, no way comes back that was spared.
    is_for_good = reason is Dropped.SUPERSEDED or bool(effect.only)
    return is_for_good and sent.state is State.WITHDRAWN and sent.reason == Dropped.REACHED


def _is_like(one: Delivery, page: Delivery) -> bool:
    alike = (one.version, one.level, one.turn) == (page.version, page.level, page.turn)
    return alike and one.kind in PAGES


def _first(delivery: Delivery) -> Delivery:
    """Return the message under a number with which its tries are not spread."""
    return replace(delivery, id=DeliveryId(0))
