"""Proving that a number or an address is somebody's: who may be sent a code, and what a code that was typed proves.

A code has six digits, is good for ten minutes and five tries, and ends when a new one is sent. Sending is limited, so
that nobody can use us to pester others or to spend money: by number or address, by account, and altogether.
"""

import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain import reach
from bot.domain.organisation import Organisation
from bot.domain.people import Account, AccountId, ContactKind, Method

DIGITS: Final = 6
LASTS: Final = timedelta(minutes=10)
TRIES: Final = 5
# The second code to the same number is sent after so long at the earliest, the next after twice that, and so on.
RESEND_AFTER: Final = timedelta(seconds=60)

_TEN_MINUTES: Final = timedelta(minutes=10)
REMEMBERED: Final = timedelta(days=1)
"""So far back what was sent counts."""
PER_VALUE: Final = ((3, _TEN_MINUTES), (5, REMEMBERED))
PER_ACCOUNT: Final = ((5, _TEN_MINUTES),)
ALTOGETHER: Final = ((50, _TEN_MINUTES),)
"""How many codes are sent within how long."""

METHODS: Final = {
    ContactKind.PHONE: (Method.SMS, Method.VOICE),
    ContactKind.EMAIL: (Method.EMAIL,),
}
"""By what each kind of contact can be proven, the usual way first."""


class How(StrEnum):
    """How a contact was proven: by a code that was sent by that method, or by the word of an admin."""

    SMS = "sms"
    VOICE = "voice"
    EMAIL = "email"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Pending:
    """A code that was sent and not typed yet. `digest` is what is kept of it."""

    account: AccountId
    kind: ContactKind
    value: str
    method: Method
    digest: str
    expires_at: datetime
    tries_left: int = TRIES


@dataclass(frozen=True, slots=True)
class Sent:
    """When codes were sent within the last day: to one number or address, to one account, to anybody."""

    value: tuple[datetime, ...] = ()
    account: tuple[datetime, ...] = ()
    everybody: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """What a code that was typed proves, and what is left of those that were sent."""

    proven: Pending | None
    left: tuple[Pending, ...]

    @property
    def tries_left(self) -> int:
        """Return how often somebody may try on; 0: a new code is needed."""
        return min((one.tries_left for one in self.left), default=0)


def value_of(account: Account, kind: ContactKind) -> str:
    """Return the number or the address that is configured; empty: there is none."""
    return account.phone if kind is ContactKind.PHONE else account.email


def may_send_at(sent: Sent, now: datetime) -> datetime:
    """Return the earliest instant at which a code may be sent; `now`: at once."""
    earliest = [now]
    for times, limits in ((sent.value, PER_VALUE), (sent.account, PER_ACCOUNT), (sent.everybody, ALTOGETHER)):
        for most, within in limits:
            newest = sorted(times)[-most:]
            if len(newest) == most:
                earliest.append(newest[0] + within)
    lately = [at for at in sent.value if at > now - REMEMBERED]
    if lately:
        earliest.append(max(lately) + RESEND_AFTER * 2 ** (len(lately) - 1))
    return max(earliest)


def subject(pending: Pending, code: str) -> str:
    """Return what a digest is made of: the code is good for this account and this value alone."""
    return f"verify/{pending.account}/{pending.kind}/{pending.value}/{code}"


def judge(
    pending: Iterable[Pending], account: Account, code: str, digest: Callable[[str], str], now: datetime
) -> Judged:
    """Return what the code proves. A wrong one costs a try of each that it may have been meant for.

    What has expired, was tried too often, or was sent to what is no longer the account's, is left out.
    """
    alive = [
        one
        for one in pending
        if one.expires_at > now and one.tries_left > 0 and one.value == value_of(account, one.kind)
    ]
    proven = None
    for one in alive:
        if hmac.compare_digest(digest(subject(one, code)), one.digest):
            proven = one
    if proven is not None:
        return Judged(proven, tuple(one for one in alive if one is not proven))
    tried = (replace(one, tries_left=one.tries_left - 1) for one in alive)
    return Judged(None, tuple(one for one in tried if one.tries_left > 0))


# ---- what stands in the way ------------------------------------------------------------------------------------------


class Obstacle(StrEnum):
    """Why somebody cannot be reached by a method."""

    NO_WORKSPACE = "no_workspace"
    NOT_LINKED = "not_linked"
    NO_PROVIDER = "no_provider"
    NO_PHONE = "no_phone"
    NOT_SERVED = "not_served"
    NOT_VERIFIED = "not_verified"
    NO_DEVICE = "no_device"


def obstacle(account: Account, organisation: Organisation, method: Method) -> Obstacle | None:
    """Return what keeps this person from being reached by the method; None: nothing."""
    if method is Method.IM:
        return _no_chat(account, organisation)
    providers = [one for one in organisation.providers if one.method is method]
    if not providers:
        return Obstacle.NO_PROVIDER
    if method is Method.PUSH:
        return None if any(account.email in one.links for one in providers) else Obstacle.NO_DEVICE
    kind = ContactKind.EMAIL if method is Method.EMAIL else ContactKind.PHONE
    return _no_way(account, organisation, method) or (None if kind in account.verified else Obstacle.NOT_VERIFIED)


def way_to_prove(
    account: Account, organisation: Organisation, kind: ContactKind, wanted: Method | None = None
) -> Method | Obstacle:
    """Return by which method a code is sent: the wanted one, else the first that can carry it; or why by none."""
    methods: Sequence[Method] = (wanted,) if wanted is not None else METHODS[kind]
    obstacles = [_no_way(account, organisation, method) for method in methods]
    for method, found in zip(methods, obstacles, strict=True):
        if found is None:
            return method
    return next(found for found in obstacles if found is not None)


def _no_way(account: Account, organisation: Organisation, method: Method) -> Obstacle | None:
    """Return why nothing can be sent by this method to what is configured, verified or not."""
    providers = [one for one in organisation.providers if one.method is method]
    if method is not Method.EMAIL and not account.phone:
        return Obstacle.NO_PHONE
    if not providers:
        return Obstacle.NO_PROVIDER
    if method is Method.EMAIL or any(reach.serves(one.countries, account.phone) for one in providers):
        return None
    return Obstacle.NOT_SERVED


def _no_chat(account: Account, organisation: Organisation) -> Obstacle | None:
    active = {one.id for one in organisation.workspaces.values() if one.active}
    if not active:
        return Obstacle.NO_WORKSPACE
    linked = any(link.account == account.id and link.workspace in active for link in organisation.links)
    return None if linked else Obstacle.NOT_LINKED
