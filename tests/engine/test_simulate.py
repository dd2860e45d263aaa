"""A simulation says what the engine then does: to the second, the person and the method."""

from collections.abc import AsyncIterator

import pytest

from bot.domain.flow import Arrival
from bot.domain.simulate import simulate
from storage.database import Database
from tests.engine.nights import LONGEST, Theatre, a_night, difference
from tests.engine.stage import trouble
from tests.support.databases import NewDatabase, with_schema


@pytest.fixture
async def sqlite(new_sqlite_database: NewDatabase) -> AsyncIterator[Database]:
    database = Database(new_sqlite_database(with_schema))
    yield database
    await database.close()


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 5, 8, 9, 12, 73])
async def test_a_simulation_is_what_the_engine_does(sqlite: Database, seed: int) -> None:
    theatre = Theatre(sqlite, a_night(seed))
    organisation = await theatre.prepare()
    channel = next(one.id for one in organisation.channels.values() if one.active)

    told, began = await theatre.live()
    arrival = Arrival(trouble("disk", theatre.night.severity), channel, "disk")
    acts = theatre.acts(organisation, began)
    found = simulate(organisation, arrival, began, theatre.failing(organisation), acts=acts, until=LONGEST)

    assert difference(found, told, began, organisation) == ()
