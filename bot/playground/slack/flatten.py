"""What a reader sees of a message, as plain text."""

import html
import re

from bot.playground.slack.workspace import Message, Workspace
from bot.playground.wire import JsonObject, as_list, as_object, as_objects, as_text

_LINK = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


def visible_text(workspace: Workspace, message: Message) -> str:
    """Return all texts of a message in reading order, one per line; `text` only counts where there are no blocks."""
    parts = [] if message.draft.blocks else [message.draft.text]
    parts += [line for block in message.draft.blocks for line in _block_lines(block)]
    for attachment in message.draft.attachments:
        for block in as_objects(attachment.get("blocks")):
            parts += _block_lines(block)
        parts += [as_text(attachment.get(key)) for key in ("pretext", "title", "text", "footer")]
    return "\n".join(readable(workspace, part) for part in parts if part)


def readable(workspace: Workspace, text: str) -> str:
    """Return mrkdwn as it reads: mentions as names, links as their words, entities as characters."""

    def words(link: re.Match[str]) -> str:
        target = link[1]
        if target[:1] == "@" and target[1:] in workspace.users:
            return f"@{workspace.users[target[1:]].real_name}"
        if target[:1] == "#" and target[1:] in workspace.channels:
            return f"#{workspace.channels[target[1:]].name}"
        return link[2] or target.replace("!", "@")

    return html.unescape(_LINK.sub(words, text))


def _block_lines(block: JsonObject) -> list[str]:
    lines = [_words(block.get("text")), as_text(block.get("alt_text"))]
    lines += [_words(item) for item in as_list(block.get("fields"))]
    elements = [*as_objects(block.get("elements")), as_object(block.get("accessory"))]
    for element in elements:
        lines += [_words(element), _words(element.get("placeholder")), as_text(element.get("alt_text"))]
    return [line for line in lines if line]


def _words(value: object) -> str:
    """Return the text of a string, a text object, or an element with a text."""
    if isinstance(value, str):
        return value
    return _words(as_object(value)["text"]) if "text" in as_object(value) else ""
