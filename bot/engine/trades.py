"""Swaps and covers: asked for, answered, and brought to their end when they are due. Each step is one transaction.

A step is decided while nobody else can change what is configured, so it is made from the schedule as it stays: of two
who take a shift at once one has it, and what was changed meanwhile is seen. What is confirmed is overrides, in the same
transaction. Everybody whom it concerns has a letter that shows how it stands.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from bot.clock import Clock
from bot.commands import NotUnderstood, Unclear
from bot.commands import trade as command
from bot.domain.incident import Actor, Deed
from bot.domain.letter import Letter, Matter, Subject
from bot.domain.organisation import Organisation
from bot.domain.override import TradeId
from bot.domain.people import AccountId
from bot.domain.schedule import Schedule, ScheduleId
from bot.domain.trade import (
    NOBODY,
    Part,
    Refused,
    Rota,
    Step,
    Tick,
    Trade,
    Which,
    ask,
    next_part,
    not_told,
    part_within,
    step,
)
from bot.engine import letters
from bot.engine.letters import Content
from bot.engine.overrides import Asking, held, name_of, not_clear, once
from bot.engine.picture import Picture
from bot.engine.wakeups import Wakeup, Wakeups
from cards import trade as cards
from cards.answers import Readers
from cards.card import Note
from cards.trade import Scene
from storage import letters as stored_letters
from storage import overrides
from storage import trades as stored
from storage.database import Connection, Database, is_away

# Seconds until it is looked again at what is due, even if nothing was known to be; and after an error.
POLL: Final = 5.0
SHORTEST: Final = 0.5
PAUSE_AFTER_ERROR: Final = 1.0
MOST_TOGETHER: Final = 100
# A trade that is not stored yet has no number.
_NEW: Final = TradeId(0)

log = structlog.get_logger(__name__)


# ---- what people say -------------------------------------------------------------------------------------------------


async def cover(connection: Connection, asking: Asking) -> Note | None:
    """Ask what somebody said behind `cover`, and return the answer; None: it was asked, and answered, before."""
    meant = command.read_cover(asking.said, asking.schedules, asking.speaker)
    if isinstance(meant, NotUnderstood | Unclear):
        return not_clear(f"cover {asking.said}", meant, asking)
    asker, now = _account(asking), asking.speaker.now
    asking = replace(asking, organisation=await held(connection, asking.organisation))
    rota = _rota(meant.schedule.id, asking.organisation)
    given = _part(asker, rota, meant, now)
    if given is None:
        return cards.nothing_to_take(meant.schedule.name, asking.readers.locale)
    candidates = meant.candidates or members(meant.schedule)
    wanted = _Wanted(meant.schedule, given, candidates, None, meant.why)
    return await _ask(connection, wanted, rota, asking, command.COVER)


async def swap(connection: Connection, asking: Asking) -> Note | None:
    """Ask what somebody said behind `swap`, and return the answer; None: it was asked, and answered, before."""
    meant = command.read_swap(asking.said, asking.schedules, asking.speaker)
    if isinstance(meant, NotUnderstood | Unclear):
        return not_clear(f"swap {asking.said}", meant, asking)
    asker, now = _account(asking), asking.speaker.now
    asking = replace(asking, organisation=await held(connection, asking.organisation))
    rota = _rota(meant.schedule.id, asking.organisation)
    mine = command.Cover(meant.schedule, meant.span, meant.role, later=True)
    given = _part(asker, rota, mine, now)
    if given is None:
        return cards.nothing_to_take(meant.schedule.name, asking.readers.locale)
    # A shift of the same kind is what most mean; where they have none, any.
    alike = replace(mine, span=meant.theirs, role=given.role)
    wanted = _part(meant.other, rota, alike, now, beside=given) or _part(
        meant.other, rota, replace(alike, role=None), now, beside=given
    )
    if wanted is None:
        who = name_of(meant.other, asking.organisation)
        return cards.nothing_to_take(meant.schedule.name, asking.readers.locale, who)
    both = _Wanted(meant.schedule, given, (meant.other,), wanted, meant.why)
    return await _ask(connection, both, rota, asking, command.SWAP)


async def answer(connection: Connection, asking: Asking) -> Note | None:
    """Do what somebody said behind `trade`, and return the answer; None: it was done, and answered, before."""
    meant = command.read_trade(asking.said, asking.schedules)
    if isinstance(meant, NotUnderstood):
        return not_clear(f"trade {asking.said}", meant, asking)
    if isinstance(meant, command.Show):
        number = meant.schedule.id if meant.schedule is not None else None
        found = await stored.open_ones(connection, number)
        return cards.listing([_scene(one, asking) for one in found], command.COVER, asking.readers.locale)
    asking = replace(asking, organisation=await held(connection, asking.organisation))
    trade = await stored.find(connection, meant.number)
    if trade is None:
        return cards.none_such(meant.number, asking.readers.locale)
    if meant.answer is None:
        return cards.answered(_scene(trade, asking))
    speaker = asking.speaker
    if not await once(connection, asking.key, speaker.now):
        return None
    rota = _rota(trade.schedule, asking.organisation)
    made = step(trade, meant.answer(speaker.actor), rota, speaker.now)
    if isinstance(made, Refused):
        return cards.refused(made, asking.readers.names, command.COVER, asking.readers)
    await carry_out(connection, made, speaker.actor, asking.organisation, speaker.now)
    return cards.answered(_scene(made.trade, asking))


def members(schedule: Schedule) -> tuple[AccountId, ...]:
    """Return everybody who takes turns in a schedule."""
    return tuple(dict.fromkeys(one for layer in schedule.layers for group in layer.members for one in group))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked for."""

    schedule: Schedule
    given: Part
    candidates: tuple[AccountId, ...]
    wanted: Part | None
    why: str


