"""What Feishu tells of a click, a form or a message, as an Interaction.

Only ids, our own button's value and typed words are read, whatever stands around them. Sources: https://open.feishu.cn/
document/feishu-cards/card-callback-communication and .../server-docs/im-v1/message/events/receive. Events hold no
names, so a user's name is the id. In a group only what mentions our bot is meant for it. A reply in a thread answers
the thread's first message: that is the card.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bot.adapter import Interaction, MessageRef
from cards.form import sentence

CLICK: Final = "card.action.trigger"
MESSAGE: Final = "im.message.receive_v1"
_PLACEHOLDER: Final = re.compile(r"@_user_\d{1,6}|@_all", re.ASCII)
_USER: Final = re.compile(r"ou_[0-9A-Za-z]{1,64}", re.ASCII)
_MILLIS: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_SPACES: Final = re.compile(r"[^\S\n]+")


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody asked. `form`: by a form, whose card is the message. `direct`: where only they and our bot are.

    `at`: when it was written, in seconds since 1970; None: it is not known, or a click, which is told at once or never.
    """

    interaction: Interaction
    form: bool = False
    direct: bool = False
    at: float | None = None


def kind_of(event: Mapping[str, object]) -> str:
    """Return the type of an event; empty for one in a form that is no longer used."""
    return _text(_object(event.get("header")).get("event_type"))


def read_click(event: Mapping[str, object]) -> Said | None:
    """Return what a click asks of us; None if the button is none of ours, or it is nobody's click."""
    body = _object(event.get("event"))
    action, context = _object(body.get("action")), _object(body.get("context"))
    user, value = _text(_object(body.get("operator")).get("open_id")), _object(action.get("value"))
    token = _text(value.get("t"))
    if not token or not user:
        return None
    chat, message = _text(context.get("open_chat_id")), _text(context.get("open_message_id"))
    fields = [_text(name) for name in _list(value.get("fields"))]
    interaction = Interaction(
        user=user,
        user_name=user,
        text=sentence(token, dict(_answers(fields, value, _object(action.get("form_value"))))) if fields else token,
        chat=chat or None,
        message=MessageRef(chat, message) if chat and message else None,
        trigger=_text(_object(event.get("header")).get("event_id")) or None,
        is_token=True,
    )
    return Said(interaction, form=bool(fields))


def read_message(event: Mapping[str, object], bot: str) -> Said | None:
    """Return what a message asks of our bot, known by its open_id; None if it is not meant for it."""
    body = _object(event.get("event"))
    sender, message = _object(body.get("sender")), _object(body.get("message"))
    user = _text(_object(sender.get("sender_id")).get("open_id"))
    words = _words(message)
    if not user or words is None or sender.get("sender_type") != "user":
        return None
    people = {_text(one.get("key")): _open_id(one) for one in map(_object, _list(message.get("mentions")))}
    direct = message.get("chat_type") == "p2p"
    if not direct and (not bot or bot not in people.values()):
        return None
    chat, message_id = _text(message.get("chat_id")), _text(message.get("message_id"))
    answered = _text(message.get("root_id")) or _text(message.get("parent_id"))
    interaction = Interaction(
        user=user,
        user_name=user,
        text=_named(words, people, bot),
        chat=chat or None,
        trigger=message_id or None,
        replied=MessageRef(chat, answered) if chat and answered else None,
    )
    written_at = _text(message.get("create_time"))
    return Said(interaction, direct=direct, at=int(written_at) / 1000 if _MILLIS.fullmatch(written_at) else None)


def _answers(fields: list[str], value: Mapping[str, object], filled: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what was chosen or written, in the order of the form's fields; a person as a mention."""
    people = _list(value.get("people"))
    for name in fields:
        answer = _text(filled.get(name))
        yield name, f"<@{answer}>" if name in people and _USER.fullmatch(answer) else answer


def _words(message: Mapping[str, object]) -> str | None:
    """Return what was written; None if it is no text."""
    try:
        content = _object(json.loads(_text(message.get("content"))))
    except (ValueError, RecursionError):
        return None
    match message.get("message_type"):
        case "text":
            return _text(content.get("text"))
        case "post":
            rows = [map(_object, _list(row)) for row in _list(content.get("content"))]
            return "\n".join(
                "".join(_text(one.get("text")) or _text(one.get("user_id")) for one in row) for row in rows
            )
        case _:
            return None


def _named(words: str, people: Mapping[str, str], bot: str) -> str:
    """Return the words with each person in the place of their placeholder, and without our bot."""

    def person(found: re.Match[str]) -> str:
        user = people.get(found[0], "")
        return "" if not user or user == bot else f"<@{user}>"

    return _SPACES.sub(" ", _PLACEHOLDER.sub(person, words)).strip()


def _open_id(mention: Mapping[str, object]) -> str:
    found = _text(_object(mention.get("id")).get("open_id"))
    return found if _USER.fullmatch(found) else ""


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
