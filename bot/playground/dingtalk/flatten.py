"""What a message says to a person, as plain words, and what can be pressed on it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from bot.playground.dingtalk import templates
from bot.playground.dingtalk.workspace import Message, Workspace
from bot.playground.wire import JsonObject, as_object, as_objects, as_text

SENDS: Final = "dtmd://dingtalkclient/sendMessage"

_LINK: Final = re.compile(r"!?\[([^\]]*)\]\(([^)\s]*)\)")
_TAG: Final = re.compile(r"</?font\b[^>]*>|<br\s*/?>", re.IGNORECASE)
_MARKS: Final = re.compile(r"\*\*|(?<!\w)[*_~]+(?=\S)|(?<=\S)[*_~]+(?!\w)|^#{1,6}\s+|^>\s?|^[-*]\s+", re.MULTILINE)
_ESCAPE: Final = re.compile(r"\\([\\`*_{}\[\]()#+\-.!>~|<])")
_HIDDEN: Final = 0xE000
"""Where an escaped character is put aside while the marks around it are taken away."""


@dataclass(frozen=True, slots=True)
class Press:
    """Something that can be pressed: a card's button (`action`, `params`) or a link (`url`)."""

    label: str
    action: str = ""
    params: JsonObject | None = None
    url: str = ""


def blocks(workspace: Workspace, message: Message, reader: str = "") -> list[JsonObject]:
    """Return the drawn blocks of a card as a person sees it."""
    card = workspace.cards[message.card]
    return templates.draw(card.template, card.seen_by(reader))


def visible_text(workspace: Workspace, message: Message, reader: str = "") -> str:
    """Return everything that can be read on a message; a mention reads as @ and the name."""
    named = [workspace.users[user].nick if user in workspace.users else user.lstrip("@") for user in message.mentions]
    mentions = " ".join(f"@{name}" for name in named)
    if message.kind == "card":
        return f"{mentions}\n{words(blocks(workspace, message, reader))}".strip()
    content = message.content
    said = as_text(content.get("text"))
    parts = [mentions, said if message.kind == "text" else plain(said)]
    if message.kind == "actionCard":
        parts = [mentions, plain(said), *(press.label for press in presses(workspace, message))]
    return "\n".join(part for part in parts if part)


def presses(workspace: Workspace, message: Message, reader: str = "") -> list[Press]:
    """Return what can be pressed on a message, in order: buttons, and in Markdown the links that send a text."""
    if message.kind == "card":
        found = templates.buttons(blocks(workspace, message, reader))
        return [_button(button) for button in found]
    if message.kind == "actionCard":
        listed = as_objects(message.content.get("buttons"))
        return [Press(as_text(button.get("title")), url=as_text(button.get("url"))) for button in listed]
    if message.kind == "markdown":
        links = _LINK.findall(as_text(message.content.get("text")))
        return [Press(label, url=url) for label, url in links if url.startswith(SENDS)]
    return []


def sent_text(url: str) -> str | None:
    """Return the text that a link sends as the person who presses it, None if it is another link."""
    if not url.startswith(SENDS):
        return None
    return parse_qs(urlsplit(url).query).get("content", [""])[0]


def words(drawn: Sequence[JsonObject]) -> str:
    """Return all words of a card's drawn blocks, a line for each part."""
    return "\n".join(line for block in drawn for line in _lines(block) if line)


def plain(markdown: str) -> str:
    """Return DingTalk's Markdown without its marks."""
    text = _ESCAPE.sub(lambda found: chr(_HIDDEN + ord(found[1])), markdown)
    text = _LINK.sub(r"\1", _TAG.sub("", text))
    text = _MARKS.sub("", text)
    return "".join(chr(ord(c) - _HIDDEN) if _HIDDEN < ord(c) < _HIDDEN + 128 else c for c in text)


def _lines(block: JsonObject) -> list[str]:
    match block["kind"]:
        case "markdown":
            return [plain(as_text(block["text"]))]
        case "fields":
            return [f"{item.get('k', '')} {item.get('v', '')}".strip() for item in as_objects(block["items"])]
        case "buttons":
            return [as_text(item.get("text")) for item in as_objects(block["items"])]
        case "form":
            labels = [as_text(f.get("label")) for f in as_objects(block["fields"]) if f.get("hidden") is not True]
            return [as_text(block["title"]), *labels, as_text(block["submit"])]
        case _:
            return [as_text(block.get("title")), as_text(block.get("text"))]


def _button(button: JsonObject) -> Press:
    label, url = as_text(button.get("text")), as_text(button.get("url"))
    return Press(label, as_text(button.get("action")), as_object(button.get("params")), url)
