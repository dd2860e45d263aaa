"""Carries out what the law says follows: rows, in the transaction of the decision. Nothing is sent here."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.domain.board import BoardId, redraws_at
from bot.domain.delivery import LONGEST_ALARM, MERGE, OVER, WITHDRAWN, Kind, Place
from bot.domain.frozen import replace
from bot.domain.incident import (
    Announce,
    ChannelId,
    Effect,
    EndAlerts,
    Entry,
    Incident,
    IncidentId,
    Notify,
    Record,
    Refresh,
    ReviveAlerts,
    SendAgain,
    Withdraw,
)
from bot.domain.organisation import Organisation
from bot.domain.pages import who_hears
from bot.domain.people import LINES, AccountId, Method
from bot.engine import paging
from bot.engine.fallback import follow
from storage import boards, cards, deliveries, incidents, lines, withdrawals
from storage.boards import Asked
from storage.cards import CardRow, Shown
from storage.database import Connection
from storage.deliveries import Wanted
from storage.withdrawals import Withdrawal

Made = tuple[Incident, tuple[Effect, ...]]
Line = tuple[IncidentId, datetime, Record]

# What may still ring or alarm when somebody has acted.
_ALARMS = (LINES[Method.VOICE], LINES[Method.PUSH])

_UNHEARD = Record(
    Entry.NOT_DELIVERED,
    said={
        "to": "team and admins",
        "why": "the channel has no team and there are no admins, or no workspace is connected",
    },
)


async def apply(
    connection: Connection, made: Sequence[Made], new: Iterable[IncidentId], organisation: Organisation, now: datetime
) -> bool:
    """Write what follows for each incident; the incidents themselves are stored by the caller. `new`: just opened.

    Return whether something is to be sent.
    """
    notes, unheard = await _announce(connection, made, organisation, now)
    known = {incident.id for incident, _ in made} - set(new)
    edits, shown = 0, Shown()
    if known:
        # What has just been opened has nothing that could be taken back, moved or changed.
        await _withdraw(connection, made, now)
        await _move_alerts(connection, made)
        shown = await cards.shown(connection, known)
        await _credit(connection, made, shown)
        edits = await _refresh(connection, made, shown, now)
        notes += await _over(connection, made, shown, organisation, now)
    told = [(incident, effect) for incident, effects in made for effect in effects if isinstance(effect, Notify)]
    pages, joined = await paging.pages(connection, told, shown, organisation, now)
    # Last, beside the others: what is only added goes to the server in one statement.
    await incidents.record(connection, _recorded(made, now) + unheard)
    await deliveries.add(connection, pages + notes, now)
    # What waits already may wait for what is dark, and then the others need not.
    await follow(connection, joined, organisation.deadline, now)
    return edits + len(pages) + len(notes) > 0


def _recorded(made: Sequence[Made], now: datetime) -> list[Line]:
    return [(incident.id, now, said) for incident, effects in made for said in effects if isinstance(said, Record)]


async def _withdraw(connection: Connection, made: Sequence[Made], now: datetime) -> None:
    """Take back what is not to go out any more, and after that let go out what was taken back before."""
    together: dict[Withdrawal, list[IncidentId]] = {}
    for incident, effects in made:
        for effect in effects:
            if isinstance(effect, Withdraw):
                withdrawal = Withdrawal(WITHDRAWN[effect.reason], effect.cards, effect.only)
                together.setdefault(withdrawal, []).append(incident.id)
    for withdrawal, numbers in together.items():
        await withdrawals.withdraw(connection, numbers, withdrawal, now)
    for incident, effects in made:
        for effect in effects:
            if isinstance(effect, SendAgain):
                await withdrawals.put_back(connection, incident, WITHDRAWN[effect.reason], effect.since)


async def _move_alerts(connection: Connection, made: Sequence[Made]) -> None:
    """Close an incident's alerts to further events, or open them again where nothing took their place."""
    for incident, effects in made:
        if any(isinstance(effect, EndAlerts) for effect in effects):
            alerts = await incidents.alerts_of(connection, incident.id)
            await incidents.update_alerts(connection, [replace(alert, current=False) for alert in alerts])
        if any(isinstance(effect, ReviveAlerts) for effect in effects):
            ended = [one for one in await incidents.alerts_of(connection, incident.id) if one.recovered_at is None]
            keys = [(alert.channel, alert.key) for alert in ended]
            known = (await incidents.alerts_of_keys(connection, keys)).alerts
            taken = {key for key, alerts in known.items() if any(alert.current for alert in alerts)}
            # Of several alerts of one key only the newest can take events.
            newest = {(alert.channel, alert.key): alert for alert in ended if (alert.channel, alert.key) not in taken}
            await incidents.update_alerts(connection, [replace(alert, current=True) for alert in newest.values()])


