"""Letters written and carried: word to somebody about a matter that is no incident, shown as it stands, kept in place.

`tell` and `refresh` are rows in the transaction of whoever decides. What a letter says is read when it is sent, from
`bot.engine.matters`. A letter that cannot be brought by one of a person's ways is written anew for the next.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.adapter import Adapter, Edit, Receipt, To
from bot.domain import reach
from bot.domain.delivery import Delivery, Dropped, Place
from bot.domain.letter import Letter, Matter, Subject, next_place
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, AccountId
from cards.card import Card, Note
from storage import letters, settling
from storage.database import Connection
from storage.deliveries import Claimed
from storage.letters import LetterRow

# After so many tries without an answer the next way is tried beside this one.
PATIENCE: Final = 3
_LINES: Final = frozenset(LINES.values())


@dataclass(frozen=True, slots=True)
class Content:
    """What a letter says now. `note`: the same for what can show no card; `version`: grows with whatever changes it.

    `urgent`: by a push it is to wake somebody.
    """

    card: Card
    note: Note
    version: int
    urgent: bool = False


Read = Callable[[Connection, Letter, Organisation, datetime], Awaitable[Content | None]]
"""Says what a letter says now, in its reader's language and zone; None: nothing any more."""

Lost = Callable[[Connection, Letter, Organisation, datetime], Awaitable[None]]
"""Told that a letter could be brought to somebody by none of their ways."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a kind of matter has to say, and what follows when somebody cannot be told."""

    read: Read
    lost: Lost | None = None


Desks = Mapping[Matter, Desk]


@dataclass(frozen=True, slots=True)
class Office:
    """Who knows what letters say, and the organisation as it is now."""

    desks: Desks
    organisation: Organisation


@dataclass(frozen=True, slots=True)
class LetterJob:
    """A letter that is to be sent or changed, with what it takes."""

    delivery: Delivery
    organisation: Organisation
    row: LetterRow
    content: Content


# ---- written ---------------------------------------------------------------------------------------------------------


async def tell(
    connection: Connection, subject: Subject, people: Iterable[AccountId], organisation: Organisation, now: datetime
) -> tuple[AccountId, ...]:
    """Write a letter to each of these people by the first of their ways, once per occasion.

    Return those who have no way at all.
    """
    unreachable: list[AccountId] = []
    places: list[Place] = []
    for account in dict.fromkeys(people):
        ways = _ways(account, organisation)
        if ways:
            places.append(ways[0])
        else:
            unreachable.append(account)
    await letters.write(connection, subject, places, now)
    return tuple(unreachable)


async def refresh(connection: Connection, matter: Matter, about: int, now: datetime) -> None:
    """Let all letters about a matter show how it stands now."""
    await letters.refresh(connection, matter, about, now)


def _ways(account: AccountId, organisation: Organisation) -> tuple[Place, ...]:
    """Return by which ways letters go to this person: what makes no noise first, and no call; who has left has none."""
    person = organisation.people.accounts.get(account)
    if person is None or not person.active:
        return ()
    return tuple(way.place for way in reach.quiet_ways(account, organisation, voice=False))


# ---- carried ---------------------------------------------------------------------------------------------------------


async def prepare(connection: Connection, claimed: Claimed, office: Office, now: datetime) -> LetterJob | Dropped:
    """Gather what the letter says now."""
    row = await letters.find(connection, letters.letter_of(claimed.delivery))
    desk = office.desks.get(row.letter.subject.matter) if row is not None else None
    if row is None or desk is None:
        return Dropped.OVER
    if row.message is None and claimed.delivery.is_change:
        return Dropped.NOT_EDITABLE
    content = await desk.read(connection, row.letter, office.organisation, now)
    if content is None:
        return Dropped.OVER
    if row.shown is not None and row.shown >= content.version:
        return Dropped.SHOWN
    return LetterJob(claimed.delivery, office.organisation, row, content)


async def carry(adapter: Adapter, job: LetterJob, to: Callable[[], Awaitable[To]]) -> tuple[Receipt, int] | Dropped:
    """Send the letter, or change its message; return the receipt and the version that it shows. Raises DeliveryFailed.

    `to`: finds where it goes, when it is to be sent.
    """
    by_line = job.delivery.place.workspace in _LINES
    content = job.content
    if job.row.message is not None:
        if by_line or adapter.capabilities.edit is Edit.NEVER:
            return Dropped.NOT_EDITABLE
        return await adapter.edit(job.row.message, content.card), content.version
    repeat = job.delivery.uncertain
    message = replace(content.note, repeat=repeat) if by_line else replace(content.card, repeat=repeat)
    place = await to()
    if content.urgent and place.personal is not None:
        place = replace(place, personal=replace(place.personal, urgent=True))
    return await adapter.send(place, message), content.version


async def postponed(connection: Connection, claimed: Claimed, organisation: Organisation, now: datetime) -> None:
    """A try came to nothing, and another follows: after some of them the next way is tried beside it."""
    if claimed.delivery.attempts >= PATIENCE:
        row = await letters.find(connection, letters.letter_of(claimed.delivery))
        if row is not None and row.message is None:
            await _go_on(connection, row.letter, organisation, now)


async def failed(connection: Connection, claimed: Claimed, why: tuple[str, str], office: Office, now: datetime) -> bool:
    """Store that this way has failed, and write to the person by their next; False: the claim was no longer ours.

    Where none is left, whoever deals with the matter is told. A message that could not be changed stays as it is.
    """
    if not await settling.failed(connection, claimed, why, now):
        return False
    row = await letters.find(connection, letters.letter_of(claimed.delivery))
    if row is not None and row.message is None:
        await _lose(connection, row.letter, why, office, now)
    return True


async def came_back(
    connection: Connection, delivery: Delivery, why: tuple[str, str], office: Office, now: datetime
) -> None:
    """What was accepted has reached nobody after all: it goes by the next way."""
    row = await letters.find(connection, letters.letter_of(delivery))
    if row is not None and row.lost_at is None:
        await _lose(connection, row.letter, why, office, now)


async def _lose(connection: Connection, letter: Letter, why: tuple[str, str], office: Office, now: datetime) -> None:
    await letters.hold(connection, letter)
    await letters.lose(connection, letter.id, why, now)
    await _go_on(connection, letter, office.organisation, now)
    same = await letters.to_the_same(connection, letter)
    desk = office.desks.get(letter.subject.matter)
    if desk is not None and desk.lost is not None and all(one.lost_at is not None for one in same):
        await desk.lost(connection, letter, office.organisation, now)


async def _go_on(connection: Connection, letter: Letter, organisation: Organisation, now: datetime) -> None:
    """Write to the person by the next of their ways, if one is left.

    Not if another has reached them, or is being tried: that one goes on itself when it comes to nothing.
    """
    account = letter.place.account
    if account is None:
        return
    same = await letters.to_the_same(connection, letter)
    if any(one.message or (one.letter.id > letter.id and one.lost_at is None) for one in same):
        return
    place = next_place(_ways(account, organisation), [one.letter.place for one in same])
    if place is not None:
        await letters.write(connection, letter.subject, [place], now)
