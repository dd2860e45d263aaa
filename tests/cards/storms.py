"""Boards for cards to be built from: many incidents of one night, an hour and a half after the first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from bot.domain.board import BoardId, Lot, Summary
from bot.domain.event import Severity
from bot.domain.facts import Facts
from bot.domain.incident import ChannelId, Idle, Incident, IncidentId, Progress
from cards.board import BoardScene
from tests.cards.stories import FACTS, NAMES, NIGHT, USERS

CHANNEL, OTHER = ChannelId(7), ChannelId(8)
CRITICAL: Final = Lot(CHANNEL, Severity.CRITICAL, Progress.TRIGGERED, "", 1, IncidentId(5012))
WARNING: Final = replace(CRITICAL, severity=Severity.WARNING)
ELSEWHERE: Final = replace(CRITICAL, channel=OTHER)
TAKEN: Final = replace(CRITICAL, progress=Progress.PROCESSING)
CLOSED: Final = replace(CRITICAL, progress=Progress.CLOSED)
EXHAUSTED: Final = replace(CRITICAL, idle=str(Idle.EXHAUSTED))
NO_RULE: Final = replace(CRITICAL, idle=str(Idle.NO_RULE))


def incident(number: int, facts: Facts = FACTS) -> Incident:
    """Return one of the incidents: each has come a second after the one before."""
    return Incident(IncidentId(number), CHANNEL, facts, opened_at=NIGHT + timedelta(seconds=number))


def storm(*lots: tuple[Lot, int], facts: Facts = FACTS, **changes: object) -> BoardScene:
    """Return the scene of a board with so many incidents of each lot, in a chat."""
    waits = any(lot.progress is Progress.TRIGGERED for lot, _ in lots)
    scene: dict[str, Any] = {
        "channels": {CHANNEL: "Payments", OTHER: "Search"},
        "names": NAMES,
        "users": USERS,
        "oldest": tuple(incident(number, facts) for number in (20, 21, 22, 23, 24)) if waits else (),
        "critical": tuple(incident(number, facts) for number in (5012, 5011, 24)) if waits else (),
    }
    return BoardScene(
        board=BoardId(9001),
        summary=Summary(tuple(replace(lot, count=count) for lot, count in lots)),
        opened_at=NIGHT,
        now=NIGHT + timedelta(minutes=90),
        **scene | changes,
    )
