"""When Slack is in trouble, nothing is lost, nothing is doubled, and the timeline says what happened."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery import Kind, State
from bot.domain.escalation import Unless
from bot.domain.incident import Progress
from tests.support.world import CHAT, World, level, world


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[World]:
    """Oncard on each database, with one level."""
    async with world(schema_url) as made:
        await made.configure(level("ana", chats=(made.chat(),), escalate_after=timedelta(minutes=30)))
        yield made


async def test_while_slack_is_away_pages_wait_and_then_go_out_once(oncard: World) -> None:
    await oncard.slack.pull_plug()
    await oncard.fire()
    await oncard.advance(timedelta(minutes=5))
    waiting = [one for one in await oncard.ledger() if one.state is State.PENDING and one.delivery.kind is Kind.CARD]
    assert [one.reason for one in waiting] == ["dark", "dark"]
    assert (await oncard.timeline()).count("not_delivered") == 2

    await oncard.slack.put_back()
    await oncard.advance(timedelta(minutes=2))

    await oncard.slack.expect_card("#1 disk full", chat=CHAT)
    assert len(oncard.slack.workspace.messages(oncard.chat())) == 1
    states = [one.state for one in await oncard.ledger() if one.delivery.kind is Kind.CARD]
    assert states == [State.DELIVERED, State.DELIVERED]


async def test_what_recovers_while_slack_is_away_pages_nobody_afterwards(oncard: World) -> None:
    await oncard.slack.pull_plug()
    await oncard.fire()
    await oncard.advance(timedelta(minutes=5))
    await oncard.recover()

    await oncard.slack.put_back()
    await oncard.advance(timedelta(minutes=2))

    assert oncard.slack.workspace.messages(oncard.chat()) == []
    assert (await oncard.incident()).progress is Progress.CLOSED
    assert {one.state for one in await oncard.ledger()} == {State.WITHDRAWN}


async def test_told_to_wait_it_waits_exactly_so_long(oncard: World) -> None:
    oncard.slack.faults.rate_limit("chat.postMessage", 20, chat=CHAT)
    await oncard.fire()
    await oncard.advance(timedelta(seconds=19))
    assert oncard.slack.workspace.messages(oncard.chat()) == []

    await oncard.advance(timedelta(seconds=1))

    await oncard.slack.expect_card("#1 disk full", chat=CHAT)
    await oncard.slack.expect_dm("ana", "disk full")


async def test_a_bot_that_was_kicked_from_the_chat_still_tells_the_people(oncard: World) -> None:
    slack = oncard.slack.workspace
    slack.channels[oncard.chat()] = replace(slack.channel(CHAT), bot_member=False, kind="private")

    await oncard.fire()
    await oncard.advance(timedelta(seconds=2))

    await oncard.slack.expect_dm("ana", "could not be reached")
    failed = [one for one in await oncard.ledger() if one.state is State.FAILED]
    assert [one.said for one in failed] == ["chat.postMessage: channel_not_found"]


async def test_a_card_that_somebody_deleted_is_posted_anew(oncard: World) -> None:
    await oncard.fire()
    card = await oncard.slack.expect_card("#1 disk full", chat=CHAT)
    oncard.slack.workspace.delete(card.message)

    await oncard.send({"event_status": "Warning", "title_rule": "disk full", "alert_key": "disk full"})
    await oncard.advance(timedelta(seconds=5))

    anew = await oncard.slack.expect_card("#1 disk full", chat=CHAT)
    assert anew.ts != card.ts
    await anew.shows("Warning")


async def test_a_click_by_somebody_without_a_link_changes_nothing_and_tells_how_to_link(oncard: World) -> None:
    oncard.slack.workspace.add_user("stranger")
    await oncard.fire()
    card = await oncard.slack.expect_card("#1 disk full", chat=CHAT)
    before = await oncard.incident()

    await card.click("Acknowledge", by="stranger")

    await oncard.slack.expect_ephemeral("stranger", "is not linked to an Oncard account")
    assert await oncard.incident() == before


async def test_a_burst_of_changes_is_one_edit(oncard: World) -> None:
    await oncard.fire()
    card = await oncard.slack.expect_card("#1 disk full", chat=CHAT)
    await oncard.advance(timedelta(seconds=30))
    edits = card.edits

    for number in range(20):
        await oncard.fire(description=f"{number} MB left")
    await oncard.advance(timedelta(seconds=10))

    await card.shows("19 MB left")
    assert card.edits == edits + 1


async def test_a_page_that_waits_is_the_page_of_the_level_that_has_come_meanwhile(schema_url: str) -> None:
    async with world(schema_url) as made:
        chat = made.chat()
        await made.configure(level("ana", chats=(chat,)), level("bo", chats=(chat,), unless=Unless.CLOSED))
        await made.slack.pull_plug()
        await made.fire()
        await made.advance(timedelta(minutes=6))

        await made.slack.put_back()
        await made.advance(timedelta(minutes=2))

        card = await made.slack.expect_card("#1 disk full", chat=CHAT)
        assert len(made.slack.workspace.messages(chat)) == 1
        await card.shows("level 2 of 2", "@Bo")


async def test_a_level_that_comes_although_somebody_acknowledged_is_told(schema_url: str) -> None:
    async with world(schema_url) as made:
        await made.configure(level("ana", unless=Unless.CLOSED), level("bo"))
        await made.fire()
        card = await made.slack.expect_dm("ana", "disk full")
        await card.click("Acknowledge", by="ana")
        await made.until(Progress.PROCESSING)

        await made.advance(timedelta(minutes=6))

        await made.slack.expect_dm("bo", "#1 disk full")


async def test_who_clicks_in_a_storm_is_answered_although_the_card_must_wait(oncard: World) -> None:
    await oncard.fire()
    card = await oncard.slack.expect_card("#1 disk full", chat=CHAT)
    for number in range(10):
        await oncard.post({"event_status": "Critical", "title_rule": f"disk {number}", "alert_key": f"db-{number}"})

    await card.click("Acknowledge", by="ana")

    await oncard.slack.expect_ephemeral("ana", "#1")
    await oncard.until(Progress.PROCESSING)
