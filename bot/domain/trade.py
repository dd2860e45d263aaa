"""Swaps and covers: somebody asks that a shift of theirs is taken over, or exchanged; others take it, or not.

    asked ──take──► taken ──confirm, or in time──► confirmed
      │               │
      └───────────────┴──► withdrawn · declined · expired · changed

1. A swap is confirmed by being taken: both have agreed to it then.
2. A cover is confirmed by whoever asked, or by itself an hour after it was taken, at the latest when the shift begins,
   unless they withdraw it. The hour lets them object to who took it; but somebody who asks to be covered may be ill or
   on a plane, and their silence must not leave the shift with who cannot do it. For the same reason a shift that runs
   already changes hands as soon as it is taken.
3. Who was asked and has taken it may think better of it until it is confirmed: then it is asked again of the others.
4. What nobody takes expires when the (first) shift begins or, if it ran already, ends; after seven days at the latest.
5. Only what is still so can change hands: taking and confirming look at the schedule of that instant. If somebody else
   has the shift by then, people are refused; at the time at which it would be confirmed by itself, it comes to its end.
6. Of several who take it, the first has it. What is confirmed is changed as any override is.

`step` is the law: it neither reads the time nor remembers. `due` says when it is to be asked again with a `Tick`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain import shifts
from bot.domain.incident import Actor, Deed
from bot.domain.override import TradeId, holds
from bot.domain.people import AccountId, People
from bot.domain.schedule import LOOKAHEAD, Find, Override, Schedule, ScheduleId, Shift, roles, walk

CONFIRMED_AFTER: Final = timedelta(hours=1)
EXPIRES_AFTER: Final = timedelta(days=7)
NOBODY: Final = Actor()


class State(StrEnum):
    """How far a trade has come. `CHANGED`: the shift was somebody else's by the time it was to change hands."""

    ASKED = "asked"
    TAKEN = "taken"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    EXPIRED = "expired"
    CHANGED = "changed"


OPEN: Final = (State.ASKED, State.TAKEN)


@dataclass(frozen=True, slots=True)
class Part:
    """Some time in which somebody is on duty in a role: what they give away."""

    holder: AccountId
    role: str
    start: datetime
    end: datetime

    def overlaps(self, other: "Part") -> bool:
        """Whether both are for some of the same time in the same role."""
        return self.role == other.role and self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Trade:
    """A request of `asked.by` that somebody else takes over `given` or, for a swap, takes it for `wanted`.

    `candidates`: who may take it; `declined`: who of them will not, `unreached`: whom no message has reached. `taken`,
    `ended`: by whom and when, if so; nobody: it came about by itself. `version` grows with every change.
    """

    id: TradeId
    schedule: ScheduleId
    asked: Deed
    given: Part
    candidates: tuple[AccountId, ...]
    wanted: Part | None = None
    why: str = ""
    state: State = State.ASKED
    declined: tuple[AccountId, ...] = ()
    unreached: tuple[AccountId, ...] = ()
    taken: Deed | None = None
    ended: Deed | None = None
    version: int = 1

    @property
    def asker(self) -> AccountId:
        """Return who asked."""
        return self.given.holder

    @property
    def taker(self) -> AccountId | None:
        """Return who has taken it."""
        return self.taken.by.account if self.taken is not None else None

    @property
    def is_open(self) -> bool:
        """Whether anything may still come of it."""
        return self.state in OPEN

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return what changes hands."""
        return (self.given, self.wanted) if self.wanted is not None else (self.given,)


@dataclass(frozen=True, slots=True)
class Rota:
    """What a decision is made from: the schedule as it is (None: it is gone), those it falls back on, and people."""

    schedule: Schedule | None
    find: Find
    people: People

    def is_active(self, account: AccountId) -> bool:
        """Whether somebody is still there."""
        known = self.people.accounts.get(account)
        return known is not None and known.active

    def duty(self, role: str, start: datetime, end: datetime) -> Iterator[Shift]:
        """Yield the shifts and gaps of a role; none of a schedule that is gone."""
        if self.schedule is not None and self.schedule.active and start < end:
            yield from walk(self.schedule, role, start, end, self.find)


@dataclass(frozen=True, slots=True)
class Take:
    """Somebody takes it."""

    by: Actor


@dataclass(frozen=True, slots=True)
class Confirm:
    """Whoever asked agrees to who has taken it."""

    by: Actor


@dataclass(frozen=True, slots=True)
class Decline:
    """Somebody who was asked will not or, having taken it, will not after all."""

    by: Actor


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Whoever asked does not want it any more."""

    by: Actor


@dataclass(frozen=True, slots=True)
class Tick:
    """It is due."""


Event = Take | Confirm | Decline | Withdraw | Tick


