"""Taking back and adding, from the answer to a click to the pages that go out after all."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.domain.delivery import Kind, State
from bot.domain.incident import Progress
from bot.playground.slack import Card
from bot.playground.slack.flatten import visible_text
from tests.support.world import CHAT, World, level, world

SECOND = timedelta(seconds=1)


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[World]:
    """Oncard on each database."""
    async with world(schema_url) as made:
        await made.configure(level("ana", chats=(made.chat(),)), level("chen"))
        yield made


async def card_of(oncard: World) -> Card:
    """Fire an alert, and return its card."""
    await oncard.fire()
    return await oncard.slack.expect_card("#1 disk full", chat=CHAT)


async def take_back(oncard: World, by: str, answered: str) -> None:
    """Press the button of the answer that a person got."""
    note = await oncard.slack.expect_ephemeral(by, answered)
    await oncard.slack.click(by, CHAT, note.ts, "Undo")
    await oncard.slack.expect_ephemeral(by, "You took it back")
    # A chat takes one message a second.
    await oncard.advance(2 * SECOND)


async def test_who_acknowledged_by_mistake_takes_it_back_and_it_climbs_on_time(oncard: World) -> None:
    card = await card_of(oncard)
    due = (await oncard.incident()).due
    await card.click("Acknowledge", by="bo")
    await oncard.until(Progress.PROCESSING)
    await oncard.advance(59 * SECOND)
    await card.shows("Acknowledged by Bo")

    await take_back(oncard, "bo", "#1 is yours")

    assert (await oncard.incident()).due == due
    await card.shows("Triggered", "Bo took it back: not acknowledged")
    await oncard.advance(timedelta(minutes=4))
    await oncard.slack.expect_dm("chen", "disk full")


async def test_a_page_that_was_withdrawn_goes_out_after_all(oncard: World) -> None:
    await oncard.post({"event_status": "Critical", "title_rule": "disk full", "alert_key": "disk full"})
    await oncard.slack.command("bo", CHAT, "/oncard ack 1")
    note = await oncard.slack.expect_ephemeral("bo", "#1 is yours")
    assert State.WITHDRAWN in [one.state for one in await oncard.ledger()]

    await oncard.slack.click("bo", CHAT, note.ts, "Undo")
    await oncard.slack.expect_ephemeral("bo", "You took it back")
    await oncard.settle()

    await oncard.slack.expect_dm("ana", "disk full")
    pages = [one for one in await oncard.ledger() if one.delivery.kind is Kind.CARD]
    assert [one.state for one in pages] == [State.DELIVERED] * 2


async def test_who_closed_by_mistake_takes_it_back_and_its_alert_still_ends_it(oncard: World) -> None:
    card = await card_of(oncard)
    await oncard.say("close 1 cable replaced", by="ana")
    await oncard.until(Progress.CLOSED)
    await take_back(oncard, "ana", "You closed #1")
    await card.shows("Triggered")

    await oncard.recover()

    incident = await oncard.incident()
    assert incident.recovered
    assert incident.resolution == ""


async def test_those_it_was_given_to_by_mistake_are_not_paged(oncard: World) -> None:
    await card_of(oncard)
    await oncard.slack.command("bo", CHAT, "/oncard reassign 1 dee")
    note = await oncard.slack.expect_ephemeral("bo", "You assigned #1 to Dee")
    await oncard.slack.click("bo", CHAT, note.ts, "Undo")
    await oncard.slack.expect_ephemeral("bo", "You took it back")
    await oncard.advance(timedelta(seconds=2))

    assert [one.state for one in await oncard.ledger() if one.delivery.place.account == 4] == [State.WITHDRAWN]
    assert "Triggered" in (await oncard.slack.expect_card("#1 disk full", chat=CHAT)).text


async def test_after_a_minute_or_after_somebody_else_it_is_too_late(oncard: World) -> None:
    card = await card_of(oncard)
    await card.click("Acknowledge", by="bo")
    note = await oncard.slack.expect_ephemeral("bo", "#1 is yours")
    await oncard.say("undo 1", by="ana")
    await oncard.slack.expect_ephemeral("ana", "Bo in acme acted last")
    await oncard.advance(61 * SECOND)

    await oncard.slack.click("bo", CHAT, note.ts, "Undo")

    await oncard.slack.expect_ephemeral("bo", "It is too late to take that back")
    assert (await oncard.incident()).progress is Progress.PROCESSING


async def test_two_who_undo_at_once_undo_once(oncard: World) -> None:
    card = await card_of(oncard)
    await card.click("Acknowledge", by="bo")
    note = await oncard.slack.expect_ephemeral("bo", "#1 is yours")
    await asyncio.gather(*(oncard.slack.click("bo", CHAT, note.ts, "Undo") for _ in range(2)))
    await oncard.slack.expect_ephemeral("bo", "You took it back")
    await oncard.slack.expect_ephemeral("bo", "There is nothing to take back on #1")
    assert (await oncard.timeline()).count("undone") == 1


async def test_the_form_of_add_pages_somebody_more_and_the_level_goes_on(oncard: World) -> None:
    card = await card_of(oncard)
    due = (await oncard.incident()).due
    await card.choose("oncard:more:menu", "Add responder…", by="bo")
    await oncard.form("bo")
    assert (await oncard.submit("bo", who=f"<@{oncard.slack.workspace.user('dee').id}>")).acked
    note = await oncard.slack.expect_ephemeral("bo", "You added Dee to #1")
    assert oncard.window("bo") == "", "the window is gone, and the answer stands in the chat"
    await oncard.advance(2 * SECOND)
    await oncard.slack.expect_dm("dee", "disk full")
    assert (await oncard.incident()).due == due
    await card.shows("Bo added Dee")
    assert "Undo" in visible_text(oncard.slack.workspace, note)


async def test_an_added_person_who_cannot_be_told_does_not_make_the_level_climb(oncard: World) -> None:
    await oncard.configure(
        level("ana", chats=(oncard.chat(),)),
        level("chen"),
        links={"ana@example.com": oncard.slack.workspace.user("ana").id},
    )
    await card_of(oncard)
    oncard.slack.faults.refuse("users.lookupByEmail", "users_not_found")
    await oncard.say("add 1 dee", by="ana")
    await oncard.slack.expect_ephemeral("ana", "You added Dee to #1")
    await oncard.advance(2 * SECOND)
    assert "not_delivered" in await oncard.timeline()
    assert (await oncard.incident()).level == 0
