"""Forms as messages: chosen by a click, written as a reply, and gone when they are done."""

from collections.abc import AsyncIterator

import pytest

from adapters.telegram.adapter import TelegramAdapter
from bot import commands
from bot.adapter import To
from bot.playground.telegram.expect import Card
from bot.playground.telegram.server import TelegramServer
from cards.card import Button, Note
from cards.form import Choice, Field, Form
from tests.adapters.telegram.conftest import Make
from tests.adapters.telegram.desk import Desk, a_card, listening

LEVELS = Field("level", "Level", (Choice("Level 2: Chen", "level 2"), Choice("Level 1: Ana", "level 1")))
PEOPLE = Field("who", "Person", tuple(Choice(f"Person {number}", f"@{number}") for number in range(1, 12)), people=True)
ESCALATE = Form("Escalate #42", "escalate 42 v7", ("How it stands",), (LEVELS, PEOPLE), "Escalate", "Cancel")
REASON = Field("text", "What fixed it", hint="Disk replaced", lines=True)
CLOSE = Form("Close #42", "close 42 v7", ("How it stands",), (REASON,), "Close", "Cancel")
COMMENT = Form("Comment on #42", "comment 42 v7", (), (Field("text", "Comment", required=True),), "Comment", "Cancel")
BUTTONS = (Button("Escalate…", "escalate? 42 v7"), Button("Close…", "close? 42 v7"))


@pytest.fixture
async def desk(adapter: TelegramAdapter) -> AsyncIterator[Desk]:
    desk = Desk(ESCALATE)
    async with listening(adapter, desk):
        yield desk


@pytest.fixture
async def card(adapter: TelegramAdapter, telegram: TelegramServer, ops: str) -> Card:
    await adapter.send(To(ops), a_card(BUTTONS))
    return await telegram.expect_card("disk full", chat="ops")


async def gone(telegram: TelegramServer, form: Card) -> None:
    """Wait until the form is taken away."""
    message = telegram.workspace.message
    assert await telegram.wait_for(lambda: message(form.chat, form.id, ephemeral=form.ephemeral) is None)


async def test_a_form_is_asked_of_one_person_and_a_choice_is_one_sentence(
    desk: Desk, card: Card, telegram: TelegramServer, ana: str
) -> None:
    answer = await card.click("Escalate…", by="ana")
    assert answer.text == "Fill in the form in your direct conversation with Oncard."
    assert (desk.heard[0].text, desk.heard[0].is_token) == ("escalate? 42 v7", True)
    form = await telegram.expect_dm("ana", "Escalate #42")
    assert form.buttons == ["Level 2: Chen", "Level 1: Ana", "Person", "Cancel"]
    desk.note = Note(("You escalated #42",), done=True)
    said = await form.click("Level 2: Chen", by="ana")
    assert (said.text, said.alert) == ("You escalated #42", False)
    chosen = desk.heard[1]
    assert (chosen.text, chosen.is_token, chosen.user) == ("escalate 42 v7 level 2", True, ana)
    assert chosen.message is None
    assert not isinstance(commands.parse(chosen.text, is_token=True), commands.NotUnderstood)
    await gone(telegram, form)


async def test_a_form_turns_over_in_its_place(desk: Desk, card: Card, telegram: TelegramServer) -> None:
    await card.click("Escalate…", by="ana")
    form = await telegram.expect_dm("ana", "Escalate #42")
    await form.click("Person", by="ana")
    await form.shows("Person")
    assert form.buttons == [*(f"Person {number}" for number in range(1, 9)), "2/2 ›", "Level", "Cancel"]
    await form.click("2/2 ›", by="ana")
    assert form.buttons == ["Person 9", "Person 10", "Person 11", "‹ 1/2", "Level", "Cancel"]
    assert [one.text for one in desk.heard] == ["escalate? 42 v7"] * 3
    desk.note = None
    await form.click("Person 9", by="ana")
    assert desk.heard[3].text == "escalate 42 v7 @9"
    await gone(telegram, form)


async def test_a_form_that_is_turned_to_what_it_shows_stays(desk: Desk, card: Card, telegram: TelegramServer) -> None:
    await card.click("Escalate…", by="ana")
    form = await telegram.expect_dm("ana", "Escalate #42")
    words = "Bad Request: message is not modified: specified new message content"
    telegram.faults.refuse("editMessageText", 400, words)
    assert (await form.click("Person", by="ana")).acked
    assert len(telegram.log.calls("sendMessage")) == 2


