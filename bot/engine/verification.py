"""Proves that a number or an address is somebody's, by a code that is sent there. `bot.domain.verification` decides.

What is decided is stored first, in one transaction; the message goes out after it, at once and beside the queue: a code
that comes late is of no use, and nobody waits for it at night. A code is never written to a log or into a chat.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

import structlog

from bot.adapter import DeliveryFailed, FailureKind, Receipt
from bot.domain.definition import Contact
from bot.domain.organisation import Organisation
from bot.domain.people import Account, ContactKind, Method
from bot.domain.verification import (
    DIGITS,
    LASTS,
    METHODS,
    How,
    Obstacle,
    Pending,
    judge,
    may_send_at,
    subject,
    value_of,
    way_to_prove,
)
from cards import contacts as notes
from cards.card import Message, Moment, Note
from storage import contacts
from storage.database import Connection
from storage.said import proven

Digest = Callable[[str], str]
"""Makes of a text what is stored of it; it tells nothing without our key."""

log = structlog.get_logger(__name__)


class Sends(Protocol):
    """Sends somebody a message at once, by one method."""

    async def tell(self, account: Account, method: Method, message: Message) -> Receipt:
        """Send it to the account's number or address. Raises DeliveryFailed."""
        ...


class NoLines:
    """Where nothing but chats is connected."""

    async def tell(self, account: Account, method: Method, message: Message) -> Receipt:
        """Refuse."""
        del account, message
        raise DeliveryFailed(FailureKind.UNREACHABLE, f"no provider for {method} is connected here")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, what is configured, and when. `locale`: in which the answer is read. `via`: the door, for the log."""

    account: Account
    organisation: Organisation
    now: datetime
    digest: Digest
    locale: str
    via: str


@dataclass(frozen=True, slots=True)
class Telling:
    """What is to be sent once all is stored, to the number or the address that `to` has, and what to answer.

    `is_sure`: the answer is the same if it could not be sent.
    """

    to: Account
    method: Method
    message: Note
    value: str
    answer: Note
    is_sure: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it: whether what was asked for was done, and the answer."""

    note: Note
    is_done: bool = False


Outcome = Answered | Telling


async def begin(connection: Connection, asking: Asking, kind: ContactKind, wanted: Method | None = None) -> Outcome:
    """Make a code for the account's number or address; it takes the place of the one before it."""
    account, locale = asking.account, asking.locale
    value = value_of(account, kind)
    if kind in account.verified:
        return Answered(notes.already_verified(value, locale))
    method = way_to_prove(account, asking.organisation, kind, wanted)
    if isinstance(method, Obstacle):
        return Answered(notes.cannot_verify(wanted or METHODS[kind][0], method, _vouching(account, kind), locale))
    await contacts.hold(connection)
    digested = asking.digest(value)
    sent = await contacts.sent(connection, account.id, digested, asking.now)
    at = may_send_at(sent, asking.now)
    if at > asking.now:
        log.info("code_not_sent", account=account.id, kind=str(kind), until=at.isoformat(), via=asking.via)
        return Answered(notes.too_often(at, account.timezone, locale))
    code = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
    blank = Pending(account.id, kind, value, method, "", asking.now + LASTS)
    await contacts.offer(connection, replace(blank, digest=asking.digest(subject(blank, code))), digested, asking.now)
    may_call = method is Method.SMS and obstacle_to_call(asking) is None
    answer = notes.code_sent(value, method, LASTS, may_call=may_call, locale=locale)
    return Telling(account, method, notes.code(code, method, LASTS, account.locale), value, answer)


async def enter(connection: Connection, asking: Asking, code: str, kind: ContactKind | None = None) -> Outcome:
    """Take a code that was typed, of this kind if one is named.

    Who had a number or an address that counted before is told of the new one.
    """
    account = asking.account
    await contacts.hold(connection)
    pending = await contacts.pending(connection, account.id)
    meant = [one for one in pending if kind is None or one.kind is kind]
    others = [one for one in pending if one not in meant]
    judged = judge(meant, account, code, asking.digest, asking.now)
    await contacts.keep(connection, account.id, [*judged.left, *others])
    if judged.proven is None:
        log.info("code_wrong", account=account.id, tries_left=judged.tries_left, via=asking.via)
        return Answered(notes.wrong_code(judged.tries_left, asking.locale))
    return await _prove(connection, asking, judged.proven.kind, How(str(judged.proven.method)))


async def vouch(connection: Connection, asking: Asking, kind: ContactKind) -> Outcome:
    """Take an admin's word that the number or the address is theirs."""
    if not value_of(asking.account, kind):
        command = _vouching(asking.account, kind)
        return Answered(notes.cannot_verify(METHODS[kind][0], Obstacle.NO_PHONE, command, asking.locale))
    left = [one for one in await contacts.pending(connection, asking.account.id) if one.kind is not kind]
    await contacts.keep(connection, asking.account.id, left)
    return await _prove(connection, asking, kind, How.ADMIN)


async def tell(sends: Sends, telling: Telling) -> Answered:
    """Send what is to be sent, and return what to answer."""
    locale = telling.to.locale
    try:
        receipt = await sends.tell(telling.to, telling.method, telling.message)
    except (DeliveryFailed, TimeoutError) as error:
        why = error.detail if isinstance(error, DeliveryFailed) else "no answer in time"
        log.warning("code_failed", account=telling.to.id, method=str(telling.method), why=why)
        if telling.is_sure:
            return Answered(telling.answer, is_done=True)
        return Answered(notes.not_sent(telling.value, why, locale))
    log.info("code_sent", account=telling.to.id, method=str(telling.method), said=receipt.said)
    return Answered(telling.answer, is_done=True)


def obstacle_to_call(asking: Asking) -> Obstacle | None:
    """Return why the account cannot be called with a code; None: it can."""
    found = way_to_prove(asking.account, asking.organisation, ContactKind.PHONE, Method.VOICE)
    return found if isinstance(found, Obstacle) else None


async def _prove(connection: Connection, asking: Asking, kind: ContactKind, how: How) -> Outcome:
    account = asking.account
    value = value_of(account, kind)
    before = [one.contact for one in await proven(connection, account.id) if one.contact.kind is kind]
    await contacts.prove(connection, Contact(account.id, kind, value), how, asking.now)
    log.info("verified", account=account.id, kind=str(kind), how=str(how), via=asking.via)
    answer = notes.proven(value, asking.locale)
    former = next((one.value for one in before if one.value != value), None)
    if former is None:
        return Answered(answer, is_done=True)
    at = Moment(asking.now, account.timezone, day=True)
    word = notes.changed(account.name, value, at, account.locale)
    if kind is ContactKind.PHONE:
        return Telling(replace(account, phone=former), Method.SMS, word, former, answer, is_sure=True)
    return Telling(replace(account, email=former), Method.EMAIL, word, former, answer, is_sure=True)


def _vouching(account: Account, kind: ContactKind) -> str:
    return f"oncard contact confirm {account.email} {kind} --trust"


NO_LINES: Final = NoLines()
