"""Linking: a person says which chat account is theirs, by a code that goes from one of their accounts to another.

A code of a chat account that is nobody's is typed where Oncard knows the person, who is asked before it counts; a code
of an account is typed in the chat account that is to be theirs. Each counts once, for ten minutes, in one transaction.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from bot.domain.linking import ALPHABET, LASTS, LENGTH, plain, written
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId, ChatLink
from cards import linking as notes
from cards.card import Note
from cards.linking import Taken
from storage import links
from storage.database import Connection
from storage.links import Identity, Known, Origin

# What the button says that confirms a link, with the number of the account that was asked.
_YES: Final = re.compile(r"yes(\d{1,18})", re.ASCII)

Digest = Callable[[str], str]
"""Makes of a code what is stored of it; it tells nothing without our key."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, where, and when. `account` None: somebody whom Oncard does not know; `identity` None: an admin's shell.

    `via`: the door, for the log.
    """

    identity: Identity | None
    account: AccountId | None
    organisation: Organisation
    now: datetime
    digest: Digest
    via: str

    @property
    def locale(self) -> str:
        """In which language the answer is read."""
        workspace = self.identity.workspace if self.identity is not None else None
        return self.organisation.reader(workspace, self.account).locale if workspace is not None else "en"


@dataclass(frozen=True, slots=True)
class Linked:
    """What came of it: whether a link was made, and the answer."""

    note: Note
    is_done: bool = False


async def link(connection: Connection, asking: Asking, said: str, *, is_token: bool = False) -> Linked:
    """Give a code, or take the one that was `said`; only a button's word confirms, pressed by whoever was asked."""
    words = said.split()
    yes = _YES.fullmatch(words[-1]) if is_token and words else None
    is_sure = yes is not None and yes[1] == str(asking.account)
    code = plain("".join(words[:-1] if yes is not None else words))
    if not code and asking.identity is not None:
        return await _give(connection, asking, asking.identity)
    holder = await links.holder_of(connection, asking.digest(code), asking.now)
    if isinstance(holder, Identity):
        return await _take(connection, asking, holder, code, is_sure=is_sure or asking.identity is None)
    if holder is not None and asking.identity is not None:
        return await _become(connection, asking, asking.identity, holder, code)
    return Linked(notes.wrong_code(asking.locale))


async def unlink(connection: Connection, asking: Asking) -> Note:
    """Let the chat account be nobody's, unless the configuration says whose it is."""
    identity = asking.identity
    known = await links.at(connection, identity.workspace, identity.user) if identity is not None else None
    if identity is None or known is None:
        return notes.nothing_to_unlink(asking.locale)
    if known.is_configured:
        return notes.unlink_in_file(asking.organisation.workspaces[identity.workspace].name, asking.locale)
    await links.unlink(connection, identity.workspace, identity.user)
    log.info("unlinked", workspace=identity.workspace, user=identity.user, account=known.link.account, via=asking.via)
    return notes.unlinked_now(asking.locale)


async def _give(connection: Connection, asking: Asking, identity: Identity) -> Linked:
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    holder = identity if asking.account is None else asking.account
    await links.offer(connection, asking.digest(code), holder, asking.now + LASTS, asking.now)
    note = notes.code_of_chat if asking.account is None else notes.code_of_account
    return Linked(note(written(code), LASTS, asking.locale))


async def _take(connection: Connection, asking: Asking, holder: Identity, code: str, *, is_sure: bool) -> Linked:
    """Make a chat account that is nobody's that of the account which asks, once the person is sure."""
    locale, organisation = asking.locale, asking.organisation
    workspace = organisation.workspaces.get(holder.workspace)
    if asking.account is None and asking.identity is not None and _is_same(asking.identity, holder):
        return Linked(notes.own_code(locale))
    if asking.account is None or workspace is None or not workspace.active:
        return Linked(notes.wrong_code(locale))
    wanted = ChatLink(holder.workspace, holder.user, asking.account)
    in_the_way = await _in_the_way(connection, wanted, organisation)
    if in_the_way is not None:
        return Linked(notes.taken(in_the_way, locale))
    name = holder.name or holder.user
    if not is_sure:
        return Linked(notes.may_it(name, workspace.name, f"link {code} yes{asking.account}", locale))
    if not await _join(connection, asking, wanted, code):
        return Linked(notes.wrong_code(locale))
    account = organisation.people.accounts[asking.account]
    return Linked(notes.linked_other(name, workspace.name, account, locale), is_done=True)


def _is_same(one: Identity, other: Identity) -> bool:
    return (one.workspace, one.user) == (other.workspace, other.user)


async def _become(connection: Connection, asking: Asking, identity: Identity, holder: AccountId, code: str) -> Linked:
    """Make the chat account in which it was typed that of the account whose code it is."""
    locale, organisation = asking.locale, asking.organisation
    account = organisation.people.accounts.get(holder)
    if account is None or not account.active:
        return Linked(notes.wrong_code(locale))
    if asking.account == holder:
        return Linked(notes.linked_already(account, locale))
    wanted = ChatLink(identity.workspace, identity.user, holder)
    in_the_way = await _in_the_way(connection, wanted, organisation)
    if in_the_way is not None:
        return Linked(notes.taken(in_the_way, locale))
    if not await _join(connection, asking, wanted, code):
        return Linked(notes.wrong_code(locale))
    return Linked(notes.linked(account, locale), is_done=True)


async def _in_the_way(connection: Connection, wanted: ChatLink, organisation: Organisation) -> Taken | None:
    """Return the link of the same chat account, or of the same account in that workspace."""
    await links.hold(connection, [wanted.account])
    found = await links.at(connection, wanted.workspace, wanted.user)
    if found is None:
        found = await links.of(connection, wanted.workspace, wanted.account)
    return _taken(found, organisation) if found is not None else None


def _taken(known: Known, organisation: Organisation) -> Taken:
    account = organisation.people.accounts.get(known.link.account)
    workspace = organisation.workspaces[known.link.workspace].name
    return Taken(known.link.user, workspace, account.email if account is not None else "", known.is_configured)


async def _join(connection: Connection, asking: Asking, wanted: ChatLink, code: str) -> bool:
    """Use the code up and make the link; False: somebody else was faster with it."""
    if not await links.use(connection, asking.digest(code)):
        return False
    await links.link(connection, wanted, Origin.CODE)
    log.info(
        "linked",
        workspace=wanted.workspace,
        user=wanted.user,
        account=wanted.account,
        by=asking.account,
        via=asking.via,
    )
    return True
