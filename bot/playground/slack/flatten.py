"""What a reader sees of a message, as plain text."""

import html
import re
from collections.abc import Callable

from bot.playground.slack.workspace import Message, Workspace
from bot.playground.wire import JsonObject, as_list, as_object, as_objects, as_text

_LINK = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_MARKS = re.compile(r"(?<![\w*_~`])([*_~`])(?=\S)([^\n]*?\S)\1(?![\w*_~`])")

Read = Callable[[str], str]


def visible_text(workspace: Workspace, message: Message) -> str:
    """Return all texts of a message in reading order, one per line; `text` only counts where there are no blocks."""

    def read(text: str) -> str:
        return readable(workspace, text)

    parts = [] if message.draft.blocks else [read(message.draft.text)]
    parts += [line for block in message.draft.blocks for line in _block_lines(block, read)]
    for attachment in message.draft.attachments:
        for block in as_objects(attachment.get("blocks")):
            parts += _block_lines(block, read)
        parts += [read(as_text(attachment.get(key))) for key in ("pretext", "title", "text", "footer")]
    return "\n".join(part for part in parts if part)


def readable(workspace: Workspace, text: str) -> str:
    """Return mrkdwn as it reads: without marks, mentions as names, links as their words, entities as characters."""

    def words(link: re.Match[str]) -> str:
        target = link[1]
        if target[:1] == "@" and target[1:] in workspace.users:
            return f"@{workspace.users[target[1:]].real_name}"
        if target[:1] == "#" and target[1:] in workspace.channels:
            return f"#{workspace.channels[target[1:]].name}"
        return link[2] or target.replace("!", "@")

    unmarked, marks = _LINK.sub(words, text), 1
    while marks:
        unmarked, marks = _MARKS.subn(r"\2", unmarked)
    return html.unescape(unmarked)


def _block_lines(block: JsonObject, read: Read) -> list[str]:
    lines = [_words(block.get("text"), read), as_text(block.get("alt_text"))]
    lines += [_words(item, read) for item in as_list(block.get("fields"))]
    for element in [*as_objects(block.get("elements")), as_object(block.get("accessory"))]:
        lines += [_words(element, read), _words(element.get("placeholder"), read), as_text(element.get("alt_text"))]
    return [line for line in lines if line]


def _words(value: object, read: Read) -> str:
    """Return the text of a string, a text object, or an element with a text; only mrkdwn has marks."""
    if isinstance(value, str):
        return value
    node = as_object(value)
    inner = node.get("text")
    if isinstance(inner, str):
        return read(inner) if node.get("type") == "mrkdwn" else inner
    return _words(inner, read) if isinstance(inner, dict) else ""
