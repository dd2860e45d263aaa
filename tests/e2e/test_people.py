"""Who is who: links from the configuration and by e-mail, and what people type."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.domain.incident import Progress
from storage.database import Connection
from tests.support.world import CHAT, World, level, world


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[World]:
    """Oncard on each database."""
    async with world(schema_url) as made:
        yield made


async def test_who_is_not_configured_is_found_by_email_when_paged(oncard: World) -> None:
    await oncard.configure(level("ana"), links={})

    await oncard.fire()
    card = await oncard.slack.expect_dm("ana", "disk full")
    await card.click("Acknowledge", by="ana")

    await oncard.until(Progress.PROCESSING)
    await oncard.settle()
    await card.shows("Acknowledged by Ana")


async def test_everybody_is_found_by_email_before_they_are_needed(oncard: World) -> None:
    await oncard.configure(level("ana", chats=(oncard.chat(),)), links={})
    looking = asyncio.create_task(oncard.service.directory.look())
    while not looking.done():
        await asyncio.sleep(0.01)
        oncard.clock.advance(1)

    await oncard.fire()
    card = await oncard.slack.expect_card("#1 disk full", chat=CHAT)
    await card.click("Acknowledge", by="chen")

    await oncard.until(Progress.PROCESSING)


async def test_what_is_typed_does_what_a_click_does_and_is_answered(oncard: World) -> None:
    await oncard.configure(level("ana", chats=(oncard.chat(),)))
    await oncard.fire()
    card = await oncard.slack.expect_card("#1 disk full", chat=CHAT)

    await oncard.say("ack 1", by="bo")
    await oncard.slack.expect_ephemeral("bo", "#1")
    await oncard.settle()

    await card.shows("Acknowledged by Bo")


@pytest.mark.parametrize("said", ["", "acknowledge everything", "ack", "ack 99"])
async def test_what_is_not_understood_is_answered_with_what_would_be(oncard: World, said: str) -> None:
    await oncard.configure(level("ana"))

    await oncard.say(said, by="bo")

    await oncard.slack.expect_ephemeral("bo", "ack 42" if said != "ack 99" else "#99")


async def test_two_who_click_escalate_at_once_climb_one_level(oncard: World) -> None:
    await oncard.configure(level("ana", chats=(oncard.chat(),)), level("chen"), level("dee"))
    await oncard.fire()
    card = await oncard.slack.expect_card("#1 disk full", chat=CHAT)

    for name in ("ana", "bo"):
        await card.click("Escalate…", by=name)
        await oncard.form(name)
    await asyncio.gather(oncard.submit("ana"), oncard.submit("bo"))
    await oncard.advance(timedelta(seconds=1))

    assert (await oncard.incident()).level == 1
    left = [words for name in ("ana", "bo") if (words := oncard.window(name))]
    assert len(left) == 1, "the one who came second is told"
    assert "The card had changed" in left[0]
    await oncard.slack.expect_dm("chen", "disk full")


async def test_whoever_clicks_while_the_database_is_in_trouble_is_told(oncard: World) -> None:
    await oncard.configure(level("ana", chats=(oncard.chat(),)))
    await oncard.fire()
    card = await oncard.slack.expect_card("#1 disk full", chat=CHAT)

    async def break_it(connection: Connection) -> None:
        await connection.execute(sa.text("ALTER TABLE timeline RENAME TO gone"))

    await oncard.service.database.transact(break_it)
    await card.click("Acknowledge", by="ana")

    await oncard.slack.expect_ephemeral("ana", "Try again")
    assert (await oncard.incident()).progress is Progress.TRIGGERED
