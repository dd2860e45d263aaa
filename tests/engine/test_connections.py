"""A workspace that cannot be connected costs the others nothing."""

import asyncio
from collections.abc import Mapping

from bot.adapter import Adapter, DeliveryFailed, FailureKind
from bot.domain.definition import Secret, WorkspaceDefinition
from bot.engine import metrics
from bot.engine.act import Desk
from bot.engine.connections import Connections
from bot.engine.directory import Directory
from storage.database import Database
from tests.engine.stage import Platform, Stage
from tests.support.clocks import ManualClock


def connect(definition: WorkspaceDefinition, secrets: Mapping[str, Secret]) -> Adapter:
    if definition.name == "absent":
        raise ModuleNotFoundError("No module named 'chatty'")
    return Platform()


async def test_a_platform_that_is_not_installed_and_one_that_was_removed(database: Database) -> None:
    stage = Stage(database)
    desk = Desk(database, stage.picture, stage.wakeups, stage.clock, stage.vault.digest)
    connections = Connections(database, stage.vault, desk, connect, stage.clock)
    await stage.configure({"absent": 1, "acme": 1})
    await connections.follow()
    async with asyncio.timeout(15):
        while not any(status.connected for status in connections.statuses.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.001)  # Statuses tell nobody when they change.

    assert {status.name: status.why for status in connections.statuses.values()} == {
        "absent": "No module named 'chatty'",
        "acme": "",
    }

    await stage.configure({"other": 1})
    await connections.follow()

    assert {status.name for status in connections.statuses.values()} == {"other"}
    known = {sample.labels["workspace"] for one in metrics.CONNECTED.collect() for sample in one.samples}
    assert not known & {"absent", "acme"}
    await connections.close()


async def test_a_workspace_that_cannot_look_people_up_does_not_keep_the_others_from_it(database: Database) -> None:
    clock = ManualClock()
    stage = Stage(database, clock)
    await stage.configure({"mute": 1, "acme": 1}, ("ana@example.com",), linked=False)
    mute, acme = stage.platforms["mute"], stage.platforms["acme"]
    mute.refusal = DeliveryFailed(FailureKind.UNAUTHORIZED, "missing_scope")
    directory = Directory(database, stage.picture, stage.adapters, clock)

    async def look() -> None:
        looking = asyncio.create_task(directory.look())
        async with asyncio.timeout(15):
            while not looking.done():
                clock.advance(0.1)
                await asyncio.sleep(0.001)
        await looking

    await look()
    await look()

    assert (len(mute.asked), len(acme.asked)) == (1, 1), "it is left alone for a while, too"
