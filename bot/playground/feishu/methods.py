"""The methods of the OpenAPI that there are: how each is reached, and any one of which scopes it needs."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.playground.feishu import directory, images, messages
from bot.playground.feishu.call import Call
from bot.playground.wire import JsonObject

Run = Callable[[Call], JsonObject]

_SEND: Final = frozenset({"im:message", "im:message:send", "im:message:send_as_bot"})
_UPDATE: Final = _SEND | {"im:message:update"}
_FILES: Final = frozenset({"im:resource", "im:resource:upload"})
_CHATS: Final = frozenset({"im:chat", "im:chat:read", "im:chat:readonly"})
_PEOPLE: Final = frozenset({"contact:user.id:readonly"})


@dataclass(frozen=True, slots=True)
class Method:
    """One method; `wraps` says where its answer stands in the body: under `data`, `bot`, or beside the code ("")."""

    name: str
    verb: str
    path: str
    run: Run
    scopes: frozenset[str] = frozenset()
    wraps: str = "data"
    with_token: bool = True


ALL: Final = (
    Method(
        "auth.v3.tenant_access_token.internal",
        "POST",
        "auth/v3/tenant_access_token/internal",
        directory.token,
        wraps="",
        with_token=False,
    ),
    Method("bot.v3.info", "GET", "bot/v3/info", directory.bot_info, wraps="bot"),
    Method("contact.v3.user.batch_get_id", "POST", "contact/v3/users/batch_get_id", directory.batch_get_id, _PEOPLE),
    Method("im.v1.chat.list", "GET", "im/v1/chats", directory.list_chats, _CHATS),
    Method("im.v1.chat.get", "GET", "im/v1/chats/{chat_id}", directory.get_chat, _CHATS),
    Method("im.v1.image.create", "POST", "im/v1/images", images.create, _FILES),
    Method("im.v1.message.create", "POST", "im/v1/messages", messages.create, _SEND),
    Method("im.v1.message.patch", "PATCH", "im/v1/messages/{message_id}", messages.patch, _UPDATE),
    Method("im.v1.message.delete", "DELETE", "im/v1/messages/{message_id}", messages.delete, _UPDATE),
    Method("im.v1.message.reply", "POST", "im/v1/messages/{message_id}/reply", messages.reply, _SEND),
    Method("ephemeral.v1.send", "POST", "ephemeral/v1/send", messages.send_ephemeral, _SEND),
    Method("ephemeral.v1.delete", "POST", "ephemeral/v1/delete", messages.delete_ephemeral, _SEND),
)
METHODS: Final = {method.name: method for method in ALL}
_PATTERNS: Final = [
    (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", method.path.rstrip("/")))) for method in ALL
]


def find(verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """Return the method that is reached so, and the arguments in its path."""
    for method, pattern in _PATTERNS:
        match = pattern.fullmatch(path.strip("/"))
        if match and method.verb == verb:
            return method, match.groupdict()
    return None
