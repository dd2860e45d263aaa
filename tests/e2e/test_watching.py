"""When Oncard itself is in trouble: somebody is told, the service says so, and alerts are taken all the same."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.definition import ChannelDefinition, Definition, Kind, RuleDefinition
from bot.domain.delivery import State
from bot.domain.incident import Idle, IncidentId, Progress
from bot.engine.pulse import EVERY, MOST_STILL
from bot.playground.slack.pane import KICK, SlackPane
from storage import definitions, incidents
from storage.database import Connection
from tests.support.world import CHAT, World, level, world

PERIOD = timedelta(seconds=EVERY)


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[World]:
    """Oncard on each database, with one level; Dee is its owner."""
    async with world(schema_url) as made:
        await made.configure(level("ana", chats=(made.chat(),), escalate_after=timedelta(hours=2)))
        yield made


async def rounds(oncard: World, count: int) -> None:
    """Let the checker make so many rounds, at its pace."""
    for _ in range(count):
        await oncard.advance(PERIOD)
        await oncard.service.watchdog.round()
        await oncard.settle()


async def take_next_step_away(oncard: World, number: int = 1) -> None:
    """Let an incident be as no version of Oncard leaves it."""
    lost = replace(await oncard.incident(number), repeat_at=None, escalate_at=None, idle=None)

    async def work(connection: Connection) -> None:
        await incidents.update(connection, [lost])

    await oncard.service.database.transact(work)


async def give_oncard_a_channel(oncard: World) -> None:
    """Configure a channel for Oncard's own troubles."""
    own = ChannelDefinition("oncard", "", (RuleDefinition("all", (level("dee", chats=(oncard.chat(),)),)),))

    async def work(connection: Connection) -> None:
        stored = await definitions.stored(connection, oncard.service.vault)
        wanted = [Definition(one.kind, one.body, one.secrets) for one in stored]
        await definitions.replace_all(connection, [*wanted, Definition(Kind.CHANNEL, own)], oncard.service.vault)

    await oncard.service.database.transact(work)


async def until_connected(oncard: World, *, connected: bool) -> None:
    """Wait until the workspace's connection stands, or is down."""
    statuses = oncard.service.connections.statuses
    async with asyncio.timeout(15):
        while any(status.connected != connected for status in statuses.values()):
            oncard.clock.advance(0.5)
            await asyncio.sleep(0.01)


async def test_an_incident_that_stopped_goes_on_its_card_says_why_and_the_owner_is_told(oncard: World) -> None:
    await oncard.fire()
    card = await oncard.slack.expect_card("#1 disk full", chat=CHAT)
    await take_next_step_away(oncard)
    await rounds(oncard, 2)

    assert (await oncard.incident()).due is not None
    await card.shows("nothing would have happened next")
    await oncard.slack.expect_dm("dee", "Oncard found incidents that had stopped escalating")
    own = await oncard.incident(2)
    assert (own.idle, own.progress) == (Idle.CLOSED, Progress.CLOSED)


async def test_a_trouble_is_a_card_in_oncards_own_channel_and_recovers(oncard: World) -> None:
    await give_oncard_a_channel(oncard)
    for _ in range(MOST_STILL):
        await oncard.service.pulse.look()
    await oncard.settle()

    card = await oncard.slack.expect_card("Oncard's own checks have stopped", chat=CHAT)
    await oncard.slack.expect_dm("dee", "Oncard's own checks have stopped")
    await rounds(oncard, 1)
    await oncard.service.pulse.look()
    await oncard.advance(PERIOD)
    await card.shows("Recovered")


async def test_a_workspace_that_is_away_is_one_alert_whose_own_pages_make_no_more_of_it(oncard: World) -> None:
    await give_oncard_a_channel(oncard)
    await oncard.slack.pull_plug()
    await until_connected(oncard, connected=False)
    await rounds(oncard, 12)

    assert (await oncard.incident(1)).facts.title == "Oncard is not connected to acme"
    assert {one.state for one in await oncard.ledger(1)} == {State.PENDING}
    assert await known(oncard) == [1]

    await oncard.slack.put_back()
    await until_connected(oncard, connected=True)
    await rounds(oncard, 1)
    assert (await oncard.incident(1)).recovered
    assert await known(oncard) == [1]


async def test_a_chat_that_the_bot_was_removed_from_is_told_once_and_recovers_when_it_is_back(oncard: World) -> None:
    await give_oncard_a_channel(oncard)
    pane = SlackPane(oncard.slack)
    await pane.switch(KICK)
    await oncard.fire()
    await rounds(oncard, 12)

    # Its own card is for the chat that takes none, and makes nothing new of it.
    own = await oncard.incident(2)
    said = f"Oncard cannot write to chat {oncard.chat()} of workspace acme: chat.postMessage: not_in_channel"
    assert own.facts.title == said
    assert await known(oncard) == [2, 1]
    await oncard.slack.expect_dm("dee", "Oncard cannot write to chat")
    await oncard.slack.expect_dm("ana", "#1 disk full")

    await pane.switch(KICK)
    await rounds(oncard, 2)
    assert not (await oncard.incident(2)).recovered
    await oncard.fire("engine hot")
    await oncard.slack.expect_card("#3 engine hot", chat=CHAT)
    await rounds(oncard, 1)
    assert (await oncard.incident(2)).recovered
    assert await known(oncard) == [3, 2, 1]


async def test_a_silent_checker_is_told_by_readiness_and_metrics_and_alerts_are_taken(oncard: World) -> None:
    ready = await oncard.http.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]) == (200, "running")
    for _ in range(10):
        await oncard.service.pulse.look()

    ready = await oncard.http.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert ready.json()["checks"] == "the checker has been silent for 5 min"
    assert "oncard_watchdog_silent 1.0" in (await oncard.http.get("/metrics")).text
    assert (await oncard.fire()).status_code == 200


async def known(oncard: World) -> list[int]:
    """Return the numbers of all incidents."""

    async def work(connection: Connection) -> list[IncidentId]:
        return [one.id for one in (await incidents.newest(connection, most=100, open_only=False)).incidents]

    return list(await oncard.service.database.read(work))
