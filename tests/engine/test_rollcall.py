"""Who is on duty and cannot be reached is told once they have been looked for, and recovers when they are linked."""

from datetime import timedelta

import pytest

from bot.domain.organisation import Organisation
from bot.domain.people import ChatLink
from bot.domain.trouble import Check, key_of
from bot.engine.rollcall import PATIENCE, Missing, RollCall
from storage import links
from storage.database import Connection, Database
from storage.links import Origin
from tests.engine.stage import Stage
from tests.support.clocks import START, ManualClock

KEY = key_of(Check.UNREACHABLE)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def stage(database: Database) -> Stage:
    """The engine with two people on a level, whom nobody has linked."""
    made = Stage(database)
    await made.configure({"acme": 1}, ("ana@example.com", "bo@example.com"), linked=False)
    return made


async def link(stage: Stage, *users: str) -> Organisation:
    """Link these people."""

    async def work(connection: Connection) -> Organisation:
        organisation = await stage.picture.current(connection)
        (workspace,) = organisation.workspaces
        for account in organisation.people.accounts.values():
            if account.name in users:
                await links.link(connection, ChatLink(workspace, account.name, account.id), Origin.CODE)
        return await stage.picture.current(connection)

    return await stage.database.transact(work)


async def test_who_has_been_out_of_reach_for_an_hour_is_told(stage: Stage) -> None:
    calls, organisation = RollCall(), await link(stage)
    assert calls.look(organisation, START) == Missing()
    assert calls.look(organisation, START + PATIENCE - MINUTE) == Missing()
    (told,) = calls.look(organisation, START + PATIENCE).found
    assert "ana (ana@example.com), bo (bo@example.com)" in told.description
    assert told.count == 2

    organisation = await link(stage, "ana")
    (told,) = calls.look(organisation, START + PATIENCE).found
    assert "ana" not in told.description

    organisation = await link(stage, "bo")
    assert calls.look(organisation, START + PATIENCE) == Missing(over=frozenset({KEY}))


async def test_who_was_reachable_meanwhile_is_waited_for_anew(stage: Stage) -> None:
    calls, nobody = RollCall(), await link(stage)
    calls.look(nobody, START)
    calls.look(await link(stage, "ana", "bo"), START + MINUTE)
    assert calls.look(nobody, START + PATIENCE) == Missing()


async def test_the_admins_hear_of_it_once_and_of_its_end(stage: Stage) -> None:
    clock = stage.clock
    assert isinstance(clock, ManualClock)
    for _ in range(4):
        await stage.watchdog.round()
        clock.advance(PATIENCE.total_seconds() / 2)
    (standing,) = (await stage.troubles.standing([KEY]))[KEY]
    assert "ana@example.com" in standing.alert.description
    await link(stage, "ana", "bo")
    await stage.watchdog.round()
    assert await stage.troubles.standing([KEY]) == {}