class Reason(StrEnum):
    """Why nothing came of what somebody asked for."""

    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    EXPIRED = "expired"
    CHANGED = "changed"
    TAKEN = "taken"
    YOURS_ALREADY = "yours_already"
    NOT_TAKEN = "not_taken"
    OWN = "own"
    NOT_ASKED = "not_asked"
    NOT_YOURS = "not_yours"
    DECLINED_ALREADY = "declined_already"
    SHIFT_CHANGED = "shift_changed"
    ON_DUTY_THEN = "on_duty_then"
    GONE = "gone"
    NOBODY_ELSE = "nobody_else"
    OVERLAP = "overlap"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing changes. `who`: whom the reason is about; `at`: since when it is so."""

    reason: Reason
    who: AccountId | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What comes of an event: the trade, the overrides that are to be made with it, and who must notice."""

    trade: Trade
    overrides: tuple[Override, ...] = ()
    heard: tuple[AccountId, ...] = ()


# ---- asking ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Which:
    """Which shift of somebody is meant: of a role (empty: any), not one that runs (`later`), not `beside` another."""

    role: str = ""
    later: bool = False
    beside: Part | None = None


ANY: Final = Which()


def next_part(account: AccountId, rota: Rota, now: datetime, which: Which = ANY) -> Part | None:
    """Return the shift that somebody is on, or their next."""
    found = (_first(account, one, rota, now, which) for one in _roles(rota, which.role))
    return min((part for part in found if part is not None), key=lambda part: part.start, default=None)


def part_within(
    account: AccountId, rota: Rota, span: tuple[datetime, datetime], now: datetime, *, role: str = ""
) -> Part | None:
    """Return when somebody is first on duty in a role (empty: in any) between two instants, for as long as they are."""
    start, end = max(span[0], now), min(span[1], now + LOOKAHEAD)
    for one in _roles(rota, role):
        since = until = None
        for shift in rota.duty(one, start, end):
            if holds(shift, account):
                since, until = since or shift.start, shift.end
            elif since is not None:
                break
        if since is not None and until is not None:
            return Part(account, one, since, until)
    return None


def ask(trade: Trade, rota: Rota, now: datetime) -> Step | Refused:
    """Return the trade as it is asked for, or why it cannot be."""
    asked = trade.candidates if trade.wanted is None else (trade.wanted.holder,)
    candidates = tuple(one for one in asked if one != trade.asker and rota.is_active(one))
    if not candidates:
        return Refused(Reason.NOBODY_ELSE)
    if trade.wanted is not None and trade.given.overlaps(trade.wanted):
        return Refused(Reason.OVERLAP)
    if any(_standing(part, rota, now) is None for part in trade.parts):
        return Refused(Reason.SHIFT_CHANGED)
    free = tuple(one for one in candidates if _hindrance(trade, one, rota, now) is None)
    if not free:
        return Refused(Reason.ON_DUTY_THEN, candidates[0])
    return Step(replace(trade, candidates=free), heard=(*free, trade.asker))


# ---- the law ---------------------------------------------------------------------------------------------------------


def due(trade: Trade) -> datetime | None:
    """Return when something comes of it by itself; None: nothing ever will."""
    if trade.state is State.ASKED:
        ends = (part.start if part.start > trade.asked.at else part.end for part in trade.parts)
        return min(trade.asked.at + EXPIRES_AFTER, *ends)
    if trade.state is State.TAKEN and trade.taken is not None:
        return min(trade.taken.at + CONFIRMED_AFTER, max(trade.given.start, trade.taken.at))
    return None


def step(trade: Trade, event: Event, rota: Rota, now: datetime) -> Step | Refused:
    """Return what comes of an event, or why nothing does."""
    if not trade.is_open:
        who = trade.taker if trade.state is State.CONFIRMED else None
        return Refused(Reason(str(trade.state)), who, trade.ended.at if trade.ended is not None else None)
    match event:
        case Take():
            return _take(trade, event.by, rota, now)
        case Confirm():
            return _confirm(trade, event.by, rota, now)
        case Decline():
            return _decline(trade, event.by, now)
        case Withdraw():
            if event.by.account != trade.asker:
                return Refused(Reason.NOT_YOURS, trade.asker)
            return _end(trade, State.WITHDRAWN, event.by, now, *_taker(trade))
        case _:
            return _tick(trade, rota, now)


def not_told(trade: Trade, account: AccountId) -> Step | None:
    """Return what comes of it that no message reaches somebody; None: nothing. If nobody is left, who asked notices."""
    if not trade.is_open or account not in trade.candidates or account in trade.unreached:
        return None
    known = replace(trade, unreached=(*trade.unreached, account), version=trade.version + 1)
    is_lonely = trade.taken is None and set(trade.candidates) <= {*known.unreached, *trade.declined}
    return Step(known, heard=(trade.asker,) if is_lonely else ())


def _take(trade: Trade, by: Actor, rota: Rota, now: datetime) -> Step | Refused:
    account = by.account
    if account == trade.asker:
        return Refused(Reason.OWN)
    if trade.taken is not None:
        mine = account == trade.taker
        return Refused(Reason.YOURS_ALREADY if mine else Reason.TAKEN, trade.taker, trade.taken.at)
    if account is None or account not in trade.candidates:
        return Refused(Reason.NOT_ASKED)
    if now >= (due(trade) or now):
        return Refused(Reason.EXPIRED)
    refused = _hindrance(trade, account, rota, now)
    if refused is not None:
        return refused
    declined = tuple(one for one in trade.declined if one != account)
    taken = replace(trade, state=State.TAKEN, taken=Deed(by, now), declined=declined, version=trade.version + 1)
    if trade.wanted is not None or (due(taken) or now) <= now:
        return _hand_over(taken, account, by, rota, now)
    return Step(taken, heard=(trade.asker, account))


