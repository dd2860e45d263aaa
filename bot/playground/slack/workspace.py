"""What a Slack workspace remembers: people, channels, direct messages, messages, tokens.

It is synchronous and knows no wire format but that of stored messages. Times come from the given clock; every change is
told to those who watch. Where Slack refuses for a reason of state, the methods raise `Refusal` with Slack's code.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from bot.clock import Clock
from bot.playground.slack.refusal import Refusal
from bot.playground.wire import JsonObject

Kind = Literal["public", "private", "im"]

DEFAULT_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:read",
        "chat:write",
        "chat:write.public",
        "commands",
        "dnd:read",
        "files:write",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "users:read",
        "users:read.email",
    }
)


@dataclass(frozen=True, slots=True)
class User:
    """A person or bot of the workspace; `name` is the handle."""

    id: str
    name: str
    real_name: str
    email: str = ""
    tz: str = "Etc/UTC"
    deleted: bool = False
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation; `user` is the person of a direct message with the bot; no `members` means everybody."""

    id: str
    name: str
    kind: Kind
    bot_member: bool = True
    archived: bool = False
    user: str = ""
    members: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The content of a message, in Slack's wire format."""

    text: str = ""
    blocks: tuple[JsonObject, ...] = ()
    attachments: tuple[JsonObject, ...] = ()
    metadata: JsonObject | None = None
    files: tuple[str, ...] = ()
    """The ids of the files that are shared by it."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that was asked to be uploaded; `data` empty: not yet. `shared`: its upload was completed."""

    id: str
    name: str
    length: int
    alt: str
    at: datetime
    data: bytes = b""
    title: str = ""
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message; `edits` counts its updates, `visible_to` is the one reader of an ephemeral message."""

    channel: str
    ts: str
    author: str
    draft: Draft
    at: datetime
    thread_ts: str = ""
    broadcast: bool = False
    edited: str = ""
    edits: int = 0
    visible_to: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that readers of the workspace would see; `what` is a word such as `posted`, `edited`, `deleted`."""

    what: str
    at: datetime
    channel: str = ""
    ts: str = ""
    user: str = ""


@dataclass(slots=True)
class Tokens:
    """The secrets of the one installed app; a revoked bot token is answered `token_revoked`."""

    bot: str = field(default_factory=lambda: f"xoxb-{secrets.token_hex(12)}", repr=False)
    app: str = field(default_factory=lambda: f"xapp-1-{secrets.token_hex(12)}", repr=False)
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    revoked: bool = False


