"""Answers posted to a response URL: a new message, a replaced one, or a deleted one.

An answer to a click replaces the message it was on unless it says `replace_original: false`; an answer to a command is
a new message that only the person sees unless it says `response_type: in_channel`.
Source: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
"""

from dataclasses import replace

from bot.playground.slack.refusal import Refusal
from bot.playground.slack.triggers import ResponseUrl
from bot.playground.slack.validate import read_draft
from bot.playground.slack.workspace import Workspace
from bot.playground.wire import JsonObject


def answer(workspace: Workspace, target: ResponseUrl, body: JsonObject) -> None:
    """Do what an answer says; raises `Refusal`."""
    original = workspace.message(target.channel, target.ts) if target.ts else None
    replaces = _flag(body.get("replace_original"))
    if _flag(body.get("delete_original")):
        if original is None:
            raise Refusal("message_not_found")
        workspace.delete(original)
        return
    draft = read_draft(body)
    if target.ts and (replaces or (replaces is None and body.get("response_type") is None)):
        if original is None:
            raise Refusal("message_not_found")
        workspace.edit(original, draft)
        return
    message = workspace.new_message(target.channel, workspace.bot.id, draft)
    reader = "" if body.get("response_type") == "in_channel" else target.user
    thread_ts = body.get("thread_ts")
    workspace.post(replace(message, visible_to=reader, thread_ts=thread_ts if isinstance(thread_ts, str) else ""))


def _flag(value: object) -> bool | None:
    """Return a yes or no, which may be written as a string, or None where nothing is said."""
    words: dict[object, bool] = {True: True, "true": True, False: False, "false": False}
    return words.get(value) if isinstance(value, bool | str) else None
