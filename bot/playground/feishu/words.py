"""What a reader sees of a message, as plain text, in the language of one locale.

What a menu offers is seen only once it is open: it is not part of the text. Guess: that a backslash before a mark of
markdown makes it an ordinary character, as in CommonMark; the documentation only tells of entities such as `&#42;`.
"""

import html
import re
from collections.abc import Callable
from typing import Final

from bot.playground.feishu.cards import AT, roots, walk
from bot.playground.feishu.tenant import Message, Tenant
from bot.playground.wire import JsonObject, as_list, as_object, as_objects, as_text

LOCALE: Final = "en_us"

_LINK: Final = re.compile(r"(?<!\\)!?\[([^\]\n]*)\]\([^()\s]*\)")
_TAGS: Final = re.compile(r"</?(?:at|font|text_tag|number_tag|link|person|br|hr)\b[^<>]*>")
_MARKS: Final = re.compile(r"(?<![\\*_~`])(\*\*|~~|`|\*|(?<!\w)_)(?=\S)([^\n]*?[^\s\\])\1(?!\w)")
_LINE_MARKS: Final = re.compile(r"^(?:#{1,6} |> ?)", re.MULTILINE)
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_AT_END: Final = re.compile(r"(<at\b[^<>]*>)([^<>]*)</at>")

Read = Callable[[object], str]


def visible_text(tenant: Tenant, message: Message, locale: str = LOCALE) -> str:
    """Return all texts of a message in reading order, one per line."""

    def read(value: object) -> str:
        return text_of(tenant, value, locale)

    match message.msg_type:
        case "text":
            return _typed(tenant, message)
        case "toast":
            return toast_text(message.content, locale)
        case "post":
            return _post_text(tenant, message.content, locale)
        case _:
            return "\n".join(line for line in card_lines(message.content, read) if line)


def card_lines(card: JsonObject, read: Read) -> list[str]:
    """Return the texts of a card, as `read` reads each."""
    header = as_object(card.get("header"))
    lines = [read(header.get("title")), read(header.get("subtitle"))]
    lines += [read(tag.get("text")) for tag in as_objects(header.get("text_tag_list"))]
    for node in walk(roots(card)):
        if node.get("tag") in ("markdown", "lark_md", "plain_text"):
            lines.append(read(node))
        lines += [read(node.get(key)) for key in ("text", "label", "placeholder", "alt", "title")]
        lines += [read(field.get("text")) for field in as_objects(node.get("fields"))]
    return lines


def text_of(tenant: Tenant, value: object, locale: str = LOCALE) -> str:
    """Return what a text of a card says: plain_text as it stands, anything else as markdown."""
    node = as_object(value)
    content = as_text(as_object(node.get("i18n_content")).get(locale)) or as_text(node.get("content"))
    return content if node.get("tag") == "plain_text" else readable(tenant, content)


def readable(tenant: Tenant, text: str) -> str:
    """Return markdown as it reads: without marks, mentions as names, links as their words, entities as characters."""

    def mention(found: re.Match[str]) -> str:
        return " ".join(f"@{_name(tenant, each)}" for each in found[2].split(","))

    named = AT.sub(mention, _AT_END.sub(r"\1", text))
    unmarked, marks = _LINE_MARKS.sub("", _TAGS.sub("", _LINK.sub(r"\1", named))), 1
    while marks:
        unmarked, marks = _MARKS.subn(r"\2", unmarked)
    return html.unescape(_ESCAPE.sub(r"\1", unmarked))


def toast_text(toast: JsonObject, locale: str = LOCALE) -> str:
    """Return the words of a toast."""
    return as_text(as_object(toast.get("i18n")).get(locale)) or as_text(toast.get("content"))


def _name(tenant: Tenant, wanted: str) -> str:
    if wanted == "all":
        return "Everyone"
    for user in tenant.users.values():
        if wanted in (user.id, user.user_id, user.union_id, user.email):
            return user.real_name
    return tenant.app.name if wanted == tenant.app.open_id else wanted


def _typed(tenant: Tenant, message: Message) -> str:
    """Return a text message: what a person typed with its placeholders, or what the app wrote with its tags."""
    text = as_text(message.content.get("text"))
    for mention in message.mentions:
        text = text.replace(as_text(mention.get("key")), f"@{mention.get('name')}")
    if message.author in tenant.users:
        return text
    return html.unescape(AT.sub(lambda found: f"@{_name(tenant, found[2])}", _AT_END.sub(r"\1", text)))


def _post_text(tenant: Tenant, content: JsonObject, locale: str) -> str:
    body = as_object(content.get(locale) or next(iter(content.values()), None))
    rows = ["".join(_run(tenant, node) for node in as_objects(row)) for row in as_list(body.get("content"))]
    lines = [as_text(body.get("title")), *rows]
    return "\n".join(line for line in lines if line)


def _run(tenant: Tenant, node: JsonObject) -> str:
    if node.get("tag") == "at":
        return f"@{_name(tenant, as_text(node.get('user_id')))}"
    text = as_text(node.get("text"))
    return readable(tenant, text) if node.get("tag") == "md" else text
