"""What people do in DingTalk becomes an Interaction, acknowledged at once, and is answered to one person."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from adapters.dingtalk import events
from adapters.dingtalk.adapter import DingTalkAdapter
from adapters.dingtalk.clicks import is_out_of_calls, read_click, read_message
from bot import logs
from bot.adapter import MessageRef, To
from bot.playground.dingtalk import DingTalkServer
from cards.card import Button, Card, Note
from tests.adapters.dingtalk.desk import Desk, a_card, a_form, clicked, listening, written


async def test_a_click_says_its_token_the_person_and_the_card(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, ana: str
) -> None:
    desk = Desk()
    async with listening(adapter, desk):
        sent = await adapter.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        await card.click("Acknowledge", by="ana")
        await desk.until(lambda: bool(desk.heard))
    asked = desk.heard[0]
    assert (asked.user, asked.text, asked.is_token) == (ana, "ack 42 v3", True)
    assert (asked.chat, asked.message) == (ops, sent.message)


async def test_a_click_in_the_direct_conversation_names_the_card_there(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ana: str
) -> None:
    desk = Desk()
    async with listening(adapter, desk):
        sent = await adapter.send(To(ana, direct=True), a_card())
        card = await dingtalk.expect_dm("ana", "disk full")
        await card.click("Acknowledge", by="ana")
        await desk.until(lambda: bool(desk.heard))
    assert desk.heard[0].message == sent.message == MessageRef(ana, sent.message.id)


async def test_a_click_is_acknowledged_while_the_core_is_slow(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    desk = Desk()
    desk.gate.clear()
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        dingtalk.interactivity.ack_seconds = 5.0
        answer = await card.click("Acknowledge", by="ana")
        assert answer.acked
        assert answer.body == {}
        desk.gate.set()


async def test_a_card_is_not_updated_during_the_callback(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "ANSWERED_WITHIN", 0.02)

    class Editing(Desk):
        async def handle(self, interaction: Any) -> None:
            await adapter.edit(interaction.message, Card(**{**_fields(a_card()), "title": "taken"}))
            await super().handle(interaction)

    desk = Editing()
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        for _ in range(5):
            await card.click("Acknowledge", by="ana")
        await desk.until(lambda: len(desk.heard) == 5)
        await card.shows("taken")
    assert dingtalk.interactivity.updates_during_callback == []


def _fields(card: Card) -> dict[str, Any]:
    return {name: getattr(card, name) for name in Card.__slots__}


async def test_a_note_with_buttons_is_a_card_whose_buttons_are_clicks(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, ana: str
) -> None:
    desk = Desk(Note(("Acknowledged",), buttons=(Button("Undo", "undo 42 v4"),)))
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        await card.click("Acknowledge", by="ana")
        note = await dingtalk.expect_dm("ana", "Acknowledged")
        desk.reply = None
        await note.click("Undo", by="ana")
        await desk.until(lambda: len(desk.heard) == 2)
    assert (desk.heard[1].text, desk.heard[1].is_token) == ("undo 42 v4", True)
    assert desk.heard[1].message == MessageRef(ana, note.message.card)


# ---- forms -----------------------------------------------------------------------------------------------------------


async def test_a_form_opens_on_the_card_for_the_one_who_clicked_and_says_its_sentence(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, ana: str
) -> None:
    desk = Desk(a_form())
    async with listening(adapter, desk):
        sent = await adapter.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        await card.click("Close…", by="ana")
        mine = await dingtalk.expect_private("ana", "Whom to page?")
        assert card.forms == []
        assert card.seen_by("bo").forms == []
        desk.reply = None
        values = {"level": "Level 3", "who": "Ana", "text": "it burns"}
        answer = await mine.submit(values, by="ana")
        await desk.until(lambda: len(desk.heard) == 2)
        assert answer.acked
        assert mine.forms == []
    asked = desk.heard[1]
    assert asked.text == "escalate 42 v3 3 ana@example.com it burns"
    assert (asked.user, asked.is_token, asked.message) == (ana, True, sent.message)


async def test_a_form_that_is_left_closes_without_a_word(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    desk = Desk(a_form())
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        await card.click("Close…", by="ana")
        mine = await dingtalk.expect_private("ana", "Whom to page?")
        await mine.click("Cancel", by="ana")
        assert mine.forms == []
        assert "Whom to page?" not in mine.text
        await card.click("Acknowledge", by="ana")
        await desk.until(lambda: len(desk.heard) == 2)
    assert [one.text for one in desk.heard] == ["close? 42 v3", "ack 42 v3"]


async def test_a_form_that_cannot_open_on_the_card_comes_directly(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    desk = Desk(a_form())
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        dingtalk.faults.refuse("card/instances", "system.error")
        await card.click("Close…", by="ana")
        form = await dingtalk.expect_dm("ana", "Whom to page?")
    assert form.buttons[:2] == ["Level 2", "Level 3"]


async def test_without_a_template_a_form_is_choices_and_sentences(
    robot: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    desk = Desk(a_form())
    async with listening(robot, desk):
        await robot.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        await card.click("Close…", by="ana")
        form = await dingtalk.expect_dm("ana", "Whom to page?")
        await desk.until(lambda: bool(desk.heard))
        assert (desk.heard[0].text, desk.heard[0].is_token) == ("close? 42 v3", True)
        assert "Why: escalate 42 v3 The deploy" in form.text
        desk.reply = Note(("Level 3 is paged",))
        await form.click("Level 3", by="ana")
        await dingtalk.expect_dm("ana", "Level 3 is paged")
    assert (desk.heard[1].text, desk.heard[1].is_token) == ("escalate 42 v3 3", True)


# ---- messages --------------------------------------------------------------------------------------------------------


async def test_what_is_typed_in_a_group_comes_without_the_bot_and_with_who_is_mentioned(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str, ana: str
) -> None:
    desk = Desk(Note(("It is yours, Bo",)))
    async with listening(adapter, desk):
        await dingtalk.type("ana", "ops", "@Oncard reassign 42 @Bo")
        await dingtalk.expect_dm("ana", "It is yours, Bo")
    asked = desk.heard[0]
    bo = dingtalk.workspace.user("bo").id
    assert (asked.user, asked.user_name, asked.text) == (ana, "Ana", f"reassign 42 <@{bo}>")
    assert (asked.chat, asked.is_token, asked.message) == (ops, False, None)
    assert [message.author for message in dingtalk.workspace.messages(ops)] == [ana]


async def test_the_direct_conversation_is_answered_in_its_session(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ana: str
) -> None:
    desk = Desk(Note(("Nothing is open",), buttons=(Button("Help", "help"), Button("Mine", "list mine"))))
    async with listening(adapter, desk):
        await dingtalk.type("ana", None, "list")
        answer = await dingtalk.expect_dm("ana", "Nothing is open")
        assert answer.buttons == ["Help", "Mine"]
        await answer.click("Mine", by="ana")
        await desk.until(lambda: len(desk.heard) == 2)
    assert [one.text for one in desk.heard] == ["list", "list mine"]
    assert desk.heard[0].chat == ana
    assert not [entry for entry in dingtalk.log if entry.method == "robot/oToMessages/batchSend"]


async def test_a_reply_names_the_card_that_it_answers(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    desk = Desk()
    async with listening(adapter, desk):
        sent = await adapter.send(To(ops), a_card())
        card = await dingtalk.expect_card("disk full", chat="ops")
        await dingtalk.type("ana", "ops", "@Oncard ack", reply_to=card.id)
        await desk.until(lambda: bool(desk.heard))
    assert desk.heard[0].replied == sent.message


async def test_a_reply_names_the_robots_message_that_it_answers(
    robot: DingTalkAdapter, dingtalk: DingTalkServer, ana: str
) -> None:
    desk = Desk()
    async with listening(robot, desk):
        sent = await robot.send(To(ana, direct=True), a_card())
        card = await dingtalk.expect_dm("ana", "disk full")
        await dingtalk.type("ana", None, "ack", reply_to=card.id)
        await desk.until(lambda: bool(desk.heard))
    assert desk.heard[0].replied == sent.message


async def test_a_message_without_its_words_tells_the_admin_that_the_calls_are_used_up(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer
) -> None:
    desk = Desk()
    dingtalk.pace.spent = True
    async with listening(adapter, desk):
        await dingtalk.stream.wait_connected()
        with capture_logs() as told:
            answer = await dingtalk.type("ana", None, "list")
    assert answer.acked
    assert [log["event"] for log in told] == ["calls_of_the_month_used_up"]
    assert not desk.heard


@pytest.fixture
def as_served() -> Iterator[None]:
    """Log what a service logs; tests log warnings alone."""
    logs.configure(logs.Style.TEXT)
    yield
    logs.configure(logs.Style.TEXT, logging.WARNING)


@pytest.mark.usefixtures("as_served")
async def test_a_group_that_is_heard_of_is_told_to_the_admin_once(
    adapter: DingTalkAdapter, dingtalk: DingTalkServer, ops: str
) -> None:
    desk = Desk()
    async with listening(adapter, desk):
        await dingtalk.stream.wait_connected()
        with capture_logs() as told_so_far:
            for _ in range(2):
                await dingtalk.type("ana", "ops", "@Oncard help")
    told = [(log["chat"], log["title"]) for log in told_so_far if log["event"] == "chat_heard_of"]
    assert told == [(ops, "ops")]


async def test_what_is_told_twice_is_done_once(adapter: DingTalkAdapter, ana: str) -> None:
    desk = Desk()
    async with listening(adapter, desk):
        for _ in range(2):
            adapter._events.receive(events.ROBOT_TOPIC, "f1", written(ana, "list"))  # noqa: SLF001
            adapter._events.receive(events.CARD_TOPIC, "f2", clicked(ana))  # noqa: SLF001
        await desk.until(lambda: len(desk.heard) == 2)
        adapter._events.receive(events.CARD_TOPIC, "f3", clicked(ana))  # noqa: SLF001
        await desk.until(lambda: len(desk.heard) == 3)


async def test_a_defect_of_the_core_costs_one_answer(adapter: DingTalkAdapter, dingtalk: DingTalkServer) -> None:
    desk = Desk(Note(("all well",)))
    desk.fault = RuntimeError("boom")
    async with listening(adapter, desk):
        await dingtalk.type("ana", None, "list")
        await desk.until(lambda: bool(desk.heard))
        desk.fault = None
        await dingtalk.type("ana", None, "help")
        await dingtalk.expect_dm("ana", "all well")


KEYS = [
    *("userId", "outTrackId", "content", "cardPrivateData", "params", "actionIds", "token", "form", "fields", "text"),
    *(
        "spaceType",
        "spaceId",
        "senderStaffId",
        "msgtype",
        "richText",
        "atUsers",
        "staffId",
        "sessionWebhookExpiredTime",
    ),
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["text", "richText", "IM_GROUP", "{", "cancel", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=12,
)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(KEYS), anything))
def test_whatever_is_told_is_read(data: dict[str, Any]) -> None:
    for said in (read_click(data, "t"), read_message(data, lambda _: None)):
        assert said is None or said.interaction.user
    assert is_out_of_calls(data) in (True, False)


@pytest.mark.parametrize(
    "data",
    [
        {},
        clicked(""),
        clicked("u", outTrackId=""),
        clicked("u", token=""),
        clicked("u", content="no json"),
        clicked("u", content='{"cardPrivateData": []}'),
        clicked("u", content="[" * 100_000),
        clicked("u", content={"cardPrivateData": {"params": {"form": {"a": "b"}}}}),
    ],
)
def test_what_is_no_click_of_ours_is_passed_over(data: dict[str, Any]) -> None:
    assert read_click(data, "t") is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        written("", "x", senderId=""),
        written("u", "x", msgtype="picture"),
        written("u", "x", msgtype="richText"),
    ],
)
def test_what_is_no_text_is_passed_over(data: dict[str, Any]) -> None:
    assert read_message(data, lambda _: None) is None


def test_a_text_in_pieces_is_one() -> None:
    said = read_message(
        written(
            "u",
            "",
            msgtype="richText",
            content={"richText": [{"text": "ack "}, {"pictureDownloadCode": "x"}, {"text": "42"}]},
        ),
        lambda _: None,
    )
    assert said is not None
    assert said.interaction.text == "ack 42"


def test_a_session_without_an_end_is_none() -> None:
    for until in (None, "soon", -1, 10**20):
        said = read_message(
            written("u", "x", sessionWebhook="https://oapi.dingtalk.com/x", sessionWebhookExpiredTime=until),
            lambda _: None,
        )
        assert said is not None
        assert said.session is None
