"""Telegram as the page draws it: what one person sees, and what they do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from bot.playground.telegram.server import TelegramServer
from bot.playground.telegram.shapes import entity_shape
from bot.playground.telegram.workspace import Chat, Draft, Message, User, Workspace
from bot.playground.wire import JsonObject, as_object, as_text

SHOWN: Final = 100
"""How many of the newest messages of a chat are drawn."""

FLOOD_SECONDS: Final = 30
TYPING_LIFE: Final = timedelta(seconds=5)
RATE_LIMIT: Final = "rate limit"
KICK: Final = "kick the bot"


@dataclass(slots=True)
class _Screen:
    """What one person has on the screen of one chat beside its messages: the message they are about to reply to."""

    replying: int = 0
    dropped: set[int] = field(default_factory=set)
    """Requests for a reply that were closed or answered."""


class TelegramPane:
    """The page's view of one Telegram server."""

    platform = "telegram"

    def __init__(self, server: TelegramServer, *, pane_id: str = "telegram") -> None:
        self._server = server
        self._workspace: Workspace = server.workspace
        self._screens: dict[tuple[str, str], _Screen] = {}
        self._closed: set[int] = set()
        self.id = pane_id

    @property
    def title(self) -> str:
        """The name that people read."""
        return self._workspace.name

    @property
    def plugged(self) -> bool:
        """Whether the app can reach Telegram."""
        return self._server.plugged

    async def pull_plug(self) -> None:
        """Make Telegram vanish for the app."""
        await self._server.pull_plug()

    async def put_back(self) -> None:
        """Bring it back."""
        await self._server.put_back()

    def switches(self) -> Mapping[str, bool]:
        """Return the lasting trouble that the page offers, and whether it lasts now."""
        groups = self._groups()
        kicked = bool(groups) and all(chat.standing == "kicked" for chat in groups)
        return {RATE_LIMIT: self._server.pace.flood > 0, KICK: kicked}

    async def switch(self, name: str) -> None:
        """Begin a trouble, or end it; raises LookupError if none is called that."""
        if name not in self.switches():
            raise LookupError(f"nothing is called {name!r}")
        lasts = self.switches()[name]
        if name == RATE_LIMIT:
            self._server.pace.flood = 0 if lasts else FLOOD_SECONDS
            self._workspace.changed("pace")
            return
        by = self._workspace.people()[0].id
        for chat in self._groups():
            if lasts:
                self._server.people.add_bot(chat.id, by)
            else:
                self._server.people.kick_bot(chat.id, by)

    def people(self) -> list[JsonObject]:
        """Return the people, and how many messages each has in the private chat."""
        return [{**_person(u), "direct": len(self._workspace.messages(u.id))} for u in self._workspace.people()]

    def chats(self, person: str) -> list[JsonObject]:
        """Return a person's groups and their private chat with the bot."""
        seen = [chat for chat in self._groups() if self._workspace.sees(person, chat)]
        direct = [self._workspace.chats[person]] if person in self._workspace.chats else []
        return [self._chat(person, chat) for chat in [*seen, *direct]]

    def conversation(self, person: str, chat: str) -> JsonObject:
        """Return the newest messages of a chat and everything needed to draw them."""
        place = self._workspace.chats.get(chat)
        user = self._workspace.users.get(person)
        if place is None or user is None or not self._workspace.sees(person, place):
            raise LookupError(f"no chat {chat!r} for {person!r}")
        messages = self._visible(person, place)
        return {
            "chat": self._chat(person, place),
            "messages": [self._message(message) for message in messages[-SHOWN:]],
            "users": [_person(known) for known in self._workspace.users.values()],
            "notice": self._notice(person),
            "replying": self._replying(person, place),
            "keyboard": _reply_keyboard(messages),
            "stopped": place.kind == "private" and (user.blocked or not user.started),
            "blocked": user.blocked,
            "typing": self._is_typing(chat),
        }

    def picture(self, person: str, name: str) -> bytes:
        """Return a photo that the person sees; raises LookupError."""
        for chat in self._workspace.chats.values():
            seen = self._visible(person, chat) if self._workspace.sees(person, chat) else []
            for photo in (message.draft.photo for message in seen):
                if photo is not None and photo.id == name:
                    return photo.data
        raise LookupError(f"no photo {name!r} for {person!r}")

    async def act(self, person: str, action: JsonObject) -> str:
        """Click, write, reply, press Start, block or close; return what went wrong for the person to read."""
        chat = as_text(action.get("chat"))
        if person not in self._workspace.users or chat not in self._workspace.chats:
            raise LookupError(f"no person {person!r} or no chat {chat!r}")
        message = action.get("message")
        number = message if isinstance(message, int) else 0
        match action.get("do"):
            case "click":
                return await self._click(person, chat, number, action)
            case "write":
                return self._write(person, chat, as_text(action.get("text")).strip())
            case "start":
                self._server.people.press_start(person)
            case "block":
                self._server.people.block(person)
            case "reply":
                self._screen(person, chat).replying = number
            case "drop":
                self._drop(person, chat, number)
            case "close":
                self._closed.add(number)
            case other:
                raise LookupError(f"nothing is called {other!r}")
        self._workspace.changed("screen", user=person)
        return ""

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell` after every change."""
        return self._workspace.watch(lambda _change: tell())

    async def _click(self, person: str, chat: str, message: int, action: JsonObject) -> str:
        wanted, ephemeral = as_text(action.get("button")), action.get("ephemeral") is True
        answer = await self._server.click(person, chat, message, wanted, ephemeral=ephemeral)
        if answer.url:
            self._server.people.follow(person, answer.url)
        return f"Nothing happened: {answer.why}." if answer.why else ""

    def _write(self, person: str, chat: str, text: str) -> str:
        place = self._workspace.chats[chat]
        replying = self._replying(person, place)
        number = replying.get("id") if replying else 0
        reply_to = number if isinstance(number, int) else 0
        try:
            where = None if place.kind == "private" else chat
            self._server.people.say(person, where, text, reply_to=reply_to)
        except LookupError as impossible:
            return f"Not sent: {impossible}."
        self._drop(person, chat, reply_to)
        return ""

    def _drop(self, person: str, chat: str, message: int) -> None:
        screen = self._screen(person, chat)
        screen.replying = 0
        screen.dropped.add(message)

    def _screen(self, person: str, chat: str) -> _Screen:
        return self._screens.setdefault((person, chat), _Screen())

    def _groups(self) -> list[Chat]:
        groups = [chat for chat in self._workspace.chats.values() if chat.kind != "private"]
        return [chat for chat in groups if not chat.migrated_to and not chat.deleted]

    def _visible(self, person: str, chat: Chat) -> list[Message]:
        messages = self._workspace.messages(chat.id, reader=person)
        replaced = {message.replaces for message in messages if message.replaces}
        return [m for m in messages if m.visible_to or m.id not in replaced]

    def _chat(self, person: str, chat: Chat) -> JsonObject:
        messages = self._visible(person, chat)
        direct = chat.kind == "private"
        members = [user for user in self._workspace.people() if self._workspace.sees(user.id, chat)]
        return {
            "id": chat.id,
            "name": self._workspace.bot.first_name if direct else chat.name,
            "kind": "direct" if direct else "channel",
            "private": False,
            "archived": False,
            "members": len(members),
            "count": len(messages),
            "latest": messages[-1].at.isoformat() if messages else "",
        }

    def _message(self, message: Message) -> JsonObject:
        workspace, draft = self._workspace, message.draft
        replied = workspace.message(message.chat, message.reply_to) if message.reply_to else None
        topics = {topic.id: topic.name for topic in workspace.chats[message.chat].topics}
        return {
            "id": message.id,
            "user": message.author,
            "at": message.at.isoformat(),
            "text": draft.text,
            "entities": [entity_shape(workspace, entity) for entity in draft.entities],
            "rows": as_object(draft.keyboard).get("inline_keyboard", []),
            "reply": None if replied is None else self._quote(replied),
            "service": self._service(message),
            "edits": message.edits,
            "ephemeral": bool(message.visible_to),
            "silent": message.silent,
            "topic": topics.get(message.topic, ""),
            "photo": draft.photo.id if draft.photo else "",
        }

    def _quote(self, message: Message) -> JsonObject:
        name = self._workspace.users[message.author].first_name
        return {"id": message.id, "user": message.author, "name": name, "text": message.draft.text}

    def _service(self, message: Message) -> str:
        """Return the words of a service message, nothing for others."""
        if message.draft.service is None:
            return ""
        who, bot = self._workspace.users[message.author].first_name, self._workspace.bot.first_name
        said = {
            "new_chat_members": f"{who} added {bot}",
            "migrate_to_chat_id": f"{who} made this a supergroup",
            "migrate_from_chat_id": "The group was upgraded to a supergroup",
            "forum_topic_created": f"{who} opened a topic",
            "forum_topic_closed": f"{who} closed the topic",
        }
        return next((said[key] for key in message.draft.service if key in said), "")

    def _notice(self, person: str) -> JsonObject | None:
        mine = [notice for notice in self._workspace.notices if notice.user == person]
        if not mine or mine[-1].id in self._closed:
            return None
        return {"id": mine[-1].id, "text": mine[-1].text, "alert": mine[-1].alert, "chat": mine[-1].chat}

    def _replying(self, person: str, chat: Chat) -> JsonObject | None:
        """Return what the person's next words answer: a message they chose, or one that asks for a reply."""
        screen = self._screen(person, chat.id)
        chosen = self._workspace.message(chat.id, screen.replying) if screen.replying else None
        if chosen is not None:
            return self._quote(chosen)
        for message in reversed(self._visible(person, chat)[-SHOWN:]):
            asked = as_object(message.draft.keyboard)
            if asked.get("force_reply") is True and message.id not in screen.dropped and self._for(person, message):
                return {**self._quote(message), "hint": as_text(asked.get("input_field_placeholder"))}
        return None

    def _for(self, person: str, message: Message) -> bool:
        """Return whether a request for a reply is for this person: a selective one names them, or answers them."""
        if as_object(message.draft.keyboard).get("selective") is not True or message.chat == person:
            return True
        replied = self._workspace.message(message.chat, message.reply_to)
        user = self._workspace.users[person]
        return (replied is not None and replied.author == person) or _names(message.draft, user)

    def _is_typing(self, chat: str) -> bool:
        since = self._workspace.typing.get(chat)
        return since is not None and self._workspace.clock.now() - since < TYPING_LIFE


def _names(draft: Draft, user: User) -> bool:
    by_name = any(entity.kind == "text_mention" and entity.argument == user.id for entity in draft.entities)
    return by_name or (bool(user.username) and f"@{user.username}".lower() in draft.text.lower().split())


def _reply_keyboard(messages: list[Message]) -> object:
    """Return the rows of the reply keyboard that is shown now."""
    for message in reversed(messages):
        keyboard = as_object(message.draft.keyboard)
        if "remove_keyboard" in keyboard:
            return []
        if "keyboard" in keyboard:
            return keyboard["keyboard"]
    return []


def _person(user: User) -> JsonObject:
    return {"id": user.id, "name": user.first_name, "handle": user.name, "bot": user.is_bot}
