"""The lint of what is configured now, with the shapes of the alerts that came of late.

What it looks at is read in a transaction; what it thinks of it may take seconds, and is thought in a thread.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from bot.config import holidays
from bot.domain import lint
from bot.domain.definition import Kept
from bot.domain.lint import Beside, Finding, Shape
from bot.domain.lint.shape import SEEN_WITHIN, looked_at
from bot.domain.organisation import Organisation
from cards import lint as said
from cards.answers import Readers
from cards.card import Note
from storage import definitions, shapes
from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that the lint looks at."""

    organisation: Organisation
    kept: tuple[Kept, ...]
    seen: tuple[Shape, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to know, and who reads it: it is found out when the transaction is over."""

    gathered: Gathered
    readers: Readers


async def gather(connection: Connection, organisation: Organisation, now: datetime) -> Gathered:
    """Return what there is to look at."""
    active = {one.id: looked_at(one) for one in organisation.channels.values() if one.active}
    seen = await shapes.seen(connection, active, now - SEEN_WITHIN)
    return Gathered(organisation, await definitions.kept(connection), seen, now)


def judge(gathered: Gathered) -> tuple[Finding, ...]:
    """Return what is to be mended, the worst first. It may take seconds."""
    beside = Beside(gathered.kept, holidays.last_known_swap)
    return lint.findings(gathered.organisation, gathered.seen, gathered.now, beside)


async def findings(connection: Connection, organisation: Organisation, now: datetime) -> tuple[Finding, ...]:
    """Return what is to be mended, the worst first: for who has the time, or a thread, to themselves."""
    return judge(await gather(connection, organisation, now))


async def judged(gathered: Gathered) -> tuple[Finding, ...]:
    """Return what is to be mended, the worst first, while other work goes on."""
    return await asyncio.to_thread(judge, gathered)


async def answer(asked: Asked) -> Note:
    """Return what to tell whoever asked."""
    return said.note(await judged(asked.gathered), asked.readers)
