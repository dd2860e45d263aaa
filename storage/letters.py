"""Letters: which were written about a matter, by which message each stands in its place, and what became of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.adapter import MessageRef, Receipt
from bot.domain.delivery import LETTER_CHANGE, CardId, Delivery, Dropped, Kind, Place, State
from bot.domain.incident import IncidentId
from bot.domain.letter import Letter, Matter, Subject
from bot.domain.people import AccountId
from storage import bulk, deliveries, settling, tables
from storage.cards import place_of, place_row
from storage.database import Connection, take_numbers
from storage.deliveries import Claimed, Wanted

# A letter's message is about no incident.
_OF_NONE: Final = IncidentId(0)
_ONCE: Final = "ON CONFLICT (matter, about, occasion, workspace_id, place) DO NOTHING"


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter, and the message by which it stands in its place. `shown`: the matter's version that it shows.

    `lost_at`: since when it is known that this way came to nothing; `said`: the platform's words, for either.
    """

    letter: Letter
    message: MessageRef | None
    shown: int | None
    written_at: datetime
    lost_at: datetime | None = None
    said: str = ""


async def write(
    connection: Connection, subject: Subject, places: Sequence[Place], now: datetime, *, at: datetime | None = None
) -> None:
    """Write a letter to each of these places, once per occasion; it goes out now, or `at` an instant.

    Where one of this occasion stands already, nothing happens.
    """
    if not places:
        return
    numbers = await take_numbers(connection, "cards", len(places))
    rows = [
        {
            "id": number,
            "matter": str(subject.matter),
            "about": subject.about,
            "occasion": subject.occasion,
            **place_row(place),
            "written_at": now,
        }
        for number, place in zip(numbers, places, strict=True)
    ]
    await bulk.insert(connection, tables.letters, rows, conflict=_ONCE)
    # Those that stood already kept their numbers: for them nothing is to be sent.
    query = sa.select(tables.letters).where(tables.letters.c.id.in_(numbers)).order_by(tables.letters.c.id)
    made = [_letter(row) for row in await connection.execute(query)]
    await deliveries.add(connection, [_wanted(one, at or now, version=0) for one in made], now)


async def refresh(connection: Connection, matter: Matter, about: int, now: datetime) -> None:
    """Let all letters about a matter show how it stands now, each after its first message.

    Also those that have not been sent: that message may just be on its way with what is old.
    """
    columns = tables.letters.c
    query = sa.select(tables.letters).where(
        columns.matter == str(matter), columns.about == about, columns.lost_at.is_(None)
    )
    found = [_letter(row) for row in await connection.execute(query.order_by(columns.id))]
    await deliveries.add(connection, [_wanted(one, now, version=LETTER_CHANGE) for one in found], now)


def letter_of(delivery: Delivery) -> CardId:
    """Return which letter's message it is: to the queue a letter is a card."""
    return delivery.card or CardId(0)


async def find(connection: Connection, number: CardId) -> LetterRow | None:
    """Return one letter."""
    query = sa.select(tables.letters).where(tables.letters.c.id == number)
    row = (await connection.execute(query)).one_or_none()
    return _row(row) if row is not None else None


async def about(connection: Connection, matter: Matter, numbers: Collection[int]) -> list[LetterRow]:
    """Return the letters about these matters of a kind, in the order in which they were written."""
    columns = tables.letters.c
    query = sa.select(tables.letters).where(columns.matter == str(matter), columns.about.in_(sorted(numbers)))
    return [_row(row) for row in await connection.execute(query.order_by(columns.id))]


async def to_the_same(connection: Connection, letter: Letter) -> list[LetterRow]:
    """Return all letters of the letter's occasion to the same person; to a chat, it alone."""
    columns = tables.letters.c
    same_person = columns.account_id == letter.place.account if letter.place.account is not None else sa.false()
    query = sa.select(tables.letters).where(
        columns.matter == str(letter.subject.matter),
        columns.about == letter.subject.about,
        columns.occasion == letter.subject.occasion,
        sa.or_(columns.id == letter.id, same_person),
    )
    return [_row(row) for row in await connection.execute(query.order_by(columns.id))]


