"""The methods that send, edit and delete messages, ephemeral ones too.

Ephemeral messages follow the reference of Bot API 10.3; the server's source for them is not public yet, so the words of
their refusals, and that their `message_id` is 0, are guesses.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.playground.telegram.access import Door
from bot.playground.telegram.call import Call
from bot.playground.telegram.keyboards import read_keyboard
from bot.playground.telegram.markup import Text
from bot.playground.telegram.refusal import NOT_MODIFIED, bad_request
from bot.playground.telegram.shapes import message_shape
from bot.playground.telegram.workspace import GENERAL, Chat, Draft, Message
from bot.playground.wire import JsonObject

DELETABLE: Final = timedelta(hours=48)
OPTIONS: Final = ("is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text")


def send_message(call: Call) -> object:
    """Send a text, as a reply or into a topic if asked; with ephemeral parameters, to one person of a group."""
    text = call.message_text(too_long="message is too long")
    draft = _draft(call, text)
    chat = Door(call.workspace, "write").open(call.text("chat_id"))
    topic = topic_of(call, chat)
    reply_to = reply_of(call, chat)
    receiver, replaced = _receiver(call, chat)
    message = call.workspace.new_message(chat.id, call.workspace.bot.id, draft, visible_to=receiver)
    silent = call.flag("disable_notification")
    message = replace(message, reply_to=reply_to, topic=topic, replaces=replaced, silent=silent)
    return message_shape(call.workspace, call.workspace.post(message))


def _draft(call: Call, text: Text) -> Draft:
    options = call.members("link_preview_options", "link preview options")
    preview: JsonObject = {key: options[key] for key in OPTIONS if key in options}
    if not options and call.flag("disable_web_page_preview"):
        preview = {"is_disabled": True}
    keyboard = read_keyboard(call.json("reply_markup", "reply keyboard markup"))
    known = tuple(e for e in text.entities if e.kind != "text_mention" or e.argument in call.workspace.users)
    return Draft(text.words, known, keyboard, preview or None)


def topic_of(call: Call, chat: Chat) -> int:
    """Return the topic of a forum that a call names; elsewhere it is ignored, as the server does."""
    wanted = call.whole("message_thread_id")
    if not wanted or not chat.forum:
        return 0
    found = next((topic for topic in chat.topics if topic.id == wanted), None)
    if wanted == GENERAL or found is None:
        raise bad_request("message thread not found")
    if found.closed and chat.standing != "administrator":
        raise bad_request("TOPIC_CLOSED")
    return wanted


def reply_of(call: Call, chat: Chat) -> int:
    """Return the message that a call answers, 0 for none; raises `Refusal`."""
    given = call.members("reply_parameters", "reply parameters")
    wanted = given.get("message_id", call.whole("reply_to_message_id"))
    if "ephemeral_message_id" in given:
        return 0
    if given and not isinstance(wanted, int):
        raise bad_request('Can\'t find field "message_id"')
    if not wanted or not isinstance(wanted, int):
        return 0
    if call.workspace.message(chat.id, wanted) is not None:
        return wanted
    if given.get("allow_sending_without_reply") is True or call.flag("allow_sending_without_reply"):
        return 0
    raise bad_request("message to be replied not found")


def _receiver(call: Call, chat: Chat) -> tuple[str, int]:
    """Return who alone shall see the message, nobody if it is for all, and the message it is shown in place of."""
    given = call.members("ephemeral_message_parameters", "ephemeral message parameters")
    if not given or not call.workspace.ephemeral:
        return "", 0
    receiver = str(given.get("receiver_user_id", ""))
    if chat.kind == "private":
        raise bad_request("ephemeral messages can't be sent in private chats")
    if receiver not in call.workspace.users or not call.workspace.sees(receiver, chat):
        raise bad_request("PARTICIPANT_ID_INVALID")
    now = call.workspace.clock.now()
    click = call.clicks.find(str(given.get("callback_query_id") or ""), now)
    if chat.standing != "administrator" and not call.clicks.window_open(chat.id, receiver, now):
        raise bad_request("EPHEMERAL_MESSAGE_FORBIDDEN")
    replaced = click is not None and given.get("replace_callback_query_message") is True
    return receiver, click.message if click is not None and replaced else 0


def edit_text(call: Call) -> object:
    """Replace the text of one of the bot's messages, and its keyboard: without one, it goes."""
    text = call.message_text(too_long="MESSAGE_TOO_LONG")
    return _edit(call, _draft(call, text))