async def test_a_form_that_cannot_be_turned_over_is_sent_anew(desk: Desk, card: Card, telegram: TelegramServer) -> None:
    await card.click("Escalate…", by="ana")
    form = await telegram.expect_dm("ana", "Escalate #42")
    telegram.faults.refuse("editMessageText", 400, "Bad Request: message can't be edited")
    await form.click("Person", by="ana")
    assert (await telegram.expect_dm("ana", "Escalate #42")).id != form.id


async def test_a_form_is_taken_away_by_a_click(desk: Desk, card: Card, telegram: TelegramServer) -> None:
    await card.click("Escalate…", by="ana")
    form = await telegram.expect_dm("ana", "Escalate #42")
    assert (await form.click("Cancel", by="ana")).acked
    await gone(telegram, form)
    assert len(desk.heard) == 1


async def test_a_form_that_cannot_be_taken_away_does_no_harm(desk: Desk, card: Card, telegram: TelegramServer) -> None:
    await card.click("Escalate…", by="ana")
    form = await telegram.expect_dm("ana", "Escalate #42")
    for _ in range(2):
        telegram.faults.refuse("deleteMessage", 400, "Bad Request: message can't be deleted for everyone")
        telegram.faults.status("deleteMessage", 502)
        assert (await form.click("Cancel", by="ana")).acked


async def test_what_is_wrong_with_a_choice_leaves_the_form(desk: Desk, card: Card, telegram: TelegramServer) -> None:
    await card.click("Escalate…", by="ana")
    form = await telegram.expect_dm("ana", "Escalate #42")
    desk.note = Note(("Name whom to page",), field="who")
    assert (await form.click("Level 2: Chen", by="ana")).text == "Name whom to page"
    desk.note = None
    await form.click("Level 1: Ana", by="ana")
    await gone(telegram, form)


async def test_what_is_written_answers_a_question_and_completes_a_sentence(
    desk: Desk, card: Card, telegram: TelegramServer, ana: str
) -> None:
    desk.note = CLOSE
    await card.click("Close…", by="ana")
    form = await telegram.expect_dm("ana", "Close #42")
    assert form.buttons == ["✏️ What fixed it", "Close", "Cancel"]
    await form.click("✏️ What fixed it", by="ana")
    question = await telegram.expect_dm("ana", "✏️ close 42 v7")
    keyboard = question.message.draft.keyboard
    assert keyboard is not None
    assert keyboard["force_reply"] is True
    assert keyboard["input_field_placeholder"] == "Disk replaced"
    desk.note = Note(("You closed #42",))
    await question.reply("Disk\nreplaced", by="ana")
    await telegram.expect_dm("ana", "You closed #42")
    written = desk.heard[-1]
    assert (written.text, written.is_token, written.user) == ("close 42 v7 Disk\nreplaced", True, ana)
    assert written.replied is None


async def test_what_must_be_written_is_asked_at_once_and_people_are_known(
    desk: Desk, card: Card, telegram: TelegramServer
) -> None:
    desk.note = COMMENT
    await card.click("Close…", by="ana")
    question = await telegram.expect_dm("ana", "✏️ comment 42 v7")
    nameless = telegram.workspace.add_user("chen", username="", started=True)
    desk.note = None
    await question.reply("ask @chen", by="ana")
    await desk.until(lambda: len(desk.heard) == 2)
    assert desk.heard[1].text == f"comment 42 v7 ask <@{nameless.id}>"


async def test_a_question_can_be_answered_again_after_a_mistake(
    desk: Desk, card: Card, telegram: TelegramServer
) -> None:
    desk.note = COMMENT
    await card.click("Close…", by="ana")
    question = await telegram.expect_dm("ana", "✏️ comment 42 v7")
    desk.note = Note(("A comment needs words",), field="text")
    await question.reply("?", by="ana")
    await telegram.expect_dm("ana", "A comment needs words")
    await question.reply("words", by="ana")
    await desk.until(lambda: len(desk.heard) == 3)
    assert desk.heard[2].text == "comment 42 v7 words"


