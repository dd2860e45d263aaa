"""What an organisation in DingTalk remembers: people, groups, direct chats, messages, cards, templates, its one app.

It is synchronous. Times come from the given clock; every change is told to those who watch. Ids look like DingTalk's:
a person has a `userId` (the organisation's own) and a `dingtalkId`, a conversation an `openConversationId`.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from bot.clock import Clock
from bot.playground.dingtalk import templates
from bot.playground.dingtalk.templates import Template
from bot.playground.wire import JsonObject

DEFAULT_SCOPES = frozenset(
    {"Card.Instance.Write", "qyapi_robot_sendmsg", "qyapi_get_member", "qyapi_get_member_by_mobile"}
)
Kind = Literal["text", "markdown", "image", "actionCard", "card"]

SPACES = {"group": "IM_GROUP", "direct": "IM_ROBOT"}


@dataclass(frozen=True, slots=True)
class User:
    """A person; `name` is the handle of tests, `nick` what people see. An outsider has no `userId` for the app."""

    id: str
    name: str
    nick: str
    mobile: str
    dingtalk_id: str
    union_id: str
    email: str = ""
    outsider: bool = False
    left: bool = False


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation; `user` is the person of a direct one with the bot; no `members` means everybody."""

    id: str
    name: str
    kind: Literal["group", "direct"]
    bot_member: bool = True
    disbanded: bool = False
    user: str = ""
    members: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message. `kind` is `text`, `markdown`, `image`, `actionCard` or `card`; `content` is what that kind has.

    `author` is a person's id, empty for the app's bot; `robot` names a custom robot. `key` is the processQueryKey of
    what the bot sent; `card` the outTrackId of a card, which many messages may show. `mentions` are userIds; with
    `readers` nobody else sees it.
    """

    id: str
    chat: str
    author: str
    kind: Kind
    content: JsonObject
    at: datetime
    card: str = ""
    key: str = ""
    robot: str = ""
    mentions: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardInstance:
    """What a card shows: public values, and those of one person over them. `edits` counts its updates."""

    out_track_id: str
    template: Template
    data: dict[str, str]
    private: dict[str, dict[str, str]]
    callback_type: Literal["STREAM", "HTTP"] = "STREAM"
    route_key: str = ""
    edits: int = 0

    def seen_by(self, user: str = "") -> dict[str, str]:
        """Return the values for one person, or with nobody those for everybody."""
        return {**self.data, **self.private.get(user, {})}


@dataclass(frozen=True, slots=True)
class Toast:
    """A short notice on one person's screen; `failed`: DingTalk's own, that something did not work."""

    user: str
    text: str
    at: datetime
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """Something that people would see; `what` is a word such as `posted`, `edited`, `toast`."""

    what: str
    at: datetime
    chat: str = ""
    message: str = ""
    user: str = ""


@dataclass(slots=True)
class App:
    """The one self-built app of the organisation, which is also its robot: `robotCode` is the client id."""

    client_id: str = field(default_factory=lambda: f"ding{secrets.token_hex(8)}")
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    name: str = "Oncard"


class Workspace:
    """One organisation with one installed app."""

    def __init__(self, clock: Clock, name: str = "Example") -> None:
        self.clock = clock
        self.name = name
        self.corp_id = "ding00000000example"
        self.app = App()
        self.scopes = DEFAULT_SCOPES
        self.users: dict[str, User] = {}
        self.chats: dict[str, Chat] = {}
        self.cards: dict[str, CardInstance] = {}
        self.templates: dict[str, Template] = dict(templates.PUBLIC)
        self.toasts: list[Toast] = []
        self.media: dict[str, bytes] = {}
        """What was uploaded, by its media_id."""
        self.read: dict[str, datetime] = {}
        self.flow_controlled: set[str] = set()
        self._messages: dict[str, dict[str, Message]] = {}
        self._watchers: list[Callable[[Change], None]] = []
        self._number = 0

    # People and chats

    def add_user(self, name: str, *, nick: str = "", mobile: str = "", outsider: bool = False) -> User:
        """Add a person with the handle `name`; the e-mail is `name`@example.com, the mobile number is made up."""
        number = len(self.users) + 1
        user = User(
            id=f"0{number:03d}2718281828459",
            name=name,
            nick=nick or name.capitalize(),
            mobile=mobile or f"138{number:08d}",
            dingtalk_id=f"$:LWCP_v1:${secrets.token_urlsafe(12)}",
            union_id=secrets.token_urlsafe(12),
            email=f"{name}@example.com",
            outsider=outsider,
        )
        self.users[user.id] = user
        self.changed("user", user=user.id)
        return user

    def add_chat(self, name: str, *, bot_member: bool = True, members: Iterable[str] | None = None) -> Chat:
        """Add a group; `members` are handles or ids, everybody if not given."""
        ids = None if members is None else frozenset(self.user(member).id for member in members)
        return self._store(Chat(_conversation_id(), name, "group", bot_member, members=ids))

    def user(self, who: str) -> User:
        """Return the person with this id, handle, nick, mobile number or e-mail; raises LookupError."""
        wanted = who.removeprefix("@").casefold()
        for user in self.users.values():
            if wanted in (user.id.casefold(), user.name.casefold(), user.nick.casefold(), user.mobile, user.email):
                return user
        raise LookupError(f"no user {who!r}; there are {', '.join(user.name for user in self.users.values())}")

    def chat(self, which: str) -> Chat:
        """Return the group or direct chat with this id or name; raises LookupError."""
        for chat in self.chats.values():
            if which and which in (chat.id, chat.name):
                return chat
        raise LookupError(f"no chat {which!r}; there are {', '.join(c.name for c in self.chats.values() if c.name)}")

    def people(self) -> list[User]:
        """Return those who are still there."""
        return [user for user in self.users.values() if not user.left]

    def leave(self, who: str) -> None:
        """Let a person leave the organisation: nothing can be sent to them any more."""
        user = self.user(who)
        self.users[user.id] = replace(user, left=True)
        self.changed("user", user=user.id)

    def direct(self, user_id: str) -> Chat:
        """Return the direct chat between the bot and a person, made on first use."""
        for chat in self.chats.values():
            if chat.kind == "direct" and chat.user == user_id:
                return chat
        return self._store(Chat(_conversation_id(), "", "direct", user=user_id, members=frozenset({user_id})))

    def set_bot_member(self, which: str, *, member: bool) -> None:
        """Add the bot to a group, or remove it; DingTalk tells the app nothing of it."""
        self._store(replace(self.chat(which), bot_member=member))

    def disband(self, which: str) -> None:
        """Dissolve a group for good."""
        self._store(replace(self.chat(which), disbanded=True))

    def sees(self, user_id: str, chat: Chat) -> bool:
        """Return whether a person is in a chat."""
        return chat.members is None or user_id in chat.members

    # Messages and cards

    def messages(self, chat_id: str, *, reader: str = "") -> list[Message]:
        """Return the messages of a chat, oldest first; with a reader, only those that this person sees."""
        found = list(self._messages.get(chat_id, {}).values())
        return [m for m in found if not m.readers or reader in m.readers] if reader else found

    def message(self, chat_id: str, message_id: str) -> Message | None:
        """Return one message, if it was not recalled."""
        return self._messages.get(chat_id, {}).get(message_id)

    def post(self, message: Message) -> Message:
        """Put a message into its chat and return it."""
        self._messages.setdefault(message.chat, {})[message.id] = message
        self.changed("posted", chat=message.chat, message=message.id, user=message.author)
        return message

    def recall(self, message: Message) -> None:
        """Take a message back."""
        del self._messages[message.chat][message.id]
        self.changed("recalled", chat=message.chat, message=message.id)

    def sent(self, key: str) -> list[Message]:
        """Return the messages that the bot sent under one processQueryKey."""
        return [m for stored in self._messages.values() for m in stored.values() if key and m.key == key]

    def new_id(self) -> str:
        """Return an id for a message, later ones sorting after earlier ones."""
        self._number += 1
        return f"msg{self._number:012d}"

    def store_card(self, card: CardInstance) -> None:
        """Keep a card, new or with new values."""
        self.cards[card.out_track_id] = card
        self.changed("edited" if card.edits else "card")

    def toast(self, user_id: str, text: str, *, failed: bool = False) -> None:
        """Show a person a short notice."""
        self.toasts.append(Toast(user_id, text, self.clock.now(), failed))
        self.changed("toast", user=user_id)

    def mark_read(self, message: Message) -> None:
        """Note that a direct message was read by its person."""
        self.read.setdefault(message.id, self.clock.now())

    # The card builder

    def add_template(self, content: object, *, template_id: str = "", published: bool = True) -> str:
        """Draw a template in the card builder, in the notation of `templates`, and return its id; raises ValueError."""
        known = template_id or f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-{secrets.token_hex(6)}.schema"
        self.templates[known] = templates.parse(known, content, published=published)
        return known

    # Those who watch

    def watch(self, watcher: Callable[[Change], None]) -> Callable[[], None]:
        """Call `watcher` with each change from now on, until the returned function is called."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def changed(self, what: str, *, chat: str = "", message: str = "", user: str = "") -> None:
        """Tell those who watch."""
        change = Change(what, self.clock.now(), chat, message, user)
        for watcher in tuple(self._watchers):
            watcher(change)

    def _store(self, chat: Chat) -> Chat:
        self.chats[chat.id] = chat
        self.changed("chat", chat=chat.id)
        return chat


def _conversation_id() -> str:
    return f"cid{secrets.token_urlsafe(16)}=="