def edit_markup(call: Call) -> object:
    """Replace the keyboard of one of the bot's messages; without one, it goes."""
    keyboard = read_keyboard(call.json("reply_markup", "reply keyboard markup"))
    return _edit(call, Draft(keyboard=keyboard), only_keyboard=True)


def _edit(call: Call, draft: Draft, *, only_keyboard: bool = False) -> object:
    workspace = call.workspace
    chat = Door(workspace, "edit").open(call.text("chat_id"))
    message = workspace.message(chat.id, call.whole("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    changed = _changed(call, message, draft, only_keyboard=only_keyboard)
    return message_shape(workspace, workspace.edit(message, changed))


def _changed(call: Call, message: Message, draft: Draft, *, only_keyboard: bool) -> Draft:
    """Return the new content of a message; raises `Refusal` if it cannot be edited, or stays the same."""
    had = message.draft
    editable = had.keyboard is None or "inline_keyboard" in had.keyboard
    if message.author != call.workspace.bot.id or had.service is not None or not editable:
        raise bad_request("message can't be edited")
    if had.photo is not None and not only_keyboard:
        raise bad_request("there is no text in the message to edit")
    if draft.keyboard is not None and "inline_keyboard" not in draft.keyboard:
        raise bad_request("inline keyboard expected")
    wanted = replace(had, keyboard=draft.keyboard) if only_keyboard else draft
    if (wanted.text, wanted.entities, wanted.keyboard) == (had.text, had.entities, had.keyboard):
        raise bad_request(NOT_MODIFIED)
    return wanted


def delete_message(call: Call) -> object:
    """Delete a message: the bot's own for 48 hours, those of others as an administrator."""
    workspace = call.workspace
    chat = Door(workspace, "write").open(call.text("chat_id"))
    message = workspace.message(chat.id, call.whole("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    own = message.author == workspace.bot.id and workspace.clock.now() - message.at <= DELETABLE
    if not own and chat.standing != "administrator":
        raise bad_request("message can't be deleted for everyone")
    workspace.delete(message)
    return True


def edit_ephemeral_text(call: Call) -> object:
    """Replace the text of a message that one person sees."""
    text = call.message_text(too_long="MESSAGE_TOO_LONG")
    message = _ephemeral(call, "message to edit not found")
    call.workspace.edit(message, _changed(call, message, _draft(call, text), only_keyboard=False))
    return True


def edit_ephemeral_markup(call: Call) -> object:
    """Replace the keyboard of a message that one person sees."""
    keyboard = read_keyboard(call.json("reply_markup", "reply keyboard markup"))
    message = _ephemeral(call, "message to edit not found")
    call.workspace.edit(message, _changed(call, message, Draft(keyboard=keyboard), only_keyboard=True))
    return True


def delete_ephemeral(call: Call) -> object:
    """Delete a message that one person sees."""
    call.workspace.delete(_ephemeral(call, "message to delete not found"))
    return True


def _ephemeral(call: Call, missing: str) -> Message:
    chat = Door(call.workspace, "edit").open(call.text("chat_id"))
    message = call.workspace.message(chat.id, call.whole("ephemeral_message_id"), ephemeral=True)
    if message is None or message.visible_to != call.text("receiver_user_id"):
        raise bad_request(missing)
    return message


def send_chat_action(call: Call) -> object:
    """Show that the bot is typing, for 5 s."""
    chat = Door(call.workspace, "write").open(call.text("chat_id"))
    if not call.text("action"):
        raise bad_request("wrong parameter action in request")
    call.workspace.typing[chat.id] = call.workspace.clock.now()
    call.workspace.changed("typing", chat=chat.id)
    return True
