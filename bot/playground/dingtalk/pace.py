"""How much DingTalk lets an app call: calls a second, calls a month, and messages a minute of a custom robot.

A standard organisation has 5,000 calls a month for all its self-built apps; tokens, the directory, webhooks and the
opening of a Stream connection are not counted (for the last two that is a guess). An app may make 20 calls a second
of one API. A custom robot may send 20 messages a minute and is then blocked for ten minutes.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.playground.dingtalk.refusal import Refusal

CALLS_PER_SECOND: Final = 20
CALLS_PER_MONTH: Final = 5000
ROBOT_PER_MINUTE: Final = 20
ROBOT_BLOCK: Final = timedelta(minutes=10)

TOO_MANY_A_SECOND: Final = "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"
TOO_MANY_A_MONTH: Final = "Forbidden.AccessDenied.ApiCountLimitForOrg"


@dataclass(slots=True)
class _Window:
    """The instants of the newest events, no older than `length`."""

    length: timedelta
    most: int
    at: deque[datetime] = field(default_factory=deque)

    def take(self, now: datetime) -> bool:
        """Count an event, or return False if there were too many."""
        while self.at and now - self.at[0] >= self.length:
            self.at.popleft()
        if len(self.at) >= self.most:
            return False
        self.at.append(now)
        return True


class Pace:
    """Counts calls. Switched off (`enabled`), it counts on but lets everything pass.

    `throttled`: every call is one too many. `banned`: the gateway turns away this address. `spent`: the calls of the
    month are used up, whatever was counted. `used` is how many calls of this month were counted, `per_month` how many
    there may be.
    """

    def __init__(self) -> None:
        self.enabled = True
        self.throttled = False
        self.banned = False
        self.spent = False
        self.per_month = CALLS_PER_MONTH
        self.used = 0
        self._month = (0, 0)
        self._windows: dict[str, _Window] = {}

    def take(self, method: str, now: datetime, *, counted: bool) -> None:
        """Count a call; raises `Refusal`. Those that are refused do not count against the month."""
        self._turn_month(now)
        if self.throttled:
            raise Refusal(TOO_MANY_A_SECOND, "too many calls a second of this API", status=403)
        window = self._windows.setdefault(method, _Window(timedelta(seconds=1), CALLS_PER_SECOND))
        if not window.take(now) and self.enabled:
            raise Refusal(TOO_MANY_A_SECOND, "too many calls a second of this API", status=403)
        if counted and self.exhausted(now):
            raise Refusal(TOO_MANY_A_MONTH, "the organisation's calls of this month are used up", status=403)
        self.used += counted

    def exhausted(self, now: datetime) -> bool:
        """Whether the calls of this month are used up."""
        self._turn_month(now)
        return self.spent or (self.enabled and self.used >= self.per_month)

    def _turn_month(self, now: datetime) -> None:
        if self._month != (now.year, now.month):
            self._month = (now.year, now.month)
            self.used = 0


@dataclass(slots=True)
class RobotPace:
    """The pace of one custom robot."""

    window: _Window = field(default_factory=lambda: _Window(timedelta(minutes=1), ROBOT_PER_MINUTE))
    blocked_until: datetime | None = None

    def take(self, now: datetime) -> bool:
        """Count a message, or return False: then the robot is blocked, and stays so for ten minutes."""
        if self.blocked_until is not None and now < self.blocked_until:
            return False
        if self.window.take(now):
            return True
        self.blocked_until = now + ROBOT_BLOCK
        return False
