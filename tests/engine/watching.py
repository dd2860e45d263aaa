"""What the tests of the checker look at, and what they do that the product never would."""

from dataclasses import replace

import sqlalchemy as sa

from bot.domain.flow import rules_of
from bot.domain.incident import Actor, Close, Incident, IncidentId, Step
from bot.domain.law import step
from bot.domain.people import WorkspaceId
from bot.domain.trouble import Check, key_of
from bot.engine import metrics
from bot.engine.apply import apply
from bot.engine.connections import Status
from bot.engine.pulse import EVERY
from bot.engine.watchdog import Watchdog
from storage import incidents
from storage.database import Connection, Database
from tests.engine.stage import Stage
from tests.support.clocks import ManualClock

FIRST, SECOND = IncidentId(1), IncidentId(2)
ACME = WorkspaceId(1)


async def opened(database: Database) -> Stage:
    """Return the engine with one chat, one person, and two open incidents that climb."""
    made = Stage(database)
    await made.configure({"acme": 1}, ("ana@example.com",))
    await made.fire("disk", "memory")
    await made.outbox.drain()
    return made


async def incident(stage: Stage, number: IncidentId = FIRST) -> Incident:
    async def work(connection: Connection) -> Incident:
        return (await incidents.find(connection, [number]))[number]

    return await stage.database.read(work)


async def said(stage: Stage, number: IncidentId = FIRST) -> list[object]:
    """Return the texts of the timeline's entries."""

    async def work(connection: Connection) -> list[object]:
        return [one.record.said.get("text") for one in await incidents.timeline(connection, number, 100)]

    return [text for text in await stage.database.read(work) if text]


async def change(stage: Stage, table: sa.Table, number: int, **values: object) -> None:
    """Write into the database what the product never would."""

    async def work(connection: Connection) -> None:
        await connection.execute(sa.update(table).where(table.c.id == number).values(**values))

    await stage.database.transact(work)


async def set_adrift(stage: Stage, number: IncidentId = FIRST) -> None:
    """Take an incident's next step away."""
    lost = replace(await incident(stage, number), repeat_at=None, escalate_at=None, idle=None)

    async def work(connection: Connection) -> None:
        await incidents.update(connection, [lost])

    await stage.database.transact(work)


async def close(stage: Stage, number: IncidentId) -> None:
    """Close an incident as a person does."""

    async def work(connection: Connection) -> None:
        organisation = await stage.picture.current(connection)
        (known,) = (await incidents.lock(connection, [number])).values()
        made = step(known, Close(Actor()), rules_of(known, organisation), stage.clock.now())
        assert isinstance(made, Step)
        await incidents.update(connection, [made.incident])
        await apply(connection, [(made.incident, made.effects)], (), organisation, stage.clock.now())

    await stage.database.transact(work)


async def standing(stage: Stage, *keys: str) -> set[str]:
    """Return which of Oncard's own troubles stand: all of them, unless some are named."""
    every = [key_of(check, about) for check in Check for about in ("", "acme", "other")]
    return set(await stage.troubles.standing(keys or every))


def clock_of(stage: Stage) -> ManualClock:
    assert isinstance(stage.clock, ManualClock)
    return stage.clock


async def rounds(stage: Stage, count: int, *dogs: Watchdog) -> None:
    """Let so many rounds pass, at their pace."""
    for _ in range(count):
        clock_of(stage).advance(EVERY)
        for dog in dogs or (stage.watchdog,):
            await dog.round()


def found(check: Check) -> float | None:
    """Return what the metric says of a check."""
    return metrics.REGISTRY.get_sample_value("oncard_watchdog_findings", {"kind": str(check)})


def status(*, connected: bool, why: str = "") -> Status:
    """Return how the workspace's connection is."""
    return Status("acme", "chatty", connected=connected, why=why)
