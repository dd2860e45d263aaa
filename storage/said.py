"""What people said beside what is configured, read.

Who they are in chats, what is theirs, how they want to be told, and what they changed of schedules for a time.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.domain.definition import Contact, Said
from bot.domain.event import Severity
from bot.domain.incident import Actor, Deed
from bot.domain.override import MadeOverride, OverrideId, TradeId
from bot.domain.people import AccountId, ChatLink, ContactKind, Preference, Preferences, WorkspaceId
from bot.domain.schedule import Override, ScheduleId
from storage import tables
from storage.codec import WAYS
from storage.database import Connection

# An older version may find what only a newer one knows.
_KINDS: Final = [str(kind) for kind in ContactKind]
_SEVERITIES: Final = [str(severity) for severity in Severity]


@dataclass(frozen=True, slots=True)
class Proven:
    """A contact that was proven, when and how."""

    contact: Contact
    at: datetime
    how: str


async def said(connection: Connection) -> Said:
    """Return all that people said."""
    links = (await connection.execute(sa.select(tables.links))).all()
    return Said(
        tuple(ChatLink(WorkspaceId(row.workspace_id), row.user, AccountId(row.account_id)) for row in links),
        frozenset(one.contact for one in await proven(connection)),
        await own_preferences(connection),
        await made_overrides(connection),
    )


async def proven(connection: Connection, account: AccountId | None = None) -> list[Proven]:
    """Return what was proven, by everybody or by one account."""
    columns = tables.contacts.c
    query = sa.select(tables.contacts).where(columns.kind.in_(_KINDS)).order_by(columns.account_id, columns.kind)
    if account is not None:
        query = query.where(columns.account_id == account)
    return [
        Proven(Contact(AccountId(row.account_id), ContactKind(row.kind), row.value), row.verified_at, row.how)
        for row in await connection.execute(query)
    ]


async def own_preferences(connection: Connection) -> dict[AccountId, Preferences]:
    """Return what people said themselves of how they want to be told."""
    found: dict[AccountId, dict[Severity, tuple[Preference, ...]]] = {}
    columns = tables.own_preferences.c
    query = sa.select(tables.own_preferences).where(columns.severity.in_(_SEVERITIES))
    for row in await connection.execute(query):
        found.setdefault(AccountId(row.account_id), {})[Severity(row.severity)] = WAYS.read(row.body)
    return dict(found)


async def made_overrides(connection: Connection) -> tuple[MadeOverride, ...]:
    """Return the changes that people made to schedules, in the order in which they lie on each other.

    Those that are over, or were removed, too: up to then they held.
    """
    rows = await connection.execute(sa.select(tables.overrides).order_by(tables.overrides.c.id))
    return tuple(override_of(row) for row in rows)


def override_of(row: sa.Row[tuple[object, ...]]) -> MadeOverride:
    """Return the change that the columns say."""
    change = Override(
        start=row.starts_at,
        end=row.ends_at,
        accounts=(AccountId(row.account_id),),
        role=row.role,
        replaces=AccountId(row.replaces_id) if row.replaces_id is not None else None,
        why=row.why,
    )
    return MadeOverride(
        id=OverrideId(row.id),
        schedule=ScheduleId(row.schedule_id),
        change=change,
        made=Deed(_actor(row.made_by, row.made_via), row.made_at),
        trade=TradeId(row.trade_id) if row.trade_id is not None else None,
        removed=Deed(_actor(row.removed_by, row.removed_via), row.removed_at) if row.removed_at is not None else None,
    )


def _actor(account: int | None, via: str | None) -> Actor:
    return Actor(AccountId(account) if account is not None else None, via or "")
