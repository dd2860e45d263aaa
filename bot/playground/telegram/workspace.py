"""What Telegram remembers around one bot: people, groups, messages, and what each person was shown.

It is synchronous and knows no wire format. Ids are decimal numbers as text: a private chat has the id of its person,
groups have negative ones. Times come from the given clock; every change is told to those who watch.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Literal

from bot.clock import Clock
from bot.playground.telegram.markup import Entity
from bot.playground.wire import JsonObject

Kind = Literal["private", "group", "supergroup"]
Standing = Literal["member", "administrator", "restricted", "left", "kicked"]

GENERAL: Final = 1


@dataclass(frozen=True, slots=True)
class User:
    """A person or bot; `name` is how tests call them, `username` may be empty, as for many people.

    `started`: they have pressed Start in the private chat; `blocked`: they have blocked the bot.
    """

    id: str
    name: str
    first_name: str
    username: str = ""
    language: str = "en"
    started: bool = False
    blocked: bool = False
    deleted: bool = False
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of a forum."""

    id: int
    name: str
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation; `standing` is the bot's own place in it, and no `members` means everybody."""

    id: str
    name: str
    kind: Kind
    standing: Standing = "member"
    members: frozenset[str] | None = None
    forum: bool = False
    topics: tuple[Topic, ...] = ()
    deleted: bool = False
    migrated_to: str = ""

    @property
    def here(self) -> bool:
        """Whether the bot is in it."""
        return self.standing not in ("left", "kicked") and not self.deleted and not self.migrated_to


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture, its size in pixels."""

    id: str
    data: bytes = field(repr=False)
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Draft:
    """The content of a message: the words, their entities, the keyboard, and options of its link preview."""

    text: str = ""
    entities: tuple[Entity, ...] = ()
    keyboard: JsonObject | None = None
    preview: JsonObject | None = None
    service: JsonObject | None = None
    """What a service message tells, such as `new_chat_members`; such a message has no text."""
    photo: Photo | None = None
    """What the text stands under."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message; `edits` counts its updates, `visible_to` is the one reader of an ephemeral message.

    An ephemeral message's `id` counts on its own, per chat.
    """

    chat: str
    id: int
    author: str
    draft: Draft
    at: datetime
    reply_to: int = 0
    topic: int = 0
    edited: datetime | None = None
    edits: int = 0
    visible_to: str = ""
    replaces: int = 0
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """The answer to a click, as its person sees it: a toast, or an alert that must be closed."""

    id: int
    user: str
    chat: str
    text: str
    alert: bool
    at: datetime
    buttons: tuple[str, ...] = ()
    """A notice has none; it is read like a card."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that people would see; `what` is a word such as `posted`, `edited`, `deleted`, `notice`."""

    what: str
    at: datetime
    chat: str = ""
    message: int = 0
    user: str = ""


@dataclass(slots=True)
class Tokens:
    """The secrets of the one bot; a revoked token is answered 401."""

    bot: str = field(default_factory=lambda: f"7000000001:AA{secrets.token_urlsafe(24)[:33]}", repr=False)
    revoked: bool = False


