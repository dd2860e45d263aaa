"""What Telegram tells in an update, as an Interaction, and where its answer goes.

Only ids, our own button's data and typed words are read, whatever stands around them. In a group only what names our
bot or our command is meant for it: a reply to a card is talk among people, unless it answers a question of ours.
https://core.telegram.org/bots/api#update. Guess: that a message which one person sees has the `message_id` 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.telegram.commands import IN_PRIVATE
from adapters.telegram.texts import Me, Typed, read_text
from bot.adapter import Interaction, MessageRef
from cards.form import sentence
from cards.telegram_form import CANCEL, Turn, completes, is_form, read_turn

KINDS: Final = ("message", "callback_query", "my_chat_member")
"""What the bot asks to be told of."""

LEFT: Final = ("left", "kicked")


class Unreadable(Exception):
    """An update of a kind that we asked for lacks what it must have."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody asked, and where the answer that only they see can go.

    `query`: the click that waits for an answer; empty: it was typed. `message`: what was clicked or typed, 0 where only
    that person sees it, by the number `alone`. `private`: the chat is theirs and ours. `form`: the message is a form's,
    `cancel`: which is to go away, `turn`: or to show something else. `at`: when it was typed, in seconds of Unix time,
    0 where nothing tells. `late`: too long ago to be done now.
    """

    interaction: Interaction
    chat: str
    message: int
    alone: int = 0
    query: str = ""
    private: bool = False
    form: bool = False
    cancel: bool = False
    turn: Turn | None = None
    locale: str = "en"
    at: int = 0
    late: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What happened to our bot, for the log: what, and where."""

    event: str
    chat: str
    why: str = ""


def read_update(update: Mapping[str, object], me: Me, names: Mapping[str, str]) -> Said | Told | None:
    """Return what an update says; None: it is not for us. Raises Unreadable."""
    for kind, read in (("message", _message), ("callback_query", _click), ("my_chat_member", _standing)):
        if kind in update:
            content = update[kind]
            if not isinstance(content, dict):
                raise Unreadable(f"{kind} is no object")
            return read(content, me, names)
    return None


def sender(update: Mapping[str, object]) -> tuple[str, str]:
    """Return the username, in small letters, and the id of whoever an update comes from; empty where it has none."""
    content = next((_object(update.get(kind)) for kind in KINDS if kind in update), {})
    user = _object(content.get("from"))
    return _text(user.get("username")).lower(), _id(user)


def _message(message: Mapping[str, object], me: Me, names: Mapping[str, str]) -> Said | Told | None:
    chat, user = _object(message.get("chat")), _object(message.get("from"))
    number = message.get("message_id")
    if not _id(chat) or not isinstance(number, int):
        raise Unreadable("message lacks its chat or its number")
    moved = message.get("migrate_to_chat_id")
    if isinstance(moved, int):
        return Told("chat_moved", _id(chat), f"its id is {moved} now: change it in the configuration")
    words = message.get("text")
    if not isinstance(words, str) or not _id(user) or user.get("is_bot") is not False:
        return None
    if "forward_origin" in message:
        # The words of somebody else, who may have asked for just that.
        return None
    typed = read_text(words, message.get("entities"), me, names)
    replied = _object(message.get("reply_to_message"))
    # Clients offer to reply to a question of ours whatever is typed next: our command is none the less one.
    token = "" if _is_command(words, typed) else _completed(replied, me)
    private = chat.get("type") == "private"
    if not private and not typed.addressed and not token:
        return None
    alone = message.get("ephemeral_message_id")
    interaction = Interaction(
        user=_id(user),
        user_name=_name(user),
        text=sentence(token, {"answer": typed.text}) if token else _command(typed.text, words),
        chat=_id(chat),
        trigger=f"{_id(chat)}:{number}:{alone or ''}",
        is_token=bool(token),
        replied=None if token else _replied(replied, _id(chat)),
    )
    return Said(
        interaction,
        _id(chat),
        number,
        alone=alone if isinstance(alone, int) else 0,
        private=private,
        locale=_locale(user),
        at=at if isinstance(at := message.get("date"), int) else 0,
    )


def _click(query: Mapping[str, object], _me: Me, _names: Mapping[str, str]) -> Said | None:
    user, message = _object(query.get("from")), _object(query.get("message"))
    number, data, chat = _text(query.get("id")), query.get("data"), _object(message.get("chat"))
    if not _id(user) or not number:
        raise Unreadable("callback_query lacks its number or who it comes from")
    if not isinstance(data, str):
        return None
    clicked, alone = message.get("message_id"), message.get("ephemeral_message_id")
    clicked = clicked if isinstance(clicked, int) and not isinstance(alone, int) else 0
    rows = _object(message.get("reply_markup")).get("inline_keyboard")
    form = is_form(row for row in rows if isinstance(row, list)) if isinstance(rows, list) else False
    turn = read_turn(data)
    interaction = Interaction(
        user=_id(user),
        user_name=_name(user),
        text=turn.ask if turn else data,
        chat=_id(chat) or None,
        # What a form's button did is not seen on the form.
        message=MessageRef(_id(chat), str(clicked)) if clicked and not form else None,
        trigger=number,
        is_token=True,
    )
    return Said(
        interaction,
        _id(chat),
        clicked,
        alone=alone if isinstance(alone, int) else 0,
        query=number,
        private=chat.get("type") == "private",
        form=form,
        cancel=data == CANCEL,
        turn=turn,
        locale=_locale(user),
    )


def _standing(member: Mapping[str, object], _me: Me, _names: Mapping[str, str]) -> Told | None:
    chat, now = _object(member.get("chat")), _object(member.get("new_chat_member"))
    status = _text(now.get("status"))
    if not _id(chat) or not status:
        raise Unreadable("my_chat_member lacks its chat or its status")
    private = chat.get("type") == "private"
    if status in LEFT:
        return Told("person_blocked_us" if private else "removed_from_chat", _id(chat), status)
    return Told("person_is_back" if private else "added_to_chat", _id(chat), status)


def _is_command(words: str, typed: Typed) -> bool:
    return words.startswith("/") and (typed.addressed or words[1:].strip() in IN_PRIVATE)


def _completed(replied: Mapping[str, object], me: Me) -> str:
    """Return the sentence that a reply completes: only a message of our own can ask for it."""
    author = _object(replied.get("from"))
    return completes(_text(replied.get("text"))) if me.id and _id(author) == me.id else ""


def _replied(replied: Mapping[str, object], chat: str) -> MessageRef | None:
    number = replied.get("message_id")
    # In a topic everything is a reply to the message that opened it.
    if not isinstance(number, int) or not number or "forum_topic_created" in replied:
        return None
    return MessageRef(chat, str(number))


def _command(text: str, words: str) -> str:
    """Return the sentence; `/start` without a code is what everybody's first button sends."""
    return "help" if text == "link" and words.startswith("/start") else text


def _name(user: Mapping[str, object]) -> str:
    parts = (_text(user.get("first_name")), _text(user.get("last_name")))
    return " ".join(part for part in parts if part) or _text(user.get("username")) or _id(user)


def _locale(user: Mapping[str, object]) -> str:
    return _text(user.get("language_code")) or "en"


def _id(value: Mapping[str, object]) -> str:
    number = value.get("id")
    return str(number) if isinstance(number, int) and not isinstance(number, bool) else ""


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
