"""Which chats of the escalation levels take no messages any more: our bot was removed, the chat is archived or gone.

Seen from the newest message to each, so that nobody has to wait for a level to fail. A chat to which nothing was sent
since the last look stays as it was.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.domain.duty import chats_told
from bot.domain.escalation import Chat
from bot.domain.organisation import Organisation
from bot.domain.trouble import Check, Trouble, dead, key_of


@dataclass(frozen=True, slots=True)
class Dead:
    """The chats that refused their newest message, and the keys of those that are well again, or told no more."""

    found: tuple[Trouble, ...] = ()
    over: frozenset[str] = frozenset()


def judge(organisation: Organisation, newest: Mapping[Chat, str | None], standing: Collection[str]) -> Dead:
    """Return what the newest message to each chat says: the platform's refusal in its own words; None: it arrived.

    `standing`: the keys of the chats that are known as dead.
    """
    keys = {chat: key(chat, organisation) for chat in chats_told(organisation)}
    refused = {chat: newest[chat] for chat in keys if newest.get(chat) is not None}
    found = tuple(dead(_workspace(chat, organisation), chat.chat, said or "") for chat, said in refused.items())
    alive = {keys[chat] for chat, said in newest.items() if said is None and chat in keys}
    return Dead(found, frozenset(alive | (set(standing) - set(keys.values()))))


def key(chat: Chat, organisation: Organisation) -> str:
    """Return the key of the trouble that says that this chat is dead."""
    return key_of(Check.DEAD, _workspace(chat, organisation), chat.chat)


def _workspace(chat: Chat, organisation: Organisation) -> str:
    return organisation.workspaces[chat.workspace].name
