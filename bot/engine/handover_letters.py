"""What the letters of a hand-over say now, each in the language and the zone of its reader."""

from datetime import datetime
from typing import Final

from bot.domain.event import Severity
from bot.domain.handover import Handover, Occasion, Stage
from bot.domain.incident import Incident
from bot.domain.letter import Letter
from bot.domain.organisation import Organisation
from bot.domain.takeover import Part, channels_of
from bot.domain.trial import AGAIN_AFTER
from bot.engine import trials as trying
from bot.engine.handovers import Here, tell_others
from bot.engine.letters import Content
from cards import handover as cards
from cards.card import Text
from cards.handover import Scene, Shift
from storage import handovers, letters, questions, trials
from storage.database import Connection
from storage.handovers import HandoverRow

MOST_WORST: Final = 3
_SETTLED: Final = (Stage.CONFIRMED, Stage.KEPT, Stage.WITHDRAWN)
_BY_SEVERITY: Final = list(Severity)


async def read(connection: Connection, letter: Letter, organisation: Organisation, now: datetime) -> Content | None:
    """Return what a letter says now; None: nothing is to be said to who has not had it yet."""
    row = await handovers.find(connection, letter.subject.about)
    account = letter.place.account
    if row is None or account is None or letter.subject.occasion not in set(Occasion):
        return None
    handover = row.handover
    if handover.stage in _SETTLED or handover.is_too_late(now):
        written = await letters.find(connection, letter.id)
        if written is None or written.message is None:
            return None
    reader = organisation.reader(letter.place.workspace, account)
    count, worst = await _open(connection, handover, organisation)
    scene = Scene(
        number=row.id,
        handover=handover,
        occasion=Occasion(letter.subject.occasion),
        reader=account,
        shifts=shifts(handover.takeover.parts, organisation),
        names={one.id: one.name for one in organisation.people.accounts.values()},
        count=count,
        worst=worst,
        methods=await _methods(connection, handover, organisation, (reader.locale, reader.timezone)),
        locale=reader.locale,
        timezone=reader.timezone,
    )
    return Content(cards.card(scene), cards.note(scene), handover.version, urgent=scene.occasion is Occasion.PAGE)


async def lost(connection: Connection, letter: Letter, organisation: Organisation, now: datetime) -> None:
    """Somebody could be told by none of their ways: of those who would decide, others are told in their place."""
    row = await handovers.find(connection, letter.subject.about)
    if row is not None and letter.subject.occasion in (Occasion.OUTGOING, Occasion.BACKUP, Occasion.PAGE):
        await tell_others(connection, row, Here(organisation, now))


def shifts(parts: tuple[Part, ...], organisation: Organisation) -> tuple[Shift, ...]:
    """Return the roles as they are named."""
    named = organisation.schedules
    return tuple(Shift(named[one.schedule].name if one.schedule in named else "", one.role, one.until) for one in parts)


def shifts_of(row: HandoverRow, organisation: Organisation) -> tuple[Shift, ...]:
    """Return the roles that are handed over."""
    return shifts(row.handover.takeover.parts, organisation)


async def _open(
    connection: Connection, handover: Handover, organisation: Organisation
) -> tuple[int, tuple[tuple[Incident, str], ...]]:
    """Return how many incidents are open in the channels that tell this schedule, and the worst of them."""
    count = 0
    found: list[tuple[Incident, str]] = []
    for channel in channels_of(handover.takeover.parts, organisation):
        count += await questions.count_open(connection, channel.id)
        some = await questions.most_urgent(connection, MOST_WORST, channel.id)
        found += [(incident, channel.name) for incident in some.incidents]
    found.sort(key=lambda one: (_BY_SEVERITY.index(one[0].facts.severity), one[0].opened_at))
    return count, tuple(found[:MOST_WORST])


async def _methods(
    connection: Connection, handover: Handover, organisation: Organisation, reads: tuple[str, str]
) -> tuple[Text, ...]:
    """Return what came of the last test of the methods of who comes on duty, from around the notice on."""
    since = handover.takeover.at - handover.takeover.notice - AGAIN_AFTER
    last = await trials.newest_of(connection, handover.takeover.account, since)
    return trying.rows(last.trial, organisation, *reads) if last is not None else ()