async def _refresh(connection: Connection, made: Sequence[Made], shown: Shown, now: datetime) -> int:
    """Let every card show the newest state, and every board that an incident is on."""
    wanted: list[Wanted] = []
    changed: dict[BoardId, bool] = {}
    for incident, effects in made:
        refreshes = [effect for effect in effects if isinstance(effect, Refresh)]
        if not refreshes:
            continue
        is_prompt = any(refresh.prompt for refresh in refreshes)
        standing = shown.cards.get(incident.id, ())
        # A card that was taken back before anybody saw it has nothing to show.
        seen = [card for card in standing if card.message or card.id in shown.being_sent]
        wanted += [_edit(incident, card, now if is_prompt else now + MERGE) for card in seen]
        on_boards = [card.board for card in standing if card.board is not None]
        changed |= {board: is_prompt or changed.get(board, False) for board in on_boards}
    await deliveries.ask_for_edits(connection, wanted, now)
    return len(wanted) + await _redraw(connection, changed, now)


async def _redraw(connection: Connection, changed: Mapping[BoardId, bool], now: datetime) -> int:
    """Let these boards show what has changed: at once where a person waits for it."""
    if not changed:
        return 0
    asked = [
        Asked(number, row.board.place, now if changed[number] else redraws_at(row.board, now))
        for number, row in (await boards.find(connection, changed)).items()
    ]
    await boards.ask(connection, asked, now)
    return len(asked)


async def _credit(connection: Connection, made: Sequence[Made], shown: Shown) -> None:
    """Remember who has acknowledged what is on a board."""
    taken = Counter(
        (card.board, effect.by.account)
        for incident, effects in made
        for effect in effects
        if isinstance(effect, Record) and effect.entry is Entry.ACKNOWLEDGED and effect.by.account is not None
        for card in shown.cards.get(incident.id, ())
        if card.board is not None
    )
    await boards.credit(connection, taken)


async def _announce(
    connection: Connection, made: Sequence[Made], organisation: Organisation, now: datetime
) -> tuple[list[Wanted], list[Line]]:
    """Return the notes for team and admins, and that there is nobody to tell."""
    announced: list[tuple[Incident, Entry, AccountId]] = []
    unheard: list[Line] = []
    told: dict[ChannelId, tuple[AccountId, ...]] = {}
    for incident, effects in made:
        for effect in effects:
            if not isinstance(effect, Announce):
                continue
            if incident.channel not in told:
                told[incident.channel] = who_hears(incident.channel, organisation)
            announced += [(incident, effect.entry, account) for account in told[incident.channel]]
            if not told[incident.channel]:
                unheard.append((incident.id, now, _UNHEARD))
    return await paging.word(connection, announced, organisation, now, voice=True), unheard


async def _over(
    connection: Connection, made: Sequence[Made], shown: Shown, organisation: Organisation, now: datetime
) -> list[Wanted]:
    """Return what stops the calls that still ring, and tells those who were paged by a line that it is over.

    Who has the incident's card in a direct message sees it there.
    """
    if not organisation.providers:
        return []
    ended = {
        incident.id: (incident, effect.reason, _actor(effects))
        for incident, effects in made
        for effect in effects
        if isinstance(effect, Withdraw) and effect.reason in OVER
    }
    wanted: list[Wanted] = []
    told: list[tuple[Incident, Entry, AccountId]] = []
    for number, places in (await lines.paged(connection, list(ended), now - LONGEST_ALARM)).items():
        incident, reason, actor = ended[number]
        wanted += [_cancel(incident, place, now) for place in places if place.workspace in _ALARMS]
        see_it = {card.place.account for card in shown.cards.get(number, ()) if card.message is not None}
        accounts = dict.fromkeys(place.account for place in places if place.account is not None)
        told += [(incident, reason, account) for account in accounts if account not in see_it and account != actor]
    told = await lines.not_told_yet(connection, told)
    return wanted + await paging.word(connection, told, organisation, now, voice=False)


def _actor(effects: Sequence[Effect]) -> AccountId | None:
    return next((one.by.account for one in effects if isinstance(one, Record) and one.entry in OVER), None)


def _edit(incident: Incident, card: CardRow, at: datetime) -> Wanted:
    return Wanted(
        incident=incident.id,
        kind=Kind.EDIT,
        place=card.place,
        version=incident.version,
        level=incident.level,
        turn=incident.turn,
        not_before=at,
        card=card.id,
    )


def _cancel(incident: Incident, place: Place, now: datetime) -> Wanted:
    return Wanted(
        incident=incident.id,
        kind=Kind.CANCEL,
        place=place,
        version=incident.version,
        level=incident.level,
        turn=incident.turn,
        not_before=now,
    )
