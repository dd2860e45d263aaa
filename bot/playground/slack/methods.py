"""The Web API's methods: which scopes and how many calls a minute each has, and what it does.

Sources: https://docs.slack.dev/reference/methods, each method's own page. Methods that only read take their arguments
from the query or a form; a JSON body is not read by them, as with Slack.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.playground.slack import chat, directory, files, views
from bot.playground.slack.call import Call
from bot.playground.wire import JsonObject

TIER_2, TIER_3, TIER_4, SPECIAL = 20, 50, 100, 300


@dataclass(frozen=True, slots=True)
class Method:
    """One method: `scopes` are all needed; `app_token` methods take the app-level token instead."""

    run: Callable[[Call], JsonObject]
    per_minute: int
    scopes: frozenset[str] = field(default_factory=frozenset)
    json_body: bool = False
    app_token: bool = False
    per_channel: bool = False


def _scopes(*names: str) -> frozenset[str]:
    return frozenset(names)


_WRITE = _scopes("chat:write")
_FILES = _scopes("files:write")

METHODS: dict[str, Method] = {
    "api.test": Method(directory.api_test, SPECIAL, json_body=True),
    "auth.test": Method(directory.auth_test, SPECIAL, json_body=True),
    "apps.connections.open": Method(directory.open_connection, TIER_3, json_body=True, app_token=True),
    "chat.postMessage": Method(chat.post_message, SPECIAL, _WRITE, json_body=True, per_channel=True),
    "chat.postEphemeral": Method(chat.post_ephemeral, TIER_4, _WRITE, json_body=True),
    "chat.update": Method(chat.update, TIER_3, _WRITE, json_body=True),
    "chat.delete": Method(chat.delete, TIER_3, _WRITE, json_body=True),
    "chat.getPermalink": Method(chat.permalink, SPECIAL),
    "conversations.open": Method(directory.open_conversation, TIER_3, _scopes("im:write"), json_body=True),
    "conversations.info": Method(directory.conversation_info, TIER_3),
    "conversations.history": Method(directory.conversation_history, TIER_3),
    "conversations.replies": Method(directory.conversation_replies, TIER_3),
    "conversations.members": Method(directory.conversation_members, TIER_4),
    "conversations.list": Method(directory.list_conversations, TIER_2),
    "users.conversations": Method(directory.bot_conversations, TIER_3),
    "files.getUploadURLExternal": Method(files.get_upload_url, TIER_4, _FILES),
    "files.completeUploadExternal": Method(files.complete_upload, TIER_4, _FILES, json_body=True),
    "users.lookupByEmail": Method(directory.lookup_by_email, TIER_3, _scopes("users:read.email", "users:read")),
    "users.info": Method(directory.user_info, TIER_4, _scopes("users:read")),
    "users.list": Method(directory.list_users, TIER_2, _scopes("users:read")),
    "views.open": Method(views.open_view, TIER_4, json_body=True),
    "views.push": Method(views.push_view, TIER_4, json_body=True),
    "views.update": Method(views.update_view, TIER_4, json_body=True),
}
