"""The Bot API's methods: what each does, and whether it counts as something visible in a chat.

Names are read whatever their case. `getUpdates` is not here: it waits (`polling.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from bot.playground.telegram import account, messages, photos
from bot.playground.telegram.call import Call


@dataclass(frozen=True, slots=True)
class Method:
    """One method; one that is `paced` counts against the limits of its chat."""

    name: str
    run: Callable[[Call], object]
    paced: bool = False


_ALL = (
    Method("answerCallbackQuery", account.answer_click),
    Method("close", account.close),
    Method("deleteEphemeralMessage", messages.delete_ephemeral, paced=True),
    Method("deleteMessage", messages.delete_message, paced=True),
    Method("deleteMyCommands", account.delete_commands),
    Method("deleteWebhook", account.delete_webhook),
    Method("editEphemeralMessageReplyMarkup", messages.edit_ephemeral_markup, paced=True),
    Method("editEphemeralMessageText", messages.edit_ephemeral_text, paced=True),
    Method("editMessageReplyMarkup", messages.edit_markup, paced=True),
    Method("editMessageText", messages.edit_text, paced=True),
    Method("getChat", account.get_chat),
    Method("getChatMember", account.get_member),
    Method("getMe", account.get_me),
    Method("getMyCommands", account.get_commands),
    Method("getWebhookInfo", account.get_webhook),
    Method("logOut", account.log_out),
    Method("sendChatAction", messages.send_chat_action, paced=True),
    Method("sendMessage", messages.send_message, paced=True),
    Method("sendPhoto", photos.send_photo, paced=True),
    Method("setMyCommands", account.set_commands),
    Method("setWebhook", account.set_webhook),
)
METHODS = {method.name.lower(): method for method in _ALL}
EPHEMERAL = frozenset(name for name in METHODS if "ephemeral" in name)
"""Methods that a server older than Bot API 10.2 does not know."""
