"""Clicks and commands on their way in: answered at once, carried out afterwards, replied to the clicker alone."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from adapters.slack.adapter import SlackAdapter
from bot.adapter import MessageRef, To
from bot.playground.slack import Card, SlackServer
from bot.playground.slack.workspace import Draft
from bot.playground.wire import JsonObject
from cards.card import Note
from tests.adapters.slack.conftest import Make
from tests.adapters.slack.desk import Desk, a_card, listening

HINT = Note(("You are not linked: type /oncard link",))


@pytest.fixture
async def desk(adapter: SlackAdapter) -> AsyncIterator[Desk]:
    desk = Desk()
    async with listening(adapter, desk):
        yield desk


@pytest.fixture
async def card(adapter: SlackAdapter, slack: SlackServer, ops: str) -> Card:
    await adapter.send(To(ops), a_card())
    return await slack.expect_card("disk full", chat="ops")


async def test_a_click_tells_who_pressed_what_and_where(desk: Desk, card: Card, ops: str, ana: str) -> None:
    await card.click("Acknowledge", by="ana")
    await desk.until(lambda: len(desk.heard) == 1)
    [click] = desk.heard
    assert (click.user, click.user_name, click.text) == (ana, "ana", "ack 42 3")
    assert (click.chat, click.message) == (ops, MessageRef(ops, card.ts))


async def test_every_press_is_an_action_of_its_own(desk: Desk, card: Card) -> None:
    await card.click("Acknowledge", by="ana")
    await card.click("Acknowledge", by="ana")
    await card.click("Acknowledge", by="bo")
    await desk.until(lambda: len(desk.heard) == 3)
    assert len({click.trigger for click in desk.heard} - {None}) == 3


async def test_a_click_is_answered_while_the_core_is_still_at_it(desk: Desk, card: Card, slack: SlackServer) -> None:
    desk.gate.clear()
    desk.note = HINT
    slack.interactivity.ack_seconds = 5.0
    await card.click("Acknowledge", by="ana")
    await desk.until(lambda: len(desk.heard) == 1)
    assert slack.log.calls("response_url") == []
    desk.gate.set()
    shown = await slack.expect_ephemeral("ana", "not linked")
    assert shown.visible_to == slack.workspace.user("ana").id


async def test_an_acknowledgement_asks_slack_nothing(desk: Desk, card: Card, slack: SlackServer) -> None:
    held = slack.faults.hang("auth.test")
    await card.click("Acknowledge", by="ana")
    assert not held.reached.is_set()


async def test_the_answer_leaves_the_card_as_it_is(desk: Desk, card: Card, slack: SlackServer) -> None:
    desk.note = HINT
    await card.click("Acknowledge", by="ana")
    await slack.expect_ephemeral("ana", "not linked")
    assert card.edits == 0
    assert card.buttons == ["Acknowledge", "Close"]


async def test_nothing_to_say_is_nothing_said(desk: Desk, card: Card, slack: SlackServer) -> None:
    await card.click("Acknowledge", by="ana")
    desk.note = HINT
    await card.click("Close", by="ana")
    await slack.expect_ephemeral("ana", "not linked")
    assert len(slack.log.calls("response_url")) == 1


async def test_a_click_in_a_direct_message(desk: Desk, adapter: SlackAdapter, slack: SlackServer, ana: str) -> None:
    desk.note = HINT
    sent = await adapter.send(To(ana, direct=True), a_card())
    card = await slack.expect_dm("ana", "disk full")
    await card.click("Acknowledge", by="ana")
    await slack.expect_ephemeral("ana", "not linked")
    assert desk.heard[0].message == sent.message


async def test_a_command_is_answered_for_the_one_who_typed_it(
    desk: Desk, slack: SlackServer, ops: str, ana: str
) -> None:
    desk.note = Note(("#42 Critical: disk full",))
    answer = await slack.command(ana, "ops", "/oncard list --all <b>&")
    assert answer.acked
    await slack.expect_ephemeral("ana", "disk full")
    [command] = desk.heard
    assert (command.user, command.text, command.chat) == (ana, "list --all <b>&", ops)
    assert command.message is None
    assert command.trigger


def foreign(*elements: JsonObject) -> Draft:
    return Draft("others", blocks=({"type": "actions", "block_id": "b", "elements": list(elements)},))


def button(action_id: str) -> JsonObject:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": "Go"}, "value": "ack 1"}


async def test_a_button_that_is_not_ours_is_acknowledged_and_does_nothing(
    desk: Desk, slack: SlackServer, ops: str, ana: str
) -> None:
    for action_id in ["link", "xoncard:ack", "oncard:ack"]:
        message = slack.workspace.new_message(ops, slack.workspace.bot.id, foreign(button(action_id)))
        slack.workspace.post(message)
        assert (await slack.click(ana, "ops", message.ts, "Go")).acked
    ours = slack.workspace.messages(ops)[-1]
    await desk.until(lambda: len(desk.heard) == 1)
    assert desk.heard[0].message == MessageRef(ops, ours.ts)


async def test_what_is_chosen_from_a_menu_counts_like_a_button(
    desk: Desk, slack: SlackServer, ops: str, ana: str
) -> None:
    option: JsonObject = {"text": {"type": "plain_text", "text": "1 h"}, "value": "snooze 42 1h"}
    menu: JsonObject = {"type": "overflow", "action_id": "oncard:more", "options": [option]}
    message = slack.workspace.post(slack.workspace.new_message(ops, slack.workspace.bot.id, foreign(menu)))
    assert (await slack.choose(ana, "ops", message.ts, "oncard:more", "1 h")).acked
    await desk.until(lambda: len(desk.heard) == 1)
    assert desk.heard[0].text == "snooze 42 1h"


async def test_an_answer_that_its_address_does_not_take_is_posted_in_the_chat(
    desk: Desk, card: Card, slack: SlackServer
) -> None:
    desk.note = HINT
    slack.faults.status("response_url", 500)
    await card.click("Acknowledge", by="ana")
    await slack.expect_ephemeral("ana", "not linked")
    assert len(slack.log.calls("chat.postEphemeral")) == 1


async def test_an_answer_that_reaches_nobody_is_in_the_log_with_slacks_words(
    desk: Desk, card: Card, slack: SlackServer, adapter: SlackAdapter
) -> None:
    desk.note = HINT
    slack.faults.cut("response_url", applied=False)
    slack.faults.refuse("chat.postEphemeral", "user_not_in_channel")
    with capture_logs() as logs:
        await card.click("Acknowledge", by="ana")
        await desk.until(lambda: len(desk.heard) == 1)
        await adapter.close()
    assert [log["why"] for log in logs if log["event"] == "answer_not_delivered"] == [
        "chat.postEphemeral: user_not_in_channel"
    ]


async def test_a_core_that_fails_is_in_the_log_and_the_next_click_is_heard(
    desk: Desk, card: Card, adapter: SlackAdapter
) -> None:
    with capture_logs() as logs:
        desk.fault = RuntimeError("the database at https://db:secret@db.example.com/x is away")
        await card.click("Acknowledge", by="ana")
        await desk.until(lambda: len(desk.heard) == 1)
        desk.fault = None
        await card.click("Acknowledge", by="ana")
        await desk.until(lambda: len(desk.heard) == 2)
    [failed] = [log for log in logs if log["event"] == "interaction_failed"]
    assert failed["error"] == "RuntimeError: the database at https://db.example.com is away"


async def test_closing_lets_an_answer_finish(make: Make, slack: SlackServer, ops: str) -> None:
    adapter, desk = make(), Desk(HINT)
    desk.gate.clear()
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await slack.expect_card("disk full", chat="ops")
        await card.click("Acknowledge", by="ana")
        await desk.until(lambda: len(desk.heard) == 1)
        closing = asyncio.create_task(adapter.close())
        desk.gate.set()
        await closing
    await slack.expect_ephemeral("ana", "not linked")


async def test_closing_does_not_wait_for_ever(make: Make, slack: SlackServer, ops: str) -> None:
    adapter, desk = make(), Desk(HINT)
    desk.gate.clear()
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await slack.expect_card("disk full", chat="ops")
        await card.click("Acknowledge", by="ana")
        await desk.until(lambda: len(desk.heard) == 1)
        async with asyncio.timeout(8):
            await adapter.close()
    assert desk.cancelled == 1
