"""What an interaction hands out for the answer: trigger ids and response URLs.

A trigger id opens one view within 3 s. A response URL takes five answers within 30 minutes.
Source: https://docs.slack.dev/interactivity/handling-user-interaction.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.playground.slack.refusal import Refusal

TRIGGER_LIFE = timedelta(seconds=3)
URL_LIFE = timedelta(minutes=30)
URL_USES = 5


@dataclass(slots=True)
class _Trigger:
    user: str
    issued: datetime
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where an answer to one interaction goes: to `user` in `channel`, about the message `ts` if there is one."""

    channel: str
    user: str
    ts: str
    issued: datetime
    uses: int = 0


class Triggers:
    """The trigger ids and response URLs handed out."""

    def __init__(self) -> None:
        self._triggers: dict[str, _Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}

    def issue(self, user: str, now: datetime) -> str:
        """Return a new trigger id for what `user` just did."""
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = _Trigger(user, now)
        return trigger_id

    def exchange(self, trigger_id: str, now: datetime) -> str:
        """Use up a trigger id and return whose it is; raises `Refusal`."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if trigger.used:
            raise Refusal("exchanged_trigger_id")
        if now - trigger.issued > TRIGGER_LIFE:
            raise Refusal("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def issue_url(self, target: ResponseUrl) -> str:
        """Return the path below `/actions/` that answers `target`."""
        key = f"T00000001/{secrets.randbelow(10**12)}/{secrets.token_urlsafe(18)}"
        self._urls[key] = target
        return key

    def use_url(self, key: str, now: datetime) -> ResponseUrl:
        """Count an answer to a response URL and return its target; raises `Refusal`."""
        target = self._urls.get(key)
        if target is None or now - target.issued > URL_LIFE:
            raise Refusal("expired_url")
        if target.uses >= URL_USES:
            raise Refusal("used_url")
        target.uses += 1
        return target
