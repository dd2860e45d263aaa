"""Clicks and typed commands come in as they were meant, and are answered in time to one person alone."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.telegram.adapter import MOST_OF_ONE, TelegramAdapter
from adapters.telegram.answers import ANSWER_WITHIN
from bot.adapter import MessageRef, To
from bot.playground.telegram.expect import Card
from bot.playground.telegram.server import CLICK_SECONDS, TelegramServer
from bot.playground.wire import as_object
from cards.card import Button, Note
from tests.adapters.telegram.conftest import Logs, Make
from tests.adapters.telegram.desk import Desk, a_card, listening

LONG = Note(("Open incidents",), rows=(("#42 disk full",), ("#43 cpu",)))
WHICH = Note(("Which one?",), buttons=(Button("#42", "show 42"),))


@pytest.fixture
async def desk(adapter: TelegramAdapter) -> AsyncIterator[Desk]:
    desk = Desk()
    async with listening(adapter, desk):
        yield desk


@pytest.fixture
async def card(adapter: TelegramAdapter, telegram: TelegramServer, ops: str) -> Card:
    await adapter.send(To(ops), a_card())
    return await telegram.expect_card("disk full", chat="ops")


async def heard(desk: Desk, count: int = 1) -> None:
    await desk.until(lambda: len(desk.heard) >= count)


# ---- clicks ----------------------------------------------------------------------------------------------------------


async def test_a_click_says_who_what_and_where(desk: Desk, card: Card, ops: str, ana: str) -> None:
    answer = await card.click("Acknowledge", by="ana")
    assert (answer.text, answer.acked) == ("", True)
    (click,) = desk.heard
    assert (click.user, click.user_name, click.text, click.is_token) == (ana, "Ana", "ack 42 v3", True)
    assert (click.chat, click.message) == (ops, MessageRef(ops, str(card.id)))
    assert click.trigger
    assert click.replied is None


async def test_a_click_on_a_message_that_telegram_no_longer_shows_is_known_by_its_number(
    desk: Desk, card: Card, telegram: TelegramServer, ops: str
) -> None:
    telegram.people.inaccessible = True
    await card.click("Acknowledge", by="ana")
    assert desk.heard[0].message == MessageRef(ops, str(card.id))


async def test_a_short_answer_stands_over_the_chat(desk: Desk, card: Card) -> None:
    desk.note = Note(("Already acknowledged by Bo",))
    answer = await card.click("Acknowledge", by="ana")
    assert (answer.text, answer.alert) == ("Already acknowledged by Bo", True)
    desk.note = Note(("#42 is yours",), buttons=(Button("Undo", "undo 42 v4"),), done=True)
    answer = await card.click("Acknowledge", by="ana")
    assert (answer.text, answer.alert) == ("#42 is yours", False)


async def test_a_click_during_a_slow_database_ends_in_time_and_its_answer_follows(
    adapter: TelegramAdapter, desk: Desk, card: Card, telegram: TelegramServer
) -> None:
    adapter.answers.answer_within = 0.02
    desk.gate.clear()
    desk.note = Note(("Already acknowledged by Bo",))
    answer = await card.click("Acknowledge", by="ana")
    assert (answer.text, answer.acked) == ("", True)
    desk.gate.set()
    await telegram.expect_dm("ana", "Already acknowledged by Bo")


async def test_a_click_that_breaks_something_ends_all_the_same(
    adapter: TelegramAdapter, desk: Desk, card: Card, telegram: TelegramServer, logs: Logs
) -> None:
    desk.fault = RuntimeError(f"broken {telegram.bot_token}")
    assert (await card.click("Acknowledge", by="ana")).acked
    await adapter.close()
    said = str(logs)
    assert "interaction_failed" in said
    assert telegram.bot_token not in said


async def test_an_answer_that_comes_too_late_for_the_click_is_sent(
    desk: Desk, card: Card, telegram: TelegramServer
) -> None:
    words = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    telegram.faults.refuse("answerCallbackQuery", 400, words)
    telegram.click_seconds = 0.02
    desk.note = Note(("Already acknowledged by Bo",))
    with pytest.raises(AssertionError, match="no answer"):
        await card.click("Acknowledge", by="ana")
    await telegram.expect_dm("ana", "Already acknowledged by Bo")


async def test_what_has_no_room_over_the_chat_goes_to_the_person(
    desk: Desk, card: Card, telegram: TelegramServer
) -> None:
    desk.note = LONG
    answer = await card.click("Acknowledge", by="ana")
    assert answer.text == "The answer stands in your direct conversation with Oncard."
    assert "#43 cpu" in (await telegram.expect_dm("ana", "Open incidents")).text


async def test_in_their_own_chat_it_is_a_reply(
    adapter: TelegramAdapter, desk: Desk, telegram: TelegramServer, ana: str
) -> None:
    await adapter.send(To(ana, direct=True), a_card())
    card = await telegram.expect_dm("ana", "disk full")
    desk.note = LONG
    assert (await card.click("Acknowledge", by="ana")).text == ""
    answer = await telegram.expect_dm("ana", "Open incidents")
    assert answer.message.reply_to == card.id


async def test_whoever_has_not_pressed_start_is_told_how_over_the_chat(
    desk: Desk, card: Card, telegram: TelegramServer, ops: str
) -> None:
    desk.note = LONG
    answer = await card.click("Acknowledge", by="bo")
    hint = "Press Start in @oncard_bot: then such answers reach you alone."
    assert (answer.text, answer.alert) == (f"Open incidents · {hint}", True)
    desk.note = Note(("x" * 300,))
    answer = await card.click("Acknowledge", by="bo")
    assert len(answer.text) == 200
    assert answer.text.endswith(f"x… · {hint}")
    desk.note = a_card(title="another")
    assert "Critical: another (#42)" in (await card.click("Acknowledge", by="bo")).text
    assert len(telegram.workspace.messages(ops)) == 1


async def test_an_answer_that_cannot_be_sent_is_cut_to_what_stands_over_the_chat(
    adapter: TelegramAdapter, desk: Desk, telegram: TelegramServer, ana: str
) -> None:
    await adapter.send(To(ana, direct=True), a_card())
    card = await telegram.expect_dm("ana", "disk full")
    telegram.faults.rate_limit("sendMessage", 60)
    desk.note = Note(("x" * 300,))
    answer = await card.click("Acknowledge", by="ana")
    assert (answer.text, answer.alert) == ("x" * 199 + "…", True)


async def test_an_answer_for_one_person_is_never_shown_to_all(
    adapter: TelegramAdapter, desk: Desk, card: Card, telegram: TelegramServer, ops: str
) -> None:
    adapter.answers.answer_within = 0.02
    desk.gate.clear()
    desk.note = Note(("Your code is 4711",))
    assert (await card.click("Acknowledge", by="bo")).text == ""
    desk.gate.set()
    hint = await telegram.expect_card("Press Start in @oncard_bot", chat="ops")
    assert hint.buttons == ["@oncard_bot"]
    assert hint.message.reply_to == card.id
    await telegram.type("bo", "ops", "/oncard link")
    await heard(desk, 2)
    await adapter.close()
    assert "4711" not in "".join(message.draft.text for message in telegram.workspace.messages(ops))


async def test_an_answer_that_reaches_nobody_is_said(
    adapter: TelegramAdapter, desk: Desk, telegram: TelegramServer, logs: Logs
) -> None:
    telegram.faults.refuse("sendMessage", 403, "Forbidden: bot was blocked by the user", times=3)
    desk.note = LONG
    await telegram.type("ana", None, "list")
    await heard(desk)
    await adapter.close()
    assert "answer_not_delivered" in str(logs)


async def test_content_that_is_refused_reaches_the_person_as_plain_words(
    desk: Desk, card: Card, telegram: TelegramServer
) -> None:
    telegram.faults.refuse("sendMessage", 400, "Bad Request: can't parse entities: x")
    desk.note = WHICH
    await card.click("Acknowledge", by="ana")
    assert (await telegram.expect_dm("ana", "Which one?")).buttons == []


# ---- for one person in a group ---------------------------------------------------------------------------------------


async def test_with_ephemeral_messages_the_answer_stays_in_the_group(
    make: Make, telegram: TelegramServer, ops: str
) -> None:
    adapter, desk = make(ephemeral=True), Desk(WHICH)
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await telegram.expect_card("disk full", chat="ops")
        assert (await card.click("Acknowledge", by="bo")).text == ""
        shown = await telegram.expect_private("bo", "Which one?")
        assert isinstance(shown, Card)
        assert shown.chat == ops
        desk.note = Note(("It is open",))
        assert (await shown.click("#42", by="bo")).text == "It is open"
    assert desk.heard[1].message is None
    assert len(telegram.workspace.messages(ops)) == 1


async def test_a_server_that_shows_them_to_all_is_noticed_and_nothing_stays(
    make: Make, telegram: TelegramServer, ops: str, logs: Logs
) -> None:
    telegram.workspace.ephemeral = False
    adapter, desk = make(ephemeral=True), Desk(LONG)
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await telegram.expect_card("disk full", chat="ops")
        await card.click("Acknowledge", by="ana")
        await telegram.expect_dm("ana", "Open incidents")
        assert not adapter.capabilities.ephemeral
        await card.click("Acknowledge", by="ana")
        await heard(desk, 2)
    assert len(telegram.workspace.messages(ops)) == 1
    assert str(logs).count("ephemeral_messages_unknown") == 1
    assert len([c for c in telegram.log.calls("sendMessage") if "ephemeral" in str(c.request)]) == 1


async def test_an_ephemeral_message_that_is_refused_goes_to_the_person(
    make: Make, telegram: TelegramServer, ops: str
) -> None:
    adapter, desk = make(ephemeral=True), Desk(LONG)
    async with listening(adapter, desk):
        await adapter.send(To(ops), a_card())
        card = await telegram.expect_card("disk full", chat="ops")
        telegram.faults.refuse("sendMessage", 400, "Bad Request: EPHEMERAL_MESSAGE_FORBIDDEN")
        await card.click("Acknowledge", by="ana")
        await telegram.expect_dm("ana", "Open incidents")


async def test_a_command_that_only_we_see_is_answered_where_it_was_typed(
    make: Make, telegram: TelegramServer, ops: str
) -> None:
    adapter, desk = make(ephemeral=True), Desk(LONG)
    async with listening(adapter, desk):
        await telegram.type("bo", "ops", "/oncard list")
        shown = await telegram.expect_private("bo", "Open incidents")
    assert isinstance(shown, Card)
    assert shown.chat == ops
    assert (desk.heard[0].text, desk.heard[0].replied) == ("list", None)
    assert telegram.workspace.messages(ops) == []


# ---- typed -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("list", "list"),
        ("/list", "list"),
        ("/oncard ack 42", "ack 42"),
        ("/oncard@oncard_bot ack 42", "ack 42"),
        ("/ONCARD", ""),
        ("/start", "help"),
        ("/start Ab_c-9", "link Ab_c-9"),
        ("link", "link"),
        ("@oncard_bot ack 42", "ack 42"),
        ("认领 42", "认领 42"),
        ("🔥🔥 comment 42 🔥 @oncard_bot ok", "🔥🔥 comment 42 🔥  ok"),
        ("/list@other_bot", "/list@other_bot"),
    ],
)
async def test_what_is_typed_in_private_is_for_us(desk: Desk, telegram: TelegramServer, typed: str, text: str) -> None:
    await telegram.type("ana", None, typed)
    await heard(desk)
    assert desk.heard[0].text == text
    assert not desk.heard[0].is_token
    assert desk.heard[0].message is None


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("/oncard ack 42", "ack 42"),
        ("/oncard@oncard_bot ack 42", "ack 42"),
        ("/ack@oncard_bot 42", "ack 42"),
        ("@oncard_bot ack 42", "ack 42"),
        ("please @Oncard_Bot ack 42", "please  ack 42"),
    ],
)
async def test_in_a_group_what_names_us_is_for_us(
    desk: Desk, telegram: TelegramServer, ops: str, typed: str, text: str
) -> None:
    await telegram.type("ana", "ops", typed)
    await heard(desk)
    assert (desk.heard[0].text, desk.heard[0].chat) == (text, ops)


@pytest.mark.parametrize("typed", ["/ack 42", "/oncard@other_bot ack 42", "ack 42", "ask @admins", "@bo ack 42"])
async def test_in_a_group_talk_and_the_commands_of_others_are_not(
    desk: Desk, telegram: TelegramServer, typed: str
) -> None:
    telegram.workspace.privacy = False
    await telegram.type("ana", "ops", typed)
    await telegram.type("ana", "ops", "/oncard list")
    await heard(desk)
    assert [one.text for one in desk.heard] == ["list"]


async def test_people_are_known_by_mention(desk: Desk, telegram: TelegramServer, ana: str) -> None:
    nameless = telegram.workspace.add_user("chen", username="", started=True)
    await telegram.type("ana", "ops", "/oncard reassign 42 @chen")
    await heard(desk)
    assert desk.heard[0].text == f"reassign 42 <@{nameless.id}>"
    await telegram.type("ana", "ops", "/oncard reassign 42 @bo and @ana")
    await heard(desk, 2)
    assert desk.heard[1].text == f"reassign 42 @bo and <@{ana}>"


async def test_a_reply_to_a_card_names_it(desk: Desk, card: Card, telegram: TelegramServer, ops: str) -> None:
    await card.reply("/oncard ack", by="ana")
    await heard(desk)
    assert (desk.heard[0].text, desk.heard[0].replied) == ("ack", MessageRef(ops, str(card.id)))


async def test_talk_below_a_card_is_talk(desk: Desk, card: Card, telegram: TelegramServer) -> None:
    await card.reply("close call!", by="ana")
    await telegram.type("ana", "ops", "/oncard list")
    await heard(desk)
    assert [one.text for one in desk.heard] == ["list"]


async def test_in_a_topic_a_message_replies_to_nothing(desk: Desk, telegram: TelegramServer) -> None:
    telegram.workspace.add_chat("forum", forum=True)
    topic = telegram.people.add_topic("forum", "incidents", by="ana")
    await telegram.type("ana", "forum", "/oncard ack", topic=topic.id, reply_to=topic.id)
    await heard(desk)
    assert desk.heard[0].replied is None


async def test_a_command_in_a_group_is_answered_to_the_person_alone(desk: Desk, telegram: TelegramServer) -> None:
    desk.note = Note(("There is no incident #7",))
    await telegram.type("ana", "ops", "/oncard show 7")
    await telegram.expect_dm("ana", "no incident #7")
    typed = await telegram.type("bo", "ops", "/oncard show 7")
    answer = await telegram.expect_card("Press Start", chat="ops")
    assert answer.message.reply_to == typed.id


async def test_words_around_an_answer_are_in_the_persons_language(
    desk: Desk, card: Card, telegram: TelegramServer
) -> None:
    telegram.workspace.add_user("dee", language="zh-hans", started=True)
    desk.note = LONG
    answer = await card.click("Acknowledge", by="dee")
    assert answer.text
    await telegram.expect_dm("dee", "Open incidents")


async def test_what_comes_twice_is_done_once(
    adapter: TelegramAdapter, desk: Desk, telegram: TelegramServer, card: Card
) -> None:
    await card.click("Acknowledge", by="ana")
    (update,) = [
        update
        for call in telegram.log.calls("getUpdates")
        for update in as_object(call.response).get("result", [])  # type: ignore[attr-defined]  # A list of updates.
        if "callback_query" in update
    ]
    assert adapter._receive(update) == update["update_id"]  # noqa: SLF001 - as the next poll would, after a lost answer
    await asyncio.sleep(0)
    assert len(desk.heard) == 1


async def test_whoever_asks_too_much_at_once_is_not_heard_until_they_were_answered(
    desk: Desk, telegram: TelegramServer, logs: Logs
) -> None:
    desk.gate.clear()
    for number in range(MOST_OF_ONE + 5):
        await telegram.type("ana", None, f"show {number}")
    await telegram.type("bo", "ops", "/oncard list")
    await heard(desk, MOST_OF_ONE + 1)
    assert [one.text for one in desk.heard].count("list") == 1
    assert str(logs).count("too_much_at_once") == 3  # For the first, the second and the fourth of five.
    desk.gate.set()
    while len(desk.heard) == MOST_OF_ONE + 1:
        await telegram.type("ana", None, "help")
        await asyncio.sleep(0.02)
    assert desk.heard[-1].text == "help"


def test_telegram_waits_longer_than_we_let_it() -> None:
    ours, theirs = ANSWER_WITHIN, CLICK_SECONDS
    assert ours < theirs
