"""Forms in windows: opened at once, filled with what the core asks, and answered in place."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters.slack.adapter import SlackAdapter
from adapters.slack.clicks import read_form, typed
from adapters.slack.windows import ANSWER_WITHIN
from bot.adapter import MessageRef, To
from bot.playground.slack import Card, SlackServer
from bot.playground.wire import JsonObject, as_list, as_object, as_text
from cards.card import Button, Note
from cards.form import Choice, Field, Form
from tests.adapters.slack.desk import Desk, a_card, listening

FIELDS = (
    Field("level", "Level", (Choice("Level 2: Chen", "level 2"),)),
    Field("who", "Person", people=True),
    Field("text", "What fixed it", lines=True),
)
FORM = Form("Escalate #42", "escalate 42 v7", ("How it stands",), FIELDS, "Escalate", "Cancel")


@pytest.fixture
async def desk(adapter: SlackAdapter) -> AsyncIterator[Desk]:
    desk = Desk(FORM)
    async with listening(adapter, desk):
        yield desk


@pytest.fixture
async def card(adapter: SlackAdapter, slack: SlackServer, ops: str) -> Card:
    buttons = (Button("Escalate…", "escalate? 42 v7"), Button("Acknowledge", "ack 42 v7"))
    await adapter.send(To(ops), a_card(buttons))
    return await slack.expect_card("disk full", chat="ops")


def shown(slack: SlackServer, user: str) -> JsonObject:
    """Return what the window of a person shows; empty: there is none."""
    view = slack.modals.top(slack.workspace.user(user).id)
    return view.content if view else {}


async def form_of(slack: SlackServer, user: str) -> JsonObject:
    """Wait for the form, and return it."""
    assert await slack.wait_for(lambda: shown(slack, user).get("callback_id") == "oncard:form")
    return shown(slack, user)


def words_of(view: JsonObject) -> str:
    """Return what stands in the sections of a window."""
    texts = [as_object(as_object(block).get("text")) for block in as_list(view.get("blocks"))]
    return " ".join(as_text(text.get("text")) for text in texts)


def state(**values: JsonObject) -> JsonObject:
    """Return what was filled in, as Slack tells it."""
    return {name: {name: value} for name, value in values.items()}


FILLED = state(
    level={"type": "static_select", "selected_option": {"value": "level 2"}},
    who={"type": "users_select", "selected_user": None},
    text={"type": "plain_text_input", "value": "because\nof disk"},
)


async def test_a_button_that_asks_opens_a_window_before_anything_is_known(
    desk: Desk, card: Card, slack: SlackServer
) -> None:
    desk.gate.clear()
    await card.click("Escalate…", by="ana")
    assert await slack.wait_for(lambda: "One moment" in words_of(shown(slack, "ana")))
    desk.gate.set()
    form = await form_of(slack, "ana")
    assert as_object(form["title"])["text"] == "Escalate #42"
    assert "How it stands" in words_of(form)
    assert desk.heard[0].is_token
    assert desk.heard[0].text == "escalate? 42 v7"


async def test_what_is_filled_in_comes_back_as_one_sentence_about_the_same_message(
    desk: Desk, card: Card, slack: SlackServer, ops: str, ana: str
) -> None:
    await card.click("Escalate…", by="ana")
    await form_of(slack, "ana")
    desk.note = None
    assert (await slack.submit("ana", FILLED)).acked
    said = desk.heard[-1]
    assert (said.user, said.user_name, said.is_token) == (ana, "ana", True)
    assert said.text == "escalate 42 v7 level 2 because\nof disk"
    assert (said.chat, said.message) == (ops, MessageRef(ops, card.ts))
    assert shown(slack, "ana") == {}, "what was done closes the window"


async def test_a_person_is_picked_from_slacks_own_users(desk: Desk, card: Card, slack: SlackServer) -> None:
    await card.click("Escalate…", by="ana")
    await form_of(slack, "ana")
    bo = slack.workspace.user("bo").id
    await slack.submit("ana", state(who={"type": "users_select", "selected_user": bo}))
    assert desk.heard[-1].text == f"escalate 42 v7 <@{bo}>"


async def test_what_is_wrong_with_a_field_stands_beside_it(desk: Desk, card: Card, slack: SlackServer) -> None:
    await card.click("Escalate…", by="ana")
    await form_of(slack, "ana")
    desk.note = Note(("Levels are numbers",), field="level")
    answer = await slack.submit("ana", FILLED)
    assert answer.body == {"response_action": "errors", "errors": {"level": "Levels are numbers"}}
    assert shown(slack, "ana").get("callback_id") == "oncard:form", "it stays open"


async def test_what_the_law_refuses_takes_the_forms_place(desk: Desk, card: Card, slack: SlackServer) -> None:
    await card.click("Escalate…", by="ana")
    await form_of(slack, "ana")
    desk.note = Note(("Already closed by Bo",))
    await slack.submit("ana", FILLED)
    assert "Already closed by Bo" in words_of(shown(slack, "ana"))


async def test_where_no_form_helps_the_window_says_why(desk: Desk, card: Card, slack: SlackServer) -> None:
    desk.note = Note(("Already closed by Bo",))
    await card.click("Escalate…", by="ana")
    assert await slack.wait_for(lambda: "Already closed by Bo" in words_of(shown(slack, "ana")))


async def test_a_core_that_says_nothing_does_not_leave_the_window_waiting(
    desk: Desk, card: Card, slack: SlackServer
) -> None:
    desk.note = None
    await card.click("Escalate…", by="ana")
    assert await slack.wait_for(lambda: "The card shows" in words_of(shown(slack, "ana")))


@pytest.mark.parametrize(
    ("code", "said"),
    [("expired_trigger_id", "click again"), ("exchanged_trigger_id", "click again"), ("ratelimited", "Try again")],
)
async def test_a_window_that_does_not_open_is_to_be_asked_for_again(
    desk: Desk, card: Card, slack: SlackServer, code: str, said: str
) -> None:
    slack.faults.refuse("views.open", code)
    await card.click("Escalate…", by="ana")
    await slack.expect_ephemeral("ana", said)
    assert desk.heard == [], "nothing was asked of the core"


async def test_a_slow_core_is_not_waited_for_longer_than_slack_does(
    desk: Desk, card: Card, slack: SlackServer, adapter: SlackAdapter
) -> None:
    adapter.windows.answer_within = 0.05
    await card.click("Escalate…", by="ana")
    await form_of(slack, "ana")
    desk.note = Note(("You escalated #42",))
    desk.gate.clear()
    assert (await slack.submit("ana", FILLED)).acked
    assert "It takes a moment" in words_of(shown(slack, "ana"))
    desk.gate.set()
    assert await slack.wait_for(lambda: "You escalated #42" in words_of(shown(slack, "ana")))


async def test_what_was_done_late_and_needs_no_words_is_on_the_card(
    desk: Desk, card: Card, slack: SlackServer, adapter: SlackAdapter
) -> None:
    adapter.windows.answer_within = 0.05
    await card.click("Escalate…", by="ana")
    await form_of(slack, "ana")
    before = len(slack.log.calls("views.update"))
    desk.note = None
    desk.gate.clear()
    await slack.submit("ana", FILLED)
    desk.gate.set()
    await adapter.close()
    assert len(slack.log.calls("views.update")) == before


async def test_what_came_of_a_form_is_told_though_its_window_was_closed_meanwhile(
    desk: Desk, card: Card, slack: SlackServer, adapter: SlackAdapter
) -> None:
    adapter.windows.answer_within = 0.05
    await card.click("Escalate…", by="ana")
    await form_of(slack, "ana")
    desk.note = Note(("Nothing changed: Bo was first",))
    desk.gate.clear()
    await slack.submit("ana", FILLED)
    slack.close_view("ana")
    desk.gate.set()
    await slack.expect_ephemeral("ana", "Bo was first")


async def test_a_window_that_was_closed_meanwhile_costs_nothing(
    desk: Desk, card: Card, slack: SlackServer, adapter: SlackAdapter
) -> None:
    desk.gate.clear()
    await card.click("Escalate…", by="ana")
    await desk.until(lambda: len(desk.heard) == 1)
    slack.close_view("ana")
    desk.gate.set()
    assert await slack.wait_for_log(lambda: bool(slack.log.calls("views.update")))
    desk.note = Note(("Hello",))
    await card.click("Acknowledge", by="ana")
    await slack.expect_ephemeral("ana", "Hello")


@pytest.mark.parametrize(
    "view",
    [
        {},
        {"callback_id": "foreign", "private_metadata": '{"token": "ack 1"}'},
        {"callback_id": "oncard:form", "private_metadata": "no json"},
        {"callback_id": "oncard:form", "private_metadata": "[]"},
        {"callback_id": "oncard:form"},
    ],
)
def test_a_form_that_is_not_ours_says_nothing(view: JsonObject) -> None:
    assert read_form({"user": {"id": "U1"}, "view": view}) is None


def test_a_form_without_a_message_has_none() -> None:
    view = {"id": "V1", "hash": "h", "callback_id": "oncard:form", "private_metadata": '{"token": "close 1 v2"}'}
    filled = read_form({"user": {"id": "U1", "username": "ana"}, "view": view})
    assert filled is not None
    assert (filled.said.interaction.text, filled.said.interaction.message) == ("close 1 v2", None)
    assert filled.said.interaction.trigger == "V1/h"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reassign 42 <@U1|ana> <@W2>", "reassign 42 <@U1> <@W2>"),
        ("list <#C1|payments>", "list payments"),
        ("reassign 42 <!subteam^S1|@sre>", "reassign 42 @sre"),
        ("reassign 42 <mailto:ana@example.com|ana@example.com>", "reassign 42 ana@example.com"),
        ("close 42 see <https://example.com/x|example.com/x>", "close 42 see https://example.com/x"),
        ("close 42 &lt;b&gt; &amp; <b>", "close 42 <b> & <b>"),
    ],
)
def test_a_command_is_read_as_it_was_typed(text: str, expected: str) -> None:
    assert typed(text) == expected


def test_slack_waits_longer_than_we_let_it() -> None:
    assert timedelta(seconds=ANSWER_WITHIN) < timedelta(seconds=3)


async def test_what_one_person_sees_alone_shows_nothing_of_what_was_done(
    desk: Desk, card: Card, slack: SlackServer, ana: str
) -> None:
    desk.note = a_card((Button("Close", "close 42 v7"),))
    await slack.command(ana, "ops", "/oncard show 42")
    message = await slack.expect_ephemeral("ana", "disk full")
    await slack.click("ana", "ops", message.ts, "Close")
    await desk.until(lambda: len(desk.heard) == 2)
    assert (desk.heard[1].message, desk.heard[1].is_token) == (None, True)
