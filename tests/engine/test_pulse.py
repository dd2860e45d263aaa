"""A silence is noticed: that of a workspace, and that of the checker itself."""

from datetime import timedelta

import pytest

from bot.domain.incident import IncidentId
from bot.domain.trouble import Check, key_of
from bot.engine import metrics
from bot.engine.connections import ELSEWHERE
from bot.engine.pulse import MOST_STILL, Pulse
from bot.engine.watchdog import Watchdog
from storage.database import Database
from tests.engine.stage import Stage
from tests.engine.watching import ACME, clock_of, incident, opened, rounds, standing, status


@pytest.fixture
async def stage(database: Database) -> Stage:
    """The engine with two open incidents that climb."""
    return await opened(database)


async def test_a_workspace_that_stays_dark_is_told_once_and_recovers(stage: Stage) -> None:
    stage.statuses[ACME] = status(connected=False, why="invalid_auth")
    await rounds(stage, 2)
    assert await standing(stage) == set()

    await rounds(stage, 3)
    assert await standing(stage) == {"oncard/workspace-dark/acme"}
    own = await incident(stage, IncidentId(3))
    assert "invalid_auth" in own.facts.description
    assert own.facts.tally.total == 1

    stage.statuses[ACME] = status(connected=True)
    await rounds(stage, 1)
    assert (await incident(stage, IncidentId(3))).recovered


async def test_a_workspace_that_another_process_has_connected_is_not_dark(stage: Stage) -> None:
    stage.statuses[ACME] = status(connected=False, why="the connection ended")
    with_it = Watchdog(stage.database, stage.picture, stage.troubles, {ACME: status(connected=True)}, stage.clock)
    waiting = Watchdog(
        stage.database, stage.picture, stage.troubles, {ACME: status(connected=False, why=ELSEWHERE)}, stage.clock
    )
    await rounds(stage, 6, with_it, stage.watchdog, waiting)
    assert await standing(stage) == set()

    dark = key_of(Check.DARK, "acme")
    await rounds(stage, 5, waiting)
    assert await standing(stage, dark) == set()
    await rounds(stage, 4, stage.watchdog, waiting)
    assert await standing(stage, dark) == {dark}


async def test_a_workspace_that_was_removed_is_no_trouble_any_more(stage: Stage) -> None:
    stage.statuses[ACME] = status(connected=False, why="invalid_auth")
    await rounds(stage, 3)
    assert await standing(stage) == {"oncard/workspace-dark/acme"}

    del stage.statuses[ACME]
    await stage.configure({"other": 1})
    await rounds(stage, 1)
    assert await standing(stage) == set()


async def test_its_silence_is_told_by_those_who_still_run_and_recovers(stage: Stage) -> None:
    await rounds(stage, 1)
    await stage.pulse.look()
    for _ in range(MOST_STILL - 1):
        assert stage.pulse.silent_for is None
        await stage.pulse.look()

    assert stage.pulse.silent_for == timedelta(minutes=3)
    assert metrics.REGISTRY.get_sample_value("oncard_watchdog_silent") == 1
    assert await standing(stage) == {"oncard/watchdog-silent"}
    # Who has just begun to look knows nothing yet, and takes nothing back.
    beginner = Pulse(stage.database, stage.troubles, stage.clock)
    await beginner.look()
    assert await standing(stage) == {"oncard/watchdog-silent"}

    await rounds(stage, 1)
    await beginner.look()
    await stage.pulse.look()
    assert await standing(stage) == set()
    assert metrics.REGISTRY.get_sample_value("oncard_watchdog_silent") == 0


async def test_a_clock_that_jumps_is_no_silence(stage: Stage) -> None:
    for jump in (3600, -7200, 3600):
        await rounds(stage, 1)
        await stage.pulse.look()
        clock_of(stage).advance(jump)
        await stage.pulse.look()

    assert stage.pulse.silent_for is None
