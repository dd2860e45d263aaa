"""Looks ahead at who comes on duty, and takes each hand-over from its notice to whoever has the pager.

Any number of processes do so on one database: a row per person and instant makes one hand-over of it, and each is
taken a step in a transaction of its own, with the letters that follow. `bot.domain.handover` decides.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import structlog

from bot.clock import Clock
from bot.domain import reach
from bot.domain.delivery import Place
from bot.domain.handover import (
    Cover,
    Effect,
    Event,
    Gone,
    Handover,
    Occasion,
    Refresh,
    Refused,
    Seen,
    Step,
    Tell,
    Tick,
    step,
)
from bot.domain.incident import Actor, Deed
from bot.domain.letter import Matter, Subject, next_place
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId
from bot.domain.schedule import Origin, Override
from bot.domain.takeover import LATEST, Part, Takeover, upcoming
from bot.engine import letters, trials
from bot.engine.picture import Picture
from bot.engine.wakeups import Wakeup, Wakeups
from storage import handovers, overrides
from storage import letters as stored_letters
from storage.database import Connection, Database, is_away
from storage.handovers import HandoverRow

POLL: Final = 1.0
# What is due and cannot be stepped is not tried without a pause.
SHORTEST: Final = 0.1
PAUSE_AFTER_ERROR: Final = 1.0
MOST_TOGETHER: Final = 100
PLAN_EVERY: Final = timedelta(seconds=30)
# What is planned reaches further than until the next look.
AHEAD: Final = 4 * PLAN_EVERY
NEVER: Final = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Here:
    """What is configured, and when it is. `via`: the door through which somebody asked, if somebody did."""

    organisation: Organisation
    now: datetime
    via: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the schedules say that is not stored yet: new hand-overs, and what has changed of those that are."""

    new: tuple[Handover, ...]
    events: tuple[tuple[int, Event], ...]


