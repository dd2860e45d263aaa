"""Messages: send, reply, update, recall; and ephemeral cards.

Source: https://open.feishu.cn/document/server-docs/im-v1/message/create and its neighbours. Guesses: the code for a
card that is not shared (230001), for one of JSON 2.0 where only 1.0 is taken (230099/200861), and for an ephemeral card
in a direct conversation (18053).
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.playground.feishu.call import Call
from bot.playground.feishu.cards import check_card, is_shared, schema_of
from bot.playground.feishu.refusal import Refusal, bad_card, invalid_field
from bot.playground.feishu.shapes import message_shape
from bot.playground.feishu.tenant import Chat, Message
from bot.playground.wire import JsonObject, as_list, as_object, as_text

MOST_CARD_BYTES: Final = 30 * 1024
MOST_TEXT_BYTES: Final = 150 * 1024
LONGEST_UUID: Final = 50
SAME_UUID: Final = timedelta(hours=1)
UPDATABLE: Final = timedelta(days=14)


def create(call: Call) -> JsonObject:
    """Send a message to a chat or a person."""
    kind = call.asked("receive_id_type", "chat_id", "open_id", "user_id", "union_id", "email")
    receive_id = call.text("receive_id")
    tenant = call.tenant
    if kind == "chat_id":
        chat = tenant.chats.get(receive_id)
        if chat is None:
            raise Refusal(230034)
    else:
        user = tenant.reachable(call.person(kind, receive_id))
        chat = tenant.open_p2p(user.id)
    return _post(call, chat, None)


def reply(call: Call) -> JsonObject:
    """Answer a message, beside it or in its thread."""
    parent = message_of(call)
    chat = call.tenant.chats[parent.chat]
    if call.body.get("reply_in_thread") is True and not chat.threads:
        raise Refusal(230071)
    return _post(call, chat, parent)


def _post(call: Call, chat: Chat, parent: Message | None) -> JsonObject:
    tenant = call.tenant
    uuid = as_text(call.body.get("uuid"))
    if len(uuid) > LONGEST_UUID:
        raise invalid_field("uuid", uuid, f"the max length of uuid is {LONGEST_UUID}")
    again = _sent_before(call, uuid)
    if again is not None:
        return message_shape(tenant, again)
    tenant.writable(chat)
    content = _checked(call, call.text("msg_type"))
    call.slow_down(f"message {chat.id}")
    message = tenant.new_message(chat.id, tenant.app.id, call.text("msg_type"), content)
    if parent is not None:
        root = parent.root or parent.id
        in_thread = call.body.get("reply_in_thread") is True or parent.in_thread
        message = replace(message, parent=parent.id, root=root, in_thread=in_thread)
    tenant.post(message)
    if uuid:
        call.sent.by_uuid[uuid] = (tenant.clock.now(), message.id)
    return message_shape(tenant, message)


def _sent_before(call: Call, uuid: str) -> Message | None:
    """Return the message that was sent with this uuid within the hour."""
    at, message_id = call.sent.by_uuid.get(uuid, (None, ""))
    if at is None or call.tenant.clock.now() - at >= SAME_UUID:
        return None
    return call.tenant.message(message_id)


def _checked(call: Call, msg_type: str) -> JsonObject:
    """Return the content of a message if its kind may have it; raises Refusal."""
    content = call.content()
    size = len(call.text("content").encode())
    if size > (MOST_CARD_BYTES if msg_type in ("interactive", "post") else MOST_TEXT_BYTES):
        raise Refusal(230025)
    match msg_type:
        case "interactive":
            return check_card(call.tenant, content)
        case "text":
            if not as_text(content.get("text")):
                raise Refusal(230001, "Your request contains an invalid request parameter, ext=text is empty")
        case "post":
            bodies = [as_object(body) for body in content.values()]
            if not bodies or not all(isinstance(body.get("content"), list) for body in bodies):
                raise Refusal(
                    230001, "Your request contains an invalid request parameter, ext=content of post is wrong"
                )
            rows = [row for body in bodies for row in as_list(body.get("content"))]
            if not all(isinstance(row, list) for row in rows):
                raise Refusal(
                    230001, "Your request contains an invalid request parameter, ext=content of post is wrong"
                )
        case _:
            raise invalid_field("msg_type", msg_type, "this playground knows interactive, text and post")
    return content


def patch(call: Call) -> JsonObject:
    """Replace the card of a message that the app has sent."""
    message = message_of(call)
    tenant = call.tenant
    if message.author != tenant.app.id:
        raise Refusal(230017)
    if message.msg_type != "interactive" or message.visible_to:
        raise Refusal(230054)
    tenant.writable(tenant.chats[message.chat])
    if tenant.clock.now() - message.at > UPDATABLE:
        raise Refusal(230031)
    card = _checked(call, "interactive")
    if not is_shared(card) or not is_shared(message.content):
        raise Refusal(230001, "Your request contains an invalid request parameter, ext=update_multi must be true")
    if schema_of(message.content) == "2.0" and schema_of(card) != "2.0":
        raise bad_card(200830, "schemaV2 card can not change schemaV1")
    call.slow_down(f"patch {message.id}")
    tenant.edit(message, card)
    return {}


def delete(call: Call) -> JsonObject:
    """Recall a message of the app."""
    message = message_of(call)
    if message.author != call.tenant.app.id:
        raise Refusal(230017)
    call.tenant.remove(message.id)
    return {}


def message_of(call: Call) -> Message:
    """Return the message that the path names; raises Refusal."""
    message_id = call.path["message_id"]
    if message_id in call.tenant.gone:
        raise Refusal(call.tenant.gone[message_id])
    message = call.tenant.message(message_id)
    if message is None or message.msg_type == "toast":
        raise Refusal(230001, "Your request contains an invalid request parameter, ext=invalid message_id")
    return message


def send_ephemeral(call: Call) -> JsonObject:
    """Show a card of JSON 1.0 to one person of a group."""
    tenant = call.tenant
    chat = tenant.chats.get(call.text("chat_id"))
    if chat is None:
        raise Refusal(232006)
    if chat.kind != "group":
        raise Refusal(18053)
    tenant.writable(chat)
    kind = next((kind for kind in ("open_id", "user_id", "email") if call.body.get(kind)), "open_id")
    user = tenant.reachable(call.person(kind, call.text(kind)))
    if not tenant.sees(user.id, chat):
        raise Refusal(230013)
    if call.text("msg_type") != "interactive":
        raise invalid_field("msg_type", call.body.get("msg_type"), "only interactive is supported")
    card = check_card(tenant, call.body.get("card"))
    if schema_of(card) != "1.0":
        raise bad_card(200861, "an ephemeral card can not be of schema V2", "schema")
    if len(json.dumps(card, ensure_ascii=False).encode()) > MOST_CARD_BYTES:
        raise Refusal(230025)
    call.slow_down(f"message {chat.id}")
    message = replace(tenant.new_message(chat.id, tenant.app.id, "interactive", card), visible_to=user.id)
    return {"message_id": tenant.post(message).id}


def delete_ephemeral(call: Call) -> JsonObject:
    """Take an ephemeral card away."""
    message = call.tenant.message(call.text("message_id"))
    if message is None or not message.visible_to:
        raise Refusal(230001, "Your request contains an invalid request parameter, ext=invalid message_id")
    call.tenant.remove(message.id)
    return {}
