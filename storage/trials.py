"""Trials of people's methods, and what is known of each message that was sent for one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.domain.delivery import DeliveryId, Kind, Place, State
from bot.domain.ledger import ACCEPTED
from bot.domain.letter import Matter
from bot.domain.people import AccountId
from bot.domain.trial import Outcome, Proof, Step, Trial
from storage import letters, lines, tables
from storage.codec import TRIAL
from storage.database import Connection
from storage.lines import Hop

PRESSED: Final = "acted"
"""The hop of a call in which somebody has pressed a key."""

_REVISION: Final = "revision"
# What providers report of a message that has not arrived (`bot.provider.FAILURES`).
_FAILED: Final = frozenset({"busy", "no_answer", "voicemail", "failed"})
# What a call or a message goes through and that says nothing of its end.
_ON_THE_WAY: Final = frozenset({"queued", "sent", "ringing"})


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A trial under its number."""

    id: int
    trial: Trial


async def hold(connection: Connection) -> None:
    """Keep others from beginning one until the transaction ends: how often somebody does is counted."""
    numbers = tables.numbers
    await connection.execute(sa.select(numbers.c.last).where(numbers.c.name == _REVISION).with_for_update())


async def add(connection: Connection, trial: Trial) -> TrialRow:
    """Store a new one."""
    values = {"account_id": trial.account, "started_at": trial.started_at, "body": TRIAL.write(trial)}
    number = await connection.scalar(sa.insert(tables.trials).values(**values).returning(tables.trials.c.id))
    return TrialRow(int(number or 0), trial)


async def update(connection: Connection, row: TrialRow) -> None:
    """Store what has become of one."""
    changed = sa.update(tables.trials).where(tables.trials.c.id == row.id)
    await connection.execute(changed.values(body=TRIAL.write(row.trial)))


async def find(connection: Connection, number: int, *, lock: bool = False) -> TrialRow | None:
    """Return one; with `lock` kept from others until the transaction ends."""
    query = sa.select(tables.trials).where(tables.trials.c.id == number)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return _read(row) if row is not None else None


async def newest_of(connection: Connection, account: AccountId, since: datetime) -> TrialRow | None:
    """Return somebody's last one, if it began after an instant."""
    columns = tables.trials.c
    query = sa.select(tables.trials).where(columns.account_id == account, columns.started_at > since)
    row = (await connection.execute(query.order_by(columns.id.desc()).limit(1))).one_or_none()
    return _read(row) if row is not None else None


async def since(connection: Connection, at: datetime) -> list[TrialRow]:
    """Return those that began after an instant."""
    columns = tables.trials.c
    query = sa.select(tables.trials).where(columns.started_at > at).order_by(columns.id)
    return [_read(row) for row in await connection.execute(query)]


async def known(connection: Connection, row: TrialRow) -> list[list[Step]]:
    """Return what is known of the message of each ring, oldest first."""
    sent = {one.letter.place: one.letter.id for one in await letters.about(connection, Matter.TRIAL, [row.id])}
    columns = tables.deliveries.c
    query = sa.select(tables.deliveries).where(
        columns.kind == str(Kind.LETTER), columns.card_id.in_(list(sent.values()) or [0])
    )
    first: dict[int, sa.Row[tuple[object, ...]]] = {}
    for one in await connection.execute(query.order_by(columns.id)):
        # The first brought it; those after it are edits.
        first.setdefault(one.card_id, one)
    hops = await lines.hops_of(connection, [DeliveryId(one.id) for one in first.values()])
    return [_steps(ring.place, sent, first, hops) for ring in row.trial.rings]


async def old_ones(connection: Connection, before: datetime, most: int) -> list[int]:
    """Return those that began before an instant."""
    columns = tables.trials.c
    return list(await connection.scalars(sa.select(columns.id).where(columns.started_at < before).limit(most)))


async def forget_old(connection: Connection, before: datetime, most: int) -> int:
    """Remove those that began before an instant; return how many."""
    old = await old_ones(connection, before, most)
    if old:
        await connection.execute(sa.delete(tables.trials).where(tables.trials.c.id.in_(old)))
    return len(old)


def _steps(
    place: Place,
    sent: Mapping[Place, int],
    first: Mapping[int, sa.Row[tuple[object, ...]]],
    hops: Mapping[DeliveryId, list[Hop]],
) -> list[Step]:
    delivery = first.get(sent.get(place, 0))
    if delivery is None:
        return []
    steps = []
    if delivery.settled_at is not None and delivery.state in (str(State.DELIVERED), str(State.FAILED)):
        is_taken = delivery.state == str(State.DELIVERED)
        outcome = Outcome.ACCEPTED if is_taken else Outcome.FAILED
        by = (delivery.message_chat or "") if place.chat is None and place.workspace < 0 else ""
        steps.append(Step(outcome, delivery.settled_at, by, delivery.said or ""))
    if delivery.state == str(State.PENDING) and delivery.said:
        steps.append(Step(Outcome.WAITING, delivery.created_at, "", delivery.said))
    for hop in hops.get(DeliveryId(delivery.id), []):
        steps += _of_hop(hop)
    return sorted(steps, key=lambda one: one.at)


def _of_hop(hop: Hop) -> list[Step]:
    if hop.hop == PRESSED:
        return [Step(Outcome.PROVEN, hop.at, hop.provider, hop.said, Proof.KEY)]
    if hop.hop in _FAILED:
        return [Step(Outcome.FAILED, hop.at, hop.provider, hop.said or hop.hop)]
    if hop.hop in _ON_THE_WAY:
        return []
    if hop.hop == ACCEPTED:
        return [Step(Outcome.ACCEPTED, hop.at, hop.provider, hop.said)]
    return [Step(Outcome.REPORTED, hop.at, hop.provider, hop.said or hop.hop)]


def _read(row: sa.Row[tuple[object, ...]]) -> TrialRow:
    return TrialRow(row.id, TRIAL.read(row.body))
