"""Temporary changes of schedules: made, listed and removed by people, through whichever door.

What is changed is configured from then on: the next decision of every process is made with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.commands import NotUnderstood, Speaker, Unclear
from bot.commands import override as command
from bot.commands.shift_sentence import with_choice
from bot.domain.incident import Actor, Deed
from bot.domain.organisation import Organisation
from bot.domain.override import (
    FURTHEST,
    LONGEST,
    Fault,
    MadeOverride,
    OverrideId,
    before,
    fault_of,
    from_now,
    overlapping,
    role_of,
)
from bot.domain.people import AccountId
from bot.domain.rotation import PRIMARY
from bot.domain.schedule import Override, Schedule, ScheduleId, Shift, roles
from bot.engine import rota
from cards import assigning, notes
from cards import override as cards
from cards.answers import Readers
from cards.card import Note
from cards.override import Shown
from cards.schedule import Turn
from storage import definitions, idempotency
from storage import overrides as stored
from storage.database import Connection

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asking:
    """What somebody said behind a command about shifts, and who reads the answer.

    `key`: of this very action, so that it is carried out once; empty: it comes from where nothing is told twice.
    """

    said: str
    speaker: Speaker
    organisation: Organisation
    readers: Readers
    key: str = ""

    @property
    def schedules(self) -> Sequence[Schedule]:
        """Return the schedules that can be named."""
        return rota.active(self.organisation)


@dataclass(frozen=True, slots=True)
class Added:
    """A change that was made, who was on duty before, and on which other changes it lies."""

    made: MadeOverride
    before: tuple[Shift, ...]
    under: tuple[MadeOverride, ...]


async def answer(connection: Connection, asking: Asking) -> Note | None:
    """Do what somebody said behind `override`, and return the answer; None: it was done, and answered, before."""
    meant = command.read(asking.said, asking.schedules, asking.speaker)
    if isinstance(meant, NotUnderstood | Unclear):
        return not_clear(f"override {asking.said}", meant, asking)
    match meant:
        case command.Show():
            return await _show(connection, meant.schedule, asking)
        case command.Remove():
            return await _remove(connection, meant.number, asking)
        case command.Add():
            return await _add(connection, meant, asking)


def not_clear(said: str, meant: NotUnderstood | Unclear, asking: Asking) -> Note:
    """Return what would be understood or, where a name means several, which there are."""
    locale = asking.readers.locale
    if isinstance(meant, NotUnderstood):
        return notes.not_understood(said, meant.hint(locale), locale)
    verb = said.split(maxsplit=1)[0]
    choices = [
        (assigning.label_of(one, asking.organisation), f"{verb} {with_choice(asking.said, meant, one)}")
        for one in meant.choices
    ]
    return notes.who_is_meant(meant.said, choices, locale)


async def once(connection: Connection, key: str, now: datetime) -> bool:
    """Whether the action of this key is to be carried out, which is noted: of two at once, one is run again."""
    if not key:
        return True
    if await idempotency.is_done(connection, key):
        return False
    await idempotency.done(connection, key, now)
    return True


async def held(connection: Connection, organisation: Organisation) -> Organisation:
    """Keep everybody else from changing what is configured until the transaction ends, and return what it is."""
    await stored.hold(connection)
    if await definitions.revision(connection) == organisation.revision:
        return organisation
    fresh = await definitions.organisation(connection)
    return replace(fresh, deadline=organisation.deadline, national=organisation.national)


async def add(
    connection: Connection, wanted: command.Add, by: Actor, organisation: Organisation, now: datetime
) -> Added | Fault:
    """Make a change, unless something is wrong with it. The schedules are held, and `organisation` is of then."""
    find = organisation.schedules.get
    schedule = organisation.schedules.get(wanted.schedule.id, wanted.schedule)
    span = (max(wanted.span.since, now), wanted.span.until)
    known = roles(schedule)
    role = wanted.role or (role_of(wanted.replaces, span, schedule, find) if wanted.replaces is not None else None)
    usual = PRIMARY if PRIMARY in known else known[0]
    change = Override(*(wanted.span.since, wanted.span.until), (wanted.account,), None, role or usual, wanted.replaces)
    change = replace(change, why=wanted.why)
    fault = fault_of(change, schedule, now, find)
    if fault is not None:
        return fault
    change = from_now(change, now)
    was = before(change, schedule, now, find)
    under = overlapping(change, await stored.standing(connection, schedule.id, (change.start, change.end)))
    (made,) = await stored.add(connection, schedule.id, [change], Deed(by, now))
    log.info("override_made", override=made.id, schedule=schedule.name, by=by.account, via=by.via)
    return Added(made, was, under)


async def remove(
    connection: Connection, number: OverrideId, by: Actor, now: datetime
) -> tuple[MadeOverride, ...] | Deed | None:
    """Remove a change, with all that its trade made; return what was removed. The schedules are held.

    One that is removed already: by whom and when. None: there is none, or it is over.
    """
    found = await stored.find(connection, number)
    standing = tuple(one for one in found if one.removed is None and one.change.end > now)
    if number not in {one.id for one in standing}:
        return found[0].removed if found else None
    await stored.remove(connection, [one.id for one in standing], by, now)
    log.info("override_removed", overrides=[one.id for one in standing], by=by.account, via=by.via)
    return standing


async def listed(
    connection: Connection, schedule: ScheduleId | None, organisation: Organisation, now: datetime
) -> tuple[MadeOverride, ...]:
    """Return the changes of a schedule, or of all that there are, which still hold or will."""
    found = await stored.standing(connection, schedule, (now, now + LONGEST + FURTHEST))
    known = organisation.schedules
    return tuple(one for one in found if one.schedule in known and known[one.schedule].active)


def shown(one: MadeOverride, organisation: Organisation) -> Shown:
    """Return a change with the names that it is shown with."""
    schedule, change = organisation.schedules[one.schedule], one.change
    return Shown(
        number=one.id,
        schedule=schedule.name,
        timezone=schedule.timezone,
        role=change.role,
        who=", ".join(rota.names(change.accounts, organisation)),
        start=change.start,
        end=change.end,
        other=name_of(change.replaces, organisation),
        by=name_of(one.made.by.account, organisation),
        why=change.why,
    )


def name_of(account: AccountId | None, organisation: Organisation) -> str:
    """Return what somebody is called; empty: they are nobody, or unknown."""
    known = organisation.people.accounts.get(account) if account is not None else None
    return known.name if known is not None else ""


def turns(shifts: Iterable[Shift], organisation: Organisation) -> list[Turn]:
    """Return shifts with the names that they are shown with."""
    return [Turn(one.start, one.end, one.role, rota.names(one.accounts, organisation)) for one in shifts]


async def _show(connection: Connection, schedule: Schedule | None, asking: Asking) -> Note:
    number = schedule.id if schedule is not None else None
    found = await listed(connection, number, asking.organisation, asking.speaker.now)
    return cards.listing([shown(one, asking.organisation) for one in found], command.EXAMPLE, asking.readers)


async def _add(connection: Connection, wanted: command.Add, asking: Asking) -> Note | None:
    speaker = asking.speaker
    organisation = await held(connection, asking.organisation)
    if not await once(connection, asking.key, speaker.now):
        return None
    added = await add(connection, wanted, speaker.actor, organisation, speaker.now)
    if isinstance(added, Fault):
        names = (name_of(wanted.account, organisation), name_of(wanted.replaces, organisation))
        known = roles(wanted.schedule)
        return cards.refused(added, wanted.schedule.name, known, names, asking.readers.locale)
    under = [shown(one, organisation) for one in added.under]
    return cards.made(shown(added.made, organisation), turns(added.before, organisation), under, asking.readers)


async def _remove(connection: Connection, number: OverrideId, asking: Asking) -> Note:
    organisation = await held(connection, asking.organisation)
    speaker, readers = asking.speaker, asking.readers
    removed = await remove(connection, number, speaker.actor, speaker.now)
    if removed is None:
        return cards.none_such(number, readers.locale)
    if isinstance(removed, Deed):
        return cards.already_removed(number, name_of(removed.by.account, organisation), removed.at, readers)
    return cards.removed(
        [shown(one, organisation) for one in removed if one.schedule in organisation.schedules], readers
    )
