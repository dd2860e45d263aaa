"""People, chats and messages in the form in which the OpenAPI and the events show them."""

import json
from datetime import datetime

from bot.playground.feishu.tenant import Chat, Message, Tenant, User
from bot.playground.wire import JsonObject


def millis(at: datetime) -> str:
    """Return a time as Feishu writes it: milliseconds since 1970, in a string."""
    return str(int(at.timestamp() * 1000))


def ids_of(user: User) -> JsonObject:
    """Return the three ids of a person."""
    return {"open_id": user.id, "union_id": user.union_id, "user_id": user.user_id}


def chat_shape(tenant: Tenant, chat: Chat) -> JsonObject:
    """Return a group of the list of groups."""
    return {
        "chat_id": chat.id,
        "avatar": "",
        "name": chat.name,
        "description": "",
        "owner_id": next(iter(tenant.users), ""),
        "owner_id_type": "open_id",
        "external": False,
        "tenant_key": tenant.key,
        "chat_status": "dissolved" if chat.dissolved else "normal",
    }


def message_shape(tenant: Tenant, message: Message) -> JsonObject:
    """Return a message as the methods answer with it; `content` is a JSON string."""
    author = tenant.users.get(message.author)
    shape: JsonObject = {
        "message_id": message.id,
        "msg_type": message.msg_type,
        "create_time": millis(message.at),
        "update_time": millis(message.edited or message.at),
        "deleted": False,
        "updated": message.edits > 0,
        "chat_id": message.chat,
        "sender": {
            "id": message.author,
            "id_type": "open_id" if author else "app_id",
            "sender_type": "user" if author else "app",
            "tenant_key": tenant.key,
        },
        "body": {"content": json.dumps(message.content, ensure_ascii=False)},
    }
    if message.parent:
        shape |= {"parent_id": message.parent, "root_id": message.root}
    if message.in_thread:
        shape["thread_id"] = f"omt_{(message.root or message.id).removeprefix('om_')}"
    return shape


def members(tenant: Tenant, chat: Chat) -> list[User]:
    """Return the people of a chat."""
    return [user for user in tenant.people() if tenant.sees(user.id, chat)]
