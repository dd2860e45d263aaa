"""What people proved to be theirs, how they said they want to be told, and the codes that are on their way.

Of a code only a keyed digest is kept. When codes were sent is remembered for a day, by a digest of the number too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.domain.definition import Contact
from bot.domain.event import Severity
from bot.domain.people import AccountId, ContactKind, Method, Preference
from bot.domain.verification import REMEMBERED, How, Pending, Sent
from storage import tables
from storage.codec import WAYS
from storage.database import Connection
from storage.definitions import changed

_REVISION: Final = "revision"
# An older version may find what only a newer one knows.
_KINDS: Final = [str(kind) for kind in ContactKind]


async def prove(connection: Connection, contact: Contact, how: How, now: datetime) -> None:
    """Store that it was proven, in the place of what was proven of this kind before."""
    columns = tables.contacts.c
    same = sa.and_(columns.account_id == contact.account, columns.kind == contact.kind)
    await connection.execute(sa.delete(tables.contacts).where(same))
    await connection.execute(
        sa.insert(tables.contacts).values(
            account_id=contact.account, kind=str(contact.kind), value=contact.value, verified_at=now, how=str(how)
        )
    )
    await changed(connection)


# ---- how somebody wants to be told -----------------------------------------------------------------------------------


async def prefer(
    connection: Connection, account: AccountId, severity: Severity, ways: tuple[Preference, ...] | None
) -> None:
    """Store how somebody wants to be told; None: as it is configured, or by default."""
    columns = tables.own_preferences.c
    same = sa.and_(columns.account_id == account, columns.severity == severity)
    await connection.execute(sa.delete(tables.own_preferences).where(same))
    if ways is not None:
        row: Mapping[str, object] = {"account_id": account, "severity": str(severity), "body": WAYS.write(ways)}
        await connection.execute(sa.insert(tables.own_preferences).values(**row))
    await changed(connection)


# ---- PINs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pin:
    """What somebody presses in a call, as it is kept: how many digits it has, and their keyed digest."""

    length: int
    digest: str


async def set_pin(connection: Connection, account: AccountId, pin: Pin | None) -> None:
    """Store what somebody must press in calls; None: nothing any more."""
    pins = tables.pins
    await connection.execute(sa.delete(pins).where(pins.c.account_id == account))
    if pin is not None:
        await connection.execute(sa.insert(pins).values(account_id=account, digest=pin.digest, length=pin.length))


async def pin_of(connection: Connection, account: AccountId) -> Pin | None:
    """Return what somebody must press in calls; None: nothing."""
    query = sa.select(tables.pins).where(tables.pins.c.account_id == account)
    row = (await connection.execute(query)).one_or_none()
    return Pin(row.length, row.digest) if row is not None else None


# ---- codes -----------------------------------------------------------------------------------------------------------


async def hold(connection: Connection) -> None:
    """Keep others from sending or judging codes until the transaction ends: limits are counted one after the other."""
    numbers = tables.numbers
    await connection.execute(sa.select(numbers.c.last).where(numbers.c.name == _REVISION).with_for_update())


async def sent(connection: Connection, account: AccountId, value: str, now: datetime) -> Sent:
    """Return when codes were sent within the last day; `value`: the digest of the number or the address."""
    columns = tables.code_sends.c
    lately = sa.select(columns.at).where(columns.at > now - REMEMBERED).order_by(columns.at.desc()).limit(100)
    return Sent(
        value=tuple(await connection.scalars(lately.where(columns.value == value))),
        account=tuple(await connection.scalars(lately.where(columns.account_id == account))),
        everybody=tuple(await connection.scalars(lately)),
    )


async def offer(connection: Connection, pending: Pending, value: str, now: datetime) -> None:
    """Store a code in the place of the one before it, and that it is sent now; what is old is forgotten."""
    columns = tables.verifications.c
    same = sa.and_(columns.account_id == pending.account, columns.kind == pending.kind)
    await connection.execute(sa.delete(tables.verifications).where(sa.or_(same, columns.expires_at <= now)))
    await connection.execute(sa.insert(tables.verifications).values(**_row(pending)))
    sends = tables.code_sends
    await connection.execute(sa.delete(sends).where(sends.c.at <= now - REMEMBERED))
    await connection.execute(sa.insert(sends).values(account_id=pending.account, value=value, at=now))


async def pending(connection: Connection, account: AccountId) -> list[Pending]:
    """Return the codes of an account that were not typed yet, expired or not."""
    columns = tables.verifications.c
    query = sa.select(tables.verifications).where(columns.account_id == account, columns.kind.in_(_KINDS))
    return [
        Pending(
            account=AccountId(row.account_id),
            kind=ContactKind(row.kind),
            value=row.value,
            method=Method(row.method),
            digest=row.digest,
            expires_at=row.expires_at,
            tries_left=row.tries_left,
        )
        for row in await connection.execute(query.order_by(columns.kind))
    ]


async def keep(connection: Connection, account: AccountId, left: Iterable[Pending]) -> None:
    """Let these be the codes of an account."""
    verifications = tables.verifications
    await connection.execute(sa.delete(verifications).where(verifications.c.account_id == account))
    for one in left:
        await connection.execute(sa.insert(verifications).values(**_row(one)))


def _row(one: Pending) -> Mapping[str, object]:
    return {
        "account_id": one.account,
        "kind": str(one.kind),
        "value": one.value,
        "method": str(one.method),
        "digest": one.digest,
        "expires_at": one.expires_at,
        "tries_left": one.tries_left,
    }
