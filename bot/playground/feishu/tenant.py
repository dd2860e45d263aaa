"""What a Feishu tenant remembers: people, chats, messages, group robots, and the one app with its secrets.

It is synchronous. Times come from the given clock; every change is told to those who watch. Where Feishu refuses for a
reason of state, the methods raise `Refusal` with its code.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from bot.clock import Clock
from bot.playground.feishu.refusal import Refusal
from bot.playground.wire import JsonObject

Kind = Literal["group", "p2p"]
Standing = Literal["active", "resigned", "stopped", "invisible"]
"""Whether the bot can write to a person: `stopped` has blocked it, `invisible` is outside of the app's availability."""

TOKEN_LIFE: Final = timedelta(hours=2)
RENEWED_BELOW: Final = timedelta(minutes=30)
"""A token with more than this left is given again; with less, a new one, and both are valid."""

_UNREACHABLE: Final[dict[Standing, int]] = {"resigned": 230029, "stopped": 230053, "invisible": 230013}

DEFAULT_SCOPES: Final = frozenset(
    {
        "contact:user.id:readonly",
        "im:chat:read",
        "im:message.group_at_msg:readonly",
        "im:message.p2p_msg:readonly",
        "im:message:send_as_bot",
        "im:message:update",
        "im:resource:upload",
    }
)


@dataclass(frozen=True, slots=True)
class User:
    """A person; `id` is the open_id, `name` the short name that tests use, `real_name` what others read."""

    id: str
    name: str
    real_name: str
    user_id: str
    union_id: str
    email: str
    mobile: str
    locale: str = "en_us"
    standing: Standing = "active"


@dataclass(frozen=True, slots=True)
class Chat:
    """A group, or the direct conversation of `user` with the bot; no `members` means everybody."""

    id: str
    name: str
    kind: Kind
    bot_member: bool = True
    dissolved: bool = False
    muted: bool = False
    threads: bool = True
    user: str = ""
    members: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Robot:
    """A custom robot of a group: whoever knows `token` can post there."""

    token: str = field(repr=False)
    chat: str
    name: str
    secret: str = field(default="", repr=False)
    keywords: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message; `author` is an open_id, the app's id, or a robot's name; `content` is its parsed JSON.

    `visible_to` is the one reader of an ephemeral card or of a toast (`msg_type` "toast"); `edits` counts its updates.
    """

    id: str
    chat: str
    author: str
    msg_type: str
    content: JsonObject
    at: datetime
    parent: str = ""
    root: str = ""
    in_thread: bool = False
    edited: datetime | None = None
    edits: int = 0
    visible_to: str = ""
    mentions: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Something that people would see; `what` is a word such as `posted`, `edited`, `recalled`, `toast`."""

    what: str
    at: datetime
    chat: str = ""
    message: str = ""
    user: str = ""


@dataclass(slots=True)
class App:
    """The self-built app of the tenant: what it is called, may do, and proves itself with."""

    name: str
    id: str = "cli_a1b2c3d4e5f60001"
    open_id: str = "ou_b0700000000000000000000000000001"
    secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    verification_token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    encrypt_key: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    scopes: frozenset[str] = DEFAULT_SCOPES
    bot_ability: bool = True
    allowed_ips: frozenset[str] | None = None
    quota: int | None = None
    """Calls that are left this month; None for no limit."""
    token_life: timedelta = TOKEN_LIFE


