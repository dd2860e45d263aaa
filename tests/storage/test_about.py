"""What a message is about: read at once, and what cannot be read of it costs only whoever has to show it."""

import pytest
import sqlalchemy as sa

from bot.domain.delivery import CardId
from bot.domain.event import Severity
from bot.domain.incident import Happened, IncidentId
from storage import cards, incidents, tables
from storage.cards import About
from storage.database import Connection, Database
from tests.engine.stage import Stage

THIS = IncidentId(1)


@pytest.fixture
async def stage(database: Database) -> Stage:
    """An incident whose alert has come and gone three times."""
    made = Stage(database)
    await made.configure({"acme": 1})
    for status in (Severity.CRITICAL, Severity.WARNING, Severity.OK):
        await made.fire("disk", status=status)
    return made


@pytest.mark.parametrize("most", [0, 1, 2, 60])
async def test_the_last_entries_of_the_timeline_are_those_that_the_incident_has(stage: Stage, most: int) -> None:
    async def work(connection: Connection) -> tuple[tuple[Happened, ...], tuple[Happened, ...]]:
        about = await cards.about(connection, THIS, None, most)
        return await cards.timeline(connection, about, most), await incidents.timeline(connection, THIS, 100)

    last, everything = await stage.database.read(work)

    assert len(everything) > 2
    assert last == (everything[-most:] if most else ())


async def test_an_entry_that_cannot_be_read_spoils_nothing_for_who_does_not_show_it(stage: Stage) -> None:
    async def spoil(connection: Connection) -> None:
        await connection.execute(sa.update(tables.timeline).values(body="{}"))

    async def read(connection: Connection) -> About:
        return await cards.about(connection, THIS, CardId(1), 60)

    async def show(connection: Connection) -> object:
        return await cards.timeline(connection, await read(connection), 60)

    await stage.database.transact(spoil)

    about = await stage.database.read(read)
    assert (about.incident.id, about.card is None) == (THIS, False)
    with pytest.raises(ValueError):
        await stage.database.read(show)
