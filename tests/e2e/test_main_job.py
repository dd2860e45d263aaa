"""The main job: an alert becomes a live card, a click acknowledges it, silence escalates it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.escalation import Unless
from bot.domain.incident import Progress
from tests.support.world import CHAT, World, level, world


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[World]:
    """Oncard on each database."""
    async with world(schema_url) as made:
        yield made


async def test_an_alert_becomes_a_card_that_a_click_acknowledges_and_a_recovery_closes(oncard: World) -> None:
    chat = oncard.chat()
    await oncard.configure(level("ana", chats=(chat,)))

    answer = await oncard.fire("disk full on db-1")

    assert answer.status_code == 200
    assert answer.json()["data"] == {"alert_key": "disk full on db-1"}
    card = await oncard.slack.expect_card("disk full on db-1", chat=CHAT)
    direct = await oncard.slack.expect_dm("ana", "disk full on db-1")
    await card.shows("#1", "Critical", "Triggered", "Ana")

    await card.click("Acknowledge", by="ana")
    await oncard.until(Progress.PROCESSING)
    await oncard.settle()

    await card.shows("Acknowledged by Ana")
    await direct.shows("Acknowledged by Ana")

    await oncard.advance(timedelta(minutes=3))
    await oncard.recover("disk full on db-1")
    await oncard.advance(timedelta(seconds=2))

    await card.shows("Recovered")
    await direct.shows("Recovered")
    assert (await oncard.incident()).progress is Progress.CLOSED


async def test_a_second_click_changes_nothing_and_tells_who_was_first(oncard: World) -> None:
    chat = oncard.chat()
    await oncard.configure(level("ana", "bo", chats=(chat,), unless=Unless.ACKNOWLEDGED))
    await oncard.fire()
    card = await oncard.slack.expect_card("#1 disk full", chat=CHAT)

    await card.click("Acknowledge", by="ana")
    await oncard.until(Progress.PROCESSING)
    version = (await oncard.incident()).version
    await card.click("Acknowledge", by="bo")

    await oncard.slack.expect_ephemeral("bo", "Ana")
    assert (await oncard.incident()).version == version
