"""What people said of themselves, read: who they are in chats, what is theirs, how they want to be told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from bot.domain.definition import Contact, Said
from bot.domain.event import Severity
from bot.domain.people import AccountId, ChatLink, ContactKind, Preference, Preferences, WorkspaceId
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
    """Return all that people said of themselves."""
    links = (await connection.execute(sa.select(tables.links))).all()
    return Said(
        tuple(ChatLink(WorkspaceId(row.workspace_id), row.user, AccountId(row.account_id)) for row in links),
        frozenset(one.contact for one in await proven(connection)),
        await own_preferences(connection),
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
