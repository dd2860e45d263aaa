"""What is configured: definitions in, definitions out, and the organisation that they make."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from bot.domain.definition import (
    Definition,
    Kept,
    Kind,
    ProviderDefinition,
    Secret,
    WorkspaceDefinition,
    link_key,
)
from bot.domain.frozen import replace
from bot.domain.organisation import IntegrationId, Organisation
from bot.domain.organise import organise
from bot.domain.people import ChatLink, WorkspaceId
from storage import codec, tables
from storage.database import Connection
from storage.said import said
from storage.vault import Vault

_REVISION = "revision"
_THE_REVISION = sa.select(tables.numbers.c.last).where(tables.numbers.c.name == _REVISION)
REVISION = _THE_REVISION.scalar_subquery()
"""The revision, for a statement that asks for something else as well."""
# While a new version and an old one share the database, what only the new one knows is none of the old one's business.
_KNOWN = tables.definitions.c.kind.in_([str(kind) for kind in Kind])

Keys = Mapping[str, IntegrationId]
"""The integrations by the digest of their key."""


async def revision(connection: Connection) -> int:
    """Return the number that grows whenever what is configured changes."""
    return int(await connection.scalar(_THE_REVISION) or 0)


async def organisation(connection: Connection) -> Organisation:
    """Return the organisation as it is configured now, without secrets."""
    # First: if it changes while this is read, the picture is old by its own word, and is read again.
    known_as = await revision(connection)
    return organise(known_as, await kept(connection), await said(connection))


async def kept(connection: Connection) -> tuple[Kept, ...]:
    """Return the definitions without their secrets, also those that are not active any more."""
    query = sa.select(tables.definitions).where(_KNOWN).order_by(tables.definitions.c.id)
    rows = (await connection.execute(query)).all()
    return tuple(Kept(row.id, codec.BODIES[Kind(row.kind)].read(row.body), row.active) for row in rows)


async def stored(connection: Connection, vault: Vault) -> tuple[Definition, ...]:
    """Return the active definitions with their secrets."""
    active = sa.select(tables.definitions).where(tables.definitions.c.active, _KNOWN).order_by(tables.definitions.c.id)
    rows = (await connection.execute(active)).all()
    return tuple(
        Definition(Kind(row.kind), codec.BODIES[Kind(row.kind)].read(row.body), vault.open(row.secrets)) for row in rows
    )


async def workspace_secrets(
    connection: Connection, vault: Vault
) -> dict[WorkspaceId, tuple[WorkspaceDefinition, dict[str, Secret]]]:
    """Return what is needed to connect each active workspace."""
    query = sa.select(tables.definitions).where(
        tables.definitions.c.active, tables.definitions.c.kind == Kind.WORKSPACE
    )
    found: dict[WorkspaceId, tuple[WorkspaceDefinition, dict[str, Secret]]] = {}
    for row in (await connection.execute(query)).all():
        body = codec.BODIES[Kind.WORKSPACE].read(row.body)
        if isinstance(body, WorkspaceDefinition):
            found[WorkspaceId(row.id)] = (body, vault.open(row.secrets))
    return found


async def provider_secrets(
    connection: Connection, vault: Vault
) -> dict[str, tuple[ProviderDefinition, dict[str, Secret]]]:
    """Return what is needed to connect each active provider, by the name of its definition (`sms/main`).

    Its `links` say what it knows each person's device by.
    """
    query = sa.select(tables.definitions).where(tables.definitions.c.active, tables.definitions.c.kind == Kind.PROVIDER)
    found: dict[str, tuple[ProviderDefinition, dict[str, Secret]]] = {}
    for row in (await connection.execute(query)).all():
        body = codec.BODIES[Kind.PROVIDER].read(row.body)
        if isinstance(body, ProviderDefinition):
            secrets = vault.open(row.secrets)
            kept = {email: secrets.pop(link_key(email), Secret(device)) for email, device in body.links.items()}
            links = {email: device.value for email, device in kept.items()}
            found[row.name] = (replace(body, links=links), secrets)
    return found


async def keys(connection: Connection) -> Keys:
    """Return whose key each digest is."""
    columns = tables.definitions.c
    query = sa.select(columns.key_digest, columns.id).where(columns.key_digest.is_not(None), columns.active)
    return {row.key_digest: IntegrationId(row.id) for row in await connection.execute(query)}


async def replace_all(connection: Connection, wanted: Iterable[Definition], vault: Vault) -> None:
    """Make the stored definitions these and no others. What is no longer wanted stays as a name for old incidents."""
    definitions = tables.definitions
    wanted = tuple(wanted)
    # A key that moves from one integration to another must be free before it is taken.
    await connection.execute(sa.update(definitions).where(_KNOWN).values(active=False, key_digest=None))
    known = {
        (row.kind, row.name): row.id
        for row in await connection.execute(sa.select(definitions.c.id, definitions.c.kind, definitions.c.name))
    }
    for definition in wanted:
        values = _row(definition, vault)
        number = known.get((definition.kind, definition.name))
        if number is None:
            await connection.execute(sa.insert(definitions).values(**values))
        else:
            await connection.execute(sa.update(definitions).where(definitions.c.id == number).values(**values))
    await _replace_links(connection, wanted)
    await changed(connection)


async def changed(connection: Connection) -> None:
    """Let every process see that what is configured has changed."""
    numbers = tables.numbers
    await connection.execute(sa.update(numbers).where(numbers.c.name == _REVISION).values(last=numbers.c.last + 1))


async def add_link(connection: Connection, link: ChatLink) -> None:
    """Remember that the platform says who somebody is, unless the identity or the account is linked there already."""
    links = tables.links
    same = sa.or_(links.c.user == link.user, links.c.account_id == link.account)
    taken = sa.select(links.c.user).where(links.c.workspace_id == link.workspace, same).limit(1)
    if await connection.scalar(taken) is None:
        await connection.execute(
            sa.insert(links).values(
                workspace_id=link.workspace, user=link.user, account_id=link.account, origin="email"
            )
        )
        await changed(connection)


def _row(definition: Definition, vault: Vault) -> dict[str, object]:
    key = definition.secrets.get("key") if definition.kind is Kind.INTEGRATION else None
    return {
        "kind": str(definition.kind),
        "name": definition.name,
        "active": True,
        "body": codec.BODIES[definition.kind].write(definition.body),
        "secrets": vault.seal(definition.secrets),
        "key_digest": vault.digest(key.value) if key else None,
    }


async def _replace_links(connection: Connection, wanted: tuple[Definition, ...]) -> None:
    """The file's links are these.

    What the platform said stays, unless the file says something else of that identity.
    """
    definitions, links = tables.definitions, tables.links
    rows = await connection.execute(
        sa.select(definitions.c.id, definitions.c.kind, definitions.c.name).where(definitions.c.active)
    )
    ids = {(row.kind, row.name): row.id for row in rows}
    await connection.execute(sa.delete(links).where(links.c.origin == "config"))
    for definition in wanted:
        if not isinstance(definition.body, WorkspaceDefinition):
            continue
        workspace = ids[Kind.WORKSPACE, definition.name]
        for email, user in definition.body.links.items():
            account = ids[Kind.ACCOUNT, email]
            said_otherwise = sa.or_(links.c.user == user, links.c.account_id == account)
            await connection.execute(sa.delete(links).where(links.c.workspace_id == workspace, said_otherwise))
            await connection.execute(
                sa.insert(links).values(workspace_id=workspace, user=user, account_id=account, origin="config")
            )
