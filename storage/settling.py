"""What became of a delivery that somebody took: stored only while the claim is theirs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.adapter import Receipt
from bot.domain.delivery import Delivery, Dropped, Kind, State
from storage import tables
from storage.database import Connection
from storage.deliveries import WAITED, Claimed

# Written into the statement, not bound, as all words are that are told anew with each message otherwise.
_UNSETTLED: Final = [sa.literal_column(f"'{state}'", sa.String) for state in (State.SENDING, State.PENDING)]
_SETTLE: Final = sa.update(tables.deliveries).where(
    tables.deliveries.c.id == sa.bindparam("this"),
    tables.deliveries.c.claim == sa.bindparam("by"),
    tables.deliveries.c.state.in_(_UNSETTLED),
)
_SHOW: Final = sa.update(tables.cards).where(tables.cards.c.id == sa.bindparam("card"))


def _settle_and_show() -> sa.Select[int]:
    """Return both as one statement, which says how many were settled: PostgreSQL only."""
    message = {name: _new(tables.deliveries, name) for name in ("message_chat", "message_id")}
    settled = (
        _SETTLE.values(
            **message,
            state=State.DELIVERED,
            said=_new(tables.deliveries, "said"),
            settled_at=_new(tables.deliveries, "settled_at"),
            reason=None,
            claim=None,
            lease_until=None,
        )
        .returning(tables.deliveries.c.id)
        .cte("settled")
    )
    # Of what was not settled the card shows nothing.
    shows = tables.cards.c.id == sa.bindparam("card", type_=sa.BigInteger)
    shown = (
        sa.update(tables.cards)
        .where(shows, sa.exists(sa.select(settled.c.id)))
        .values(**message, shown=_new(tables.cards, "shown"))
        .returning(tables.cards.c.id)
        .cte("shown")
    )
    return sa.select(sa.func.count()).select_from(settled).add_cte(shown)


def _new(table: sa.Table, column: str) -> sa.BindParameter[object]:
    """Return the value that a column is to have: by the column's own type, which stores whatever a platform says."""
    return sa.bindparam(f"to_{column}", type_=table.c[column].type)


_SETTLE_AND_SHOW: Final = _settle_and_show()


async def delivered(
    connection: Connection, claimed: Claimed, receipt: Receipt, shown: int | None, now: datetime
) -> bool:
    """Store that the platform took it; False: the claim was no longer ours, and nothing was stored.

    `shown`: the version that the card shows now; None: what was sent is not the card.
    """
    card = claimed.delivery.card
    message = {"message_chat": receipt.message.chat, "message_id": receipt.message.id}
    what = {**message, "said": receipt.said, "settled_at": now}
    if shown is not None and card is not None and connection.dialect.name == "postgresql":
        to = {f"to_{name}": value for name, value in {**what, "shown": shown}.items()}
        which = {"this": claimed.delivery.id, "by": claimed.claim, "card": card}
        return bool(await connection.scalar(_SETTLE_AND_SHOW, {**which, **to}))
    if not await _settle(connection, claimed, {**what, "state": State.DELIVERED, "reason": None}):
        return False
    if shown is not None and card is not None:
        await connection.execute(_SHOW, {**message, "card": card, "shown": shown})
    return True


async def dropped(connection: Connection, claimed: Claimed, reason: Dropped, now: datetime) -> bool:
    """Store that it was no longer wanted; False: the claim was no longer ours."""
    return await _settle(connection, claimed, {"state": State.WITHDRAWN, "reason": reason, "settled_at": now})


async def failed(connection: Connection, claimed: Claimed, why: tuple[str, str], now: datetime) -> bool:
    """Store that this way has failed, why in our word and in the platform's; False: the claim was no longer ours."""
    reason, said = why
    return await _settle(
        connection, claimed, {"state": State.FAILED, "reason": reason, "said": said, "settled_at": now}
    )


async def postponed(
    connection: Connection, claimed: Claimed, why: tuple[str, str], at: datetime, *, uncertain: bool
) -> bool:
    """Put it back to be tried again; False: the claim was no longer ours."""
    reason, said = why
    delivery = claimed.delivery
    if delivery.kind is Kind.EDIT and await _has_newer_edit(connection, delivery):
        return await _settle(
            connection,
            claimed,
            {"state": State.WITHDRAWN, "reason": Dropped.SUPERSEDED, "said": said, "settled_at": at},
        )
    values = {"state": State.PENDING, "reason": reason, "said": said, "not_before": at}
    return await _settle(connection, claimed, {**values, "uncertain": uncertain or delivery.uncertain})


async def put_off(connection: Connection, claimed: Claimed, at: datetime) -> bool:
    """Put it back untried, since another way of its page comes first; False: the claim was no longer ours."""
    tries = claimed.delivery.attempts - 1
    values = {"state": State.PENDING, "reason": WAITED, "not_before": at, "attempts": tries}
    return await _settle(connection, claimed, values)


async def _has_newer_edit(connection: Connection, edit: Delivery) -> bool:
    columns = tables.deliveries.c
    query = sa.select(columns.id).where(
        columns.card_id == edit.card,
        columns.state == State.PENDING,
        columns.kind == Kind.EDIT,
        columns.id != edit.id,
    )
    return await connection.scalar(query) is not None


async def _settle(connection: Connection, claimed: Claimed, values: Mapping[str, object]) -> bool:
    which = {"this": claimed.delivery.id, "by": claimed.claim}
    done = await connection.execute(_SETTLE, {**which, **values, "claim": None, "lease_until": None})
    return bool(done.rowcount)
