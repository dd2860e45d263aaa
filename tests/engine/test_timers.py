"""No incident waits for another one."""

import pytest
import sqlalchemy as sa

from bot.domain.incident import IncidentId
from storage import incidents, tables
from storage.database import Connection, Database
from tests.engine.stage import Stage
from tests.support.clocks import ManualClock


async def test_an_incident_that_cannot_be_read_does_not_keep_the_others_from_escalating(database: Database) -> None:
    stage = Stage(database)
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    await stage.configure({"acme": 1})
    await stage.fire("broken", "whole")

    async def spoil(connection: Connection) -> None:
        await connection.execute(sa.update(tables.incidents).where(tables.incidents.c.id == 1).values(body="{}"))

    async def timeline(connection: Connection) -> list[str]:
        return [str(one.record.entry) for one in await incidents.timeline(connection, IncidentId(2), 100)]

    await database.transact(spoil)
    clock.advance(301)
    with pytest.raises(ValueError, match="Incident"):
        await stage.timers.tick()

    assert "exhausted" in await database.read(timeline)
