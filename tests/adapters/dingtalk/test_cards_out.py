"""Cards and notes as DingTalk gets them: live cards with a template, the robot's messages without one."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.dingtalk.adapter import DingTalkAdapter
from adapters.dingtalk.errors import DingTalkFailed
from bot.adapter import Edit, FailureKind, MessageRef, To
from bot.playground.dingtalk import DingTalkServer, instances
from cards.card import Button, Note, Person, Tone
from tests.adapters.dingtalk.conftest import Make
from tests.adapters.dingtalk.desk import Still, a_card, again

CREATE = "card/instances/createAndDeliver"
UPDATE = "card/instances"


def count(dingtalk: DingTalkServer, method: str) -> int:
    return sum(entry.method == method for entry in dingtalk.log)


def can_edit(adapter: DingTalkAdapter) -> Edit:
    return adapter.capabilities.edit


async def test_a_card_is_sent_and_edited_in_place(adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str) -> None:
    sent = await adapter.send(To(ops), a_card())
    card = await dingtalk.expect_card("disk full", chat="ops")
    assert (card.colour, card.buttons) == ("red", ["Acknowledge", "Close…"])
    done = replace(a_card(), tone=Tone.DONE, status=("Closed by Ana",), buttons=())
    assert (await adapter.edit(sent.message, done)).message == sent.message
    await card.shows("Closed by Ana")
    assert (card.colour, card.buttons) == ("green", [])
    assert len(dingtalk.workspace.messages(ops)) == 1


async def test_a_person_gets_a_card_of_their_own(adapter: DingTalkAdapter, dingtalk: DingTalkServer, ana: str) -> None:
    sent = await adapter.send(To(ana, direct=True), a_card())
    assert sent.message.chat == ana
    await dingtalk.expect_dm("ana", "disk full")


async def test_responders_are_mentioned(adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, ana: str) -> None:
    await adapter.send(To(ops), replace(a_card(), mentions=(Person("Ana", ana, notify=True),)))
    card = await dingtalk.expect_card("disk full", chat="ops")
    assert card.message.mentions == (ana,)
    await adapter.send(
        To(ops), Note(("still nobody",), (Person("Ana", ana, notify=True),)), under=MessageRef(ops, card.id)
    )
    assert (await dingtalk.expect_card("still nobody", chat="ops")).message.mentions == (ana,)


async def test_a_bad_mention_costs_the_mention(adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str) -> None:
    dingtalk.faults.refuse(CREATE, "param.userIdNotExist")
    receipt = await adapter.send(To(ops), replace(a_card(), mentions=(Person("Eve", "0999", notify=True),)))
    assert receipt.said == "ok, without mentions after param.userIdNotExist"
    card = await dingtalk.expect_card("disk full", chat="ops")
    assert card.message.mentions == ()
    assert card.buttons == ["Acknowledge", "Close…"]


async def test_what_is_refused_for_its_content_goes_as_a_plain_line_and_can_be_edited(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    dingtalk.faults.refuse(CREATE, "param.contentUnsafe", times=2)
    eve = Person("Eve", "0999", notify=True)
    receipt = await adapter.send(To(ops), replace(a_card(), mentions=(eve,)))
    assert receipt.said == "ok, as a plain line after param.contentUnsafe"
    card = await dingtalk.expect_card("Critical: disk full (#42)", chat="ops")
    await adapter.edit(receipt.message, replace(a_card(), status=("Taken",)))
    await card.shows("Taken", "Acknowledge")
    dingtalk.faults.refuse(UPDATE, "contain.unsafe.url")
    assert "as a plain line" in (await adapter.edit(receipt.message, a_card())).said


async def test_a_card_that_is_delivered_nowhere_was_not_sent(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, ana: str
) -> None:
    dingtalk.workspace.set_bot_member("ops", member=False)
    with pytest.raises(DingTalkFailed) as caught:
        await adapter.send(To(ops), a_card())
    assert (caught.value.kind, caught.value.code) == (FailureKind.REFUSED, "invalidParameter.robotCode.notExsit")
    dingtalk.workspace.leave("ana")
    with pytest.raises(DingTalkFailed) as caught:
        await adapter.send(To(ana, direct=True), a_card())
    assert caught.value.kind is FailureKind.UNLINKED
    dingtalk.workspace.set_bot_member("ops", member=True)
    assert (await adapter.send(To(ops), a_card())).said == "ok"


async def test_a_card_whose_answer_was_lost_is_there_once_and_up_to_date(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    dingtalk.faults.cut(CREATE, applied=True)
    with pytest.raises(DingTalkFailed) as caught:
        await adapter.send(To(ops), a_card())
    assert caught.value.kind is FailureKind.UNCERTAIN
    receipt = await adapter.send(To(ops), again(replace(a_card(), status=("Taken",))))
    assert receipt.said == "ok, sent before without an answer"
    card = await dingtalk.expect_card("disk full", chat="ops")
    await card.shows("Taken")
    assert len(dingtalk.workspace.messages(ops)) == 1
    assert (await adapter.send(To(ops), a_card())).message != receipt.message


async def test_a_card_that_was_said_to_be_nowhere_is_sent_anew(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dingtalk.faults.cut(CREATE, applied=False)
    with pytest.raises(DingTalkFailed):
        await adapter.send(To(ops), a_card())
    with monkeypatch.context() as trouble:
        trouble.setattr(instances, "group_trouble", lambda *_: "system.error")
        with pytest.raises(DingTalkFailed) as caught:
            await adapter.send(To(ops), again(a_card()))
    assert caught.value.kind is FailureKind.UNCERTAIN
    await adapter.send(To(ops), again(a_card()))
    assert len(dingtalk.workspace.messages(ops)) == 1


async def test_a_plain_line_that_was_lost_is_sent_though_the_refused_card_exists(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> str:
        dingtalk.faults.cut(CREATE, applied=False)
        return "param.contentUnsafe"

    with monkeypatch.context() as trouble:
        trouble.setattr(instances, "group_trouble", refused)
        with pytest.raises(DingTalkFailed) as caught:
            await adapter.send(To(ops), a_card())
    assert caught.value.kind is FailureKind.UNCERTAIN
    assert "as a plain line" in (await adapter.send(To(ops), again(a_card()))).said
    assert len(dingtalk.workspace.messages(ops)) == 1


async def test_a_plain_line_whose_answer_was_lost_is_there_once(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    dingtalk.faults.refuse(CREATE, "param.contentUnsafe")
    dingtalk.faults.cut(CREATE, applied=True)
    with pytest.raises(DingTalkFailed):
        await adapter.send(To(ops), a_card())
    dingtalk.faults.refuse(CREATE, "param.contentUnsafe")
    assert "as a plain line" in (await adapter.send(To(ops), again(a_card()))).said
    assert len(dingtalk.workspace.messages(ops)) == 1


async def test_a_card_that_was_given_up_waiting_for_is_not_sent_twice(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    held = dingtalk.faults.hang(CREATE, applied=True)
    sending = asyncio.create_task(adapter.send(To(ops), a_card()))
    await held.reached.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    held.release()
    dingtalk.faults.refuse(UPDATE, "system.busy")
    await adapter.send(To(ops), again(a_card()))
    assert len(dingtalk.workspace.messages(ops)) == 1


async def test_another_message_after_a_lost_answer_is_another_one(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    dingtalk.faults.cut(CREATE, applied=True)
    with pytest.raises(DingTalkFailed):
        await adapter.send(To(ops), Note(("first",)))
    await adapter.send(To(ops), again(Note(("second",))))
    await adapter.send(To(ops), again(a_card()))
    # What the core sends for the first time is another page, though it says the same.
    await adapter.send(To(ops), Note(("first",)))
    assert (await adapter.send(To(ops), again(Note(("first", " again"))))).said == "ok, sent before without an answer"
    assert len(dingtalk.workspace.messages(ops)) == 4


async def test_a_card_that_is_gone_says_so(adapter: DingTalkAdapter, ops: str) -> None:
    with pytest.raises(DingTalkFailed) as caught:
        await adapter.edit(MessageRef(ops, "oncard-0"), a_card())
    assert caught.value.kind is FailureKind.GONE
    with pytest.raises(DingTalkFailed) as caught:
        await adapter.edit(MessageRef(ops, "pqk0"), a_card())
    assert caught.value.kind is FailureKind.GONE


@pytest.mark.parametrize("code", ["param.templateNotExist", "param.templateUnpublished"])
async def test_without_a_usable_template_the_robot_sends_for_a_while(
    make: Make, dingtalk: DingTalkServer, ops: str, code: str
) -> None:
    clock = Still()
    adapter = make(clock=clock)
    dingtalk.faults.refuse(CREATE, code)
    receipt = await adapter.send(To(ops), a_card())
    assert receipt.said == f"ok, without a card after {code}"
    card = await dingtalk.expect_card("disk full", chat="ops")
    assert card.message.kind == "actionCard"
    assert can_edit(adapter) == Edit.NEVER
    assert not adapter.capabilities.mention
    await adapter.send(To(ops), a_card())
    assert count(dingtalk, CREATE) == 1
    refused_at = clock.at
    clock.at -= timedelta(hours=1)
    assert can_edit(adapter) == Edit.ALWAYS
    clock.at = refused_at
    clock.at = clock.at.replace(hour=clock.at.hour + 1)
    assert can_edit(adapter) == Edit.ALWAYS
    assert (await adapter.send(To(ops), a_card())).said == "ok"


# ---- without a template ----------------------------------------------------------------------------------------------


async def test_without_a_template_the_robot_sends_and_never_edits(
    robot: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, ana: str
) -> None:
    sent = await robot.send(To(ops), a_card())
    card = await dingtalk.expect_card("disk full", chat="ops")
    assert card.buttons == ["Acknowledge", "Close…"]
    assert sent.message.id == card.message.key
    assert robot.capabilities.edit is Edit.NEVER
    await robot.send(To(ana, direct=True), Note(("still nobody",)))
    await dingtalk.expect_dm("ana", "still nobody")


async def test_without_a_template_a_refused_content_goes_as_plain_text(
    robot: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    dingtalk.faults.refuse("robot/groupMessages/send", "contain.unsafe.url")
    assert (await robot.send(To(ops), a_card())).said == "ok, as a plain line after contain.unsafe.url"
    assert (await dingtalk.expect_card("Critical: disk full (#42)", chat="ops")).message.kind == "text"


async def test_who_is_not_in_the_organisation_or_held_back_is_not_reached(
    robot: DingTalkAdapter, dingtalk: DingTalkServer, ana: str
) -> None:
    dingtalk.workspace.flow_controlled.add(ana)
    with pytest.raises(DingTalkFailed) as caught:
        await robot.send(To(ana, direct=True), a_card())
    assert caught.value.kind is FailureKind.RATE_LIMITED
    with pytest.raises(DingTalkFailed) as caught:
        await robot.send(To("0999", direct=True), a_card())
    assert caught.value.kind is FailureKind.UNLINKED


async def test_a_button_of_the_robot_sends_its_sentence(
    robot: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    await robot.send(To(ops), replace(a_card(), buttons=(Button("Close & go", "close 42 v7 a+b"),)))
    card = await dingtalk.expect_card("disk full", chat="ops")
    await dingtalk.click("ana", "ops", card.id, "Close & go")
    assert "close 42 a+b" in str(dingtalk.workspace.messages(ops)[-1].content)


# ---- people, and the look at the app ---------------------------------------------------------------------------------


async def test_people_are_found_by_mobile_number(adapter: DingTalkAdapter, dingtalk: DingTalkServer, ana: str) -> None:
    mobile = dingtalk.workspace.user("ana").mobile
    assert await adapter.find_by_mobile(mobile) == ana
    assert await adapter.find_by_mobile(f"+86{mobile}") == ana
    assert await adapter.find_by_mobile("13900000000") is None
    dingtalk.faults.refuse("topapi/v2/user/getbymobile", "40103")
    assert await adapter.find_by_mobile(mobile) is None
    dingtalk.faults.refuse("topapi/v2/user/getbymobile", "60011")
    with pytest.raises(DingTalkFailed):
        await adapter.find_by_mobile(mobile)


async def test_a_look_at_the_app_tells_what_is_missing(
    adapter: DingTalkAdapter, robot: DingTalkAdapter, dingtalk: DingTalkServer, template: str, ops: str
) -> None:
    found = await adapter.diagnose([ops, "ops-alerts"])
    assert [finding.what for finding in found if finding.mend] == ["chat ops-alerts is no group's openConversationId"]
    assert not dingtalk.workspace.messages(ops)
    dingtalk.workspace.templates[template] = replace(dingtalk.workspace.templates[template], published=False)
    assert "cannot be used" in str(await adapter.diagnose([]))
    dingtalk.workspace.scopes = frozenset()
    mends = " ".join(finding.mend for finding in await adapter.diagnose([]))
    for scope in ("Card.Instance.Write", "qyapi_robot_sendmsg", "qyapi_get_member_by_mobile"):
        assert scope in mends
    assert "card_template_id" in str([finding.mend for finding in await robot.diagnose([])])


async def test_a_robot_of_another_app_is_found_out(make: Make) -> None:
    found = await make(robot_code="another").diagnose([])
    assert "leave robot_code out" in str([finding.mend for finding in found])


async def test_who_we_are(adapter: DingTalkAdapter, dingtalk: DingTalkServer) -> None:
    assert (await adapter.check()).workspace == dingtalk.client_id
