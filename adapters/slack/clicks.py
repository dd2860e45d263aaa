"""What Slack tells of a click, a command or a filled-in form, as an Interaction, and where its answer goes.

Only ids, our own button's token and what somebody wrote are read, whatever the message around them says. Sources of the
payloads: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload, .../view-interactions-payload and
https://docs.slack.dev/interactivity/implementing-slash-commands. That a command's text has `&`, `<` and `>` escaped is
not written there; it is undone here, and changes nothing where they are not.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.adapter import Interaction, MessageRef
from cards.form import sentence
from cards.slack_form import CALLBACK, answer_of

OURS: Final = "oncard:"
COMMAND: Final = "/oncard"
_ASKS: Final = re.compile(r"[a-z]+\? ", re.ASCII)
_MENTION: Final = re.compile(r"<@([A-Z0-9]{1,40})(?:\|[^>]*)?>")
_ADDRESS: Final = re.compile(r"<(?:mailto:([^<>|\s]+)|(https?://[^<>|\s]+))(?:\|[^<>]*)?>")
_NAMED: Final = re.compile(r"<[#!][^<>|]*\|([^<>]*)>")


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody asked, and where the answer that only they see can be posted."""

    interaction: Interaction
    response_url: str = ""
    trigger_id: str = ""

    @property
    def asks(self) -> bool:
        """Whether a form is wanted: it must be opened at once."""
        return self.interaction.is_token and _ASKS.match(self.interaction.text) is not None


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that was sent, and the window in which its answer can be shown."""

    said: Said
    view: str


def read_click(body: Mapping[str, object]) -> Said | None:
    """Return what a `block_actions` payload asks of us; None if it is no button of ours or nobody's click."""
    actions = body.get("actions")
    action = _object(actions[0]) if isinstance(actions, list) and actions else {}
    user = _object(body.get("user"))
    user_id = _text(user.get("id"))
    if not _text(action.get("action_id")).startswith(OURS) or not user_id:
        return None
    container = _object(body.get("container"))
    chat = _text(_object(body.get("channel")).get("id")) or _text(container.get("channel_id"))
    ts = _text(container.get("message_ts"))
    option = _object(action.get("selected_option"))
    # What one person sees alone is gone when they look again: it shows nothing of what was done.
    is_kept = chat and ts and container.get("is_ephemeral") is not True
    interaction = Interaction(
        user=user_id,
        user_name=_name(user) or user_id,
        text=_text(action.get("value")) or _text(option.get("value")),
        chat=chat or None,
        message=MessageRef(chat, ts) if is_kept else None,
        trigger=_trigger(body, user_id, ts, _text(action.get("action_ts"))),
        is_token=True,
    )
    return Said(interaction, _text(body.get("response_url")), _text(body.get("trigger_id")))


def read_command(body: Mapping[str, object]) -> Said | None:
    """Return what a slash command asks of us; None if nobody typed it."""
    user_id = _text(body.get("user_id"))
    if not user_id:
        return None
    trigger_id = _text(body.get("trigger_id"))
    interaction = Interaction(
        user=user_id,
        user_name=_text(body.get("user_name")) or user_id,
        text=typed(_text(body.get("text"))),
        chat=_text(body.get("channel_id")) or None,
        trigger=trigger_id or None,
    )
    return Said(interaction, _text(body.get("response_url")), trigger_id)


def typed(text: str) -> str:
    """Return a command's text as it was typed, with mentions as `<@U1>`."""
    said = _MENTION.sub(r"<@\1>", text)
    said = _NAMED.sub(r"\1", said)
    said = _ADDRESS.sub(lambda found: found[1] or found[2], said)
    return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def metadata(said: Said, token: str) -> str:
    """Return what a window remembers of the click that opened it: the sentence that it completes, and where."""
    asked = said.interaction
    kept = {
        "token": token,
        "chat": asked.chat or "",
        "message": asked.message.id if asked.message else "",
        "response_url": said.response_url,
    }
    return json.dumps(kept)


def read_form(body: Mapping[str, object]) -> Filled | None:
    """Return what a `view_submission` payload says; None if it is no form of ours or nobody's."""
    user, view = _object(body.get("user")), _object(body.get("view"))
    user_id = _text(user.get("id"))
    try:
        kept = _object(json.loads(_text(view.get("private_metadata")) or "{}"))
    except ValueError:
        return None
    token = _text(kept.get("token"))
    if view.get("callback_id") != CALLBACK or not user_id or not token:
        return None
    values = _object(_object(view.get("state")).get("values"))
    answers = {name: answer_of(_object(next(iter(_object(one).values()), None))) for name, one in values.items()}
    chat, ts = _text(kept.get("chat")), _text(kept.get("message"))
    interaction = Interaction(
        user=user_id,
        user_name=_name(user) or user_id,
        text=sentence(token, answers),
        chat=chat or None,
        message=MessageRef(chat, ts) if chat and ts else None,
        # A window is sent once; what it says is told again only with the same hash.
        trigger=f"{_text(view.get('id'))}/{_text(view.get('hash'))}",
        is_token=True,
    )
    return Filled(Said(interaction, _text(kept.get("response_url"))), _text(view.get("id")))


def _name(user: Mapping[str, object]) -> str:
    return _text(user.get("username")) or _text(user.get("name"))


def _trigger(body: Mapping[str, object], user: str, ts: str, action_ts: str) -> str | None:
    """Return what is the same only if the very same press of a button is told again."""
    if action_ts:
        return f"{_text(_object(body.get('team')).get('id'))}/{user}/{ts}/{action_ts}"
    return _text(body.get("trigger_id")) or None


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
