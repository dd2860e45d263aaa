"""What is said about linking a chat account to an account of Oncard. A code is for the eyes of one person alone."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.domain.people import Account
from cards.card import Button, Note, Strong, Style
from cards.words import duration, name_of, say

DOES_LINK: Final = "link this chat account to you, by a code"
DOES_UNLINK: Final = "undo that: this chat account is nobody's"
LINK_ME: Final = "Link me"
LINK_IT: Final = "Link it"
UNLINKED: Final = (
    "Your chat account {name} is not linked to an Oncard account, so nothing changed. The button gives you a code that "
    "links it."
)
CODE_OF_CHAT: Final = "Your code is [{code}]. It links this chat account, once, within {lasts}."
TYPE_WHERE_KNOWN: Final = "Type it in a chat account that Oncard knows as you: {command}"
OR_AN_ADMIN: Final = "Or let an admin run: {command}"
CODE_OF_ACCOUNT: Final = (
    "Your code is [{code}]. Type “{command}” in the chat account that is to be yours too, within {lasts}. Whoever "
    "types it becomes you for Oncard: show it to nobody."
)
WRONG_CODE: Final = "This code is wrong, used or expired; nothing changed. Type “link” for a new one."
OWN_CODE: Final = "That is this chat account's own code; nothing changed. Type it in one that Oncard knows as you."
MAY_IT: Final = "Link {name} in {workspace} to you? Whoever writes from there then acts as you. Nothing changed yet."
LINKED: Final = "This chat account is [{name}] ({email}) for Oncard now."
LINKED_OTHER: Final = "{user} in {workspace} is [{name}] ({email}) for Oncard now."
LINKED_ALREADY: Final = "This chat account is linked to you ({email}) already; nothing changed."
TAKEN: Final = (
    "{user} in {workspace} is linked to {email} already; nothing changed. Type “unlink” there first, then “link”."
)
TAKEN_BY_FILE: Final = (
    "{user} in {workspace} is linked to {email} by the configuration file; nothing changed. An admin can change it "
    "there."
)
UNLINKED_NOW: Final = "This chat account is not linked to you any more. Type “link” to link it again."
NOTHING_TO_UNLINK: Final = "This chat account is linked to nobody; nothing changed."
UNLINK_IN_FILE: Final = (
    "The configuration file links this chat account to you; nothing changed. An admin can take it out there, from "
    "“links” of workspace {workspace}."
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A link that stands in the way: whose chat account it is, where, and whether the configuration says so."""

    user: str
    workspace: str
    email: str
    is_configured: bool


def unlinked(name: str, locale: str = "en") -> Note:
    """Return that nothing was done, because it is not known who the person in the chat is, and how to mend that."""
    button = Button(name_of(locale, LINK_ME), "link", Style.PRIMARY)
    return Note(say(locale, UNLINKED, name=Strong(name)), buttons=(button,))


def code_of_chat(code: str, lasts: timedelta, locale: str = "en") -> Note:
    """Return the code of a chat account that is nobody's yet, and what to do with it."""
    typed, run = Strong(f"link {code}"), Strong(f"oncard link {code} --account you@example.com")
    return Note(
        say(locale, CODE_OF_CHAT, code=code, lasts=duration(locale, lasts)),
        rows=(say(locale, TYPE_WHERE_KNOWN, command=typed), say(locale, OR_AN_ADMIN, command=run)),
    )


def code_of_account(code: str, lasts: timedelta, locale: str = "en") -> Note:
    """Return the code of somebody who is known, for another chat account of theirs."""
    return Note(say(locale, CODE_OF_ACCOUNT, code=code, command=f"link {code}", lasts=duration(locale, lasts)))


def wrong_code(locale: str = "en") -> Note:
    """Return that a code is not one; why is nobody's business."""
    return Note(say(locale, WRONG_CODE))


def own_code(locale: str = "en") -> Note:
    """Return that a code was typed where it was given out."""
    return Note(say(locale, OWN_CODE))


def may_it(name: str, workspace: str, token: str, locale: str = "en") -> Note:
    """Ask whether the chat account shall be the reader's; `token` says yes."""
    text = say(locale, MAY_IT, name=Strong(name), workspace=Strong(workspace))
    return Note(text, buttons=(Button(name_of(locale, LINK_IT), token, Style.PRIMARY),))


def linked(account: Account, locale: str = "en") -> Note:
    """Return that the chat account in which this is read is linked now."""
    return Note(say(locale, LINKED, name=account.name, email=account.email))


def linked_other(user: str, workspace: str, account: Account, locale: str = "en") -> Note:
    """Return that another chat account is linked now."""
    return Note(
        say(
            locale, LINKED_OTHER, user=Strong(user), workspace=Strong(workspace), name=account.name, email=account.email
        )
    )


def linked_already(account: Account, locale: str = "en") -> Note:
    """Return that the chat account in which this is read was the reader's before."""
    return Note(say(locale, LINKED_ALREADY, email=account.email))


def taken(by: Taken, locale: str = "en") -> Note:
    """Return what stands in the way of a link."""
    form = TAKEN_BY_FILE if by.is_configured else TAKEN
    return Note(say(locale, form, user=Strong(by.user), workspace=Strong(by.workspace), email=by.email))


def unlinked_now(locale: str = "en") -> Note:
    """Return that the link is gone."""
    return Note(say(locale, UNLINKED_NOW))


def nothing_to_unlink(locale: str = "en") -> Note:
    """Return that there was no link."""
    return Note(say(locale, NOTHING_TO_UNLINK))


def unlink_in_file(workspace: str, locale: str = "en") -> Note:
    """Return that the link is the configuration's."""
    return Note(say(locale, UNLINK_IN_FILE, workspace=Strong(workspace)))