async def _ask(connection: Connection, wanted: _Wanted, rota: Rota, asking: Asking, example: str) -> Note | None:
    speaker = asking.speaker
    if not await once(connection, asking.key, speaker.now):
        return None
    trade = Trade(
        id=_NEW,
        schedule=wanted.schedule.id,
        asked=Deed(speaker.actor, speaker.now),
        given=wanted.given,
        candidates=wanted.candidates,
        wanted=wanted.wanted,
        why=wanted.why,
    )
    made = ask(trade, rota, speaker.now)
    if isinstance(made, Refused):
        return cards.refused(made, asking.readers.names, example, asking.readers)
    new = replace(made, trade=await stored.add(connection, made.trade))
    unreachable = await carry_out(connection, new, speaker.actor, asking.organisation, speaker.now)
    return cards.asked(_scene(new.trade, asking), unreachable)


def _account(asking: Asking) -> AccountId:
    account = asking.speaker.actor.account
    if account is None:
        raise LookupError("only who has an account has shifts")
    return account


def _part(
    account: AccountId, rota: Rota, meant: command.Cover, now: datetime, beside: Part | None = None
) -> Part | None:
    role = meant.role or ""
    if meant.span is not None:
        return part_within(account, rota, (meant.span.since, meant.span.until), now, role=role)
    return next_part(account, rota, now, Which(role, meant.later, beside))


def _rota(schedule: ScheduleId, organisation: Organisation) -> Rota:
    return Rota(organisation.schedules.get(schedule), organisation.schedules.get, organisation.people)


def _scene(trade: Trade, asking: Asking) -> Scene:
    return _scene_for(trade, asking.organisation, asking.readers, asking.speaker.actor.account)


# ---- what follows ----------------------------------------------------------------------------------------------------


