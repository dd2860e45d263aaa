"""Cards and notes on their way out: where they go, what the receipt says, and that something always arrives."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.slack.adapter import SlackAdapter
from bot.adapter import Adapter, DeliveryFailed, FailureKind, FindsByEmail, MessageRef, TakesCallbacks, To
from bot.playground.slack import SlackServer
from bot.playground.wire import as_object
from cards.card import Note
from tests.adapters.slack.conftest import Make
from tests.adapters.slack.desk import Still, a_card


def test_it_is_what_the_core_asks_for(adapter: SlackAdapter) -> None:
    core_sees: Adapter = adapter
    assert isinstance(core_sees, FindsByEmail)
    assert isinstance(core_sees, TakesCallbacks)
    assert core_sees.capabilities.answer_within == 3.0


async def test_a_card_stands_in_the_chat_and_the_receipt_says_where(
    adapter: SlackAdapter, slack: SlackServer, ops: str
) -> None:
    receipt = await adapter.send(To(ops), a_card())
    card = await slack.expect_card("disk full", chat="ops")
    assert receipt.message == MessageRef(ops, card.ts)
    assert receipt.said == "ok"
    assert card.buttons == ["Acknowledge", "Close"]


async def test_a_card_to_a_channels_name_is_edited_by_its_id(
    adapter: SlackAdapter, slack: SlackServer, ops: str
) -> None:
    receipt = await adapter.send(To("#ops"), a_card())
    assert receipt.message.chat == ops
    await adapter.edit(receipt.message, replace(a_card(), title="disk nearly full"))
    card = await slack.expect_card("disk nearly full", chat="ops")
    assert card.edits == 1


async def test_an_edit_replaces_everything(adapter: SlackAdapter, slack: SlackServer, ops: str) -> None:
    receipt = await adapter.send(To(ops), a_card())
    done = await adapter.edit(receipt.message, replace(a_card(), buttons=(), status=("Ana has it",)))
    card = await slack.expect_card("disk full", chat="ops")
    await card.shows("Ana has it")
    await card.hides("Nobody has it yet")
    assert (done.message, card.buttons) == (receipt.message, [])


async def test_a_direct_message_arrives_and_can_be_edited(adapter: SlackAdapter, slack: SlackServer, ana: str) -> None:
    receipt = await adapter.send(To(ana, direct=True), a_card())
    assert receipt.message.chat.startswith("D")
    card = await slack.expect_dm("ana", "disk full")
    await adapter.edit(receipt.message, replace(a_card(), status=("Ana has it",)))
    await card.shows("Ana has it")


async def test_a_conversation_is_opened_once_for_each_person(
    adapter: SlackAdapter, slack: SlackServer, ana: str
) -> None:
    for _ in range(3):
        await adapter.send(To(ana, direct=True), a_card())
    assert len(slack.log.calls("conversations.open")) == 1


async def test_a_person_who_left_is_unlinked(adapter: SlackAdapter, slack: SlackServer, ana: str) -> None:
    slack.workspace.deactivate("ana")
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.send(To(ana, direct=True), a_card())
    assert caught.value.kind is FailureKind.UNLINKED


@pytest.mark.parametrize("aloud", [True, False])
async def test_a_note_stands_under_its_card_and_aloud_in_the_channel_too(
    adapter: SlackAdapter, slack: SlackServer, ops: str, aloud: bool
) -> None:
    card = await adapter.send(To(ops), a_card())
    reply = await adapter.send(To(ops), Note(("still nobody",), aloud=aloud), under=card.message)
    message = slack.workspace.message(ops, reply.message.id)
    assert message is not None
    assert (message.thread_ts, message.broadcast) == (card.message.id, aloud)


async def test_somebody_who_left_a_moment_ago_is_noticed(make: Make, slack: SlackServer, ana: str) -> None:
    clock = Still()
    adapter = make(clock=clock)
    await adapter.send(To(ana, direct=True), a_card())
    slack.workspace.deactivate("ana")
    clock.at += timedelta(minutes=5)
    with pytest.raises(DeliveryFailed, match="unlinked"):
        await adapter.send(To(ana, direct=True), a_card())


async def test_a_note_under_a_direct_message_needs_no_second_look_up(
    adapter: SlackAdapter, slack: SlackServer, ana: str
) -> None:
    card = await adapter.send(To(ana, direct=True), a_card())
    reply = await adapter.send(To(ana, direct=True), Note(("still nobody",)), under=card.message)
    assert reply.message.chat == card.message.chat
    assert len(slack.log.calls("conversations.open")) == 1


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_too_long", "msg_blocks_too_long", "too_many_attachments"])
async def test_at_worst_a_plain_line_goes_out_and_the_receipt_says_so(
    adapter: SlackAdapter, slack: SlackServer, ops: str, code: str
) -> None:
    slack.faults.refuse("chat.postMessage", code)
    receipt = await adapter.send(To(ops), a_card())
    card = await slack.expect_card("disk full", chat="ops")
    assert card.buttons == []
    assert code in receipt.said


async def test_at_worst_a_card_becomes_a_plain_line(adapter: SlackAdapter, slack: SlackServer, ops: str) -> None:
    sent = await adapter.send(To(ops), a_card())
    slack.faults.refuse("chat.update", "invalid_blocks")
    receipt = await adapter.edit(sent.message, a_card())
    message = slack.workspace.message(ops, sent.message.id)
    assert message is not None
    assert "disk full" in message.draft.text
    assert message.draft.attachments == ()
    assert "invalid_blocks" in receipt.said
    for call in slack.log.calls("chat.update"):
        # What an edit does not name, Slack may leave as it was.
        assert as_object(call.request).keys() >= {"text", "blocks", "attachments"}


async def test_a_plain_line_is_tried_once_and_only_for_the_contents_sake(
    adapter: SlackAdapter, slack: SlackServer, ops: str
) -> None:
    slack.faults.refuse("chat.postMessage", "invalid_blocks", times=5)
    with pytest.raises(DeliveryFailed):
        await adapter.send(To(ops), a_card())
    assert len(slack.log.calls("chat.postMessage")) == 2
    slack.faults.clear()
    slack.faults.refuse("chat.postMessage", "is_archived", times=5)
    with pytest.raises(DeliveryFailed):
        await adapter.send(To(ops), a_card())
    assert len(slack.log.calls("chat.postMessage")) == 3


async def test_links_in_an_alert_are_not_opened_by_slack(adapter: SlackAdapter, slack: SlackServer, ops: str) -> None:
    await adapter.send(To(ops), a_card())
    [call] = slack.log.calls("chat.postMessage")
    assert as_object(call.request)["unfurl_links"] is False
    assert as_object(call.request)["unfurl_media"] is False


async def test_it_says_who_we_are_and_what_we_may(adapter: SlackAdapter, slack: SlackServer) -> None:
    identity = await adapter.check()
    assert (identity.workspace, identity.bot) == ("Example", "oncard")
    assert identity.scopes == slack.workspace.scopes


async def test_a_revoked_token_is_noticed_at_the_start(adapter: SlackAdapter, slack: SlackServer) -> None:
    slack.workspace.tokens.revoked = True
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.check()
    assert caught.value.kind is FailureKind.UNAUTHORIZED


async def test_a_wrong_app_token_is_noticed_at_the_start(make: Make) -> None:
    with pytest.raises(DeliveryFailed, match=r"apps\.connections\.open: invalid_auth"):
        await make(app_token="xapp-1-wrong").check()


async def test_people_are_found_by_their_address(adapter: SlackAdapter, slack: SlackServer, ana: str) -> None:
    assert await adapter.find_by_email("ana@example.com") == ana
    assert await adapter.find_by_email("nobody@example.com") is None
    slack.workspace.deactivate("ana")
    assert await adapter.find_by_email("ana@example.com") is None


async def test_not_being_told_is_not_the_same_as_nobody(adapter: SlackAdapter, slack: SlackServer) -> None:
    slack.faults.refuse("users.lookupByEmail", "missing_scope")
    with pytest.raises(DeliveryFailed):
        await adapter.find_by_email("ana@example.com")
