"""Who and what there is: the app itself, people by e-mail or mobile, groups, and the app's token.

Sources: https://open.feishu.cn/document/server-docs/authentication-management/access-token/tenant_access_token_internal,
.../contact-v3/user/batch_get_id, .../im-v1/chat/list, .../bot-v3/bot_info.
"""

from typing import Final

from bot.playground.feishu.call import Call
from bot.playground.feishu.refusal import Refusal, invalid_field
from bot.playground.feishu.shapes import chat_shape, ids_of, members
from bot.playground.feishu.tenant import User
from bot.playground.wire import JsonObject, as_list, as_text

MOST_LOOKED_UP: Final = 50


def token(call: Call) -> JsonObject:
    """Give the app a token for its secret; 10003 for an app that is not there, 10014 for a wrong secret."""
    app = call.tenant.app
    if as_text(call.body.get("app_id")) != app.id:
        raise Refusal(10003)
    if as_text(call.body.get("app_secret")) != app.secret:
        raise Refusal(10014)
    value, seconds = call.tenant.issue_token()
    return {"tenant_access_token": value, "expire": seconds}


def bot_info(call: Call) -> JsonObject:
    """Say who the bot is."""
    app = call.tenant.app
    if not app.bot_ability:
        raise Refusal(11205, "app do not have bot")
    return {"activate_status": 2, "app_name": app.name, "avatar_url": "", "ip_white_list": [], "open_id": app.open_id}


def batch_get_id(call: Call) -> JsonObject:
    """Find people by e-mail and mobile; one who is not found, or not visible to the app, has no `user_id`."""
    kind = call.asked("user_id_type", "open_id", "union_id", "user_id")
    resigned_too = call.body.get("include_resigned") is True
    found: list[JsonObject] = []
    for key, most in (("emails", MOST_LOOKED_UP), ("mobiles", MOST_LOOKED_UP)):
        wanted = as_list(call.body.get(key))
        if len(wanted) > most:
            raise invalid_field(key, len(wanted), f"the max len is {most}")
        for value in wanted:
            item: JsonObject = {key.removesuffix("s"): value}
            user = _found(call, as_text(value))
            if user is not None and (resigned_too or user.standing != "resigned"):
                item |= {"user_id": ids_of(user)[kind]}
            found.append(item)
    return {"user_list": found}


def _found(call: Call, value: str) -> User | None:
    wanted = value.casefold()
    for user in call.tenant.users.values():
        mobile = user.mobile if value.startswith("+") else user.mobile.removeprefix("+86")
        if user.standing != "invisible" and wanted in (user.email.casefold(), mobile):
            return user
    return None


def list_chats(call: Call) -> JsonObject:
    """List the groups of the bot, a page at a time."""
    tenant = call.tenant
    groups = [c for c in tenant.chats.values() if c.kind == "group" and c.bot_member and not c.dissolved]
    return call.page([chat_shape(tenant, chat) for chat in groups])


def get_chat(call: Call) -> JsonObject:
    """Describe one group."""
    tenant = call.tenant
    chat = tenant.chats.get(call.path["chat_id"])
    if chat is None:
        raise Refusal(232006)
    if not chat.bot_member:
        raise Refusal(230002)
    shape = chat_shape(tenant, chat)
    shape.pop("chat_id")
    people = len(members(tenant, chat))
    return {**shape, "chat_mode": chat.kind, "chat_type": "private", "user_count": str(people), "bot_count": "1"}