async def carry_out(
    connection: Connection, made: Step, by: Actor, organisation: Organisation, now: datetime
) -> tuple[AccountId, ...]:
    """Write what comes of a step: the trade, the overrides, and what people are told; return who cannot be told."""
    trade = made.trade
    await stored.update(connection, trade)
    if made.overrides:
        await overrides.add(connection, trade.schedule, made.overrides, Deed(by, now), trade.id)
    if not trade.is_open:
        # Whoever has not heard of it yet need not, but for those whom its end concerns.
        await stored_letters.take_back(connection, Matter.TRADE, trade.id, now)
    # Whoever said it just now has the answer before them, but sees the same on a card later on.
    subject = Subject(Matter.TRADE, trade.id, f"{trade.state} {trade.version}")
    unreachable = await letters.tell(connection, subject, made.heard, organisation, now)
    await letters.refresh(connection, Matter.TRADE, trade.id, now)
    log.info("trade", trade=trade.id, state=str(trade.state), by=by.account, via=by.via)
    return unreachable


async def read(connection: Connection, letter: Letter, organisation: Organisation, now: datetime) -> Content | None:
    """Return how a trade stands, for the reader of a letter."""
    trade = await stored.find(connection, TradeId(letter.subject.about))
    if trade is None:
        return None
    place = letter.place
    reader = organisation.reader(place.workspace, place.account)
    names = {one.id: one.name for one in organisation.people.accounts.values()}
    scene = _scene_for(trade, organisation, Readers(reader.locale, reader.timezone, now, names), place.account)
    return Content(cards.card(scene), cards.note(scene), trade.version)


async def lost(connection: Connection, letter: Letter, organisation: Organisation, now: datetime) -> None:
    """Let a trade show that somebody could not be told of it; if that was the last of them, who asked notices."""
    organisation = await held(connection, organisation)
    trade, account = await stored.find(connection, TradeId(letter.subject.about)), letter.place.account
    made = not_told(trade, account) if trade is not None and account is not None else None
    if made is not None:
        await carry_out(connection, made, NOBODY, organisation, now)


def _scene_for(trade: Trade, organisation: Organisation, readers: Readers, reader: AccountId | None) -> Scene:
    schedule = organisation.schedules.get(trade.schedule)
    name, zone = (schedule.name, schedule.timezone) if schedule is not None else ("?", readers.timezone)
    return Scene(trade, name, zone, readers, reader)


# ---- what is due -----------------------------------------------------------------------------------------------------


class Trades:
    """Brings trades to their end that are due: taken ones are confirmed, and what nobody took expires."""

    def __init__(self, database: Database, picture: Picture, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._picture = picture
        self._wakeups = wakeups
        self._clock = clock

    async def run(self) -> None:
        """Look for what is due, for ever."""
        while True:
            try:
                await self.tick()
                pause = await self._until_next()
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; what is due is done then.
                log.error("trades_failed", error=type(error).__name__, detail=str(error)[:200])
                pause = PAUSE_AFTER_ERROR
            await self._clock.sleep(pause)

    async def tick(self) -> int:
        """Do what is due by now; return of how many trades something came."""
        count, after, numbers = 0, 0, [0]
        while numbers:
            due = partial(stored.due_by, now=self._clock.now(), most=MOST_TOGETHER, after=after)
            numbers = await self._database.read(due)
            for number in numbers:
                after = number
                count += await self._alone(TradeId(number))
        if count:
            self._wakeups.wake(Wakeup.OUTBOX)
        return count

    async def _alone(self, number: TradeId) -> bool:
        """Do what is due of one trade: if that cannot be, the others must not wait for it."""
        try:
            return await self._database.transact(partial(self._step, number=number))
        except Exception as error:
            if is_away(error):
                raise
            log.exception("trade_not_ended", trade=number, error=type(error).__name__)
            return False

    async def _step(self, connection: Connection, *, number: TradeId) -> bool:
        organisation = await held(connection, await self._picture.current(connection))
        trade, now = await stored.find(connection, number), self._clock.now()
        if trade is None:
            return False
        made = step(trade, Tick(), _rota(trade.schedule, organisation), now)
        if isinstance(made, Refused):
            return False
        await carry_out(connection, made, NOBODY, organisation, now)
        return True

    async def _until_next(self) -> float:
        due = await self._database.read(stored.next_due)
        left = (due - self._clock.now()).total_seconds() if due is not None else POLL
        # What is due and cannot be done is not tried without a pause.
        return min(max(left, SHORTEST), POLL)
