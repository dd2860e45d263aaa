"""How people are told, as they wish: what applies to somebody, what cannot work, and what they change of it."""

from collections.abc import Sequence

from bot.domain.event import Severity
from bot.domain.organisation import Organisation
from bot.domain.people import DEFAULT, Account, AccountId, ContactKind, Preference, Preferences
from bot.domain.verification import obstacle, value_of
from cards.contacts import Contacts, Told
from storage import contacts
from storage.database import Connection
from storage.said import own_preferences


async def of(connection: Connection, account: Account, organisation: Organisation) -> Contacts:
    """Return how somebody is reached, as it is stored now."""
    own = (await own_preferences(connection)).get(account.id, {})
    return known(account, organisation, own)


def known(account: Account, organisation: Organisation, own: Preferences) -> Contacts:
    """Return how somebody is reached; `own`: what they said themselves."""
    told = [Told(severity, account.wants(severity), severity in own) for severity in DEFAULT]
    methods = dict.fromkeys(way.method for one in told for way in one.ways)
    found = {method: obstacle(account, organisation, method) for method in methods}
    return Contacts(
        values={kind: value_of(account, kind) for kind in ContactKind},
        verified=account.verified,
        told=told,
        obstacles={method: why for method, why in found.items() if why is not None},
    )


async def prefer(
    connection: Connection, account: AccountId, severity: Severity | None, ways: Sequence[Preference] | None
) -> None:
    """Store how somebody wants to be told; None: as it is configured, or by default. Without severity: of all."""
    for one in DEFAULT if severity is None else (severity,):
        await contacts.prefer(connection, account, one, tuple(ways) if ways is not None else None)
