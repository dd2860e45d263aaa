"""Rings each of somebody's methods once, and shows what comes of each as it comes in.

Each message is a letter of its own by its own way, so it is sent, retried and reported on as all others are.
"""

import secrets
from datetime import datetime
from functools import partial
from typing import Final

from bot.domain.frozen import replace
from bot.domain.handover import News, Step, step
from bot.domain.letter import Letter, Matter, Subject
from bot.domain.organisation import Organisation
from bot.domain.people import Account, AccountId, WorkspaceId
from bot.domain.trial import AGAIN_AFTER, MOST, WATCHED, Ring, Trial, begin, clicked, judged, proven
from bot.engine import letters
from bot.engine.letters import Content
from cards import trial as cards
from cards.card import Text
from storage import handovers, trials
from storage import letters as stored_letters
from storage.database import Connection, Database
from storage.handovers import HandoverRow
from storage.trials import TrialRow

OCCASION: Final = "ring"


async def start(
    connection: Connection, account: Account, organisation: Organisation, at: WorkspaceId | None, now: datetime
) -> tuple[TrialRow, bool]:
    """Ring all ways of somebody, unless that was done lately; return the trial, and whether it is a new one.

    `at`: the workspace in which they asked for it by a click, if they did.
    """
    await trials.hold(connection)
    last = await trials.newest_of(connection, account.id, now - AGAIN_AFTER)
    if last is not None:
        return last, False
    codes = [f"{number:06d}" for number in secrets.SystemRandom().sample(range(10**6), MOST)]
    trial = begin(account, organisation, codes, now)
    for ring in trial.rings:
        if at is not None and ring.place.workspace == at:
            trial = replace(clicked(trial, ring.place, now), version=trial.version)
    row = await trials.add(connection, trial)
    places = [ring.place for ring in trial.rings]
    await stored_letters.write(connection, Subject(Matter.TRIAL, row.id, OCCASION), places, now)
    await _show(connection, account.id, now)
    return row, True


async def enter(connection: Connection, account: AccountId, code: str, now: datetime) -> Ring | None:
    """Take a code that somebody typed; return the way that it came by, None: it is of no test."""
    last = await trials.newest_of(connection, account, now - WATCHED)
    row = await trials.find(connection, last.id, lock=True) if last is not None else None
    found = proven(row.trial, code, now) if row is not None else None
    if row is None or found is None:
        return None
    await _keep(connection, row, found, now)
    return next(ring for ring in found.rings if ring.code == code)


async def watch(database: Database, now: datetime) -> bool:
    """See what has become of each message of the tests under way; return whether there are news."""
    active = await database.read(partial(trials.since, at=now - WATCHED))
    has_news = False
    for row in active:
        if judged(row.trial, await database.read(partial(trials.known, row=row))) is not row.trial:
            has_news |= await database.transact(partial(_judge, number=row.id, now=now))
    return has_news


async def _judge(connection: Connection, *, number: int, now: datetime) -> bool:
    row = await trials.find(connection, number, lock=True)
    if row is None:
        return False
    found = judged(row.trial, await trials.known(connection, row))
    if found is row.trial:
        return False
    await _keep(connection, row, found, now)
    return True


async def _keep(connection: Connection, row: TrialRow, trial: Trial, now: datetime) -> None:
    """Store the news, and let every message that shows them show them."""
    if trial is row.trial:
        return
    await trials.update(connection, TrialRow(row.id, trial))
    await letters.refresh(connection, Matter.TRIAL, row.id, now)
    await _show(connection, trial.account, now)


async def _show(connection: Connection, account: AccountId, now: datetime) -> None:
    """Let the hand-overs of somebody show what came of the test."""
    numbers = [row.id for row in await handovers.open_of(connection, account, now)]
    for row in await handovers.lock(connection, numbers):
        made = step(row.handover, News(), now)
        if isinstance(made, Step) and made.handover != row.handover:
            await handovers.update(connection, HandoverRow(row.id, made.handover))
            await letters.refresh(connection, Matter.HANDOVER, row.id, now)


# ---- what is said ----------------------------------------------------------------------------------------------------


def rows(trial: Trial, organisation: Organisation, locale: str, timezone: str) -> tuple[Text, ...]:
    """Return what came of each way."""
    names = {one.id: one.name for one in organisation.workspaces.values()}
    return cards.rows(trial, names, locale, timezone)


async def read(connection: Connection, letter: Letter, organisation: Organisation, now: datetime) -> Content | None:
    """Return what the message of a way says."""
    row = await trials.find(connection, letter.subject.about)
    ring = next((one for one in row.trial.rings if one.place == letter.place), None) if row is not None else None
    if row is None or ring is None:
        return None
    if now - row.trial.started_at > WATCHED:
        written = await stored_letters.find(connection, letter.id)
        if written is None or written.message is None:
            return None  # It comes too late to show anything.
    reader = organisation.reader(letter.place.workspace, letter.place.account)
    results = rows(row.trial, organisation, reader.locale, reader.timezone)
    return Content(cards.card(ring, results, reader.locale), cards.message(ring, reader.locale), row.trial.version)