class Workspace:
    """Everything around one bot.

    `ephemeral`: whether the server knows ephemeral messages; one older than Bot API 10.2 ignores their parameters.
    `privacy`: whether the bot is told only of commands, mentions and replies to it in groups.
    """

    def __init__(self, clock: Clock, name: str = "Example", *, bot_name: str = "oncard") -> None:
        self.clock = clock
        self.name = name
        self.tokens = Tokens()
        self.ephemeral = True
        self.privacy = True
        self.logged_out = False
        self.users: dict[str, User] = {}
        self.chats: dict[str, Chat] = {}
        self.notices: list[Notice] = []
        self.typing: dict[str, datetime] = {}
        self._messages: dict[str, dict[int, Message]] = {}
        self._ephemeral: dict[str, dict[int, Message]] = {}
        self._last_message: dict[str, int] = {}
        self._photos = 0
        self._watchers: list[Callable[[Change], None]] = []
        bot_id = self.tokens.bot.partition(":")[0]
        self.bot = User(bot_id, bot_name, bot_name.capitalize(), f"{bot_name}_bot", is_bot=True)
        self.users[bot_id] = self.bot

    # People and chats

    def add_user(
        self,
        name: str,
        *,
        first_name: str = "",
        username: str | None = None,
        language: str = "en",
        started: bool = False,
    ) -> User:
        """Add a person; the @username is `name` unless given, and may be empty."""
        handle = name if username is None else username
        number = str(500_000_000 + len(self.users))
        user = User(number, name, first_name or name.capitalize(), handle, language, started)
        self.chats[number] = Chat(number, user.first_name, "private", members=frozenset({number}))
        return self.put_user(user)

    def add_chat(
        self,
        name: str,
        *,
        kind: Kind = "supergroup",
        standing: Standing = "member",
        members: Iterable[str] | None = None,
        forum: bool = False,
    ) -> Chat:
        """Add a group; `members` are names or ids, everybody if not given."""
        ids = None if members is None else frozenset(self.user(member).id for member in members)
        number = len(self.chats) + 1
        chat_id = f"-{4_000_000_000 + number}" if kind == "group" else f"-{1_002_000_000_000 + number}"
        return self.put_chat(Chat(chat_id, name, kind, standing, ids, forum))

    def user(self, who: str) -> User:
        """Return the user with this id, name or @username; raises LookupError."""
        wanted = who.removeprefix("@").casefold()
        for user in self.users.values():
            if wanted in (user.id, user.name.casefold(), user.first_name.casefold()) or (
                wanted and wanted == user.username.casefold()
            ):
                return user
        raise LookupError(f"no user {who!r}; there are {', '.join(user.name for user in self.users.values())}")

    def chat(self, which: str) -> Chat:
        """Return the group with this id or name, or the private chat with this id; raises LookupError."""
        wanted = which.removeprefix("#")
        groups = [chat for chat in self.chats.values() if chat.kind != "private" and not chat.migrated_to]
        for chat in [*groups, *self.chats.values()]:
            if wanted == chat.id or (chat.kind != "private" and wanted == chat.name):
                return chat
        raise LookupError(f"no chat {which!r}; there are {', '.join(chat.name for chat in groups)}")

    def people(self) -> list[User]:
        """Return the users that are people and still there."""
        return [user for user in self.users.values() if not user.is_bot and not user.deleted]

    def sees(self, user_id: str, chat: Chat) -> bool:
        """Return whether a person is in a chat."""
        return chat.members is None or user_id in chat.members

    def put_user(self, user: User) -> User:
        """Store a person as they are now."""
        self.users[user.id] = user
        self.changed("user", user=user.id)
        return user

    def put_chat(self, chat: Chat) -> Chat:
        """Store a chat as it is now."""
        self.chats[chat.id] = chat
        self.changed("chat", chat=chat.id)
        return chat

    def deactivate(self, who: str) -> None:
        """Delete a person's account."""
        self.put_user(replace(self.user(who), deleted=True))

    # Messages

    def messages(self, chat_id: str, *, reader: str = "") -> list[Message]:
        """Return the messages of a chat, oldest first; with a reader, also those only this person sees."""
        found = list(self._messages.get(chat_id, {}).values())
        private = [m for m in self._ephemeral.get(chat_id, {}).values() if reader and m.visible_to == reader]
        return sorted([*found, *private], key=lambda message: message.at) if private else found

    def message(self, chat_id: str, message_id: int, *, ephemeral: bool = False) -> Message | None:
        """Return one message, or one ephemeral message."""
        store = self._ephemeral if ephemeral else self._messages
        return store.get(chat_id, {}).get(message_id)

    def new_message(self, chat_id: str, author: str, draft: Draft, *, visible_to: str = "") -> Message:
        """Return a message with the next id, not yet posted; only supergroups have ids of their own.

        The first of a supergroup told that it was made.
        """
        own = chat_id if self.chats[chat_id].kind == "supergroup" else "account"
        counter = f"{chat_id} ephemeral" if visible_to else own
        first = GENERAL if counter == chat_id else 0
        self._last_message[counter] = self._last_message.get(counter, first) + 1
        return Message(chat_id, self._last_message[counter], author, draft, self.clock.now(), visible_to=visible_to)

    def next_file(self) -> str:
        """Return the id of one more file."""
        self._photos += 1
        return f"AgACAgIAAxk{self._photos:08d}"

    def post(self, message: Message) -> Message:
        """Put a new message where its chat says, and return it."""
        return self._put("posted", message)

    def edit(self, message: Message, draft: Draft) -> Message:
        """Replace the content of a message."""
        changed = replace(message, draft=draft, edited=self.clock.now(), edits=message.edits + 1)
        return self._put("edited", changed)

    def delete(self, message: Message) -> None:
        """Remove a message."""
        del self._store(message)[message.id]
        self.changed("deleted", chat=message.chat, message=message.id, user=message.visible_to)

    def notify(self, user_id: str, chat_id: str, text: str, *, alert: bool) -> None:
        """Show the answer to a click to the person who clicked."""
        notice = Notice(len(self.notices) + 1, user_id, chat_id, text, alert, self.clock.now())
        self.notices.append(notice)
        self.changed("notice", chat=chat_id, user=user_id)

    # Those who watch

    def watch(self, watcher: Callable[[Change], None]) -> Callable[[], None]:
        """Call `watcher` with each change from now on, until the returned function is called."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def changed(self, what: str, *, chat: str = "", message: int = 0, user: str = "") -> None:
        """Tell those who watch."""
        change = Change(what, self.clock.now(), chat, message, user)
        for watcher in tuple(self._watchers):
            watcher(change)

    def _store(self, message: Message) -> dict[int, Message]:
        return (self._ephemeral if message.visible_to else self._messages).setdefault(message.chat, {})

    def _put(self, what: str, message: Message) -> Message:
        self._store(message)[message.id] = message
        self.changed(what, chat=message.chat, message=message.id, user=message.visible_to)
        return message
