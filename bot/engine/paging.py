"""Pages: from whom the law wants told to the messages that are to go out."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.delivery import Kind, PageId
from bot.domain.event import Severity
from bot.domain.frozen import replace
from bot.domain.incident import Entry, Incident, Notify
from bot.domain.organisation import Organisation
from bot.domain.pages import Pages, Planned, legs_of, pages_of
from bot.domain.people import LINES, AccountId
from bot.domain.reach import quiet_ways
from storage import cards, deliveries
from storage.cards import Shown
from storage.database import Connection, take_any_numbers
from storage.deliveries import Wanted

_LINES = frozenset(LINES.values())


async def pages(
    connection: Connection,
    told: Sequence[tuple[Incident, Notify]],
    shown: Shown,
    organisation: Organisation,
    now: datetime,
) -> tuple[list[Wanted], set[PageId]]:
    """Return the messages of these notifications, and the pages some of whose messages were there already.

    A card where there is none yet, a reminder under it where there is one, and a page by each line. A message that
    still waits for its place is this page from now on.
    """
    # Incidents that are opened together tell the same people.
    known: dict[tuple[Notify, Severity, int], Pages] = {}
    made: list[tuple[Incident, Notify, Pages]] = []
    for incident, effect in told:
        alike = (effect, incident.facts.severity, incident.channel)
        if alike not in known:
            known[alike] = pages_of(incident, effect, organisation, now)
        made.append((incident, effect, known[alike]))
    numbers = iter(
        await take_any_numbers(connection, "cards", count) if (count := sum(one.groups for *_, one in made)) else ()
    )
    wanted: list[Wanted] = []
    joined: set[PageId] = set()
    for incident, effect, several in made:
        ids = [PageId(next(numbers)) for _ in range(several.groups)]
        standing = {card.place: card for card in shown.cards.get(incident.id, ())}
        for leg in several.legs:
            message = _message(incident, effect, leg, ids[leg.group] if leg.group is not None else None)
            card = standing.get(leg.place)
            if card is not None and message.kind is Kind.CARD:
                message = replace(message, card=card.id, kind=Kind.CARD if card.message is None else Kind.REMINDER)
            waits = (incident.id, leg.place.workspace, leg.place.key) in shown.waiting
            if not (waits and await deliveries.restamp(connection, message)):
                wanted.append(message)
            elif message.page is not None:
                joined.add(message.page)
    return await _carded(connection, wanted), joined


async def _carded(connection: Connection, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Return the messages, each card's first with a card of its own."""
    new = [(one.incident, one.place) for one in wanted if one.kind is Kind.CARD and one.card is None]
    rows = iter(await cards.add_cards(connection, new))
    return [replace(one, card=next(rows).id) if one.kind is Kind.CARD and one.card is None else one for one in wanted]


def _message(incident: Incident, effect: Notify, leg: Planned, page: PageId | None) -> Wanted:
    return Wanted(
        incident=incident.id,
        kind=Kind.PAGE if leg.place.workspace in _LINES else Kind.CARD,
        place=leg.place,
        version=incident.version,
        level=effect.level,
        turn=effect.turn,
        not_before=leg.at,
        page=page,
        rank=leg.rank,
        latest=leg.latest if page is not None else None,
    )


# ---- notes -----------------------------------------------------------------------------------------------------------


async def word(
    connection: Connection,
    told: Sequence[tuple[Incident, Entry, AccountId]],
    organisation: Organisation,
    now: datetime,
    *,
    voice: bool,
) -> list[Wanted]:
    """Return the notes that tell each of these people something, the quietest way first and others behind it."""
    ways_to = {account: quiet_ways(account, organisation, voice=voice) for account in {account for *_, account in told}}
    several = [account for *_, account in told if len(ways_to[account]) > 1]
    numbers = iter(await take_any_numbers(connection, "cards", len(several)) if several else ())
    wanted: list[Wanted] = []
    for incident, entry, account in told:
        found = ways_to[account]
        page = PageId(next(numbers)) if len(found) > 1 else None
        legs = legs_of(found, now, 0 if page is not None else None, organisation)
        wanted += [_note(incident, entry, leg, page) for leg in legs]
    return wanted


def _note(incident: Incident, entry: Entry, leg: Planned, page: PageId | None) -> Wanted:
    return Wanted(
        incident=incident.id,
        kind=Kind.NOTE,
        place=leg.place,
        version=incident.version,
        level=incident.level,
        turn=incident.turn,
        not_before=leg.at,
        entry=entry,
        page=page,
        rank=leg.rank,
    )
