"""Who is whom in a workspace, and the one-time codes by which people say so themselves.

Of a chat identity one account is known, and of an account one chat identity in each workspace. What the configuration
says is changed there only.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from bot.domain.people import AccountId, ChatLink, WorkspaceId
from storage import tables
from storage.database import Connection
from storage.definitions import changed

# No account has this number: an identity that was unlinked is nobody's, and is not found by e-mail again.
NOBODY: Final = 0
LONGEST_USER: Final = 128
LONGEST_NAME: Final = 255


class Origin(StrEnum):
    """Who said it: the configuration, the platform by e-mail address, the person by a code, an admin by a table."""

    CONFIG = "config"
    EMAIL = "email"
    CODE = "code"
    IMPORT = "import"
    UNLINKED = "unlinked"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody in a workspace, by the platform's own id, and by the name that they have there."""

    workspace: WorkspaceId
    user: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A link as it stands."""

    link: ChatLink
    origin: str

    @property
    def is_configured(self) -> bool:
        """Whether the configuration says so."""
        return self.origin == Origin.CONFIG


Holder = Identity | AccountId
"""Whose code it is: that of a chat identity which asks for an account, or of an account that asks for one."""


async def offer(connection: Connection, digest: str, holder: Holder, expires_at: datetime, now: datetime) -> None:
    """Store a code in the place of the holder's earlier ones, and forget those that have expired."""
    codes = tables.link_codes
    columns = codes.c
    if isinstance(holder, Identity):
        theirs = sa.and_(columns.workspace_id == holder.workspace, columns.user == holder.user)
    else:
        theirs = columns.account_id == holder
    await connection.execute(sa.delete(codes).where(sa.or_(theirs, columns.expires_at <= now)))
    identity = holder if isinstance(holder, Identity) else None
    await connection.execute(
        sa.insert(codes).values(
            digest=digest,
            workspace_id=identity.workspace if identity else None,
            user=identity.user if identity else None,
            user_name=identity.name[:LONGEST_NAME] if identity else None,
            account_id=None if identity else holder,
            expires_at=expires_at,
        )
    )


async def holder_of(connection: Connection, digest: str, now: datetime) -> Holder | None:
    """Return whose code it is; None: nobody's, or it has expired."""
    columns = tables.link_codes.c
    query = sa.select(tables.link_codes).where(columns.digest == digest, columns.expires_at > now)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    if row.account_id is not None:
        return AccountId(row.account_id)
    return Identity(WorkspaceId(row.workspace_id), row.user, row.user_name or "")


async def use(connection: Connection, digest: str) -> bool:
    """Use a code up; False: somebody else has been faster."""
    used = await connection.execute(sa.delete(tables.link_codes).where(tables.link_codes.c.digest == digest))
    return bool(used.rowcount)


async def at(connection: Connection, workspace: WorkspaceId, user: str) -> Known | None:
    """Return the link of a chat identity."""
    columns = tables.links.c
    return await _one(connection, sa.and_(columns.workspace_id == workspace, columns.user == user))


async def of(connection: Connection, workspace: WorkspaceId, account: AccountId) -> Known | None:
    """Return the link of an account in a workspace."""
    columns = tables.links.c
    return await _one(connection, sa.and_(columns.workspace_id == workspace, columns.account_id == account))


async def all_in(connection: Connection, workspace: WorkspaceId) -> list[Known]:
    """Return all links of a workspace."""
    columns = tables.links.c
    query = sa.select(tables.links).where(columns.workspace_id == workspace, columns.account_id != NOBODY)
    return [_known(row) for row in await connection.execute(query.order_by(columns.user))]


async def hold(connection: Connection, accounts: Iterable[AccountId]) -> None:
    """Keep others from linking these accounts until the transaction ends."""
    columns = tables.definitions.c
    query = sa.select(columns.id).where(columns.id.in_(sorted(accounts))).order_by(columns.id).with_for_update()
    await connection.execute(query)


async def link(connection: Connection, wanted: ChatLink, origin: Origin) -> None:
    """Link an identity that is nobody's. Where others have been faster, the transaction fails and is begun anew."""
    columns = tables.links.c
    nobodys = sa.and_(columns.workspace_id == wanted.workspace, columns.user == wanted.user)
    await connection.execute(sa.delete(tables.links).where(nobodys, columns.account_id == NOBODY))
    await connection.execute(sa.insert(tables.links).values(**_row(wanted, origin)))
    await changed(connection)


async def replace(connection: Connection, wanted: Iterable[ChatLink], origin: Origin) -> None:
    """Link these, in the place of what the same identities and accounts were linked to in their workspace.

    The caller has seen that the configuration says nothing else.
    """
    columns = tables.links.c
    for one in wanted:
        same = sa.or_(columns.user == one.user, columns.account_id == one.account)
        await connection.execute(sa.delete(tables.links).where(columns.workspace_id == one.workspace, same))
        await connection.execute(sa.insert(tables.links).values(**_row(one, origin)))
    await changed(connection)


async def unlink(connection: Connection, workspace: WorkspaceId, user: str) -> None:
    """Let the identity be nobody's."""
    columns = tables.links.c
    await connection.execute(
        sa.update(tables.links)
        .where(columns.workspace_id == workspace, columns.user == user)
        .values(account_id=NOBODY, origin=str(Origin.UNLINKED))
    )
    await changed(connection)


async def _one(connection: Connection, which: sa.ColumnElement[bool]) -> Known | None:
    found = sa.select(tables.links).where(which, tables.links.c.account_id != NOBODY).limit(1)
    row = (await connection.execute(found)).one_or_none()
    return _known(row) if row is not None else None


def _known(row: sa.Row[tuple[object, ...]]) -> Known:
    return Known(ChatLink(WorkspaceId(row.workspace_id), row.user, AccountId(row.account_id)), row.origin)


def _row(one: ChatLink, origin: Origin) -> Mapping[str, object]:
    return {"workspace_id": one.workspace, "user": one.user, "account_id": one.account, "origin": str(origin)}