class Tenant:
    """One company on Feishu with one installed app."""

    def __init__(self, clock: Clock, name: str = "Example", *, app_name: str = "Oncard") -> None:
        self.clock = clock
        self.name = name
        self.key = "2ca1d211f64f6438"
        self.app = App(app_name)
        self.users: dict[str, User] = {}
        self.chats: dict[str, Chat] = {}
        self.robots: dict[str, Robot] = {}
        self.gone: dict[str, int] = {}
        """Messages that are no longer there, and the code that says why."""
        self.images: dict[str, bytes] = {}
        """What was uploaded to be shown in messages, by its key."""
        self._messages: dict[str, Message] = {}
        self._private: dict[str, Message] = {}
        self._tokens: dict[str, datetime] = {}
        self._watchers: list[Callable[[Change], None]] = []
        self._last_id = 0

    # People, chats, robots

    def add_user(self, name: str, *, real_name: str = "", email: str = "", locale: str = "en_us") -> User:
        """Add a person with the short name `name`; the e-mail is `name`@example.com unless given."""
        number = len(self.users) + 1
        user = User(
            f"ou_{number:032x}",
            name,
            real_name or name.capitalize(),
            f"{number:08x}",
            f"on_{number:032x}",
            email or f"{name}@example.com",
            f"+86138{number:08d}",
            locale,
        )
        self.users[user.id] = user
        self.changed("user", user=user.id)
        return user

    def add_chat(
        self, name: str, *, bot_member: bool = True, members: Iterable[str] | None = None, threads: bool = True
    ) -> Chat:
        """Add a group; `members` are names or ids, everybody if not given."""
        ids = None if members is None else frozenset(self.user(member).id for member in members)
        number = len(self.chats) + 1
        return self.store(Chat(f"oc_{number:032x}", name, "group", bot_member, threads=threads, members=ids))

    def add_robot(
        self,
        chat: str,
        *,
        name: str = "Alerts",
        secret: str = "",
        keywords: Iterable[str] = (),
        ips: Iterable[str] = (),
    ) -> Robot:
        """Add a custom robot to a group; with a secret it wants signed requests."""
        robot = Robot(secrets.token_hex(16), self.chat(chat).id, name, secret, tuple(keywords), tuple(ips))
        self.robots[robot.token] = robot
        return robot

    def user(self, who: str) -> User:
        """Return the person with this id, name or e-mail; raises LookupError."""
        wanted = who.removeprefix("@").casefold()
        for user in self.users.values():
            if wanted in (user.id, user.name.casefold(), user.real_name.casefold(), user.email.casefold()):
                return user
        raise LookupError(f"no user {who!r}; there are {', '.join(user.name for user in self.users.values())}")

    def chat(self, which: str) -> Chat:
        """Return the chat with this id or name; raises LookupError."""
        for chat in self.chats.values():
            if which and which in (chat.id, chat.name):
                return chat
        raise LookupError(f"no chat {which!r}; there are {', '.join(c.name for c in self.chats.values() if c.name)}")

    def people(self) -> list[User]:
        """Return those who have not resigned."""
        return [user for user in self.users.values() if user.standing != "resigned"]

    def set_standing(self, who: str, standing: Standing) -> None:
        """Say whether the bot can write to a person."""
        user = self.user(who)
        self.users[user.id] = replace(user, standing=standing)
        self.changed("user", user=user.id)

    def open_p2p(self, user_id: str) -> Chat:
        """Return the direct conversation of the bot with a person, made on first use."""
        for chat in self.chats.values():
            if chat.kind == "p2p" and chat.user == user_id:
                return chat
        number = len(self.chats) + 1
        return self.store(Chat(f"oc_{number:032x}", "", "p2p", user=user_id, members=frozenset({user_id})))

    def store(self, chat: Chat) -> Chat:
        """Keep a chat as it is now."""
        self.chats[chat.id] = chat
        self.changed("chat", chat=chat.id)
        return chat

    def sees(self, user_id: str, chat: Chat) -> bool:
        """Return whether a person is in a chat."""
        return not chat.dissolved and (chat.members is None or user_id in chat.members)

    # Messages

    def messages(self, chat_id: str, *, reader: str = "") -> list[Message]:
        """Return the messages of a chat, oldest first; with a reader, also the ephemeral ones of this person."""
        found = [message for message in self._messages.values() if message.chat == chat_id]
        if reader:
            found += [m for m in self.private(reader) if m.chat == chat_id and m.msg_type != "toast"]
        return sorted(found, key=lambda message: message.id)

    def private(self, reader: str) -> list[Message]:
        """Return what only this person was shown, ephemeral cards and toasts, oldest first."""
        return [message for message in self._private.values() if message.visible_to == reader]

    def message(self, message_id: str) -> Message | None:
        """Return one message, private ones included."""
        return self._messages.get(message_id) or self._private.get(message_id)

    def post(self, message: Message) -> Message:
        """Put a new message into its chat, or before its one reader."""
        store = self._private if message.visible_to else self._messages
        store[message.id] = message
        what = "toast" if message.msg_type == "toast" else "posted"
        self.changed(what, chat=message.chat, message=message.id, user=message.visible_to)
        return message

    def new_message(self, chat_id: str, author: str, msg_type: str, content: JsonObject) -> Message:
        """Return a message with the next id, not yet posted."""
        self._last_id += 1
        return Message(f"om_{self._last_id:032x}", chat_id, author, msg_type, content, self.clock.now())

    def edit(self, message: Message, content: JsonObject) -> Message:
        """Replace the content of a message."""
        changed = replace(message, content=content, edited=self.clock.now(), edits=message.edits + 1)
        store = self._private if message.visible_to else self._messages
        store[message.id] = changed
        self.changed("edited", chat=message.chat, message=message.id, user=message.visible_to)
        return changed

    def remove(self, message_id: str, code: int = 230011) -> None:
        """Recall a message (230011), or delete it (230110); raises LookupError."""
        message = self.message(message_id)
        if message is None:
            raise LookupError(f"no message {message_id}")
        self.gone[message.id] = code
        (self._private if message.visible_to else self._messages).pop(message.id)
        self.changed("recalled", chat=message.chat, message=message.id)

    # What the bot may do

    def writable(self, chat: Chat) -> Chat:
        """Return the chat if the bot may write there; raises Refusal."""
        if not self.app.bot_ability:
            raise Refusal(230006)
        if chat.dissolved:
            raise Refusal(232009)
        if not chat.bot_member:
            raise Refusal(230002)
        if chat.muted:
            raise Refusal(230018)
        if chat.user:
            self.reachable(self.users[chat.user])
        return chat

    def reachable(self, user: User) -> User:
        """Return the person if the bot may write to them; raises Refusal."""
        if user.standing != "active":
            raise Refusal(_UNREACHABLE[user.standing])
        return user

    # Tokens

    def issue_token(self) -> tuple[str, int]:
        """Return a tenant_access_token and the seconds it still lives."""
        now = self.clock.now()
        for token, until in self._tokens.items():
            if until - now > RENEWED_BELOW:
                return token, int((until - now).total_seconds())
        token = f"t-{secrets.token_hex(20)}"
        self._tokens[token] = now + self.app.token_life
        return token, int(self.app.token_life.total_seconds())

    def knows_token(self, token: str) -> bool:
        """Whether a token is one of ours and still lives."""
        until = self._tokens.get(token)
        return until is not None and until > self.clock.now()

    def revoke_tokens(self) -> None:
        """Make every token invalid at once."""
        self._tokens.clear()

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
