"""The mailboxes as the page draws them: what each person was sent, and each mail as a mail program shows it."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Final

from bot.playground.mailbox.mail import Mail
from bot.playground.mailbox.server import Mailbox
from bot.playground.wire import JsonObject

SHOWN: Final = 50
"""How many of the newest mails are listed."""

_BASE: Final = '<base target="_blank">'
"""A link of a mail opens beside the page, not in its frame."""


class MailPane:
    """The page's view of one mail server. `addresses`: everybody's, by the name that they go by on the page."""

    platform = "mailbox"
    id = "mailbox"
    title = "Mail server"

    def __init__(self, server: Mailbox, addresses: Mapping[str, str]) -> None:
        self._server = server
        self._addresses = dict(addresses)

    @property
    def plugged(self) -> bool:
        """Whether it can be reached."""
        return self._server.plugged

    async def pull_plug(self) -> None:
        """Make the mail server vanish."""
        await self._server.pull_plug()

    async def put_back(self) -> None:
        """Bring it back."""
        await self._server.put_back()

    def people(self) -> list[JsonObject]:
        """Return whose mailboxes there are."""
        return [
            {"id": name, "name": name.capitalize(), "handle": name, "bot": False, "direct": len(self._mails(name))}
            for name in self._addresses
        ]

    def chats(self, person: str) -> list[JsonObject]:
        """Return the person's mailbox, the only thing to look at."""
        return [self._chat(person)] if person in self._addresses else []

    def conversation(self, person: str, chat: str) -> JsonObject:
        """Return the mails of a mailbox, which only its owner sees, the newest first."""
        if chat != person or person not in self._addresses:
            raise LookupError(f"no mailbox {chat!r} for {person!r}")
        listed = list(enumerate(self._mails(person)))[-SHOWN:]
        messages = [_mail(mail, place) for place, mail in reversed(listed)]
        return {"chat": self._chat(person), "messages": messages, "address": self._addresses[person]}

    def document(self, person: str, name: str) -> str:
        """Return a mail as HTML; it is a stranger's, and to be shown in a place of its own. Raises LookupError."""
        mails = self._mails(person) if person in self._addresses else ()
        if not name.isdecimal() or int(name) >= len(mails):
            raise LookupError(f"no mail {name!r} for {person!r}")
        return _BASE + mails[int(name)].html

    async def act(self, person: str, action: JsonObject) -> str:
        """Refuse: a mail is only read."""
        raise LookupError(f"nothing is called {action.get('do')!r} in the mailbox of {person!r}")

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell` after every change, until the returned function is called."""
        watching = ExitStack()
        watching.enter_context(self._server.watching(tell))
        return watching.close

    def _mails(self, person: str) -> tuple[Mail, ...]:
        return self._server.mails(self._addresses[person])

    def _chat(self, person: str) -> JsonObject:
        mails = self._mails(person)
        return {
            "id": person,
            "name": "Mail",
            "kind": "direct",
            "private": True,
            "archived": False,
            "members": 1,
            "count": len(mails),
            "latest": mails[-1].at.isoformat() if mails else "",
        }


def _mail(mail: Mail, place: int) -> JsonObject:
    return {
        "id": place,
        "at": mail.at.isoformat(),
        "sender": mail.headers.get("From", mail.sender),
        "subject": mail.subject,
        "text": mail.text,
        "html": bool(mail.html),
    }