class Handovers:
    """Plans the hand-overs to come, and steps those whose time has come."""

    def __init__(self, database: Database, picture: Picture, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._picture = picture
        self._wakeups = wakeups
        self._clock = clock
        self._planned_at = NEVER
        self._revision = -1

    async def run(self) -> None:
        """Do so for ever."""
        while True:
            try:
                await self.round()
                pause = await self._until_next()
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; hand-overs must go on then.
                log.error("handovers_failed", error=type(error).__name__, detail=str(error)[:200])
                pause = PAUSE_AFTER_ERROR
            await self._clock.sleep(pause)

    async def round(self) -> None:
        """Plan if it is time to, step what is due, and see what came of the tests of methods."""
        await self._plan_if_due()
        await self.tick()
        if await trials.watch(self._database, self._clock.now()):
            self._wakeups.wake(Wakeup.OUTBOX)

    async def _plan_if_due(self) -> None:
        organisation = await self._database.read(self._picture.current)
        now = self._clock.now()
        is_recent = timedelta() <= now - self._planned_at < PLAN_EVERY
        if organisation.revision == self._revision and is_recent:
            return
        await self._plan(organisation, now)
        self._revision, self._planned_at = organisation.revision, now

    async def _plan(self, organisation: Organisation, now: datetime) -> None:
        # Of what was exactly then it cannot be said who was on duty just before.
        rows = await self._database.read(partial(handovers.since, at=now - LATEST + timedelta.resolution))
        notices = [schedule.notice for schedule in organisation.schedules.values()]
        end = max([now + max(notices, default=timedelta()), *(row.handover.takeover.at for row in rows)]) + AHEAD
        # It walks through every schedule: nothing else is to wait for that.
        found = await asyncio.to_thread(upcoming, organisation, now, end)
        plan = _compared(rows, found, now)
        if not plan.new and not plan.events:
            return

        async def work(connection: Connection) -> None:
            await handovers.insert(connection, plan.new)
            for number, event in plan.events:
                await take(connection, number, event, Here(organisation, now))

        await self._database.transact(work)
        self._wakeups.wake(Wakeup.OUTBOX)

    async def tick(self) -> int:
        """Step what is due now; return how many that were. One that fails keeps no other waiting."""
        count, failed, after, numbers = 0, 0, 0, [0]
        while numbers:
            due = partial(handovers.due, now=self._clock.now(), most=MOST_TOGETHER, after=after)
            numbers = await self._database.read(due)
            for number in numbers:
                after = number
                try:
                    await self._database.transact(partial(self._tick, number=number))
                    count += 1
                except Exception as error:
                    if is_away(error):
                        raise
                    failed += 1
                    log.error("handover_not_stepped", handover=number, error=type(error).__name__, exc_info=failed == 1)
        if count:
            self._wakeups.wake(Wakeup.OUTBOX)
        return count

    async def _tick(self, connection: Connection, *, number: int) -> None:
        organisation = await self._picture.current(connection)
        await take(connection, number, Tick(), Here(organisation, self._clock.now()))

    async def _until_next(self) -> float:
        next_due = await self._database.read(handovers.next_due)
        left = (next_due - self._clock.now()).total_seconds() if next_due else POLL
        return min(max(left, SHORTEST), POLL)


def _compared(rows: Sequence[HandoverRow], found: Sequence[Takeover], now: datetime) -> _Plan:
    """Return what is new, has changed or is gone, beside what is stored."""
    known = {(row.handover.takeover.account, row.handover.takeover.at): row for row in rows}
    said = {(one.account, one.at): one for one in found}
    new = tuple(Handover(one) for key, one in said.items() if key not in known)
    events: list[tuple[int, Event]] = []
    for key, row in known.items():
        event = Seen(said[key]) if key in said else Gone()
        made = step(row.handover, event, now)
        if isinstance(made, Step) and made.handover != row.handover:
            events.append((row.id, event))
    return _Plan(new, tuple(events))


# ---- what follows ----------------------------------------------------------------------------------------------------


async def take(
    connection: Connection, number: int, event: Event, here: Here
) -> tuple[HandoverRow, Refused | None] | None:
    """Take a hand-over a step, and do what follows; None: there is none of this number.

    Return it as it stands after it, and why nothing was done if somebody asked for what cannot be.
    """
    rows = await handovers.lock(connection, [number])
    if not rows:
        return None
    (row,) = rows
    made = step(row.handover, event, here.now)
    if isinstance(made, Refused):
        return row, made
    if made.handover != row.handover:
        row = HandoverRow(row.id, made.handover)
        await handovers.update(connection, row)
        for effect in made.effects:
            await _carry_out(connection, row, effect, here)
        log.info("handover", handover=row.id, account=row.handover.takeover.account, stage=str(row.handover.stage))
    return row, None


async def _carry_out(connection: Connection, row: HandoverRow, effect: Effect, here: Here) -> None:
    match effect:
        case Tell():
            await _tell(connection, row, effect, here)
        case Refresh():
            await letters.refresh(connection, Matter.HANDOVER, row.id, here.now)
        case Cover():
            await _cover(connection, row.handover, effect, here)


async def _tell(connection: Connection, row: HandoverRow, effect: Tell, here: Here) -> None:
    organisation, now = here.organisation, here.now
    subject = Subject(Matter.HANDOVER, row.id, str(effect.occasion))
    if effect.occasion is Occasion.REMINDER:
        for account in effect.to:
            await _remind(connection, subject, account, organisation, now)
    elif effect.occasion is Occasion.PAGE:
        places = [place for account in effect.to for place in ways(account, organisation, voice=True)]
        await stored_letters.write(connection, subject, places, now)
    else:
        unreachable = await letters.tell(connection, subject, effect.to, organisation, now)
        if effect.to and len(unreachable) == len(set(effect.to)):
            await tell_others(connection, row, here)


async def tell_others(connection: Connection, row: HandoverRow, here: Here) -> None:
    """Nobody of those who hand over and of the backups can be told: the team and the admins are, once."""
    if row.handover.told_at is not None:
        subject = Subject(Matter.HANDOVER, row.id, str(Occasion.OTHERS))
        await letters.tell(connection, subject, row.handover.takeover.crew.others, here.organisation, here.now)


async def _remind(
    connection: Connection, subject: Subject, account: AccountId, organisation: Organisation, now: datetime
) -> None:
    """Write by another way than the notice went; where there is no other, by the same."""
    written = await stored_letters.about(connection, Matter.HANDOVER, [subject.about])
    used = [one.letter.place for one in written if one.letter.place.account == account]
    able = ways(account, organisation)
    place = next_place(able, used) or next(iter(able), None)
    if place is not None:
        await stored_letters.write(connection, subject, [place], now)


def ways(account: AccountId, organisation: Organisation, *, voice: bool = False) -> tuple[Place, ...]:
    """Return by which ways somebody can be told, what makes no noise first."""
    person = organisation.people.accounts.get(account)
    if person is None or not person.active:
        return ()
    return tuple(way.place for way in reach.quiet_ways(account, organisation, voice=voice))


async def _cover(connection: Connection, handover: Handover, cover: Cover, here: Here) -> None:
    """Put somebody in the place of who has not confirmed, in each of the roles."""
    takeover, organisation = handover.takeover, here.organisation
    made = Deed(Actor(cover.by, here.via), here.now)
    for part in takeover.parts:
        schedule = organisation.schedules.get(part.schedule)
        end = min(cover.end, part.until) if part.until is not None else cover.end
        if schedule is None or end <= cover.start:
            continue
        change = Override(
            cover.start,
            end,
            (cover.by,),
            role=part.role,
            replaces=_replaced(takeover.account, part, cover.start, organisation),
        )
        await overrides.add(connection, part.schedule, [change], made)
    # Whoever keeps the pager by a click need not confirm it once more.
    theirs = Takeover(cover.by, cover.start, takeover.notice, takeover.parts)
    await handovers.insert(connection, [Handover(theirs, noticed_at=made.at, confirmed_at=made.at)])


def _replaced(account: AccountId, part: Part, at: datetime, organisation: Organisation) -> AccountId | None:
    """Return whom a change stands in for: somebody who is on duty as a fallback only has no place of their own."""
    on_duty = organisation.duty(part.schedule, part.role, at)
    own = any(one.account == account and one.source.origin is not Origin.FALLBACK for one in on_duty)
    return account if own else None
