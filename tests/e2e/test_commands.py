"""What people type and fill in, through the real adapter: forms act, questions are answered, nothing is guessed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.adapter import Interaction, MessageRef
from bot.domain.definition import AccountDefinition
from bot.domain.incident import Progress
from bot.domain.people import WorkspaceId
from bot.playground.slack import Card
from bot.playground.slack.flatten import visible_text
from cards.card import Card as CardSaid
from cards.card import Note
from cards.form import Form
from cards.plain import spoken
from storage import definitions, tables
from storage.database import Connection
from tests.support.world import CHAT, World, level, world


@pytest.fixture
async def oncard(schema_url: str) -> AsyncIterator[World]:
    """Oncard on each database, with one incident that Ana and the chat were told of."""
    async with world(schema_url) as made:
        await made.configure(level("ana", chats=(made.chat(),)), level("chen"))
        await made.fire()
        yield made


@pytest.fixture
async def card(oncard: World) -> Card:
    return await oncard.slack.expect_card("#1 disk full", chat=CHAT)


async def answer(oncard: World, by: str, text: str, expected: str) -> str:
    """Type a command, and return what that person alone was answered."""
    await oncard.say(text, by=by)
    message = await oncard.slack.expect_ephemeral(by, expected)
    await oncard.settle()
    return visible_text(oncard.slack.workspace, message)


async def filled(oncard: World, card: Card, by: str, button: str, **values: str) -> None:
    """Press a button that asks, and send its form with these values."""
    if button in card.buttons:
        await card.click(button, by=by)
    else:
        await card.choose("oncard:more:menu", button, by=by)
    await oncard.form(by)
    assert (await oncard.submit(by, **values)).acked
    await oncard.advance(timedelta(seconds=2))


# ---- forms -----------------------------------------------------------------------------------------------------------


async def test_the_form_of_close_takes_what_fixed_it(oncard: World, card: Card) -> None:
    await filled(oncard, card, "bo", "Close…", text="Disk\nreplaced")
    assert oncard.window("bo") == ""
    assert (await oncard.incident()).resolution == "Disk\nreplaced"
    await card.shows("Closed by Bo", "Disk replaced")


async def test_the_form_of_escalate_calls_the_next_level_a_named_one_or_people(oncard: World, card: Card) -> None:
    await filled(oncard, card, "bo", "Escalate…")
    assert (await oncard.incident()).level == 1
    await oncard.slack.expect_dm("chen", "disk full")
    await filled(oncard, card, "bo", "Escalate…", level="level 1")
    assert (await oncard.incident()).level == 0
    dee = oncard.slack.workspace.user("dee").id
    await filled(oncard, card, "bo", "Escalate…", who=f"<@{dee}>")
    await oncard.slack.expect_dm("dee", "disk full")
    assert (await oncard.incident()).climbs, "the rule's later levels still follow"


async def test_a_level_and_people_are_not_both_called(oncard: World, card: Card) -> None:
    await card.click("Escalate…", by="bo")
    await oncard.form("bo")
    said = await oncard.submit("bo", level="level 2", who=f"<@{oncard.slack.workspace.user('dee').id}>")
    assert "not both" in str(said.body["errors"])
    assert (await oncard.incident()).level == 0


async def test_the_form_of_snooze_offers_times_and_takes_others(oncard: World, card: Card) -> None:
    now = oncard.clock.now()
    await filled(oncard, card, "bo", "Snooze…", time="240m")
    assert (await oncard.incident()).snoozed_until == now + timedelta(hours=4)
    await filled(oncard, card, "bo", "Snooze…", own="until 9:00")
    assert (await oncard.incident()).snoozed_until == now.replace(hour=9)
    await card.choose("oncard:more:menu", "Snooze…", by="bo")
    await oncard.form("bo")
    said = await oncard.submit("bo", own="a while")
    assert list(as_errors(said.body)) == ["own"]
    await oncard.submit("bo", own="25h")
    assert "at most 24 h" in oncard.window("bo")


async def test_the_form_of_reassign_takes_a_person_or_a_team(oncard: World, card: Card) -> None:
    await filled(oncard, card, "bo", "Reassign…", who=f"<@{oncard.slack.workspace.user('dee').id}>")
    await card.shows("assigned to")
    await oncard.slack.expect_dm("dee", "disk full")
    await card.choose("oncard:more:menu", "Reassign…", by="bo")
    form = await oncard.form("bo")
    teams = [block for block in form["blocks"] if block.get("block_id") == "team"]  # type: ignore[attr-defined]
    await oncard.submit("bo", team=teams[0]["element"]["options"][0]["value"])
    await oncard.advance(timedelta(seconds=2))
    assert "reassigned" in await oncard.timeline()
    await oncard.slack.expect_dm("chen", "disk full")


async def test_a_form_without_anybody_named_says_so_in_its_field(oncard: World, card: Card) -> None:
    await card.choose("oncard:more:menu", "Reassign…", by="bo")
    await oncard.form("bo")
    said = await oncard.submit("bo")
    assert "Say to whom" in as_errors(said.body)["who"]


async def test_a_comment_is_on_the_timeline(oncard: World, card: Card) -> None:
    await filled(oncard, card, "bo", "Comment…", text="The deploy of 02:50 is to blame")
    await card.shows("Bo: The deploy of 02:50 is to blame")


async def test_a_form_of_a_closed_incident_is_an_explanation(oncard: World, card: Card) -> None:
    await oncard.slack.command("ana", CHAT, "/oncard close 1")
    await oncard.until(Progress.CLOSED)
    # The card still shows the old state.
    await card.click("Close…", by="bo")
    assert await oncard.slack.wait_for(lambda: "Already closed by Ana" in oncard.window("bo"))


async def test_who_sends_a_form_second_reads_who_was_first(oncard: World, card: Card) -> None:
    for name in ("ana", "bo"):
        await card.click("Close…", by=name)
        await oncard.form(name)
    await oncard.submit("ana", text="by Ana")
    await oncard.submit("bo", text="by Bo")
    assert "Already closed by Ana" in oncard.window("bo")
    assert (await oncard.incident()).resolution == "by Ana"


def as_errors(body: object) -> dict[str, str]:
    assert isinstance(body, dict)
    assert body["response_action"] == "errors", body
    errors: dict[str, str] = body["errors"]
    return errors


# ---- questions -------------------------------------------------------------------------------------------------------


async def test_the_list_is_answered_to_one_person_and_its_buttons_show_cards(oncard: World) -> None:
    await oncard.fire("cpu high")
    await oncard.say("ack 1", by="bo")
    await oncard.until(Progress.PROCESSING)
    said = await answer(oncard, "ana", "list", "2 open incidents")
    assert said.index("#2 Critical · cpu high") < said.index("#1 Critical · disk full"), "what nobody has comes first"
    assert "Bo has it" in said
    message = await oncard.slack.expect_ephemeral("ana", "2 open incidents")
    await oncard.slack.click("ana", CHAT, message.ts, "Show #2")
    shown = await oncard.slack.expect_ephemeral("ana", "Triggered")
    assert "cpu high" in visible_text(oncard.slack.workspace, shown)
    await oncard.slack.click("ana", CHAT, shown.ts, "Acknowledge")
    await oncard.slack.expect_ephemeral("ana", "#2 is yours")


async def test_what_the_list_is_of(oncard: World) -> None:
    assert "#1" in await answer(oncard, "ana", "list mine", "1 open incident of yours")
    await answer(oncard, "dee", "list mine", "Nothing of yours is open")
    assert "#1" in await answer(oncard, "dee", "list payments", "1 open incident of payments")
    await answer(oncard, "dee", "list paymints", "There are: payments")


async def test_who_me_status_show_and_help(oncard: World) -> None:
    assert "level 2 of 2: Chen" in await answer(oncard, "bo", "who", "Who would be paged now")
    assert "level 1 of 2: Ana" in await answer(oncard, "bo", "值班 Payments", "payments · level 1")
    await answer(oncard, "bo", "who knows", "No channel is called")
    assert "nobody reacted" in await answer(
        oncard, "bo", "what-if payments acme is dark", "If Critical came to payments"
    )
    await answer(oncard, "bo", "what-if nowhere", "Say in which channel")
    await answer(oncard, "bo", "lint", "Configuration: no findings")
    mine = await answer(oncard, "ana", "me", "You are Ana")
    assert "You have: #1 disk full" in mine
    assert "You are on level 1 of payments" in mine
    status = await answer(oncard, "bo", "status", "Oncard at")
    assert "acme: connected since" in status
    assert "Open incidents: 1, of which nobody has 1" in status
    assert "Escalate…" in await answer(oncard, "bo", "show 1", "Triggered")
    await answer(oncard, "bo", "show 99", "There is no incident #99")
    assert "snooze 42 [30m" in await answer(oncard, "bo", "help", "Commands.")
    assert "认领" in await answer(oncard, "bo", "help ack", "Also:")
    await answer(oncard, "bo", "help shifts", "swap payments with who")


async def test_whoever_is_not_linked_can_read_the_help_and_nothing_else(oncard: World) -> None:
    oncard.slack.workspace.add_user("stranger")
    await answer(oncard, "stranger", "help", "Commands.")
    await answer(oncard, "stranger", "list", "not linked")


async def test_an_answer_is_in_the_readers_language_and_zone(oncard: World) -> None:
    async def work(connection: Connection) -> None:
        stored = await definitions.stored(connection, oncard.service.vault)
        changed = [
            replace(one, body=replace(one.body, locale="zh", timezone="Asia/Shanghai"))
            if isinstance(one.body, AccountDefinition) and one.body.email == "bo@example.com"
            else one
            for one in stored
        ]
        await definitions.replace_all(connection, changed, oncard.service.vault)

    await oncard.service.database.transact(work)
    await oncard.say("snooze 1 until 14:00", by="bo")
    # It is 11:00 in Shanghai.
    await oncard.slack.wait_for(lambda: bool(oncard.answers()))
    assert (await oncard.incident()).snoozed_until == oncard.clock.now() + timedelta(hours=3)


# ---- what is meant ---------------------------------------------------------------------------------------------------


async def test_several_are_done_at_once_with_one_answer(oncard: World) -> None:
    await oncard.fire("cpu high")
    said = await answer(oncard, "bo", "ack 1, 2 and 99", "2 of 3 done")
    assert "#1 is yours" in said
    assert "#2 is yours" in said
    assert "There is no incident #99" in said


async def test_the_only_incident_that_can_be_meant_needs_no_number(oncard: World) -> None:
    await answer(oncard, "ana", "ack", "#1 is yours")
    await answer(oncard, "ana", "ack", "Say which incident")
    await answer(oncard, "ana", "snooze 2h", "#1 is quiet")


async def test_where_several_can_be_meant_somebody_chooses(oncard: World) -> None:
    await oncard.fire("cpu high")
    await oncard.say("close cable replaced", by="ana")
    message = await oncard.slack.expect_ephemeral("ana", "Which one?")
    assert [one.progress for one in (await oncard.incident(1), await oncard.incident(2))] == [Progress.TRIGGERED] * 2
    await oncard.slack.click("ana", CHAT, message.ts, "#2 cpu high")
    await oncard.slack.expect_ephemeral("ana", "You closed #2")
    assert (await oncard.incident(2)).resolution == "cable replaced"


async def test_where_nothing_can_be_meant_a_number_is_asked_for(oncard: World) -> None:
    await answer(oncard, "ana", "reopen", "Say which incident: reopen 42")


async def test_nobody_is_guessed(oncard: World) -> None:
    async def work(connection: Connection) -> None:
        stored = await definitions.stored(connection, oncard.service.vault)
        named = [
            replace(one, body=replace(one.body, name=f"Sam {one.body.name}"))
            if isinstance(one.body, AccountDefinition) and one.body.name in ("Chen", "Dee")
            else one
            for one in stored
        ]
        await definitions.replace_all(connection, named, oncard.service.vault)

    await oncard.service.database.transact(work)
    await oncard.say("reassign 1 sam", by="bo")
    message = await oncard.slack.expect_ephemeral("bo", "Who is “sam”?")
    assert "reassigned" not in await oncard.timeline()
    await oncard.slack.click("bo", CHAT, message.ts, "Sam Dee (dee@example.com)")
    await oncard.slack.expect_ephemeral("bo", "You assigned #1 to Sam Dee")


async def test_people_are_named_by_mention_and_what_is_wrong_is_answered_alone(oncard: World) -> None:
    dee = oncard.slack.workspace.user("dee").id
    await answer(oncard, "bo", f"escalate 1 to <@{dee}|dee>", "You assigned #1 to Dee")
    await answer(oncard, "bo", "clsoe 1", "Did you mean close? For example: close 1")
    assert (await oncard.incident()).progress is Progress.TRIGGERED


async def test_a_reply_to_a_card_or_to_a_note_about_it_is_about_its_incident(oncard: World, card: Card) -> None:
    await oncard.fire("cpu high")
    user = oncard.slack.workspace.user("bo").id
    replied = MessageRef(card.channel, card.ts)
    asked = Interaction(user, "bo", "ack", chat=card.channel, replied=replied)
    said = await oncard.service.desk.handle(await acme(oncard), asked)
    assert isinstance(said, Note)
    assert spoken(said.text).startswith("#1 is yours")
    unknown = replace(asked, text="close", replied=MessageRef(card.channel, "1.1"))
    said = await oncard.service.desk.handle(await acme(oncard), unknown)
    assert isinstance(said, Note)
    assert spoken(said.text).startswith("Which one?"), "a message that nobody knows is no incident"


async def test_beside_a_message_that_nobody_knows_not_even_the_only_incident_is_meant(
    oncard: World, card: Card
) -> None:
    user = oncard.slack.workspace.user("bo").id
    asked = Interaction(user, "bo", "close", chat=card.channel, replied=MessageRef(card.channel, "1.1"))
    said = await oncard.service.desk.handle(await acme(oncard), asked)
    assert isinstance(said, Note)
    assert (spoken(said.text), [button.token for button in said.buttons]) == (
        "Which one? Nothing changed yet.",
        ["close 1 v2"],
    )


async def test_the_only_one_of_the_newest_is_not_taken_for_the_only_one(
    oncard: World, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engine.act.MOST_TOLD", 2)
    await oncard.fire("cpu high")
    await oncard.fire("memory full")
    await answer(oncard, "bo", "ack 3", "#3 is yours")
    # #2 is the only one of the two newest that nobody has; #1 waits as well.
    await answer(oncard, "bo", "ack", "Which one?")
    assert (await oncard.incident(2)).progress is Progress.TRIGGERED


async def test_what_is_answered_where_no_forms_can_be_shown(oncard: World, card: Card) -> None:
    user = oncard.slack.workspace.user("bo").id
    shown = await oncard.service.desk.handle(await acme(oncard), Interaction(user, "bo", "show 1"))
    assert isinstance(shown, CardSaid)
    assert [button.token.split()[0] for button in shown.buttons] == ["ack", "escalate", "close"]
    token = Interaction(user, "bo", "snooze? 1 v2", chat=card.channel, is_token=True)
    assert isinstance(await oncard.service.desk.handle(await acme(oncard), token), Form)
    missing = await oncard.service.desk.handle(await acme(oncard), replace(token, text="snooze? 99 v2"))
    assert isinstance(missing, Note)


async def test_what_a_platform_tells_again_hours_later_is_not_done_again(oncard: World, card: Card) -> None:
    """Whatever process hears it: the adapters forget what they heard when they are restarted."""
    user = oncard.slack.workspace.user("bo").id
    said = Interaction(user, "bo", "comment 1 the disk is new", chat=card.channel, trigger="Ev01")
    first = await oncard.service.desk.handle(await acme(oncard), said)
    oncard.clock.advance(6 * 3600)
    again = await oncard.service.desk.handle(await acme(oncard), said)
    assert isinstance(first, Note)
    assert again is None
    assert (await oncard.timeline()).count("commented") == 1
    await oncard.service.desk.handle(await acme(oncard), replace(said, trigger="Ev02"))
    assert (await oncard.timeline()).count("commented") == 2


async def test_what_was_refused_may_be_asked_again_and_old_keys_go(oncard: World, card: Card) -> None:
    user = oncard.slack.workspace.user("bo").id
    said = Interaction(user, "bo", "unack 1", chat=card.channel, trigger="Ev01")
    await oncard.service.desk.handle(await acme(oncard), said)
    await oncard.service.desk.handle(await acme(oncard), replace(said, text="ack 1", trigger="Ev02"))
    await oncard.service.desk.handle(await acme(oncard), said)
    assert (await oncard.timeline())[-2:] == ["unacknowledged", "notified"]
    oncard.clock.advance(25 * 3600)
    await oncard.service.desk.handle(await acme(oncard), replace(said, text="ack 1", trigger="Ev03"))
    keys = await oncard.service.database.read(lambda connection: connection.scalars(sa.select(tables.idempotency_keys)))
    assert len(list(keys)) == 1


async def acme(oncard: World) -> WorkspaceId:
    organisation = await oncard.service.database.read(oncard.service.picture.current)
    return next(iter(organisation.workspaces))