class Workspace:
    """One Slack team with one installed app."""

    def __init__(self, clock: Clock, name: str = "Example", *, app_name: str = "oncard") -> None:
        self.clock = clock
        self.name = name
        self.team_id = "T00000001"
        self.app_id = "A00000001"
        self.bot_id = "B00000001"
        self.tokens = Tokens()
        self.scopes = DEFAULT_SCOPES
        self.messages_tab = True
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.addresses: dict[str, str] = {}
        self._messages: dict[str, dict[str, Message]] = {}
        self._ephemeral: dict[str, dict[str, Message]] = {}
        self._last_ts = (0, 0)
        self._watchers: list[Callable[[Change], None]] = []
        self.bot = self.add_user(app_name, real_name=app_name.capitalize(), is_bot=True)

    # People and channels

    def add_user(
        self, name: str, *, real_name: str = "", email: str = "", tz: str = "Etc/UTC", is_bot: bool = False
    ) -> User:
        """Add a person (or a bot) with the handle `name`; the e-mail is `name`@example.com unless given."""
        address = "" if is_bot else email or f"{name}@example.com"
        user = User(f"U{len(self.users) + 1:08d}", name, real_name or name.capitalize(), address, tz, is_bot=is_bot)
        self.users[user.id] = user
        self.changed("user", user=user.id)
        return user

    def add_channel(
        self, name: str, *, private: bool = False, bot_member: bool = True, members: Iterable[str] | None = None
    ) -> Channel:
        """Add a channel; `members` are handles or ids, everybody if not given."""
        ids = None if members is None else frozenset(self.user(member).id for member in members)
        number = len(self.channels) + 1
        channel = Channel(f"C{number:08d}", name, "private" if private else "public", bot_member, members=ids)
        return self._store(channel)

    def user(self, who: str) -> User:
        """Return the user with this id, handle, name or e-mail; raises LookupError."""
        wanted = who.removeprefix("@").casefold()
        for user in self.users.values():
            if wanted in (user.id.casefold(), user.name.casefold(), user.real_name.casefold(), user.email.casefold()):
                return user
        raise LookupError(f"no user {who!r}; there are {', '.join(user.name for user in self.users.values())}")

    def channel(self, which: str) -> Channel:
        """Return the channel with this id or name; raises LookupError."""
        wanted = which.removeprefix("#")
        for channel in self.channels.values():
            if wanted in (channel.id, channel.name):
                return channel
        raise LookupError(f"no channel {which!r}; there are {', '.join(c.name for c in self.channels.values())}")

    def people(self) -> list[User]:
        """Return the users that are people and still there."""
        return [user for user in self.users.values() if not user.is_bot and not user.deleted]

    def deactivate(self, who: str) -> None:
        """Deactivate a person: still in the directory, marked deleted."""
        user = self.user(who)
        self.users[user.id] = replace(user, deleted=True)
        self.changed("user", user=user.id)

    def open_dm(self, user_id: str) -> Channel:
        """Return the direct conversation between the bot and a person, made on first use."""
        for channel in self.channels.values():
            if channel.kind == "im" and channel.user == user_id:
                return channel
        number = len(self.channels) + 1
        return self._store(Channel(f"D{number:08d}", "", "im", user=user_id, members=frozenset({user_id})))

    def set_bot_member(self, which: str, *, member: bool) -> None:
        """Invite the bot into a channel, or remove it."""
        self._store(replace(self.channel(which), bot_member=member))

    def set_archived(self, which: str, *, archived: bool) -> None:
        """Archive a channel, or bring it back."""
        self._store(replace(self.channel(which), archived=archived))

    def sees(self, user_id: str, channel: Channel) -> bool:
        """Return whether a person is in a channel."""
        return channel.members is None or user_id in channel.members

    # Messages

    def messages(self, channel_id: str, *, reader: str = "") -> list[Message]:
        """Return the messages of a channel, oldest first; with a reader, also those only this person sees."""
        found = list(self._messages.get(channel_id, {}).values())
        private = [m for m in self._ephemeral.get(channel_id, {}).values() if reader and m.visible_to == reader]
        return sorted([*found, *private], key=lambda message: message.ts) if private else found

    def message(self, channel_id: str, ts: str) -> Message | None:
        """Return one message, ephemeral ones included."""
        return self._messages.get(channel_id, {}).get(ts) or self._ephemeral.get(channel_id, {}).get(ts)

    def post(self, message: Message) -> Message:
        """Put a new message where its channel says, ephemeral if it has a single reader, and return it."""
        store = self._ephemeral if message.visible_to else self._messages
        store.setdefault(message.channel, {})[message.ts] = message
        self.changed("posted", channel=message.channel, ts=message.ts, user=message.visible_to)
        return message

    def new_message(self, channel_id: str, author: str, draft: Draft) -> Message:
        """Return a message with the next timestamp, not yet posted."""
        return Message(channel_id, self.next_ts(), author, draft, self.clock.now())

    def say(self, who: str, which: str, text: str) -> Message:
        """Post as a person."""
        return self.post(self.new_message(self.channel(which).id, self.user(who).id, Draft(text)))

    def edit(self, message: Message, draft: Draft) -> Message:
        """Replace the content of a message; Slack shows no `(edited)` where there are blocks."""
        edited = "" if draft.blocks or draft.attachments else self.next_ts()
        changed = replace(message, draft=draft, edited=edited, edits=message.edits + 1)
        store = self._ephemeral if message.visible_to else self._messages
        store[message.channel][message.ts] = changed
        self.changed("edited", channel=message.channel, ts=message.ts, user=message.visible_to)
        return changed

    def delete(self, message: Message) -> None:
        """Remove a message."""
        store = self._ephemeral if message.visible_to else self._messages
        del store[message.channel][message.ts]
        self.changed("deleted", channel=message.channel, ts=message.ts, user=message.visible_to)

    def next_ts(self) -> str:
        """Return a timestamp later than every one before: Slack's identity of a message in its channel."""
        now = self.clock.now()
        wanted = (int(now.timestamp()), now.microsecond)
        seconds, micros = max(wanted, (self._last_ts[0], self._last_ts[1] + 1))
        if micros >= 1_000_000:
            seconds, micros = seconds + 1, 0
        self._last_ts = (seconds, micros)
        return f"{seconds}.{micros:06d}"

    # What the bot may do

    def destination(self, address: str) -> Channel:
        """Return where a new message to `address` goes: a channel's id or name, a DM's id, or a person's id.

        A message to a deactivated person is accepted, as Slack does (slackapi/python-slack-sdk#1156).
        """
        user = self.users.get(address)
        if user is not None:
            if user.is_bot:
                raise Refusal("cannot_dm_bot")
            return self.writable(self.open_dm(user.id), to_post=True)
        named = [c for c in self.channels.values() if c.kind == "public" and c.name == address.removeprefix("#")]
        return self.writable(named[0] if named else self.known(address), to_post=True)

    def known(self, channel_id: str) -> Channel:
        """Return the channel, if the bot can know of it; a private one it is not in does not exist for it."""
        channel = self.channels.get(channel_id)
        if channel is None or (channel.kind == "private" and not channel.bot_member):
            raise Refusal("channel_not_found")
        return channel

    def writable(self, channel: Channel, *, to_post: bool) -> Channel:
        """Return the channel if the bot may write there; raises Refusal."""
        if channel.archived:
            raise Refusal("is_archived" if to_post else "is_inactive")
        if channel.kind == "im" and not self.messages_tab:
            raise Refusal("messages_tab_disabled")
        joined = channel.bot_member or (channel.kind == "public" and "chat:write.public" in self.scopes)
        if not joined:
            raise Refusal("not_in_channel")
        return channel

    # Those who watch

    def watch(self, watcher: Callable[[Change], None]) -> Callable[[], None]:
        """Call `watcher` with each change from now on, until the returned function is called."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def changed(self, what: str, *, channel: str = "", ts: str = "", user: str = "") -> None:
        """Tell those who watch."""
        change = Change(what, self.clock.now(), channel, ts, user)
        for watcher in tuple(self._watchers):
            watcher(change)

    def _store(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        self.changed("channel", channel=channel.id)
        return channel
