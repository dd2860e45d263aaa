"""Custom robots of groups: whoever knows the address can post, nobody can update or click.

Source: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot. An answer is HTTP 200 even when it refuses.
Guesses: 19001 for an unknown address, 9499 for a body over 20 KB.
"""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Final

from bot.playground.feishu.cards import check_card, schema_of
from bot.playground.feishu.pace import ROBOT, Pace
from bot.playground.feishu.refusal import Refusal
from bot.playground.feishu.tenant import Robot, Tenant
from bot.playground.wire import JsonObject, as_object, as_text

MOST_BYTES: Final = 20 * 1024
SIGNED_WITHIN: Final = timedelta(hours=1)
ADDRESS: Final = "127.0.0.1"
"""Where every request comes from here: what an IP list of a robot is compared with."""


def signature(timestamp: str, secret: str) -> str:
    """Return the sign of a request: HMAC-SHA256 of nothing, keyed with the timestamp and the secret."""
    digest = hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def post(tenant: Tenant, pace: Pace, token: str, raw: bytes) -> JsonObject:
    """Post what a robot was sent, and return the answer; raises Refusal."""
    robot = tenant.robots.get(token)
    if robot is None or tenant.chats[robot.chat].dissolved:
        raise Refusal(19001)
    body = _body(raw)
    _check_sender(tenant, robot, body)
    if pace.take(f"robot {token}", ROBOT, tenant.clock.now()):
        raise Refusal(11232)
    msg_type = as_text(body.get("msg_type"))
    content = _content(tenant, msg_type, body)
    words = json.dumps(content, ensure_ascii=False)
    if robot.keywords and not any(word in words for word in robot.keywords):
        raise Refusal(19024)
    tenant.post(tenant.new_message(robot.chat, robot.name, msg_type, content))
    return {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}


def refused(refusal: Refusal) -> JsonObject:
    """Return the answer to a request that was refused."""
    return {"code": refusal.code, "msg": refusal.msg, "data": {}}


def _body(raw: bytes) -> JsonObject:
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refusal(9499) from None
    if not isinstance(body, dict) or len(raw) > MOST_BYTES:
        raise Refusal(9499)
    return body


def _check_sender(tenant: Tenant, robot: Robot, body: JsonObject) -> None:
    if robot.ips and ADDRESS not in robot.ips:
        raise Refusal(19022)
    if not robot.secret:
        return
    timestamp = str(body.get("timestamp", ""))
    if not timestamp.isdigit() or as_text(body.get("sign")) != signature(timestamp, robot.secret):
        raise Refusal(19021)
    if abs(tenant.clock.now().timestamp() - int(timestamp)) > SIGNED_WITHIN.total_seconds():
        raise Refusal(19021)


def _content(tenant: Tenant, msg_type: str, body: JsonObject) -> JsonObject:
    match msg_type:
        case "interactive":
            card = check_card(tenant, body.get("card"))
            if schema_of(card) != "1.0":
                raise Refusal(9499, "Bad Request: a robot's card is of schema 1.0")
            return card
        case "text" if as_text(as_object(body.get("content")).get("text")):
            return as_object(body["content"])
        case "post" if as_object(as_object(body.get("content")).get("post")):
            return as_object(as_object(body["content"])["post"])
        case _:
            raise Refusal(9499)