def _confirm(trade: Trade, by: Actor, rota: Rota, now: datetime) -> Step | Refused:
    if by.account != trade.asker:
        return Refused(Reason.NOT_YOURS, trade.asker)
    taker = trade.taker
    if taker is None:
        return Refused(Reason.NOT_TAKEN)
    refused = _hindrance(trade, taker, rota, now)
    return refused if refused is not None else _hand_over(trade, taker, by, rota, now)


def _decline(trade: Trade, by: Actor, now: datetime) -> Step | Refused:
    account = by.account
    if account == trade.asker:
        return Refused(Reason.OWN)
    if account is None or account not in trade.candidates:
        return Refused(Reason.NOT_ASKED)
    if account in trade.declined:
        return Refused(Reason.DECLINED_ALREADY)
    declined = replace(trade, declined=(*trade.declined, account), version=trade.version + 1)
    if trade.taken is not None and account != trade.taker:
        return Step(declined)
    if set(declined.declined) >= set(trade.candidates):
        return _end(replace(declined, taken=None), State.DECLINED, by, now, trade.asker)
    if trade.taken is None:
        return Step(declined)
    left = tuple(one for one in trade.candidates if one not in declined.declined)
    return Step(replace(declined, state=State.ASKED, taken=None), heard=(trade.asker, *left))


def _tick(trade: Trade, rota: Rota, now: datetime) -> Step | Refused:
    at = due(trade)
    if at is None or now < at:
        return Refused(Reason.NOT_DUE)
    taker = trade.taker
    if taker is None:
        return _end(trade, State.EXPIRED, NOBODY, now, trade.asker)
    if _hindrance(trade, taker, rota, now) is not None:
        return _end(trade, State.CHANGED, NOBODY, now, trade.asker, taker)
    return _hand_over(trade, taker, NOBODY, rota, now)


def _hand_over(trade: Trade, taker: AccountId, by: Actor, rota: Rota, now: datetime) -> Step:
    """Confirm it; that nothing stands in the way has been seen."""
    given, *wanted = [shift for part in trade.parts if (shift := _standing(part, rota, now)) is not None]
    made = (
        shifts.swap(given, trade.asker, wanted[0], taker, trade.why)
        if wanted
        else (shifts.cover(given, trade.asker, taker, trade.why),)
    )
    ended = replace(trade, state=State.CONFIRMED, ended=Deed(by, now), version=trade.version + 1)
    return Step(ended, made, (trade.asker, taker))


def _end(trade: Trade, state: State, by: Actor, now: datetime, *heard: AccountId) -> Step:
    return Step(replace(trade, state=state, ended=Deed(by, now), version=trade.version + 1), heard=heard)


def _taker(trade: Trade) -> tuple[AccountId, ...]:
    return (trade.taker,) if trade.taker is not None else ()


# ---- what is so ------------------------------------------------------------------------------------------------------


def _hindrance(trade: Trade, taker: AccountId, rota: Rota, now: datetime) -> Refused | None:
    """Return why the parts cannot change hands now; None: they can."""
    for account in (taker, trade.asker):
        if not rota.is_active(account):
            return Refused(Reason.GONE, account)
    for part in trade.parts:
        if _standing(part, rota, now) is None:
            return Refused(Reason.SHIFT_CHANGED, part.holder)
    comes = [(taker, trade.given)] + ([(trade.asker, trade.wanted)] if trade.wanted is not None else [])
    for account, part in comes:
        if any(account in one.accounts for one in rota.duty(part.role, max(part.start, now), part.end)):
            return Refused(Reason.ON_DUTY_THEN, account)
    return None


def _standing(part: Part, rota: Rota, now: datetime) -> Shift | None:
    """Return what is left of a part as a shift; None: nothing is, or somebody else has some of it."""
    left = tuple(rota.duty(part.role, max(part.start, now), part.end))
    if not left or not all(holds(one, part.holder) for one in left):
        return None
    return Shift(left[0].start, part.end, part.role, left[0].posts)


def _roles(rota: Rota, role: str) -> tuple[str, ...]:
    known = roles(rota.schedule) if rota.schedule is not None else ()
    return tuple(one for one in known if role in ("", one))


def _first(account: AccountId, role: str, rota: Rota, now: datetime, which: Which) -> Part | None:
    for shift in rota.duty(role, now, now + LOOKAHEAD):
        part = Part(account, role, shift.start, shift.end)
        is_meant = holds(shift, account) and (shift.start > now or not which.later)
        if is_meant and (which.beside is None or not part.overlaps(which.beside)):
            return part
    return None
