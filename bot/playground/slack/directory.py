"""The methods about the app itself, people and conversations."""

from bot.playground.slack.call import Call
from bot.playground.slack.refusal import Refusal, refused_content
from bot.playground.slack.shapes import channel_shape, message_shape, user_shape
from bot.playground.slack.workspace import Channel, Kind, Message, User
from bot.playground.wire import JsonObject

_READ: dict[Kind, str] = {"public": "channels:read", "private": "groups:read", "im": "im:read"}
_HISTORY: dict[Kind, str] = {"public": "channels:history", "private": "groups:history", "im": "im:history"}
_KINDS: dict[str, Kind] = {"public_channel": "public", "private_channel": "private", "im": "im"}


def api_test(call: Call) -> JsonObject:
    """Say that the server is there."""
    return {"ok": True, "args": {key: value for key, value in call.arguments.items() if key != "token"}}


def auth_test(call: Call) -> JsonObject:
    """Say who the token belongs to."""
    workspace = call.workspace
    return {
        "ok": True,
        "url": f"http://{call.address}/",
        "team": workspace.name,
        "user": workspace.bot.name,
        "team_id": workspace.team_id,
        "user_id": workspace.bot.id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(call: Call) -> JsonObject:
    """Return a socket's address, which works once."""
    ticket = call.sockets.issue_ticket()
    return {"ok": True, "url": f"ws://{call.address}/link/?ticket={ticket}&app_id={call.workspace.app_id}"}


def open_conversation(call: Call) -> JsonObject:
    """Open the direct conversation with one person; groups of several are not modelled and refused."""
    ids = [user_id for user_id in call.optional("users").split(",") if user_id]
    if call.optional("channel"):
        return {"ok": True, "channel": {"id": call.channel().id}}
    if not ids:
        raise Refusal("users_list_not_supplied")
    if len(ids) > 1:
        raise Refusal("method_not_supported_for_channel_type")
    user = call.workspace.users.get(ids[0])
    if user is None:
        raise Refusal("user_not_found")
    if user.is_bot:
        raise Refusal("cannot_dm_bot")
    if user.deleted:
        raise Refusal("user_disabled")
    channel = call.workspace.open_dm(user.id)
    shape = channel_shape(call.workspace, channel) if call.flag("return_im") else {"id": channel.id}
    return {"ok": True, "channel": shape}


def conversation_info(call: Call) -> JsonObject:
    """Return one conversation."""
    channel = call.channel()
    call.need(_READ[channel.kind])
    return {"ok": True, "channel": channel_shape(call.workspace, channel)}


def conversation_members(call: Call) -> JsonObject:
    """Return the ids of those who are in a conversation."""
    channel = call.channel()
    call.need(_READ[channel.kind])
    members = [user.id for user in call.workspace.people() if call.workspace.sees(user.id, channel)]
    return call.page(members, key="members")


def conversation_history(call: Call) -> JsonObject:
    """Return the messages of a conversation, newest first, without the replies in threads."""
    messages = [m for m in _readable(call) if not m.thread_ts or m.broadcast or m.thread_ts == m.ts]
    oldest, latest = call.optional("oldest"), call.optional("latest")
    chosen = [m for m in reversed(messages) if m.ts > oldest and (not latest or m.ts < latest)]
    answer = call.page([_shown(call, m) for m in chosen], key="messages")
    return {**answer, "has_more": bool(answer["response_metadata"] != {"next_cursor": ""}), "pin_count": 0}


def conversation_replies(call: Call) -> JsonObject:
    """Return a message and the replies to it, oldest first."""
    parent = call.text("ts")
    thread = [m for m in _readable(call) if parent in (m.ts, m.thread_ts)]
    if not thread:
        raise Refusal("thread_not_found")
    return call.page([_shown(call, m) for m in thread], key="messages")


def _readable(call: Call) -> list[Message]:
    channel = call.channel()
    call.need(_HISTORY[channel.kind])
    if not channel.bot_member:
        raise Refusal("not_in_channel")
    return call.workspace.messages(channel.id)


def _shown(call: Call, message: Message) -> JsonObject:
    shape = message_shape(call.workspace, message)
    if call.flag("include_all_metadata") and message.draft.metadata is not None:
        shape["metadata"] = message.draft.metadata
    return shape


def list_conversations(call: Call) -> JsonObject:
    """Return the conversations that the bot can know of."""
    return call.page([channel_shape(call.workspace, c) for c in _conversations(call)], key="channels")


def bot_conversations(call: Call) -> JsonObject:
    """Return the conversations that the bot is in."""
    found = [channel_shape(call.workspace, c) for c in _conversations(call) if c.bot_member]
    return call.page(found, key="channels")


def _conversations(call: Call) -> list[Channel]:
    kinds = set()
    for name in (call.optional("types") or "public_channel").split(","):
        if name.strip() not in (*_KINDS, "mpim"):
            raise Refusal("invalid_types")
        if name.strip() in _KINDS:
            kinds.add(_KINDS[name.strip()])
            call.need(_READ[_KINDS[name.strip()]])
    return [
        channel
        for channel in call.workspace.channels.values()
        if channel.kind in kinds
        and (channel.kind == "public" or channel.bot_member)
        and not (channel.archived and call.flag("exclude_archived"))
    ]


def lookup_by_email(call: Call) -> JsonObject:
    """Return the person with an e-mail address; a deactivated one is not found."""
    wanted = call.text("email").casefold()
    for user in call.workspace.people():
        if user.email.casefold() == wanted:
            return {"ok": True, "user": user_shape(call.workspace, user)}
    raise Refusal("users_not_found")


def user_info(call: Call) -> JsonObject:
    """Return one person."""
    user: User | None = call.workspace.users.get(call.optional("user"))
    if user is None:
        raise Refusal("user_not_found")
    return {"ok": True, "user": user_shape(call.workspace, user)}


def list_users(call: Call) -> JsonObject:
    """Return everybody, the deactivated and the bots too."""
    if call.optional("team_id") not in ("", call.workspace.team_id):
        raise refused_content("invalid_arguments", ["unknown team [json-pointer:/team_id]"])
    return call.page([user_shape(call.workspace, user) for user in call.workspace.users.values()], key="members")
