"""Events that people cause: messages, and the bot's coming to groups and going from them.

Sources: https://open.feishu.cn/document/server-docs/im-v1/message/events/receive and
.../group/chat-member/event/added-2.
"""

import json
import re
from dataclasses import replace
from typing import Final

from bot.playground.feishu.delivery import Delivery
from bot.playground.feishu.shapes import ids_of, millis
from bot.playground.feishu.tenant import Chat, Message, Tenant, User
from bot.playground.wire import JsonObject

EVERYBODY: Final = "all"
ALL_MESSAGES: Final = "im:message.group_msg"
AT_BOT: Final = frozenset({"im:message.group_at_msg", "im:message.group_at_msg:readonly"})
DIRECT: Final = frozenset({"im:message.p2p_msg", "im:message.p2p_msg:readonly"})

_MENTION: Final = re.compile(r"@([\w-]+)")


class Events:
    """Does what a person does, and tells the app of it if it may hear."""

    def __init__(self, tenant: Tenant, delivery: Delivery) -> None:
        self._tenant = tenant
        self._delivery = delivery

    def typed(self, user: User, chat: str | None, text: str, reply_to: str) -> Message:
        """Post what a person wrote, in a group or (None) to the bot; raises LookupError."""
        tenant = self._tenant
        where = tenant.open_p2p(user.id) if chat is None else tenant.chat(chat)
        if not tenant.sees(user.id, where):
            raise LookupError(f"{user.name} is not in {where.name or 'this conversation'}")
        content, mentions = _with_placeholders(tenant, text)
        message = replace(tenant.new_message(where.id, user.id, "text", {"text": content}), mentions=mentions)
        if reply_to:
            parent = tenant.message(reply_to)
            if parent is None:
                raise LookupError(f"no message {reply_to}")
            message = replace(message, parent=parent.id, root=parent.root or parent.id, in_thread=parent.in_thread)
        tenant.post(message)
        if _heard(tenant, where, message):
            self._delivery.tell("im.message.receive_v1", _received(tenant, where, user, message))
        return message

    def bot_moved(self, chat: Chat, by: User, *, member: bool) -> None:
        """Add the bot to a group, or remove it."""
        self._tenant.store(replace(chat, bot_member=member))
        kind = "added" if member else "deleted"
        self._delivery.tell(f"im.chat.member.bot.{kind}_v1", _group_event(self._tenant, chat, by))

    def disbanded(self, chat: Chat, by: User, *, keep_history: bool) -> None:
        """Dissolve a group; nobody is told if its history is kept, or if the bot is not in it."""
        self._tenant.store(replace(chat, dissolved=True))
        if chat.bot_member and not keep_history:
            self._delivery.tell("im.chat.disbanded_v1", _group_event(self._tenant, chat, by))


def _group_event(tenant: Tenant, chat: Chat, by: User) -> JsonObject:
    return {
        "chat_id": chat.id,
        "operator_id": ids_of(by),
        "external": False,
        "operator_tenant_key": tenant.key,
        "name": chat.name,
        "i18n_names": {"zh_cn": chat.name, "en_us": chat.name, "ja_jp": chat.name},
    }


def _with_placeholders(tenant: Tenant, text: str) -> tuple[str, tuple[JsonObject, ...]]:
    """Return the text with `@_user_1` for the first who is mentioned, and who they are."""
    app = tenant.app
    mentions: list[JsonObject] = []

    def placeholder(found: re.Match[str]) -> str:
        name = found[1]
        if name.casefold() == EVERYBODY:
            return "@_all"
        ids: JsonObject
        if name.casefold() == app.name.casefold():
            ids, shown = {"open_id": app.open_id, "union_id": "on_b07", "user_id": ""}, app.name
        else:
            try:
                person = tenant.user(name)
            except LookupError:
                return found[0]
            ids, shown = ids_of(person), person.real_name
        key = f"@_user_{len(mentions) + 1}"
        mentions.append({"key": key, "id": ids, "name": shown, "tenant_key": tenant.key})
        return key

    return _MENTION.sub(placeholder, text), tuple(mentions)


def _heard(tenant: Tenant, chat: Chat, message: Message) -> bool:
    """Whether the app hears of a message: its scopes say of which ones."""
    scopes = tenant.app.scopes
    if not chat.bot_member:
        return False
    if chat.kind == "p2p":
        return bool(scopes & DIRECT)
    at_bot = any(mention["name"] == tenant.app.name for mention in message.mentions)
    return ALL_MESSAGES in scopes or (at_bot and bool(scopes & AT_BOT))


def _received(tenant: Tenant, chat: Chat, user: User, message: Message) -> JsonObject:
    shape: JsonObject = {
        "message_id": message.id,
        "create_time": millis(message.at),
        "update_time": millis(message.at),
        "chat_id": chat.id,
        "chat_type": chat.kind,
        "message_type": message.msg_type,
        "content": json.dumps(message.content, ensure_ascii=False),
    }
    if message.parent:
        shape |= {"root_id": message.root, "parent_id": message.parent}
    if message.mentions:
        shape["mentions"] = list(message.mentions)
    return {
        "sender": {"sender_id": ids_of(user), "sender_type": "user", "tenant_key": tenant.key},
        "message": shape,
    }