async def test_nobody_else_can_make_up_a_question_of_ours(desk: Desk, telegram: TelegramServer) -> None:
    forged = await telegram.type("bo", "ops", "✏️ close 42 v7\nWhat fixed it · Reply to this message.")
    await telegram.type("ana", "ops", "nothing", reply_to=forged.id)
    await telegram.type("ana", "ops", "/oncard list", reply_to=forged.id)
    await desk.until(lambda: len(desk.heard) == 1)
    assert (desk.heard[0].text, desk.heard[0].is_token) == ("list", False)


async def test_whoever_has_not_pressed_start_is_asked_in_the_group(
    desk: Desk, card: Card, telegram: TelegramServer
) -> None:
    assert (await card.click("Escalate…", by="bo")).acked
    form = await telegram.expect_card("Escalate #42", chat="ops")
    assert form.message.reply_to == card.id
    desk.note = None
    await form.click("Level 1: Ana", by="bo")
    assert desk.heard[1].text == "escalate 42 v7 level 1"
    await gone(telegram, form)
    desk.note = COMMENT
    await card.click("Close…", by="bo")
    question = await telegram.expect_card("✏️ comment 42 v7", chat="ops")
    assert question.text == "✏️ comment 42 v7\nBo: Comment · Reply to this message."
    desk.note = None
    await question.reply("hello", by="bo")
    await desk.until(lambda: len(desk.heard) == 4)
    assert (desk.heard[3].text, desk.heard[3].is_token) == ("comment 42 v7 hello", True)


async def test_a_form_that_takes_long_follows_its_click(
    adapter: TelegramAdapter, desk: Desk, card: Card, telegram: TelegramServer
) -> None:
    adapter.answers.answer_within = 0.02
    desk.gate.clear()
    assert (await card.click("Escalate…", by="ana")).text == ""
    desk.gate.set()
    await telegram.expect_dm("ana", "Escalate #42")


async def test_what_stands_in_the_way_of_a_form_is_said(desk: Desk, card: Card) -> None:
    desk.note = Note(("Already closed by Bo",))
    assert (await card.click("Escalate…", by="ana")).text == "Already closed by Bo"


async def test_a_form_that_reaches_nobody_ends_its_click(desk: Desk, card: Card, telegram: TelegramServer) -> None:
    telegram.faults.refuse("sendMessage", 403, "Forbidden: bot was blocked by the user", times=3)
    answer = await card.click("Escalate…", by="ana")
    assert answer.text == "Oncard could not do that just now, and nothing changed. Try again in a moment."


async def test_with_ephemeral_messages_a_form_stays_in_the_group(
    make: Make, telegram: TelegramServer, ops: str
) -> None:
    adapter, desk = make(ephemeral=True), Desk(ESCALATE)
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card(BUTTONS))
        card = await telegram.expect_card("disk full", chat="ops")
        await card.click("Escalate…", by="bo")
        form = await telegram.expect_private("bo", "Escalate #42")
        assert isinstance(form, Card)
        await form.click("Person", by="bo")
        await form.shows("Person")
        assert "2/2 ›" in form.buttons
        desk.note = Note(("You escalated #42",), done=True)
        assert (await form.click("Person 3", by="bo")).text == "You escalated #42"
        assert desk.heard[-1].text == "escalate 42 v7 @3"
        await gone(telegram, form)
    assert len(telegram.workspace.messages(ops)) == 1


@pytest.mark.parametrize("typed", ["/oncard ack 43", "/ack@oncard_bot 43", "/list"])
async def test_a_command_is_no_answer_to_a_question(desk: Desk, telegram: TelegramServer, typed: str) -> None:
    desk.note = COMMENT
    await telegram.type("ana", None, "comment")
    asked = await telegram.expect_dm("ana", "✏️ comment 42 v7")
    desk.note = None
    await telegram.type("ana", None, typed, reply_to=asked.id)
    await desk.until(lambda: len(desk.heard) == 2)
    assert desk.heard[1].text in ("ack 43", "list")
    assert not desk.heard[1].is_token
    await telegram.type("ana", None, "/var was full", reply_to=asked.id)
    await desk.until(lambda: len(desk.heard) == 3)
    assert desk.heard[2].is_token
    assert desk.heard[2].text.startswith("comment 42 v7 ")
