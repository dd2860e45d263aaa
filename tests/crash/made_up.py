"""A small run that was made up, for the tests of the model: one incident, two levels, nothing wrong."""

from datetime import UTC, datetime, timedelta

from bot.domain.delivery import Kind, State
from bot.domain.incident import Entry, Idle, Progress
from tests.crash.history import (
    AlertRow,
    Arrival,
    CardRow,
    DeliveryRow,
    History,
    IncidentRow,
    Interruption,
    Post,
    Said,
    Seen,
    Shown,
)

NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
CHAT, ANA, BO = "#C1", "@ana", "@bo"
LEVELS = (frozenset({CHAT, ANA}), frozenset({BO}))


def at(seconds: float) -> datetime:
    return NIGHT + timedelta(seconds=seconds)


def post(status: str = "Critical", text: str = "full", attempts: int = 1) -> Post:
    return Post("disk", status, "disk", text, attempts, is_answered=True)


def arrival(place: str, second: float, number: str, seen: Seen = Seen.CARD) -> Arrival:
    return Arrival(at(second), place, 1, seen, (place, number), "disk")


def page(number: int, place: str, level: int, made: float, sent: float) -> DeliveryRow:
    return DeliveryRow(
        id=number,
        incident=1,
        kind=Kind.CARD,
        place=place,
        level=level,
        turn=0,
        state=State.DELIVERED,
        created_at=at(made),
        not_before=at(made),
        settled_at=at(sent + 0.1),
        message=(place, str(number)),
        accepted_at=at(sent + 0.1),
    )


def night() -> History:
    """One incident: its first level is told at once, its second after 3 s; Bo takes it after 10 s."""
    return History(
        ended_at=at(60),
        levels={"payments": LEVELS},
        posts=[post()],
        arrivals=[arrival(CHAT, 0.2, "1"), arrival(ANA, 0.3, "2"), arrival(BO, 3.2, "3")],
        shown={
            (place, number): Shown(Progress.PROCESSING, 4) for place, number in ((CHAT, "1"), (ANA, "2"), (BO, "3"))
        },
        alerts=[AlertRow("disk", 1, is_recovered=False)],
        events={"disk": 1},
        incidents={
            1: IncidentRow(1, "payments", "disk", "Critical", "full", Progress.PROCESSING, 4, None, Idle.ACKNOWLEDGED)
        },
        timeline={
            1: [
                Said(at(0), Entry.OPENED),
                Said(at(0), Entry.NOTIFIED, 0, 0),
                Said(at(3), Entry.NOTIFIED, 1, 0),
                Said(at(10), Entry.ACKNOWLEDGED),
            ]
        },
        deliveries=[page(1, CHAT, 0, 0, 0.2), page(2, ANA, 0, 0, 0.3), page(3, BO, 1, 3, 3.2)],
        cards=[CardRow(1, CHAT, (CHAT, "1")), CardRow(1, ANA, (ANA, "2")), CardRow(1, BO, (BO, "3"))],
    )


def killed(second: float) -> Interruption:
    return Interruption("kill", at(second), at(second))
