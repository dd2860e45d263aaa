"""Clicks, forms and messages over the unmodified SDK: answered in time, carried out, replied to one person alone."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from adapters.feishu.adapter import FeishuAdapter
from adapters.feishu.connection import ANSWER_WITHIN
from adapters.feishu.events import TOAST_WITHIN
from bot.adapter import MessageRef, To
from bot.playground.feishu import FeishuServer
from bot.playground.feishu.delivery import ACK_SECONDS
from bot.playground.feishu.expect import Card
from cards.card import Button, Note
from tests.adapters.feishu.desk import Desk, a_card, a_form, listening

pytestmark = pytest.mark.usefixtures("lark")
HINT = Note(("You are not linked: type link",))
WITH_BUTTON = Note(("Which one?",), buttons=(Button("#42", "ack 42"),))
LONG = Note(("word " * 200,))


@pytest.fixture
async def desk(adapter: FeishuAdapter) -> AsyncIterator[Desk]:
    desk = Desk()
    async with listening(adapter, desk):
        yield desk


@pytest.fixture
async def card(adapter: FeishuAdapter, feishu: FeishuServer, ops: str) -> Card:
    await adapter.send(To(ops), a_card())
    return await feishu.expect_card("disk full", chat="ops")


async def test_a_click_tells_who_pressed_what_and_where(desk: Desk, card: Card, ops: str, ana: str) -> None:
    await card.click("Acknowledge", by="ana")
    await desk.until(lambda: len(desk.heard) == 1)
    [click] = desk.heard
    assert (click.user, click.text, click.is_token) == (ana, "ack 42 v3", True)
    assert (click.chat, click.message) == (ops, MessageRef(ops, card.id))


async def test_every_press_is_an_action_of_its_own(desk: Desk, card: Card) -> None:
    for by in ("ana", "ana", "bo"):
        await card.click("Acknowledge", by=by)
    await desk.until(lambda: len(desk.heard) == 3)
    assert len({click.trigger for click in desk.heard} - {None}) == 3


async def test_a_short_answer_is_the_toast_of_the_click(desk: Desk, card: Card, feishu: FeishuServer) -> None:
    desk.reply = HINT
    answer = await card.click("Acknowledge", by="ana")
    assert answer.body == {"toast": {"type": "info", "content": "You are not linked: type link"}}
    shown = await feishu.expect_private("ana", "not linked")
    assert shown.message.msg_type == "toast"
    assert card.edits == 0
    assert feishu.log.calls("ephemeral.v1.send") == []


async def test_nothing_to_say_is_nothing_said(desk: Desk, card: Card, feishu: FeishuServer, ana: str) -> None:
    answer = await card.click("Acknowledge", by="ana")
    assert answer.body == {}
    assert feishu.workspace.private(ana) == []


@pytest.mark.parametrize("reply", [WITH_BUTTON, a_card(), LONG, Note(("head",), rows=(("row",),))])
async def test_what_does_not_fit_into_a_toast_is_shown_to_the_clicker_alone(
    desk: Desk, card: Card, feishu: FeishuServer, reply: Note
) -> None:
    desk.reply = reply
    await card.click("Acknowledge", by="ana")
    text = {"Which one?": "Which one?"}.get(str(getattr(reply, "text", ("",))[0]), "")
    shown = await feishu.expect_private("ana", text)
    assert shown.message.msg_type == "interactive"
    assert shown.message.visible_to == feishu.workspace.user("ana").id


async def test_a_button_that_one_person_was_shown_works(desk: Desk, card: Card, feishu: FeishuServer) -> None:
    desk.reply = WITH_BUTTON
    await card.click("Acknowledge", by="ana")
    shown = await feishu.expect_private("ana", "Which one?")
    desk.reply = None
    await shown.click("#42", by="ana")
    await desk.until(lambda: len(desk.heard) == 2)
    assert desk.heard[1].text == "ack 42"


async def test_where_nobody_can_be_shown_anything_alone_the_answer_goes_to_them_directly(
    desk: Desk, card: Card, feishu: FeishuServer
) -> None:
    desk.reply = WITH_BUTTON
    feishu.faults.refuse("ephemeral.v1.send", 18053)
    await card.click("Acknowledge", by="ana")
    await feishu.expect_dm("ana", "Which one?")


async def test_a_click_in_a_direct_message_is_answered_there(
    desk: Desk, adapter: FeishuAdapter, feishu: FeishuServer, ana: str
) -> None:
    desk.reply = WITH_BUTTON
    sent = await adapter.send(To(ana, direct=True), a_card())
    card = await feishu.expect_dm("ana", "disk full")
    await card.click("Acknowledge", by="ana")
    await feishu.expect_dm("ana", "Which one?")
    assert desk.heard[0].message == sent.message
    assert feishu.log.calls("ephemeral.v1.send") == []


async def test_a_click_is_answered_while_the_core_is_still_at_it(
    desk: Desk, adapter: FeishuAdapter, card: Card, feishu: FeishuServer
) -> None:
    adapter._events.toast_within = 0.05  # noqa: SLF001
    desk.gate.clear()
    desk.reply = HINT
    async with asyncio.timeout(15):
        answer = await card.click("Acknowledge", by="ana")
    assert answer.body is not None
    assert "It takes a moment" in str(answer.body["toast"])
    desk.gate.set()
    shown = await feishu.expect_private("ana", "not linked")
    assert shown.message.msg_type == "interactive"


# Forms


async def test_a_form_goes_to_the_clicker_and_becomes_the_answer(
    desk: Desk, card: Card, feishu: FeishuServer, ana: str
) -> None:
    desk.reply = a_form()
    await card.click("Close…", by="ana")
    await feishu.expect_private("ana", "your direct conversation")
    form = await feishu.expect_dm("ana", "Whom to page?")
    assert form.fields == ["level", "who", "text"]
    desk.reply = Note(("You escalated #42",))
    await form.submit("Escalate", {"level": "3", "who": "ana@example.com", "text": "the disk\nis full"}, by="ana")
    await form.shows("You escalated #42")
    filled = desk.heard[1]
    assert filled.text == "escalate 42 v3 3 ana@example.com the disk\nis full"
    assert (filled.user, filled.is_token, filled.message) == (ana, True, MessageRef(form.message.chat, form.id))
    assert (form.buttons, form.edits) == ([], 1)


async def test_a_form_that_says_nothing_back_is_done(desk: Desk, card: Card, feishu: FeishuServer) -> None:
    desk.reply = a_form()
    await card.click("Close…", by="ana")
    form = await feishu.expect_dm("ana", "Whom to page?")
    desk.reply = None
    await form.submit("Escalate", {}, by="ana")
    await form.shows("Done.")
    assert desk.heard[1].text == "escalate 42 v3"


async def test_a_form_that_is_filled_in_wrong_stays_and_says_what_is_wrong(
    desk: Desk, card: Card, feishu: FeishuServer
) -> None:
    desk.reply = a_form()
    await card.click("Close…", by="ana")
    form = await feishu.expect_dm("ana", "Whom to page?")
    desk.reply = Note(("There is no such level",), field="level")
    answer = await form.submit("Escalate", {"level": "3"}, by="ana")
    assert answer.body == {"toast": {"type": "error", "content": "There is no such level"}}
    assert (form.edits, form.fields) == (0, ["level", "who", "text"])
    desk.reply = a_form()
    await form.submit("Escalate", {"level": "2"}, by="ana")
    assert await feishu.wait_for(lambda: form.edits == 1)
    assert form.fields == ["level", "who", "text"]


async def test_a_form_that_is_sent_twice_is_carried_out_once(
    desk: Desk, card: Card, feishu: FeishuServer, adapter: FeishuAdapter
) -> None:
    desk.reply = a_form()
    await card.click("Close…", by="ana")
    form = await feishu.expect_dm("ana", "Whom to page?")
    adapter._events.toast_within = 0.05  # noqa: SLF001
    desk.gate.clear()
    desk.reply = Note(("You escalated #42",))
    for _ in range(2):
        answer = await form.submit("Escalate", {"level": "3"}, by="ana")
        assert "It takes a moment" in str(answer.body)
    desk.gate.set()
    await form.shows("You escalated #42")
    assert len(desk.heard) == 2, "the click that asked for it, and one form"


async def test_a_form_that_cannot_be_sent_is_not_left_to_be_looked_for(
    desk: Desk, card: Card, feishu: FeishuServer
) -> None:
    desk.reply = a_form()
    feishu.faults.refuse("im.v1.message.create", 230053)
    await card.click("Close…", by="ana")
    await feishu.expect_private("ana", "could not do that")


async def test_what_a_form_came_to_is_said_elsewhere_if_it_cannot_be_said_in_its_place(
    desk: Desk, card: Card, feishu: FeishuServer, adapter: FeishuAdapter
) -> None:
    desk.reply = a_form()
    await card.click("Close…", by="ana")
    form = await feishu.expect_dm("ana", "Whom to page?")
    adapter._events.toast_within = 0.05  # noqa: SLF001
    desk.gate.clear()
    desk.reply = Note(("Nothing changed: Bo was first",))
    feishu.faults.refuse("im.v1.message.patch", 230011)
    await form.submit("Escalate", {"level": "3"}, by="ana")
    desk.gate.set()
    await feishu.expect_dm("ana", "Bo was first")


# What is typed


async def test_what_is_written_to_the_bot_is_answered_there(
    desk: Desk, feishu: FeishuServer, ana: str, adapter: FeishuAdapter
) -> None:
    desk.reply = WITH_BUTTON
    await feishu.type("ana", None, "ack 42 now")
    await feishu.expect_dm("ana", "Which one?")
    [said] = desk.heard
    assert (said.user, said.text, said.is_token) == (ana, "ack 42 now", False)
    assert said.trigger


async def test_a_group_is_heard_when_it_mentions_the_bot_and_answered_for_one(
    desk: Desk, feishu: FeishuServer, ops: str
) -> None:
    desk.reply = HINT
    await feishu.type("ana", "ops", "nobody is asked")
    await feishu.type("ana", "ops", "@Oncard reassign 42 @Bo")
    await feishu.expect_private("ana", "not linked")
    [said] = desk.heard
    assert said.text == f"reassign 42 <@{feishu.workspace.user('bo').id}>"
    assert said.chat == ops


async def test_what_answers_a_card_says_which(desk: Desk, card: Card, feishu: FeishuServer, ops: str) -> None:
    await feishu.type("ana", "ops", "@Oncard ack", reply_to=card)
    await desk.until(lambda: len(desk.heard) == 1)
    assert (desk.heard[0].text, desk.heard[0].replied) == ("ack", MessageRef(ops, card.id))


# What goes wrong


async def test_an_answer_that_reaches_nobody_is_in_the_log_with_feishus_words(
    desk: Desk, card: Card, feishu: FeishuServer, adapter: FeishuAdapter
) -> None:
    desk.reply = WITH_BUTTON
    feishu.faults.refuse("ephemeral.v1.send", 230013)
    feishu.faults.refuse("im.v1.message.create", 230053)
    with capture_logs() as logs:
        await card.click("Acknowledge", by="ana")
        await adapter._events.close()  # noqa: SLF001
    [log] = [log for log in logs if log["event"] == "answer_not_delivered"]
    assert "230053" in log["why"]


async def test_a_core_that_fails_is_in_the_log_and_the_next_click_is_heard(desk: Desk, card: Card) -> None:
    with capture_logs() as logs:
        desk.fault = RuntimeError("the database at https://db:secret@db.example.com/x is away")
        assert (await card.click("Acknowledge", by="ana")).body == {}
        desk.fault = None
        await card.click("Acknowledge", by="ana")
        await desk.until(lambda: len(desk.heard) == 2)
    [failure] = [log for log in logs if log["event"] == "interaction_failed"]
    assert failure["error"] == "RuntimeError: the database at https://db.example.com is away"


async def test_closing_gives_answers_under_way_a_moment_and_no_more(
    desk: Desk, card: Card, adapter: FeishuAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.feishu.events.CLOSE_WITHIN", 0.05)
    adapter._events.toast_within = 0.05  # noqa: SLF001
    desk.gate.clear()
    await card.click("Acknowledge", by="ana")
    async with asyncio.timeout(15):
        await adapter.close()
    await desk.until(lambda: desk.cancelled == 1)


def test_feishu_waits_longer_than_we_let_it() -> None:
    toast, answer, feishu = TOAST_WITHIN, ANSWER_WITHIN, ACK_SECONDS
    assert toast < answer < feishu
