"""The chat.* methods: post, update, delete."""

from dataclasses import replace

from bot.playground.slack.call import Call
from bot.playground.slack.node import characters
from bot.playground.slack.refusal import Refusal
from bot.playground.slack.shapes import message_shape
from bot.playground.slack.validate import POSTED_TEXT, UPDATED_TEXT, read_draft
from bot.playground.slack.workspace import Channel, Draft, Message
from bot.playground.wire import JsonObject


def post_message(call: Call) -> JsonObject:
    """Post to a channel, a direct conversation, or a person; as a reply with `thread_ts`."""
    workspace = call.workspace
    channel = workspace.destination(call.text("channel"))
    draft = read_draft(call.arguments)
    cut = characters(draft.text) > POSTED_TEXT
    if cut:
        draft = replace(draft, text=draft.text[:POSTED_TEXT])
    message = workspace.new_message(channel.id, workspace.bot.id, draft)
    thread_ts = call.optional("thread_ts")
    if thread_ts:
        message = replace(
            message, thread_ts=parent_of(call, channel, thread_ts), broadcast=call.flag("reply_broadcast")
        )
    workspace.post(message)
    answer: JsonObject = {
        "ok": True,
        "channel": channel.id,
        "ts": message.ts,
        "message": message_shape(workspace, message),
    }
    if cut:
        answer |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return answer


def parent_of(call: Call, channel: Channel, thread_ts: str) -> str:
    """Return the message whose replies stand with this one; raises `Refusal`."""
    parent = call.workspace.message(channel.id, thread_ts)
    if parent is None:
        raise Refusal("thread_not_found")
    return parent.thread_ts or parent.ts


def post_ephemeral(call: Call) -> JsonObject:
    """Show a message to one person of a channel; it cannot be updated."""
    workspace = call.workspace
    user = call.text("user")
    channel = workspace.writable(call.channel(), to_post=True)
    draft = read_draft(call.arguments)
    if user not in workspace.users or not workspace.sees(user, channel):
        raise Refusal("user_not_in_channel")
    message = replace(
        workspace.new_message(channel.id, workspace.bot.id, draft),
        visible_to=user,
        thread_ts=call.optional("thread_ts"),
    )
    workspace.post(message)
    return {"ok": True, "message_ts": message.ts}


def update(call: Call) -> JsonObject:
    """Replace the content of one of the bot's own messages.

    Attachments that are not given stay; blocks that are not given go, if a text is.
    """
    workspace = call.workspace
    channel, message = _own_message(call, "cant_update_message")
    if characters(call.optional("text")) > UPDATED_TEXT:
        raise Refusal("msg_too_long")
    draft = read_draft(call.arguments)
    if call.arguments.get("attachments") is None:
        draft = replace(draft, attachments=message.draft.attachments)
    if call.arguments.get("metadata") is None:
        draft = replace(draft, metadata=message.draft.metadata)
    if not call.optional("text"):
        draft = _keep(draft, message)
    changed = workspace.edit(message, draft)
    return {
        "ok": True,
        "channel": channel.id,
        "ts": changed.ts,
        "text": draft.text,
        "message": message_shape(workspace, changed),
    }


def _keep(draft: Draft, message: Message) -> Draft:
    """Without a text, what the call does not give stays."""
    return replace(draft, text=message.draft.text, blocks=draft.blocks or message.draft.blocks)


def delete(call: Call) -> JsonObject:
    """Delete one of the bot's own messages."""
    channel, message = _own_message(call, "cant_delete_message")
    call.workspace.delete(message)
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def permalink(call: Call) -> JsonObject:
    """Return the address of a message."""
    channel = call.channel()
    message = call.workspace.message(channel.id, call.text("message_ts"))
    if message is None or message.visible_to:
        raise Refusal("message_not_found")
    path = f"{channel.id}/p{message.ts.replace('.', '')}"
    return {"ok": True, "channel": channel.id, "permalink": f"http://{call.address}/archives/{path}"}


def _own_message(call: Call, not_ours: str) -> tuple[Channel, Message]:
    """Return the message that `channel` and `ts` name; ephemeral ones cannot be found, others' not be changed."""
    ts = call.text("ts")
    channel = call.workspace.writable(call.channel(), to_post=False)
    message = call.workspace.message(channel.id, ts)
    if message is None or message.visible_to:
        raise Refusal("message_not_found")
    if message.author != call.workspace.bot.id:
        raise Refusal(not_ours)
    return channel, message
