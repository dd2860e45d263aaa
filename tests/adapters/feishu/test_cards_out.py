"""Cards and notes on their way out: where they go, what the receipt says, and that something always arrives, once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.feishu.adapter import FeishuAdapter
from adapters.feishu.errors import FeishuFailed
from adapters.feishu.messages import CREATE, EPHEMERAL
from bot.adapter import Adapter, DeliveryFailed, Diagnoses, FailureKind, FindsByEmail, MessageRef, TakesCallbacks, To
from bot.playground.feishu import FeishuServer
from bot.playground.wire import as_object, as_text
from cards.card import Card, Note, Person
from tests.adapters.feishu.conftest import Make
from tests.adapters.feishu.desk import Still, a_card, again

POST, PATCH, REPLY = CREATE[0], "im.v1.message.patch", "im.v1.message.reply"
TOKEN = "auth.v3.tenant_access_token.internal"


def test_it_is_what_the_core_asks_for(adapter: FeishuAdapter) -> None:
    core_sees: Adapter = adapter
    assert isinstance(core_sees, FindsByEmail)
    assert isinstance(core_sees, TakesCallbacks)
    assert isinstance(core_sees, Diagnoses)
    assert core_sees.capabilities.answer_within == 3.0
    assert core_sees.capabilities.forms


async def test_a_card_stands_in_the_chat_and_the_receipt_says_where(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    receipt = await adapter.send(To(ops), a_card())
    card = await feishu.expect_card("disk full", chat="ops")
    assert receipt.message == MessageRef(ops, card.id)
    assert receipt.said == "ok"
    assert card.buttons == ["Acknowledge", "Close…"]
    assert card.colour == "red"


async def test_an_edit_replaces_everything(adapter: FeishuAdapter, feishu: FeishuServer, ops: str) -> None:
    receipt = await adapter.send(To(ops), a_card())
    done = await adapter.edit(receipt.message, replace(a_card(), buttons=(), status=("Ana has it",)))
    card = await feishu.expect_card("disk full", chat="ops")
    await card.shows("Ana has it")
    await card.hides("Nobody has it yet")
    assert (done.message, card.buttons, card.edits) == (receipt.message, [], 1)


async def test_a_direct_message_arrives_and_can_be_edited(
    adapter: FeishuAdapter, feishu: FeishuServer, ana: str
) -> None:
    receipt = await adapter.send(To(ana, direct=True), a_card())
    assert receipt.message.chat == feishu.workspace.open_p2p(ana).id
    card = await feishu.expect_dm("ana", "disk full")
    await adapter.edit(receipt.message, replace(a_card(), status=("Ana has it",)))
    await card.shows("Ana has it")


@pytest.mark.parametrize("kind", ["id", "user_id", "union_id", "email"])
async def test_a_person_is_reached_by_any_id_that_feishu_has(
    adapter: FeishuAdapter, feishu: FeishuServer, kind: str
) -> None:
    await adapter.send(To(getattr(feishu.workspace.user("ana"), kind), direct=True), a_card())
    await feishu.expect_dm("ana", "disk full")


async def test_a_person_who_left_is_unlinked(adapter: FeishuAdapter, feishu: FeishuServer, ana: str) -> None:
    feishu.leave("ana")
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.send(To(ana, direct=True), a_card())
    assert caught.value.kind is FailureKind.UNLINKED


@pytest.mark.parametrize(
    ("to", "kind"),
    [(To("oc_none"), FailureKind.REFUSED), (To("none@example.com", direct=True), FailureKind.UNLINKED)],
    ids=["chat", "person"],
)
async def test_an_id_that_nobody_has_is_refused_for_a_chat_and_unlinked_for_a_person(
    adapter: FeishuAdapter, to: To, kind: FailureKind
) -> None:
    with pytest.raises(DeliveryFailed, match="230034") as caught:
        await adapter.send(to, a_card())
    assert caught.value.kind is kind


@pytest.mark.parametrize("aloud", [True, False])
async def test_a_note_stands_in_the_cards_thread_and_aloud_in_the_chat(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str, aloud: bool
) -> None:
    card = await adapter.send(To(ops), a_card())
    reply = await adapter.send(To(ops), Note(("still nobody",), aloud=aloud), under=card.message)
    message = feishu.workspace.message(reply.message.id)
    assert message is not None
    assert (message.parent, message.in_thread) == (card.message.id, not aloud)


@pytest.mark.parametrize("code", [230071, 230072])
async def test_where_there_are_no_threads_a_note_stands_beside_its_card(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str, code: int
) -> None:
    card = await adapter.send(To(ops), a_card())
    feishu.faults.refuse(REPLY, code)
    reply = await adapter.send(To(ops), Note(("still nobody",)), under=card.message)
    message = feishu.workspace.message(reply.message.id)
    assert message is not None
    assert (message.parent, message.in_thread) == (card.message.id, False)


async def test_a_bad_mention_costs_the_mention_and_not_the_page(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    gone = Person("Chen", "ou_00000000000000000000000000000bad", notify=True)
    receipt = await adapter.send(To(ops), replace(a_card(), status=("Paging ", gone), mentions=(gone,)))
    card = await feishu.expect_card("disk full", chat="ops")
    await card.shows("Paging Chen")
    assert card.buttons == ["Acknowledge", "Close…"]
    assert "without mentions after 100290" in receipt.said


@pytest.mark.parametrize("code", [230025, 230099, 230022, 230028, 9499, 19036])
async def test_at_worst_a_plain_line_goes_out_and_the_receipt_says_so(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str, code: int
) -> None:
    feishu.faults.refuse(POST, code)
    receipt = await adapter.send(To(ops), a_card())
    card = await feishu.expect_card("disk full", chat="ops")
    assert card.buttons == []
    assert str(code) in receipt.said
    await adapter.edit(receipt.message, a_card())
    assert card.buttons == ["Acknowledge", "Close…"]


async def test_at_worst_a_card_becomes_a_plain_line(adapter: FeishuAdapter, feishu: FeishuServer, ops: str) -> None:
    sent = await adapter.send(To(ops), a_card())
    feishu.faults.refuse(PATCH, 230099, msg="Failed to create card content, ext=ErrCode: 100290; ErrMsg: x;", times=1)
    feishu.faults.refuse(PATCH, 230028)
    receipt = await adapter.edit(sent.message, a_card())
    card = await feishu.expect_card("disk full", chat="ops")
    assert card.buttons == []
    assert "230028" in receipt.said


async def test_a_plain_line_is_tried_once_and_only_for_the_contents_sake(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    feishu.faults.refuse(POST, 230099, times=5)
    with pytest.raises(DeliveryFailed):
        await adapter.send(To(ops), a_card())
    assert len(feishu.log.calls(POST)) == 2
    feishu.faults.clear()
    feishu.faults.refuse(POST, 230002, times=5)
    with pytest.raises(DeliveryFailed):
        await adapter.send(To(ops), a_card())
    assert len(feishu.log.calls(POST)) == 3


# Once


@pytest.mark.parametrize("status", ["Nobody has it yet", "Ana has it"])
async def test_a_card_whose_answer_was_lost_is_posted_once_and_shows_what_is_true_now(
    make: Make, feishu: FeishuServer, ops: str, status: str
) -> None:
    adapter = make(timeout=1.5)
    feishu.faults.hang(POST, applied=True)
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.send(To(ops), a_card())
    assert caught.value.kind is FailureKind.UNCERTAIN
    feishu.faults.clear()
    receipt = await adapter.send(To(ops), again(replace(a_card(), status=(status, " · may be a repeat"))))
    assert len(feishu.workspace.messages(ops)) == 1
    assert receipt.message.id == feishu.workspace.messages(ops)[0].id
    card = await feishu.expect_card("disk full", chat="ops")
    await card.shows(status)
    assert "sent before" in receipt.said


async def test_a_card_whose_answer_was_lost_and_that_was_recalled_meanwhile_is_posted_anew(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    feishu.faults.cut(POST, applied=True)
    with pytest.raises(DeliveryFailed):
        await adapter.send(To(ops), a_card())
    feishu.faults.refuse("im.v1.message.patch", 230011)
    receipt = await adapter.send(To(ops), again(a_card()))
    assert [message.id for message in feishu.workspace.messages(ops)][1:] == [receipt.message.id]


async def test_a_card_whose_answer_was_lost_is_posted_once_though_no_token_can_be_had_meanwhile(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    feishu.faults.cut(POST, applied=True)
    with pytest.raises(DeliveryFailed):
        await adapter.send(To(ops), a_card())
    adapter._api._drop(await adapter._api.token())  # noqa: SLF001
    await feishu.pull_plug()
    with pytest.raises(FeishuFailed, match="unreachable"):
        await adapter.send(To(ops), again(a_card()))
    await feishu.put_back()
    await adapter.send(To(ops), again(a_card()))
    assert len(feishu.workspace.messages(ops)) == 1


async def test_a_note_whose_answer_was_lost_is_posted_once_and_another_is_another(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    feishu.faults.cut(POST, applied=True)
    with pytest.raises(DeliveryFailed):
        await adapter.send(To(ops), Note(("reminder 1",)))
    await adapter.send(To(ops), again(Note(("reminder 1", " · may be a repeat"))))
    assert len(feishu.workspace.messages(ops)) == 1
    await adapter.send(To(ops), Note(("reminder 1",)))
    await adapter.send(To(ops), Note(("reminder 2",)))
    assert len(feishu.workspace.messages(ops)) == 3


async def test_what_was_lost_is_posted_when_it_is_sent_again(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str, ana: str
) -> None:
    feishu.faults.cut(POST, applied=False, times=2)
    for card in (a_card(), again(a_card())):
        with pytest.raises(DeliveryFailed):
            await adapter.send(To(ops), card)
    # Neither another incident, nor another place, nor a note is the same message.
    await adapter.send(To(ops), again(replace(a_card(), number=43)))
    await adapter.send(To(ana, direct=True), again(a_card()))
    await adapter.send(To(ops), again(Note(("Nobody has it yet",))))
    await adapter.send(To(ops), again(a_card()))
    keys = [as_text(as_object(call.request).get("uuid")) for call in feishu.log.calls(POST)]
    assert keys[0] == keys[1] == keys[5]
    assert len(set(keys)) == 4
    assert all(len(key) <= 50 for key in keys)
    assert len(feishu.workspace.messages(ops)) == 3


async def test_after_half_an_hour_nobody_remembers_what_was_lost(make: Make, feishu: FeishuServer, ops: str) -> None:
    clock = Still()
    adapter = make(clock=clock)
    feishu.faults.cut(POST, applied=False)
    with pytest.raises(DeliveryFailed):
        await adapter.send(To(ops), a_card())
    clock.at += timedelta(minutes=26)
    await adapter.send(To(ops), again(a_card()))
    keys = [as_text(as_object(call.request).get("uuid")) for call in feishu.log.calls(POST)]
    assert len(set(keys)) == 2


# The token


async def test_many_calls_at_once_fetch_one_token(adapter: FeishuAdapter, feishu: FeishuServer, ops: str) -> None:
    await asyncio.gather(*(adapter.send(To(ops), a_card()) for _ in range(10)))
    assert len(feishu.log.calls(TOKEN)) == 1


async def test_a_token_is_replaced_ten_minutes_before_its_end(make: Make, feishu: FeishuServer) -> None:
    clock = Still()
    adapter = make(clock=clock)
    for minutes, fetched in ((0, 1), (109, 1), (2, 2)):
        clock.at += timedelta(minutes=minutes)
        await adapter.check()
        assert len(feishu.log.calls(TOKEN)) == fetched


async def test_a_revoked_token_is_replaced_inside_the_call(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    await adapter.check()
    feishu.workspace.revoke_tokens()
    await asyncio.gather(*(adapter.send(To(ops), a_card()) for _ in range(5)))
    assert len(feishu.workspace.messages(ops)) == 5
    assert len(feishu.log.calls(TOKEN)) == 2


@pytest.mark.parametrize("code", [99991663, 99991664, 99991665, 99991661, 99991671, 99991668, 99991677, 20013])
async def test_a_new_token_is_asked_for_once_and_then_the_failure_is_told(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str, code: int
) -> None:
    feishu.faults.refuse(POST, code, times=9)
    with pytest.raises(DeliveryFailed, match=str(code)) as caught:
        await adapter.send(To(ops), a_card())
    assert caught.value.kind is FailureKind.UNAUTHORIZED
    assert len(feishu.log.calls(POST)) == 2


async def test_who_gives_up_waiting_does_not_take_the_token_from_the_others(
    adapter: FeishuAdapter, feishu: FeishuServer
) -> None:
    hold = feishu.faults.hang(TOKEN)
    calls = [asyncio.create_task(adapter.check()) for _ in range(2)]
    await hold.reached.wait()
    calls[0].cancel()
    hold.release()
    assert (await calls[1]).bot == "Oncard"


async def test_a_message_is_not_sent_if_its_token_is_uncertain(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    feishu.faults.status(TOKEN, 502)
    with pytest.raises(DeliveryFailed) as caught:
        await adapter.send(To(ops), a_card())
    assert caught.value.kind is FailureKind.UNREACHABLE
    assert feishu.log.calls(POST) == []


# Who and what there is


async def test_it_says_who_we_are(adapter: FeishuAdapter, feishu: FeishuServer) -> None:
    identity = await adapter.check()
    assert (identity.workspace, identity.bot) == (feishu.app_id, "Oncard")


async def test_a_wrong_secret_is_noticed_at_the_start(make: Make) -> None:
    with pytest.raises(DeliveryFailed, match="10014") as caught:
        await make(app_secret="wrong-secret").check()
    assert caught.value.kind is FailureKind.UNAUTHORIZED


async def test_people_are_found_by_their_address(adapter: FeishuAdapter, feishu: FeishuServer, ana: str) -> None:
    assert await adapter.find_by_email("ana@example.com") == ana
    assert await adapter.find_by_email("nobody@example.com") is None
    feishu.leave("ana")
    assert await adapter.find_by_email("ana@example.com") is None


async def test_not_being_told_is_not_the_same_as_nobody(adapter: FeishuAdapter, feishu: FeishuServer) -> None:
    feishu.workspace.app.scopes = frozenset()
    with pytest.raises(DeliveryFailed, match=r"contact:user\.id:readonly"):
        await adapter.find_by_email("ana@example.com")


async def test_a_look_at_the_workspace_says_what_is_missing_and_how_to_mend_it(
    called: FeishuAdapter, feishu: FeishuServer, ops: str
) -> None:
    assert [finding.mend for finding in await called.diagnose([ops])] == ["", "", "", ""]
    feishu.workspace.app.scopes = frozenset()
    feishu.kick_bot("ops")
    found = [finding for finding in await called.diagnose([ops, "oc_none"]) if finding.mend]
    assert ["contact:user.id:readonly" in found[0].mend, "im:chat:read" in found[2].mend] == [True, True]
    assert "im:resource:upload" in found[1].mend
    assert len(found) == 4


async def test_a_process_without_its_connection_says_so(adapter: FeishuAdapter) -> None:
    assert [finding for finding in await adapter.diagnose([]) if "long connection" in finding.what]


async def test_what_only_one_person_sees_is_a_card_of_the_older_kind(
    adapter: FeishuAdapter, feishu: FeishuServer, ops: str, ana: str
) -> None:
    card: Card = a_card()
    await adapter._messages.show(ops, ana, card)  # noqa: SLF001
    await feishu.expect_private("ana", "disk full")
    [call] = feishu.log.calls(EPHEMERAL[0])
    assert "schema" not in as_object(as_object(call.request).get("card"))