async def delivered(connection: Connection, claimed: Claimed, receipt: Receipt, shown: int, now: datetime) -> bool:
    """Store that the platform took the letter's message, or its edit; False: the claim was no longer ours."""
    if not await settling.delivered(connection, claimed, receipt, None, now):
        return False
    columns = tables.letters.c
    values = {"message_chat": receipt.message.chat, "message_id": receipt.message.id, "shown": shown}
    await connection.execute(
        sa.update(tables.letters)
        .where(columns.id == letter_of(claimed.delivery))
        .values(**values, lost_at=None, reason=None, said=receipt.said)
    )
    return True


async def hold(connection: Connection, letter: Letter) -> None:
    """Keep the letters about the same from others until the end: of two that are lost at once, one sees the other."""
    columns = tables.letters.c
    same = sa.select(columns.id).where(
        columns.matter == str(letter.subject.matter), columns.about == letter.subject.about
    )
    await connection.execute(same.order_by(columns.id).with_for_update())


async def lose(connection: Connection, number: CardId, why: tuple[str, str], now: datetime) -> None:
    """Store that a letter reaches nobody by this way, or that what was taken has reached nobody after all."""
    reason, said = why
    columns = tables.letters.c
    lost = sa.update(tables.letters).where(columns.id == number, columns.lost_at.is_(None))
    gone = {"message_chat": None, "message_id": None, "shown": None}
    await connection.execute(lost.values(lost_at=now, reason=reason, said=said, **gone))


async def take_back(connection: Connection, matter: Matter, about: int, now: datetime) -> None:
    """Let no letter about a matter go out any more that has not been sent yet."""
    letters, columns = tables.letters.c, tables.deliveries.c
    unsent = sa.select(letters.id).where(
        letters.matter == str(matter), letters.about == about, letters.message_id.is_(None)
    )
    await connection.execute(
        sa.update(tables.deliveries)
        .where(
            columns.kind == str(Kind.LETTER),
            columns.state == sa.literal_column("'pending'"),
            tables.BY_URGENCY,
            columns.card_id.in_(unsent),
        )
        .values(state=str(State.WITHDRAWN), reason=str(Dropped.OVER), settled_at=now)
    )


async def old_ones(connection: Connection, before: datetime, most: int) -> list[int]:
    """Return letters that were written before an instant."""
    columns = tables.letters.c
    query = sa.select(columns.id).where(columns.written_at < before).order_by(columns.written_at).limit(most)
    return list(await connection.scalars(query))


async def forget_old(connection: Connection, before: datetime, most: int) -> int:
    """Remove letters that were written before an instant; return how many."""
    old = await old_ones(connection, before, most)
    if old:
        await connection.execute(sa.delete(tables.letters).where(tables.letters.c.id.in_(old)))
    return len(old)


def _wanted(letter: Letter, at: datetime, *, version: int) -> Wanted:
    return Wanted(
        incident=_OF_NONE,
        kind=Kind.LETTER,
        place=letter.place,
        version=version,
        level=0,
        turn=0,
        not_before=at,
        card=letter.id,
    )


def _letter(row: sa.Row[tuple[object, ...]]) -> Letter:
    return Letter(CardId(row.id), Subject(Matter(row.matter), row.about, row.occasion), place_of(row))


def _row(row: sa.Row[tuple[object, ...]]) -> LetterRow:
    message = MessageRef(row.message_chat, row.message_id) if row.message_id else None
    return LetterRow(_letter(row), message, row.shown, row.written_at, row.lost_at, row.said or "")


def known_by(rows: Sequence[LetterRow], account: AccountId) -> bool:
    """Whether one of these letters has reached this person."""
    return any(one.letter.place.account == account and one.message is not None for one in rows)
