"""The daily note: what the lint finds is told in the own channel's chats or, where it has none, to the admins.

Each worker looks whether a look is due; of two that look on one day, one tells. What is said is stored with the look,
so that a letter that waits says what was found.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

import structlog

from bot.clock import Clock
from bot.domain import daily
from bot.domain.daily import Looked
from bot.domain.delivery import Place
from bot.domain.letter import Letter, Matter, Subject
from bot.domain.lint import Finding, Grade
from bot.domain.organisation import Organisation
from bot.engine import letters, lint
from bot.engine.letters import Content
from bot.engine.lint import Gathered
from bot.engine.picture import Picture
from bot.engine.wakeups import Wakeups
from cards import catalogue
from cards import lint as cards
from cards.answers import Readers
from storage import letters as stored_letters
from storage import lint_looks
from storage.database import Connection, Database
from storage.lint_looks import Said

# Seconds between two looks at the clock; the first is that long after a start.
EVERY: Final = 600.0
OCCASION: Final = "daily"

log = structlog.get_logger(__name__)


class Daily:
    """Makes the daily look."""

    def __init__(self, database: Database, picture: Picture, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._picture = picture
        self._wakeups = wakeups
        self._clock = clock

    async def run(self) -> None:
        """Look once a day, for ever."""
        while True:
            await self._clock.sleep(EVERY)
            try:
                await self.round()
            except Exception as error:  # noqa: BLE001 - A database that is away comes back; the day's look is made then.
                log.error("daily_look_failed", error=type(error).__name__, detail=str(error)[:200])

    async def round(self) -> bool:
        """Make the day's look if it is due; return whether people are told of it."""
        due = await self._database.read(self._gather)
        if due is None:
            return False
        day, gathered = due
        findings = [one for one in await lint.judged(gathered) if one.grade is not Grade.NOTE]
        look = Looked(day, _digest(findings))

        async def work(connection: Connection) -> bool:
            return await self._tell(connection, look, findings, gathered.now)

        told = await self._database.transact(work)
        log.info("configuration_looked_at", findings=len(findings), told=told)
        if told:
            self._wakeups.all()
        return told

    async def _gather(self, connection: Connection) -> tuple[date, Gathered] | None:
        organisation, now = await self._picture.current(connection), self._clock.now()
        day = daily.day_due(now, zone_of(organisation), await lint_looks.last_day(connection, _latest(now)))
        return (day, await lint.gather(connection, organisation, now)) if day is not None else None

    async def _tell(self, connection: Connection, look: Looked, findings: Sequence[Finding], now: datetime) -> bool:
        is_told = daily.is_worth_telling(look, await lint_looks.last_told(connection, _latest(now)))
        number = await lint_looks.add(connection, look, _said(findings, now) if is_told else None)
        if not is_told or number is None:
            return False
        organisation = await self._picture.current(connection)
        subject = Subject(Matter.LINT, number, OCCASION)
        chats = own_chats(organisation)
        if chats:
            await stored_letters.write(connection, subject, chats, now)
            return True
        return await _tell_admins(connection, subject, organisation, now)


async def read(connection: Connection, letter: Letter, organisation: Organisation, now: datetime) -> Content | None:
    """Return what the letter says; it never changes."""
    del now
    reader = organisation.reader(letter.place.workspace, letter.place.account)
    said = await lint_looks.said(connection, letter.subject.about, catalogue.language(reader.locale))
    return Content(said.card, said.note, 1) if said is not None else None


async def lost(connection: Connection, letter: Letter, organisation: Organisation, now: datetime) -> None:
    """Leave it to the admins when no chat takes it; what reaches none of them either is told with the next look."""
    written = await stored_letters.about(connection, letter.subject.matter, [letter.subject.about])
    if any(one.lost_at is None for one in written):
        return
    if letter.place.account is None:
        await _tell_admins(connection, letter.subject, organisation, now)
    else:
        await _give_up(connection, letter.subject)


async def _tell_admins(connection: Connection, subject: Subject, organisation: Organisation, now: datetime) -> bool:
    """Write to the admins; return whether there is a way to any of them."""
    admins = organisation.people.admins()
    untold = await letters.tell(connection, subject, admins, organisation, now)
    if len(untold) == len(admins):
        await _give_up(connection, subject)
    return len(untold) < len(admins)


async def _give_up(connection: Connection, subject: Subject) -> None:
    log.warning("daily_note_told_nobody", mend="link or verify an admin, or let the channel `oncard` tell a chat")
    await lint_looks.untold(connection, subject.about)


def _latest(now: datetime) -> date:
    """Return the latest day that it can be anywhere on earth."""
    return (now.astimezone(UTC) + timedelta(days=1)).date()


def zone_of(organisation: Organisation) -> str:
    """Return in whose morning the note comes: the first admin's."""
    admins = organisation.people.admins()
    return organisation.people.accounts[admins[0]].timezone if admins else "UTC"


def own_chats(organisation: Organisation) -> tuple[Place, ...]:
    """Return the chats of the channel of Oncard's own troubles, those of its first level that tells any."""
    levels = [level for rule in organisation.channel(organisation.own_channel).rules for level in rule.levels]
    chats = next((level.chats for level in levels if level.chats), ())
    return tuple(Place(chat.workspace, chat.chat) for chat in chats)


def _said(findings: Sequence[Finding], now: datetime) -> dict[str, Said]:
    found: dict[str, Said] = {}
    for locale in catalogue.LANGUAGES:
        readers = Readers(locale, "UTC", now)
        found[locale] = Said(cards.card(findings, readers), cards.note(findings, readers))
    return found


def _digest(findings: Sequence[Finding]) -> str:
    """Return the same text for the same findings; empty: there are none.

    When alerts were seen last, and how often, is different each day, so only what is wrong and where counts.
    """
    if not findings:
        return ""
    what = sorted(
        f"{one.code} {one.where.kind} {one.where.name} {one.where.rule} {one.where.level}" for one in findings
    )
    return hashlib.blake2b("\n".join(what).encode(), digest_size=16).hexdigest()
