"""People, channels and messages in the form in which the Web API and the payloads show them."""

from bot.playground.slack.workspace import Channel, File, Message, User, Workspace
from bot.playground.wire import JsonObject

PNG = b"\x89PNG\r\n\x1a\n"


def user_shape(workspace: Workspace, user: User) -> JsonObject:
    """Return a user object; the e-mail only with the scope for it."""
    profile: JsonObject = {"real_name": user.real_name, "display_name": user.name, "team": workspace.team_id}
    if user.email and "users:read.email" in workspace.scopes:
        profile["email"] = user.email
    return {
        "id": user.id,
        "team_id": workspace.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "real_name": user.real_name,
        "tz": user.tz,
        "profile": profile,
        "is_admin": False,
        "is_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
    }


def channel_shape(workspace: Workspace, channel: Channel) -> JsonObject:
    """Return a conversation object."""
    if channel.kind == "im":
        return {"id": channel.id, "is_im": True, "user": channel.user, "is_archived": channel.archived}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind == "private",
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.kind == "private",
        "is_archived": channel.archived,
        "is_general": channel.name == "general",
        "is_member": channel.bot_member,
        "context_team_id": workspace.team_id,
    }


def file_shape(workspace: Workspace, file: File) -> JsonObject:
    """Return a file object."""
    shape: JsonObject = {
        "id": file.id,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": "image/png" if file.data.startswith(PNG) else "application/octet-stream",
        "size": file.length,
        "user": workspace.bot.id,
    }
    return {**shape, "alt_txt": file.alt} if file.alt else shape


def message_shape(workspace: Workspace, message: Message) -> JsonObject:
    """Return a message object as stored."""
    shape: JsonObject = {
        "type": "message",
        "user": message.author,
        "ts": message.ts,
        "text": message.draft.text,
        "team": workspace.team_id,
    }
    if message.author == workspace.bot.id:
        shape |= {"bot_id": workspace.bot_id, "app_id": workspace.app_id}
    if message.draft.blocks:
        shape["blocks"] = list(message.draft.blocks)
    if message.draft.attachments:
        shape["attachments"] = list(message.draft.attachments)
    if message.draft.files:
        shape["files"] = [file_shape(workspace, workspace.files[one]) for one in message.draft.files]
    if message.thread_ts:
        shape["thread_ts"] = message.thread_ts
    if message.broadcast:
        shape["subtype"] = "thread_broadcast"
    if message.edited:
        shape["edited"] = {"user": message.author, "ts": message.edited}
    return shape
