"""People, chats, messages and memberships in the form in which answers and updates show them."""

from datetime import datetime

from bot.playground.telegram.markup import Entity
from bot.playground.telegram.workspace import Chat, Message, Photo, Standing, User, Workspace
from bot.playground.wire import JsonObject

ADMIN_RIGHTS = (
    "can_be_edited",
    "can_change_info",
    "can_delete_messages",
    "can_edit_stories",
    "can_delete_stories",
    "can_invite_users",
    "can_manage_chat",
    "can_manage_video_chats",
    "can_post_stories",
    "can_promote_members",
    "can_restrict_members",
    "is_anonymous",
)
SENDING_RIGHTS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)


def unix(at: datetime) -> int:
    """Return an instant as Telegram writes it."""
    return int(at.timestamp())


def user_shape(user: User) -> JsonObject:
    """Return a user object."""
    shape: JsonObject = {"id": int(user.id), "is_bot": user.is_bot, "first_name": user.first_name}
    if user.username:
        shape["username"] = user.username
    return shape if user.is_bot else {**shape, "language_code": user.language}


def chat_shape(workspace: Workspace, chat: Chat) -> JsonObject:
    """Return a chat object."""
    shape: JsonObject = {"id": int(chat.id), "type": chat.kind}
    if chat.kind == "private":
        user = workspace.users[chat.id]
        named: JsonObject = {"first_name": user.first_name}
        return {**shape, **named, "username": user.username} if user.username else {**shape, **named}
    return {**shape, "title": chat.name, "is_forum": True} if chat.forum else {**shape, "title": chat.name}


def full_chat_shape(workspace: Workspace, chat: Chat) -> JsonObject:
    """Return what getChat tells of a chat."""
    kinds = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    gifts = dict.fromkeys(kinds, False)
    extra: JsonObject = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
    if chat.kind != "private":
        extra["permissions"] = dict.fromkeys(SENDING_RIGHTS, True)
    return {**chat_shape(workspace, chat), **extra}


def entity_shape(workspace: Workspace, entity: Entity) -> JsonObject:
    """Return a message entity."""
    shape: JsonObject = {"type": entity.kind, "offset": entity.offset, "length": entity.length}
    match entity.kind:
        case "text_link":
            shape["url"] = entity.argument
        case "text_mention" if entity.argument in workspace.users:
            shape["user"] = user_shape(workspace.users[entity.argument])
        case "pre" if entity.argument:
            shape["language"] = entity.argument
        case "custom_emoji":
            shape["custom_emoji_id"] = entity.argument
        case "blockquote" if entity.argument:
            shape["type"] = "expandable_blockquote"
    return shape


def message_shape(workspace: Workspace, message: Message, *, with_reply: bool = True) -> JsonObject:
    """Return a message object; the message it replies to is shown without its own."""
    shape: JsonObject = {
        "message_id": 0 if message.visible_to else message.id,
        "from": user_shape(workspace.users[message.author]),
        "chat": chat_shape(workspace, workspace.chats[message.chat]),
        "date": unix(message.at),
    }
    if message.visible_to:
        shape |= {"ephemeral_message_id": message.id, "receiver_user": user_shape(_receiver(workspace, message))}
    if message.topic:
        shape |= {"message_thread_id": message.topic, "is_topic_message": True}
    if message.edited:
        shape["edit_date"] = unix(message.edited)
    replied = workspace.message(message.chat, message.reply_to) if message.reply_to and with_reply else None
    if replied is not None:
        shape["reply_to_message"] = message_shape(workspace, replied, with_reply=False)
    return shape | _content(workspace, message)


def _receiver(workspace: Workspace, message: Message) -> User:
    return workspace.bot if message.author == message.visible_to else workspace.users[message.visible_to]


def _content(workspace: Workspace, message: Message) -> JsonObject:
    draft = message.draft
    if draft.service is not None:
        return dict(draft.service)
    content: JsonObject = {"text": draft.text} if draft.photo is None else _photo(draft.photo, draft.text)
    if draft.entities:
        content["entities"] = [entity_shape(workspace, entity) for entity in draft.entities]
    if draft.preview:
        content["link_preview_options"] = draft.preview
    if draft.keyboard and "inline_keyboard" in draft.keyboard:
        content["reply_markup"] = draft.keyboard
    return content


def _photo(photo: Photo, caption: str) -> JsonObject:
    size: JsonObject = {
        "file_id": photo.id,
        "file_unique_id": f"unique-{photo.id}",
        "width": photo.width,
        "height": photo.height,
        "file_size": len(photo.data),
    }
    return {"photo": [size], "caption": caption} if caption else {"photo": [size]}


def member_shape(user: User, standing: Standing | str) -> JsonObject:
    """Return a chat member object."""
    shape: JsonObject = {"user": user_shape(user), "status": standing}
    match standing:
        case "administrator":
            return {**shape, **dict.fromkeys(ADMIN_RIGHTS, False), "can_manage_chat": True}
        case "restricted":
            rights = dict.fromkeys((*SENDING_RIGHTS, "can_edit_tag", "can_react_to_messages"), False)
            return {**shape, **rights, "is_member": True, "until_date": 0}
        case "kicked":
            return {**shape, "until_date": 0}
    return shape
