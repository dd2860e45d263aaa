"""How one incident climbed: each level told once per turn, in order, everybody of it, until somebody acted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.delivery import Dropped, Kind, State
from bot.domain.incident import Entry, Idle, Progress
from tests.crash.history import DeliveryRow, IncidentRow, Said

_BEGINS: Final = frozenset(
    {
        Entry.OPENED,
        Entry.REOPENED,
        Entry.UNACKNOWLEDGED,
        Entry.ESCALATED,
        Entry.SNOOZE_OVER,
        Entry.REASSIGNED,
    }
)
_ENDS: Final = frozenset({Entry.ACKNOWLEDGED, Entry.CLOSED, Entry.RECOVERED, Entry.EXHAUSTED})
# Why a page may have been taken back, and which entry must stand behind it.
_BECAUSE: Final = {
    str(Dropped.ACTED): frozenset({Entry.ACKNOWLEDGED}),
    str(Dropped.CLOSED): frozenset({Entry.CLOSED, Entry.RECOVERED}),
    str(Dropped.SNOOZED): frozenset({Entry.SNOOZED}),
    str(Dropped.SUPERSEDED): frozenset({Entry.REASSIGNED}),
    str(Dropped.UNDONE): frozenset({Entry.UNACKNOWLEDGED, Entry.REOPENED, Entry.ESCALATED}),
}


@dataclass(frozen=True, slots=True)
class Climb:
    """An incident with its timeline, what was to be sent for it, and the places that each level tells."""

    incident: IncidentRow
    timeline: Sequence[Said]
    rows: Sequence[DeliveryRow]
    levels: Sequence[frozenset[str]]


def faults(climb: Climb) -> Iterator[str]:
    """Yield what is wrong with a climb."""
    yield from _order(climb)
    yield from _end(climb)
    yield from _told(climb)
    yield from _taken_back(climb)


def _order(climb: Climb) -> Iterator[str]:
    """The timeline itself: level by level, turn by turn, nothing twice, and nothing after an end."""
    last: tuple[int, int] | None = None
    is_over, is_first = False, False
    for said in climb.timeline:
        if said.entry in _BEGINS:
            last, is_over, is_first = None, False, said.entry in (Entry.OPENED, Entry.REOPENED)
        elif said.entry in _ENDS:
            is_over = True
        elif said.entry is Entry.NOTIFIED:
            turn = (said.level, said.turn)
            if is_over:
                yield f"level {said.level + 1} was told at {said.at:%T} though the climb was over"
            if last is None and is_first and turn != (0, 0):
                yield f"the first that was told was level {said.level + 1}, turn {said.turn}"
            if last is not None and turn not in ((last[0], last[1] + 1), (last[0] + 1, 0)):
                yield f"level {said.level + 1}, turn {said.turn} was told after level {last[0] + 1}, turn {last[1]}"
            last = turn


def _end(climb: Climb) -> Iterator[str]:
    """Left alone, it was exhausted after its last level; and the team and the admins were told."""
    waits = climb.incident.progress is Progress.TRIGGERED and climb.incident.due is None
    last = next((said for said in reversed(climb.timeline) if said.entry in _BEGINS | _ENDS), None)
    if climb.levels and waits and climb.incident.idle == Idle.EXHAUSTED:
        told = [said.level for said in climb.timeline if said.entry is Entry.NOTIFIED]
        if last is None or last.entry is not Entry.EXHAUSTED or max(told, default=-1) != len(climb.levels) - 1:
            yield "it counts as exhausted, but its last level was not told"
    for said in climb.timeline:
        noted = any(row.kind is Kind.NOTE and row.created_at == said.at for row in climb.rows)
        if said.entry is Entry.EXHAUSTED and not noted:
            yield f"it was exhausted at {said.at:%T}, and nobody was told so"


def _told(climb: Climb) -> Iterator[str]:
    """Each place of a level has its delivery for each turn, and none that no turn asked for."""
    turns = [said for said in climb.timeline if said.entry is Entry.NOTIFIED]
    for said in turns:
        for place in climb.levels[said.level] if said.level < len(climb.levels) else ():
            rows = [row for row in climb.rows if row.is_page and row.place == place]
            made = sum(row.created_at == said.at for row in rows)
            if made > 1:
                yield f"{place} has {made} pages for level {said.level + 1}, turn {said.turn}"
            if not made and not any(_stands_for(row, said, turns) for row in rows):
                yield f"{place} has no page for level {said.level + 1}, turn {said.turn} at {said.at:%T}"
    asked = {said.at for said in turns}
    for row in climb.rows:
        if row.is_page and row.created_at not in asked:
            yield f"the page {row.id} to {row.place} was asked for by no turn"


def _stands_for(row: DeliveryRow, said: Said, turns: Sequence[Said]) -> bool:
    """Whether a page that was still waiting then became the page of this turn, or of one after it."""
    still_waited = row.created_at < said.at and (row.settled_at is None or row.settled_at >= said.at)
    later = {(one.level, one.turn) for one in turns if one.at >= said.at}
    return still_waited and (row.level, row.turn) in later


def _taken_back(climb: Climb) -> Iterator[str]:
    """What was not sent has a reason that is true."""
    for row in climb.rows:
        if row.kind in (Kind.EDIT, Kind.CANCEL) or row.state not in (State.WITHDRAWN, State.FAILED):
            continue
        if row.reason == Dropped.REACHED:
            continue  # Whether that is so is a law of its own (`ways`).
        if not row.reason:
            yield f"the {row.kind} {row.id} to {row.place} is {row.state} for no reason"
        elif row.state is State.WITHDRAWN and not _is_true(row, climb.timeline):
            yield f"the {row.kind} {row.id} to {row.place} was taken back because {row.reason}, which is not so"


def _is_true(row: DeliveryRow, timeline: Sequence[Said]) -> bool:
    until: datetime | None = row.settled_at
    entries = _BECAUSE.get(row.reason, frozenset())
    return any(said.entry in entries and (until is None or said.at <= until) for said in timeline)
