"""What people do in Telegram, and what the bot is told of it.

In groups a bot with privacy mode on is told of commands, of mentions and of replies to it; in private chats of
everything.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qs, urlsplit

from bot.playground.telegram.clicks import Click, Clicks
from bot.playground.telegram.commands import Commands
from bot.playground.telegram.keyboards import Button, inline_buttons
from bot.playground.telegram.markup import Entity, Text, cut, units, with_found
from bot.playground.telegram.shapes import chat_shape, member_shape, message_shape, unix, user_shape
from bot.playground.telegram.updates import Update, Updates
from bot.playground.telegram.workspace import Chat, Draft, Message, Standing, Topic, User, Workspace
from bot.playground.wire import JsonObject

START_PARAMETER: Final = re.compile(r"[A-Za-z0-9_-]{0,64}")


class People:
    """The hands of everybody but the bot. `inaccessible`: clicks come without the content of their message."""

    def __init__(self, workspace: Workspace, updates: Updates, clicks: Clicks, commands: Commands) -> None:
        self._workspace = workspace
        self._updates = updates
        self._clicks = clicks
        self._commands = commands
        self.inaccessible = False

    # The private chat

    def press_start(self, who: str, parameter: str = "") -> Message:
        """Press Start in the private chat, or follow a link that carries a parameter; raises LookupError."""
        if START_PARAMETER.fullmatch(parameter) is None:
            raise LookupError(f"Telegram drops the start parameter {parameter!r}")
        user = self._workspace.user(who)
        if user.blocked:
            user = self.unblock(who)
        self._workspace.put_user(replace(user, started=True))
        return self.say(who, None, f"/start {parameter}".strip())

    def follow(self, who: str, link: str) -> Message:
        """Open a link to the bot, such as https://t.me/oncard_bot?start=abc, and press Start there."""
        parts = urlsplit(link)
        bot = self._workspace.bot.username
        if parts.hostname != "t.me" or parts.path.strip("/").lower() != bot.lower():
            raise LookupError(f"{link!r} is no link to @{bot}")
        return self.press_start(who, parse_qs(parts.query).get("start", [""])[0])

    def block(self, who: str) -> User:
        """Block the bot."""
        return self._set_blocked(who, blocked=True)

    def unblock(self, who: str) -> User:
        """Unblock the bot."""
        return self._set_blocked(who, blocked=False)

    def _set_blocked(self, who: str, *, blocked: bool) -> User:
        user = self._workspace.user(who)
        if user.blocked == blocked:
            return user
        was, now = ("member", "kicked") if blocked else ("kicked", "member")
        user = self._workspace.put_user(replace(user, blocked=blocked))
        self._standing(user, self._workspace.chats[user.id], was, now)
        return user

    # Messages

    def say(self, who: str, which: str | None, text: str, *, reply_to: int = 0, topic: int = 0) -> Message:
        """Write into a group, or into the private chat (None); raises LookupError where that is not possible.

        `@name` of a person without a username becomes a mention by name, as chosen from the client's list.
        """
        workspace = self._workspace
        user = workspace.user(who)
        chat = workspace.chats[user.id] if which is None else workspace.chat(which)
        if not workspace.sees(user.id, chat) or chat.deleted:
            raise LookupError(f"{user.name} is not in {chat.name}")
        if chat.kind == "private" and (user.blocked or not user.started):
            raise LookupError(f"{user.name} has not pressed Start, or has blocked the bot")
        written = with_found(_with_people(workspace, text))
        name = _command(workspace, written)
        hidden = bool(name) and workspace.ephemeral and self._commands.is_ephemeral(chat, name)
        draft = Draft(written.words, written.entities)
        message = workspace.new_message(chat.id, user.id, draft, visible_to=user.id if hidden else "")
        message = workspace.post(replace(message, reply_to=reply_to, topic=topic))
        if hidden:
            self._clicks.open_window(chat.id, user.id, message.at)
        if chat.here and self._is_told(chat, message):
            self._updates.add("message", message_shape(workspace, message), chat.id)
        return message

    def _is_told(self, chat: Chat, message: Message) -> bool:
        workspace, text = self._workspace, message.draft
        if chat.kind == "private" or chat.standing == "administrator" or not workspace.privacy:
            return True
        replied = workspace.message(chat.id, message.reply_to)
        if replied is not None and replied.author == workspace.bot.id:
            return True
        me = f"@{workspace.bot.username}".lower()
        words = [cut(text.text, e.offset, e.length).lower() for e in text.entities if e.kind == "mention"]
        to_me = any(e.kind == "text_mention" and e.argument == workspace.bot.id for e in text.entities)
        return me in words or to_me or bool(_command(workspace, Text(text.text, text.entities)))

    # Clicks

    def click(self, user: User, message: Message, button: Button) -> Click:
        """Click a button that has callback data, and tell the bot if it is still there."""
        workspace, now = self._workspace, self._workspace.clock.now()
        click = self._clicks.make(user.id, message.chat, message.id, now)
        content: JsonObject = {
            "id": click.id,
            "from": user_shape(user),
            "message": self._clicked(message),
            "chat_instance": str(abs(int(message.chat)) * 7919),
            "data": button.data,
        }
        if workspace.chats[message.chat].here and not user.blocked:
            self._updates.add("callback_query", content, f"{user.id} clicks")
        workspace.changed("clicked", chat=message.chat, message=message.id, user=user.id)
        return click

    def _clicked(self, message: Message) -> JsonObject:
        if not self.inaccessible:
            return message_shape(self._workspace, message)
        chat = chat_shape(self._workspace, self._workspace.chats[message.chat])
        return {"message_id": message.id, "chat": chat, "date": 0}

    # Groups

    def add_bot(self, which: str, by: str) -> None:
        """Bring the bot into a group."""
        chat = self._workspace.chat(which)
        self._place(by, chat, "member")
        self._service(by, self._workspace.chats[chat.id], {"new_chat_members": [user_shape(self._workspace.bot)]})

    def kick_bot(self, which: str, by: str) -> None:
        """Throw the bot out of a group, for good."""
        self._place(by, self._workspace.chat(which), "kicked")

    def place_bot(self, which: str, by: str, standing: Standing) -> None:
        """Make the bot an administrator, an ordinary or a restricted member, or remove it."""
        self._place(by, self._workspace.chat(which), standing)

    def delete_group(self, which: str) -> None:
        """Delete a group; the bot is not told."""
        self._workspace.put_chat(replace(self._workspace.chat(which), deleted=True))

    def migrate(self, which: str, by: str) -> Chat:
        """Make a supergroup of a group, and return it; raises LookupError if it is one."""
        old = self._workspace.chat(which)
        if old.kind != "group":
            raise LookupError(f"{old.name} is a {old.kind} already")
        new = self._workspace.put_chat(replace(old, id=f"-100{old.id.removeprefix('-')}", kind="supergroup"))
        self._service(by, old, {"migrate_to_chat_id": int(new.id)})
        self._workspace.put_chat(replace(old, migrated_to=new.id))
        self._service(by, new, {"migrate_from_chat_id": int(old.id)})
        return new

    def add_topic(self, which: str, name: str, by: str) -> Topic:
        """Open a topic in a forum, and return it."""
        chat = self._workspace.chat(which)
        opened = self._service(by, chat, {"forum_topic_created": {"name": name, "icon_color": 7322096}})
        topic = Topic(opened.id, name)
        self._workspace.put_chat(replace(chat, topics=(*chat.topics, topic)))
        return topic

    def close_topic(self, which: str, topic_id: int, by: str) -> None:
        """Close a topic."""
        chat = self._workspace.chat(which)
        topics = tuple(replace(topic, closed=topic.closed or topic.id == topic_id) for topic in chat.topics)
        self._service(by, self._workspace.put_chat(replace(chat, topics=topics)), {"forum_topic_closed": {}}, topic_id)

    def poison(self) -> Update | None:
        """Put an update into the queue that is no update at all; SDKs fail to read it."""
        return self._updates.add("message", {"message_id": "one", "date": "never"}, "poison")

    def _place(self, by: str, chat: Chat, standing: Standing) -> None:
        changed = self._workspace.put_chat(replace(chat, standing=standing))
        self._standing(self._workspace.user(by), changed, chat.standing, standing)

    def _standing(self, by: User, chat: Chat, was: Standing | str, now: Standing | str) -> None:
        bot = self._workspace.bot
        content: JsonObject = {
            "chat": chat_shape(self._workspace, chat),
            "from": user_shape(by),
            "date": unix(self._workspace.clock.now()),
            "old_chat_member": member_shape(bot, was),
            "new_chat_member": member_shape(bot, now),
        }
        self._updates.add("my_chat_member", content, chat.id)

    def _service(self, by: str, chat: Chat, tells: JsonObject, topic: int = 0) -> Message:
        author = self._workspace.user(by).id
        message = self._workspace.new_message(chat.id, author, Draft(service=tells))
        message = self._workspace.post(replace(message, topic=topic))
        if chat.here:
            self._updates.add("message", message_shape(self._workspace, message), chat.id)
        return message


