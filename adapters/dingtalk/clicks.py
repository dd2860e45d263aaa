"""What DingTalk tells of a click, a form or a message to the bot, as an Interaction.

Only ids, our own button's params and typed words are read, whatever stands around them. Sources:
https://open.dingtalk.com/document/development/event-callback-card and .../orgapp/receive-message. A click tells no
name, so it is the id. In a direct conversation the chat is the person's userId, as it is where we send. A message holds
no place for the people it mentions, so they stand at its end. Who has no userId of the organisation is an outsider:
known by the id that they have for this app, which no message reaches; they are answered directly, if they wrote so.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from adapters.dingtalk.errors import CODES
from bot.adapter import FailureKind, Interaction, MessageRef
from cards.dingtalk_form import CANCEL, said_in
from cards.dingtalk_robot import is_pressed
from cards.dingtalk_text import is_user

GROUP: Final = "IM_GROUP"


@dataclass(frozen=True, slots=True)
class Session:
    """Where a conversation can be answered in without a token, and until when."""

    webhook: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody asked. `direct`: where only they and our bot are. `track`: the card that was clicked.

    `form`: a form was sent or left, so it is to be closed; what was left asks nothing. `outsider`: nothing can be sent
    to them directly.
    """

    interaction: Interaction
    direct: bool
    track: str = ""
    form: bool = False
    session: Session | None = None
    outsider: bool = False


def read_click(data: Mapping[str, object], trigger: str) -> Said | None:
    """Return what a click asks of us; None if the button is none of ours, or it is nobody's click."""
    user, track = _text(data.get("userId")), _text(data.get("outTrackId"))
    private = _object(_object(data.get("content")).get("cardPrivateData"))
    params, actions = _object(private.get("params")), private.get("actionIds")
    is_left = isinstance(actions, list) and CANCEL in actions and not params.get("token")
    text = "" if is_left else said_in(params) if "form" in params else _text(params.get("token"))
    if not user or not track or not (text or is_left):
        return None
    in_group = data.get("spaceType") == GROUP
    chat = _text(data.get("spaceId")) if in_group else user
    interaction = Interaction(
        user=user,
        user_name=user,
        text=text,
        chat=chat or None,
        message=MessageRef(chat, track) if chat else None,
        trigger=trigger or None,
        is_token=True,
    )
    return Said(interaction, direct=not in_group, track=track, form=is_left or "form" in params)


def read_message(data: Mapping[str, object], card_of: Callable[[str], str | None]) -> Said | None:
    """Return what a message asks of our bot; None if it is no text, or nobody's.

    `card_of` tells which card of ours a message with this id shows.
    """
    staff, user = _text(data.get("senderStaffId")), _text(data.get("senderStaffId")) or _text(data.get("senderId"))
    words = _words(data)
    if not user or words is None:
        return None
    direct = data.get("conversationType") != "2"
    chat = user if direct else _text(data.get("conversationId"))
    text = " ".join([words.strip(), *_mentions(data)]).strip()
    key = _text(data.get("originalProcessQueryKey"))
    quoted = card_of(_text(data.get("originalMsgId"))) or card_of(key) or key
    interaction = Interaction(
        user=user,
        user_name=_text(data.get("senderNick")) or user,
        text=text,
        chat=chat or None,
        trigger=_text(data.get("msgId")) or None,
        is_token=is_pressed(text),
        replied=MessageRef(chat, quoted) if chat and quoted else None,
    )
    return Said(interaction, direct, session=_session(data), outsider=not staff)


def is_out_of_calls(data: Mapping[str, object]) -> bool:
    """Whether a message came empty, because the organisation's calls of this month are used up."""
    return CODES.get(str(data.get("errCode"))) is FailureKind.QUOTA


def _words(data: Mapping[str, object]) -> str | None:
    """Return what was written; None if it is no text."""
    if data.get("msgtype") == "text":
        return _text(_object(data.get("text")).get("content"))
    rich = _object(data.get("content")).get("richText")
    if data.get("msgtype") == "richText" and isinstance(rich, list):
        return "".join(_text(_object(one).get("text")) for one in rich)
    return None


def _mentions(data: Mapping[str, object]) -> Iterator[str]:
    """Yield the members who are mentioned, without our bot."""
    bot, users = data.get("chatbotUserId"), data.get("atUsers")
    for one in map(_object, users if isinstance(users, list) else []):
        staff = _text(one.get("staffId"))
        if is_user(staff) and one.get("dingtalkId") != bot:
            yield f"<@{staff}>"


def _session(data: Mapping[str, object]) -> Session | None:
    webhook, until = _text(data.get("sessionWebhook")), data.get("sessionWebhookExpiredTime")
    if not webhook or not isinstance(until, int) or not 0 < until < 10**14:
        return None
    return Session(webhook, datetime.fromtimestamp(until / 1000, UTC))


def _object(value: object) -> Mapping[str, object]:
    """Return an object, also where it stands as JSON in a text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
