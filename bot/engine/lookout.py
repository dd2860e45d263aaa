"""Which workspaces are dark: not connected in this process, nor for a minute in any other.

A process that has a workspace connected says so with each round of the checker, by a heartbeat. As with the checker's
own, what counts is that there is a new one, not what its time is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.domain.people import WorkspaceId
from bot.domain.trouble import Trouble, dark
from bot.engine.connections import ELSEWHERE, Status

# Three rounds of the checker: a minute at least.
MOST_DARK: Final = 3


def beat_of(workspace: WorkspaceId) -> str:
    """Return the name of the heartbeat of a connected workspace."""
    return f"connected/{workspace}"


@dataclass(slots=True)
class Lookout:
    """Remembers for how many rounds each workspace has been dark."""

    _rounds: dict[WorkspaceId, int] = field(default_factory=dict)
    _heard: dict[WorkspaceId, datetime | None] = field(default_factory=dict)

    def look(self, statuses: Mapping[WorkspaceId, Status], beats: Mapping[str, datetime]) -> list[Trouble]:
        """Return the workspaces that have been dark for long enough. To be called once in each round."""
        # Who waits for another process's connection knows nothing of it: that process says what is wrong.
        ours = {workspace: status for workspace, status in statuses.items() if status.why != ELSEWHERE}
        before, self._heard = self._heard, {one: beats.get(beat_of(one)) for one in ours}
        self._rounds = {
            workspace: self._rounds.get(workspace, 0) + 1
            for workspace, status in ours.items()
            if not status.connected and before.get(workspace, self._heard[workspace]) == self._heard[workspace]
        }
        long = [workspace for workspace, rounds in self._rounds.items() if rounds >= MOST_DARK]
        return [dark(ours[workspace].name, ours[workspace].why) for workspace in long]


def connected(statuses: Mapping[WorkspaceId, Status]) -> Collection[WorkspaceId]:
    """Return the workspaces whose connection stands in this process."""
    return [workspace for workspace, status in statuses.items() if status.connected]
