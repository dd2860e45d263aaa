"""Calls that are about no incident: what they say when somebody picks up, and what a key means there."""

from datetime import datetime

from bot.domain.delivery import Delivery
from bot.domain.letter import Matter
from bot.domain.organisation import Organisation
from bot.engine import matters
from cards import trial, voice
from cards.script import Script
from cards.voice import Keys
from storage import letters, lines
from storage.database import Connection
from storage.letters import LetterRow
from storage.lines import Hop
from storage.trials import PRESSED


async def opening(
    connection: Connection, delivery: Delivery, keys: Keys, organisation: Organisation, now: datetime
) -> Script | None:
    """Return what the call says first, as the matter stands now; None: nothing is to be said any more."""
    row = await letters.find(connection, letters.letter_of(delivery))
    desk = matters.DESKS.get(row.letter.subject.matter) if row is not None else None
    content = (
        await desk.read(connection, row.letter, organisation, now) if row is not None and desk is not None else None
    )
    if row is None or content is None:
        return None
    return voice.opening(content.note, _locale(row, organisation), keys if _asks(row) else None)


async def pressed(
    connection: Connection, delivery: Delivery, said: tuple[str, str, Keys], organisation: Organisation, now: datetime
) -> Script | None:
    """Take a key (`said`: the provider, what was pressed, and what the keys mean); return what the call says next."""
    row = await letters.find(connection, letters.letter_of(delivery))
    if row is None or not _asks(row):
        return None
    provider, digits, keys = said
    locale = _locale(row, organisation)
    if not digits:
        return voice.last_words(trial.NO_KEY, locale)
    if digits != keys.acknowledge:
        first = await opening(connection, delivery, keys, organisation, now)
        return voice.once_more(first, voice.WRONG_KEY) if first is not None else None
    await lines.add(connection, [Hop(delivery.id, now, PRESSED, provider, digits)])
    return voice.last_words(trial.THANKS, locale)


def _asks(row: LetterRow) -> bool:
    """Whether the call waits for a key: a test does, word about a hand-over does not."""
    return row.letter.subject.matter is Matter.TRIAL


def _locale(row: LetterRow, organisation: Organisation) -> str:
    place = row.letter.place
    return organisation.reader(place.workspace, place.account).locale
