"""Tokens, the gateway of Stream, and the old API's directory of people.

The old API answers HTTP 200 with `errcode`. Refusals of the gateway for wrong credentials are from memory.
"""

import hmac
from collections.abc import Callable

from bot.playground.dingtalk.call import Call
from bot.playground.dingtalk.refusal import Refusal
from bot.playground.dingtalk.tokens import LIFE
from bot.playground.dingtalk.workspace import User
from bot.playground.wire import JsonObject, as_objects

NOT_FOUND = "60121"


def access_token(call: Call) -> JsonObject:
    """Return the app's access token: the same one while it is valid, renewed."""
    if not _is_app(call, call.text("appKey"), call.text("appSecret")):
        raise Refusal("invalidClientIdOrSecret", "the clientId or clientSecret is wrong")
    token = call.tokens.issue(call.workspace.clock.now())
    return {"accessToken": token, "expireIn": int(LIFE.total_seconds())}


def open_connection(call: Call) -> JsonObject:
    """Return where to open a Stream connection, and with which ticket."""
    if not _is_app(call, call.text("clientId"), call.text("clientSecret")):
        raise Refusal("authFailed", "the clientId or clientSecret is wrong", status=401)
    subscriptions = call.arguments.get("subscriptions")
    if not as_objects(subscriptions):
        raise Refusal("param.invalid", "subscriptions: at least one is needed")
    return {"endpoint": f"ws://{call.address}/connect", "ticket": call.stream.issue_ticket(subscriptions)}


def _is_app(call: Call, client_id: str, secret: str) -> bool:
    app = call.workspace.app
    same = hmac.compare_digest(app.client_secret.encode(), secret.encode())
    return client_id == app.client_id and same


def user_by_mobile(call: Call) -> JsonObject:
    """Return the userId of the person with a mobile number."""
    wanted = call.optional("mobile").removeprefix("+86-")
    for user in call.workspace.people():
        if wanted == user.mobile and not user.outsider:
            return {"userid": user.id, "exclusive_account_userid_list": []}
    raise Refusal(NOT_FOUND, "no such user")


def user_by_id(call: Call) -> JsonObject:
    """Return one person."""
    user = call.person(call.optional("userid"))
    if user is None:
        raise Refusal(NOT_FOUND, "no such user")
    return _shape(user)


def _shape(user: User) -> JsonObject:
    return {
        "userid": user.id,
        "unionid": user.union_id,
        "name": user.nick,
        "mobile": user.mobile,
        "email": user.email,
        "active": True,
        "admin": False,
    }


OLD_METHODS: dict[str, Callable[[Call], JsonObject]] = {
    "topapi/v2/user/getbymobile": user_by_mobile,
    "topapi/v2/user/get": user_by_id,
}
