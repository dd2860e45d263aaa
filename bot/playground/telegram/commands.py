"""The commands that the bot has published, by scope and language.

Limits: https://core.telegram.org/bots/api#botcommand; the words of the refusals of faulty commands are the server's.
"""

import json
import re
from dataclasses import dataclass
from typing import Final

from bot.playground.telegram.refusal import bad_request
from bot.playground.telegram.workspace import Chat
from bot.playground.wire import JsonObject, as_text

MOST: Final = 100
NAME: Final = re.compile(r"[a-z0-9_]{1,32}")
DESCRIPTION: Final = 256
WIDE: Final = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a list of commands is shown, and in which language."""

    kind: str = "default"
    chat: str = ""
    user: str = ""
    language: str = ""


class Commands:
    """The published lists."""

    def __init__(self) -> None:
        self._lists: dict[Scope, list[JsonObject]] = {}

    def publish(self, scope: Scope, commands: list[JsonObject]) -> None:
        """Replace the list of a scope; an empty one takes it away."""
        self._lists[scope] = commands
        if not commands:
            del self._lists[scope]

    def published(self, scope: Scope) -> list[JsonObject]:
        """Return the list of exactly this scope."""
        return self._lists.get(scope, [])

    def shown(self, chat: Chat) -> list[JsonObject]:
        """Return the list that people of a chat are offered: that of the narrowest scope there is."""
        wide = "all_private_chats" if chat.kind == "private" else "all_group_chats"
        for scope in (Scope("chat", chat.id), Scope(wide), Scope()):
            if scope in self._lists:
                return self._lists[scope]
        return []

    def is_ephemeral(self, chat: Chat, name: str) -> bool:
        """Return whether a command typed into a group is seen by its author and the bot alone."""
        listed = [item for item in self.shown(chat) if item.get("command") == name]
        return chat.kind != "private" and any(item.get("is_ephemeral") is True for item in listed)


def read_scope(value: JsonObject, language: str) -> Scope:
    """Return the scope that a call names; raises `Refusal`."""
    kind = as_text(value.get("type")) if value else "default"
    if kind in WIDE:
        return Scope(kind, language=language)
    if kind not in ("chat", "chat_administrators", "chat_member"):
        raise bad_request("Can't parse BotCommandScope: Unsupported type specified")
    chat = str(value.get("chat_id") or "")
    if not chat:
        raise bad_request("Can't parse BotCommandScope: Empty chat_id specified")
    user = str(value.get("user_id") or "") if kind == "chat_member" else ""
    if kind == "chat_member" and not user:
        raise bad_request("Can't parse BotCommandScope: Invalid user_id specified")
    return Scope(kind, chat, user, language)


def read_commands(value: object) -> list[JsonObject]:
    """Return the commands that a call publishes; raises `Refusal`."""
    if not isinstance(value, list):
        raise bad_request("Expected an Array of BotCommand")
    if len(value) > MOST:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    return [_command(item) for item in value]


def _command(item: object) -> JsonObject:
    if not isinstance(item, dict):
        raise bad_request("Can't parse BotCommand: expected an Object")
    for key in ("command", "description"):
        if not isinstance(item.get(key), str):
            raise bad_request(f"Can't parse BotCommand: Can't find field \"{key}\"")
    name, description = str(item["command"]).removeprefix("/"), str(item["description"])
    if NAME.fullmatch(name) is None:
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= DESCRIPTION:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    plain: JsonObject = {"command": name, "description": description}
    return {**plain, "is_ephemeral": True} if item.get("is_ephemeral") is True else plain


def scope_of(call_scope: str, language: str) -> Scope:
    """Return the scope in the JSON text of a call, the default one if it is empty; raises `Refusal`."""
    try:
        value = json.loads(call_scope) if call_scope else {}
    except ValueError:
        raise bad_request("Can't parse BotCommandScope JSON object") from None
    if not isinstance(value, dict):
        raise bad_request("Can't parse BotCommandScope: BotCommandScope must be an Object")
    return read_scope(value, language)