def find_button(message: Message, wanted: str) -> Button:
    """Return the button with these words or this callback data; raises LookupError."""
    buttons = inline_buttons(message.draft.keyboard)
    for button in buttons:
        if wanted in (button.label, button.data):
            return button
    there = ", ".join(f"{button.label!r} ({button.data or button.url})" for button in buttons) or "none"
    raise LookupError(f"no button {wanted!r} on the message; there are: {there}")


def _with_people(workspace: Workspace, text: str) -> Text:
    """Replace `@name` of people without a username by a mention with their first name."""
    nameless = {u.name.casefold(): u for u in workspace.users.values() if not u.username}
    words, entities, last = "", [], 0
    for match in re.finditer(r"(?<![\w@])@(\w+)", text):
        user = nameless.get(match[1].casefold())
        if user is not None:
            words += text[last : match.start()]
            entities.append(Entity("text_mention", units(words), units(user.first_name), user.id))
            words, last = words + user.first_name, match.end()
    return Text(words + text[last:], tuple(entities))


def _command(workspace: Workspace, text: Text) -> str:
    """Return the name of the command that a text begins with, if it is not another bot's, else an empty text."""
    first: Iterable[Entity] = (e for e in text.entities if e.kind == "bot_command" and e.offset == 0)
    for entity in first:
        name, _, addressee = cut(text.words, 1, entity.length - 1).partition("@")
        if addressee.lower() in ("", workspace.bot.username.lower()):
            return name
    return ""
