"""Answers `pager`: somebody has the pager, keeps it, calls the backup, or has all their methods rung once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.commands import NotUnderstood, pager
from bot.domain.handover import CallBackup, Confirm, Event, Handover, Keep, Refused, Stage, Why
from bot.domain.organisation import Organisation
from bot.domain.people import Account, Method, WorkspaceId
from bot.domain.takeover import next_of
from bot.engine import handovers as stepping
from bot.engine import trials as trying
from bot.engine.handover_letters import shifts, shifts_of
from cards import handover as cards
from cards import notes
from cards import trial as trial_cards
from cards.answers import Readers
from cards.card import Note
from storage import handovers, overrides
from storage.database import Connection
from storage.handovers import HandoverRow

LOOKED_AHEAD: Final = timedelta(days=14)
"""How far ahead the next shift of somebody who has nothing to confirm is looked for."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, where and when. `at`: the workspace in which they clicked, so that it is known to reach them.

    `by_sms`: a sender's number can be made up, so nothing is done but to confirm and to take a code.
    """

    account: Account
    organisation: Organisation
    now: datetime
    readers: Readers
    text: str
    via: str
    at: WorkspaceId | None = None
    by_sms: bool = False


async def answer(connection: Connection, asking: Asking, rest: str) -> Note:
    """Carry out what stands behind `pager`."""
    meant = pager.read(rest)
    if asking.by_sms and isinstance(meant, pager.Keep | pager.Backup | pager.Try):
        return cards.not_by_sms(asking.readers.locale)
    match meant:
        case NotUnderstood():
            return notes.not_understood(asking.text, meant.hint(asking.readers.locale), asking.readers.locale)
        case pager.Have():
            return await _have(connection, asking, meant.number)
        case pager.Keep():
            return await _decide(connection, asking, meant.number, Keep(asking.account.id))
        case pager.Backup():
            return await _decide(connection, asking, meant.number, CallBackup(asking.account.id))
        case pager.Code():
            return await _code(connection, asking, meant.code)
        case pager.Try():
            return await _test(connection, asking)


async def _have(connection: Connection, asking: Asking, number: int | None) -> Note:
    """Confirm the hand-over of that number or, without one, all that wait for this person."""
    account, locale = asking.account.id, asking.readers.locale
    if number is not None:
        return await _decide(connection, asking, number, Confirm(account))
    rows = await handovers.open_of(connection, account, asking.now)
    noticed = [row for row in rows if row.handover.noticed_at is not None]
    open_ones = [row for row in noticed if _waits(row.handover)]
    if not open_ones:
        done = [row for row in noticed if row.handover.stage is Stage.CONFIRMED]
        if done:
            return cards.already(shifts_of(done[-1], asking.organisation), locale)
        return _next(asking)
    answers = [await _decide(connection, asking, row.id, Confirm(account)) for row in open_ones]
    return answers[-1]


def _waits(handover: Handover) -> bool:
    return handover.stage in (Stage.NOTICED, Stage.REMINDED, Stage.TOLD, Stage.PASSED)


def _next(asking: Asking) -> Note:
    found = next_of(asking.account.id, asking.organisation, asking.now, asking.now + LOOKED_AHEAD)
    if found is None:
        return cards.nothing_open(None, (), asking.readers)
    at, parts = found
    return cards.nothing_open(at, shifts(parts, asking.organisation), asking.readers)


async def _decide(connection: Connection, asking: Asking, number: int, event: Event) -> Note:
    """Take a hand-over a step, and return what came of it."""
    readers, organisation = asking.readers, asking.organisation
    here = stepping.Here(organisation, asking.now, asking.via)
    if isinstance(event, Keep):
        # Before the hand-over, as everybody takes them: two who wait for each other would wait for ever.
        await overrides.hold(connection)
    taken = await stepping.take(connection, number, event, here)
    if taken is None:
        return cards.unknown(readers.locale)
    row, why = taken
    if why is not None:
        return _refused(row, why, asking)
    named = shifts_of(row, organisation)
    kept = row.handover.kept
    if isinstance(event, Keep) and kept is not None:
        name = readers.names.get(row.handover.takeover.account, "")
        return cards.kept(named, kept.until, name, readers)
    if isinstance(event, CallBackup):
        backups = row.handover.takeover.crew.backups
        return cards.backup_paged([readers.names.get(one, "") for one in backups], readers.locale)
    return cards.confirmed(named, readers.locale)


def _refused(row: HandoverRow, refused: Refused, asking: Asking) -> Note:
    is_own = row.handover.takeover.account == asking.account.id
    if refused.why is Why.ALREADY_CONFIRMED and is_own:
        return cards.already(shifts_of(row, asking.organisation), asking.readers.locale)
    return cards.refused(refused.why, row.handover, asking.readers)


async def _test(connection: Connection, asking: Asking) -> Note:
    readers = asking.readers
    row, is_new = await trying.start(connection, asking.account, asking.organisation, asking.at, asking.now)
    results = trying.rows(row.trial, asking.organisation, readers.locale, readers.timezone)
    if not is_new:
        return trial_cards.too_soon(row.trial, results, readers)
    return trial_cards.started(results, readers.locale)


async def _code(connection: Connection, asking: Asking, code: str) -> Note:
    ring = await trying.enter(connection, asking.account.id, code, asking.now)
    locale = asking.readers.locale
    method: Method | None = ring.method if ring is not None else None
    return trial_cards.right(method, locale) if method is not None else trial_cards.wrong(locale)
