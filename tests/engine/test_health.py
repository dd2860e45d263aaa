"""Those who watch us are answered above all when something is wrong."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

from bot.engine.act import Desk
from bot.engine.connections import Connections
from bot.web.app import application
from bot.web.health import Health
from storage.database import Connection, Database
from tests.engine.stage import Stage
from tests.engine.test_connections import connect

Result = TypeVar("Result")


class Gone(Database):
    """A database that cannot even be asked, with an error of the driver's own."""

    async def read(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        raise RuntimeError("the database system is starting up")


async def test_without_a_database_metrics_are_told_and_readiness_is_denied(schema_url: str) -> None:
    database = Gone(schema_url)
    stage = Stage(database)
    desk = Desk(database, stage.picture, stage.wakeups, stage.clock, stage.vault.digest)
    connections = Connections(database, stage.vault, desk, connect, stage.clock)
    app = application(Health(database, connections, stage.pulse, stage.clock).routes())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://oncard") as http:
        metrics = await http.get("/metrics")
        ready = await http.get("/readyz")

    assert metrics.status_code == 200
    assert "oncard_events" in metrics.text
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert "starting up" not in ready.text
    await database.close()
