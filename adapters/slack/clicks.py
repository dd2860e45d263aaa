"""What Slack tells of a click or a command, as an Interaction, and where its answer goes.

Only ids and our own button's token are read, whatever the message around them says. Source of the payloads:
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.adapter import Interaction, MessageRef

OURS: Final = "oncard:"
COMMAND: Final = "/oncard"


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody asked, and where the answer that only they see can be posted."""

    interaction: Interaction
    response_url: str


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
    interaction = Interaction(
        user=user_id,
        user_name=_text(user.get("username")) or _text(user.get("name")) or user_id,
        text=_text(action.get("value")) or _text(option.get("value")),
        chat=chat or None,
        message=MessageRef(chat, ts) if chat and ts else None,
        trigger=_trigger(body, user_id, ts, _text(action.get("action_ts"))),
    )
    return Said(interaction, _text(body.get("response_url")))


def read_command(body: Mapping[str, object]) -> Said | None:
    """Return what a slash command asks of us; None if nobody typed it."""
    user_id = _text(body.get("user_id"))
    if not user_id:
        return None
    interaction = Interaction(
        user=user_id,
        user_name=_text(body.get("user_name")) or user_id,
        text=_text(body.get("text")),
        chat=_text(body.get("channel_id")) or None,
        trigger=_text(body.get("trigger_id")) or None,
    )
    return Said(interaction, _text(body.get("response_url")))


def _trigger(body: Mapping[str, object], user: str, ts: str, action_ts: str) -> str | None:
    """Return what is the same only if the very same press of a button is told again."""
    if action_ts:
        return f"{_text(_object(body.get('team')).get('id'))}/{user}/{ts}/{action_ts}"
    return _text(body.get("trigger_id")) or None


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
