"""Who is asked or told something in DingTalk, and that nobody else sees it."""

from adapters.dingtalk import events
from adapters.dingtalk.adapter import DingTalkAdapter
from bot.adapter import To
from bot.playground.dingtalk import DingTalkServer
from cards.card import Button, Note
from tests.adapters.dingtalk.desk import Desk, a_card, a_form, listening, written


async def test_the_note_after_a_click_goes_to_the_person_alone(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    desk = Desk(Note(("Bo was first",)))
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        await card.click("Acknowledge", by="ana")
        await dingtalk.expect_dm("ana", "Bo was first")
    assert len(dingtalk.workspace.messages(ops)) == 1


async def test_the_note_after_a_click_is_never_said_in_the_group(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, ana: str
) -> None:
    desk = Desk(Note(("Your code is K7QX",)))
    async with listening(adapter, desk):
        await dingtalk.type("bo", "ops", "@Oncard list")
        await dingtalk.expect_dm("bo", "Your code is K7QX")
        await adapter.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        dingtalk.faults.refuse("robot/oToMessages/batchSend", "robot.oto.notExist")
        await card.click("Acknowledge", by="ana")
        said = await dingtalk.expect_card("Open a direct chat with Oncard", chat="ops")
    assert said.message.mentions == (ana,)
    assert "K7QX" not in str([message.content for message in dingtalk.workspace.messages(ops)])


async def test_a_form_that_cannot_be_asked_directly_is_asked_in_the_group(
    robot: DingTalkAdapter, dingtalk: DingTalkServer, ana: str
) -> None:
    desk = Desk(a_form())
    dingtalk.faults.refuse("robot/oToMessages/batchSend", "robot.oto.notExist")
    async with listening(robot, desk):
        await dingtalk.type("ana", "ops", "@Oncard escalate? 42 v3")
        said = await dingtalk.expect_card("Whom to page?", chat="ops")
    assert said.message.mentions == (ana,)


async def test_what_a_button_alone_confirms_is_a_card(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ana: str
) -> None:
    desk = Desk(Note(("Link it?",), buttons=(Button("Link it", "link K7QX yes7"),)))
    async with listening(adapter, desk):
        await dingtalk.type("ana", None, "link K7QX")
        asked = await dingtalk.expect_dm("ana", "Link it?")
        desk.reply = None
        await asked.click("Link it", by="ana")
        await desk.until(lambda: len(desk.heard) == 2)
    assert (desk.heard[1].text, desk.heard[1].is_token) == ("link K7QX yes7", True)


async def test_an_outsider_is_answered_where_they_wrote_and_alone(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    eve = dingtalk.workspace.add_user("eve", outsider=True)
    desk = Desk(Note(("Your code is K7QX",)))
    async with listening(adapter, desk):
        await dingtalk.type("eve", "ops", "@Oncard link")
        await dingtalk.expect_card("Open a direct chat with Oncard", chat="ops")
        await dingtalk.type("eve", None, "link")
        await dingtalk.expect_dm("eve", "Your code is K7QX")
    assert desk.heard[0].user == eve.dingtalk_id
    assert "K7QX" not in str([message.content for message in dingtalk.workspace.messages(ops)])
    assert not [entry for entry in dingtalk.log if entry.method == "robot/oToMessages/batchSend"]


async def test_an_outsider_who_cannot_be_answered_where_they_wrote_is_not_answered(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer
) -> None:
    desk = Desk(Note(("You are not linked",)))
    async with listening(adapter, desk):
        adapter._events.receive(events.ROBOT_TOPIC, "f1", written("", "list"))  # noqa: SLF001
        await desk.until(lambda: bool(desk.heard))
    await adapter.close()
    assert not [entry for entry in dingtalk.log if "batchSend" in entry.method or "Session" in entry.method]


async def test_an_answer_that_may_have_arrived_is_not_given_again(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    desk = Desk(Note(("Bo was first",)))
    dingtalk.faults.cut("robot/oToMessages/batchSend", applied=True)
    async with listening(adapter, desk):
        await dingtalk.type("ana", "ops", "@Oncard ack 42")
        await dingtalk.expect_dm("ana", "Bo was first")
    await adapter.close()
    assert [message.kind for message in dingtalk.workspace.messages(ops)] == ["text"]


async def test_a_session_that_is_over_is_no_way(adapter: DingTalkAdapter, dingtalk: DingTalkServer) -> None:
    desk = Desk(Note(("Nothing is open",)))
    dingtalk.faults.refuse("robot/sendBySession", "300001")
    async with listening(adapter, desk):
        await dingtalk.type("ana", None, "list")
        await dingtalk.expect_dm("ana", "Nothing is open")
    assert [entry for entry in dingtalk.log if entry.method == "robot/oToMessages/batchSend"]
