"""Levels of escalation: whom each tells, and for how long it waits.

Only their shape is here; when an incident climbs is decided in `law`.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.domain.people import Method, Target, WorkspaceId

MOST_REPEATS: Final = 6
SHORTEST_REPEAT: Final = timedelta(seconds=30)
LONGEST_REPEAT: Final = timedelta(minutes=120)
LONGEST_WAIT: Final = timedelta(minutes=720)


class Unless(StrEnum):
    """What keeps an incident from going on to the next level."""

    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class WhenNobody(StrEnum):
    """What a level does when nobody is on duty: it is passed, waits for the next shift, or tells who must know."""

    PASS = "pass"  # noqa: S105 - It is no password.
    HOLD = "hold"
    CATCH_ALL = "catch_all"


@dataclass(frozen=True, slots=True)
class Chat:
    """A group conversation: the workspace it is in, and the platform's own name for it."""

    workspace: WorkspaceId
    chat: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """A loop: notify again every so often, so many times more, until somebody acknowledges."""

    every: timedelta
    times: int


@dataclass(frozen=True, slots=True)
class Level:
    """One step of a rule. `methods` empty: each person's own preferences decide."""

    targets: tuple[Target, ...] = ()
    chats: tuple[Chat, ...] = ()
    methods: tuple[Method, ...] = ()
    repeat: Repeat | None = None
    escalate_after: timedelta = timedelta(minutes=5)
    unless: Unless = Unless.ACKNOWLEDGED
    when_nobody: WhenNobody = WhenNobody.PASS


@dataclass(frozen=True, slots=True)
class Reset:
    """What an incident's alert puts in the place of what a level (from 0) names: `bot.domain.dynamic`.

    `targets` empty: the level keeps its own. `chats` stand in the place of those in the workspaces `instead_of`.
    """

    level: int
    targets: tuple[Target, ...] = ()
    chats: tuple[Chat, ...] = ()
    instead_of: tuple[WorkspaceId, ...] = ()
